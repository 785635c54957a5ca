"""Capacity reservation groups as frozen values: places kept for machines of one size in one zone."""

from msgspec import Struct

from avd_failover.domain.ids import MachineId, ReservationGroupId


class Reservation(Struct, frozen=True, kw_only=True):
    """Places kept for one size; ``zone`` empty for a regional one. ``taken`` counts allocated machines."""

    name: str
    size: str
    capacity: int
    taken: int
    zone: str = ""

    @property
    def free(self) -> int:
        """Places that no machine holds; never below zero, though Azure lets a group be overallocated."""
        return max(self.capacity - self.taken, 0)

    def fits(self, size: str, zone: str) -> bool:
        """Tell whether a machine of a size, in a zone or in none, finds its place here."""
        return self.size.lower() == size.lower() and self.zone == zone


class ReservationGroup(Struct, frozen=True, kw_only=True):
    """A capacity reservation group with its reservations and the machines associated with it."""

    id: ReservationGroupId
    location: str
    reservations: tuple[Reservation, ...]
    machines: tuple[MachineId, ...] = ()

    def free(self, size: str, zone: str = "") -> int:
        """Return how many more machines of a size find a place in a zone."""
        return sum(one.free for one in self.reservations if one.fits(size, zone))
