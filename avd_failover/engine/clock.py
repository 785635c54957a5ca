"""The clock of the engine: the event loop's time at any pace.

``LoopClock`` reads the running loop's monotonic time and multiplies it by a speed: 1 against Azure, the
world's speed against a simulated Azure. On a ``VirtualLoop``, whose time jumps, it is virtual time.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from avd_failover.engine.virtual_loop import VirtualLoop

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
        loop, delay = asyncio.get_running_loop(), max(0.0, seconds) / self._speed
        if not (isinstance(loop, VirtualLoop) and loop.skip(delay)):
            await asyncio.sleep(delay)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Where virtual clocks start unless told otherwise: a fixed moment, so that journals are reproducible."""
