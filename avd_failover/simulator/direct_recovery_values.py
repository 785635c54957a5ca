"""Records of a vault as the values that cross the seam, as the adapters read them off the wire."""

import json
from typing import Any

from avd_failover.domain import ids
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain import replication as values
from avd_failover.domain.extensions import InstalledExtension, VmExtension, canonical
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.reservations import Reservation, ReservationGroup
from avd_failover.simulator import recovery_records as records
from avd_failover.simulator.records import Machine
from avd_failover.simulator.recovery_findings import findings
from avd_failover.simulator.recovery_points import Point, health, lag_s, progress_pct
from avd_failover.simulator.recovery_reversal import disk_of, location_of
from avd_failover.simulator.recovery_states import SHOWN, allowed
from avd_failover.simulator.world import World

_DESCRIBED = {"Succeeded": "Completed", "Other": "Skipped"}


def item(world: World, record: records.ProtectedItem) -> values.ProtectedItem:
    """Return an item as it stands now."""
    healthy = values.Health(health(record, world.now_s))
    operations = allowed(record, healthy=healthy is values.Health.NORMAL)
    return values.ProtectedItem(
        id=ids.protected_item_id(record.id),
        name=record.name,
        friendly_name=record.name,
        provider=values.AZURE_TO_AZURE,
        phase=values.phase_of(SHOWN[record.phase][0]),
        state=SHOWN[record.phase][0],
        active=values.Location.RECOVERY if record.recovery_machine else values.Location.PRIMARY,
        health=healthy,
        failover_health=values.Health.WARNING if record.tested_s is None else values.Health.NORMAL,
        errors=_errors(world, record),
        allowed=tuple(values.Allowed(name) for name in operations),
        test_state=record.test_state,
        policy=ids.replication_policy_id(record.policy),
        recovery_container=ids.container_id(record.recovery_container),
        **_machines(record),
        **_work(world, record),
        **_replica(world, record),
    )


def point(world: World, record: Point) -> values.RecoveryPoint:
    """Return a recovery point."""
    kind = values.PointKind.APP_CONSISTENT if record.app_consistent else values.PointKind.CRASH_CONSISTENT
    return values.RecoveryPoint(
        id=ids.recovery_point_id(record.id), taken_at=world.core.at(record.at_s), kind=kind
    )


def mapping(record: records.ContainerMapping) -> values.ContainerMapping:
    """Return the way from one container to another."""
    return values.ContainerMapping(
        source=ids.container_id(record.id.rsplit("/", 2)[0]),
        target=ids.container_id(record.target),
        policy=ids.replication_policy_id(record.policy),
    )


def plan(world: World, record: records.RecoveryPlan) -> RecoveryPlan:
    """Return a recovery plan; nobody gives one steps of its own here, and its last job stays named."""
    last = world.core.find(records.Job, record.job) if record.job else None
    allowed_now = world.recovery.plans.allowed(record)
    return RecoveryPlan(
        id=ids.recovery_plan_id(record.id),
        name=record.name,
        items=tuple(map(ids.protected_item_id, record.items)),
        primary_fabric=record.primary_fabric.lower(),
        recovery_fabric=record.recovery_fabric.lower(),
        providers=(values.AZURE_TO_AZURE,),
        allowed=tuple(values.Allowed(name) for name in allowed_now),
        job=ids.recovery_job_id(last.id) if last is not None else None,
        scenario=last.scenario if last is not None else "",
        job_state=jobs.JobState(last.state) if last is not None else jobs.JobState.UNKNOWN,
    )


def job(world: World, record: records.Job, *, whole: bool) -> jobs.RecoveryJob:
    """Return a job; in a list it has no tasks and says nothing of what it made."""
    end_s = record.end_s
    return jobs.RecoveryJob(
        id=ids.recovery_job_id(record.id),
        scenario=record.scenario,
        state=jobs.JobState(record.state),
        said=_DESCRIBED.get(record.state, record.state),
        target_name=record.subject.rsplit("/", 1)[-1],
        target_id=record.subject_guid,
        target_kind=record.subject_kind,
        errors=tuple(map(_job_error, record.errors)),
        tasks=tuple(_task(world, one) for one in record.tasks) if whole else (),
        allowed=record.allowed,
        started_at=world.core.at(record.start_s),
        ended_at=None if end_s is None else world.core.at(end_s).replace(microsecond=0),
        made=ids.protected_item_id(record.made) if whole and record.made else None,
    )


