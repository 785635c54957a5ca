"""Attempts whose end nobody knows: what a look says of them, and what it cannot say (S7, S21)."""

from collections import deque
from typing import Any

import pytest

from avd_failover.cloud import Accepted
from avd_failover.domain.actions import GrantAssignment, Moves
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import UnknownError
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import ActionIntended, Outcome, StepStarted
from avd_failover.operations.base import Bound, NotYet, Proven, Verdict
from tests.engine.lamps import T0, Lamps, LampsSeen, Stage, SwitchOn, lamp_step, make_graph, pinned_for
from tests.journal.builders import grant, make_assignment, make_lines

UNKNOWN, VOID, APPLIED = Outcome.UNKNOWN, Outcome.VOID, Outcome.APPLIED


class Blinkered(SwitchOn):
    """Sees nothing at all in some looks, and says so."""

    def __init__(self, bound: Bound, blind: set[int]) -> None:
        super().__init__(bound)
        self.blind = blind
        self.look = 0

    async def observe(self, cloud: Any, memory: object) -> LampsSeen:
        self.look += 1
        return LampsSeen(()) if self.look in self.blind else await super().observe(cloud, memory)

    def plan(self, seen: LampsSeen) -> Moves:
        return super().plan(seen) if seen.lamps else Moves(whole=False)

    def prove(self, looks: Any) -> Verdict:
        return super().prove(looks) if looks[-1].lamps else NotYet(because="half the listing is missing")


def blinkered(blind: set[int], **kept: deque[Exception | None]) -> Stage:
    lamps = Lamps()
    lamps.faults, lamps.lost = kept.get("faults", {}), kept.get("lost", {})  # type: ignore[assignment]
    stage = Stage(make_graph(lamp_step("light", "a", proof_within_s=600.0)), lamps)
    stage.operations = lambda bound: Blinkered(bound, blind)
    return stage


def outcomes(stage: Stage) -> list[tuple[Outcome, str]]:
    return [(event.outcome, event.by) for event in stage.events("action.ended")]


def lost() -> deque[Exception | None]:
    return deque([UnknownError("connection reset")])


LOOKS = [
    ("whole looks: it did not happen", set(), "faults", [UNKNOWN, VOID, APPLIED], 2),
    ("whole looks: it happened", set(), "lost", [UNKNOWN, APPLIED], 1),
    ("a look that saw nothing says nothing: it did not happen", {2}, "faults", [UNKNOWN, VOID, APPLIED], 2),
    ("a look that saw nothing says nothing: it happened", {2}, "lost", [UNKNOWN, APPLIED], 1),
    ("nor do many of them", {2, 3, 4, 5}, "faults", [UNKNOWN, VOID, APPLIED], 2),
]


@pytest.mark.parametrize(
    ("blind", "how", "ended", "sends"), [r[1:] for r in LOOKS], ids=[r[0] for r in LOOKS]
)
def test_an_open_attempt_is_settled_by_the_first_look_that_saw_everything(blind, how, ended, sends) -> None:
    stage = blinkered(blind, **{how: {"a": lost()}})  # type: ignore[arg-type]
    assert stage.drive() is RunStatus.COMPLETED
    assert [outcome for outcome, _ in outcomes(stage)] == ended
    assert stage.lamps.sent == ["a"] * sends


def test_an_attempt_that_no_look_settled_is_open_when_the_run_rests() -> None:
    """Taken for done, it would be undone or relied on later although it may never have happened."""
    stage = blinkered(set(range(2, 1000)), faults={"a": lost()})  # type: ignore[arg-type]
    assert stage.drive() is RunStatus.HELD
    assert "half the listing is missing" in stage.state.because
    assert [attempt.open for attempt in stage.state.attempts.values()] == [True]
    stage.operations = lambda bound: Blinkered(bound, set())
    assert stage.drive() is RunStatus.COMPLETED
    assert [outcome for outcome, _ in outcomes(stage)] == [UNKNOWN, VOID, APPLIED]


def test_what_an_incomplete_look_wants_again_did_not_happen() -> None:
    class Half(SwitchOn):
        def plan(self, seen: LampsSeen) -> Moves:
            found = super().plan(seen)
            return Moves(actions=found.actions, skipped=found.skipped, whole=False)

    stage = blinkered(set(), faults={"a": lost()})  # type: ignore[arg-type]
    stage.operations = Half
    stage.drive()
    assert outcomes(stage)[1] == (VOID, "reading")


class Directory:
    """A cloud that has role assignments and nothing else."""

    def __init__(self, *standing: RoleAssignment) -> None:
        self.standing = {one.id: one for one in standing}
        self.created: list[str] = []

    @property
    def assignments(self) -> "Directory":
        return self

    async def get(self, assignment: str) -> RoleAssignment | None:
        return self.standing.get(assignment)  # type: ignore[call-overload, no-any-return]

    async def create(self, assignment: RoleAssignment) -> Accepted:
        self.created.append(assignment.id)
        self.standing[assignment.id] = assignment
        return Accepted(at=T0)

    async def aclose(self) -> None:
        """Nothing to release."""


class GrantOne:
    """Grant one pair, under a name that each epoch makes for itself (safety S14)."""

    def __init__(self, bound: Bound) -> None:
        self.wanted = make_assignment("ne", bound.epoch)

    async def observe(self, cloud: Any, memory: object) -> bool:
        known = [make_assignment("ne", epoch) for epoch in range(1, 10)]
        return any([await cloud.assignments.get(one.id) is not None for one in known])

    def plan(self, seen: bool) -> Moves:
        return Moves() if seen else Moves(actions=(GrantAssignment(assignment=self.wanted, reason="moved"),))

    def prove(self, looks: Any) -> Verdict:
        return Proven(because="granted") if looks[-1] else NotYet(because="not granted")


def taken_over(cloud: Directory) -> Stage:
    """A run whose first process died with a grant under way."""
    graph = make_graph(Step(id="grant-target", uses="assignments.grant", side=End.TARGET))
    stage = Stage(graph)
    stage.lamps = cloud  # type: ignore[assignment]
    stage.operations = GrantOne  # type: ignore[assignment]
    begun = StepStarted(step="grant-target")
    intent = ActionIntended(step="grant-target", n=1, action=grant(1))
    stage.store.lines = make_lines([pinned_for(graph), begun, intent])
    return stage


def test_a_grant_of_an_earlier_epoch_that_never_happened_is_known_by_its_subject_not_by_its_name() -> None:
    cloud = Directory()
    stage = taken_over(cloud)
    assert stage.drive() is RunStatus.COMPLETED
    assert outcomes(stage) == [(VOID, "reading"), (APPLIED, "answer")]
    assert cloud.created == [make_assignment("ne", 2).id]


def test_a_grant_of_an_earlier_epoch_that_happened_is_the_grant_of_this_run() -> None:
    cloud = Directory(make_assignment("ne", 1))
    stage = taken_over(cloud)
    assert stage.drive() is RunStatus.COMPLETED
    assert outcomes(stage) == [(APPLIED, "reading")]
    assert cloud.created == []
