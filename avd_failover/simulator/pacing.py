"""How fast a well-behaved principal sends: below Azure's limits on purpose, as the adapters do it.

The direct face has no adapter in front of it, so whoever rehearses on it paces the requests here: the
documented token buckets (azure-facts section 8) less a margin, session-host lists within their window, and
no request before a Retry-After has passed. Without this a run would learn its speed from refusals, send
many times what it has to, and predict nothing.
"""

import math
from collections import deque

from avd_failover.domain.clock import Clock
from avd_failover.simulator.limits import Kind

MARGIN = 0.02
"""Share of every documented budget left unused, as in the adapters."""
FIGURES: dict[Kind, tuple[float, float]] = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
HOST_LISTS, HOST_LIST_WINDOW_S = 9, 300.0
"""One less than the service grants."""
SLOWER, SLOWEST, RECOVERY_S = 0.7, 0.1, 300.0
"""After each refusal a lane refills 30 % slower, down to a tenth, and grows back over five minutes; as in the
adapters."""


class Lane:
    """A token bucket whose places are given in order of arrival: each request is told its moment."""

    def __init__(self, size: float, refill_per_s: float) -> None:
        self._size = size
        self._refill_per_s = refill_per_s
        self._tokens = size
        self._pace = 1.0
        self._filled_s = 0.0
        self._shut_until_s = -math.inf

    def place_s(self, now_s: float) -> float:
        """Take the next place and return how long it is until then; 0 for at once."""
        opens_s = max(now_s, self._shut_until_s)
        passed_s = max(0.0, opens_s - self._filled_s)
        self._filled_s = max(self._filled_s, opens_s)
        per_s = self._refill_per_s * self._pace
        self._tokens = min(self._size, self._tokens + passed_s * per_s) - 1
        self._pace = min(1.0, self._pace + passed_s / RECOVERY_S)
        return opens_s - now_s + max(0.0, -self._tokens / per_s)

    def is_shut(self, now_s: float) -> bool:
        """Tell whether Azure asked for a pause that is not over."""
        return now_s < self._shut_until_s

    def shut(self, now_s: float, until_s: float) -> None:
        """Let nothing pass before a moment, and after it no more than the refill."""
        if not self.is_shut(now_s):
            self._pace = max(SLOWEST, self._pace * SLOWER)
        self._filled_s = max(self._filled_s, now_s, until_s)
        self._shut_until_s = max(self._shut_until_s, until_s)
        self._tokens = min(self._tokens, 0.0)


class Window:
    """At most so many calls in any so many seconds, in order of arrival."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._seconds = seconds
        self._given: deque[float] = deque(maxlen=calls)

    def place_s(self, now_s: float) -> float:
        """Take the next place and return how long it is until then."""
        full = len(self._given) == self._given.maxlen
        at_s = max(now_s, self._given[0] + self._seconds) if full else now_s
        self._given.append(at_s)
        return at_s - now_s


class Pace:
    """The lanes of one principal, over all its subscriptions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lanes: dict[tuple[str, Kind], Lane] = {}
        self._windows: dict[str, Window] = {}

    async def turn(self, subscription: str, kind: Kind) -> None:
        """Wait until a request may go, in order of arrival."""
        if (wait_s := self.place_s(subscription, kind)) > 0:
            await self.keep_place(subscription, kind, wait_s)

    def place_s(self, subscription: str, kind: Kind) -> float:
        """Take the next place in a lane and return how long it is until then: 0 on most days."""
        return self._lane(subscription, kind).place_s(self._clock.monotonic())

    async def keep_place(self, subscription: str, kind: Kind, wait_s: float) -> None:
        """Wait for a place taken, and for another one if the lane was shut meanwhile."""
        lane = self._lane(subscription, kind)
        while wait_s > 0:
            await self._clock.sleep(wait_s)
            now_s = self._clock.monotonic()
            wait_s = lane.place_s(now_s) if lane.is_shut(now_s) else 0.0

    async def list_turn(self, pool: str) -> None:
        """Wait until the session hosts of a pool may be listed."""
        window = self._windows.setdefault(pool, Window(HOST_LISTS, HOST_LIST_WINDOW_S))
        if (wait_s := window.place_s(self._clock.monotonic())) > 0:
            await self._clock.sleep(wait_s)

    def refused(self, subscription: str, kind: Kind, retry_after_s: float) -> None:
        """Heed an answer 429."""
        now_s = self._clock.monotonic()
        self._lane(subscription, kind).shut(now_s, now_s + retry_after_s)

    def _lane(self, subscription: str, kind: Kind) -> Lane:
        lane = self._lanes.get((subscription, kind))
        if lane is None:
            size, refill_per_s = FIGURES[kind]
            lane = self._lanes[subscription, kind] = Lane(size * (1 - MARGIN), refill_per_s * (1 - MARGIN))
        return lane