def extension(record: records.Extension) -> InstalledExtension:
    """Return an extension of a machine."""
    image = VmExtension(
        name=record.name,
        publisher=record.publisher,
        type=record.type,
        version=record.version,
        auto_upgrade_minor=record.auto_upgrade,
        settings=canonical(json.loads(record.settings)),
    )
    return InstalledExtension(image=image, state=record.state)


def reservation(world: World, record: records.Reservation) -> Reservation:
    """Return a reservation with what is taken of it now."""
    return Reservation(
        name=record.name,
        size=record.size,
        capacity=record.capacity,
        taken=len(world.recovery.reservations.allocated(record)),
        zone=record.zone,
    )


def reservation_group(
    world: World, record: records.CapacityGroup, held: tuple[Reservation, ...]
) -> ReservationGroup:
    """Return a group with its reservations."""
    machines = world.recovery.reservations.associated(record.id)
    return ReservationGroup(
        id=ids.reservation_group_id(record.id),
        location=record.location.lower(),
        reservations=held,
        machines=tuple(ids.machine_id(one.id) for one in machines),
    )


def _errors(world: World, record: records.ProtectedItem) -> tuple[values.HealthError, ...]:
    since = world.core.at(record.lost_s or record.since_s)
    return tuple(
        values.HealthError(
            code=one.code, message=one.text, level=one.level, category=one.category, since=since
        )
        for one in findings(record, world.now_s)
    )


def _machines(record: records.ProtectedItem) -> dict[str, Any]:
    made, twin = record.recovery_machine, record.test_machine
    return {
        "machine": ids.machine_id(record.machine),
        "recovered": ids.machine_id(made) if made else None,
        "twin": ids.machine_id(twin) if twin else None,
        "recovery_group": record.recovery_group,
        "recovery_name": record.recovery_vm_name,
        "recovery_size": record.recovery_vm_size,
        "recovery_zone": record.recovery_zone or "",
        "reservation_group": ids.reservation_group_id(record.capacity_group)
        if record.capacity_group
        else None,
    }


def _work(world: World, record: records.ProtectedItem) -> dict[str, Any]:
    working = world.core.find(records.Job, record.job) if record.job else None
    failed_over_s = record.failed_over_s
    return {
        "scenario": working.scenario if working is not None else "",
        "job": ids.recovery_job_id(working.id) if working is not None else None,
        "failed_over_at": None if failed_over_s is None else world.core.at(failed_over_s),
        "failover_point": ids.recovery_point_id(record.failover_point) if record.failover_point else None,
    }


def _replica(world: World, record: records.ProtectedItem) -> dict[str, Any]:
    now_s, behind_s = world.now_s, lag_s(record, world.now_s)
    source = world.core.find(Machine, record.machine)
    return {
        "primary_region": location_of(world.core, record.container),
        "recovery_region": location_of(world.core, record.recovery_container),
        "primary_zone": source.zones[0] if source and source.zones else "",
        "rpo_s": None if behind_s is None else float(int(behind_s)),
        "rpo_at": None if behind_s is None else world.core.at(now_s - now_s % 60),
        "replicated_pct": progress_pct(record, now_s),
        "os_type": "Windows",
        "disks": (_disk(record, source),),
    }


def _disk(record: records.ProtectedItem, source: Machine | None) -> values.ReplicatedDisk:
    sku = source.os_disk_sku if source is not None else "Premium_LRS"
    return values.ReplicatedDisk(
        source=disk_of(record.machine).lower(),
        recovered=disk_of(record.recovery_machine) if record.recovery_machine else "",
        staging_account=record.staging_account,
        recovery_group=record.recovery_group,
        replica_sku=sku,
        target_sku=sku,
    )


def _job_error(record: records.JobError) -> jobs.JobError:
    return jobs.JobError(code=record.code, message=record.message, causes=record.causes, action=record.action)


def _task(world: World, record: records.Task) -> jobs.JobTask:
    start_s, end_s = record.start_s, record.end_s
    return jobs.JobTask(
        name=record.name,
        state=jobs.JobState(record.state),
        started_at=None if start_s is None else world.core.at(start_s),
        ended_at=None if end_s is None else world.core.at(end_s),
    )
