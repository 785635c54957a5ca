"""Against an edited plan that one person alone puts into force (safety O3, O4; section 4.6).

A run that goes on with an edited plan sends nothing before somebody else than whoever amended it approved, as
many as the plan's policies ask for besides. What was approved is this run with this plan: an approval of the
run before, or of another edit, lies in another journal and counts for nothing here.
"""

from datetime import datetime

from avd_failover.domain.accepted import rule_for
from avd_failover.domain.approvals import Granted, Rejected, judge
from avd_failover.domain.words import counted, listed
from avd_failover.journal.state import RunState


def unapproved(state: RunState, now: datetime) -> str:
    """Say why an amended run must not go on yet; empty for every other run, and once it began to act."""
    rule = rule_for(state.pinned.route.plan.policies)
    if not state.pinned.amends or rule is None or state.turned or state.attempts:
        return ""
    step = state.pinned.graph.steps[0].id
    match judge(state.approvals.get(step, ()), rule, state.pinned.initiator, now):
        case Granted():
            return ""
        case Rejected(by=by, reason=reason):
            return f"{by} rejected the edited plan{f': {reason}' if reason else ''}"
        case waiting:
            ignored = f" ({listed(waiting.ignored)})" if waiting.ignored else ""
            wanted = counted(waiting.lacking, "approval")
            return (
                f"the plan was edited by {state.pinned.initiator}: waits for {wanted}"
                f" by somebody else{ignored}: failover approve {state.run} {step} --by NAME"
            )
