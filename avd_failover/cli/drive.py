"""Driving a run in this process: signals, the screen, the end."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.screen import Screen
from avd_failover.cli.wiring import Wired
from avd_failover.domain.fence import FencedError
from avd_failover.domain.states import RunStatus
from avd_failover.engine.conduct import Conductor
from avd_failover.journal.events import RunEnded
from avd_failover.journal.store import ForkedJournalError, JournalFullError, JournalLostError, Requests
from avd_failover.journal.tenure import Tenure
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import CATALOGUE, operation_for

EXIT_OF = {
    RunStatus.COMPLETED: ExitCode.DONE,
    RunStatus.FAILED: ExitCode.FAILED,
    RunStatus.HELD: ExitCode.HELD,
    RunStatus.ROLLED_BACK: ExitCode.DONE,
    RunStatus.AMENDED: ExitCode.DONE,
    RunStatus.REFUSED: ExitCode.REFUSED,
    RunStatus.INTERRUPTED: ExitCode.INTERRUPTED,
}

_QUARANTINED = (
    "Taken over from a process that no longer answered: nothing is sent for {:.0f} s,"
    " until nothing of what it sent can take effect any more."
)


async def drive(
    journal: JournalWriter, requests: Requests, wired: Wired, screen: Screen, tenure: Tenure
) -> RunStatus:
    """Drive a run to its end, or to where a signal, a full disk or the loss of its lease stops it.

    Raises:
        Quit: The lease or the journal was lost; nothing more was sent, and the message says how to go on.
    """
    conductor = Conductor(
        journal=journal,
        cloud=wired.cloud,
        clock=wired.clock,
        operations=operation_for,
        requests=requests,
        essential=[name for name, spec in CATALOGUE.items() if spec.essential],
        progress=screen,
        self_fence=tenure,
    )
    bind(tenure, journal, conductor)
    with signals(conductor, journal.state.run, screen), screen:
        if tenure.quarantined:
            screen.say(_QUARANTINED.format(journal.state.route.plan.policies.in_flight_s))
        try:
            return await conductor.drive()
        except ForkedJournalError as forked:
            raise Quit(
                ExitCode.FAILED,
                f"Nothing more was sent, since two journals of this run are about: {forked}",
                next_step=f"failover journal verify {journal.state.run}    and compare it with the copy",
            ) from forked
        except JournalLostError as lost:
            with suppress(FencedError):  # the journal may have gone to a successor before we noticed
                tenure.check()
            if tenure.lost:
                raise Quit(
                    ExitCode.INTERRUPTED,
                    f"Nothing more was sent: {tenure.lost}",
                    next_step=f"failover status {journal.state.run}",
                ) from lost
            _last_word(journal, str(lost))
            raise Quit(
                ExitCode.FAILED,
                f"The journal could not be written, so nothing more was sent: {lost}",
                next_step=f"make room, then: failover resume {journal.state.run}",
            ) from lost


def bind(tenure: Tenure, journal: JournalWriter, conductor: Conductor) -> None:
    """Let the lease remember the journal's last line, and let its loss stop the run.

    Once the term is over another process may write the journal, so this one does not any more. Before that,
    as when the store of the leases fails, there is time to write down why the run ends; a witness that does
    not answer holds it for a person.
    """

    def lost() -> None:
        if not tenure.left_s:
            journal.disown(tenure.lost)
        conductor.stop(tenure.lost, held=tenure.left_s > 0 and journal.replicated)

    tenure.mark = lambda: (journal.durable_mark.seq, journal.durable_mark.head)
    tenure.when_lost = lost
    if tenure.lost:
        lost()


@contextmanager
def signals(conductor: Conductor, run: str, screen: Screen) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM ask the run to stop, and the second end the process at once."""
    loop = asyncio.get_running_loop()

    def asked(number: signal.Signals) -> None:
        if conductor.stopping:
            screen.close()
            click.echo(
                f"\nStopped at once; what was under way is settled by: failover resume {run}", err=True
            )
            sys.stderr.flush()
            os._exit(ExitCode.INTERRUPTED)
        conductor.stop(f"stopped by {number.name}")
        screen.say("Stopping: finishing what is under way. Once more stops at once.")

    caught = (signal.SIGINT, signal.SIGTERM)
    for number in caught:
        with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, asked, number)
    try:
        yield
    finally:
        for number in caught:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)


def _last_word(journal: JournalWriter, because: str) -> None:
    """Say in the reserve of a full disk that the run is held, if even that can be written."""
    with suppress(JournalLostError, JournalFullError):
        journal.last_word(RunEnded(status=RunStatus.HELD, because=because))
