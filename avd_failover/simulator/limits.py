"""Request budgets: ARM's token buckets and the throttle of session host lists (azure-facts section 8)."""

import math
from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import key
from avd_failover.simulator.refusals import Throttled

Kind = Literal["reads", "writes", "deletes"]


class TokenBucket:
    """A bucket that refills steadily. After a refusal nothing passes before its Retry-After."""

    def __init__(self, size: float, refill_per_s: float, now_s: float) -> None:
        self.size = size
        self.refill_per_s = refill_per_s
        self._tokens = size
        self._filled_s = now_s
        self._closed_until_s = -math.inf

    def wait_s(self, now_s: float) -> int:
        """Return the whole seconds until a request may pass; 0 when one may now."""
        self._fill(now_s)
        if now_s >= self._closed_until_s and self._tokens >= 1:
            return 0
        if now_s >= self._closed_until_s:
            self._closed_until_s = now_s + max(1, math.ceil((1 - self._tokens) / self.refill_per_s))
        return max(1, math.ceil(self._closed_until_s - now_s))

    def take(self, now_s: float) -> int:
        """Take a token and return how many are left; to be called when ``wait_s`` is 0."""
        self._fill(now_s)
        self._tokens -= 1
        return int(self._tokens)

    def left(self, now_s: float) -> int:
        """Return how many requests could pass now, one after the other."""
        self._fill(now_s)
        return int(self._tokens)

    def _fill(self, now_s: float) -> None:
        if now_s != self._filled_s:
            self._tokens = min(self.size, self._tokens + (now_s - self._filled_s) * self.refill_per_s)
            self._filled_s = now_s


class Budgets:
    """Who may still send what: per principal and subscription, and all principals together."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._buckets: dict[tuple[str, str, Kind], TokenBucket] = {}
        self._host_lists: dict[str, tuple[float, int]] = {}

    def admit(self, actor: str, subscription: str, kind: Kind) -> int:
        """Take one request of a kind out of the actor's budget; POST counts as a write.

        Returns: what remains in the actor's bucket.
        Raises: Throttled, with the wait.
        """
        own = self._bucket(actor, subscription, kind, 1)
        everybodys = self._bucket("", subscription, kind, self._core.physics.global_factor)
        now_s = self._core.now_s
        wait_s = max(own.wait_s(now_s), everybodys.wait_s(now_s))
        if wait_s:
            raise Throttled(
                wait_s,
                f"Number of {kind} requests for subscription '{subscription}' and actor exceeded the limit."
                f" Please try again after '{wait_s}' seconds.",
            )
        everybodys.take(now_s)
        return own.take(now_s)

    def left_for_all(self, subscription: str, kind: Kind) -> int:
        """Return what remains for all principals of a subscription together."""
        return self._bucket("", subscription, kind, self._core.physics.global_factor).left(self._core.now_s)

    def admit_host_list(self, pool: str) -> tuple[int, float]:
        """Take one list of session hosts out of the pool's window.

        Returns: how many remain in the window, and when it ends (world seconds).
        Raises: Throttled, with the wait until the window ends.
        """
        physics, now_s = self._core.physics, self._core.now_s
        ends_s, left = self._host_lists.get(key(pool), (-1.0, 0))
        if now_s >= ends_s:
            ends_s, left = now_s + physics.host_list_window_s, physics.host_lists
        if left == 0:
            raise Throttled(max(1, math.ceil(ends_s - now_s)), "Too many requests", code="429")
        self._host_lists[key(pool)] = (ends_s, left - 1)
        return left - 1, ends_s

    def _bucket(self, actor: str, subscription: str, kind: Kind, factor: int) -> TokenBucket:
        name = (actor, key(subscription), kind)
        bucket = self._buckets.get(name)
        if bucket is None:
            size, refill = getattr(self._core.physics, kind)
            bucket = self._buckets[name] = TokenBucket(size * factor, refill * factor, self._core.now_s)
        return bucket
