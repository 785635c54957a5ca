"""The live view of a run on a terminal.

It paints on the terminal's second screen, whole frames over whole frames, so that nothing flickers and a
resize leaves no rags; when it closes, the first screen comes back and the last frame is printed on it, all
steps in full. Painting happens between two turns of the event loop and takes a twentieth of it at most.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from time import perf_counter
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live as Painter

from avd_failover.cli.frame import Room, frame
from avd_failover.cli.logs import SINK
from avd_failover.domain.clock import Clock
from avd_failover.journal.events import Entry
from avd_failover.journal.state import RunState
from avd_failover.report.words import plain

EVERY_S = 0.2
"""Between two frames at least, in seconds of the terminal's world: five frames a second."""

SHARE = 20
"""A frame that took long is followed by a pause this many times as long."""


class Terminal(Console):
    """stderr as a terminal; when it goes away it falls silent, where rich's own would end the process."""

    def __init__(self) -> None:
        super().__init__(stderr=True, highlight=False)

    def on_broken_pipe(self) -> None:
        """Write no more."""
        self.quiet = True


class Live:
    """A Progress that paints."""

    def __init__(self, clock: Clock, console: Console | None = None) -> None:
        self._clock = clock
        self._console = console or Terminal()
        self._painter: Painter | None = None
        self._held = ExitStack()
        self._tick: asyncio.TimerHandle | None = None
        self._state: RunState | None = None
        self._said = ""
        self._closed = False

    def entry(self, entry: Entry, state: RunState) -> None:
        """Remember the state; the next frame shows it."""
        self._state = state

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Paint nothing now: the journal has the wait, and the next frame its time."""

    def say(self, line: str) -> None:
        """Show a line at the foot of every frame from now on."""
        self._said = plain(line)
        self._paint()

    def close(self) -> None:
        """Give the terminal back and leave the last frame on it. Twice is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._tick is not None:
            self._tick.cancel()
        if self._painter is not None:
            _quietly(self._painter.stop)
        _quietly(self._print_last)
        self._held.close()

    def __enter__(self) -> Self:
        self._held.enter_context(SINK.kept_back())
        self._painter = Painter(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        _quietly(self._painter.start)
        self._next()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next(self) -> None:
        if self._closed:
            return
        began_s = perf_counter()
        self._paint()
        pause_s = max(EVERY_S, SHARE * (perf_counter() - began_s))
        self._tick = asyncio.get_running_loop().call_later(pause_s, self._next)

    def _paint(self) -> None:
        if self._painter is None or self._state is None or self._closed:
            return
        size = self._console.size
        self._painter.update(self._frame(self._state, height=size.height))
        _quietly(self._painter.refresh)

    def _print_last(self) -> None:
        if self._state is not None:
            self._console.print(self._frame(self._state, height=None))

    def _frame(self, state: RunState, *, height: int | None) -> Group:
        options = self._console.options
        room = Room(width=self._console.width, height=height, ascii_only=options.ascii_only)
        return Group(*frame(state, self._clock.now(), room, self._said))


def _quietly(paint: Callable[[], object]) -> None:
    """Paint, and go on without when the terminal is gone: a run does not end with its window."""
    try:
        paint()
    except (OSError, ValueError):
        return
