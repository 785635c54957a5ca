"""What a journal proves, held against the safety case; what it lacks; and what the whole rests on."""

from collections.abc import Iterator, Sequence

from avd_failover.domain.plan import Plan
from avd_failover.domain.states import StepStatus
from avd_failover.domain.words import counted, listed
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.account import Barrier, Check, Drive, PairAccount
from avd_failover.report.chronicle import KILLED, Chronicle, Order
from avd_failover.report.moved import Place
from avd_failover.report.turning import moves_anybody
from avd_failover.report.words import duration

_STANDS = frozenset({StepStatus.DONE, StepStatus.SKIPPED})


def barrier(state: RunState, chronicle: Chronicle) -> Barrier | None:
    """Return the evidence that the source was empty and closed; None for a runbook without a barrier."""
    step = _step_of(state, "barrier")
    if step is None:
        return None
    done = step.status is StepStatus.DONE
    proof, looks, ghosts = (step.facts.get(name) for name in ("proof", "looks", "ghosts"))
    return Barrier(
        step=step.step.id,
        state=step.status.value,
        proof=str(proof) if proof is not None else None,
        looks=looks if isinstance(looks, int) else None,
        ghosts=ghosts if isinstance(ghosts, int) else None,
        sentence=step.because,
        proven_at=step.finished_at if done else None,
        waits=tuple(chronicle.waits.get(step.step.id, ())),
    )


def checks(
    state: RunState, chronicle: Chronicle, stood: Barrier | None, pairs: Sequence[PairAccount]
) -> list[Check]:
    """Return the rules that can be held against the order of the entries, in the order of a run."""
    order, back = chronicle.order, chronicle.back
    there = [
        _seats_before_revoke(state, order),
        _revoked_before_granted("All revoked before any granted", order),
        _barrier_before_grant(order, stood),
        _looked_often_enough(state, stood),
    ]
    way_back = [_revoked_before_granted("All withdrawn before any restored", back)] if back else []
    return [*there, *way_back, _closed_by_reading(state, back or order), _nothing_in_transit(state, pairs)]


def missing(state: RunState, drives: Sequence[Drive], pairs: Sequence[PairAccount]) -> Iterator[str]:
    """Yield what a reader may look for and the journal does not say."""
    if not state.pinned.initiator:
        yield "Which person started the run: machines and processes are recorded, people are not."
    if any(drive.how == "resumed" for drive in drives):
        yield "Which person resumed the run: machines and processes are recorded, people are not."
    if moves_anybody(state.pinned.route) and state.pinned.route.plan.personal is None:
        unread = "no reading of profile replication is recorded, so no recovery point."
        yield f"How much user data was lost: {unread}"
    for drive in drives:
        if drive.ended == KILLED and drive.until is not None:
            yield (
                f"How process {drive.pid} on {drive.host} ended:"
                f" its last word is of {drive.until:%Y-%m-%d %H:%M:%S} UTC."
            )
    late = sum(attempt.by == "reading" for attempt in state.attempts.values())
    if late:
        yield (
            f"When exactly {counted(late, 'request')} took effect or did not: the answers were lost, and a"
            " later reading told. The access gap counts from when such a revoke was sent."
        )
    if unknown := [pair.pair for pair in pairs if pair.before not in {place.value for place in Place}]:
        yield f"On which side {listed(unknown)} stood before the run: the readiness gate did not end."


def assumptions(plan: Plan) -> Iterator[str]:
    """Yield what no run can prove and every verdict here rests on (safety section 5, contract 14)."""
    policies = plan.policies
    yield (
        f"A removed assignment opens no door later than {duration(policies.propagation_s)} after its removal;"
        " Azure documents 10 minutes as an upper bound, not as a guarantee."
    )
    yield (
        f"A request takes effect within {duration(policies.in_flight_s)} of its sending or never;"
        " the closing reading is taken after that."
    )
    yield "Members of groups may change at any time; overlap is judged at the start and at the barrier."
    yield "OneDrive and other data outside the profile are out of scope."


