"""Personal desktops and a vault of Site Recovery, written into a new world as a scenario describes them."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from avd_failover.simulator.records import HostPool, Machine, Record, SessionHost, User
from avd_failover.simulator.recovery_failover import TestFailover
from avd_failover.simulator.recovery_points import latest
from avd_failover.simulator.recovery_records import (
    CapacityGroup,
    Container,
    ContainerMapping,
    Extension,
    Fabric,
    Policy,
    ProtectedItem,
    RecoveryPlan,
    Reservation,
    Vault,
)
from avd_failover.simulator.scenario_recovery import (
    ExceptionSpec,
    PersonalPoolSpec,
    ProtectionSpec,
    RecoveryPlanSpec,
    RecoverySpec,
)
from avd_failover.simulator.world import World

_NAMESPACE = uuid.UUID("0c7b9d1e-58d1-5d3c-9f53-3f0f6a2e4b11")
_BROKEN_FOR_S = 3_600.0
_PROTECTED_FOR_S = 30 * 86_400.0
_USUAL = ExceptionSpec(desktop="any")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What the rest of a scenario has made by now. ``root`` is the id of the first subscription."""

    world: World
    actor: str
    root: str
    pools: dict[str, str]

    def write(self, records: Iterable[Record]) -> None:
        """Write records of the beginning."""
        for record in records:
            self.world.core.write(self.actor, "build", record)

    def hosts(self, pool: str) -> list[SessionHost]:
        """Return the hosts of a pool by its name, in order."""
        return list(self.world.hosts.of_pool(self.pools[pool]))


def personal_pool(ground: Ground, spec: PersonalPoolSpec, users: list[User]) -> None:
    """Make a pool personal, and give its desktops to users one by one."""
    core = ground.world.core
    pool = core.get(HostPool, ground.pools[spec.pool])
    core.change(
        ground.actor, "build", pool, host_pool_type="Personal", load_balancer_type="Persistent",
        personal_desktop_assignment_type=spec.assignment,
    )  # fmt: skip
    for host, user in zip(ground.hosts(spec.pool), users, strict=False):
        core.change(ground.actor, "build", host, assigned_user=user.user_principal_name)


def vault(ground: Ground, spec: RecoverySpec) -> None:
    """Write a vault and everything in it."""
    base = f"{ground.root}/resourceGroups/{spec.resource_group}/providers/Microsoft.RecoveryServices"
    made = Vault(
        id=f"{base}/vaults/{spec.vault}", location=spec.region, failback_direction=spec.failback_direction
    )
    _Vault(ground, spec, made).write()


