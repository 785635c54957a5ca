"""Bringing machines up in the other region, each with the recovery point that plan, mode and people want."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.actions import Action
from avd_failover.domain.desk_wishes import Chosen, choose, reads_points
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.ensembles import Ensemble
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.recovery_actions import FailOverMachine
from avd_failover.domain.recovery_plan_actions import FailOverPlan
from avd_failover.domain.replication import AZURE_TO_AZURE, Allowed, Direction, Health, ProtectedItem
from avd_failover.operations.base import Memory
from avd_failover.operations.desks import Desks
from avd_failover.operations.together import Together


class FailOver(Together):
    """Fail every machine over, wave by wave; the service shuts the source down where it can reach it."""

    spec: ClassVar = OperationSpec(
        name="personal.failover",
        summary="Fail every machine over with Site Recovery, and wait until each has ended.",
        ends=(End.TARGET,),
        changes=("machine.failover", "plan.failover"),
        choice=SettingSpec(kind="text", summary="Another recovery point for one desktop."),
    )
    scenario: ClassVar = jobs.FAILOVER
    ready: ClassVar = frozenset({Stand.READY, Stand.FAILED})
    under_way: ClassVar = frozenset({Stand.FAILING_OVER})
    done: ClassVar = "failed over"
    takes_points: ClassVar = True
    allows: ClassVar = Allowed.FAIL_OVER

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read the desktops, and the recovery points of those that one must be chosen for."""
        seen = await self.look(cloud, memory)
        wanted = [desk.item.id for desk in self._choosing(seen) if desk.item is not None]
        read = await asyncio.gather(*(cloud.recovery.recovery_points(item) for item in wanted))
        return replace(seen, points=dict(zip(wanted, read, strict=True)))

    def through(self, desk: Desk, seen: Desks) -> bool:
        """Hold when the machine in use is the one on the target."""
        return desk.stand.moved

    def action(self, desk: Desk, seen: Desks) -> Action:
        """Fail one machine over."""
        item, machine = _item(desk), desk.host.machine
        if machine is None:
            raise LookupError(f"no machine stands behind {desk.name}")
        chosen = self._chosen(desk, seen)
        return FailOverMachine(
            item=item.id,
            machine=machine,
            direction=self._direction(),
            point=chosen.point.id if chosen.point else None,
            point_at=chosen.point.taken_at if chosen.point else None,
            reason=f"the machine moves to {self.target_region}",
        )

    def action_for_all(self, ensemble: Ensemble, seen: Desks) -> Action:
        """Fail every machine of a recovery plan over, each to its own newest point of the kind."""
        return FailOverPlan(
            plan=ensemble.use.plan,
            members=self.members(ensemble),
            direction=self._direction(),
            point=self._policy,
            reason=f"its machines move to {self.target_region}",
        )

    def obstacle(self, desk: Desk, seen: Desks) -> str:
        """A recovery plan must move whom it is meant to; in planned mode replication must be sound."""
        item, rpo_s = _item(desk), self.route.plan.objectives.rpo_s
        ensemble = seen.ensemble(desk)
        if ensemble is not None and ensemble.faults:
            return f"recovery plan {ensemble.name} {'; '.join(ensemble.faults)}"
        if self.route.mode is Mode.UNPLANNED:
            return ""
        return unsound(item, rpo_s)

    def lacks(self, desk: Desk, seen: Desks) -> str:
        """Without the service's leave, or without the recovery point that is wanted, there is no failover."""
        item = _item(desk)
        if because := forbidden(item):
            return because
        reading = seen.points.get(item.id)
        if reading is not None and not reading.complete:
            return f"its recovery points could not be read whole: {reading.gap}"
        return self._chosen(desk, seen).lacks if reading is not None or not self._reads(desk, seen) else ""

    def _choosing(self, seen: Desks) -> Sequence[Desk]:
        due = self.tally(seen).of(Progress.DUE)
        return [word.desk for word in due if self._reads(word.desk, seen)]

    def _reads(self, desk: Desk, seen: Desks) -> bool:
        return reads_points(self._policy, seen.wish(desk).point)

    def _chosen(self, desk: Desk, seen: Desks) -> Chosen:
        reading = seen.points.get(_item(desk).id)
        return choose(reading.items if reading else (), self._policy, seen.wish(desk).point)

    @property
    def _policy(self) -> PointPolicy:
        """A planned run loses nothing: the source was shut down, and what is on its way is processed."""
        return PointPolicy.LATEST if self.route.mode is Mode.PLANNED else self.personal.point

    def _direction(self) -> Direction:
        leaving_primary = self.route.side(End.SOURCE) == self.route.plan.primary
        return Direction.PRIMARY_TO_RECOVERY if leaving_primary else self.personal.failback_direction


def forbidden(item: ProtectedItem) -> str:
    """Say why Site Recovery cannot fail an item over now; empty when it can."""
    if item.provider != AZURE_TO_AZURE:
        return f"is replicated by {item.provider}, not from Azure to Azure"
    if item.under_test:
        return "is under a test failover, and two desktops would be one host: clean it up first"
    if not item.allows(Allowed.FAIL_OVER):
        listed = ", ".join(one.value for one in item.allowed) or "nothing"
        return f"does not allow a failover now ({item.state}; allows {listed})"
    return ""


def unsound(item: ProtectedItem, rpo_s: float) -> str:
    """Say why a failover now would lose more than the plan allows; empty when it would not."""
    if item.health is Health.CRITICAL:
        said = next((one.message for one in item.errors if one.category != "TestFailover"), "")
        return f"replication is Critical{': ' + said if said else ''}"
    if item.rpo_s is not None and item.rpo_s > rpo_s:
        return f"the other region is {item.rpo_s:.0f} s behind, the plan allows {rpo_s:.0f} s"
    return ""


def _item(desk: Desk) -> ProtectedItem:
    if desk.item is None:
        raise LookupError(f"{desk.name} is not replicated")
    return desk.item
