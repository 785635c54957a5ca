"""Where a run stands, as data: a pure fold of its journal, never a question to the cloud.

The fields are a contract with scripts: they are added to, never renamed. Times are ISO 8601 in UTC on the
run's clock, durations seconds; what is not known yet is null.
"""

from datetime import UTC, datetime
from typing import TypedDict

from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import RunState, StepState

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


def status_data(state: RunState, head: str, *, alive: bool = True) -> StatusReport:
    """Return the status of a run.

    ``head`` is the hash of the journal's last line; ``alive`` whether a process drives the run, which the
    journal of a killed one cannot say: who asks knows, from the run's lease.
    """
    route = state.pinned.route
    stands = standing(state, alive=alive)
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
        "recovery_s": state.recovery_s,
        "access_gap_s": state.access_gap_s,
        "journal_head": head,
        "because": because(state, alive=alive),
        "resume": f"failover resume {state.run}" if stands in RESUMABLE else None,
        "steps": [_step(step, alive=alive) for step in state.steps.values()],
        "findings": _findings(state),
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
