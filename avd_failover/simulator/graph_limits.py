"""Microsoft Graph's throttle for directory objects: resource units and writes, by fixed windows.

The size of a window's budget follows from the number of users in the tenant (azure-facts section 8): 3,500
units in 10 s below 50 users, 5,000 up to 500, 8,000 above; and 3,000 writes in 150 s.
"""

import math

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import User
from avd_failover.simulator.refusals import Throttled

WINDOW_S = 10.0
WRITE_WINDOW_S = 150.0
WRITES = 3_000
TOLD_ABOVE = 0.8
SCOPE = "Application_Tenant/ReadWrite"


class GraphThrottled(Throttled):
    """429 of Graph; ``reason`` is what ``x-ms-throttle-information`` says."""

    def __init__(self, retry_after_s: int, reason: str) -> None:
        super().__init__(retry_after_s, "Too many requests.", code="TooManyRequests")
        self.reason = reason


class GraphBudgets:
    """Who may still ask Graph for what, per application."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def admit(self, actor: str, units: int, *, write: bool) -> float:
        """Take a request's cost out of the application's windows.

        Returns: how much of the window of units is used, from 0 to 1.
        Raises: GraphThrottled, with the wait until the window ends.
        """
        if write:
            self._take(actor, "WriteLimitExceeded", 1, WRITES, WRITE_WINDOW_S)
        size = self._size()
        return self._take(actor, "ResourceUnitLimitExceeded", units, size, WINDOW_S) / size

    def _take(self, actor: str, reason: str, cost: int, size: int, length_s: float) -> int:
        now_s = self._core.now_s
        ends_s, used = self._windows.get((actor, reason), (-1.0, 0))
        if now_s >= ends_s:
            ends_s, used = now_s + length_s, 0
        if used + cost > size:
            raise GraphThrottled(max(1, math.ceil(ends_s - now_s)), reason)
        self._windows[actor, reason] = (ends_s, used + cost)
        return used + cost

    def _size(self) -> int:
        users = len(self._core.table(User))
        return 3_500 if users < 50 else 5_000 if users <= 500 else 8_000
