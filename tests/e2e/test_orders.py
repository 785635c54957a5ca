"""Pause, skip and turn back a run from another terminal, while it goes on or after it died."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import LONGEST_S, Azure, Station, simulated_azure, wait_for
from tests.e2e.test_main_job import GROUPS, PAIRS


@pytest.fixture
def azure() -> Iterator[Azure]:
    with simulated_azure(speed=100.0) as served:
        yield served


@pytest.fixture
def station(tmp_path: Path, azure: Azure) -> Station:
    return Station(tmp_path / "home", azure.url)


def assert_as_before(azure: Azure) -> None:
    for group, principal in GROUPS.items():
        assert len(azure.assignments(principal, "-neu")) == PAIRS[group]
        assert azure.assignments(principal, "-weu") == []
    assert azure.ask("/_sim/audit")["violations"] == []


def test_a_running_run_is_turned_back_from_another_terminal(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "revoke-source: done")
        asked = station.run("abort", "--rollback", "--reason", "the region is back")
        assert asked.code == 0, asked.err
        assert process.wait(timeout=LONGEST_S) == 0
    status = station.status()
    assert status["state"] == "rolled back"
    assert_as_before(azure)
    told = station.run("journal", "show").out
    assert "the region is back" in told
    assert station.run("abort", "--rollback").code == 4, "a run that ended cannot be aborted"


def test_a_killed_run_is_turned_back_by_abort_itself(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "revoke-source: done")
        process.kill()
    done = station.run("abort", "--rollback", "--reason", "somebody else's turn")
    assert done.code == 0, done.err
    assert station.status()["state"] == "rolled back"
    assert_as_before(azure)


def test_a_paused_run_is_held_and_goes_on(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "tell-users: waits")
        assert station.run("pause", "--by", "Ada", "--reason", "phone call").code == 0
        assert process.wait(timeout=LONGEST_S) == 3
    assert "Ada: phone call" in station.status()["because"]
    assert station.run("pause").code == 4
    skipped = station.run("skip", "latest", "tell-users", "--reason", "they know")
    assert skipped.code == 0, skipped.err
    refused = station.run("skip", "latest", "barrier", "--reason", "hurry")
    assert (refused.code, "safety rests on" in refused.err) == (4, True)
    unknown = station.run("skip", "latest", "no-such-step", "--reason", "hurry")
    assert (unknown.code, "tell-users" in unknown.err) == (2, True)
    assert station.run("resume").code == 0
    assert station.status()["state"] == "completed"
    assert azure.ask("/_sim/audit")["violations"] == []
