"""Bad input, full disks, dark endpoints: a clear message, the right exit code, and nothing changed."""

import http.server
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.e2e.processes import COMMAND, ROOT, Azure, Station, simulated_azure, wait_for


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path / "home")


BAD_WORDS: list[tuple[list[str], int, str]] = [
    ([], 2, "--plan"),
    (["--plan", "pooled-eu", "--frobnicate"], 2, "frobnicate"),
    (["no-such-command"], 2, "no-such-command"),
    (["--plan", "pooled-ue", "--yes"], 2, "pooled-eu"),
    (["--plan", "pooled-eu", "--simulate", "no-such-world", "--yes"], 2, "no-such-world"),
    (["--plan", "pooled-eu", "--speed", "10"], 2, "--simulate"),
    (["--plan", "pooled-eu", "runs"], 2, "--plan"),
    (["resume", "--speed", "0"], 2, "--speed"),
    (["resume", "no-such-run"], 2, "no run yet"),
    (["status", "no-such-run"], 2, "no run yet"),
    (["graph", "no-such-runbook"], 2, "no-such-runbook"),
    (["schema", "poem"], 2, "poem"),
]


@pytest.mark.parametrize(("words", "code", "said"), BAD_WORDS, ids=[" ".join(row[0]) for row in BAD_WORDS])
def test_bad_words_are_answered_with_what_is_allowed(
    station: Station, words: list[str], code: int, said: str
) -> None:
    ended = station.run(*words)
    assert (ended.code, "Traceback" in ended.err) == (code, False)
    assert said in ended.err
    assert not list(station.home.glob("runs/*.journal"))


def test_a_malformed_plan_tells_every_fault_with_its_place(station: Station, tmp_path: Path) -> None:
    text = (ROOT / "plans" / "pooled-eu.yaml").read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("seats: 60", "seets: 60").replace("pool: pooled", "pool: poold", 1))
    ended = station.run("--plan", str(bad), "--yes")
    assert ended.code == 2
    assert ended.err.count("bad.yaml:") >= 2
    assert "seats" in ended.err
    assert "pooled" in ended.err


