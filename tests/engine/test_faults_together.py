"""Several requests of one round that go wrong in different ways: what the step makes of them."""

from collections import deque
from itertools import permutations

import pytest

from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Outcome
from tests.engine.lamps import Lamps, Stage, lamp_step, make_graph

REFUSED = RefusedError("the scope is locked", code="ScopeLocked", status=409)
SHORT = TransientError("busy", wait_s=5.0, status=503)
LONG = TransientError("throttled", wait_s=50.0, status=429)
MANY = 130
"""More than are under way at once, so that some have not left yet when a stop is asked for."""


def with_faults(*faults: Exception) -> Stage:
    lamps = Lamps()
    names = [f"lamp{n}" for n, _ in enumerate(faults)]
    lamps.faults = {name: deque([fault, None]) for name, fault in zip(names, faults, strict=True)}
    return Stage(make_graph(lamp_step("light", " ".join(names))), lamps)


@pytest.mark.parametrize("faults", list(permutations([LookupError("our defect"), REFUSED, SHORT])))
def test_a_defect_of_ours_is_never_hidden_behind_what_azure_said(faults) -> None:
    stage = with_faults(*faults)
    with pytest.raises(LookupError, match="our defect"):
        stage.drive()
    assert not stage.state.status.final


@pytest.mark.parametrize("faults", list(permutations([REFUSED, SHORT, LONG])))
def test_a_refusal_for_good_is_not_hidden_behind_a_wait(faults) -> None:
    stage = with_faults(*faults)
    assert stage.drive() is RunStatus.HELD
    assert "the scope is locked" in stage.state.because


@pytest.mark.parametrize("faults", list(permutations([SHORT, LONG, UnknownError("reset")])))
def test_of_several_waits_the_longest_is_waited(faults) -> None:
    stage = with_faults(*faults)
    assert stage.drive() is RunStatus.COMPLETED
    assert 50.0 <= stage.took_s < 60.0


def crowd(second: Exception) -> Stage:
    """Many lamps: a stop is asked for while the first is sent, and the second goes wrong."""
    lamps = Lamps()
    names = [f"lamp{n:03}" for n in range(MANY)]
    lamps.faults = {names[1]: deque([second, None])}
    stage = Stage(make_graph(lamp_step("light", " ".join(names))), lamps)

    def ask(machine: str) -> None:
        if machine == names[0]:
            assert stage.stop is not None
            stage.stop.ask("paused by Ann", held=True)

    lamps.before_send = ask
    return stage


def test_a_defect_of_ours_is_not_hidden_behind_a_stop_request() -> None:
    stage = crowd(LookupError("our defect"))
    with pytest.raises(LookupError, match="our defect"):
        stage.drive()
    assert len(stage.lamps.sent) < MANY, "nobody met the stop request"


def test_a_refusal_for_good_is_not_hidden_behind_a_stop_request() -> None:
    stage = crowd(REFUSED)
    assert stage.drive() is RunStatus.HELD
    assert "the scope is locked" in stage.state.because


@pytest.mark.parametrize("fault", [SHORT, LONG])
def test_a_stop_request_is_not_hidden_behind_a_wait(fault: Exception) -> None:
    stage = crowd(fault)
    assert stage.drive() is RunStatus.HELD
    assert stage.state.because == "paused by Ann"
    assert stage.took_s < 5.0


def test_whatever_went_wrong_every_request_that_left_has_its_outcome() -> None:
    stage = with_faults(REFUSED, SHORT, UnknownError("reset"))
    stage.drive()
    ended = [attempt.outcome for attempt in stage.state.attempts.values()]
    assert ended == [Outcome.REFUSED, Outcome.TRANSIENT, Outcome.UNKNOWN]
