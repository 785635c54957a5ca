"""Records of the world as the values that cross the seam, folded as the adapters fold them."""

from datetime import datetime

from avd_failover.cloud import Reading
from avd_failover.domain import estate, ids
from avd_failover.domain.owners import owner_mark
from avd_failover.simulator import records
from avd_failover.simulator.machines import ON_A_HOST


def assignment(record: records.RoleAssignment) -> estate.RoleAssignment:
    """Return an assignment with every property."""
    return estate.RoleAssignment(
        id=ids.assignment_id(record.id),
        name=record.name.lower(),
        scope=ids.scope(record.scope),
        principal_id=ids.PrincipalId(ids.guid(record.principal_id)),
        principal_type=record.principal_type,
        role_definition_id=record.role_definition_id.lower(),
        condition=record.condition,
        condition_version=record.condition_version,
        description=record.description,
    )


def definition(record: records.RoleDefinition, subscription: str) -> estate.RoleDefinition:
    """Return a role; its id carries the subscription that was asked."""
    base = f"/subscriptions/{subscription}" if subscription else ""
    return estate.RoleDefinition(
        id=f"{base}/providers/microsoft.authorization/roledefinitions/{record.id.lower()}",
        name=record.role_name,
        data_actions=tuple(sorted({action.lower() for action in record.data_actions})),
        not_data_actions=tuple(sorted({action.lower() for action in record.not_data_actions})),
    )


def host_pool(record: records.HostPool) -> estate.HostPool:
    """Return a host pool."""
    return estate.HostPool(
        id=ids.host_pool_id(record.id),
        location=record.location.lower(),
        kind=estate.PoolKind(record.host_pool_type.lower()),
        max_sessions_per_host=record.max_session_limit,
        start_on_connect=record.start_vm_on_connect,
    )


def application_group(record: records.ApplicationGroup) -> estate.ApplicationGroup:
    """Return an application group."""
    return estate.ApplicationGroup(
        id=ids.application_group_id(record.id),
        host_pool=ids.host_pool_id(record.host_pool),
        workspace=ids.workspace_id(record.workspace) if record.workspace else None,
    )


def session_host(record: records.SessionHost, sessions: int, last_heartbeat: datetime) -> estate.SessionHost:
    """Return a session host with the number of sessions that the service counts on it."""
    return estate.SessionHost(
        id=ids.session_host_id(record.id),
        machine=ids.machine_id(record.machine),
        status=estate.HostStatus(record.status),
        assigned_user=owner_mark(ids.pool_of(ids.session_host_id(record.id)), record.assigned_user),
        allows_new_sessions=record.allow_new_session,
        sessions=sessions,
        last_heartbeat=last_heartbeat,
    )


def user_session(record: records.UserSession) -> estate.UserSession:
    """Return a session; like the SDK of this API version, with the user's name and without the object id."""
    return estate.UserSession(
        id=ids.user_session_id(record.id),
        state=estate.SessionState(record.state),
        name=record.user_principal_name.lower() or None,
    )


def membership(group: ids.GroupId, found: Reading[records.User | records.Group]) -> estate.Membership:
    """Return everyone in a group; a rule that is not worked off leaves open who else is (safety S5)."""
    groups = [one for one in found.items if isinstance(one, records.Group)]
    users = [one for one in found.items if isinstance(one, records.User)]
    paused = any(one.rule_paused for one in groups)
    return estate.Membership(
        group=group,
        users=frozenset(ids.user_id(one.id) for one in users),
        nested=frozenset(ids.group_id(one.id) for one in groups) - {group},
        complete=found.complete and not paused,
        gap=found.gap or (estate.RULE_PENDING if paused else ""),
        read_at=found.read_at,
        names=tuple(sorted((one.user_principal_name.lower(), ids.user_id(one.id)) for one in users)),
    )


def scaling_plan(record: records.ScalingPlan) -> estate.ScalingPlan:
    """Return a scaling plan and the pools it acts on."""
    return estate.ScalingPlan(
        id=ids.scaling_plan_id(record.id),
        references=tuple(
            estate.PoolReference(host_pool=ids.host_pool_id(ref.host_pool), enabled=ref.enabled)
            for ref in record.references
        ),
    )


def schedule(record: records.PooledSchedule) -> estate.PooledSchedule:
    """Return a pooled schedule with its floor."""
    return estate.PooledSchedule(
        id=ids.schedule_id(record.id),
        floor=estate.ScheduleFloor(
            ramp_up_minimum_hosts_pct=record.ramp_up_minimum_hosts_pct,
            ramp_up_capacity_threshold_pct=record.ramp_up_capacity_threshold_pct,
            ramp_down_minimum_hosts_pct=record.ramp_down_minimum_hosts_pct,
            ramp_down_capacity_threshold_pct=record.ramp_down_capacity_threshold_pct,
        ),
    )


def machine(record: records.Machine) -> estate.Machine:
    """Return a machine with its power state."""
    group = record.reservation_group
    return estate.Machine(
        agent_ready=record.power in ON_A_HOST,
        id=ids.machine_id(record.id),
        location=record.location.lower(),
        power=estate.PowerState(record.power),
        size=record.vm_size,
        zones=record.zones,
        reservation_group=ids.reservation_group_id(group) if group else None,
    )
