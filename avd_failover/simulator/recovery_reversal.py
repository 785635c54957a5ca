"""Reprotect of a committed item: ``switchprotection``, by which replication runs the other way round.

The job takes about as long as enabling replication; at its end the item is gone from its container and lives
below the other region's, under a new id, and its initial replication runs for a while longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from avd_failover.simulator.core import Core, under
from avd_failover.simulator.records import Machine, key
from avd_failover.simulator.recovery_failover import Hands
from avd_failover.simulator.recovery_jobs import SERVICE
from avd_failover.simulator.recovery_records import ContainerMapping, Fabric, ProtectedItem
from avd_failover.simulator.refusals import ArmRefusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """What a switch was asked for, as far as it decides the new item."""

    recovery_group: str
    staging_account: str
    policy: str
    zone: str | None = None
    capacity_group: str = ""


def disk_of(machine: str) -> str:
    """Return the id of a machine's one disk."""
    base, _, name = machine.rpartition("/providers/Microsoft.Compute/virtualMachines/")
    return f"{base}/providers/Microsoft.Compute/disks/{name}_OsDisk"


def reverse_mapping(core: Core, item: ProtectedItem) -> ContainerMapping:
    """Return the mapping from where an item recovers to, back to where it lies.

    Refused with 400 ``ProtectionContainerMappingNotFound`` (an assumed code) when there is none.
    """
    for mapping in under(core.table(ContainerMapping).values(), item.recovery_container):
        if key(mapping.target) == key(item.container):
            return mapping
    source, target = (name.rsplit("/", 1)[-1] for name in (item.recovery_container, item.container))
    text = f"There is no mapping from the protection container '{source}' to '{target}'."
    raise ArmRefusal(400, "ProtectionContainerMappingNotFound", text)


def check(core: Core, item: ProtectedItem, asked: Mapping[str, Any]) -> Reversal:
    """Return what a switch asks for, or refuse it with 400.

    ``asked``: recovery_container, policy, recovery_group, zone, capacity_group, and disks, each with
    ``disk``, ``staging_account`` and ``recovery_group``.
    """
    mapping = reverse_mapping(core, item)
    if key(asked["recovery_container"]) != key(mapping.target):
        text = f"The recovery container '{asked['recovery_container']}' is not the one the mapping leads to."
        raise ArmRefusal(400, "InvalidRecoveryContainer", text)
    if key(asked["policy"]) != key(mapping.policy):
        raise ArmRefusal(400, "InvalidPolicy", f"The mapping does not use the policy '{asked['policy']}'.")
    disk = _disk(item, asked["disks"])
    return Reversal(
        recovery_group=asked["recovery_group"] or disk["recovery_group"],
        staging_account=disk["staging_account"], policy=mapping.policy, zone=asked["zone"],
        capacity_group=asked["capacity_group"] or "",
    )  # fmt: skip


def by_default(core: Core, item: ProtectedItem) -> Reversal:
    """Return what a recovery plan's reprotect, which names nothing, makes of an item."""
    source = core.get(Machine, item.machine)
    return Reversal(
        recovery_group=f"/subscriptions/{source.subscription}/resourceGroups/{source.resource_group}",
        staging_account=item.staging_account, policy=reverse_mapping(core, item).policy,
        zone=source.zones[0] if source.zones else None,
    )  # fmt: skip


def stop_original(hands: Hands, item: str) -> bool:
    """Stop the machine that was failed away from, when it still runs and can be reached."""
    found = hands.item(item)
    original = hands.core.find(Machine, found.machine)
    if original is None or original.power != "running" or not hands.reachable(found):
        return False
    try:
        hands.machines.begin(SERVICE, "deallocate", original)
    except ArmRefusal:
        return False
    return True


def reverse(hands: Hands, item: str, reversal: Reversal) -> ProtectedItem:
    """Put the reversed item in place of the committed one; its initial replication begins."""
    core = hands.core
    old = hands.item(item)
    now_s = core.now_s
    new = replace(
        old,
        id=f"{old.recovery_container}/replicationProtectedItems/{old.name}",
        machine=old.recovery_machine, recovery_machine="", recovery_container=old.container,
        recovery_group=reversal.recovery_group, recovery_vm_name=old.machine.rsplit("/", 1)[-1],
        recovery_zone=reversal.zone, capacity_group=reversal.capacity_group, policy=reversal.policy,
        staging_account=reversal.staging_account, phase="initial", since_s=now_s, job="",
        failover_point="", lost_s=None, broken=False, nics="[]", network="",
        ready_s=now_s + core.draw("initial-replication", hands.physics.initial_replication_s),
    )  # fmt: skip
    core.erase(SERVICE, "switch-protection", old)
    new = core.write(SERVICE, "switch-protection", new)
    return core.change(SERVICE, "replication", new, lost_s=None if hands.reachable(new) else now_s)


def _disk(item: ProtectedItem, disks: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    if not disks:
        raise ArmRefusal(400, "VMDisksMissing", "The managed disk details of the machine were not provided.")
    wanted = key(disk_of(item.recovery_machine))
    for disk in disks:
        if key(disk["disk"]) == wanted:
            return disk
    names = ", ".join(sorted(disk["disk"].rsplit("/", 1)[-1] for disk in disks))
    text = f"The disks '{names}' are not those of '{item.recovery_machine.rsplit('/', 1)[-1]}'."
    raise ArmRefusal(400, "VMDisksMissing", text)


def location_of(core: Core, container: str) -> str:
    """Return the region of a container."""
    return core.get(Fabric, container.rsplit("/", 2)[0]).location
