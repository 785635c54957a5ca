"""Each pair of a run: where it stood, where it stands, and how long its users had access to neither side."""

from collections.abc import Iterable
from datetime import datetime

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.route import Pair
from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.account import Moments, PairAccount
from avd_failover.report.moved import Place, places

NOT_RECORDED = "not recorded"
"""Where the journal does not say on which side a pair stood."""

READINESS = "checks.readiness"

_Key = tuple[str, str]


def pair_accounts(state: RunState) -> tuple[PairAccount, ...]:
    """Return every pair of the run, in the plan's order."""
    revokes, grants = _by_pair(state, RevokeAssignment), _by_pair(state, GrantAssignment)
    before = _start(state)
    return tuple(
        _account(
            pair,
            place,
            revokes.get((pair.group.id, pair.source), []),
            grants.get((pair.group.id, pair.target), []),
            before=before,
            state=state,
        )
        for pair, place in places(state)
    )


def moments(state: RunState, barrier_at: datetime | None) -> Moments:
    """Return the turning points of the run; an answer that was lost counts from when it was asked for."""
    revoked = [_cut_at(one) for one in state.attempts.values() if _cuts(one)]
    granted = [one.ended_at for one in state.applied() if isinstance(one.action, GrantAssignment)]
    given = [at for at in granted if at is not None]
    return Moments(
        first_revoke_at=min(revoked, default=None),
        last_revoke_at=max(revoked, default=None),
        barrier_at=barrier_at,
        first_grant_at=min(given, default=None),
        last_grant_at=max(given, default=None),
        recovered_at=state.recovered_at,
    )


def gap(pairs: Iterable[PairAccount], reached: Moments, as_of: datetime) -> tuple[float | None, bool]:
    """Return the seconds from the first revoke to the last grant, and whether they still run.

    None when nothing was revoked, or nothing was granted for what was revoked.
    """
    if reached.first_revoke_at is None:
        return None, False
    if any(pair.gap_open for pair in pairs):
        return (as_of - reached.first_revoke_at).total_seconds(), True
    last = reached.last_grant_at
    if last is None or last < reached.first_revoke_at:
        return None, False
    return (last - reached.first_revoke_at).total_seconds(), False


def _account(
    pair: Pair, place: Place, revokes: list[Attempt], grants: list[Attempt], *, before: str, state: RunState
) -> PairAccount:
    cut = min((_cut_at(one) for one in revokes if _cuts(one)), default=None)
    given = max((one.ended_at for one in grants if _took(one) and one.ended_at), default=None)
    touched = bool(revokes or grants) or state.recovered_at is not None
    after = place.value if touched else before
    open_ = cut is not None and given is None and after in {Place.TRANSIT.value, Place.UNKNOWN.value}
    until = state.last_at if open_ else given
    return PairAccount(
        pair=pair.label,
        group=pair.group.name,
        application_group=pair.name,
        before=Place.SOURCE.value if cut else before,
        after=after,
        revoked_at=cut,
        granted_at=given,
        gap_s=(until - cut).total_seconds() if cut and until and until >= cut else None,
        gap_open=open_,
    )


def _start(state: RunState) -> str:
    """Say where the pairs stood at first, by the readiness gate: it lets nothing pass but all on the source.

    It is left out only when everything stood on the target already.
    """
    gates = [step.status for step in state.steps.values() if step.step.uses == READINESS]
    if StepStatus.DONE in gates:
        return Place.SOURCE.value
    return Place.TARGET.value if StepStatus.SKIPPED in gates else NOT_RECORDED


def _by_pair(
    state: RunState, kind: type[RevokeAssignment] | type[GrantAssignment]
) -> dict[_Key, list[Attempt]]:
    found: dict[_Key, list[Attempt]] = {}
    for attempt in state.attempts.values():
        if isinstance(attempt.action, kind):
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
