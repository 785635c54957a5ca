"""What the runs of one pool pair left standing: what is unfinished, what is owed, what can be returned.

A pure fold over the folds of single runs, newest first. A run that was turned back counts for nothing, and so
does one that changed nothing, unless it is a settling that found everything paid. Drills and upkeep leave
nothing standing by what they are.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from avd_failover.domain.actions import Action
from avd_failover.domain.desk_images import RECORDS, DeskImage, images_in, newest
from avd_failover.domain.graph import Step
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.state import RunState


class Ledger(Struct, frozen=True, kw_only=True):
    """What the runs of one pool pair left standing."""

    unfinished: RunState | None = None
    """The run that changed something and has no final state; nothing else may begin before it ends."""
    owing: RunState | None = None
    """The newest finished run that owes what it could not do while its source was dark (contract 172)."""
    away: tuple[RunState, ...] = ()
    """Runs whose effects stand and can be returned by a failback, oldest first."""
    last: RunState | None = None
    """The newest finished run that moved users of production."""
    images: tuple[DeskImage, ...] = ()
    """The newest image of each desktop's extensions that any run wrote down."""

    @property
    def inherited(self) -> tuple[Action, ...]:
        """Every change that a failback is to take back, in the order of the intents."""
        return tuple(action for state in self.away for action in state.effects)


def ledger_of(states: Iterable[RunState]) -> Ledger:
    """Fold the runs of one pool pair, newest first."""
    unfinished: RunState | None = None
    owing: RunState | None = None
    last: RunState | None = None
    away: list[RunState] = []
    settled: set[str] = set()
    returned: set[str] = set()
    amended: set[str] = set()
    images: list[DeskImage] = []
    for state in states:
        images += _images(state)
        if state.route.purpose is Purpose.SETTLE and state.status is RunStatus.COMPLETED:
            settled.update(state.pinned.follows)  # by looking alone, where others had paid
        if not state.changed or state.status is RunStatus.ROLLED_BACK:
            continue
        if state.status is RunStatus.AMENDED and state.run in amended:
            continue  # what it did is its successor's
        amended.add(state.pinned.amends)
        if not state.status.final or state.status is RunStatus.AMENDED:
            unfinished = unfinished or state
            continue
        purpose = state.route.purpose
        if debts(state) and state.run not in settled:
            owing = owing or state
        if purpose.moves_users:
            last = last or state
        if purpose is Purpose.FAILBACK:
            returned.update(state.pinned.follows)
        elif purpose in {Purpose.FAILOVER, Purpose.SETTLE} and state.run not in returned:
            away.append(state)
    return Ledger(
        unfinished=unfinished,
        owing=owing,
        away=tuple(reversed(away)),
        last=last,
        images=newest(images),
    )


def debts(state: RunState) -> tuple[Step, ...]:
    """Return the steps that a run owes, in the order of its graph."""
    return tuple(step for step in state.graph.steps if state.steps[step.id].status is StepStatus.DEBT)


def _images(state: RunState) -> Iterator[DeskImage]:
    for step in state.steps.values():
        if step.step.uses == RECORDS and step.finished_at is not None:
            yield from images_in(step.facts, step.finished_at)
