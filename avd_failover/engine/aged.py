"""Proofs that have aged: a run that was at rest behind its barrier proves it again before access is granted.

A barrier says how the source was when it was looked at. Between it and the first grant lie seconds, unless
the run was held there, or its process died, for hours: a region may have come back with its sessions, the
word that it was fenced may have expired, somebody may have assigned users there by hand (safety S4, S6, S8;
approvals are checked again before the first grant, 4.6). So a resumed run re-enters a barrier that is older
than access takes to settle, and the proof of seats behind it (S9), as long as nothing was granted on the
strength of it.
"""

from collections.abc import Iterator, Set
from datetime import datetime

from avd_failover.domain.graph import StepGraph
from avd_failover.domain.states import StepStatus
from avd_failover.journal.state import RunState, StepState

GIVES = frozenset({"assignments.grant", "assignments.restore"})
"""Operations that let users in on the strength of a barrier."""

SEATS = "capacity.prove"

PROVEN = frozenset({StepStatus.DONE, StepStatus.SKIPPED})
"""How a step ends whose proof held; the latter where nothing had to be done for it."""


def aged(state: RunState, now: datetime) -> frozenset[str]:
    """Return the steps that ended and are to be entered again. A time that cannot be counts as long ago."""
    barriers = [state.steps[step.id] for step in state.graph.steps if step.uses == "barrier"]
    return frozenset(
        name for one in barriers if not _stands(one, state, now) for name in _again(state, one.step.id)
    )


def _stands(barrier: StepState, state: RunState, now: datetime) -> bool:
    """Tell whether a barrier needs no second thought: nobody got there yet, or it is fresh."""
    if barrier.status is not StepStatus.DONE or barrier.finished_at is None:
        return barrier.status in {StepStatus.PENDING, StepStatus.SKIPPED}
    return 0.0 <= (now - barrier.finished_at).total_seconds() <= state.route.plan.policies.propagation_s


def _again(state: RunState, barrier: str) -> Iterator[str]:
    """Yield the barrier and the seats behind it, if somebody is still to be let in and nobody was yet."""
    behind = _behind(state.graph, barrier)
    gives = [state.steps[step.id] for step in state.graph.steps if step.id in behind and step.uses in GIVES]
    if not gives or any(step.attempts or step.status.ended for step in gives):
        return
    for step in state.graph.steps:
        proves = step.id == barrier or (step.id in behind and step.uses == SEATS)
        if proves and state.steps[step.id].status in PROVEN and not _waived(state, step.id):
            yield step.id


def _waived(state: RunState, step: str) -> bool:
    """Tell whether a person skipped the step: that was said of it once and for all."""
    return any(said.kind == "skip" and said.step == step and not said.item for said in state.said)


def _behind(graph: StepGraph, first: str) -> Set[str]:
    """Return every step that needs this one, directly or not."""
    found = {first}
    more = True
    while more:
        fresh = {step.id for step in graph.steps if step.id not in found and found & {*step.needs}}
        found |= fresh
        more = bool(fresh)
    return found - {first}
