"""What a run was for and what came of that, in one sentence; who took it over; what its mode became."""

from collections.abc import Iterator

from avd_failover.domain.plan import End
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import counted, listed
from avd_failover.journal.state import RunState
from avd_failover.report.chapters import Aim
from avd_failover.report.moved import Place, places
from avd_failover.report.turning import GRANT

RUNS_SHOWN = 5


def aim(state: RunState) -> Aim:
    """Return what the run was for."""
    pinned = state.pinned
    return Aim(
        purpose=pinned.route.purpose.value,
        sentence=sentence(state),
        initiator=pinned.initiator,
        run_key=pinned.key,
        forced=pinned.route.forced,
        follows=pinned.follows,
    )


def sentence(state: RunState) -> str:
    """Say in one sentence what became of the run's purpose."""
    if idle(state) or (not state.changed and state.status is not RunStatus.COMPLETED):
        return "nothing in Azure was changed"
    match state.pinned.route.purpose:
        case Purpose.DRILL:
            return _drilled(state)
        case Purpose.SETTLE:
            return _settled(state)
        case Purpose.UPKEEP:
            return _kept(state)
        case Purpose.FAILBACK:
            runs = state.pinned.follows
            return _moved(state) + (f"; takes back {listed(runs)}" if runs else "")
    return _moved(state)


def idle(state: RunState) -> bool:
    """Tell whether a completed run had nothing to do. Upkeep is done by looking: it writes things down."""
    if state.status is not RunStatus.COMPLETED or state.changed:
        return False
    looked = any(step.status is StepStatus.DONE for step in state.steps.values())
    return not (looked and state.pinned.route.purpose is Purpose.UPKEEP)


def asked_lines(state: RunState) -> Iterator[str]:
    """Yield who asked for the run and how, as far as the journal says: a title and what stands there."""
    pinned = state.pinned
    if pinned.initiator:
        key = f", run key {pinned.key}" if pinned.key else ""
        yield f"asked by    {pinned.initiator}{key}"
    if pinned.route.forced:
        yield f"forced      {pinned.route.forced}"
    if switched := next((one for one in state.said if one.kind == "unplanned"), None):
        at = state.route.mode.value
        yield f"switched    asked to go on unplanned by {switched.by}: {switched.reason}; is {at}"
    if pinned.follows:
        word = "pays for" if pinned.route.purpose is Purpose.SETTLE else "takes back"
        yield f"{word:<11} {listed(pinned.follows, RUNS_SHOWN)}"


def _moved(state: RunState) -> str:
    found = places(state)
    there = sum(place is Place.TARGET for _, place in found)
    target = state.pinned.route.side(End.TARGET)
    on = f"{target.side.value} ({target.region})"
    if not found:
        return f"desktops are on {on}" if state.recovered_at else f"desktops are on their way to {on}"
    return f"{there} of {counted(len(found), 'group assignment')} on {on}"


def _drilled(state: RunState) -> str:
    found, route = places(state), state.pinned.route
    home = sum(place is Place.SOURCE for _, place in found)
    source, target = (route.side(end).side.value for end in (End.SOURCE, End.TARGET))
    went = len({one.action.target for one in state.applied() if _goes_there(state, one.step)})
    group = route.plan.test_group.name if route.plan.test_group else "testers"
    back = f"{home} of {len(found)} on {source}"
    return f"{group}: {went} of {counted(len(found), 'group assignment')} moved to {target}, {back} now"


def _goes_there(state: RunState, step: str) -> bool:
    known = state.steps[step].step
    return known.uses == GRANT and known.side is End.TARGET


def _settled(state: RunState) -> str:
    runs = listed(state.pinned.follows) or "nothing known"
    paid = "paid what" if state.status is RunStatus.COMPLETED else "is to pay what"
    return f"{paid} {runs} owed; moved nobody"


def _kept(state: RunState) -> str:
    said = [step.because for step in state.steps.values() if step.status is StepStatus.DONE and step.because]
    return f"moved nobody; {said[-1]}" if said else "moved nobody"
