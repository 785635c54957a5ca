"""How far a step has come, counted from its attempts: what the cloud accepted, which is not yet a proof."""

from collections import Counter
from collections.abc import Iterator

from avd_failover.domain.actions import Action
from avd_failover.domain.words import counted
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.words import request

_Ends = Counter[Outcome | None]

_TROUBLE = ((Outcome.REFUSED, "refused"), (Outcome.UNKNOWN, "unknown"))


def tally(step: StepState, *, more: bool = False) -> str:
    """Say how many targets of a step are done: ``12 of 45 log-offs accepted, 1 refused``.

    ``more`` says that further intents wait for their turn, so that the total is a lower bound: ``of 128+``.
    Empty where the step sent nothing.
    """
    ends: dict[type[Action], _Ends] = {}
    first: dict[type[Action], Action] = {}
    for action, outcome in _latest(step):
        kind = type(action)
        first.setdefault(kind, action)
        ends.setdefault(kind, Counter())[outcome] += 1
    return ", ".join(_told(first[kind], count, more=more) for kind, count in ends.items())


def under_way(state: RunState) -> int:
    """Count the actions of a run that were sent and have no answer yet."""
    running = (step for step in state.steps.values() if not step.status.ended)
    return sum(attempt.outcome is None for step in running for attempt in step.attempts)


def _latest(step: StepState) -> Iterator[tuple[Action, Outcome | None]]:
    latest = {attempt.action.target: attempt for attempt in step.attempts}
    return ((attempt.action, attempt.outcome) for attempt in latest.values())


def _told(action: Action, ends: _Ends, *, more: bool) -> str:
    noun, applied, total = request(action), ends[Outcome.APPLIED], ends.total()
    trouble = "".join(f", {ends[end]} {word}" for end, word in _TROUBLE if ends[end])
    if applied == total and not more:
        return f"{counted(total, noun)} accepted"
    return f"{applied} of {total}{'+' if more else ''} {noun}{'' if total == 1 else 's'} accepted{trouble}"
