"""Recovery plans of the direct face: read, failed over, committed; a write is one job over many machines."""

from collections.abc import Callable

from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.ids import RecoveryPlanId
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.replication import Direction
from avd_failover.simulator import direct_recovery_values as values
from avd_failover.simulator import recovery_records as records
from avd_failover.simulator.direct_call import Line
from avd_failover.simulator.recovery_plans import PointType
from avd_failover.simulator.world import World

_POINTS: dict[PointPolicy, PointType] = {
    PointPolicy.LATEST: "Latest",
    PointPolicy.LATEST_PROCESSED: "LatestProcessed",
    PointPolicy.LATEST_APPLICATION_CONSISTENT: "LatestApplicationConsistent",
}


class DirectRecoveryPlans:
    """The recovery plans of a vault, and what may be done to them."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        """Read one recovery plan."""
        return await self._line.ask(
            "recovery-plans.get",
            plan,
            lambda world: values.plan(world, world.recovery.items.get(records.RecoveryPlan, plan)),
        )

    async def fail_over_plan(
        self, plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
    ) -> Accepted:
        """Begin to fail over every machine of a recovery plan."""
        actor = self._line.actor
        return await self._begun(
            "recovery-plans.fail-over",
            plan,
            lambda world: world.recovery.plans.unplanned_failover(
                actor,
                plan,
                direction=direction.value,
                shut_down=shut_down_source,
                point_type=_POINTS[point],
            ),
        )

    async def commit_plan(self, plan: RecoveryPlanId) -> Accepted:
        """Begin to commit every machine of a recovery plan."""
        actor = self._line.actor
        return await self._begun(
            "recovery-plans.commit", plan, lambda world: world.recovery.plans.commit(actor, plan)
        )

    async def _begun(self, route: str, target: str, action: Callable[[World], records.Job]) -> Accepted:
        """Send a write. The request id names the job, so that it is told even where no address is."""
        job, _ = await self._line.begin(route, target, action)
        return Accepted(at=self._line.clock.now(), request_id=job.id, job=ids.recovery_job_id(job.id))
