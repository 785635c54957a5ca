"""What happened last, in a few lines: like attempts of a step are one line, trouble is never crowded out."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.words import Names, screen

LOOK_BACK = 300
"""Attempts that are looked at: more than twice what can be under way at once."""

_STYLES = {
    StepStatus.DONE: "green",
    StepStatus.SKIPPED: "dim",
    StepStatus.DEBT: "yellow",
    StepStatus.HELD: "bold yellow",
    StepStatus.FAILED: "bold red",
}

_ENDS: dict[tuple[Outcome | None, str], str] = {
    (Outcome.APPLIED, "answer"): "accepted",
    (Outcome.APPLIED, "reading"): "seen done",
}


class Happened(Struct, frozen=True, kw_only=True):
    """One line of the digest; ``after_s`` counts from the start of the run."""

    after_s: float
    text: str
    style: str


def digest(state: RunState, names: Names, *, most: int) -> list[Happened]:
    """Return the last things that happened, oldest first, ``most`` at most."""
    if most <= 0:
        return []
    happened = [*_steps(state), *_attempts(state, names)]
    return sorted(happened, key=lambda event: event.after_s)[-most:]


def _steps(state: RunState) -> Iterator[Happened]:
    for step in state.steps.values():
        if step.finished_at is not None and step.status in _STYLES:
            after_s = (step.finished_at - state.started_at).total_seconds()
            text = screen(f"{step.step.id} {step.status.value}: {step.because}")
            yield Happened(after_s=after_s, text=text, style=_STYLES[step.status])


def _attempts(state: RunState, names: Names) -> Iterator[Happened]:
    groups: dict[tuple[str, type, Outcome | None], list[Attempt]] = {}
    for attempt in islice(reversed(state.attempts.values()), LOOK_BACK):
        if attempt.ended_at is not None:
            groups.setdefault((attempt.step, type(attempt.action), attempt.outcome), []).append(attempt)
    for group in groups.values():
        last = max(group, key=lambda attempt: attempt.ended_at or attempt.intended_at)
        after_s = ((last.ended_at or last.intended_at) - state.started_at).total_seconds()
        well = last.outcome is Outcome.APPLIED
        yield Happened(after_s=after_s, text=_told(last, len(group), names), style="" if well else "yellow")


def _told(last: Attempt, alike: int, names: Names) -> str:
    more = f" and {alike - 1} like it" if alike > 1 else ""
    told = _ENDS.get((last.outcome, last.by), last.outcome.value if last.outcome else "")
    detail = f", {last.detail}" if last.detail else ""
    return screen(f"{names.sentence(last.action)}{more}: {told}{detail}")
