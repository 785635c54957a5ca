"""Which steps a run's time went to: the chain of steps that decided when users had the other side."""

from datetime import datetime

from msgspec import Struct

from avd_failover.journal.state import RunState, StepState


class Phase(Struct, frozen=True, kw_only=True):
    """One step of one run, in seconds."""

    step: str
    seconds: float
    """From its start to its end."""
    critical_s: float = 0.0
    """By how much it alone put off the end of the path; 0 for a step that nobody waited for."""


def phases(state: RunState) -> tuple[Phase, ...]:
    """Return every step that began and ended, in the runbook's order, with its share of the critical path.

    The path leads back from the step that gave users the other side, or from the last one that ended where
    none did; it goes on with the need that ended last.
    """
    ended = {name: step for name, step in state.steps.items() if step.started_at and step.finished_at}
    critical = _critical(ended)
    return tuple(
        Phase(
            step=name, seconds=_between(step.started_at, step.finished_at), critical_s=critical.get(name, 0.0)
        )
        for name, step in ended.items()
    )


def _critical(ended: dict[str, StepState]) -> dict[str, float]:
    path: dict[str, float] = {}
    name = _last(ended, [one for one in ended if ended[one].step.uses == "assignments.grant"] or list(ended))
    while name is not None:
        step = ended[name]
        before = _last(ended, [need for need in step.step.needs if need in ended])
        since = ended[before].finished_at if before is not None else step.started_at
        path[name] = _between(since, step.finished_at)
        name = before
    return path


def _last(ended: dict[str, StepState], names: list[str]) -> str | None:
    """Return the step that ended last; of two at one moment the later one in the runbook."""
    return max(names, key=lambda name: (ended[name].finished_at, list(ended).index(name)), default=None)


def _between(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0
