"""A frozen process: taken over when its term is over, and silent when it wakes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import LONGEST_S, ROOT, Azure, Station, simulated_azure, wait_for
from tests.e2e.test_main_job import engine_changes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of boots are Linux's"),
]

SHORT_TERMS = """
import sys
from avd_failover.cli import tenancy
from avd_failover.cli.main import main
from avd_failover.journal.lease import Terms
tenancy.terms_for = lambda request_s: Terms(ttl_s=6.0, renew_every_s=0.5, retry_timeout_s=1.0)
main()
"""
"""The command line with terms of six seconds instead of a minute."""


@pytest.fixture
def azure() -> Iterator[Azure]:
    with simulated_azure(speed=200.0) as served:
        yield served


@pytest.fixture
def station(tmp_path: Path, azure: Azure) -> Station:
    return Station(tmp_path / "home", azure.url)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The usual plan, with a deadline of requests that fits a short term, and a longer quarantine."""
    text = (ROOT / "plans" / "pooled-eu.yaml").read_text(encoding="utf-8")
    assert "request_timeout: 30s" in text
    assert "in_flight: 6m" in text
    path = tmp_path / "pooled-eu.yaml"
    short = text.replace("request_timeout: 30s", "request_timeout: 1s")
    path.write_text(short.replace("in_flight: 6m", "in_flight: 10m"), encoding="utf-8")
    return path


@contextmanager
def begin(station: Station, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the command line with short terms; it is killed, by its own id, when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", SHORT_TERMS, *words],
        env=station.environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LONGEST_S)


@contextmanager
def successor(station: Station) -> Iterator["subprocess.Popen[str]"]:
    """Resume until the pair is not locked any more; yields the process that took it over."""
    for _ in range(60):
        with begin(station, "resume") as process:
            if _took_over(process):
                yield process
                return
        time.sleep(0.3)
    raise AssertionError("the frozen process was never taken over")


def _took_over(process: "subprocess.Popen[str]") -> bool:
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "nothing is sent for 600 s" in line:
            return True
    assert process.wait(timeout=LONGEST_S) == 5, said
    return False


def freeze(station: Station, process: "subprocess.Popen[str]") -> None:
    """Stop a process, but not in the middle of a commit, whose lock only its end would free."""
    (journal,) = (station.home / "runs").glob("*.journal")
    for _ in range(100):
        os.kill(process.pid, signal.SIGSTOP)
        if not _in_a_commit(journal):
            break
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.02)
    at_once = station.run("resume")
    assert (at_once.code, str(process.pid) in at_once.err) == (5, True), "taken over before the term was over"


def _in_a_commit(journal: Path) -> bool:
    connection = sqlite3.connect(journal, isolation_level=None, timeout=0.1)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def assert_ended_silently(zombie: "subprocess.Popen[str]") -> None:
    out, err = zombie.communicate(timeout=LONGEST_S)
    assert zombie.returncode == 130, out + err
    assert "Nothing more was sent" in err
    assert "term is over" in err or "taken over" in err
    assert "Next: failover status" in err


def assert_completed(station: Station, azure: Azure) -> None:
    status: Any = station.status()
    assert status["state"] == "completed"
    assert azure.ask("/_sim/audit")["violations"] == []
    assert station.run("journal", "verify").code == 0


def test_a_process_that_wakes_while_its_successor_waits_sends_nothing(
    station: Station, azure: Azure, plan: Path
) -> None:
    with begin(station, "--plan", str(plan), "--yes") as zombie:
        wait_for(zombie, "revoke-source: started")
        freeze(station, zombie)
        with successor(station) as second:
            sent = len(engine_changes(azure))
            os.kill(zombie.pid, signal.SIGCONT)
            assert_ended_silently(zombie)
            assert len(engine_changes(azure)) == sent
            out, err = second.communicate(timeout=LONGEST_S)
            assert second.returncode == 0, out + err
    assert_completed(station, azure)


def test_a_process_that_wakes_after_its_successor_has_finished_sends_nothing(
    station: Station, azure: Azure, plan: Path
) -> None:
    with begin(station, "--plan", str(plan), "--yes") as zombie:
        wait_for(zombie, "drain-source: started")
        freeze(station, zombie)
        with successor(station) as second:
            out, err = second.communicate(timeout=LONGEST_S)
            assert second.returncode == 0, out + err
        assert_completed(station, azure)
        sent = len(engine_changes(azure))
        os.kill(zombie.pid, signal.SIGCONT)
        assert_ended_silently(zombie)
        assert len(engine_changes(azure)) == sent
    assert_completed(station, azure)


def test_a_journal_put_back_from_a_copy_is_refused(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "revoke-source: started")
        process.send_signal(signal.SIGSTOP)
        (journal,) = (station.home / "runs").glob("*.journal")
        kept = {path: path.read_bytes() for path in journal.parent.glob(f"{journal.stem}.journal*")}
        process.send_signal(signal.SIGCONT)
        wait_for(process, "revoke-source: done")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=LONGEST_S) == 130
    for path in journal.parent.glob(f"{journal.stem}.journal*"):
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)
        path.chmod(0o600)
    sent = len(engine_changes(azure))
    refused = station.run("resume")
    assert refused.code == 1, refused.out + refused.err
    assert "was written once and is not there" in refused.err
    assert len(engine_changes(azure)) == sent
