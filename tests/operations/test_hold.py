"""The testers' time: who is told what, what ends it, and what it comes to (contract 149 to 153)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from avd_failover.domain.approvals import Approval
from avd_failover.domain.graph import Step
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.plan import End
from avd_failover.operations.base import Bound, NotYet, Proven, Stuck, Verdict
from avd_failover.operations.drill import FAIL, OPEN, PASS, Hold, TellResult
from tests.domain.builders import group, plan, route
from tests.operations.remembering import Remembering
from tests.operations.world import T0

STEP = "testing"
SETTINGS: dict[str, Any] = {
    "hold": 600.0,
    "title": "Test",
    "instruction": "Look around in ${target.region}.",
    "checklist": ("sign in", "open files"),
}
DRILL = route(plan=plan(test_group=group(9)), test=True)


def hold(**settings: Any) -> Hold:
    step = Step(id=STEP, uses="drill.hold", side=End.TARGET, settings={**SETTINGS, **settings})
    return Hold(Bound(run="run-1", epoch=1, route=DRILL, step=step))


class Empty:
    """A cloud in which nobody is signed in."""

    sessions: "Empty"

    def __init__(self) -> None:
        self.sessions = self

    async def list(self, _pool: str) -> Any:
        return type("Nobody", (), {"items": ()})


def judged(memory: Remembering, **settings: Any) -> Verdict:
    operation = hold(**settings)
    seen = asyncio.run(operation.observe(Empty(), memory))  # type: ignore[arg-type]
    assert operation.plan(seen).actions == ()
    return operation.prove((seen,))


def said(verdict: str, at_s: float = 10.0, by: str = "Tess", reason: str = "") -> Approval:
    return Approval(by=by, at=T0 + timedelta(seconds=at_s), verdict=verdict, reason=reason)  # type: ignore[arg-type]


def chosen(item: str, value: str, by: str = "Tess", kind: str = "choose") -> ItemRequest:
    return ItemRequest(kind=kind, item=item, by=by, at=T0, value=value)  # type: ignore[arg-type]


def memory(now_s: float = 60.0, began_s: float = 0.0, **more: Any) -> Remembering:
    return Remembering(now_s=now_s, began_s={STEP: began_s}, **more)


def test_testers_have_their_time_from_the_first_beginning_on_whoever_drives():
    assert isinstance(judged(memory(now_s=599.0)), NotYet)
    assert isinstance(judged(memory(now_s=600.0)), Proven)
    assert isinstance(judged(memory(now_s=600.0, began_s=100.0)), NotYet)


def test_the_wait_tells_until_when_what_to_do_and_how_to_end_it():
    verdict = judged(memory(asked={STEP: [chosen("sign in", PASS)]}))
    assert isinstance(verdict, NotYet)
    until = T0 + timedelta(seconds=600)
    for part in (
        f"until {until:%H:%M:%S} UTC",
        "Look around in neu.",
        "sign in: pass by Tess",
        "with --reject (fail)",
    ):
        assert part in verdict.because
    assert verdict.look_again_s == 15.0


def test_the_last_seconds_are_waited_for_exactly():
    verdict = judged(memory(now_s=597.0))
    assert isinstance(verdict, NotYet)
    assert verdict.look_again_s == 3.0


def test_the_wait_reads_the_same_while_nothing_is_said():
    """What a step waits for is written down when it changes; a countdown would fill the journal."""
    first, later = judged(memory(now_s=60.0)), judged(memory(now_s=90.0))
    assert first.because == later.because


BOTH_PASS = [chosen("sign in", PASS), chosen("open files", PASS)]
RESULTS = [
    ("nobody said anything", {"now_s": 600.0}, OPEN, "the time is over"),
    ("a yes ends it", {"said": {STEP: [said("approve")]}}, PASS, "Tess said pass"),
    ("a no ends it", {"said": {STEP: [said("reject", reason="no profile")]}}, FAIL, "Tess said fail"),
    ("a no outweighs a yes", {"said": {STEP: [said("approve"), said("reject", by="Tom")]}}, FAIL,
     "Tom said fail"),
    ("a whole checklist of passes", {"asked": {STEP: BOTH_PASS}}, PASS, "everything was told"),
    ("one item fails", {"asked": {STEP: [BOTH_PASS[0], chosen("open files", FAIL)]}}, FAIL,
     "everything was told"),
    ("an item fails and the time is over", {"now_s": 600.0, "asked": {STEP: [chosen("sign in", FAIL)]}}, FAIL,
     "the time is over"),
    ("an item fails and somebody says yes all the same",
     {"said": {STEP: [said("approve")]}, "asked": {STEP: [chosen("sign in", FAIL)]}}, FAIL, "Tess said pass"),
    ("half a checklist is no pass", {"now_s": 600.0, "asked": {STEP: BOTH_PASS[:1]}}, OPEN,
     "the time is over"),
    ("the last word on an item counts", {"asked": {STEP: [chosen("sign in", FAIL), *BOTH_PASS]}}, PASS,
     "everything was told"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("remembered", "result", "because"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS]
)
def test_what_testers_say_comes_to(remembered, result, because):
    verdict = judged(memory(**remembered))
    assert isinstance(verdict, Proven)
    assert verdict.facts["result"] == result
    assert verdict.because.startswith(because)


NOT_HEARD = [
    ("an item nobody asked about", [chosen("coffee", PASS)]),
    ("a value that is neither", [chosen("sign in", "maybe")]),
    ("a retry is no result", [chosen("sign in", PASS, kind="retry")]),
]


@pytest.mark.parametrize("requests", [row[1] for row in NOT_HEARD], ids=[row[0] for row in NOT_HEARD])
def test_what_is_no_result_leaves_the_checklist_as_it_is(requests):
    verdict = judged(memory(now_s=600.0, asked={STEP: requests}))
    assert isinstance(verdict, Proven)
    assert (verdict.facts["item sign in"], verdict.facts["item open files"]) == (OPEN, OPEN)


def test_only_those_named_are_heard():
    verdict = judged(memory(said={STEP: [said("approve", by="Mallory")]}), who=("Tess",))
    assert isinstance(verdict, NotYet)


def test_notes_and_who_said_it_are_kept():
    verdict = judged(memory(said={STEP: [said("reject", reason="slow")]}))
    assert isinstance(verdict, Proven)
    assert (verdict.facts["by"], verdict.facts["notes"]) == ("Tess", "slow")


ENDS = [
    ({"result": PASS}, Proven, "the testers' result is pass"),
    ({"result": OPEN}, Proven, "the testers' result is not told"),
    ({}, Proven, "the testers' result is not told"),
    ({"result": FAIL, "notes": "slow"}, Stuck, "the testers' result is fail: slow"),
    (
        {"result": FAIL, "item sign in": "fail by Tess", "item files": "pass by Tess"},
        Stuck,
        "the testers' result is fail (sign in)",
    ),
]


@pytest.mark.parametrize(("facts", "kind", "because"), ENDS)
def test_the_verdict_tells_what_testers_found(facts, kind, because):
    step = Step(id="verdict", uses="drill.verdict", settings={"hold": STEP})
    operation = TellResult(Bound(run="run-1", epoch=1, route=DRILL, step=step))
    seen = asyncio.run(operation.observe(Empty(), memory(figures={STEP: facts})))  # type: ignore[arg-type]
    verdict = operation.prove((seen,))
    assert isinstance(verdict, kind)
    assert verdict.because == because
