"""Capacity reservation groups (Microsoft.Compute): how many machines of a size have a place kept for them."""

from collections.abc import Sequence

from avd_failover.simulator.core import under
from avd_failover.simulator.records import Machine, key
from avd_failover.simulator.recovery_records import CapacityGroup, Reservation
from avd_failover.simulator.refusals import resource_missing
from avd_failover.simulator.requests import Part

_KIND = "Microsoft.Compute/capacityReservationGroups"
_HOLDING = {"running", "starting", "stopping", "stopped"}


class Reservations(Part):
    """Reads on reservations. A machine takes a place while it is allocated."""

    area = "reservations"

    def get(self, group: str) -> CapacityGroup:
        """Return one group. Refused with 404 ``ResourceNotFound``, or 503 while its region is dark."""
        found = self.core.find(CapacityGroup, group)
        if found is None:
            raise resource_missing(_KIND, group.rsplit("/", 1)[-1], _group_of(group))
        self.core.require_up(found.location)
        return found

    def list(self, prefix: str) -> Sequence[CapacityGroup]:
        """Return the groups below a subscription or resource group."""
        return under(self.core.table(CapacityGroup).values(), prefix)

    def reservation(self, reservation: str) -> Reservation:
        """Return one reservation. Refused with 404 ``ResourceNotFound``, or 503."""
        self.get(reservation.rsplit("/", 2)[0])
        found = self.core.find(Reservation, reservation)
        if found is None:
            raise resource_missing(
                f"{_KIND}/capacityReservations", reservation.rsplit("/", 1)[-1], _group_of(reservation)
            )
        return found

    def of_group(self, group: str) -> Sequence[Reservation]:
        """Return the reservations of a group."""
        return under(self.core.table(Reservation).values(), group)

    def allocated(self, reservation: Reservation) -> Sequence[Machine]:
        """Return the machines that take a place of a reservation now, in order of creation."""
        return [
            machine
            for machine in self.associated(reservation.group)
            if machine.power in _HOLDING and _fits(reservation, machine.vm_size, machine.zones)
        ]

    def associated(self, group: str) -> Sequence[Machine]:
        """Return the machines that belong to a group, allocated or not."""
        machines = self.core.table(Machine).values()
        return [machine for machine in machines if key(machine.reservation_group or "") == key(group)]

    def has_room(self, group: str, size: str, zone: str | None) -> bool:
        """Tell whether one more machine finds a place kept for it."""
        zones = (zone,) if zone else ()
        return any(
            len(self.allocated(one)) < one.capacity for one in self.of_group(group) if _fits(one, size, zones)
        )


def _fits(reservation: Reservation, size: str, zones: tuple[str, ...]) -> bool:
    same_size = reservation.size.lower() == size.lower()
    return same_size and (reservation.zone in zones if zones or reservation.zone else True)


def _group_of(resource: str) -> str:
    parts = resource.split("/")
    return parts[4] if len(parts) > 4 else ""
