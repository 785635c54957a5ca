"""What jobs of Site Recovery do to machines and session hosts: fail over, commit, another point, test.

A failover shuts the source down if asked to and if it can be reached, makes a machine in the other region
with the same computer name and none of the extensions, and the session host of that name follows it: the
agent on the disk is the same. Nothing is committed by itself.
"""

from dataclasses import dataclass

from avd_failover.simulator.core import Core
from avd_failover.simulator.extensions import Extensions
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.physics import RecoveryPhysics
from avd_failover.simulator.records import Machine, SessionHost
from avd_failover.simulator.recovery_jobs import SERVICE
from avd_failover.simulator.recovery_mishaps import CAPACITY_CODE, job_error
from avd_failover.simulator.recovery_points import Point, latest, points
from avd_failover.simulator.recovery_records import Fabric, JobError, Policy, ProtectedItem
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.reservations import Reservations
from avd_failover.simulator.sessions import Sessions

_SHUTDOWN_AT_MOST_S = 300.0
_MAIN_AT_LEAST_S = 30.0
_TWIN = "-test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What jobs of Site Recovery work on."""

    core: Core
    hosts: Hosts
    sessions: Sessions
    machines: Machines
    reservations: Reservations
    extensions: Extensions

    @property
    def physics(self) -> RecoveryPhysics:
        """Durations of this world."""
        return self.core.physics.recovery

    def item(self, item: str) -> ProtectedItem:
        """Return an item as it is now."""
        return self.core.get(ProtectedItem, item)

    def reachable(self, item: ProtectedItem) -> bool:
        """Tell whether the region that an item replicates from answers and runs machines."""
        location = self.core.get(Fabric, item.fabric).location
        return self.core.is_up(location, "compute") and self.core.is_up(location, "control")

    def points(self, item: ProtectedItem) -> list[Point]:
        """Return what an item can be failed over to now."""
        return points(item, self.core.get(Policy, item.policy), self.core.now_s)

    def recovery_location(self, item: ProtectedItem) -> str:
        """Return the region that an item replicates to."""
        return self.core.get(Fabric, item.recovery_container.rsplit("/", 2)[0]).location

    def create(self, item: ProtectedItem, name: str, *, zone: str | None) -> Machine:
        """Make a machine of an item's replica, still starting."""
        source = self.core.get(Machine, item.machine)
        machine = Machine(
            id=f"{item.recovery_group}/providers/Microsoft.Compute/virtualMachines/{name}",
            location=self.recovery_location(item), vm_id=self.core.guid("recovery-machine"),
            vm_size=item.recovery_vm_size, computer_name=source.computer_name, power="starting",
            power_since_s=self.core.now_s, zones=(zone,) if zone else (), tags=source.tags,
            reservation_group=item.capacity_group or None,
        )  # fmt: skip
        self.extensions.drop_all(machine.id)
        return self.core.write(SERVICE, "create-machine", machine)

    def move_host(self, source: str, machine: Machine) -> None:
        """Let the session host of one machine follow its disk to another one."""
        host = self.hosts.on_machine(source)
        if host is None:
            return
        self.sessions.drop_all(host)
        now_s = self.core.now_s
        self.core.change(
            SERVICE, "host-follows", self.core.get(SessionHost, host.id), machine=machine.id,
            status="Unavailable", status_since_s=now_s, modified_s=now_s,
        )  # fmt: skip

    def no_room(self, item: ProtectedItem) -> JobError | None:
        """Return why the other region has no place for an item's machine, if so."""
        location = self.recovery_location(item)
        if not self.core.is_up(location, "compute"):
            why = f"AllocationFailed: no sufficient capacity in region '{location}'."
        elif item.capacity_group and not self.reservations.has_room(
            item.capacity_group, item.recovery_vm_size, item.recovery_zone
        ):
            group = item.capacity_group.rsplit("/", 1)[-1]
            why = f"the capacity reservation group '{group}' has no free '{item.recovery_vm_size}'."
        else:
            return None
        text = f"Site Recovery was not able to create a failed over virtual machine in Azure: {why}"
        return job_error(CAPACITY_CODE, text, self.core.now_s)


