"""Azure Site Recovery, Azure to Azure (Microsoft.RecoveryServices): vaults, protected items, operations.

Every operation is checked against the item's state at once and answers with a job; only the job's end, and
the item read again, say what became of it. Sources: azure-facts sections 0, 7 and 10, recordings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from avd_failover.simulator.core import Core, under
from avd_failover.simulator.records import Region, key
from avd_failover.simulator.recovery_failover import Hands
from avd_failover.simulator.recovery_jobs import SERVICE, Jobs
from avd_failover.simulator.recovery_points import Point
from avd_failover.simulator.recovery_records import (
    CapacityGroup,
    Container,
    ContainerMapping,
    Direction,
    Fabric,
    Job,
    Policy,
    ProtectedItem,
    RecoveryPlan,
    Vault,
)
from avd_failover.simulator.recovery_reversal import check, location_of
from avd_failover.simulator.recovery_states import require
from avd_failover.simulator.recovery_work import Works
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, RequestLog, external

V = TypeVar("V", Fabric, Container, ContainerMapping, Policy, ProtectedItem, RecoveryPlan)

_KINDS = {
    Fabric: "replicationFabrics",
    Container: "replicationProtectionContainers",
    ContainerMapping: "replicationProtectionContainerMappings",
    Policy: "replicationPolicies",
    ProtectedItem: "replicationProtectedItems",
    RecoveryPlan: "replicationRecoveryPlans",
}
_DIRECTIONS = ("PrimaryToRecovery", "RecoveryToPrimary")


class Recovery(Part):
    """Verbs on protected items, and reads on all that lies in a vault. All refuse while the vault is dark."""

    area = "recovery"

    def __init__(self, core: Core, log: RequestLog, hands: Hands, jobs: Jobs) -> None:
        super().__init__(core, log)
        self.hands = hands
        self.works = Works(hands)
        self.jobs = jobs
        core.watch(Region, self._region_changed)

    def vault(self, vault: str) -> Vault:
        """Return one vault. Refused with 404 ``ResourceNotFound``, or 503 while its region is dark."""
        found = self.core.find(Vault, vault)
        if found is None:
            raise _missing("vaults", vault)
        self.core.require_up(found.location)
        return found

    def vaults(self, prefix: str) -> Sequence[Vault]:
        """Return the vaults below a subscription or resource group."""
        return under(self.core.table(Vault).values(), prefix)

    def get(self, kind: type[V], resource: str) -> V:
        """Return one thing of a vault. Refused with 404 ``ResourceNotFound``."""
        self.vault("/".join(resource.split("/")[:9]))
        found = self.core.find(kind, resource)
        if found is None:
            raise _missing(f"vaults/{_KINDS[kind]}", resource)
        return found

    def list(self, kind: type[V], below: str) -> Sequence[V]:
        """Return the things of one kind below a vault, fabric or container, which must exist."""
        self.vault("/".join(below.split("/")[:9]))
        parts = len(below.split("/"))
        if parts == 11:
            self.get(Fabric, below)
        elif parts == 13:
            self.get(Container, below)
        return under(self.core.table(kind).values(), below)

    def points(self, item: str) -> Sequence[Point]:
        """Return the recovery points of an item, in no order of time."""
        return self.hands.points(self.get(ProtectedItem, item))

    @external
    def unplanned_failover(
        self, actor: str, item: str, *, direction: Direction | None = None, shut_down: bool = False,
        point: str | None = None,
    ) -> Job:  # fmt: skip
        """Begin a failover to a point, or to the latest when ``point`` is None.

        Refused: 409 when the state does not allow it, 400 for a wrong direction or an unknown point.
        """
        found = self.get(ProtectedItem, item)
        require(found, "UnplannedFailover")
        self.check_direction(found, direction)
        if point is not None:
            self._check_point(found, point)
        return self.jobs.begin(actor, self.works.failover(found, shut_down=shut_down, point=point))

    @external
    def commit(self, actor: str, item: str) -> Job:
        """Begin to commit a failover; refused with 409 unless one is pending."""
        found = self.get(ProtectedItem, item)
        require(found, "Commit")
        return self.jobs.begin(actor, self.works.commit(found))

    @external
    def apply_point(self, actor: str, item: str, point: str) -> Job:
        """Begin to change the recovery point; only before the commit."""
        found = self.get(ProtectedItem, item)
        require(found, "ChangePit")
        chosen = self._check_point(found, point)
        return self.jobs.begin(actor, self.works.change_point(found, chosen.id))

    @external
    def cancel_failover(self, actor: str, item: str) -> Job:
        """Refused with 409 in every state: no A2A item lists CancelFailover; to give up is to fail back."""
        del actor
        found = self.get(ProtectedItem, item)
        require(found, "CancelFailover")
        raise AssertionError("no state allows CancelFailover")

    @external
    def update(self, actor: str, item: str, changes: Mapping[str, Any]) -> Job:
        """Begin to change settings of an item: fields of ``ProtectedItem``, such as ``capacity_group``.

        Refused: 409 while a job works on it, 400 for a capacity group that is not there or elsewhere.
        """
        found = self.get(ProtectedItem, item)
        if found.job:
            require(found, "UpdateReplicationProtectedItem")
        group = changes.get("capacity_group")
        if group:
            self._check_capacity_group(group, self.hands.recovery_location(found))
        return self.jobs.begin(actor, self.works.update(found, dict(changes)))

    @external
    def switch_protection(self, actor: str, container: str, item_name: str, asked: Mapping[str, Any]) -> Job:
        """Begin to reprotect an item of a container; ``asked`` is as in ``recovery_reversal.check``."""
        self.get(Container, container)
        found = self.get(ProtectedItem, f"{container}/replicationProtectedItems/{item_name}")
        require(found, "SwitchProtection")
        reversal = check(self.core, found, asked)
        if reversal.capacity_group:
            self._check_capacity_group(reversal.capacity_group, location_of(self.core, found.container))
        return self.jobs.begin(actor, self.works.switch(found, reversal, self.replicate))

    @external
    def reprotect(self, actor: str, item: str) -> Job:
        """Begin ``reProtect``, whose job fails for managed disks."""
        found = self.get(ProtectedItem, item)
        require(found, "ReverseReplicate")
        return self.jobs.begin(actor, self.works.reprotect(found))

    @external
    def test_failover(self, actor: str, item: str, *, point: str | None = None) -> Job:
        """Begin a test failover: a twin with the same computer name comes up beside the source."""
        found = self.get(ProtectedItem, item)
        require(found, "TestFailover")
        if point is not None:
            self._check_point(found, point)
        return self.jobs.begin(actor, self.works.test_failover(found))

    @external
    def clean_up_test(self, actor: str, item: str) -> Job:
        """Begin to delete the twin of a test failover."""
        found = self.get(ProtectedItem, item)
        require(found, "TestFailoverCleanup")
        return self.jobs.begin(actor, self.works.clean_up(found))

    def refuse_removal(self, item: str) -> None:
        """Refuse to disable protection: the vaults here carry a delete lock (409 ``ScopeLocked``)."""
        found = self.get(ProtectedItem, item)
        text = (
            f"The scope '{found.id}' cannot perform delete operation because following scope(s) are locked:"
            f" '{found.vault}'. Please remove the lock and try again."
        )
        raise ArmRefusal(409, "ScopeLocked", text)

    def replicate(self, item: ProtectedItem) -> None:
        """Let initial replication of a new item come to its end; while its source is dark it waits."""
        self.core.after(item.ready_s - self.core.now_s, lambda: self._replicated(item.id, item.ready_s))

    def _replicated(self, item: str, ready_s: float) -> None:
        found = self.core.find(ProtectedItem, item)
        if found is None or found.phase != "initial" or found.ready_s != ready_s:
            return
        if found.lost_s is not None:
            later = self.core.change(SERVICE, "replication", found, ready_s=ready_s + 60)
            self.replicate(later)
        elif found.job:
            self.core.after(60, lambda: self._replicated(item, ready_s))
        else:
            self.jobs.begin(SERVICE, self.works.finalize(found))

    def check_direction(self, item: ProtectedItem, direction: Direction | None) -> None:
        """Hold a failover to the one direction that this vault takes: for failback it is not verified."""
        if direction is None:
            return
        reversed_now = location_of(self.core, item.container) != item.initial_primary
        wanted = self.vault(item.vault).failback_direction if reversed_now else _DIRECTIONS[0]
        if direction != wanted:
            text = (
                f"The failover direction '{direction}' is not valid for '{item.name}'; expected '{wanted}'."
            )
            raise ArmRefusal(400, "InvalidFailoverDirection", text)

    def _check_point(self, item: ProtectedItem, point: str) -> Point:
        for held in self.hands.points(item):
            if key(held.id) == key(point):
                return held
        text = f"The recovery point '{point.rsplit('/', 1)[-1]}' of '{item.name}' was not found."
        raise ArmRefusal(400, "RecoveryPointNotFound", text)

    def _check_capacity_group(self, group: str, location: str) -> None:
        found = self.core.find(CapacityGroup, group)
        if found is None or found.location != location:
            text = f"The capacity reservation group '{group}' was not found in region '{location}'."
            raise ArmRefusal(400, "InvalidCapacityReservationGroup", text)

    def _region_changed(self, before: Region | None, after: Region | None) -> None:
        """Replication stops with the region it comes from, and goes on with it."""
        region = after or before
        if region is None:
            return
        for item in list(self.core.table(ProtectedItem).values()):
            if key(location_of(self.core, item.container)) != key(region.id) or item.broken:
                continue
            up = self.hands.reachable(item)
            lost_s = None if up else item.lost_s if item.lost_s is not None else self.core.now_s
            self.core.change(SERVICE, "replication", item, lost_s=lost_s)


def _missing(kind: str, resource: str) -> ArmRefusal:
    parts = resource.split("/")
    group = parts[4] if len(parts) > 4 else ""
    return resource_missing(f"Microsoft.RecoveryServices/{kind}", parts[-1], group)
