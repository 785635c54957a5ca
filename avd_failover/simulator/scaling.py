"""Scaling plans and pooled schedules (API 2024-04-03); ``autoscale`` acts on them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from avd_failover.simulator.core import under
from avd_failover.simulator.records import DayTime, PooledSchedule, PoolReference, ScalingPlan, key
from avd_failover.simulator.records_desktops import PersonalSchedule
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
    def patch(self, actor: str, plan: str, changes: Mapping[str, Any]) -> ScalingPlan:
        """Change description, friendly_name, time_zone (an IANA name), exclusion_tag or tags of a plan."""
        wanted = {
            name: tuple((str(tag), str(text)) for tag, text in value.items()) if name == "tags" else value
            for name, value in changes.items()
        }
        return self.core.change(actor, "patch-scaling-plan", self.get(plan), **wanted)

    @external
    def set_schedules(
        self, actor: str, plan: str, schedules: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> ScalingPlan:
        """Replace the whole list of pooled schedules: pairs of name and every field, as ``patch_schedule``.

        Refused with 400 for a field that is missing, unknown or out of range; then nothing changes.
        """
        found = self.get(plan)
        wanted = [self._whole(found, name, changes) for name, changes in schedules]
        kept = {key(schedule.id) for schedule in wanted}
        for schedule in self.schedules(found.id):
            if key(schedule.id) not in kept:
                self.core.erase(actor, "patch-scaling-plan", schedule)
        for schedule in wanted:
            if self.core.find(PooledSchedule, schedule.id) != schedule:
                self.core.write(actor, "patch-scaling-plan", schedule)
        return found

    def _whole(self, plan: ScalingPlan, name: str, changes: Mapping[str, Any]) -> PooledSchedule:
        needed = {field.name for field in fields(PooledSchedule)} - _NOT_PATCHED
        for missing in sorted(needed - changes.keys()):
            raise ArmRefusal(400, "400", f"Required property '{missing}' of schedule '{name}' is missing")
        values = {field: _value(field, value) for field, value in changes.items()}
        return PooledSchedule(id=f"{plan.id}/pooledSchedules/{name}", plan=plan.id, **values)

    def personal_schedules(self, plan: str) -> Sequence[PersonalSchedule]:
        """Return the personal schedules of a plan."""
        return under(self.core.table(PersonalSchedule).values(), self.get(plan).id)

    def personal_schedule(self, schedule: str) -> PersonalSchedule:
        """Return one personal schedule. Refused with 404 (code ``"404"``) when there is none."""
        self.get(schedule.rsplit("/", 2)[0])
        found = self.core.find(PersonalSchedule, schedule)
        if found is None:
            raise avd_refusal(404, "ScalingPlanPersonalSchedule does not exist")
        return found

    @external
    def patch_personal_schedule(
        self, actor: str, schedule: str, changes: Mapping[str, Any]
    ) -> PersonalSchedule:
        """Change fields of a personal schedule, named as in ``records_desktops``; times as [hour, minute]."""
        found = self.personal_schedule(schedule)
        wanted = {name: _personal_value(name, value) for name, value in changes.items()}
        return self.core.change(actor, "patch-schedule", found, **wanted)

    @external
    def patch_schedule(self, actor: str, schedule: str, changes: Mapping[str, Any]) -> PooledSchedule:
        """Change fields of a pooled schedule, named as in ``records``; times as [hour, minute].

        Refused with 400 for an unknown field or a percentage outside its range.
        """
        found = self.schedule(schedule)
        wanted = {name: _value(name, value) for name, value in changes.items()}
        return self.core.change(actor, "patch-schedule", found, **wanted)


def _personal_value(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a schedule
    if name.endswith("_start_time"):
        return DayTime(hour=int(value[0]), minute=int(value[1]))
    if "minutes_to_wait" in name and value < 0:
        raise ArmRefusal(400, "400", f"{name} must not be negative")
    return tuple(value) if name == "days_of_week" else value


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
