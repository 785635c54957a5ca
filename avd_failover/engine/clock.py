"""Clocks of the engine: an event loop's time at any pace, and a loop whose time jumps.

``LoopClock`` reads the running loop's monotonic time and multiplies it by a speed: 1 against Azure, the
world's speed against a simulated Azure. ``VirtualLoop`` is an event loop that never waits: when nothing is
ready it moves its time to the next timer, so that hours pass in milliseconds and equal runs are equal.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class LoopClock:
    """The running event loop's time, scaled; wall time is where it was at the start plus what has passed."""

    def __init__(self, started_at: datetime, *, speed: float = 1.0) -> None:
        self._started_at = started_at
        self._speed = speed
        self._origin = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the time for records, aware and in UTC."""
        return self._started_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return seconds on this clock since it was made."""
        return (asyncio.get_running_loop().time() - self._origin) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait for that long on this clock."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class _Jump(selectors.SelectSelector):
    """A selector that does not wait: where it would, it tells the loop to move its time."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise StalledError("every task waits for something that nobody will do")
            self.loop.jump(timeout)
        return ready


class StalledError(RuntimeError):
    """Under virtual time nothing is ready and no timer is set: a deadlock, reported instead of hanging."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. For code without sockets or threads only."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        selector = _Jump()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        """Move time forward."""
        self._virtual_now += max(0.0, seconds)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Where virtual clocks start unless told otherwise: a fixed moment, so that journals are reproducible."""
