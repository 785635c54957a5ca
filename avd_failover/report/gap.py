"""The access gap: how long users have been without access to either side, and how long that may take (L4)."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum

from msgspec import Struct

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.plan import Plan, Side
from avd_failover.domain.route import Purpose
from avd_failover.domain.words import counted
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.turning import comes_back, moves_anybody
from avd_failover.report.words import duration

OVER_PROPAGATION_S = 600.0
"""The budget is the propagation bound D and this much (safety L4)."""

_Key = tuple[str, str]

_COUNTED = {
    RevokeAssignment: frozenset({Outcome.APPLIED, Outcome.UNKNOWN}),
    GrantAssignment: frozenset({Outcome.APPLIED}),
}


class AccessGap(Struct, frozen=True, kw_only=True):
    """Users' time without access: under way while ``open``, else over, and then the longest of the run."""

    seconds: float
    budget_s: float
    open: bool = False
    pairs: int = 0
    """How many group assignments are in transit."""

    @property
    def over(self) -> bool:
        """Whether it took, or takes, longer than its budget."""
        return self.seconds > self.budget_s


def access_gap(state: RunState, now: datetime) -> AccessGap | None:
    """Return the gap as the journal tells it at ``now``; None when nothing was revoked, or nobody is moved.

    An unanswered revoke may have cut its users off, so it opens the gap; only a confirmed grant closes it.
    Of a run that comes back it is the longer one of the two ways: in between, users had the other side.
    """
    if not moves_anybody(state.pinned.route):
        return None
    since, closed = _spans(state)
    budget = state.pinned.route.plan.policies.propagation_s + OVER_PROPAGATION_S
    if since and not _settled(state):
        open_s = (now - min(since.values())).total_seconds()
        return AccessGap(seconds=open_s, budget_s=budget, open=True, pairs=len(since))
    closed_s = max(closed, default=None) if comes_back(state) else state.access_gap_s
    return AccessGap(seconds=closed_s, budget_s=budget) if closed_s is not None else None


def _settled(state: RunState) -> bool:
    """Whether a proof says that everybody has access, whatever a single answer said."""
    drill = state.pinned.route.purpose is Purpose.DRILL
    return state.restored_at is not None or (state.recovered_at is not None and not drill)


def _spans(state: RunState) -> tuple[dict[_Key, datetime], list[float]]:
    """Return since when each pair is without access, and how long each time was in which some pair was."""
    since: dict[_Key, datetime] = {}
    closed: list[float] = []
    first: datetime | None = None
    for key, attempt in _moves(state):
        at = attempt.ended_at or attempt.intended_at
        if not isinstance(attempt.action, GrantAssignment):
            since.setdefault(key, at)
            first = at if first is None else min(first, at)
        elif since.pop(key, None) is not None and not since and first is not None:
            closed.append((at - first).total_seconds())
            first = None
    return since, closed


def _moves(state: RunState) -> Iterator[tuple[_Key, Attempt]]:
    twins = _twins(state.pinned.route.plan)
    for attempt in state.attempts.values():
        action = attempt.action
        if (
            isinstance(action, RevokeAssignment | GrantAssignment)
            and attempt.outcome in _COUNTED[type(action)]
        ):
            assignment = action.assignment
            yield (assignment.principal_id, twins.get(assignment.scope, assignment.scope)), attempt


def _twins(plan: Plan) -> dict[str, str]:
    return {twin.on(side): twin.name for twin in plan.application_groups for side in Side}


class _Phase(Enum):
    NONE = "none"
    OPEN = "open"
    OVER = "over"
    CLOSED = "closed"


class GapWatch:
    """Tells each turn of the access gap once: that it began, that it is over its budget, that it ended."""

    def __init__(self) -> None:
        self._phase = _Phase.NONE

    @property
    def open(self) -> bool:
        """Whether a gap is under way, so that looking again may tell something new."""
        return self._phase in {_Phase.OPEN, _Phase.OVER}

    def look(self, state: RunState, now: datetime) -> AccessGap | None:
        """Return the gap if it took a turn since the last look."""
        gap = access_gap(state, now)
        phase = _phase(gap)
        if phase is self._phase:
            return None
        self._phase = phase
        return gap


def _phase(gap: AccessGap | None) -> _Phase:
    if gap is None:
        return _Phase.NONE
    if not gap.open:
        return _Phase.CLOSED
    return _Phase.OVER if gap.over else _Phase.OPEN


def gap_words(gap: AccessGap) -> str:
    """Say how long users have been, or were, without access, and whether that is over the budget."""
    budget = duration(gap.budget_s)
    if gap.open:
        tail = f"OVER its budget of {budget}" if gap.over else f"budget {budget}"
        return f"{duration(gap.seconds)} and RUNNING, {counted(gap.pairs, 'group assignment')}; {tail}"
    return f"{duration(gap.seconds)} at most; " + (
        f"OVER its budget of {budget}" if gap.over else "in budget"
    )
