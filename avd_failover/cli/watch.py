"""``failover watch``: following a run that another process drives, from its journal alone."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from avd_failover.cli.reading import alive, home, replayed, wanted_run

if TYPE_CHECKING:
    from avd_failover.cli.plain import Plain
    from avd_failover.journal.events import Entry
    from avd_failover.journal.home import Home
    from avd_failover.journal.state import RunState

LOOK_EVERY_S = 1.0
"""Real seconds between two looks at the journal."""


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
def watch(run: str | None) -> None:
    """Show what RUN did so far and does from now on, until it rests.

    Reads its journal and nothing else, so that any number of people may watch. Ctrl-C ends the watching,
    never the run.
    """
    from avd_failover.report.status_text import status_text

    place = home()
    wanted = wanted_run(place, run)
    state = _follow(place, wanted)
    click.echo(status_text(state, state.last_at, alive=False))


def _follow(place: "Home", run: str) -> "RunState":
    """Tell every entry once, and return the state in which the run came to rest."""
    from avd_failover.cli.plain import Plain

    clock = JournalClock()
    screen, told = Plain(clock), 0
    while True:
        driven = alive(place, replayed(place, run).state)
        state, told = _tell_new(place, run, screen, clock, told)
        if not driven:
            return state
        time.sleep(LOOK_EVERY_S)


def _tell_new(
    place: "Home", run: str, screen: "Plain", clock: "JournalClock", told: int
) -> "tuple[RunState, int]":
    """Tell the entries after the one told last; the fold is anew each time, since it is the only truth."""
    from avd_failover.cli.reading import opened
    from avd_failover.journal.chain import links
    from avd_failover.journal.events import RunPinned
    from avd_failover.journal.state import RunState

    state: RunState | None = None
    with opened(place, run) as store:
        for entry, _ in links(store):
            if state is None:
                assert isinstance(entry.event, RunPinned)  # noqa: S101 - replayed before
                state = RunState(entry.event, entry.at)
            else:
                state.apply(entry)
            if entry.seq > told:
                clock.strike(entry)
                screen.entry(entry, state)
                told = entry.seq
    assert state is not None  # noqa: S101 - replayed before
    return state, told


class JournalClock:
    """The time that a journal tells: it stands still between two entries."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._now: datetime | None = None

    def strike(self, entry: "Entry") -> None:
        """Go to the moment of an entry."""
        self._began = self._began or entry.at
        self._now = entry.at

    def monotonic(self) -> float:
        """Return seconds since the first entry."""
        return (self.now() - self._began).total_seconds() if self._began else 0.0

    def now(self) -> datetime:
        """Return the moment of the last entry."""
        return self._now or datetime.fromtimestamp(0).astimezone()

    async def sleep(self, seconds: float) -> None:
        """Let time pass by itself."""
        self._now = self.now() + timedelta(seconds=seconds)
