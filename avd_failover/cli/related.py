"""Other runs of the same pool pair, for reports: they know who paid a debt, and where others were moved."""

from collections.abc import Iterator
from contextlib import closing

from avd_failover.domain.route import Purpose
from avd_failover.domain.states import StepStatus
from avd_failover.journal.chain import links, replay
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.events import RunPinned
from avd_failover.journal.home import Home
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState
from avd_failover.journal.store import JournalError


def related(home: Home, state: RunState) -> tuple[RunState, ...]:
    """Return the runs beside this one that its report has something to learn from, newest first.

    A journal that cannot be read tells nothing, and keeps nobody from a report of another run.
    """
    if not _asks(state):
        return ()
    return tuple(found for run in home.runs() if run != state.run for found in _of_pair(home, run, state))


def _asks(state: RunState) -> bool:
    """Whether other runs matter: a run that owes or pays, or that left some users where they were."""
    owes = any(step.status is StepStatus.DEBT for step in state.steps.values())
    return owes or state.pinned.route.purpose is Purpose.SETTLE or state.pinned.route.partial


def _of_pair(home: Home, run: str, state: RunState) -> Iterator[RunState]:
    try:
        with closing(SqliteStore.read_only(home.path_of(run))) as store:
            first = next(links(store), None)
            event = first[0].event if first else None
            if isinstance(event, RunPinned) and event.lock == state.pinned.lock:
                yield replay(store).state
    except (JournalError, UnfitPlaceError, FileNotFoundError):
        return
