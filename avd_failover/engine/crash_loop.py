"""Against a run that dies again and again at one place: it is held for a person instead (safety L3).

A crash is a run that is taken up although its journal says that it was never stopped. It counts for the
steps whose requests were under way, until such a step gets anywhere: ends, or has an action take effect. A
run that is killed while it only looks or waits may be killed as often as anybody likes.
"""

from avd_failover.domain.words import counted, listed
from avd_failover.journal.state import RunState


def crash_loop(state: RunState) -> str:
    """Say why a run must not run into the same place once more; empty when it may."""
    limit = state.route.plan.policies.crash_limit
    deadly = [step for step, crashes in state.crashes.items() if crashes >= limit]
    if not deadly:
        return ""
    times = counted(max(state.crashes[step] for step in deadly), "time")
    return (
        f"the process died {times} in a row while requests of {listed(deadly)} were under way, and none of"
        " them took effect in between:"
        f" look at what ends it, then: failover retry {state.run} {deadly[0]}"
    )
