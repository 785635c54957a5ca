"""Long-running operations, followed by the SDK's poller to their end or to a deadline on our clock.

What the SDK's own polling lacks for us, each of these changed here: it polls for ever; one failed poll ends
it, though a poll is a read and harmless to repeat; it takes a 202 without any link to follow for success.
"""

from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.polling.base_polling import (
    BadResponse,
    BadStatus,
    LocationPolling,
    OperationFailed,
    StatusCheckPolling,
)
from azure.mgmt.core.polling.arm_polling import AzureAsyncOperationPolling
from azure.mgmt.core.polling.async_arm_polling import AsyncARMPolling

from avd_failover.azure.answers import Raw
from avd_failover.azure.retry_after import asked_wait_s
from avd_failover.domain.clock import Clock

POLL_EVERY_S = 10.0
"""Compute asks for 10 s in its first answer and often for nothing afterwards (recorded)."""

DEADLINE_S = 20 * 60.0
"""Longest wait for a machine to start or stop: twice the longest tail expected (azure-facts section 6)."""


_UNREADABLE = (BadResponse, DecodeError, AttributeError, TypeError)
"""What the SDK's reading of a poll ends in when the body is not a status: none of it says anything."""


class OperationOverdueError(Exception):
    """The operation did not end before the deadline; it may still be going on."""


class OperationUntraceableError(Exception):
    """Azure took the request but named nothing to follow, or no longer answers for what it named."""


class _Immediate(StatusCheckPolling[Any, Any]):
    """Done at once, for the answers 200, 201 and 204 only: accepted is not done."""

    def can_poll(self, pipeline_response: PipelineResponse[Any, Any]) -> bool:
        return bool(pipeline_response.http_response.status_code != 202)


class DeadlinePolling(AsyncARMPolling):
    """The poller's method for one operation, from its first answer to its end.

    Raises ``HttpResponseError`` with Azure's code when the operation failed or was cancelled (see
    ``is_verdict``), ``OperationOverdueError`` at the deadline, ``OperationUntraceableError`` when it cannot
    be followed. ``instant``: a success without anything to follow is the end already; not so where the
    answer describes what is only being made.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        deadline_s: float = DEADLINE_S,
        every_s: float = POLL_EVERY_S,
        instant: bool = True,
    ) -> None:
        # The state is in the operation resource; fetching Location as well would add a request that can
        # only fail.
        lro_options = {"final-state-via": "azure-async-operation"}
        algorithms = [AzureAsyncOperationPolling(lro_options=lro_options), LocationPolling(), _Immediate()]
        super().__init__(
            timeout=every_s, lro_algorithms=algorithms[: 3 if instant else 2], lro_options=lro_options
        )
        self._clock = clock
        self._until = clock.monotonic() + deadline_s

    @property
    def first_answer(self) -> PipelineResponse[Any, Any]:
        """The answer that accepted the operation."""
        return self._initial_response

    def initialize(
        self, client: Raw, initial_response: PipelineResponse[Any, Any], deserialization_callback: Raw
    ) -> None:
        """Find out how to follow the operation."""
        try:
            super().initialize(client, initial_response, deserialization_callback)
        except BadResponse as error:
            raise OperationUntraceableError(str(error)) from error

    async def update_status(self) -> None:
        """Poll once; a poll not answered, not readable, or answered 429 or 5xx, changes nothing."""
        try:
            await super().update_status()
        except (ServiceRequestError, ServiceResponseError, *_UNREADABLE):
            return
        except BadStatus as error:
            status = self._pipeline_response.http_response.status_code
            if status != 429 and status < 500:
                raise OperationUntraceableError(f"a poll was answered {status}") from error

    async def _delay(self) -> None:
        left = self._until - self._clock.monotonic()
        if left <= 0:
            raise OperationOverdueError(f"the operation is still {self.status()} at its deadline")
        asked = asked_wait_s(self._pipeline_response.http_response.headers)
        await self._sleep(min(asked or self._timeout, left))


def is_verdict(error: HttpResponseError) -> bool:
    """Tell whether an error is the operation's own end, and not a failure to read it.

    The SDK's status cannot tell: it is set to "Failed" for both.
    """
    return isinstance(error.__cause__, OperationFailed)
