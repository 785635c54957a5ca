"""What people ask of a run while it goes on or rests: what reaches the step it is about, and the turns."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain.actions import Moves
from avd_failover.domain.approvals import EXPIRY_S, Rule, Waiting, judge
from avd_failover.domain.faults import TransientError
from avd_failover.domain.graph import IfUnreachable, Step
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.orders import Order, said_by
from avd_failover.engine.progress import Silent
from avd_failover.journal.events import ActionIntended, Event, Holder, RunResumed, StepStarted
from avd_failover.journal.store import Request
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import AnyOperation, Bound, Memory, NotYet, Proven, Verdict
from tests.engine.lamps import T0, Lamps, Stage, SwitchOn, lamp_step, make_graph
from tests.journal.builders import make_lines, revoke


class Listener:
    """An operation that writes down what its memory tells of people, and ends when it heard enough."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.heard: list[tuple[Any, ...]] = []

    async def observe(self, cloud: object, memory: Memory) -> int:
        self.heard = [
            *(
                (one.verdict, one.by, one.reason, one.evidence_name, one.evidence_sha256)
                for one in memory.approvals("wait")
            ),
            *((one.kind, one.item, one.by, one.value, one.reason) for one in memory.requests("wait")),
        ]
        return len(self.heard)

    def plan(self, seen: int) -> Moves:
        return Moves()

    def prove(self, looks: Sequence[int]) -> Verdict:
        enough = looks[-1] >= self.enough
        return Proven(because="heard") if enough else NotYet(because="somebody must speak", look_again_s=5.0)


class Conducted(Stage):
    """A run of lamps with people who may ask something of it: before it goes on, or while it does."""

    def ask(self, kind: str, **words: str) -> None:
        self.store.append_request(T0, kind, json.dumps({"by": "Ann"} | words))

    async def _drive(self) -> RunStatus:
        clock = LoopClock(T0)
        if self.store.lines:
            self.journal = JournalWriter.reopen(self.store, clock)
            self.journal.append(RunResumed(holder=Holder(host="h", pid=2, epoch=2), engine="0"))
        else:
            self.journal = JournalWriter.create(self.store, clock, self.pinned)
        conductor = Conductor(
            journal=self.journal,
            cloud=self.lamps,  # type: ignore[arg-type]
            clock=clock,
            operations=self.operations,
            requests=self.store,
            essential=("vital",),
            progress=Silent(),
        )
        return await conductor.drive()

    def drive_with(self, after_s: float, kind: str, **words: str) -> RunStatus:
        """Drive, with somebody asking for something meanwhile."""

        async def both() -> RunStatus:
            asyncio.get_running_loop().call_later(after_s, lambda: self.ask(kind, **words))
            return await self._drive()

        return run_virtually(both())


def listening(enough: int) -> tuple[Conducted, Listener]:
    stage = Conducted(
        make_graph(Step(id="wait", uses="wait", proof_within_s=300.0), lamp_step("go", "go", "wait"))
    )
    ear = Listener(enough)

    def operations(bound: Bound) -> AnyOperation:
        return ear if bound.step.id == "wait" else SwitchOn(bound)  # type: ignore[return-value]

    stage.operations = operations
    return stage, ear


def test_an_approval_reaches_the_step_that_waits_for_it_with_all_that_came_along() -> None:
    stage, ear = listening(1)
    words = {"reason": "looked", "evidence_name": "log.txt", "evidence_sha256": "ab" * 32}
    assert stage.drive_with(20.0, "approve", step="wait", **words) is RunStatus.COMPLETED
    assert ear.heard == [("approve", "Ann", "looked", "log.txt", "ab" * 32)]


def test_a_no_reaches_it_too() -> None:
    stage, ear = listening(1)
    stage.drive_with(20.0, "reject", step="wait", reason="not in step")
    assert ear.heard == [("reject", "Ann", "not in step", "", "")]


def test_what_was_said_while_the_run_rested_counts_once_it_goes_on() -> None:
    stage, ear = listening(1)
    assert stage.drive() is RunStatus.HELD
    stage.ask("approve", step="wait")
    assert stage.drive() is RunStatus.COMPLETED
    assert len(ear.heard) == 1


def test_what_was_said_survives_the_process_that_heard_it() -> None:
    stage, ear = listening(2)
    stage.ask("approve", step="wait", by="Ben")
    assert stage.drive() is RunStatus.HELD
    stage.ask("approve", step="wait", by="Cay")
    assert stage.drive() is RunStatus.COMPLETED
    assert [one[1] for one in ear.heard] == ["Ben", "Cay"]