class _Vault:
    def __init__(self, ground: Ground, spec: RecoverySpec, made: Vault) -> None:
        self._ground = ground
        self._core = ground.world.core
        self._spec = spec
        self._vault = made
        self._policy = f"{made.id}/replicationPolicies/{spec.policy.name}"
        self._fabrics = {f.name: f"{made.id}/replicationFabrics/{f.name}" for f in spec.fabrics}
        self._containers = {
            f.name: f"{self._fabrics[f.name]}/replicationProtectionContainers/{f.container}"
            for f in spec.fabrics
        }
        self._items: dict[str, str] = {}

    def write(self) -> None:
        """Write everything in an order in which nothing is missing."""
        self._ground.write([self._vault, *self._layout(), *self._reservations()])
        for protection in self._spec.protects:
            self._protect(protection)
        self._ground.write(self._plan(plan) for plan in self._spec.plans)
        for mishap in self._spec.mishaps:
            item = self._items[mishap.desktop] if mishap.desktop else ""
            self._ground.world.recovery.mishaps.put(
                self._ground.actor, item, mishap.on, mishap.how, times=mishap.times, code=mishap.code,
                message=mishap.message,
            )  # fmt: skip

    def _layout(self) -> Iterable[Record]:
        shown = {region.id: region.display_name for region in self._ground.world.pools.regions()}
        spec = self._spec.policy
        yield Policy(
            id=self._policy, guid=_guid(self._policy), point_history_min=spec.history_minutes,
            app_consistent_min=spec.app_consistent_minutes,
        )  # fmt: skip
        for fabric in self._spec.fabrics:
            found, container = self._fabrics[fabric.name], self._containers[fabric.name]
            yield Fabric(
                id=found, location=fabric.region, display_name=shown[fabric.region], guid=_guid(found)
            )
            yield Container(id=container, guid=_guid(container))
        ways = [(one.source, one.target) for one in self._spec.protects]
        ways += [(target, source) for source, target in ways] if self._spec.reverse_mapping else []
        for source, target in dict.fromkeys(ways):
            name = f"{source}-to-{target}"
            yield ContainerMapping(
                id=f"{self._containers[source]}/replicationProtectionContainerMappings/{name}",
                target=self._containers[target],
                policy=self._policy,
            )

    def _reservations(self) -> Iterable[Record]:
        for spec in self._spec.reservation_groups:
            group = self._reservation_group(spec.name)
            zones = tuple(sorted({one.zone for one in spec.reservations if one.zone}))
            yield CapacityGroup(id=group, location=spec.region, zones=zones)
            for one in spec.reservations:
                yield Reservation(
                    id=f"{group}/capacityReservations/{one.name}", location=spec.region, size=one.size,
                    capacity=one.capacity, zone=one.zone or "",
                )  # fmt: skip

    def _protect(self, spec: ProtectionSpec) -> None:
        unusual = {one.desktop: one for one in spec.exceptions}
        for host in self._ground.hosts(spec.pool):
            how = unusual.get(host.name, _USUAL)
            machine = self._core.get(Machine, host.machine)
            self._ground.write(_extensions(machine, spec))
            if how.state == "unprotected":
                continue
            item = self._item(machine, spec, how)
            self._items[host.name] = item.id
            self._ground.write([item])
            self._stand(item, how)

    def _item(self, machine: Machine, spec: ProtectionSpec, how: ExceptionSpec) -> ProtectedItem:
        regions = {fabric.name: fabric.region for fabric in self._spec.fabrics}
        name = f"{self._containers[spec.source]}/replicationProtectedItems/{machine.name}"
        group = spec.reservation_group if not how.no_reservation else None
        base = f"/subscriptions/{machine.subscription}/resourceGroups/{machine.resource_group}"
        dark = not self._core.is_up(regions[spec.source], "compute")
        stopped_s = -_BROKEN_FOR_S if how.broken else 0.0 if dark else None
        return ProtectedItem(
            id=name, machine=machine.id, guid=_guid(name), phase="protected", policy=self._policy,
            recovery_container=self._containers[spec.target],
            recovery_group=f"{self._ground.root}/resourceGroups/{spec.recovery_resource_group}",
            recovery_vm_name=machine.name, recovery_vm_size=machine.vm_size,
            recovery_zone=machine.zones[0] if machine.zones else None,
            staging_account=f"{base}/providers/Microsoft.Storage/storageAccounts/{spec.staging_account}",
            initial_primary=regions[spec.source], initial_recovery=regions[spec.target],
            capacity_group=self._reservation_group(group) if group else "",
            ready_s=-_PROTECTED_FOR_S, lost_s=stopped_s, broken=how.broken,
        )  # fmt: skip

    def _stand(self, item: ProtectedItem, how: ExceptionSpec) -> None:
        """Bring an item to where it stands at the beginning."""
        if how.state == "initial":
            ready_s = self._core.draw(
                "initial-replication", self._core.physics.recovery.initial_replication_s
            )
            initial = self._core.change(self._ground.actor, "build", item, phase="initial", ready_s=ready_s)
            self._ground.world.recovery.items.replicate(initial)
        if how.state in {"commit-pending", "committed"}:
            self._fail_over(item, how.state)
        if how.state == "tested":
            self._test(item)

    def _test(self, item: ProtectedItem) -> None:
        """Let somebody's test failover have ended without a cleanup: its twin runs."""
        doing = TestFailover(self._ground.world.recovery.items.hands, item.id)
        doing.end_main()
        twin = doing.machine
        if twin is not None:
            self._core.change(self._ground.actor, "build", twin, power="running")
            self._core.change(
                self._ground.actor, "build", item, test_state="WaitingForCleanup", test_machine=twin.id,
                tested_s=0.0,
            )  # fmt: skip

    def _fail_over(self, item: ProtectedItem, phase: str) -> None:
        hands = self._ground.world.recovery.items.hands
        point = latest(hands.points(item))
        source = self._core.get(Machine, item.machine)
        made = hands.create(item, item.recovery_vm_name, zone=item.recovery_zone)
        self._core.change(self._ground.actor, "build", made, power="running")
        hands.move_host(item.machine, made)
        host = self._ground.world.hosts.on_machine(made.id)
        if host is not None:
            self._core.change(self._ground.actor, "build", host, status="Available", modified_s=0.0)
        self._core.change(self._ground.actor, "build", source, power="deallocated")
        self._core.change(
            self._ground.actor, "build", item, phase=phase, recovery_machine=made.id, failed_over_s=0.0,
            failover_point=point.id if point else "",
        )  # fmt: skip

    def _plan(self, spec: RecoveryPlanSpec) -> RecoveryPlan:
        protection = next(one for one in self._spec.protects if one.pool == spec.pool)
        hosts = [host.name for host in self._ground.hosts(spec.pool) if host.name in self._items]
        groups = spec.groups or (tuple(hosts),)
        name = f"{self._vault.id}/replicationRecoveryPlans/{spec.name}"
        return RecoveryPlan(
            id=name, guid=_guid(name), primary_fabric=self._fabrics[protection.source],
            recovery_fabric=self._fabrics[protection.target],
            groups=tuple(tuple(self._items[host] for host in group) for group in groups),
        )  # fmt: skip

    def _reservation_group(self, name: str) -> str:
        spec = next(one for one in self._spec.reservation_groups if one.name == name)
        base = f"{self._ground.root}/resourceGroups/{spec.resource_group}"
        return f"{base}/providers/Microsoft.Compute/capacityReservationGroups/{name}"


def _extensions(machine: Machine, spec: ProtectionSpec) -> Iterable[Extension]:
    for one in spec.extensions:
        yield Extension(
            id=f"{machine.id}/extensions/{one.name}", location=machine.location, publisher=one.publisher,
            type=one.type, version=one.version, auto_upgrade=one.auto_upgrade,
            settings=json.dumps(one.settings, sort_keys=True),
        )  # fmt: skip


def _guid(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name.lower()))
