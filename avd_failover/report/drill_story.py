"""The evidence of a drill, read from its journal: what it shows, who took part, what is to be mended."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from avd_failover.domain.actions import RevokeAssignment, TellUser
from avd_failover.domain.graph import Setting
from avd_failover.domain.plan import End, Way
from avd_failover.domain.production import CATEGORIES
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import counted
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.account import Check, Decision, Drive, Found, Measure
from avd_failover.report.drill_account import (
    Deficiency,
    Digest,
    DrillEvidence,
    EvidenceFile,
    Heard,
    Held,
    Person,
    ThirdParty,
)
from avd_failover.report.people import ITEM
from avd_failover.report.redaction import redact
from avd_failover.report.turning import recovered_at
from avd_failover.report.words import duration

HOLD, RECORD, PROVE = "drill.hold", "production.record", "production.prove"
NOT_TOLD, NOT_ENDED, FAIL = "not told", "not ended", "fail"
TOUCHED = "production_sessions_touched"

_ROLES = {"approve": "approved", "reject": "rejected"}


class Material(Struct, frozen=True, kw_only=True):
    """What the account of any run has, and the evidence of a drill is made from."""

    decisions: Sequence[Decision]
    drives: Sequence[Drive]
    objectives: Sequence[Measure]
    checks: Sequence[Check]
    findings: Sequence[Found]


def drill(state: RunState, told: Material) -> DrillEvidence | None:
    """Return the evidence; None for a run that is no drill."""
    route = state.pinned.route
    if route.purpose is not Purpose.DRILL:
        return None
    hold = _facts(state, HOLD)
    there, left = recovered_at(state), _left_at(state)
    ended = state.finished_at if state.status is not RunStatus.RUNNING else None
    done = state.status is RunStatus.COMPLETED
    return DrillEvidence(
        result=_result(state, hold),
        test_type="live switch of a test group to the other side and back, production at work",
        scope=route.scope,
        scenario=state.pinned.simulated,
        severity=redact(state.pinned.severity) or None,
        chosen_because=redact(state.pinned.chosen_because) or None,
        began_at=state.started_at,
        ended_at=ended,
        duration_s=(state.last_at - state.started_at).total_seconds(),
        there_at=there,
        left_at=left,
        carried_s=((left or state.last_at) - there).total_seconds() if there else None,
        returned_at=state.restored_at,
        testers_told=_told(state),
        heard=tuple(_heard(hold)),
        notes=str(hold.get("notes", "")),
        people=tuple(_people(state, told)),
        third_parties=tuple(_third_parties(state)),
        invariants=tuple(_invariants(state, told.checks)),
        production=tuple(_production(state)),
        files=tuple(_files(told.decisions)),
        deficiencies=tuple(_deficiencies(state, hold, told)),
        next_due_at=ended + timedelta(seconds=route.plan.drill_every_s) if ended and done else None,
        every_s=route.plan.drill_every_s,
    )


def _step(state: RunState, uses: str) -> StepState | None:
    return next((step for step in state.steps.values() if step.step.uses == uses), None)


def _facts(state: RunState, uses: str) -> dict[str, Setting]:
    step = _step(state, uses)
    return dict(step.facts) if step else {}


def _result(state: RunState, hold: dict[str, Setting]) -> str:
    if not state.status.final and state.status is not RunStatus.FAILED:
        return NOT_ENDED
    said = str(hold.get("result", NOT_TOLD))
    return FAIL if state.status is not RunStatus.COMPLETED else said


def _left_at(state: RunState) -> datetime | None:
    """Return when the first tester lost the other side: the way back begins with that."""
    back = [one for one in state.applied() if _withdraws(state, one.step) and one.ended_at]
    taken = [one.ended_at for one in back if isinstance(one.action, RevokeAssignment)]
    return min((at for at in taken if at), default=None)


def _withdraws(state: RunState, step: str) -> bool:
    turned = state.turned is not None and any(one.id == step for one in state.turned.graph.steps)
    return turned or state.steps[step].step.way is Way.BACK


def _told(state: RunState) -> int:
    return len({one.action.target for one in state.applied() if isinstance(one.action, TellUser)})


def _heard(hold: dict[str, Setting]) -> Iterator[Heard]:
    for name, said in hold.items():
        if name.startswith(ITEM):
            yield Heard(item=name.removeprefix(ITEM), result=str(said))


def _people(state: RunState, told: Material) -> Iterator[Person]:
    if state.pinned.initiator:
        yield Person(role="started", who=state.pinned.initiator, at=state.started_at, what="the drill")
    for one in told.decisions:
        what = " ".join(part for part in (one.kind, one.step, one.item, one.value) if part)
        yield Person(role=_ROLES.get(one.kind, "asked"), who=one.by, at=one.at, what=what)
    for drive in told.drives:
        who = f"process {drive.pid} on {drive.host}"
        yield Person(role="executed", who=who, at=drive.since, what=f"engine {drive.engine}, {drive.how}")
    if many := _told(state):
        yield Person(
            role="informed", who=f"testers in {counted(many, 'session')}", at=None, what="what to try"
        )


def _third_parties(state: RunState) -> Iterator[ThirdParty]:
    pinned = state.pinned
    for end in End:
        side = pinned.route.side(end)
        yield ThirdParty(kind="Azure region", name=f"{side.region} ({side.side.value})")
    yield ThirdParty(kind="Azure Resource Manager", name=pinned.arm_endpoint)
    yield ThirdParty(kind="directory (Entra ID)", name=pinned.graph_endpoint)


def _invariants(state: RunState, checks: Sequence[Check]) -> Iterator[Held]:
    yield _single_side(checks)
    yield _untouched(state)
    yield _same_production(state)


def _single_side(checks: Sequence[Check]) -> Held:
    """Nobody could reach both sides: every grant came after all revokes and the barrier, on both ways."""
    ordered = [one for one in checks if one.source == "safety S4"]
    verdicts = [one.holds for one in ordered]
    holds = False if False in verdicts else True if True in verdicts else None
    told = "; ".join(f"{one.rule}: {one.detail}" for one in ordered if one.holds is not None)
    return Held(name="single-side access", holds=holds, counted=told or "nothing was revoked and granted")


def _untouched(state: RunState) -> Held:
    name, touched = "no production session touched", _facts(state, PROVE).get(TOUCHED)
    if not isinstance(touched, int):
        return Held(name=name, holds=None, counted="not counted: production was not proven at the end")
    how = (
        "messages and log-offs in this journal to users who are not in the test group, its members read last"
    )
    return Held(name=name, holds=touched == 0, counted=f"{touched} {how}")


def _same_production(state: RunState) -> Held:
    found = list(_production(state))
    verdicts = [one.same for one in found]
    holds = False if False in verdicts else None if None in verdicts or not found else True
    things = sum(one.things for one in found)
    read = "read whole before the first change and after the last, by SHA-256 of every property kept"
    return Held(name="production bit-identical", holds=holds, counted=f"{things} things {read}")


def _production(state: RunState) -> Iterator[Digest]:
    """Yield each kind; of a drill that has not come to the proof, what was written down before."""
    before, after = _facts(state, RECORD), _facts(state, PROVE)
    for kind in CATEGORIES:
        number = after.get(f"{kind}s", before.get(f"{kind}s"))
        if isinstance(number, int):
            first = after.get(f"{kind}s_sha256_before", before.get(f"{kind}s_sha256"))
            last = after.get(f"{kind}s_sha256_after")
            yield Digest(
                kind=kind,
                things=number,
                before_sha256=None if first is None else str(first),
                after_sha256=None if last is None else str(last),
            )


def _files(decisions: Sequence[Decision]) -> Iterator[EvidenceFile]:
    for one in decisions:
        if one.evidence_sha256:
            yield EvidenceFile(
                name=one.evidence_name, sha256=one.evidence_sha256, by=one.by, step=one.step or ""
            )


def _deficiencies(state: RunState, hold: dict[str, Setting], told: Material) -> Iterator[Deficiency]:
    for one in told.findings:
        yield Deficiency(what=one.detail, code=one.code, where=one.step or "the run")
    yield from _missed(told)
    yield from _said(state, hold)
    for step in state.steps.values():
        if step.status is StepStatus.FAILED:
            yield Deficiency(what=step.because, code="step-failed", where=step.step.id)


def _missed(told: Material) -> Iterator[Deficiency]:
    for measure in told.objectives:
        if measure.kept is False and measure.measured_s is not None:
            over = f"{duration(measure.measured_s)} measured, {duration(measure.declared_s)} declared"
            yield Deficiency(what=f"{measure.name}: {over}", code="objective-missed", where="objectives")
    for check in told.checks:
        if check.holds is False:
            yield Deficiency(what=f"{check.rule}: {check.detail}", code="invariant-broken", where="checks")


def _said(state: RunState, hold: dict[str, Setting]) -> Iterator[Deficiency]:
    for said in _heard(hold):
        if said.result.startswith(FAIL):
            yield Deficiency(what=f"{said.item}: {said.result}", code="tester-found", where=HOLD)
    if state.status is RunStatus.COMPLETED and _result(state, hold) == NOT_TOLD:
        yield Deficiency(what="testers told no result", code="result-not-told", where=HOLD)
