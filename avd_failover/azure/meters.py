"""Arithmetic of request budgets: how long until the next request may go. No waiting happens here.

Three kinds, one shape (``wait_s``, ``take``, ``lower``, ``close``): ``Bucket`` for Azure's token buckets,
``Window`` for so many calls in so many seconds, ``Gate`` for a budget nobody published. Times are
the caller's monotonic seconds. A closed meter stays closed until its time, whatever it still holds.
"""

from collections import deque
from typing import Protocol

_GRAIN = 1e-9
_SLOWER = 0.7
_SLOWEST = 0.1
_RECOVERY_S = 300.0


class Meter(Protocol):
    """One budget of requests."""

    def wait_s(self, now: float, cost: float) -> float:
        """Return the seconds until a request of this cost may go; 0 when it may go now."""
        ...

    def take(self, now: float, cost: float) -> None:
        """Spend the cost of one request."""
        ...

    def lower(self, remaining: float) -> None:
        """Believe Azure that no more than this remains; never raises the estimate."""
        ...

    def close(self, now: float, seconds: float) -> None:
        """Let nothing pass for so many seconds, because Azure refused a request."""
        ...


class Gate:
    """A budget without known figures: open unless Azure closed it."""

    def __init__(self) -> None:
        self._closed_until = float("-inf")

    def wait_s(self, now: float, cost: float) -> float:
        """Return the seconds until the gate opens."""
        return max(self._closed_until - now, 0.0)

    def take(self, now: float, cost: float) -> None:
        """Pass; nothing is counted."""

    def lower(self, remaining: float) -> None:
        """Nothing to lower."""

    def close(self, now: float, seconds: float) -> None:
        """Close for so many seconds; the longest closing counts."""
        self._closed_until = max(self._closed_until, now + seconds)


class Bucket(Gate):
    """A token bucket: ``capacity`` at once, then ``per_s`` a second.

    After a refusal the refill is taken 30 % slower, down to a tenth, and grows back to nominal over five
    minutes: where the real bucket is smaller than documented, that ends near its true pace with well
    under one call in a hundred refused. The three figures are ours.
    """

    def __init__(self, capacity: float, per_s: float, *, reserve: float = 0.0) -> None:
        """``reserve`` is what of Azure's own count is never used (see ``lower``)."""
        super().__init__()
        self._capacity = capacity
        self._per_s = per_s
        self._reserve = reserve
        self._tokens = capacity
        self._pace = 1.0
        self._seen_at: float | None = None

    def wait_s(self, now: float, cost: float) -> float:
        """Return the seconds until the tokens are there and the bucket is open."""
        self._refill(now)
        lacking = cost - self._tokens
        short = lacking / (self._per_s * self._pace) if lacking > _GRAIN else 0.0
        return max(short, super().wait_s(now, cost))

    def take(self, now: float, cost: float) -> None:
        """Spend tokens."""
        self._refill(now)
        self._tokens -= cost

    def lower(self, remaining: float) -> None:
        """Believe Azure's count, less the reserve.

        The reserve makes this a controller: where the real refill is slower than ours, the estimate goes
        below zero and the pace settles at the real one, without a single refusal.
        """
        self._tokens = min(self._tokens, remaining - self._reserve)

    def close(self, now: float, seconds: float) -> None:
        """Empty the bucket, close it, and slow its refill once per closing."""
        self._refill(now)
        if super().wait_s(now, 0.0) == 0.0:
            self._pace = max(_SLOWEST, self._pace * _SLOWER)
        self._tokens = min(self._tokens, 0.0)
        super().close(now, seconds)

    def _refill(self, now: float) -> None:
        passed = 0.0 if self._seen_at is None else max(now - self._seen_at, 0.0)
        self._seen_at = now
        self._tokens = min(self._capacity, self._tokens + passed * self._per_s * self._pace)
        self._pace = min(1.0, self._pace + passed / _RECOVERY_S)


class Window(Gate):
    """At most ``calls`` in any ``seconds``. A request of cost 0 passes when the window is open."""

    def __init__(self, calls: int, seconds: float) -> None:
        super().__init__()
        self._calls = calls
        self._seconds = seconds
        self._taken: deque[float] = deque()

    def wait_s(self, now: float, cost: float) -> float:
        """Return the seconds until the oldest call has left the window."""
        while self._taken and self._taken[0] <= now - self._seconds + _GRAIN:
            self._taken.popleft()
        full = cost > 0 and len(self._taken) >= self._calls
        short = self._taken[0] + self._seconds - now if full else 0.0
        return max(short, super().wait_s(now, cost))

    def take(self, now: float, cost: float) -> None:
        """Remember one call."""
        if cost > 0:
            self._taken.append(now)
