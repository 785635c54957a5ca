"""Settling what nobody knows the end of, by reading and nothing else (safety O3, S21)."""

from avd_failover.cloud import Cloud
from avd_failover.domain.actions import Moves, subject_of
from avd_failover.domain.clock import Clock
from avd_failover.domain.graph import Step
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.patience import Patience
from avd_failover.engine.run import Operations
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.events import ActionEnded, Outcome
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import Bound

SETTLED_WITHIN_S = 300.0
"""How long reads are tried; a guess, as for a preview."""


async def settle(
    journal: JournalWriter, *, cloud: Cloud, clock: Clock, operations: Operations
) -> tuple[str, ...]:
    """Read what every open attempt of a run came to, and write it down; the outcomes are durable on return.

    As in a step: what its plan asks for again did not happen, what it does not ask for any more did, if
    everything was seen. Returns the targets that reading did not settle. Raises the last fault of a read
    that could not be had within five minutes.
    """
    state = journal.state
    memory = RunMemory(state, clock)
    patience = Patience(clock, StopSignal(), clock.monotonic() + SETTLED_WITHIN_S)

    async def look(step: Step) -> Moves:
        bound = Bound.to(step, state.route, run=state.run, epoch=state.holder.epoch)
        operation = operations(bound)
        return operation.plan(await patience.with_(lambda: operation.observe(cloud, memory)))

    for step in [step for step in state.graph.steps if state.open_attempts(step.id)]:
        _close(journal, step.id, await look(step))
    await journal.durable()
    return tuple(attempt.action.target for attempt in state.attempts.values() if attempt.open)


def _close(journal: JournalWriter, step: str, moves: Moves) -> None:
    again = {subject_of(action) for action in moves.actions}
    for attempt in journal.state.open_attempts(step):
        wanted = subject_of(attempt.action) in again
        if wanted or moves.whole:
            outcome = Outcome.VOID if wanted else Outcome.APPLIED
            journal.append(ActionEnded(n=attempt.n, outcome=outcome, by="reading"))
