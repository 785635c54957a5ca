"""Capacity reservation groups (Microsoft.Compute), as they are read."""

from avd_failover.azure.answers import Raw, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import UnreadableAnswerError, azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.ids import MachineId, ReservationGroupId
from avd_failover.domain.reservations import Reservation, ReservationGroup


class AzureReservations:
    """Capacity reservation groups. A group is two requests: what is reserved, and what is taken of it."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def get(self, group: ReservationGroupId) -> ReservationGroup:
        """Read one group (CapacityReservationGroups_Get with its instance view, then its reservations)."""
        compute = self._clients.compute(group)
        address = ids.resource_group_of(group), ids.name_of(group)
        with azure_faults(group, mutating=False):
            raw = await compute.capacity_reservation_groups.get(*address, expand="instanceView")
            taken = read_one(raw, _taken)
            held = await read_all(
                compute.capacity_reservations.list_by_capacity_reservation_group(*address),
                lambda one: _reservation(one, taken),
                self._clock,
            )
            if not held.complete:
                raise UnreadableAnswerError(f"reservations of a group: {held.gap}")
            return read_one(raw, lambda told: _group(told, held.items))


def _taken(raw: Raw) -> dict[str, int]:
    """Return how many machines hold a place of each reservation, by its name in lower case."""
    views = raw.properties.instance_view.capacity_reservations or ()
    return {one.name.lower(): len(one.utilization_info.virtual_machines_allocated or ()) for one in views}


def _reservation(raw: Raw, taken: dict[str, int]) -> Reservation:
    if raw.name.lower() not in taken:
        raise ValueError(f"the group's view does not show {raw.name}")
    return Reservation(
        name=raw.name,
        size=raw.sku.name,
        capacity=int(raw.sku.capacity),
        taken=taken[raw.name.lower()],
        zone=raw.zones[0] if raw.zones else "",
    )


def _group(raw: Raw, reservations: tuple[Reservation, ...]) -> ReservationGroup:
    return ReservationGroup(
        id=ids.reservation_group_id(raw.id),
        location=raw.location.lower(),
        reservations=reservations,
        machines=tuple(map(_associated, raw.properties.virtual_machines_associated or ())),
    )


def _associated(raw: Raw) -> MachineId:
    return ids.machine_id(raw.id)
