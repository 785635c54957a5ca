"""Committing what was failed over, once it is seen to work."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace

from avd_failover.cloud import Reading, Reads
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.actions import Action
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.ensembles import Ensemble
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import ProtectedItemId
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import CommitFailover
from avd_failover.domain.recovery_plan_actions import CommitPlan, PlanMember
from avd_failover.domain.replication import Allowed, RecoveryPoint
from avd_failover.operations.base import Memory
from avd_failover.operations.desks import Desks, machines_of
from avd_failover.operations.soundness import unsound_desk
from avd_failover.operations.together import Together


class Commit(Together):
    """Commit the failover of every machine that works; one that does not keeps its other recovery points."""

    spec: ClassVar = OperationSpec(
        name="personal.commit",
        summary="Commit the failover of every machine that is seen to work, and wait until each has ended.",
        ends=(End.TARGET,),
        changes=("machine.commit", "plan.commit"),
    )
    scenario: ClassVar = jobs.COMMIT
    ready: ClassVar = frozenset({Stand.PENDING})
    under_way: ClassVar = frozenset({Stand.COMMITTING, Stand.CHANGING})
    done: ClassVar = "committed"
    allows: ClassVar = Allowed.COMMIT
    follows: ClassVar = "machine.failover"

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read the desktops that came up on the target, their machines, and the points they came from."""
        seen = await self.look(cloud, memory)
        pending = [desk for desk in self.concerned(seen) if desk.stand in self.ready]
        seen = replace(seen, machines=await machines_of(cloud, (desk.host.machine for desk in pending)))
        due = [word.desk for word in self.tally(seen).of(Progress.DUE)]
        return replace(seen, points=await self._points(cloud, due))

    def concerned(self, seen: Desks) -> tuple[Desk, ...]:
        """Those that came up on the target."""
        return tuple(desk for desk in seen.desks if desk.stand.moved)

    def through(self, desk: Desk, seen: Desks) -> bool:
        """Hold when the item says that it is committed, or is replicated back already."""
        return desk.stand.kept

    def action(self, desk: Desk, seen: Desks) -> Action:
        """Commit one, and write down which point it came from."""
        if desk.item is None or desk.host.machine is None:
            raise LookupError(f"{desk.name} has no machine to commit")
        item = desk.item
        return CommitFailover(
            item=item.id,
            machine=desk.host.machine,
            point_at=self._point_at(desk, seen),
            failed_over_at=item.failed_over_at,
            reason=f"it works in {self.target_region}",
        )

    def action_for_all(self, ensemble: Ensemble, seen: Desks) -> Action:
        """Commit every machine of a recovery plan, and write down which point each came from."""
        each = {desk.item.id: desk for desk in ensemble.desks if desk.item is not None}
        return CommitPlan(
            plan=ensemble.use.plan,
            members=tuple(self._kept(one, each[one.item], seen) for one in self.members(ensemble)),
            reason=f"its machines work in {self.target_region}",
        )

    def obstacle(self, desk: Desk, seen: Desks) -> str:
        """What does not work is not committed without a person's word: its points would be gone."""
        return unsound_desk(desk, seen.machines, self.target_region)

    def lacks(self, desk: Desk, seen: Desks) -> str:
        """Without the service's leave there is no commit."""
        if desk.item is not None and desk.item.allows(Allowed.COMMIT):
            return ""
        return "does not allow a commit now"

    def _kept(self, member: PlanMember, desk: Desk, seen: Desks) -> PlanMember:
        failed_over_at = desk.item.failed_over_at if desk.item is not None else None
        return replace(member, point_at=self._point_at(desk, seen), failed_over_at=failed_over_at)

    def _point_at(self, desk: Desk, seen: Desks) -> datetime | None:
        point = desk.item.failover_point if desk.item is not None else None
        return next((one.taken_at for one in self._of(desk, seen) if one.id == point), None)

    async def _points(
        self, cloud: Reads, due: Sequence[Desk]
    ) -> dict[ProtectedItemId, Reading[RecoveryPoint]]:
        wanted = [desk.item.id for desk in due if desk.item is not None]
        read = await asyncio.gather(*(cloud.recovery.recovery_points(one) for one in wanted))
        return dict(zip(wanted, read, strict=True))

    def _of(self, desk: Desk, seen: Desks) -> Iterator[RecoveryPoint]:
        if desk.item is not None and desk.item.id in seen.points:
            yield from seen.points[desk.item.id].items
