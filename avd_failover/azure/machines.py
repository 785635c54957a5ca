"""Virtual machines (Microsoft.Compute): power state, start and deallocate."""

from collections.abc import Awaitable, Callable
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.aio.operations import VirtualMachinesOperations

from avd_failover.azure.answers import Raw, accepted, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults, clean
from avd_failover.azure.polling import (
    DEADLINE_S,
    DeadlinePolling,
    OperationOverdueError,
    OperationUntraceableError,
    is_verdict,
)
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import Machine, PowerState
from avd_failover.domain.faults import CloudError, RefusedError, UnknownError
from avd_failover.domain.ids import MachineId

_POWER = "powerstate/"
_POWER_STATES = {state.value: state for state in PowerState}

Begin = Callable[..., Awaitable[Any]]


class AzureMachines:
    """Virtual machines; ``start`` and ``deallocate`` return when Azure has finished, not when it began."""

    def __init__(self, clients: Clients, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
        self._clients = clients
        self._clock = clock
        self._deadline_s = deadline_s

    async def get(self, machine: MachineId) -> Machine:
        """Read one machine with its power state (VirtualMachines_Get, expand=instanceView)."""
        machines = self._machines(machine)
        with azure_faults(machine, mutating=False):
            raw = await machines.get(
                ids.resource_group_of(machine), ids.name_of(machine), expand="instanceView"
            )
            return read_one(raw, _machine)

    async def start(self, machine: MachineId) -> Accepted:
        """Start a machine and follow the operation to its end (VirtualMachines_Start).

        Raises RefusedError with Azure's code (AllocationFailed and its kin) when the operation failed;
        UnknownError when it did not end in time or could not be followed.
        """
        return await self._run(self._machines(machine).begin_start, machine)

    async def deallocate(self, machine: MachineId) -> Accepted:
        """Deallocate a machine and follow the operation to its end (VirtualMachines_Deallocate).

        Raises the same as ``start``.
        """
        return await self._run(self._machines(machine).begin_deallocate, machine)

    async def _run(self, begin: Begin, machine: MachineId) -> Accepted:
        method = DeadlinePolling(self._clock, deadline_s=self._deadline_s)
        with azure_faults(machine, mutating=True):
            try:
                poller = await begin(ids.resource_group_of(machine), ids.name_of(machine), polling=method)
            except (OperationUntraceableError, ValueError) as error:
                # The SDK reads Retry-After as a number and fails on a date, with the machine told already.
                raise _unknown(error, machine) from error
        try:
            await poller.result()
        except HttpResponseError as error:
            raise _verdict(error, method, machine) from error
        except (OperationOverdueError, OperationUntraceableError, CloudError) as error:
            raise _unknown(error, machine) from error
        return accepted(method.first_answer, self._clock)

    def _machines(self, machine: MachineId) -> VirtualMachinesOperations:
        return self._clients.compute(machine).virtual_machines


def _verdict(error: HttpResponseError, method: DeadlinePolling, machine: MachineId) -> CloudError:
    if not is_verdict(error):
        return _unknown(error, machine)
    code = str(getattr(error.error, "code", None) or f"Operation{method.status().capitalize()}")
    message = clean(str(getattr(error.error, "message", None) or "no reason given"))
    return RefusedError(
        f"the operation ended {method.status()}: {code}: {message}", code=code, target=machine
    )


def _unknown(error: BaseException, machine: MachineId) -> UnknownError:
    text = f"accepted, but its end is not known: {clean(str(error))}"
    return UnknownError(text, code="OperationNotFollowed", target=machine)


def _machine(raw: Raw) -> Machine:
    return Machine(id=ids.machine_id(raw.id), location=raw.location.lower(), power=_power(raw))


def _power(raw: Raw) -> PowerState:
    view = raw.properties.instance_view if raw.properties else None
    codes = [(status.code or "").lower() for status in (view.statuses if view else None) or ()]
    told = [code.removeprefix(_POWER) for code in codes if code.startswith(_POWER)]
    return _POWER_STATES.get(told[-1], PowerState.UNKNOWN) if told else PowerState.UNKNOWN
