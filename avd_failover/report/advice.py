"""What to type next about a run, by how it stands: each line is a command, and after four spaces a remark.

The screens that end a run, tell its status, or refuse a command all take their last lines from here.
"""

from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.state import RunState, StepState

_COMMANDS = {
    Purpose.FAILBACK: "failover back",
    Purpose.DRILL: "failover drill",
    Purpose.SETTLE: "failover settle",
}

_ASKS = "failover approve"
"""How a step says that it waits for people (operations: gates, fence, profiles)."""

_SILENT = ("no answer for", "does not answer")
"""How a step says that a side is silent (engine: patience; operations: dark)."""


def advice(state: RunState, stands: RunStatus | None = None) -> list[str]:
    """Return the commands to try next, the most useful first; never empty.

    ``stands`` is how the run stands where a reader knows better than the journal: a killed run has no end.
    """
    run, stands = state.run, stands or state.status
    match stands:
        case RunStatus.COMPLETED | RunStatus.ROLLED_BACK:
            owed = any(step.status is StepStatus.DEBT for step in state.steps.values())
            settle = f"failover settle --plan {state.route.plan.name}    once the region answers again"
            return [*([settle] if owed else []), f"failover report {run}", f"failover journal verify {run}"]
        case RunStatus.AMENDED:
            return [f"failover status {state.successor}" if state.successor else f"failover report {run}"]
        case RunStatus.REFUSED:
            return [f"{again(state.route, state.graph.runbook)} --dry-run    once the cause above is mended"]
        case RunStatus.HELD | RunStatus.FAILED:
            return [*_people(state), *_without_source(state), *_on(state)]
        case RunStatus.INTERRUPTED:
            return [f"failover resume {run}"]
    return [f"failover watch {run}"]


def again(route: Route, runbook: str) -> str:
    """Return the command that asks for such a run."""
    plan = f"--plan {route.plan.name}"
    if route.purpose is Purpose.UPKEEP:
        return f"failover run {runbook} {plan}"
    parts = [_COMMANDS.get(route.purpose, "failover"), plan]
    if route.mode is Mode.UNPLANNED and route.purpose in {Purpose.FAILOVER, Purpose.FAILBACK}:
        parts.append("--mode unplanned")
    if route.purpose is Purpose.FAILOVER:
        parts += [f"--groups {','.join(route.groups)}"] if route.groups else []
        parts += [f"--app-groups {','.join(route.app_groups)}"] if route.app_groups else []
    return " ".join(parts)


def _people(state: RunState) -> list[str]:
    asking = [step.step.id for step in _held(state) if _ASKS in step.because]
    if not asking and _ASKS in state.because:  # the run as a whole waits, such as for an edited plan
        asking = [state.graph.steps[0].id]
    return [
        f"failover approve {state.run} {step} --by NAME --reason WHY    each person once, then resume"
        for step in asking
    ]


def _without_source(state: RunState) -> list[str]:
    """A planned failover that its source keeps waiting may go on without it; people decide that."""
    route = state.route
    if route.mode is Mode.UNPLANNED or route.purpose not in {Purpose.FAILOVER, Purpose.FAILBACK}:
        return []
    if state.turned or not any(word in step.because for step in _held(state) for word in _SILENT):
        return []
    return [
        f"failover unplanned {state.run} --reason WHY    if the source's region is dark: goes on without it"
    ]


def _on(state: RunState) -> list[str]:
    cause = "mended" if state.status is RunStatus.FAILED else "settled"
    return [
        f"failover resume {state.run}    once the cause above is {cause}: looks again and goes on from here",
        f"failover status {state.run}    to see every step first; nothing runs meanwhile",
    ]


def _held(state: RunState) -> list[StepState]:
    stopped = {StepStatus.HELD, StepStatus.FAILED, StepStatus.RUNNING}
    return [step for step in state.steps.values() if step.status in stopped]
