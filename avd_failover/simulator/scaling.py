"""Scaling plans and pooled schedules (API 2024-04-03); ``autoscale`` acts on them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from avd_failover.simulator.core import under
from avd_failover.simulator.records import DayTime, PooledSchedule, PoolReference, ScalingPlan, key
from avd_failover.simulator.refusals import ArmRefusal, avd_refusal, resource_missing
from avd_failover.simulator.requests import Part, external

_NOT_PATCHED = {"id", "plan"}


class Scaling(Part):
    """Verbs on scaling plans."""

    area = "scaling"

    def get(self, plan: str) -> ScalingPlan:
        """Return one scaling plan. Refused with 404 ``ResourceNotFound``, or 503 while its region is dark."""
        found = self.core.find(ScalingPlan, plan)
        if found is None:
            parts = plan.split("/")
            group = parts[4] if len(parts) > 4 else ""
            raise resource_missing("Microsoft.DesktopVirtualization/scalingPlans", parts[-1], group)
        self.core.require_up(found.location)
        return found

    def list(self, prefix: str) -> Sequence[ScalingPlan]:
        """Return the scaling plans below a subscription or resource group."""
        return under(self.core.table(ScalingPlan).values(), prefix)

    def of_pool(self, pool: str) -> Sequence[ScalingPlan]:
        """Return the scaling plans that refer to a pool, enabled or not."""
        plans = self.core.table(ScalingPlan).values()
        return [plan for plan in plans if any(key(r.host_pool) == key(pool) for r in plan.references)]

    def schedules(self, plan: str) -> Sequence[PooledSchedule]:
        """Return the pooled schedules of a plan."""
        return under(self.core.table(PooledSchedule).values(), self.get(plan).id)

    def schedule(self, schedule: str) -> PooledSchedule:
        """Return one pooled schedule. Refused with 404 (code ``"404"``) when there is none."""
        self.get(schedule.rsplit("/", 2)[0])
        found = self.core.find(PooledSchedule, schedule)
        if found is None:
            raise avd_refusal(404, "ScalingPlanPooledSchedule does not exist")
        return found

    @external
    def set_references(self, actor: str, plan: str, references: Sequence[tuple[str, bool]]) -> ScalingPlan:
        """Replace the whole list of pools a plan acts on: pairs of host pool id and enabled."""
        wanted = tuple(PoolReference(host_pool=pool, enabled=enabled) for pool, enabled in references)
        return self.core.change(actor, "patch-scaling-plan", self.get(plan), references=wanted)

    @external
    def patch_schedule(self, actor: str, schedule: str, changes: Mapping[str, Any]) -> PooledSchedule:
        """Change fields of a pooled schedule, named as in ``records``; times as [hour, minute].

        Refused with 400 for an unknown field or a percentage outside its range.
        """
        found = self.schedule(schedule)
        wanted = {name: _value(name, value) for name, value in changes.items()}
        return self.core.change(actor, "patch-schedule", found, **wanted)


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a schedule
    if name in _NOT_PATCHED or name not in {field.name for field in fields(PooledSchedule)}:
        raise ArmRefusal(
            400, "400", f"Could not find member '{name}' on object of type 'ScalingPlanPooledSchedule'"
        )
    if name.endswith("_pct"):
        lowest = 1 if "threshold" in name else 0
        if not isinstance(value, int) or not lowest <= value <= 100:
            raise ArmRefusal(400, "400", f"{name} must be from {lowest} to 100")
    if name.endswith("_start_time"):
        return DayTime(hour=int(value[0]), minute=int(value[1]))
    return tuple(value) if name == "days_of_week" else value
