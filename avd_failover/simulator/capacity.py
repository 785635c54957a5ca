"""Whether a region has room for one more machine, and how much of its quotas a subscription uses.

Azure's capacity is finite where a scenario says so (``CapacityLimit``); a place that a capacity reservation
keeps is always there. Quotas count every machine that exists, deallocated or not, so that a start never
fails for quota (azure-facts section 6).
"""

from collections.abc import Iterator

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import Machine, key
from avd_failover.simulator.records_compute import CapacityLimit, Quota, SkuRestriction
from avd_failover.simulator.recovery_records import Reservation
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.sizes import size_of

ALLOCATED = {"running", "starting", "stopping", "stopped"}
ROOMY = {"cores": 350, "virtualMachines": 25_000, "availabilitySets": 2_500}
FAMILY_LIMIT = 350
_NO_ROOM = "We do not have sufficient capacity for the requested VM size in this {0}."


class Capacity:
    """Answers about room."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def lack(self, machine: Machine) -> tuple[str, str] | None:
        """Return code and message with which an allocation fails, or None when there is room."""
        if machine.power in ALLOCATED or self._has_place(machine):
            return None
        for limit in self._core.table(CapacityLimit).values():
            if self._concerns(limit, machine) and self.used(limit) >= limit.limit:
                if limit.zone:
                    return "ZonalAllocationFailed", "Allocation failed. " + _NO_ROOM.format("zone")
                return "AllocationFailed", "Allocation failed. " + _NO_ROOM.format("region")
        return None

    def used(self, limit: CapacityLimit) -> int:
        """Return how many machines count against a limit: allocated, and not in a reserved place."""
        machines = self._core.table(Machine).values()
        return sum(
            self._concerns(limit, one) and one.power in ALLOCATED and not self._reserved(one)
            for one in machines
        )

    def check_size(self, machine: Machine) -> None:
        """Refuse with 409 ``SkuNotAvailable`` to allocate a size that is restricted there."""
        if self.restriction(machine) is not None:
            text = (
                f"The requested VM size '{machine.vm_size}' is currently not available in location"
                f" '{machine.location}'. Please try another size or deploy to a different location or zones."
                " See https://aka.ms/azureskunotavailable for details."
            )
            raise ArmRefusal(409, "SkuNotAvailable", text)

    def restriction(self, machine: Machine) -> SkuRestriction | None:
        """Return what keeps a subscription from using a machine's size there, or None."""
        for one in self._core.table(SkuRestriction).values():
            same = key(one.location) == key(machine.location) and key(one.size) == key(machine.vm_size)
            if same and (not one.zones or set(one.zones) & set(machine.zones)):
                return one
        return None

    def usages(self, subscription: str, location: str) -> Iterator[tuple[str, int, int]]:
        """Return name, use and limit of every quota of a subscription in a region."""
        here = [
            one
            for one in self._core.table(Machine).values()
            if key(one.location) == key(location) and key(one.subscription) == key(subscription)
        ]
        sizes = [size_of(one.vm_size) for one in here]
        used = {
            "availabilitySets": 0,
            "cores": sum(size.vcpus for size in sizes),
            "virtualMachines": len(here),
        }
        for size in sizes:
            used[size.family] = used.get(size.family, 0) + size.vcpus
        limits = self._limits(location)
        for name in dict.fromkeys([*used, *limits]):
            limit = limits.get(name, ROOMY.get(name, FAMILY_LIMIT))
            yield name, used.get(name, 0), limit

    def _limits(self, location: str) -> dict[str, int]:
        held = self._core.table(Quota).values()
        return {one.quota: one.limit for one in held if key(one.location) == key(location)}

    def _concerns(self, limit: CapacityLimit, machine: Machine) -> bool:
        same = key(limit.location) == key(machine.location) and key(limit.size) == key(machine.vm_size)
        return same and (not limit.zone or limit.zone in machine.zones)

    def _has_place(self, machine: Machine) -> bool:
        return any(self._taken(one) < one.capacity for one in self._places(machine))

    def _reserved(self, machine: Machine) -> bool:
        return any(True for _ in self._places(machine))

    def _places(self, machine: Machine) -> Iterator[Reservation]:
        if machine.reservation_group is None:
            return
        group = key(machine.reservation_group)
        for one in self._core.table(Reservation).values():
            same_size = key(one.size) == key(machine.vm_size)
            zone_fits = not one.zone or one.zone in machine.zones
            if key(one.id).startswith(group + "/") and same_size and zone_fits:
                yield one

    def _taken(self, place: Reservation) -> int:
        machines = self._core.table(Machine).values()
        return sum(one.power in ALLOCATED and place in self._places(one) for one in machines)
