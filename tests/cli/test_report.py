"""``failover report``."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avd_failover.cli.exits import ExitCode
from avd_failover.journal.codec import digest
from avd_failover.journal.events import Holder
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, T0, make_lines, make_plan, whole_run
from tests.journal.files import meddle

OTHER = "pooled-us-20260303-000000-0000"
ROOT = Path(__file__).parents[2]


def test_a_run_is_told_on_the_terminal(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("report", RUN) == ExitCode.DONE
    assert shell.out.startswith("COMPLETED: failover of pooled-eu\n")
    assert f"  head       {digest(make_lines(whole_run())[-1])}" in shell.out
    assert shell.err == ""


def test_a_run_is_told_to_scripts(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("report", RUN, "--output", "json") == ExitCode.DONE
    told = json.loads(shell.out)
    assert (told["format"], told["identity"]["run"], told["ending"]["state"]) == (1, RUN, "completed")
    assert told["journal"]["head"] == digest(make_lines(whole_run())[-1])
    assert [pair["pair"] for pair in told["placement"]] == ["GRP1 on DAG1"]
    assert shell.out.isascii(), "what a terminal acts on is spelled out"


def test_help_names_every_field_of_the_json_form(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    shell.type("report", RUN, "--output", "json")
    fields = list(json.loads(shell.out))
    shell.type("report", "--help")
    listed = shell.out.split("JSON:")[1].split(".")[0]
    assert [word.strip() for word in listed.split(",")] == fields


@pytest.mark.parametrize("wanted", [[], ["latest"], [OTHER], ["pooled-us"]])
def test_a_run_is_meant_by_id_by_its_beginning_or_as_the_latest(shell: Shell, wanted: list[str]) -> None:
    os.utime(shell.record(RUN, whole_run()), (1000, 1000))
    shell.record(OTHER, whole_run(OTHER))
    assert shell.type("report", *wanted, "--output", "json") == ExitCode.DONE
    assert json.loads(shell.out)["identity"]["run"] == OTHER


def test_an_unknown_run_is_bad_usage_and_the_known_ones_are_named(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("report", "zzz") == ExitCode.BAD_INPUT
    assert RUN in shell.err
    assert shell.out == ""


@pytest.mark.parametrize("form", [[], ["--output", "json"], ["--html", "r.html"]])
def test_a_damaged_journal_has_no_report(shell: Shell, tmp_path: Path, form: list[str], monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    meddle(shell.record(RUN, whole_run()), "DELETE FROM events WHERE seq=3")
    assert shell.type("report", RUN, *form) == ExitCode.FAILED
    assert f"the journal of {RUN} is damaged: entry 3: gap" in shell.err
    assert "Next: failover journal export" in shell.err
    assert shell.out == ""
    assert not (tmp_path / "r.html").exists()


def test_a_run_that_goes_on_is_told_so_far(shell: Shell) -> None:
    shell.home.prepare()
    leases = LocalLeases(shell.home.leases)
    lease = leases.acquire(make_plan().pool_pair, Holder(host="h", pid=1), RUN, T0)
    store = SqliteStore.create(shell.home.path_of(RUN))
    try:
        store.append(make_lines(whole_run())[:7])
        assert shell.type("report", RUN) == ExitCode.DONE
        assert shell.out.startswith("RUNNING (SO FAR): failover of pooled-eu\n")
        assert "drives it now" in shell.out
    finally:
        store.close()
        leases.release(lease)


def test_a_run_whose_process_died_is_interrupted(shell: Shell) -> None:
    shell.record(RUN, whole_run()[:7])
    shell.type("report", RUN, "--output", "json")
    told = json.loads(shell.out)
    assert (told["ending"]["state"], told["resume"]) == ("interrupted", f"failover resume {RUN}")
    assert told["drives"][0]["ended"] == "killed"


def test_every_line_of_a_simulated_run_says_so(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run(simulated="region-dark"))
    shell.type("report", RUN)
    assert all(line.startswith("SIMULATED") for line in shell.out.splitlines())
    shell.type("report", RUN, "--html", str(tmp_path / "r.html"))
    assert shell.out == f"SIMULATED report of {RUN}: {tmp_path / 'r.html'}\n"
    assert "SIMULATED: no real Azure was touched" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_file_is_private_whatever_the_umask_and_said_on_stdout(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    before = os.umask(0)
    try:
        assert shell.type("report", RUN, "--html", str(tmp_path / "r.html")) == ExitCode.DONE
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == 0o600
    assert shell.out == f"report of {RUN}: {tmp_path / 'r.html'}\n"
    assert shell.err == ""
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["r.html"], "nothing else is left"


def test_a_relative_file_is_said_with_its_whole_path(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    shell.record(RUN, whole_run())
    monkeypatch.chdir(tmp_path)
    shell.type("report", RUN, "--html", "r.html")
    assert shell.out.rstrip().endswith(str(tmp_path / "r.html"))


def test_with_json_the_file_is_said_on_stderr(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    path = tmp_path / "r.html"
    assert shell.type("report", RUN, "--html", str(path), "--output", "json") == ExitCode.DONE
    assert json.loads(shell.out)["identity"]["run"] == RUN
    assert shell.err == f"report of {RUN}: {path}\n"


def test_a_report_of_an_unfinished_run_says_so_where_it_says_where(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run()[:7])
    shell.type("report", RUN, "--html", str(tmp_path / "r.html"))
    assert shell.out == f"report of {RUN} so far: {tmp_path / 'r.html'}\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("folder", "is a directory"),
        ("link", "is a symbolic link"),
        ("dangling", "is a symbolic link"),
        ("pipe", "is not a plain file"),
        ("nowhere/r.html", "No such file or directory"),
        ("plain/r.html", "Not a directory"),
    ],
)
def test_a_report_is_written_to_a_plain_file_or_not_at_all(
    shell: Shell, tmp_path: Path, name: str, says: str
) -> None:
    shell.record(RUN, whole_run())
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    (tmp_path / "dangling").symlink_to(tmp_path / "new")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert shell.type("report", RUN, "--html", str(tmp_path / name)) == ExitCode.BAD_INPUT
    assert says in shell.err
    assert f"Next: failover report {RUN} --html" in shell.err
    assert shell.out == ""
    assert (tmp_path / "plain").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_file_name_cannot_paint_the_terminal(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    shell.type("report", RUN, "--html", str(tmp_path / "a\x1b[31m.html"))
    assert "\x1b" not in shell.out
    assert "\\x1b[31m" in shell.out


def test_a_report_is_the_same_however_often_it_is_drawn(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    path = tmp_path / "r.html"
    shell.type("report", RUN, "--html", str(path))
    first = path.read_bytes()
    shell.type("report", RUN, "--html", str(path))
    assert path.read_bytes() == first


def test_drawing_a_report_loads_neither_azure_nor_the_simulator(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    loaded = "sorted(m for m in sys.modules if m.split('.')[0] in ('azure', 'msgraph', 'aiohttp', 'pydantic')"
    code = (
        "import sys; from avd_failover.cli.main import run;"
        f"run(['report', '--html', {str(tmp_path / 'r.html')!r}]); run(['report']);"
        f"print({loaded} or m.startswith(('avd_failover.azure', 'avd_failover.simulator'))))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert ended.stdout.splitlines()[-1] == "[]"