def _seats_before_revoke(state: RunState, order: Order) -> Check:
    proofs = _ends(state, order, "capacity")
    holds = None if order.first_revoke is None or not proofs else min(proofs) < order.first_revoke
    detail = {
        None: "nothing was revoked, or the runbook proves no seats",
        True: "seats on the target were proven before the first revoke was sent",
        False: "the first revoke was sent before seats on the target were proven",
    }[holds]
    return Check(rule="Seats before revoke", source="safety S9", holds=holds, detail=detail)


def _revoked_before_granted(rule: str, order: Order) -> Check:
    holds = None
    if order.first_grant is not None and order.last_revoke_end is not None:
        holds = order.last_revoke_end < order.first_grant
    detail = {
        None: "no run of revoke and grant to compare",
        True: f"entry {order.last_revoke_end} confirms the last revoke, entry {order.first_grant} intends"
        " the first grant",
        False: f"entry {order.first_grant} intends a grant, and a revoke is confirmed only in entry"
        f" {order.last_revoke_end}",
    }[holds]
    return Check(rule=rule, source="safety S4", holds=holds, detail=detail)


def _barrier_before_grant(order: Order, stood: Barrier | None) -> Check:
    end = order.step_ends.get(stood.step) if stood and stood.proven_at else None
    holds = None if order.first_grant is None else end is not None and end < order.first_grant
    detail = {
        None: "nothing was granted",
        True: f"entry {end} has the barrier's proof, entry {order.first_grant} intends the first grant",
        False: f"entry {order.first_grant} intends a grant, and no proof of the barrier comes before it",
    }[holds]
    return Check(rule="Barrier before grant", source="safety S4", holds=holds, detail=detail)


def _looked_often_enough(state: RunState, stood: Barrier | None) -> Check:
    wanted = state.pinned.route.plan.policies.zero_looks
    proven = stood is not None and stood.proven_at is not None
    looks = stood.looks if stood else None
    holds = looks >= wanted if proven and looks is not None else None
    detail = (
        "the barrier did not stand" if not proven else "the journal does not say how many looks there were"
    )
    if holds is not None:
        detail = f"{counted(looks or 0, 'complete look')} without a session, {wanted} wanted"
    return Check(rule="Zero sessions, twice", source="safety S7", holds=holds, detail=detail)


def _closed_by_reading(state: RunState, order: Order) -> Check:
    ends = _ends(state, order, "reconcile")
    holds = None
    if ends and order.last_access is not None:
        holds = max(ends) > order.last_access and not any(one.open for one in state.attempts.values())
    detail = {
        None: "no closing reading, or nothing that it could be about",
        True: "both sides were read once more after the last request that moves access",
        False: "access was moved after the closing reading, or requests have no known end",
    }[holds]
    return Check(rule="Closing reading", source="safety S14", holds=holds, detail=detail)


def _nothing_in_transit(state: RunState, pairs: Sequence[PairAccount]) -> Check:
    astray = [pair.pair for pair in pairs if pair.after in {Place.TRANSIT.value, Place.UNKNOWN.value}]
    holds = None if not state.changed or not pairs else not astray
    detail = "every pair is on one side"
    if holds is None:
        detail = "this run moves no pair" if state.changed else "nothing was changed"
    if astray:
        detail = f"{counted(len(astray), 'pair')} on neither side for certain: {listed(astray)}"
    return Check(rule="Every pair in one place", source="safety S11", holds=holds, detail=detail)


def _ends(state: RunState, order: Order, family: str) -> list[int]:
    """Return the entries that end the proven steps of one family of operations."""
    steps = [step for step in state.steps.values() if _family(step) == family and step.status in _STANDS]
    return [order.step_ends[step.step.id] for step in steps if step.step.id in order.step_ends]


def _step_of(state: RunState, family: str) -> StepState | None:
    return next((step for step in state.steps.values() if _family(step) == family), None)


def _family(step: StepState) -> str:
    return step.step.uses.split(".", 1)[0]
