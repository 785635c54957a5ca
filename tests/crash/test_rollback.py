"""Turned back at every step: access and settings end as they began, and nobody ever had both sides."""

import pytest

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Entry, StepEnded, StepStarted
from avd_failover.journal.state import RunState
from tests.crash.stage import ROOT, Stage, access, settings

STEPS = [
    line.split(":", 1)[1].strip()
    for line in (ROOT / "runbooks" / "pooled-failover.yaml").read_text().splitlines()
    if line.strip().startswith("- id:")
]


def turn_back_at(step: str, kind: type[StepStarted] | type[StepEnded]) -> Stage:
    """Return a stage whose run somebody turns back the moment this step starts or ends."""
    stage = Stage()

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, kind) and entry.event.step == step and not state.said:
            stage.ask("rollback", reason="the rehearsal says so")

    stage.watch = watch
    return stage


@pytest.mark.parametrize("step", STEPS)
def test_a_run_turned_back_at_any_step_leaves_everything_as_it_was(step: str) -> None:
    stage = turn_back_at(step, StepStarted)
    before, around = access(stage.world), settings(stage.world)
    assert stage.drive() is RunStatus.ROLLED_BACK, stage.state.because
    assert access(stage.world) == before
    assert settings(stage.world) == around
    assert stage.violations() == []
    assert not any(attempt.open for attempt in stage.state.attempts.values())


def test_a_run_turned_back_after_users_were_let_in_ends_them_first() -> None:
    stage = turn_back_at("grant-target", StepEnded)
    before = access(stage.world)
    assert stage.drive() is RunStatus.ROLLED_BACK
    assert access(stage.world) == before
    assert stage.violations() == []
    assert stage.state.steps["back-barrier"].facts["proof"] in {"physical", "settle"}


def test_a_run_killed_on_its_way_back_goes_on_back_when_resumed() -> None:
    class KilledError(KeyboardInterrupt):
        """The process dies."""

    stage = turn_back_at("logoff-source", StepStarted)
    before = access(stage.world)
    turning = stage.watch

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        turning(stage, entry, state)
        if isinstance(entry.event, StepStarted) and entry.event.step == "back-access":
            raise KilledError

    stage.watch = watch
    with pytest.raises(KilledError):
        stage.drive()
    stage.watch = lambda _stage, _entry, _state: None
    assert stage.drive() is RunStatus.ROLLED_BACK
    assert access(stage.world) == before
    assert stage.violations() == []


def test_a_completed_run_is_not_turned_back() -> None:
    stage = turn_back_at("closing-reconcile", StepEnded)
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.state.turned is None


def test_a_killed_run_is_turned_back_without_going_on_first() -> None:
    class KilledError(KeyboardInterrupt):
        """The process dies."""

    stage = Stage()
    before = access(stage.world)

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step == "logoff-source":
            raise KilledError

    stage.watch = watch
    with pytest.raises(KilledError):
        stage.drive()
    stage.watch = lambda _stage, _entry, _state: None
    stage.ask("rollback", reason="a person looked")
    assert stage.drive() is RunStatus.ROLLED_BACK
    assert access(stage.world) == before
    assert stage.state.steps["grant-target"].attempts == []
    left = stage.state.steps["logoff-source"]
    assert left.status is StepStatus.SKIPPED, "nothing of the way there goes on any more"
    assert left.because == "left where it stood: turned back by tester: a person looked"
