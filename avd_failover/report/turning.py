"""What a run is for, as its report needs it: whether it moves anybody, and when users had the other side.

A failover and a failback move users and stay. A drill moves testers there and back. A settling and upkeep
move nobody, so there is no recovery time, no access gap and no placement of theirs to tell.
"""

from datetime import datetime

from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End, Way
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.states import StepStatus
from avd_failover.journal.state import RunState, StepState

GRANT = "assignments.grant"


def moves_anybody(route: Route) -> bool:
    """Whether a run of this route takes anybody from one side to the other."""
    return route.purpose.moves_users or route.purpose is Purpose.DRILL


def comes_back(state: RunState) -> bool:
    """Whether the run has a way back: a drill by what it is, any other once it was turned."""
    return state.pinned.route.purpose is Purpose.DRILL or state.turned is not None


def gives_start(step: Step) -> bool:
    """Whether a step gives access where users start, before anything is taken away: no move at all."""
    return step.uses == GRANT and step.side is End.SOURCE and step.way is Way.THERE


def recovered_at(state: RunState) -> datetime | None:
    """When the moved had the other side, as the proof of the grants there says; None without."""
    route = state.pinned.route
    if not moves_anybody(route):
        return None
    return _drill_there_at(state) if route.purpose is Purpose.DRILL else state.recovered_at


def recovery_s(state: RunState) -> float | None:
    """Seconds from the start of the run until the moved had the other side."""
    at = recovered_at(state)
    return (at - state.started_at).total_seconds() if at else None


def _drill_there_at(state: RunState) -> datetime | None:
    if state.turned is not None:
        return None
    given = [step for step in state.steps.values() if _gives_there(step)]
    if not given or any(step.status is not StepStatus.DONE for step in given):
        return None
    return max(step.finished_at for step in given if step.finished_at)


def _gives_there(step: StepState) -> bool:
    return step.step.uses == GRANT and step.step.side is End.TARGET and step.step.way is Way.THERE
