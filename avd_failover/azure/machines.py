"""Virtual machines (Microsoft.Compute): power state, start and deallocate, and the extensions on them."""

from azure.mgmt.compute import models
from azure.mgmt.compute.aio.operations import VirtualMachinesOperations

from avd_failover.azure.answers import Raw, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import UnreadableAnswerError, azure_faults
from avd_failover.azure.following import followed
from avd_failover.azure.polling import DEADLINE_S
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import Machine, PowerState
from avd_failover.domain.extensions import InstalledExtension, VmExtension, canonical, settings_of
from avd_failover.domain.ids import MachineId

_POWER = "powerstate/"
_POWER_STATES = {state.value: state for state in PowerState}
_READY = "provisioningstate/succeeded"


class AzureMachines:
    """Virtual machines; each write returns when Azure has finished, not when it began."""

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

    async def extensions(self, machine: MachineId) -> Reading[InstalledExtension]:
        """List the extensions of a machine, by name (VirtualMachineExtensions_List, which has no pages)."""
        extensions = self._clients.compute(machine).virtual_machine_extensions
        read_at = self._clock.now()
        with azure_faults(machine, mutating=False):
            raw = await extensions.list(ids.resource_group_of(machine), ids.name_of(machine))
            return Reading(items=read_one(raw, _installed), read_at=read_at)

    async def start(self, machine: MachineId) -> Accepted:
        """Start a machine and follow the operation to its end (VirtualMachines_Start).

        Raises RefusedError with Azure's code (AllocationFailed and its kin) when the operation failed;
        UnknownError when it did not end in time or could not be followed.
        """
        begin, address = self._machines(machine).begin_start, _address(machine)
        return await followed(
            lambda method: begin(*address, polling=method), machine, self._clock, self._deadline_s
        )

    async def deallocate(self, machine: MachineId) -> Accepted:
        """Deallocate a machine and follow the operation to its end (VirtualMachines_Deallocate).

        Raises the same as ``start``.
        """
        begin, address = self._machines(machine).begin_deallocate, _address(machine)
        return await followed(
            lambda method: begin(*address, polling=method), machine, self._clock, self._deadline_s
        )

    async def put_extension(self, machine: MachineId, image: VmExtension, *, location: str) -> Accepted:
        """Install or change an extension and follow it (VirtualMachineExtensions_CreateOrUpdate).

        Raises the same as ``start``. No protected settings are sent.
        """
        begin = self._clients.compute(machine).virtual_machine_extensions.begin_create_or_update
        address, wanted = (*_address(machine), image.name), _wanted(image, location)
        return await followed(
            lambda method: begin(*address, wanted, polling=method),
            f"{machine}/extensions/{image.name}",
            self._clock,
            self._deadline_s,
            instant=False,
        )

    def _machines(self, machine: MachineId) -> VirtualMachinesOperations:
        return self._clients.compute(machine).virtual_machines


def _address(machine: MachineId) -> tuple[str, str]:
    return ids.resource_group_of(machine), ids.name_of(machine)


def _machine(raw: Raw) -> Machine:
    properties = raw.properties
    hardware = properties.hardware_profile if properties else None
    reserved = properties.capacity_reservation if properties else None
    group = reserved.capacity_reservation_group if reserved else None
    return Machine(
        id=ids.machine_id(raw.id),
        location=raw.location.lower(),
        power=_power(raw),
        size=str(hardware.vm_size or "") if hardware else "",
        zones=tuple(raw.zones or ()),
        reservation_group=ids.reservation_group_id(group.id) if group and group.id else None,
        agent_ready=_READY in _codes(_view(raw).vm_agent if _view(raw) else None),
    )


def _power(raw: Raw) -> PowerState:
    told = [code.removeprefix(_POWER) for code in _codes(_view(raw)) if code.startswith(_POWER)]
    return _POWER_STATES.get(told[-1], PowerState.UNKNOWN) if told else PowerState.UNKNOWN


def _view(raw: Raw) -> Raw:
    return raw.properties.instance_view if raw.properties else None


def _codes(view: Raw) -> list[str]:
    return [(status.code or "").lower() for status in (view.statuses if view else None) or ()]


def _installed(raw: Raw) -> tuple[InstalledExtension, ...]:
    if raw.value is None:
        raise UnreadableAnswerError("a list without its list")
    return tuple(sorted(map(_extension, raw.value), key=lambda one: one.image.name.lower()))


def _extension(raw: Raw) -> InstalledExtension:
    told = raw.properties
    image = VmExtension(
        name=raw.name,
        publisher=told.publisher,
        type=told.type,
        version=told.type_handler_version,
        auto_upgrade_minor=bool(told.auto_upgrade_minor_version),
        automatic_upgrade=bool(told.enable_automatic_upgrade),
        settings=canonical(told.settings),
    )
    return InstalledExtension(image=image, state=told.provisioning_state or "")


def _wanted(image: VmExtension, location: str) -> models.VirtualMachineExtension:
    told = models.VirtualMachineExtensionProperties(
        publisher=image.publisher,
        type=image.type,
        type_handler_version=image.version,
        auto_upgrade_minor_version=image.auto_upgrade_minor,
        settings=settings_of(image),
    )
    if image.automatic_upgrade:
        told.enable_automatic_upgrade = True
    return models.VirtualMachineExtension(location=location, properties=told)
