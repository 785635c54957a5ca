"""The reference run with clocks that are wrong and a way to Azure that fails: safe, and done in the end."""

from pathlib import Path
from typing import Any

import pytest

from avd_failover.cli.rehearsing import play, rehearse
from avd_failover.cli.request import read
from avd_failover.simulator.faults.catalogue import read_fault
from avd_failover.simulator.scenario import Scenario, load_scenario

ROOT = Path(__file__).parents[2]
PLAN = read(str(ROOT / "plans" / "small.yaml"))


def small(*faults: dict[str, Any]) -> Scenario:
    """The small scenario with faults, as a file would have them."""
    found = load_scenario(ROOT / "scenarios" / "small.yaml")
    return found.model_copy(update={"faults": (*found.faults, *map(read_fault, faults))})


CLOCKS: list[dict[str, Any]] = [
    {"which": "wall", "jump": "1d", "starts": "3m"},
    {"which": "wall", "jump": "1d", "direction": "back", "starts": "3m"},
    {"which": "wall", "jump": "1d", "starts": "2m", "lasts": "4m"},
    {"which": "wall", "jump": "1h", "strobe": "7s"},
    {"which": "wall", "rate": 0.0, "starts": "1m"},
    {"which": "wall", "jump": "1s", "starts": "4m"},
    {"which": "wall", "jump": "2h", "direction": "back", "starts": "5m"},
    {"which": "both", "rate": 0.95},
    {"which": "both", "rate": 1.05},
    {"which": "monotonic", "rate": 0.9},
    {"which": "monotonic", "rate": 1.1},
]


@pytest.mark.parametrize("wrong", CLOCKS, ids=str)
def test_no_clock_of_the_engine_is_an_input_to_safety(wrong):
    run = rehearse(PLAN, small({"fault": "engine-clock", **wrong}), 3)
    assert run.broken == ()
    # The countdown that users were told of has to outlive a process, and so goes by wall time.
    assert run.outcome == "completed" or (run.outcome, "log-off in" in run.because) == ("held", True)


@pytest.mark.parametrize("minute", range(0, 15, 2))
def test_a_wall_clock_that_jumps_ahead_shortens_no_wait_that_safety_needs(minute):
    run = rehearse(PLAN, small({"fault": "engine-clock", "jump": "2h", "starts": f"{minute}m"}), 3)
    assert (run.broken, run.outcome) == ((), "completed")


def test_a_wrong_wall_clock_is_in_the_records_and_nowhere_else():
    told, wrong = [], {"fault": "engine-clock", "jump": "1d", "direction": "back"}
    for faults in ([], [wrong]):
        played = play(PLAN, small(*faults), 3)
        told.append([(one.at_s, one.verb, one.target.partition("#")[0]) for one in changes(played)])
        first, last = (played.journal.state.started_at, played.journal.state.last_at)
        assert (first.day, (last - first).total_seconds() < 3_600) == (31 if faults else 1, True)
    assert told[0] == told[1]


def changes(played: Any) -> list[Any]:
    return [one for one in played.world.history.changes() if one.actor_kind == "engine"]


WAY: list[dict[str, Any]] = [
    {"fault": "tls-failure", "starts": "2m", "lasts": "90s"},
    {"fault": "tls-failure", "kind": "reset", "p": 0.02},
    {"fault": "tls-failure", "kind": "downgrade", "nth": 40, "times": 5},
    {"fault": "dns-failure", "starts": "3m", "lasts": "90s"},
    {"fault": "captive-portal", "how": "page", "starts": "3m", "lasts": "60s"},
    {"fault": "captive-portal", "how": "sign-in", "starts": "3m", "lasts": "60s"},
    {"fault": "identity-down", "starts": "1m"},
    {"fault": "azure-clock", "by": "5m"},
    {"fault": "azure-clock", "by": "5m", "direction": "back"},
    {"fault": "http-error", "status": 503, "retry_after": "20s", "form": "http-date", "p": 0.1},
]


@pytest.mark.parametrize("fault", WAY, ids=str)
def test_a_way_that_fails_for_a_while_delays_the_run_and_harms_nobody(fault):
    run = rehearse(PLAN, small(fault), 3)
    assert run.broken == ()
    assert run.outcome == "completed", run.because


@pytest.mark.parametrize("fault", ["tls-failure", "dns-failure", "identity-down", "captive-portal"])
def test_a_way_that_never_opens_ends_in_words_and_changes_nothing(fault):
    played = play(PLAN, small({"fault": fault}), 3)
    assert played.journal.state.status.value in {"held", "failed", "refused"}
    assert played.journal.state.because
    assert changes(played) == []
