"""Gates: whom they wait for, what they say while they wait, and what follows from a no or from silence."""

from datetime import timedelta
from typing import Any

import pytest

from avd_failover.domain.actions import Moves
from avd_failover.domain.approvals import Approval
from avd_failover.domain.graph import Step
from avd_failover.operations.base import Blocked, Bound, NotYet, Proven, Verdict
from avd_failover.operations.registry import CATALOGUE, operation_for
from tests.operations import places
from tests.operations.remembering import Remembering
from tests.operations.world import T0

RUN, STEP, NOW_S = "run-1", "storage", 1000.0
DIGEST = "ab" * 32


def said(
    by: str, verdict: str = "approve", *, ago_s: float = 60.0, evidence: str = "", reason: str = ""
) -> Approval:
    return Approval(
        by=by,
        at=T0 + timedelta(seconds=NOW_S - ago_s),
        verdict="approve" if verdict == "approve" else "reject",
        reason=reason,
        evidence_name="check.log" if evidence else "",
        evidence_sha256=evidence,
    )


class Gate:
    """One gate of one run, looked at as time goes by."""

    def __init__(self, within_s: float = 600.0, **settings: Any) -> None:
        given = {"instruction": "Fail the volume of ${plan.name} over."} | settings
        step = Step(id=STEP, uses="gate", settings=given, proof_within_s=within_s)
        self.operation = operation_for(Bound(run=RUN, epoch=1, route=places.make_route(), step=step))
        self.memory = Remembering(now_s=NOW_S)

    async def look(self, *words: Approval, at_s: float = NOW_S) -> Verdict:
        self.memory.now_s = at_s
        self.memory.said[STEP] = list(words)
        seen: Any = await self.operation.observe(None, self.memory)  # type: ignore[arg-type]
        assert self.operation.plan(seen) == Moves()
        return self.operation.prove((seen,))


async def test_a_gate_says_what_is_to_be_done_by_whom_and_how() -> None:
    verdict = await Gate(who=("Ann", "Bo"), approvals=2, evidence=True).look()
    name = places.make_route().plan.name
    assert verdict == NotYet(
        because="waits for 2 approvals by Ann and Bo, not by whoever started the run, with evidence:"
        f" Fail the volume of {name} over."
        " Then: failover approve run-1 storage --by NAME --evidence FILE",
        look_again_s=5.0,
    )


OPENS: list[tuple[dict[str, Any], tuple[Approval, ...], str]] = [
    ({}, (said("ann"),), "approved by ann"),
    ({}, (said("duty admin"),), "approved by duty admin"),
    ({"approvals": 2}, (said("ann"), said("bo", ago_s=30)), "approved by ann, bo"),
    ({"two_person": True}, (said("ann"),), "approved by ann"),
    (
        {"evidence": True},
        (said("ann", evidence=DIGEST),),
        f"approved by ann (evidence check.log, SHA-256 {DIGEST})",
    ),
    ({"expires": 90.0}, (said("ann", ago_s=89),), "approved by ann"),
]


@pytest.mark.parametrize(("settings", "words", "because"), OPENS)
async def test_a_gate_opens(settings: dict[str, Any], words: tuple[Approval, ...], because: str) -> None:
    assert await Gate(**settings).look(*words) == Proven(because=because, facts={"approvals": len(words)})


WAITS: list[tuple[dict[str, Any], tuple[Approval, ...], str]] = [
    ({"approvals": 2}, (said("ann"),), "waits for 1 approval,"),
    (
        {"approvals": 2},
        (said("ann"), said("duty admin")),
        "duty admin: started the run, and somebody else must",
    ),
    ({"two_person": True}, (said("Duty Admin"),), "Duty Admin: started the run"),
    ({"who": ("bo",)}, (said("ann"),), "ann: may not decide this"),
    ({"evidence": True}, (said("ann"),), "ann: came without evidence"),
    ({}, (said("ann", ago_s=4 * 3600 + 1),), "ann: has expired"),
    ({"expires": 90.0}, (said("ann", ago_s=91),), "ann: has expired"),
]


@pytest.mark.parametrize(("settings", "words", "because"), WAITS)
async def test_a_gate_stays_shut_and_says_why(
    settings: dict[str, Any], words: tuple[Approval, ...], because: str
) -> None:
    verdict = await Gate(**settings).look(*words)
    assert isinstance(verdict, NotYet)
    assert because in verdict.because


async def test_one_no_blocks_with_its_reason() -> None:
    verdict = await Gate(go_on=True).look(said("ann"), said("bo", "reject", reason="it lags"))
    assert verdict == Blocked(because="bo rejected it: it lags")


async def test_silence_lets_the_run_go_on_only_where_the_runbook_says_so_and_only_at_the_end() -> None:
    hurried, patient = Gate(go_on=True), Gate()
    for gate in (hurried, patient):
        assert isinstance(await gate.look(), NotYet)
        assert isinstance(await gate.look(at_s=NOW_S + 594), NotYet)
    assert isinstance(await patient.look(at_s=NOW_S + 599), NotYet)
    verdict = await hurried.look(at_s=NOW_S + 596)
    assert verdict == Proven(because="nobody objected within 600 s, and the runbook says to go on")


async def test_an_approval_that_arrives_while_it_waits_opens_it() -> None:
    gate = Gate()
    assert isinstance(await gate.look(), NotYet)
    assert isinstance(await gate.look(said("ann", ago_s=-30), at_s=NOW_S + 35), Proven)


def test_no_person_may_skip_a_gate() -> None:
    assert CATALOGUE["gate"].essential
    assert not CATALOGUE["command"].essential
