"""``failover status`` and ``failover runs``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avd_failover.cli.exits import ExitCode
from avd_failover.domain.states import RunStatus
from avd_failover.journal.codec import digest
from avd_failover.journal.events import Holder, RunEnded
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, T0, make_lines, make_plan, whole_run
from tests.journal.files import meddle

OTHER = "pooled-us-20260303-000000-0000"
ROOT = Path(__file__).parents[2]


def older(path: Path) -> None:
    os.utime(path, (1000, 1000))


def test_status_tells_people_where_a_run_stands(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("status", RUN) == ExitCode.DONE
    assert "state:  COMPLETED" in shell.out
    assert shell.out.rstrip().endswith(f"next:   failover report {RUN}")
    assert shell.err == ""


def test_status_tells_scripts_with_the_head_of_the_journal(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("status", RUN, "--output", "json") == ExitCode.DONE
    told = json.loads(shell.out)
    assert told["run"] == RUN
    assert told["state"] == "completed"
    assert told["journal_head"] == digest(make_lines(whole_run())[-1])
    assert told["steps"][1]["actions"]["applied"] == 1


@pytest.mark.parametrize("wanted", [[], ["latest"], [OTHER], ["pooled-us"]])
def test_a_run_is_meant_by_id_by_its_beginning_or_as_the_latest(shell: Shell, wanted: list[str]) -> None:
    older(shell.record(RUN, whole_run()))
    shell.record(OTHER, whole_run(OTHER))
    assert shell.type("status", *wanted, "--output", "json") == ExitCode.DONE
    assert json.loads(shell.out)["run"] == OTHER


def test_an_unknown_run_is_bad_usage_and_the_known_ones_are_named(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("status", "zzz") == ExitCode.BAD_INPUT
    assert RUN in shell.err
    assert "Next: failover runs" in shell.err
    assert shell.out == ""


def test_an_ambiguous_run_is_bad_usage_and_the_candidates_are_named(shell: Shell) -> None:
    for run in (RUN, OTHER):
        shell.record(run, whole_run(run))
    assert shell.type("status", "pooled") == ExitCode.BAD_INPUT
    assert RUN in shell.err
    assert OTHER in shell.err


def test_without_any_run_status_says_so(shell: Shell) -> None:
    assert shell.type("status") == ExitCode.BAD_INPUT
    assert "there is no run yet" in shell.err


def test_a_run_whose_process_died_is_interrupted_and_says_how_to_go_on(shell: Shell) -> None:
    shell.record(RUN, whole_run()[:7])
    assert shell.type("status", RUN, "--output", "json") == ExitCode.DONE
    told = json.loads(shell.out)
    assert (told["state"], told["resume"]) == ("interrupted", f"failover resume {RUN}")
    shell.type("runs", "--output", "json")
    assert json.loads(shell.out)["runs"][0]["state"] == "interrupted"


@pytest.mark.parametrize(("holder", "state"), [(RUN, "running"), (OTHER, "interrupted")])
def test_a_run_is_running_while_it_holds_the_lease_and_not_while_another_does(
    shell: Shell, holder: str, state: str
) -> None:
    shell.record(RUN, whole_run()[:7])
    leases = LocalLeases(shell.home.leases)
    lease = leases.acquire(make_plan().pool_pair, Holder(host="h", pid=1), holder, T0)
    try:
        shell.type("status", RUN, "--output", "json")
    finally:
        leases.release(lease)
    assert json.loads(shell.out)["state"] == state


def test_a_lease_that_cannot_be_read_but_is_held_does_not_make_a_run_look_dead(shell: Shell) -> None:
    shell.record(RUN, whole_run()[:7])
    leases = LocalLeases(shell.home.leases)
    lease = leases.acquire(make_plan().pool_pair, Holder(host="h", pid=1), RUN, T0)
    (record,) = shell.home.leases.glob("*.json")
    record.write_text("{")
    try:
        assert shell.type("status", RUN, "--output", "json") == ExitCode.DONE
    finally:
        leases.release(lease)
    assert json.loads(shell.out)["state"] == "running"


def test_status_works_while_the_run_goes_on(shell: Shell) -> None:
    shell.home.prepare()
    store = SqliteStore.create(shell.home.path_of(RUN))
    try:
        store.append(make_lines(whole_run())[:3])
        assert shell.type("status", RUN, "--output", "json") == ExitCode.DONE
        assert json.loads(shell.out)["steps"][0]["state"] == "done"
        store.append(make_lines(whole_run())[3:])
        shell.type("status", RUN, "--output", "json")
        assert json.loads(shell.out)["state"] == "completed"
    finally:
        store.close()


def test_every_line_of_a_simulated_run_says_so(shell: Shell) -> None:
    shell.record(RUN, whole_run(simulated="region-dark"))
    shell.type("status", RUN)
    assert all(line.startswith("SIMULATED") for line in shell.out.splitlines())
    shell.type("runs")
    assert shell.out.startswith("SIMULATED completed")


def test_a_damaged_journal_fails_the_status_with_the_break(shell: Shell) -> None:
    meddle(shell.record(RUN, whole_run()), "DELETE FROM events WHERE seq=3")
    assert shell.type("status", RUN) == ExitCode.FAILED
    assert f"the journal of {RUN} is damaged: entry 3: gap" in shell.err
    assert "Next: failover journal export" in shell.err
    assert shell.out == ""


def test_a_newer_journal_says_that_the_engine_is_too_old(shell: Shell) -> None:
    meddle(shell.record(RUN, whole_run()), "PRAGMA user_version=9")
    assert shell.type("status", RUN) == ExitCode.FAILED
    assert "newer than this engine" in shell.err


def test_a_home_that_others_may_write_to_is_not_believed(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    shell.home.path.chmod(0o777)
    for command in ("status", "runs"):
        assert shell.type(command) == ExitCode.BAD_INPUT
        assert "chmod go-w" in shell.err


def test_runs_come_newest_first_and_a_damaged_one_does_not_hide_the_others(shell: Shell) -> None:
    older(shell.record(RUN, [*whole_run()[:3], RunEnded(status=RunStatus.HELD, because="no seats")]))
    torn = shell.record("torn-20260302-025500-0000", whole_run("torn-20260302-025500-0000"))
    meddle(torn, "DELETE FROM events WHERE seq=3")
    os.utime(torn, (2000, 2000))
    shell.record(OTHER, whole_run(OTHER))
    assert shell.type("runs", "--output", "json") == ExitCode.DONE
    rows = json.loads(shell.out)["runs"]
    assert [row["state"] for row in rows] == ["completed", "damaged", "held"]
    assert "entry 3" in rows[1]["because"]
    assert shell.type("runs") == ExitCode.DONE
    assert [line.split()[0] for line in shell.out.splitlines()] == ["completed", "damaged", "held"]


def test_an_empty_home_lists_no_runs_and_is_not_made_by_looking(shell: Shell) -> None:
    assert shell.type("runs", "--output", "json") == ExitCode.DONE
    assert json.loads(shell.out) == {"runs": []}
    assert shell.type("runs") == ExitCode.DONE
    assert shell.out == "no runs yet\n"
    assert not shell.home.path.exists()


def test_looking_at_runs_loads_neither_azure_nor_the_simulator(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    loaded = "sorted(m for m in sys.modules if m.split('.')[0] in ('azure', 'msgraph', 'aiohttp', 'pydantic')"
    code = (
        "import sys; from avd_failover.cli.main import run;"
        "[run([c, '--output', 'json']) for c in ('status', 'runs')]; run(['journal', 'verify']);"
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
