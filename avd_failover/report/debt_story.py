"""What is owed and who paid it: debts of a run, and those of earlier runs that a settling was to pay."""

from collections.abc import Iterator, Mapping, Sequence

from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.state import RunState
from avd_failover.report.account import Owed
from avd_failover.report.chapters import Settled
from avd_failover.report.step_story import region_of

Others = Sequence[RunState]
"""Other runs of the same home, in any order: they know who paid, and what was owed."""


def payer(run: str, others: Others) -> RunState | None:
    """Return the first settling that paid what a run owed; None while nobody did, as far as is known."""
    paid = [
        one
        for one in others
        if one.pinned.route.purpose is Purpose.SETTLE
        and one.status is RunStatus.COMPLETED
        and run in one.pinned.follows
    ]
    return min(paid, key=lambda one: one.started_at, default=None)


def debts(state: RunState, others: Others) -> tuple[Owed, ...]:
    """Return what a run owes, with the command that settles it, or the run that did."""
    paid = payer(state.run, others)
    command = f"failover settle --plan {state.pinned.route.plan.name}"
    return tuple(
        Owed(
            step=step.step.id,
            region=region_of(step, state),
            because=step.because,
            settle=None if paid else command,
            paid_by=paid.run if paid else None,
            paid_at=paid.finished_at if paid else None,
        )
        for step in state.steps.values()
        if step.status is StepStatus.DEBT
    )


def settled(state: RunState, others: Others) -> tuple[Settled, ...]:
    """Return the debts that a settling was to pay, by the journals of the runs that owe them."""
    if state.pinned.route.purpose is not Purpose.SETTLE:
        return ()
    known = {one.run: one for one in others}
    return tuple(one for run in state.pinned.follows for one in _settled(run, known, state))


def _settled(run: str, known: Mapping[str, RunState], state: RunState) -> Iterator[Settled]:
    paid = state.status is RunStatus.COMPLETED
    if run not in known:
        yield Settled(run=run, step="", because="the journal of that run was not at hand", paid=paid)
        return
    for step in known[run].steps.values():
        if step.status is StepStatus.DEBT:
            yield Settled(run=run, step=step.step.id, because=step.because, paid=paid)
