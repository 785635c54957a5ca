"""Replicating machines back: until then, a desktop is lost with the region that it was failed over to."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.actions import Action, Moves
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.ids import resource_group_of, subscription_of
from avd_failover.domain.personal_plan import RecoverySide
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import ReprotectMachine
from avd_failover.domain.replication import Allowed, ContainerMapping, ProtectedItem, Reversal, ReversedDisk
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import Memory, NotYet, Proven, Verdict
from avd_failover.operations.desks import SETTLES_S, Desks, PersonalBase, lasted_s, machines_of
from avd_failover.operations.fan_out import FanOut

REPLICATION_S = 60.0
"""How often the first replication of many disks is looked at."""


class Reprotect(FanOut):
    """Let every committed machine be replicated the other way round (``switchprotection``)."""

    spec: ClassVar = OperationSpec(
        name="personal.reprotect",
        summary="Replicate every committed machine back to where it came from; debt while that is dark.",
        ends=(End.SOURCE,),
        changes=("machine.reprotect",),
    )
    scenario: ClassVar = jobs.SWITCH_PROTECTION
    ready: ClassVar = frozenset({Stand.COMMITTED})
    under_way: ClassVar = frozenset({Stand.REVERSING})
    done: ClassVar = "replicated back"
    follows: ClassVar = "machine.commit"

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read desktops and mappings, and the machines that were left: nothing is replicated to the dark."""
        seen = await self.look(cloud, memory)
        mappings = await cloud.recovery.mappings(self.personal.vault)
        left = [desk.item.machine for desk in seen.desks if desk.item and desk.stand in self.ready]
        return replace(seen, mappings=mappings, machines=await machines_of(cloud, left))

    def concerned(self, seen: Desks) -> tuple[Desk, ...]:
        """Those that are committed."""
        return tuple(desk for desk in seen.desks if desk.stand.kept)

    def through(self, desk: Desk, seen: Desks) -> bool:
        """Hold when the item lies in the other container; its first replication may still go on."""
        return desk.turned

    def action(self, desk: Desk, seen: Desks) -> Action:
        """Reprotect one."""
        item, way = desk.item, _way_back(desk, seen)
        if item is None or desk.host.machine is None or way is None:
            raise LookupError(f"{desk.name} cannot be reprotected")
        back, here = self.recovery_side(End.SOURCE), self.recovery_side(End.TARGET)
        return ReprotectMachine(
            item=item.id,
            machine=desk.host.machine,
            reversal=reversal(item, way, cache_account=here.cache_account, back=back),
            reason=f"nothing protects it in {self.target_region}",
        )

    def lacks(self, desk: Desk, seen: Desks) -> str:
        """Without leave, a mapping back and the disks there is no reprotect."""
        item = desk.item
        if item is None or not item.allows(Allowed.SWITCH_PROTECTION):
            return "does not allow a reprotect now"
        if seen.mappings is not None and not seen.mappings.complete:
            return f"the mappings could not be read whole: {seen.mappings.gap}"
        if _way_back(desk, seen) is None:
            return "the vault has no mapping back: make one between the two containers"
        if item.machine is None or not item.disks or not all(disk.recovered for disk in item.disks):
            return "its disks are not told"
        return ""


class Protected(PersonalBase):
    """Wait until the first replication of every reprotected machine is complete."""

    spec: ClassVar = OperationSpec(
        name="personal.protected",
        summary="Wait until every machine that was reprotected is protected again.",
        ends=(End.SOURCE,),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read the desktops."""
        return await self.look(cloud, memory)

    def plan(self, seen: Desks) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[Desks]) -> Verdict:
        """Hold when no machine that was turned replicates for the first time any more."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(
                because="could not be read whole: " + "; ".join(seen.gaps), look_again_s=REPLICATION_S
            )
        turned = [desk for desk in seen.desks if desk.turned]
        protected = [desk for desk in turned if desk.stand is Stand.REVERSED]
        bare = [desk for desk in seen.desks if desk.stand.unprotected and not desk.turned]
        said = f"{len(protected)} of {counted(len(turned), 'reprotected desktop')} protected again"
        if not turned:
            said = "no desktop is replicated back yet"
        if len(protected) < len(turned) or lasted_s(looks, _not_turned) < SETTLES_S:
            return NotYet(because=said, look_again_s=REPLICATION_S)
        named = f"; unprotected: {listed([desk.name for desk in bare])}" if bare else ""
        facts: dict[str, Setting] = {"protected": len(protected), "unprotected": len(bare)}
        return Proven(because=said + named, facts=facts, idle=not turned)


def _not_turned(seen: Desks) -> tuple[datetime, frozenset[str]]:
    """Return whom this run reprotected and a reading does not show so, and when that was read."""
    turned = {desk.item_name for desk in seen.desks if desk.turned}
    return seen.now, seen.done_to("machine.reprotect") - turned


def reversal(
    item: ProtectedItem, way: ContainerMapping, *, cache_account: str, back: RecoverySide
) -> Reversal:
    """Return what a reprotect of an item asks for: back to the group, zone and places that it came from."""
    original = item.machine or ""
    group = f"/subscriptions/{subscription_of(original)}/resourcegroups/{resource_group_of(original)}"
    return Reversal(
        name=item.name,
        recovery_container=way.target,
        policy=way.policy,
        recovery_group=group,
        disks=tuple(
            ReversedDisk(
                disk=disk.recovered,
                staging_account=cache_account,
                recovery_group=group,
                replica_sku=disk.replica_sku,
                target_sku=disk.target_sku,
                encryption_set=disk.encryption_set,
            )
            for disk in item.disks
        ),
        recovery_zone=item.primary_zone,
        reservation_group=back.reservation_group,
    )


def _way_back(desk: Desk, seen: Desks) -> ContainerMapping | None:
    item, known = desk.item, seen.mappings.items if seen.mappings is not None else ()
    if item is None:
        return None
    ways = [one for one in known if one.source == item.recovery_container and one.target == item.container]
    return ways[0] if ways else None
