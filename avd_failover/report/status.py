"""Where a run stands, as data: a pure fold of its journal, never a question to the cloud.

The fields are a contract with scripts: they are added to, never renamed. Times are ISO 8601 in UTC on the
run's clock, durations seconds; what is not known yet is null.
"""

from datetime import UTC, datetime
from typing import TypedDict

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.aim import sentence
from avd_failover.report.chapters import Gate, Item, Word
from avd_failover.report.gap import access_gap
from avd_failover.report.people import gates, items
from avd_failover.report.redaction import redact
from avd_failover.report.turning import recovery_s

RESUMABLE = frozenset({RunStatus.INTERRUPTED, RunStatus.HELD, RunStatus.FAILED})


class ActionCounts(TypedDict):
    """What became of the things a step meant to change. ``planned`` less the other counts is under way."""

    planned: int
    applied: int
    skipped: int
    """Looked at and left alone; not part of ``planned``."""
    unknown: int
    """Sent, and nobody knows whether it took effect: settled by reading before anything is sent again."""
    failed: int
    """The last attempt changed nothing: refused, not taken, or read back as not done."""


class StepReport(TypedDict):
    """One step. ``state`` is a word of ``StepStatus``."""

    id: str
    uses: str
    state: str
    started_at: str | None
    finished_at: str | None
    reason: str
    waits_until: str | None
    actions: ActionCounts


class FindingReport(TypedDict):
    """Something a check found; ``step`` is null where the run as a whole found it."""

    code: str
    subject: str
    detail: str
    step: str | None


class SaidReport(TypedDict):
    """What one person said about a step. ``verdict`` is ``approve`` or ``reject``."""

    by: str
    at: str | None
    verdict: str
    reason: str
    evidence_name: str
    evidence_sha256: str
    counts: bool


class GateReport(TypedDict):
    """A step that waits, or waited, for people; ``command`` is null where nobody is missing."""

    step: str
    needed: int
    lacking: int
    said: list[SaidReport]
    ignored: list[str]
    command: str | None


class ItemReport(TypedDict):
    """One of several things that a step works on, and what people asked for it last."""

    step: str
    item: str
    state: str
    asked: str


class StatusReport(TypedDict):
    """One run. ``state`` is a word of ``RunStatus``, ``interrupted`` also for one whose process died."""

    run: str
    plan: str
    runbook: str
    direction: str
    mode: str
    scope: str
    state: str
    simulated: str | None
    started_at: str
    finished_at: str | None
    recovery_s: float | None
    access_gap_s: float | None
    journal_head: str
    because: str
    resume: str | None
    steps: list[StepReport]
    findings: list[FindingReport]
    purpose: str
    """A word of ``Purpose``."""
    sentence: str
    """What came of that purpose so far."""
    initiator: str | None
    run_key: str | None
    forced: str | None
    follows: list[str]
    mode_now: str
    """``mode`` is the pinned one; this one is another once the run was switched."""
    quarantined_until: str | None
    """Nothing is sent before that: the process before this one may still have requests under way."""
    gates: list[GateReport]
    items: list[ItemReport]
    debts: list[str]


def status_data(state: RunState, head: str, *, alive: bool = True) -> StatusReport:
    """Return the status of a run.

    ``head`` is the hash of the journal's last line; ``alive`` whether a process drives the run, which the
    journal of a killed one cannot say: who asks knows, from the run's lease.
    """
    route = state.pinned.route
    stands, gap = standing(state, alive=alive), access_gap(state, state.last_at)
    return {
        "run": state.run,
        "plan": route.plan.name,
        "runbook": state.pinned.graph.runbook,
        "direction": route.direction,
        "mode": route.mode.value,
        "scope": route.scope,
        "state": stands.value,
        "simulated": state.pinned.simulated,
        "started_at": _iso(state.started_at) or "",
        "finished_at": _iso(state.finished_at),
        "recovery_s": recovery_s(state),
        "access_gap_s": gap.seconds if gap and not gap.open else None,
        "journal_head": head,
        "because": because(state, alive=alive),
        "resume": f"failover resume {state.run}" if stands in RESUMABLE else None,
        "steps": [_step(step, alive=alive) for step in state.steps.values()],
        "findings": _findings(state),
        "purpose": route.purpose.value,
        "sentence": redact(sentence(state)),
        "initiator": redact(state.pinned.initiator) or None,
        "run_key": redact(state.pinned.key) or None,
        "forced": redact(route.forced) or None,
        "follows": list(state.pinned.follows),
        "mode_now": state.route.mode.value,
        "quarantined_until": _iso(state.quarantined_until),
        "gates": [_gate(gate) for gate in gates(state)],
        "items": [_item(one) for one in items(state)],
        "debts": [name for name, step in state.steps.items() if step.status is StepStatus.DEBT],
    }


def standing(state: RunState, *, alive: bool) -> RunStatus:
    """Return the run's state; a run that says it is running while no process drives it is interrupted."""
    return RunStatus.INTERRUPTED if _killed(state, alive=alive) else state.status


def because(state: RunState, *, alive: bool) -> str:
    """Return why the run stands where it stands."""
    if _killed(state, alive=alive):
        return f"its process ({state.holder.pid} on {state.holder.host}) ended without a word"
    return state.because


def counts(step: StepState, *, alive: bool) -> ActionCounts:
    """Count the targets of a step by their last attempt."""
    unanswered = (Outcome.UNKNOWN,) if alive else (Outcome.UNKNOWN, None)
    return {
        "planned": step.planned,
        "applied": step.count(Outcome.APPLIED),
        "skipped": len(step.skipped),
        "unknown": step.count(*unanswered),
        "failed": step.count(Outcome.REFUSED, Outcome.TRANSIENT, Outcome.VOID),
    }


def _killed(state: RunState, *, alive: bool) -> bool:
    return state.status is RunStatus.RUNNING and not alive


def _step(step: StepState, *, alive: bool) -> StepReport:
    return {
        "id": step.step.id,
        "uses": step.step.uses,
        "state": step.status.value,
        "started_at": _iso(step.started_at),
        "finished_at": _iso(step.finished_at),
        "reason": step.because,
        "waits_until": _iso(step.waits_until),
        "actions": counts(step, alive=alive),
    }


def _gate(gate: Gate) -> GateReport:
    return {
        "step": gate.step,
        "needed": gate.needed,
        "lacking": gate.lacking,
        "said": [_said(one) for one in gate.said],
        "ignored": [redact(one) for one in gate.ignored],
        "command": gate.command,
    }


def _said(one: Word) -> SaidReport:
    return {
        "by": redact(one.by),
        "at": _iso(one.at),
        "verdict": one.verdict,
        "reason": redact(one.reason),
        "evidence_name": redact(one.evidence_name),
        "evidence_sha256": one.evidence_sha256,
        "counts": one.counts,
    }


def _item(one: Item) -> ItemReport:
    return {
        "step": one.step,
        "item": redact(one.item),
        "state": redact(one.state),
        "asked": redact(one.asked),
    }


def _findings(state: RunState) -> list[FindingReport]:
    """Return the run's own findings first, then what only a step has, each once."""
    found: dict[tuple[str, str, str], str | None] = {}
    for finding in state.findings:
        found.setdefault((finding.code, finding.subject, finding.detail), None)
    for step in state.steps.values():
        for finding in step.findings:
            found.setdefault((finding.code, finding.subject, finding.detail), step.step.id)
    return [
        {"code": code, "subject": subject, "detail": detail, "step": step}
        for (code, subject, detail), step in found.items()
    ]


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
