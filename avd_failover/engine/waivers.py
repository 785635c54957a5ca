"""Who may waive the proof of seats: not whoever began the run, where the plan asks for two people (4.6).

Skipping that step lets users be cut off although the target is not known to seat them. Nothing that keeps a
user from both sides rests on it, so that it may be skipped; but it is no decision for one person alone.
"""

from avd_failover.domain.approvals import same_person
from avd_failover.journal.state import RunState

CAPACITY = "capacity.prove"


def unwaived(state: RunState, step: str, by: str) -> str:
    """Say why this person's skip of a step does not count; empty when it does."""
    known = state.steps.get(step)
    if known is None or known.step.uses != CAPACITY or state.route.plan.policies.approvers < 2:
        return ""
    if not same_person(by, state.pinned.initiator):
        return ""
    return f"{by} started the run, and somebody else must say that it goes on without the proof of seats"
