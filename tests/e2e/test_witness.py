"""Two machines and a witness: one of them drives a pair, and the other goes on where it was killed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import LONGEST_S, ROOT, Azure, Ended, Station, simulated_azure, wait_for
from tests.e2e.test_main_job import assert_moved, engine_changes

WITNESS = (
    "\nwitness:\n  container: https://stavdwitness.blob.core.windows.net/failover\n  region: swedencentral\n"
)
SHORT_TERMS = """
from avd_failover.cli import tenancy
from avd_failover.cli.main import main
from avd_failover.journal.lease import Terms
tenancy.terms_for = lambda request_s: Terms(ttl_s=15.0, renew_every_s=3.0, retry_timeout_s=2.0)
main()
"""
"""The command line with the shortest terms that a blob's lease can have."""


@pytest.fixture
def azure() -> Iterator[Azure]:
    with simulated_azure(speed=200.0) as served:
        yield served


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The usual plan with a witness, and with requests that fit short terms."""
    text = (ROOT / "plans" / "pooled-eu.yaml").read_text(encoding="utf-8")
    assert "request_timeout: 30s" in text
    path = tmp_path / "pooled-eu.yaml"
    path.write_text(text.replace("request_timeout: 30s", "request_timeout: 2s") + WITNESS, encoding="utf-8")
    return path


@pytest.fixture
def machines(tmp_path: Path, azure: Azure) -> tuple[Station, Station]:
    return Station(tmp_path / "a", azure.url), Station(tmp_path / "b", azure.url)


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


def end(process: "subprocess.Popen[str]") -> Ended:
    out, err = process.communicate(timeout=LONGEST_S)
    return Ended(process.returncode, out, err)


def assert_sound(azure: Azure) -> None:
    assert azure.ask("/_sim/audit")["violations"] == []


def test_of_two_machines_that_begin_at_once_one_drives_and_the_other_names_it(
    machines: tuple[Station, Station], azure: Azure, plan: Path
) -> None:
    words = ("--plan", str(plan), "--yes")
    with begin(machines[0], *words) as one, begin(machines[1], *words) as two:
        ended = [end(one), end(two)]
    codes = sorted(each.code for each in ended)
    assert codes == [0, 5], [each.err for each in ended]
    (refused,) = [each for each in ended if each.code == 5]
    assert "holds this pool pair" in refused.err
    assert_moved(azure)
    (winner,) = [machine for machine, each in zip(machines, ended, strict=True) if each.code == 0]
    (loser,) = [machine for machine in machines if machine is not winner]
    run = winner.status()["run"]
    assert run in refused.err
    assert loser.run("runs").code == 0
    fetched = loser.run("journal", "fetch", "--plan", str(plan))
    assert (fetched.code, f"brought {run}" in fetched.out) == (0, True), fetched.err
    assert loser.status()["state"] == "completed"
    assert loser.run("journal", "verify", run).code == 0
    again = loser.run("--plan", str(plan), "--yes")
    assert again.code == 0, again.err
    assert_sound(azure)


def test_a_run_that_was_killed_on_one_machine_is_finished_on_another(
    machines: tuple[Station, Station], azure: Azure, plan: Path
) -> None:
    here, there = machines
    with begin(here, "--plan", str(plan), "--yes") as process:
        wait_for(process, "revoke-source: started")
        process.kill()
        process.wait(timeout=LONGEST_S)
    run = here.status()["run"]
    resumed = _resumed(there, plan)
    assert resumed.code == 0, resumed.out + resumed.err
    assert "nothing is sent for 360 s" in resumed.err
    assert_moved(azure)
    status: Any = there.status()
    assert (status["run"], status["state"]) == (run, "completed")
    assert there.run("journal", "verify").code == 0
    sent = len(engine_changes(azure))
    back = here.run("resume", run)
    assert (back.code, "completed; there is nothing to resume" in back.err) == (0, True), back.out + back.err
    assert here.status()["state"] == "completed"
    assert len(engine_changes(azure)) == sent
    assert_sound(azure)


def _resumed(there: Station, plan: Path) -> Ended:
    """Resume once the killed holder's term is over."""
    for _ in range(40):
        with begin(there, "resume", "--plan", str(plan)) as process:
            ended = end(process)
        if ended.code != 5:
            return ended
        time.sleep(0.5)
    raise AssertionError("the lease of the killed process never ended")


def test_in_its_own_home_a_killed_run_is_gone_on_with_at_once(
    machines: tuple[Station, Station], azure: Azure, plan: Path
) -> None:
    here, _ = machines
    with begin(here, "--plan", str(plan), "--yes") as process:
        wait_for(process, "drain-source: started")
        process.kill()
        process.wait(timeout=LONGEST_S)
    resumed = here.run("resume")
    assert resumed.code == 0, resumed.out + resumed.err
    assert "nothing is sent for" not in resumed.err
    assert_moved(azure)


def test_a_witness_that_does_not_answer_lets_nothing_begin(tmp_path: Path, plan: Path) -> None:
    with simulated_azure(faults=("http-error:route=leases.*,status=503",)) as azure:
        station = Station(tmp_path / "a", azure.url)
        refused = station.run("--plan", str(plan), "--yes")
        assert refused.code == 1, refused.err
        assert "Nothing was sent: the witness cannot say who holds" in refused.err
        assert engine_changes(azure) == []
