"""A run that was at rest behind its barrier: what it proves again before anybody is let in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from avd_failover.cli.request import Wish, ask
from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.approvals import EXPIRY_S
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End, Mode, Policies
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.aged import aged
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.journal.codec import decode
from avd_failover.journal.events import Entry, Event, OperatorSaid, StepEnded, StepStarted
from avd_failover.journal.state import RunState, fold
from avd_failover.simulator.direct import DirectCloud
from tests.crash.stage import ROOT, Stage
from tests.journal.builders import T0, began, done, grant, intended, make_entries, make_pinned

PLAN = str(ROOT / "plans" / "pooled-eu.yaml")
LASTS_S = Policies().propagation_s

STEPS = (
    Step(id="barrier", uses="barrier"),
    Step(id="seats-again", uses="capacity.prove", side=End.TARGET, needs=("barrier",)),
    Step(id="tell", uses="command", needs=("barrier",)),
    Step(id="grant-target", uses="assignments.grant", side=End.TARGET, needs=("seats-again", "tell")),
    Step(id="reconcile", uses="reconcile", needs=("grant-target",)),
)
PROVEN: list[Event] = [began("barrier"), done("barrier")]
SEATED: list[Event] = [*PROVEN, began("seats-again"), done("seats-again"), began("tell"), done("tell")]
ONCE_MORE: list[Event] = [*SEATED, began("barrier")]
IDLE: list[Event] = [
    began("seats-again"),
    StepEnded(step="seats-again", status=StepStatus.SKIPPED, because="80 seats"),
]
WAIVED = OperatorSaid(request=1, kind="skip", by="ann", step="seats-again")
GIVING: list[Event] = [*SEATED, began("grant-target"), intended("grant-target", 1, grant())]
GIVEN: list[Event] = [*SEATED, began("grant-target"), done("grant-target")]


def state_of(events: list[Event], steps: tuple[Step, ...] = STEPS) -> RunState:
    """Fold events that all happened at one moment, T0."""
    return fold(make_entries([make_pinned(steps=steps), *events], every_s=0.0))


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


LONG = LASTS_S + 1
CASES: list[tuple[str, list[Event], float, set[str]]] = [
    ("nothing was proven yet", [], LONG, set()),
    ("a fresh barrier", PROVEN, LASTS_S, set()),
    ("an old barrier", PROVEN, LONG, {"barrier"}),
    ("a barrier of tomorrow: the clock was set back", PROVEN, -1.0, {"barrier"}),
    ("old seats behind an old barrier, and nothing else", SEATED, LONG, {"barrier", "seats-again"}),
    ("seats that were there at once", [*PROVEN, *IDLE], LONG, {"barrier", "seats-again"}),
    ("seats that a person waived", [*PROVEN, *IDLE, WAIVED], LONG, {"barrier"}),
    ("seats behind a barrier that is being proven again", ONCE_MORE, 5.0, {"seats-again"}),
    ("somebody may have been let in already", GIVING, LONG, set()),
    ("everybody has", GIVEN, LONG, set()),
]


@pytest.mark.parametrize(
    ("events", "later_s", "again"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_what_is_entered_again(events: list[Event], later_s: float, again: set[str]) -> None:
    assert aged(state_of(events), after(later_s)) == again


def test_a_barrier_that_lets_nobody_in_is_not_proven_again() -> None:
    steps = (STEPS[0], Step(id="reconcile", uses="reconcile", needs=("barrier",)))
    assert aged(state_of(PROVEN, steps), after(LONG)) == set()


class DiedError(BaseException):
    """The process dies here."""


def killed_behind(step: str, stage: Stage, people: Callable[[Stage], None] = lambda _: None) -> Stage:
    """Drive a run until a step is done, and let its process die there."""

    def watch(stage: Stage, entry: Entry, _state: RunState) -> None:
        match entry.event:
            case StepStarted(step="barrier"):
                people(stage)
            case StepEnded(step=ended) if ended == step:
                raise DiedError

    stage.watch = watch
    with pytest.raises(DiedError):
        stage.drive()
    stage.watch = lambda *_: None
    return stage


def rested(stage: Stage, seconds: float) -> Stage:
    stage.world.advance(stage.world.now_s + seconds)
    return stage


def granted(stage: Stage) -> bool:
    return any(isinstance(one.action, GrantAssignment) for one in stage.state.attempts.values())


def looks(stage: Stage) -> int:
    """How often the barrier was proven."""
    count = 0
    for entry in entries(stage):
        match entry.event:
            case StepEnded(step="barrier", status=StepStatus.DONE):
                count += 1
    return count


def entries(stage: Stage) -> list[Entry]:
    return [decode(seq, line) for seq, line in enumerate(stage.store.lines, 1)]


def test_a_run_that_was_killed_a_moment_ago_does_not_wait_for_a_second_proof() -> None:
    stage = rested(killed_behind("barrier", Stage()), 60.0)
    assert stage.drive() is RunStatus.COMPLETED
    assert looks(stage) == 1


@pytest.mark.parametrize("step", ["barrier", "seats-again"])
def test_a_run_that_was_at_rest_for_hours_proves_its_barrier_again_and_ends_the_same(step: str) -> None:
    stage = rested(killed_behind(step, Stage()), 5 * 3600.0)
    assert stage.drive() is RunStatus.COMPLETED, stage.state.because
    assert looks(stage) == 2
    assert not stage.violations()


def test_whoever_was_assigned_on_the_source_by_hand_meanwhile_holds_the_run_before_anybody_is_let_in() -> (
    None
):
    stage = Stage()
    before = stage.asked.route.pairs[0]
    killed_behind("barrier", stage)
    image = next(
        one.assignment
        for one in stage.state.effects
        if isinstance(one, RevokeAssignment) and one.assignment.scope == before.source
    )

    async def assign() -> None:
        await DirectCloud(stage.world, LoopClock(stage.world.at())).assignments.create(image)

    run_virtually(assign())
    rested(stage, 5 * 3600.0)
    assert stage.drive() is RunStatus.HELD
    assert {finding.code for finding in stage.state.findings} == {"access-left"}
    assert not granted(stage)


def unplanned() -> Stage:
    stage = Stage(scenario="region-dark")
    stage.asked = ask(Wish(plan=PLAN, mode=Mode.UNPLANNED, by="dora"))
    return stage


def two_approve(stage: Stage) -> None:
    for name in ("ann", "ben"):
        stage.ask("approve", step="barrier", by=name)


def test_what_two_people_said_of_a_dark_source_does_not_count_when_the_run_goes_on_after_it_expired() -> None:
    stage = rested(killed_behind("barrier", unplanned(), two_approve), EXPIRY_S)
    assert stage.drive() is RunStatus.HELD
    assert "ann: has expired and ben: has expired" in stage.state.because
    assert not granted(stage)
    two_approve(stage)
    assert stage.drive() is RunStatus.COMPLETED, stage.state.because
