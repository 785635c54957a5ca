"""Opening a run to look at it: what ``status``, ``runs`` and ``journal`` have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.journal.chain import Replay
    from avd_failover.journal.home import Home
    from avd_failover.journal.sqlite_store import SqliteStore
    from avd_failover.journal.state import RunState


def home() -> "Home":
    """Return the home of this user's runs."""
    from avd_failover.journal.home import Home

    return Home.of(os.environ)


def known_runs(place: "Home") -> tuple[str, ...]:
    """Return the ids of all runs, the one written last first."""
    with _fit():
        return place.runs()


def wanted_run(place: "Home", wanted: str | None) -> str:
    """Return the id of the run that is meant; exit 2 with the known ones otherwise."""
    from avd_failover.journal.home import AmbiguousRunError, UnknownRunError
    from avd_failover.report.words import plain

    with _fit():
        try:
            return place.find(wanted)
        except (UnknownRunError, AmbiguousRunError) as error:
            raise Quit(ExitCode.BAD_INPUT, plain(str(error)), next_step="failover runs") from error


@contextmanager
def _fit() -> Iterator[None]:
    from avd_failover.journal.disk import UnfitPlaceError

    try:
        yield
    except UnfitPlaceError as error:
        raise Quit(ExitCode.BAD_INPUT, str(error), next_step="failover runs") from error


@contextmanager
def opened(place: "Home", run: str) -> "Iterator[SqliteStore]":
    """Open a run's journal to look at; a damaged or unreadable one ends the command with exit 1."""
    from avd_failover.journal.disk import UnfitPlaceError
    from avd_failover.journal.sqlite_store import SqliteStore
    from avd_failover.journal.store import JournalError
    from avd_failover.report.words import plain

    try:
        store = SqliteStore.read_only(place.path_of(run))
        try:
            yield store
        finally:
            store.close()
    except (JournalError, UnfitPlaceError, FileNotFoundError) as error:
        message, hint = _explain(run, error)
        raise Quit(ExitCode.FAILED, plain(message), next_step=hint) from error


def replayed(place: "Home", run: str) -> "Replay":
    """Verify and fold a run's journal; exit 1 with the first break otherwise."""
    from avd_failover.journal.chain import replay

    with opened(place, run) as store:
        return replay(store)


def alive(place: "Home", state: "RunState") -> bool:
    """Tell whether a process holds this run's lease at the moment; held by nobody knows whom counts."""
    from avd_failover.journal.disk import UnfitPlaceError
    from avd_failover.journal.local_leases import LocalLeases

    try:
        lease = LocalLeases(place.leases).held_by(state.pinned.lock)
    except UnfitPlaceError:
        return True
    return lease is not None and lease.run == state.run


def _explain(run: str, error: Exception) -> tuple[str, str]:
    from avd_failover.journal.store import DamagedJournalError, ForeignJournalError

    if isinstance(error, DamagedJournalError):
        keep = f"failover journal export {run} > {run}.jsonl   to keep what comes before the damage"
        return f"the journal of {run} is damaged: {error}", keep
    if isinstance(error, ForeignJournalError):
        return f"the journal of {run} is newer than this engine: {error}", "failover --version"
    return f"the journal of {run} cannot be read: {error}", "failover runs"
