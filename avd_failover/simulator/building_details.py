"""Fields and records of pools, groups and hosts that a scenario may describe in detail."""

from collections.abc import Iterator
from typing import Any

from avd_failover.simulator.records import (
    AgentUpdate,
    ApplicationGroup,
    DayTime,
    HostPool,
    ScalingPlan,
    Status,
)
from avd_failover.simulator.records_desktops import Application, PersonalSchedule, RegistrationKey
from avd_failover.simulator.scenario import ApplicationGroupSpec, HostPoolSpec, HostsSpec, ScalingPlanSpec
from avd_failover.simulator.scenario_details import PersonalPhase, PersonalScheduleSpec, Shown

DAY_S = 86_400.0
_PHASES = ("ramp_up", "peak", "ramp_down", "off_peak")


def shown(spec: Shown) -> dict[str, Any]:
    """Return how an object is shown."""
    return {
        "friendly_name": spec.friendly_name,
        "description": spec.description,
        "tags": tuple(spec.tags.items()),
    }


def pool_details(spec: HostPoolSpec) -> dict[str, Any]:
    """Return the settings of a pool that readiness compares."""
    windows = tuple((window.hour, window.day) for window in spec.agent_update_windows)
    return {
        **shown(spec),
        "custom_rdp_property": spec.rdp_properties,
        "validation_environment": spec.validation_environment,
        "preferred_app_group_type": spec.preferred_app_group_type,
        "public_network_access": spec.public_network_access,
        "agent_update": AgentUpdate(type="Scheduled", time_zone="UTC", windows=windows) if windows else None,
    }


def registration_key(pool: HostPool, spec: HostPoolSpec) -> Iterator[RegistrationKey]:
    """Return the pool's registration key, if it has one."""
    if spec.registration_key_hours is not None:
        yield RegistrationKey(
            id=f"{pool.id}/registrationKey",
            host_pool=pool.id,
            serial=0,
            expires_s=spec.registration_key_hours * 3_600,
        )


def applications(group: ApplicationGroup, spec: ApplicationGroupSpec) -> Iterator[Application]:
    """Return the applications of a group."""
    for one in spec.applications:
        yield Application(
            id=f"{group.id}/applications/{one.name}",
            application_group=group.id,
            file_path=one.path,
            friendly_name=one.friendly_name,
            command_line_setting=one.argument_setting,
            command_line_arguments=one.arguments,
            show_in_portal=one.show_in_portal,
            icon_path=one.path,
        )


def machine_details(spec: HostsSpec) -> dict[str, Any]:
    """Return what the machines of a pool are made of."""
    return {"os_disk_sku": spec.os_disk_sku, "tags": tuple(spec.tags.items())}


def host_status(spec: HostsSpec, *, runs: bool) -> Status:
    """Return the status that a host is shown with at the start."""
    if not runs:
        return "Shutdown"
    return "NeedsAssistance" if spec.failing_checks else "Available"


def personal_schedules(plan: ScalingPlan, spec: ScalingPlanSpec) -> Iterator[PersonalSchedule]:
    """Return the personal schedules of a plan."""
    for one in spec.personal_schedules:
        yield _personal_schedule(plan, one)


def _personal_schedule(plan: ScalingPlan, spec: PersonalScheduleSpec) -> PersonalSchedule:
    values: dict[str, Any] = {}
    for name in _PHASES:
        values |= _phase(name, getattr(spec, name))
    return PersonalSchedule(
        id=f"{plan.id}/personalSchedules/{spec.name}",
        plan=plan.id,
        days_of_week=spec.days,
        ramp_up_auto_start_hosts=spec.auto_start,
        **values,
    )


def _phase(name: str, spec: PersonalPhase) -> dict[str, Any]:
    hour, minute = spec.at.split(":")
    return {
        f"{name}_start_time": DayTime(hour=int(hour), minute=int(minute)),
        f"{name}_start_vm_on_connect": "Enable" if spec.start_on_connect else "Disable",
        f"{name}_action_on_disconnect": spec.on_disconnect,
        f"{name}_minutes_to_wait_on_disconnect": spec.minutes_after_disconnect,
        f"{name}_action_on_logoff": spec.on_logoff,
        f"{name}_minutes_to_wait_on_logoff": spec.minutes_after_logoff,
    }
