"""Scaling plans and their pooled schedules (Microsoft.DesktopVirtualization 2024-04-03)."""

from collections.abc import Sequence

from azure.mgmt.desktopvirtualization import models

from avd_failover.azure.answers import Raw, Receipt, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import PooledSchedule, PoolReference, ScalingPlan, ScheduleFloor
from avd_failover.domain.ids import ScalingPlanId, ScheduleId


class AzureScalingPlans:
    """Scaling plans: which pools they act on, and how many hosts their schedules keep up."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def get(self, plan: ScalingPlanId) -> ScalingPlan:
        """Read one scaling plan (ScalingPlans_Get)."""
        plans = self._clients.desktops(plan).scaling_plans
        with azure_faults(plan, mutating=False):
            return read_one(await plans.get(ids.resource_group_of(plan), ids.name_of(plan)), _plan)

    async def schedules(self, plan: ScalingPlanId) -> Reading[PooledSchedule]:
        """List the pooled schedules of a plan (ScalingPlanPooledSchedules_List)."""
        schedules = self._clients.desktops(plan).scaling_plan_pooled_schedules
        with azure_faults(plan, mutating=False):
            return await read_all(
                schedules.list(ids.resource_group_of(plan), ids.name_of(plan)), _schedule, self._clock
            )

    async def set_references(self, plan: ScalingPlanId, references: Sequence[PoolReference]) -> Accepted:
        """Replace the whole list of pools a plan acts on (ScalingPlans_Update, hostPoolReferences)."""
        plans = self._clients.desktops(plan).scaling_plans
        patch = models.ScalingPlanPatch(
            host_pool_references=[
                models.ScalingHostPoolReference(
                    host_pool_arm_path=reference.host_pool, scaling_plan_enabled=reference.enabled
                )
                for reference in references
            ]
        )
        receipt = Receipt(self._clock)
        with azure_faults(plan, mutating=True):
            await plans.update(ids.resource_group_of(plan), ids.name_of(plan), patch, cls=receipt)
            return receipt.accepted

    async def set_floor(self, schedule: ScheduleId, floor: ScheduleFloor) -> Accepted:
        """Set the four percentages of one schedule, nothing else (ScalingPlanPooledSchedules_Update)."""
        plan = schedule.rsplit("/", 2)[0]
        schedules = self._clients.desktops(schedule).scaling_plan_pooled_schedules
        receipt = Receipt(self._clock)
        with azure_faults(schedule, mutating=True):
            await schedules.update(
                ids.resource_group_of(plan),
                ids.name_of(plan),
                ids.name_of(schedule),
                _percentages(floor),
                cls=receipt,
            )
            return receipt.accepted


def _percentages(floor: ScheduleFloor) -> models.ScalingPlanPooledSchedulePatch:
    return models.ScalingPlanPooledSchedulePatch(
        ramp_up_minimum_hosts_pct=floor.ramp_up_minimum_hosts_pct,
        ramp_up_capacity_threshold_pct=floor.ramp_up_capacity_threshold_pct,
        ramp_down_minimum_hosts_pct=floor.ramp_down_minimum_hosts_pct,
        ramp_down_capacity_threshold_pct=floor.ramp_down_capacity_threshold_pct,
    )


def _plan(raw: Raw) -> ScalingPlan:
    return ScalingPlan(
        id=ids.scaling_plan_id(raw.id),
        references=tuple(
            PoolReference(
                host_pool=ids.host_pool_id(reference.host_pool_arm_path),
                # Where Azure does not say, autoscale acts: the assumption that cannot stop hosts by surprise.
                enabled=reference.scaling_plan_enabled is not False,
            )
            for reference in raw.host_pool_references or ()
        ),
    )


def _schedule(raw: Raw) -> PooledSchedule:
    floor = ScheduleFloor(
        ramp_up_minimum_hosts_pct=int(raw.ramp_up_minimum_hosts_pct),
        ramp_up_capacity_threshold_pct=int(raw.ramp_up_capacity_threshold_pct),
        ramp_down_minimum_hosts_pct=int(raw.ramp_down_minimum_hosts_pct),
        ramp_down_capacity_threshold_pct=int(raw.ramp_down_capacity_threshold_pct),
    )
    return PooledSchedule(id=ids.schedule_id(raw.id), floor=floor)
