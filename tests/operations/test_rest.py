"""Putting hosts to rest: drained before they are stopped, and open again afterwards."""

import pytest

from avd_failover.domain.actions import Action, DeallocateMachine, SetLogons
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.operations.base import AnyOperation, Bound, NotYet, Proven
from avd_failover.operations.registry import operation_for
from tests.operations import places
from tests.operations.drive import see
from tests.operations.staging import STEP, Stage

HOST = places.host_id("neu-1")


def resting() -> Stage:
    """One woken host, up for long enough."""
    stage = Stage(places.make_route())
    for line in ("woke neu-1 at 400", "host neu-1 Available"):
        stage.change(line)
    return stage


def rest(stage: Stage) -> AnyOperation:
    step = Step(id=STEP, uses="hosts.rest", side=End.TARGET, settings={"awake_for": 60.0})
    return operation_for(Bound(run="run-1", epoch=1, route=stage.route, step=step))


def done(stage: Stage, *lines: str, action: Action) -> None:
    stage.memory.remember(STEP, action)
    for line in lines:
        stage.change(line)


def drained(stage: Stage, *lines: str) -> None:
    action = SetLogons(host=HOST, allowed=False, before=True, reason="")
    done(stage, "host neu-1 Available drained", *lines, action=action)


def told(stage: Stage, operation: AnyOperation | None = None) -> list[tuple[str, object]]:
    moves, _ = see(operation or rest(stage), stage)
    return [(type(one).__name__, getattr(one, "allowed", None)) for one in moves.actions]


def test_a_host_is_drained_then_stopped_then_opened_again() -> None:
    stage = resting()
    assert told(stage) == [("SetLogons", False)]
    drained(stage)
    assert told(stage) == [("DeallocateMachine", None)]
    stage.change("host neu-1 Shutdown deallocated drained")
    assert told(stage) == [("SetLogons", True)]
    _, verdict = see(rest(stage), stage)
    assert isinstance(verdict, NotYet)
    assert verdict.because == "1 host to take sessions again"
    done(
        stage,
        "host neu-1 Shutdown deallocated",
        action=SetLogons(host=HOST, allowed=True, before=False, reason=""),
    )
    moves, verdict = see(rest(stage), stage)
    assert moves.actions == ()
    assert isinstance(verdict, Proven)
    assert verdict.because == "1 host at rest again"


def test_whoever_signed_in_before_the_drain_keeps_the_host_and_it_opens_again() -> None:
    stage = resting()
    drained(stage, "host neu-1 Available drained sessions=1")
    assert told(stage) == [("SetLogons", True)]


def test_a_host_that_somebody_else_drained_stays_as_it_was() -> None:
    stage = resting()
    stage.change("host neu-1 Shutdown deallocated drained")
    moves, verdict = see(rest(stage), stage)
    assert moves.actions == ()
    assert isinstance(verdict, Proven)


def test_one_that_was_opened_here_and_drained_by_somebody_else_since_stays_drained() -> None:
    stage = resting()
    drained(stage)
    done(
        stage,
        "host neu-1 Shutdown deallocated drained",
        action=SetLogons(host=HOST, allowed=True, before=False, reason=""),
    )
    assert told(stage) == []


@pytest.mark.parametrize("refused", ["machine", "host"])
def test_what_azure_does_not_let_be_stopped_is_left_on_and_open(refused: str) -> None:
    stage = resting()
    operation = rest(stage)
    no = RefusedError("locked", status=409)
    drain = SetLogons(host=HOST, allowed=False, before=True, reason="")
    machine = places.machine_of("neu-1")
    if refused == "machine":
        drained(stage)
        operation.after(DeallocateMachine(machine=machine, reason=""), no)
        assert told(stage, operation) == [("SetLogons", True)]
    else:
        operation.after(drain, no)
        assert told(stage, operation) == []
        _, verdict = see(operation, stage)
        assert isinstance(verdict, Proven)
        assert verdict.facts == {"rested": 0, "in_use": 0}
