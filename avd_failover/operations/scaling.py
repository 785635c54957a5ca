"""Autoscale during a run: raised at the target so that it keeps hosts up, suspended at the source."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Moves, SetPoolReferences, SetScheduleFloor, Skipped
from avd_failover.domain.estate import PooledSchedule, PoolReference, ScalingPlan, ScheduleFloor
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted
from avd_failover.operations.base import Base, Bound, Memory, NotYet, Proven, Verdict, in_order
from avd_failover.operations.demand import demand


class SchedulesSeen(Struct, frozen=True, kw_only=True):
    """The schedules of a side's scaling plan; None when the side has no scaling plan."""

    schedules: Reading[PooledSchedule] | None


class RaiseFloor(Base):
    """Make autoscale keep enough hosts up; left alone, it would deallocate what the run starts."""

    spec: ClassVar = OperationSpec(
        name="scaling.raise",
        summary="Raise the share of hosts that every schedule of the side's scaling plan keeps up.",
        ends=(End.TARGET, End.SOURCE),
        changes=("autoscale.floor",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._capacity = self.route.plan.capacity
        """What is needed as of the last look: in a partial run it follows the members of the moved groups."""

    async def observe(self, cloud: Reads, memory: Memory) -> SchedulesSeen:
        """Read the schedules, and how many hosts are needed."""
        self._capacity = await demand(cloud, self.route)
        plan = self.side.scaling_plan
        return SchedulesSeen(schedules=await cloud.scaling.schedules(plan) if plan else None)

    def plan(self, seen: SchedulesSeen) -> Moves:
        """Raise each schedule that would keep fewer hosts up than the plan wants, or add more too late."""
        if seen.schedules is None:
            return Moves(skipped=(Skipped(target=self.side.side.value, because="no scaling plan here"),))
        schedules = in_order(seen.schedules.items)
        low = [one for one in schedules if self._raised(one.floor) != one.floor]
        reason = self._reason()
        return Moves(
            actions=tuple(
                SetScheduleFloor(
                    schedule=one.id, floor=self._raised(one.floor), before=one.floor, reason=reason
                )
                for one in low
            ),
            skipped=tuple(
                Skipped(target=one.id, because="keeps enough hosts up already")
                for one in schedules
                if one not in low
            ),
        )

    def prove(self, looks: Sequence[SchedulesSeen]) -> Verdict:
        """Hold when every schedule keeps the wanted share up."""
        schedules = looks[-1].schedules
        if schedules is None:
            return Proven(because="no scaling plan on this side", idle=True)
        if not schedules.complete:
            return NotYet(because=f"schedule listing incomplete: {schedules.gap}")
        low = [name_of(one.id) for one in schedules.items if self._raised(one.floor) != one.floor]
        if low:
            return NotYet(because="not raised yet: " + ", ".join(low))
        return Proven(
            because=f"{counted(len(schedules.items), 'schedule')} set to keep the wanted share of hosts up",
            idle=len(looks) == 1,
        )

    def _reason(self) -> str:
        capacity = self._capacity
        reason = f"{capacity.minimum_hosts_pct} % of the hosts must stay up"
        most = capacity.capacity_threshold_pct
        return f"{reason}, and more when {most} % of their seats are used" if most else reason

    def _raised(self, floor: ScheduleFloor) -> ScheduleFloor:
        capacity = self._capacity
        share, most = capacity.minimum_hosts_pct, capacity.capacity_threshold_pct or 100
        return ScheduleFloor(
            ramp_up_minimum_hosts_pct=max(share, floor.ramp_up_minimum_hosts_pct),
            ramp_up_capacity_threshold_pct=min(most, floor.ramp_up_capacity_threshold_pct),
            ramp_down_minimum_hosts_pct=max(share, floor.ramp_down_minimum_hosts_pct),
            ramp_down_capacity_threshold_pct=min(most, floor.ramp_down_capacity_threshold_pct),
        )


class ScalingSeen(Struct, frozen=True, kw_only=True):
    """A side's scaling plan; None when the side has none."""

    plan: ScalingPlan | None


class Suspend(Base):
    """Stop autoscale from starting or stopping hosts of the pool."""

    spec: ClassVar = OperationSpec(
        name="scaling.suspend",
        summary="Stop the scaling plan from acting on the pool; its other pools are left as they are.",
        ends=(End.SOURCE, End.TARGET),
        changes=("autoscale.pools",),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ScalingSeen:
        """Read the scaling plan with the pools it acts on."""
        plan = self.side.scaling_plan
        return ScalingSeen(plan=await cloud.scaling.get(plan) if plan else None)

    def plan(self, seen: ScalingSeen) -> Moves:
        """Replace the list of pools by the same one with this pool disabled."""
        if seen.plan is None or not seen.plan.acts_on(self.side.host_pool):
            return Moves(skipped=(Skipped(target=self.side.host_pool, because="no autoscale acts on it"),))
        pool = self.side.host_pool
        references = tuple(
            PoolReference(host_pool=ref.host_pool, enabled=ref.enabled and ref.host_pool != pool)
            for ref in seen.plan.references
        )
        reason = "autoscale must not start or stop hosts of the pool that is left"
        action = SetPoolReferences(
            plan=seen.plan.id, references=references, before=seen.plan.references, reason=reason
        )
        return Moves(actions=(action,))

    def prove(self, looks: Sequence[ScalingSeen]) -> Verdict:
        """Hold when no enabled reference to the pool is left."""
        plan = looks[-1].plan
        if plan is not None and plan.acts_on(self.side.host_pool):
            return NotYet(because="autoscale still acts on the pool")
        return Proven(because="no autoscale acts on the pool", idle=len(looks) == 1)
