"""Seeing whether desktops work where they came up, before anything that cannot be taken back."""

import asyncio
from typing import ClassVar

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.actions import Action
from avd_failover.domain.desk_wishes import Chosen, choose
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import ChangeRecoveryPoint
from avd_failover.operations.base import Memory
from avd_failover.operations.desks import Desks, machines_of
from avd_failover.operations.fan_out import FanOut
from avd_failover.operations.soundness import unsound_desk

WITHIN_S = 1200.0


class Validate(FanOut):
    """Wait until every machine that was failed over runs, and its session host is Available again.

    Whoever is not content with what came up may choose another recovery point for it, here and not later.
    """

    spec: ClassVar = OperationSpec(
        name="personal.validate",
        summary="Wait until every failed-over machine runs and its session host is Available.",
        ends=(End.TARGET,),
        changes=("machine.change-point",),
        choice=SettingSpec(kind="text", summary="Another recovery point for one desktop."),
        settings={
            "works_within": SettingSpec(
                kind="duration", summary="How long one desktop may take until it works; 20m when left out."
            )
        },
    )
    scenario: ClassVar = jobs.CHANGE_POINT
    ready: ClassVar = frozenset({Stand.PENDING})
    under_way: ClassVar = frozenset({Stand.CHANGING, Stand.COMMITTING, Stand.BUSY})
    done: ClassVar = "working"
    follows: ClassVar = "machine.failover"
    takes_points: ClassVar = True

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read the desktops, their machines, and the points of those that another one was chosen for."""
        seen = await self.look(cloud, memory)
        machines = await machines_of(cloud, (desk.host.machine for desk in self.concerned(seen)))
        choosing = [desk.item.id for desk in self.concerned(seen) if desk.item and self._chooses(desk, seen)]
        read = await asyncio.gather(*(cloud.recovery.recovery_points(item) for item in choosing))
        return replace(seen, machines=machines, points=dict(zip(choosing, read, strict=True)))

    def concerned(self, seen: Desks) -> tuple[Desk, ...]:
        """Those that came up on the target."""
        return tuple(desk for desk in seen.desks if desk.stand.moved)

    def through(self, desk: Desk, seen: Desks) -> bool:
        """Hold when the machine runs on the target and the session host is Available."""
        if self._chooses(desk, seen) and not self._brought(desk, seen):
            return False
        settled = desk.stand not in self.under_way
        return settled and not unsound_desk(desk, seen.machines, self.target_region)

    def action(self, desk: Desk, seen: Desks) -> Action:
        """Bring another point to one."""
        chosen = self._chosen(desk, seen).point
        if desk.item is None or desk.host.machine is None or chosen is None:
            raise LookupError(f"no other recovery point for {desk.name}")
        return ChangeRecoveryPoint(
            item=desk.item.id,
            machine=desk.host.machine,
            point=chosen.id,
            point_at=chosen.taken_at,
            before=desk.item.failover_point,
            reason="a person chose another recovery point",
        )

    def lacks(self, desk: Desk, seen: Desks) -> str:
        """Without the point that was chosen there is nothing to bring."""
        return self._chosen(desk, seen).lacks

    def _progress(self, desk: Desk, seen: Desks) -> tuple[Progress, str]:
        wish = seen.wish(desk)
        if self._chooses(desk, seen) and not self._brought(desk, seen):
            return self._attempt(desk, seen, retries=wish.retries - 1)
        if self.through(desk, seen) or wish.skipped or desk.stand is Stand.STUCK:
            return super()._progress(desk, seen)
        because = unsound_desk(desk, seen.machines, self.target_region) or desk.stand.value
        late = not wish.retries and self._waited_s(desk, seen) > self._within_s
        return (Progress.STOPPED if late else Progress.UNDER_WAY), because

    @property
    def _within_s(self) -> float:
        said = self.bound.step.settings.get("works_within", WITHIN_S)
        return float(said) if isinstance(said, int | float) else WITHIN_S

    def _waited_s(self, desk: Desk, seen: Desks) -> float:
        """Return how long ago the service was done with a desktop."""
        ends = [job.ended_at for job in desk.history if job.ended_at is not None]
        return (seen.now - max(ends)).total_seconds() if ends else 0.0

    def _chooses(self, desk: Desk, seen: Desks) -> bool:
        return desk.stand is Stand.PENDING and bool(seen.wish(desk).point)

    def _brought(self, desk: Desk, seen: Desks) -> bool:
        chosen = self._chosen(desk, seen).point
        return chosen is not None and desk.item is not None and desk.item.failover_point == chosen.id

    def _chosen(self, desk: Desk, seen: Desks) -> Chosen:
        reading = seen.points.get(desk.item.id) if desk.item is not None else None
        return choose(reading.items if reading else (), self.personal.point, seen.wish(desk).point)
