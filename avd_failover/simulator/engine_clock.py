"""The clock of an engine that is rehearsed, wrong where the world's faults have it wrong.

The true clock moves the world; the engine is handed this one. Without such a fault it is the true one itself.
"""

from datetime import datetime, timedelta

from avd_failover.domain.clock import Clock
from avd_failover.simulator.world import World

STEP_S = 5.0
"""Longest true wait before the rate is looked at again."""
SHORTEST_S = 0.01


class WrongClock:
    """A clock off by what ``engine-clock`` says at the world's time."""

    def __init__(self, true: Clock, world: World) -> None:
        self._true = true
        self._world = world
        self._offset_s = world.now_s - true.monotonic()
        self._shown_s = 0.0

    def now(self) -> datetime:
        """Return the wall time that the engine sees."""
        return self._true.now() + timedelta(seconds=self._errors()[0])

    def monotonic(self) -> float:
        """Return the monotonic seconds that the engine sees; they never go back."""
        self._shown_s = max(self._shown_s, self._true.monotonic() + self._errors()[1])
        return self._shown_s

    async def sleep(self, seconds: float) -> None:
        """Wait until that many of its own monotonic seconds have passed."""
        until_s = self.monotonic() + seconds
        await self._true.sleep(0)
        while (left_s := until_s - self.monotonic()) > 0:
            await self._true.sleep(min(max(left_s, SHORTEST_S), STEP_S))

    def _errors(self) -> tuple[float, float]:
        self._world.advance(self._offset_s + self._true.monotonic())
        return self._world.faults.clock_errors()


def clock_of(world: World, true: Clock) -> Clock:
    """Return the clock that the engine goes by."""
    return WrongClock(true, world) if world.faults.clocks_wrong else true