ELSEWHERE = [
    ("approve", {"step": "go"}),
    ("approve", {}),
    ("retry", {"step": "wait"}),
    ("retry", {"step": "go", "item": "vm-1"}),
    ("choose", {"item": "vm-1", "value": "point-7"}),
]


@pytest.mark.parametrize(("kind", "words"), ELSEWHERE, ids=str)
def test_what_is_said_about_another_step_or_about_no_thing_of_it_is_not_heard_there(kind, words) -> None:
    stage, ear = listening(1)
    assert stage.drive_with(20.0, kind, **words) is RunStatus.HELD
    assert ear.heard == []
    assert [said.kind for said in stage.state.said] == [kind], "it is on record all the same"


ITEMS = [
    ("retry", {"item": "vm-1", "reason": "host mended"}, ("retry", "vm-1", "Ann", "", "host mended")),
    ("skip", {"item": "vm-1", "reason": "scrapped"}, ("skip", "vm-1", "Ann", "", "scrapped")),
    ("choose", {"item": "vm-1", "value": "point-7"}, ("choose", "vm-1", "Ann", "point-7", "")),
]


@pytest.mark.parametrize(("kind", "words", "heard"), ITEMS, ids=[row[0] for row in ITEMS])
def test_what_is_asked_for_one_thing_of_a_step_reaches_it_and_the_step_goes_on(kind, words, heard) -> None:
    stage, ear = listening(1)
    assert stage.drive_with(20.0, kind, step="wait", **words) is RunStatus.COMPLETED
    assert ear.heard == [heard]
    assert stage.state.steps["wait"].status is StepStatus.DONE


def test_several_things_asked_for_are_heard_in_their_order() -> None:
    stage, ear = listening(3)
    for kind in ("retry", "skip", "choose"):
        stage.ask(kind, step="wait", item=kind.upper())
    assert stage.drive() is RunStatus.COMPLETED
    assert [one[1] for one in ear.heard] == ["RETRY", "SKIP", "CHOOSE"]


@pytest.mark.parametrize("order", [one for one in Order if one not in {Order.PAUSE, Order.ABORT}])
def test_a_request_is_taken_up_as_it_was_asked(order: Order) -> None:
    body = json.dumps({"by": "Ann", "reason": "why", "step": "s", "item": "i", "value": "v"})
    said = said_by(Request(id=7, at=T0, kind=order.value, body=body))
    assert (said.request, said.kind, said.by, said.reason) == (7, order.value, "Ann", "why")
    assert (said.step, said.item, said.value) == ("s", "i", "v")


BROKEN = [("approv", '{"by": "Ann"}'), ("approve", "{"), ("approve", "{}"), ("retry", '{"by": 5}')]


@pytest.mark.parametrize(("kind", "body"), BROKEN)
def test_a_request_that_cannot_be_read_is_a_pause_and_never_a_yes(kind: str, body: str) -> None:
    said = said_by(Request(id=7, at=T0, kind=kind, body=body))
    assert (said.kind, said.by) == ("pause", "the engine")


def dark(mode: Mode = Mode.PLANNED) -> Conducted:
    """A run whose source does not answer at all; in unplanned mode its only step is owed."""
    lamps = Lamps()
    lamps.read_faults = deque([TransientError("no route to host")] * 10_000)
    step = lamp_step("light", if_unreachable=IfUnreachable.DEBT, proof_within_s=120.0)
    return Conducted(make_graph(step), lamps, mode)


def test_a_run_at_rest_is_switched_to_unplanned_and_owes_what_it_cannot_do() -> None:
    stage = dark()
    assert stage.drive() is RunStatus.HELD
    stage.ask("unplanned", reason="the region is gone")
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.state.steps["light"].status is StepStatus.DEBT
    (switched,) = stage.events("run.switched")
    assert (switched.mode, switched.because) == (
        Mode.UNPLANNED,
        "the source is left as dark by Ann: the region is gone",
    )


def test_a_run_under_way_is_switched_at_its_next_safe_point() -> None:
    stage = dark()
    assert stage.drive_with(10.0, "unplanned", reason="gone") is RunStatus.COMPLETED
    assert [one.status for one in stage.events("run.ended")] == [RunStatus.HELD, RunStatus.COMPLETED]
    assert stage.state.route.mode is Mode.UNPLANNED
    assert stage.state.pinned.route.mode is Mode.PLANNED


def test_however_often_it_is_asked_for_a_run_is_switched_once() -> None:
    stage = dark()
    for _ in range(3):
        stage.ask("unplanned")
    stage.drive()
    assert len(stage.events("run.switched")) == 1


