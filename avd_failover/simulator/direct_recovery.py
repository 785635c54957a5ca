"""Site Recovery of the direct face: a write answers with the job it became, which then runs by itself."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain import replication as domain
from avd_failover.domain.faults import TransientError
from avd_failover.domain.ids import (
    ProtectedItemId,
    RecoveryJobId,
    RecoveryPointId,
    ReservationGroupId,
    VaultId,
)
from avd_failover.domain.recovery_jobs import RecoveryJob, jobs_newest_first
from avd_failover.domain.reservations import ReservationGroup
from avd_failover.simulator import direct_recovery_values as values
from avd_failover.simulator.direct_call import Line
from avd_failover.simulator.direct_recovery_plans import DirectRecoveryPlans
from avd_failover.simulator.recovery_records import ContainerMapping, ProtectedItem, Reservation
from avd_failover.simulator.world import World


class DirectSiteRecovery(DirectRecoveryPlans):
    """Replicated items of a vault and its recovery plans, and what may be done to them."""

    async def items(self, vault: VaultId) -> Reading[domain.ProtectedItem]:
        """List every replicated item of a vault."""
        return await self._line.read_list(
            "items.list", vault, lambda world: _items(world, vault), lambda one: one
        )

    async def item(self, item: ProtectedItemId) -> domain.ProtectedItem:
        """Read one item."""
        return await self._line.ask(
            "items.get",
            item,
            lambda world: values.item(world, world.recovery.items.get(ProtectedItem, item)),
        )

    async def recovery_points(self, item: ProtectedItemId) -> Reading[domain.RecoveryPoint]:
        """List the recovery points of an item, the newest first."""
        found = await self._line.read_list(
            "points.list",
            item,
            lambda world: [values.point(world, one) for one in world.recovery.items.points(item)],
            lambda one: one,
        )
        return structs.replace(found, items=domain.newest_first(found.items))

    async def mappings(self, vault: VaultId) -> Reading[domain.ContainerMapping]:
        """List the ways between containers."""
        return await self._line.read_list(
            "mappings.list",
            vault,
            lambda world: world.recovery.items.list(ContainerMapping, vault),
            values.mapping,
        )

    async def jobs(self, vault: VaultId) -> Reading[RecoveryJob]:
        """List the jobs of a vault, the newest first."""
        found = await self._line.read_list(
            "jobs.list", vault, lambda world: _jobs(world, vault), lambda one: one
        )
        return structs.replace(found, items=jobs_newest_first(found.items))

    async def job(self, job: RecoveryJobId) -> RecoveryJob:
        """Read one job with its tasks and errors."""
        return await self._line.ask(
            "jobs.get", job, lambda world: values.job(world, world.recovery.jobs.get(job), whole=True)
        )

    async def fail_over(
        self,
        item: ProtectedItemId,
        *,
        direction: domain.Direction,
        point: RecoveryPointId | None,
        shut_down_source: bool,
    ) -> Accepted:
        """Begin a failover."""
        actor = self._line.actor
        return await self._begun(
            "items.fail-over",
            item,
            lambda world: world.recovery.items.unplanned_failover(
                actor, item, direction=direction.value, shut_down=shut_down_source, point=point
            ),
        )

    async def change_recovery_point(self, item: ProtectedItemId, point: RecoveryPointId) -> Accepted:
        """Begin to bring another point to the machine of a failover that is not committed yet."""
        actor = self._line.actor
        return await self._begun(
            "items.change-point", item, lambda world: world.recovery.items.apply_point(actor, item, point)
        )

    async def commit_failover(self, item: ProtectedItemId) -> Accepted:
        """Begin to commit a failover."""
        actor = self._line.actor
        return await self._begun("items.commit", item, lambda world: world.recovery.items.commit(actor, item))

    async def switch_protection(self, item: ProtectedItemId, reversal: domain.Reversal) -> Accepted:
        """Begin to reprotect an item."""
        actor, container = self._line.actor, ids.container_of(item)
        return await self._begun(
            "items.switch",
            container,
            lambda world: world.recovery.items.switch_protection(
                actor, container, reversal.name, _asked(reversal)
            ),
        )


class DirectReservations:
    """Capacity reservation groups: what is reserved, and what is taken of it."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def get(self, group: ReservationGroupId) -> ReservationGroup:
        """Read one group with its reservations."""
        shown = await self._line.ask(
            "reservations.get",
            group,
            lambda world: values.reservation_group(world, world.recovery.reservations.get(group), ()),
        )
        held = await self._line.read_list(
            "reservations.list",
            group,
            lambda world: [values.reservation(world, one) for one in _of_group(world, group)],
            lambda one: one,
        )
        if not held.complete:
            text = f"answer not readable: reservations of a group: {held.gap}"
            raise TransientError(text, code="AnswerUnreadable", target=group)
        return structs.replace(shown, reservations=held.items)


def _items(world: World, vault: str) -> list[domain.ProtectedItem]:
    return [values.item(world, one) for one in world.recovery.items.list(ProtectedItem, vault)]


def _jobs(world: World, vault: str) -> list[RecoveryJob]:
    held = world.recovery.jobs.of_vault(world.recovery.items.vault(vault).id)
    return [values.job(world, one, whole=False) for one in held]


def _of_group(world: World, group: str) -> Sequence[Reservation]:
    return world.recovery.reservations.of_group(world.recovery.reservations.get(group).id)


def _asked(reversal: domain.Reversal) -> dict[str, Any]:
    """Return what a reprotect asks for in the words of ``recovery_reversal.check``."""
    return {
        "recovery_container": reversal.recovery_container,
        "policy": reversal.policy,
        "recovery_group": reversal.recovery_group,
        "zone": reversal.recovery_zone or None,
        "capacity_group": reversal.reservation_group,
        "disks": [
            {
                "disk": one.disk,
                "staging_account": one.staging_account,
                "recovery_group": one.recovery_group,
            }
            for one in reversal.disks
        ],
    }