@pytest.mark.parametrize("text", ["{", "a: !!python/object/apply:os.system [id]", "\x00", "[]", "x: &a [*a]"])
def test_a_file_that_is_no_plan_is_refused_with_a_place(station: Station, tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    ended = station.run("--plan", str(bad), "--yes")
    assert ended.code == 2
    assert "bad.yaml" in ended.err
    assert "Traceback" not in ended.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_endpoint_where_nobody_answers_ends_at_once_and_names_it(station: Station) -> None:
    station.endpoint = f"http://127.0.0.1:{free_port()}"
    ended = station.run("--plan", "pooled-eu", "--yes")
    assert ended.code == 1
    assert station.endpoint in ended.err
    assert "failover simulate" in ended.err
    assert not list(station.home.glob("runs/*.journal"))


@pytest.mark.parametrize(
    "endpoint", ["http://management.example.com", "ftp://127.0.0.1", "https://", "http://127.0.0.1:99999"]
)
def test_an_endpoint_that_is_none_is_refused_before_anything_is_sent(station: Station, endpoint: str) -> None:
    station.endpoint = endpoint
    ended = station.run("--plan", "pooled-eu", "--yes")
    assert ended.code == 2
    assert "AVD_FAILOVER_ARM_ENDPOINT" in ended.err


@contextmanager
def always(status: int, body: str) -> Iterator[str]:
    """Serve one answer to everything, but for the clock of a simulated Azure, which there is none."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            code = 404 if self.path.startswith("/_sim") else status
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "InvalidAuthenticationToken", "sign in"),
        (403, "AuthorizationFailed", "right"),
    ],
)
def test_a_refused_identity_fails_the_run_before_anything_is_changed(
    station: Station, status: int, code: str, said: str
) -> None:
    message = "The client does not have authorization to perform action 'x/read'"
    with always(status, f'{{"error":{{"code":"{code}","message":"{message}"}}}}') as url:
        station.endpoint = url
        ended = station.run("--plan", "pooled-eu", "--yes")
        dry = station.run("--plan", "pooled-eu", "--dry-run")
    assert ended.code == 1
    assert str(status) in ended.out + ended.err or code in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert station.status()["steps"][0]["state"] == "failed"
    assert (dry.code, said in dry.err) == (1, True)


def test_a_port_in_use_is_told_with_the_way_out(station: Station) -> None:
    with simulated_azure() as azure:
        port = azure.url.rsplit(":", 1)[1]
        ended = station.run("simulate", "pooled-eu", "--port", port)
    assert ended.code == 1
    assert port in ended.err
    assert "--port 0" in ended.err


@pytest.fixture
def interrupted(tmp_path: Path) -> Iterator[tuple[Station, Azure, Path]]:
    """Leave a run that was killed half-way, and its journal."""
    with simulated_azure() as azure:
        station = Station(tmp_path / "home", azure.url)
        with station.begin("--plan", "pooled-eu", "--yes") as process:
            wait_for(process, "revoke-source: done")
            process.kill()
        (journal,) = station.home.glob("runs/*.journal")
        yield station, azure, journal


def write_back(journal: Path) -> None:
    """Bring everything into the one file, as closing it would have done."""
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_damaged_journal_is_refused_and_nothing_is_sent(interrupted: tuple[Station, Azure, Path]) -> None:
    station, azure, journal = interrupted
    assert station.run("journal", "verify").code == 0
    write_back(journal)
    raw = bytearray(journal.read_bytes())
    raw[raw.find(b"assignment.revoke")] ^= 0x20
    journal.write_bytes(raw)
    changes = len(azure.ask("/_sim/history"))
    ended = station.run("resume")
    assert ended.code == 1
    assert "damaged" in ended.err
    assert "nothing was sent" in ended.err
    verified = station.run("journal", "verify")
    assert verified.code == 1
    assert [one for one in azure.ask("/_sim/history")[changes:] if one["actor"].startswith("engine")] == []
    listed = station.run("runs", "--output", "json").json()["runs"]
    assert [run["state"] for run in listed] == ["damaged"]


def test_a_file_that_is_no_journal_is_refused(interrupted: tuple[Station, Azure, Path]) -> None:
    station, _, journal = interrupted
    write_back(journal)
    journal.write_text("not a journal")
    ended = station.run("resume")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert "journal" in ended.err


def test_a_disk_that_takes_no_more_stops_the_run_at_once_and_it_can_be_resumed(tmp_path: Path) -> None:
    with simulated_azure() as azure:
        station = Station(tmp_path / "home", azure.url)

        def little_room() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

        ended = subprocess.run(
            [*COMMAND, "--plan", "pooled-eu", "--yes"],
            env=station.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            preexec_fn=little_room,
        )
        assert ended.returncode == 1, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "nothing" in ended.stderr
        assert azure.ask("/_sim/audit")["violations"] == []
        if list(station.home.glob("runs/*.journal")):
            assert station.run("resume").code == 0
            assert azure.ask("/_sim/audit")["violations"] == []


@pytest.mark.parametrize("words", [["--help"], ["status", "--help"], ["runs"]])
def test_looking_imports_no_azure_client(station: Station, words: list[str]) -> None:
    program = (
        "import sys\n"
        "from avd_failover.cli.main import run\n"
        f"run({words!r})\n"
        "heavy = {'azure', 'msgraph', 'aiohttp', 'kiota_abstractions', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=station.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_module_and_the_console_script_are_one_program(station: Station) -> None:
    script = Path(sys.executable).with_name("failover")
    if not script.exists():
        pytest.skip("the package is not installed in this environment")
    said = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert said == station.run("--help").out