def test_a_run_that_is_unplanned_already_is_neither_switched_nor_stopped_by_the_request() -> None:
    stage, ear = listening(1)
    stage.pinned = replace(stage.pinned, route=dark(Mode.UNPLANNED).pinned.route)
    stage.ask("unplanned")
    stage.ask("approve", step="wait")
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.events("run.switched") == []
    assert len(ear.heard) == 1


def test_the_way_back_goes_before_the_way_on_and_is_not_switched() -> None:
    stage = dark()
    stage.ask("unplanned")
    stage.ask("rollback", reason="users are fine")
    stage.drive()
    assert [len(stage.events(kind)) for kind in ("run.turned", "run.switched")] == [1, 0]
    assert stage.state.route.mode is Mode.PLANNED


def test_a_run_on_its_way_back_is_not_switched_even_where_it_is_held() -> None:
    """The side it leaves then is the one it went to: nobody said that this one is dark."""
    stage = dark()
    stage.ask("rollback", reason="users are fine")
    stage.drive()
    turned = next(n for n, line in enumerate(stage.store.lines) if b'"run.turned"' in line)
    stage.store.lines = stage.store.lines[: turned + 1]
    stage.ask("unplanned")
    stage.drive()
    assert (stage.events("run.switched"), stage.state.status) == ([], RunStatus.ROLLED_BACK)


def test_a_switched_run_that_is_killed_goes_on_unplanned() -> None:
    stage = dark()
    stage.ask("unplanned")
    stage.drive()
    switch = next(n for n, line in enumerate(stage.store.lines) if b'"run.switched"' in line)
    stage.store.lines = stage.store.lines[: switch + 1]
    assert stage.drive() is RunStatus.COMPLETED
    assert (len(stage.events("run.switched")), stage.state.route.mode) == (1, Mode.UNPLANNED)


@pytest.mark.parametrize("purpose", [Purpose.FAILOVER, Purpose.FAILBACK, Purpose.SETTLE])
def test_only_a_failback_that_is_turned_back_bars_the_side_it_went_to_before_it_granted(purpose) -> None:
    """A settling goes the way of a failover whose users are there: nothing may end their sessions."""
    stage = dark()
    stage.pinned = replace(
        stage.pinned, route=replace(stage.pinned.route, purpose=purpose), inherited=(revoke(),)
    )
    events: list[Event] = [
        stage.pinned,
        StepStarted(step="light"),
        ActionIntended(step="light", n=1, action=revoke()),
    ]
    stage.store.lines = make_lines(events)
    stage.ask("rollback")
    with suppress(AttributeError):  # this world has no assignments to restore: only the graph matters
        stage.drive()
    (turned,) = stage.events("run.turned")
    assert any(step.uses == "barrier" for step in turned.graph.steps) is (purpose is Purpose.FAILBACK)


SAID_AT = [
    ("of a real run it is as old as it is", None, -7200.0),
    ("of a simulated one it is heard", "small", 0.0),
]


@pytest.mark.parametrize(
    ("simulated", "age_s"), [row[1:] for row in SAID_AT], ids=[row[0] for row in SAID_AT]
)
def test_a_word_that_a_run_at_rest_hears_late_is_dated_when_it_was_said(simulated, age_s: float) -> None:
    stage = Conducted(make_graph(lamp_step("wait")))
    stage.pinned = replace(stage.pinned, simulated=simulated)
    earlier = T0 - timedelta(hours=2)
    stage.store.append_request(earlier, "approve", json.dumps({"by": "Ann", "step": "wait"}))
    stage.drive()
    (word,) = stage.state.approvals["wait"]
    assert (word.at - T0).total_seconds() == pytest.approx(age_s, abs=5.0)


def test_a_word_older_than_it_counts_opens_no_gate_and_one_from_the_future_neither() -> None:
    """The gate judges by when it was said, not by when the run took it up (O4)."""
    for away_s in (-EXPIRY_S - 60.0, 3600.0):
        stage = Conducted(make_graph(lamp_step("wait")))
        at = T0 + timedelta(seconds=away_s)
        stage.store.append_request(at, "approve", json.dumps({"by": "Ann", "step": "wait"}))
        stage.drive()
        assert isinstance(judge(stage.state.approvals["wait"], Rule(), "dora", T0), Waiting)


def test_the_same_word_replayed_counts_once() -> None:
    stage = Conducted(make_graph(lamp_step("wait")))
    for _ in range(3):
        stage.ask("approve", step="wait")
    stage.drive()
    assert judge(stage.state.approvals["wait"], Rule(count=2), "dora", T0) == Waiting(lacking=1)
