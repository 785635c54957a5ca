"""A write of Site Recovery: one request, its answer, and the job that it became."""

from collections.abc import Awaitable, Callable
from typing import Any

from azure.core.pipeline import PipelineResponse
from msgspec import structs

from avd_failover.azure.answers import Raw, accepted
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.recovery_job_values import job_of_answer
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import CloudError
from avd_failover.domain.ids import ProtectedItemId, RecoveryJobId, RecoveryPlanId

Begin = Callable[..., Awaitable[Any]]
Working = Callable[[], Awaitable[RecoveryJobId | None]]
"""Asks what was written to which job works on it."""


async def begun(
    begin: Begin,
    address: tuple[str, ...],
    target: ProtectedItemId | RecoveryPlanId,
    *body: Raw,
    clock: Clock,
    working: Working,
) -> Accepted:
    """Send a write once and follow nothing; where the answer does not tell the job, ask what works on it."""
    with azure_faults(target, mutating=True):
        poller = await begin(*address, *body, polling=False)
        # Public API keeps the answer to itself; without polling it is all that the poller has.
        answer: PipelineResponse[Any, Any] = poller.polling_method()._initial_response  # noqa: SLF001
    told = job_of_answer(answer.http_response.headers, ids.vault_of(target))
    return structs.replace(accepted(answer, clock), job=told if told is not None else await _asked(working))


async def _asked(working: Working) -> RecoveryJobId | None:
    """Ask; the write stands, whatever becomes of this question."""
    try:
        return await working()
    except CloudError:
        return None
