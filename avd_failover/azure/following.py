"""Long-running operations of Compute, begun and followed to their end: one outcome, or one fault."""

from collections.abc import Awaitable, Callable
from typing import Any

from azure.core.exceptions import HttpResponseError

from avd_failover.azure.answers import accepted
from avd_failover.azure.faults import azure_faults, clean
from avd_failover.azure.polling import (
    DeadlinePolling,
    OperationOverdueError,
    OperationUntraceableError,
    is_verdict,
)
from avd_failover.cloud import Accepted
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import CloudError, RefusedError, UnknownError

Begin = Callable[[DeadlinePolling], Awaitable[Any]]


async def followed(
    begin: Begin, target: str, clock: Clock, deadline_s: float, *, instant: bool = True
) -> Accepted:
    """Begin an operation on ``target`` and follow it to its end; ``instant`` as in ``DeadlinePolling``.

    Raises:
        RefusedError: Not begun, or ended without success, with Azure's code (AllocationFailed and its kin).
        TransientError: Not begun; nothing was changed.
        UnknownError: It did not end within the deadline in seconds, or could not be followed.
    """
    method = DeadlinePolling(clock, deadline_s=deadline_s, instant=instant)
    with azure_faults(target, mutating=True):
        try:
            poller = await begin(method)
        except (OperationUntraceableError, ValueError) as error:
            # The SDK reads Retry-After as a number and fails on a date, with the machine told already.
            raise _unknown(error, target) from error
    try:
        await poller.result()
    except HttpResponseError as error:
        raise _verdict(error, method, target) from error
    except (OperationOverdueError, OperationUntraceableError, CloudError) as error:
        raise _unknown(error, target) from error
    return accepted(method.first_answer, clock)


def _verdict(error: HttpResponseError, method: DeadlinePolling, target: str) -> CloudError:
    if not is_verdict(error):
        return _unknown(error, target)
    code = str(getattr(error.error, "code", None) or f"Operation{method.status().capitalize()}")
    message = clean(str(getattr(error.error, "message", None) or "no reason given"))
    return RefusedError(f"the operation ended {method.status()}: {code}: {message}", code=code, target=target)


def _unknown(error: BaseException, target: str) -> UnknownError:
    text = f"accepted, but its end is not known: {clean(str(error))}"
    return UnknownError(text, code="OperationNotFollowed", target=target)
