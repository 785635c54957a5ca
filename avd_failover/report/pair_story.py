"""Each pair of a run: where it stood, where it stands, and how long its users had access to neither side."""

from collections.abc import Iterable
from datetime import datetime

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.plan import End, Way
from avd_failover.domain.route import Pair
from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.account import Moments, PairAccount, Span
from avd_failover.report.moved import Place, places
from avd_failover.report.turning import gives_start, recovered_at

NOT_RECORDED = "not recorded"
"""Where the journal does not say on which side a pair stood."""

READINESS = "checks.readiness"

_Hold = tuple[str, str]
"""A group's id and the application group's."""


def pair_accounts(state: RunState) -> tuple[PairAccount, ...]:
    """Return every pair of the run, in the plan's order."""
    moves, before = _by_hold(state), _start(state)
    return tuple(_account(pair, place, moves, before, state) for pair, place in places(state))


def moments(state: RunState, barrier_at: datetime | None, turned_at: datetime | None) -> Moments:
    """Return the turning points of the run; an answer that was lost counts from when it was asked for."""
    there = [one for one in state.attempts.values() if _goes_there(one, state, turned_at)]
    revoked = [_cut_at(one) for one in there if _cuts(one)]
    given = [at for one in there if (at := _given_at(one)) is not None]
    return Moments(
        first_revoke_at=min(revoked, default=None),
        last_revoke_at=max(revoked, default=None),
        barrier_at=barrier_at,
        first_grant_at=min(given, default=None),
        last_grant_at=max(given, default=None),
        recovered_at=recovered_at(state),
        turned_at=turned_at,
        restored_at=state.restored_at,
    )


def gaps(pairs: Iterable[PairAccount]) -> tuple[Span, ...]:
    """Return when at least one pair was without access, in the order of time, each moment once."""
    merged: list[Span] = []
    for span in sorted((one for pair in pairs for one in pair.gaps), key=lambda one: (one.since, one.until)):
        if merged and span.since <= merged[-1].until:
            merged[-1] = Span(since=merged[-1].since, until=max(merged[-1].until, span.until))
        else:
            merged.append(span)
    return tuple(merged)


def _goes_there(attempt: Attempt, state: RunState, turned_at: datetime | None) -> bool:
    """Whether an attempt belongs to the way there, and not to what was given before it or to the way back."""
    step = state.steps[attempt.step].step
    early = turned_at is None or attempt.intended_at < turned_at
    return early and step.way is Way.THERE and not gives_start(step)


def _account(
    pair: Pair, place: Place, moves: dict[_Hold, list[Attempt]], before: str, state: RunState
) -> PairAccount:
    on_source, on_target = (moves.get((pair.group.id, pair.at(end)), []) for end in (End.SOURCE, End.TARGET))
    cuts = [_cut_at(one) for one in on_source if _cuts(one)]
    granted, restored = (
        max((at for one in there if (at := _given_at(one)) is not None), default=None)
        for there in (on_target, on_source)
    )
    proven = state.pinned.route.purpose.moves_users and state.recovered_at is not None
    after = place.value if on_source or on_target or proven else before
    spans, open_ = _gaps([*on_source, *on_target], after, state.last_at)
    return PairAccount(
        pair=pair.label,
        group=pair.group.name,
        application_group=pair.name,
        before=Place.SOURCE.value if cuts else before,
        after=after,
        revoked_at=min(cuts, default=None),
        granted_at=granted,
        restored_at=restored if restored and cuts and restored > min(cuts) else None,
        gaps=spans,
        gap_s=sum(span.seconds for span in spans) if spans else None,
        gap_open=open_,
    )


def _gaps(attempts: list[Attempt], after: str, as_of: datetime) -> tuple[tuple[Span, ...], bool]:
    """Return the times from a revoke to the next grant, and whether the last one still runs."""
    turns = [(_cut_at(one), False) for one in attempts if _cuts(one)]
    turns += [(at, True) for one in attempts if (at := _given_at(one)) is not None]
    spans: list[Span] = []
    since: datetime | None = None
    for at, given in sorted(turns):
        if not given:
            since = since or at
        elif since is not None:
            spans.append(Span(since=since, until=at))
            since = None
    if since is None or after not in {Place.TRANSIT.value, Place.UNKNOWN.value}:
        return tuple(spans), False
    return (*spans, Span(since=since, until=as_of)), True


def _start(state: RunState) -> str:
    """Say where the pairs stood at first, by the readiness gate: it lets nothing pass but all on the source.

    It is left out only when everything stood on the target already.
    """
    gates = [step.status for step in state.steps.values() if step.step.uses == READINESS]
    if StepStatus.DONE in gates:
        return Place.SOURCE.value
    return Place.TARGET.value if StepStatus.SKIPPED in gates else NOT_RECORDED


def _by_hold(state: RunState) -> dict[_Hold, list[Attempt]]:
    found: dict[_Hold, list[Attempt]] = {}
    for attempt in state.attempts.values():
        if isinstance(attempt.action, RevokeAssignment | GrantAssignment):
            assignment = attempt.action.assignment
            found.setdefault((assignment.principal_id, assignment.scope), []).append(attempt)
    return found


def _cuts(attempt: Attempt) -> bool:
    """Whether users may have lost access by this attempt; one without an answer may have taken effect."""
    return isinstance(attempt.action, RevokeAssignment) and (attempt.open or _took(attempt))


def _took(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.APPLIED


def _cut_at(attempt: Attempt) -> datetime:
    """Return when access ended: at the answer, or at the sending where only a reading told of it."""
    answered = attempt.ended_at if _took(attempt) and attempt.by != "reading" else None
    return answered or attempt.intended_at


def _given_at(attempt: Attempt) -> datetime | None:
    """Return when a grant took effect at the latest; None for anything else."""
    return attempt.ended_at if isinstance(attempt.action, GrantAssignment) and _took(attempt) else None
