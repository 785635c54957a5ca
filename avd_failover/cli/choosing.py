"""``failover journal choose``: a person declares which of two journals of one run is the right one (S19).

A journal that lacks the line which the lease remembers is refused: it went another way, or an older copy was
put back. Mostly the right one is somewhere, and is put in its place. Where it is not, a person decides for
the one at hand: by name, with a reason, and by typing its head, so that no other than the one they looked at
is meant. The decision is an entry of that journal, sealed by this machine's key. Whatever the other one did
is not known here, so the next resume waits until nothing of it can take effect any more, and then reads.
"""

import os
from contextlib import closing

import click
from msgspec.structs import replace

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.failures import failures
from avd_failover.cli.reading import replayed
from avd_failover.cli.run import pinned_place, remembered_mark
from avd_failover.cli.tenancy import take
from avd_failover.cli.wiring import wire
from avd_failover.cli.witness import witness_of
from avd_failover.cli.worlds import remembered
from avd_failover.journal.chain import Mark, Replay, replay
from avd_failover.journal.events import JournalChosen
from avd_failover.journal.home import Home
from avd_failover.journal.keys import signer_of
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import ForkedJournalError
from avd_failover.journal.tenure import Tenure
from avd_failover.journal.writer import JournalWriter


async def choose_journal(wanted: str | None, head: str, by: str, reason: str) -> None:
    """Take a run's journal at hand for the right one, and say so in it. Sends nothing.

    Raises:
        Quit: Another head was typed, the run is over, or there is nothing to choose.
    """
    with failures():
        home = Home.of(os.environ)
        run = home.find(wanted)
        found = replayed(home, run)
        _refuse(found, head)
        pinned = found.state.pinned
        async with (
            wire(pinned_place(pinned), remembered(home, found.state, None)) as wired,
            witness_of(pinned.route.plan, wired) as blobs,
            take(home, pinned.lock, pinned.route.plan, run, wired, blobs=blobs) as tenure,
        ):
            with closing(SqliteStore.open(home.path_of(run))) as store:
                other = _other(store, remembered_mark(tenure))
                signer = signer_of(home.path, os.environ)
                journal = JournalWriter.reopen(store, wired.clock, signer=signer)
                journal.append(
                    JournalChosen(by=by, reason=reason, head=head, other_seq=other.seq, other_head=other.head)
                )
                journal.flush()
                _bequeath(tenure, journal)
    click.echo(f"{run}: its journal with head {head} is the right one, says {by}")


def _refuse(found: Replay, head: str) -> None:
    run = found.state.run
    if found.state.status.final:
        told = f"{run} is {found.state.status.value}; its journal is never driven again"
        raise Quit(ExitCode.REFUSED, told, next_step=f"failover report {run}")
    if found.head != head.strip().lower():
        raise Quit(
            ExitCode.REFUSED,
            f"the head of the journal at hand is {found.head}, not {head}; nothing was chosen",
            next_step=f"failover journal show {run}    to look at what would be chosen",
        )


def _other(store: SqliteStore, known: Mark | None) -> Mark:
    """Return the line that the lease remembers and this journal has not."""
    try:
        replay(store, known=known)
    except ForkedJournalError:
        if known is not None:
            return known
        raise
    raise Quit(
        ExitCode.REFUSED,
        f"the journal of {store.run} is the one that was driven here last; there is nothing to choose",
        next_step=f"failover resume {store.run}",
    )


def _bequeath(tenure: Tenure, journal: JournalWriter) -> None:
    """Let the lease remember the chosen journal, and its next holder wait out what the other sent (S18)."""
    tenure.lease = replace(tenure.lease, quarantined=True)
    tenure.mark = lambda: (journal.durable_mark.seq, journal.durable_mark.head)