class Failover:
    """One failover of one item: what its tasks do, and what they remember between them."""

    def __init__(self, hands: Hands, item: str, *, shut_down: bool, point: str | None) -> None:
        self._hands = hands
        self._core = hands.core
        self._item = item
        self._shut_down = shut_down
        self._wanted = point
        self._began_s = hands.core.now_s
        self._total_s = hands.core.draw("failover", hands.physics.failover_s)
        self._start_s = hands.core.draw("failover-start", hands.physics.boot_s)
        self.point: Point | None = None
        self.point_s = 0.0
        self.machine: Machine | None = None

    def begin_shutdown(self) -> bool:
        """Ask the source to stop; False, and so skipped, when not asked for or not possible."""
        item = self._hands.item(self._item)
        if not self._shut_down or not self._hands.reachable(item):
            return False
        try:
            source = self._core.get(Machine, item.machine)
            self._hands.machines.begin(SERVICE, "deallocate", source)
        except ArmRefusal:
            return False
        return True

    def is_shut_down(self) -> bool:
        """Tell whether to wait no longer for the source: it stopped, or took too long."""
        source = self._core.get(Machine, self._hands.item(self._item).machine)
        waited_s = self._core.now_s - self._began_s
        return source.power in {"deallocated", "stopped"} or waited_s > _SHUTDOWN_AT_MOST_S

    def begin_sync(self) -> bool:
        """Process what is on its way; skipped for a point of one's choice or when nothing more can come."""
        return self._wanted is None and self._hands.reachable(self._hands.item(self._item))

    def begin_main(self) -> bool:
        """Settle which point it will be."""
        held = self._hands.points(self._hands.item(self._item))
        wanted = (self._wanted or "").lower()
        chosen = [one for one in held if one.id.lower() == wanted] if wanted else []
        self.point = chosen[0] if chosen else latest(held)
        self.point_s = self._core.now_s
        return True

    def main_takes_s(self) -> float:
        """Return what is left of the time that the whole failover takes."""
        used_s = self._core.now_s - self._began_s
        return max(_MAIN_AT_LEAST_S, self._total_s - used_s - self._start_s)

    def end_main(self) -> JobError | None:
        """Make the machine, and let the session host follow it."""
        item = self._hands.item(self._item)
        if self.point is None:
            return job_error("28011", "There is no recovery point to fail over to.", self._core.now_s)
        fault = self._hands.no_room(item)
        if fault is not None:
            return fault
        self.machine = self._hands.create(item, item.recovery_vm_name, zone=item.recovery_zone)
        self._hands.move_host(item.machine, self.machine)
        self._core.change(SERVICE, "failover", item, recovery_machine=self.machine.id)
        return None

    def start_takes_s(self) -> float:
        """Return how long the new machine takes to run."""
        return self._start_s

    def end_start(self) -> JobError | None:
        """The machine runs; its agent reports when it has started."""
        if self.machine is not None:
            self._hands.machines.boot(SERVICE, self.machine.id)
        return None


class TestFailover:
    """A machine made beside the source, with the same name on the same control plane."""

    __test__ = False

    def __init__(self, hands: Hands, item: str) -> None:
        self._hands = hands
        self._item = item
        self.machine: Machine | None = None

    def end_main(self) -> JobError | None:
        """Make the twin. It takes no place of the capacity reservation group."""
        item = self._hands.item(self._item)
        name = item.test_vm_name or f"{item.recovery_vm_name}{_TWIN}"
        made = self._hands.create(item, name, zone=item.recovery_zone)
        self.machine = self._hands.core.change(SERVICE, "create-machine", made, reservation_group=None)
        return None

    def end_start(self) -> JobError | None:
        """The twin runs."""
        if self.machine is not None:
            self._hands.machines.boot(SERVICE, self.machine.id)
        return None

    def clean_up(self) -> JobError | None:
        """Delete the twin again."""
        item = self._hands.item(self._item)
        twin = self._hands.core.find(Machine, item.test_machine)
        if twin is not None:
            self._hands.core.erase(SERVICE, "delete-machine", twin)
        return None
