"""Virtual machines, and the places that are reserved for them."""

from typing import Protocol

from avd_failover.cloud.answers import Accepted, Reading
from avd_failover.domain.estate import Machine
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.ids import MachineId, ReservationGroupId
from avd_failover.domain.reservations import ReservationGroup


class MachineReads(Protocol):
    """Virtual machines (Microsoft.Compute)."""

    async def get(self, machine: MachineId) -> Machine:
        """Read one machine with its power state."""
        ...

    async def extensions(self, machine: MachineId) -> Reading[InstalledExtension]:
        """List the extensions of a machine, by name."""
        ...


class Machines(MachineReads, Protocol):
    """The same, starting and stopping them, and putting extensions on them."""

    async def start(self, machine: MachineId) -> Accepted:
        """Start a machine and follow the operation to its end.

        Refused with Azure's code (``AllocationFailed`` and its kin) when the operation failed; Unknown when
        it did not end within the adapter's deadline.
        """
        ...

    async def deallocate(self, machine: MachineId) -> Accepted:
        """Deallocate a machine and follow the operation to its end."""
        ...

    async def put_extension(self, machine: MachineId, image: VmExtension, *, location: str) -> Accepted:
        """Install an extension, or change the one of that name, and follow the operation to its end.

        Refused with Azure's code when the installation failed, or the machine does not run; Unknown when it
        did not end within the adapter's deadline.
        """
        ...


class ReservationReads(Protocol):
    """Capacity reservation groups (Microsoft.Compute); nothing here changes one."""

    async def get(self, group: ReservationGroupId) -> ReservationGroup:
        """Read one group: its reservations, and how many places machines hold now."""
        ...
