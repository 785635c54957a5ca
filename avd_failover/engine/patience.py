"""The one retry policy: what is Transient is tried again, and nothing else is.

What is tried again is always a whole round of a step, which begins with a reading. So no mutation is ever
repeated without having looked first.
"""

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import TransientError
from avd_failover.engine.stop import StopSignal

LONGEST_WAIT_S = 60.0
"""Between two tries when Azure names no time; a guess, long enough to spare a region that is down."""


class _AsAsked(wait_base):
    """Wait for what the cloud asked, or exponentially where it asked for nothing."""

    def __init__(self) -> None:
        self._otherwise = wait_exponential(multiplier=2.0, min=2.0, max=LONGEST_WAIT_S)

    def __call__(self, retry_state: RetryCallState) -> float:
        fault = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(fault, TransientError) and fault.wait_s > 0:
            return fault.wait_s
        return self._otherwise(retry_state)


class _AtDeadline(stop_base):
    """Stop once the next try would begin after the deadline."""

    def __init__(self, clock: Clock, deadline_s: float) -> None:
        self._clock = clock
        self._deadline_s = deadline_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._clock.monotonic() + retry_state.upcoming_sleep > self._deadline_s


def patiently(clock: Clock, stop: StopSignal, deadline_s: float) -> AsyncRetrying:
    """Return the policy for one round: Transient faults wait as asked, until a deadline on the clock.

    The last TransientError is raised again at the deadline. A stop request ends a wait at once.
    """

    async def sleep(seconds: float) -> None:
        await stop.sleep(clock, seconds)

    return AsyncRetrying(
        retry=retry_if_exception_type(TransientError),
        wait=_AsAsked(),
        stop=_AtDeadline(clock, deadline_s),
        sleep=sleep,
        reraise=True,
    )
