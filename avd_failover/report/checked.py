"""What a check found: whether a run could begin now, what stands in its way, and what will be due."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from avd_failover.domain.findings import Finding
from avd_failover.report.words import duration, marked, plain, screen


class Drilled(Struct, frozen=True, kw_only=True):
    """One past drill of a plan."""

    run: str
    state: str
    because: str
    finished_at: datetime | None
    simulated: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it shows that the plan works."""
        return self.state == "completed"


class Checked(Struct, frozen=True, kw_only=True):
    """A check of one plan at one moment."""

    plan: str
    simulated: str | None
    at: datetime
    users_are_on: str
    because: str
    """What readiness says of the run that would come next."""
    blockers: tuple[Finding, ...]
    """Each refuses the run that would come next."""
    warnings: tuple[Finding, ...]
    remedy: str = ""
    """What to type about an earlier run that stands in the way."""

    @property
    def ready(self) -> bool:
        """Whether a run could begin now."""
        return not self.blockers


def drill_due(drills: tuple[Drilled, ...], every_s: float, now: datetime) -> Finding | None:
    """Return a warning when no drill succeeded within the plan's cadence (contract 131, 156)."""
    done = [one.finished_at for one in drills if one.counts and one.finished_at]
    if not done:
        return Finding(code="drill-overdue", subject="drill", detail="no drill of this plan succeeded yet")
    age_s = (now - max(done)).total_seconds()
    if age_s <= every_s:
        return None
    detail = f"the last drill was {duration(age_s)} ago, one is due every {duration(every_s)}"
    return Finding(code="drill-overdue", subject="drill", detail=detail)


def checked_data(found: Checked) -> dict[str, Any]:
    """Return a check for scripts."""
    return {
        "plan": found.plan,
        "simulated": found.simulated is not None,
        "at": found.at.isoformat(),
        "ready": found.ready,
        "users_are_on": found.users_are_on,
        "because": found.because,
        "findings": [
            *(_row(one, "blocker") for one in found.blockers),
            *(_row(one, "warning") for one in found.warnings),
        ],
    }


def _row(finding: Finding, severity: str) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": severity,
        "subject": finding.subject,
        "detail": finding.detail,
    }


def checked_text(found: Checked) -> str:
    """Tell a check to a person."""
    verdict = "READY" if found.ready else "NOT READY"
    lines = [
        f"{verdict}: {found.plan}, users are on {found.users_are_on}",
        f"  {found.because}",
        *(f"  BLOCKER  {one.code}  {one.subject}: {one.detail}" for one in found.blockers),
        *(f"  warning  {one.code}  {one.subject}: {one.detail}" for one in found.warnings),
    ]
    return "\n".join(marked(screen(line), found.simulated) for line in lines)


def drills_data(drills: tuple[Drilled, ...], due: Finding | None) -> dict[str, Any]:
    """Return past drills, newest first, and whether one is due, for scripts."""
    return {
        "drills": [
            {
                "run": one.run,
                "state": one.state,
                "because": one.because,
                "finished_at": one.finished_at.isoformat() if one.finished_at else None,
                "simulated": one.simulated is not None,
            }
            for one in drills
        ],
        "due": due is not None,
        "why": due.detail if due else "",
    }


def _when(one: Drilled) -> str:
    return f"{one.finished_at:%Y-%m-%d %H:%M} UTC" if one.finished_at else "not finished"


def drills_text(drills: tuple[Drilled, ...], due: Finding | None) -> str:
    """Tell past drills and whether one is due, to a person."""
    told = [marked(plain(f"{_when(one):<22}{one.state:<12} {one.run}"), one.simulated) for one in drills]
    rehearsed = any(one.simulated for one in drills)
    beside = "; drills on a simulated Azure do not count" if due and rehearsed else ""
    return "\n".join([*told, plain(f"a drill is due: {due.detail}{beside}" if due else "no drill is due")])
