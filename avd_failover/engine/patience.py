"""The one retry policy: what is Transient is tried again, and nothing else is.

What is tried again is always the loop of a step, which begins with a reading. So no mutation is ever
repeated without having looked first.
"""

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import TransientError
from avd_failover.engine.stop import StopSignal

T = TypeVar("T")

SHORTEST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
"""Between two tries when Azure names no time, doubling in between; guesses, the longer one long enough to
spare a region that is down."""


class Patience:
    """Tries again what is Transient until a deadline on the clock; a stop request ends a wait at once.

    ``silent_s`` bounds how long nobody but a throttle may answer: after that there is no use in waiting on.
    """

    def __init__(
        self, clock: Clock, stop: StopSignal, deadline_s: float, *, silent_s: float = math.inf
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._deadline_s = deadline_s
        self._faults = _Faults(clock)
        self._policy = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            wait=self._faults,
            stop=_AtDeadline(clock, deadline_s) | _WhenSilent(clock, self._faults, silent_s),
            sleep=self._sleep,
            reraise=True,
        )

    async def with_(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what ``attempt`` returns. The last TransientError is raised again at the deadline."""

        async def once() -> T:  # tenacity awaits what it knows to be a coroutine function, and nothing else
            return await attempt()

        return await self._policy(once)

    async def outlast(self, fault: TransientError) -> None:
        """Wait until a throttle lets us ask again. Raises the fault again where that is after the deadline.

        A throttle answers, so that what it refuses need not break off everything else that is under way.
        """
        wait_s = max(fault.wait_s, SHORTEST_WAIT_S)
        if self._clock.monotonic() + wait_s > self._deadline_s:
            raise fault
        await self._sleep(wait_s)

    def calm(self) -> None:
        """Take note that the cloud answered: the next fault waits shortly again."""
        self._faults.in_a_row, self._faults.silent_since_s = 0, None

    @property
    def silent_s(self) -> float:
        """How long nothing has answered."""
        since_s = self._faults.silent_since_s
        return 0.0 if since_s is None else self._clock.monotonic() - since_s

    async def _sleep(self, seconds: float) -> None:
        await self._stop.sleep(self._clock, seconds)


class _Faults(wait_base):
    """Wait for what the cloud asked; where it asked for nothing, twice as long as the time before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.in_a_row = 0
        self.silent_since_s: float | None = None
        """Since when nothing answers; a throttle answers, even if it says not now."""

    def __call__(self, retry_state: RetryCallState) -> float:
        self.in_a_row += 1
        fault = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(fault, TransientError) and fault.status == 429:
            self.silent_since_s = None
        elif self.silent_since_s is None:
            self.silent_since_s = self._clock.monotonic()
        if isinstance(fault, TransientError) and fault.wait_s > 0:
            return fault.wait_s
        return min(LONGEST_WAIT_S, SHORTEST_WAIT_S * 2.0 ** (self.in_a_row - 1))


class _AtDeadline(stop_base):
    """Stop once the next try would begin after the deadline."""

    def __init__(self, clock: Clock, deadline_s: float) -> None:
        self._clock = clock
        self._deadline_s = deadline_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._clock.monotonic() + retry_state.upcoming_sleep > self._deadline_s


class _WhenSilent(stop_base):
    """Stop once the next try would begin after nobody answered for that long."""

    def __init__(self, clock: Clock, faults: _Faults, silent_s: float) -> None:
        self._clock = clock
        self._faults = faults
        self._silent_s = silent_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        since_s = self._faults.silent_since_s
        next_s = self._clock.monotonic() + retry_state.upcoming_sleep
        return since_s is not None and next_s - since_s > self._silent_s
