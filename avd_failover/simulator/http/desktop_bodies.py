"""How Microsoft.DesktopVirtualization writes its resources (2024-04-03, in the casing of recorded answers).

Ids come back with lower-case types, but ``pooledSchedules``; names are the whole path under the first type;
what is not set is written out as null.
"""

from collections.abc import Mapping
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from avd_failover.simulator.http.arm_common import provider_time
from avd_failover.simulator.http.desktop_fields import wire_names
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import (
    AgentUpdate,
    ApplicationGroup,
    DayTime,
    HostPool,
    Machine,
    PooledSchedule,
    ScalingPlan,
    SessionHost,
    UserSession,
    Workspace,
    key,
)
from avd_failover.simulator.world import World

NAMESPACE = "Microsoft.DesktopVirtualization"
OWNER = "owner@contoso.onmicrosoft.com"
"""Whom ``systemData`` names as the creator of everything a scenario starts with."""

_WINDOWS_ZONES = {
    "UTC": "UTC",
    "Europe/Amsterdam": "W. Europe Standard Time",
    "Europe/Berlin": "W. Europe Standard Time",
    "Europe/Dublin": "GMT Standard Time",
    "Europe/London": "GMT Standard Time",
    "Europe/Paris": "Romance Standard Time",
    "America/New_York": "Eastern Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
    "Asia/Singapore": "Singapore Standard Time",
}
_CHECKS = (
    "DomainJoinedCheck",
    "DomainTrustCheck",
    "FSLogixHealthCheck",
    "SxSStackListenerCheck",
    "UrlsAccessibleCheck",
    "MonitoringAgentCheck",
    "DomainReachable",
    "WebRTCRedirectorCheck",
    "SupportedEncryptionCheck",
    "MetaDataServiceCheck",
    "AppAttachHealthCheck",
)
_CHECK_RESULTS = {
    "Available": "HealthCheckSucceeded",
    "NeedsAssistance": "HealthCheckSucceeded",
    "Shutdown": "SessionHostShutdown",
}


def time_zone(windows: str) -> str | None:
    """Return the IANA name of a Windows time zone, or None for one that nothing here knows."""
    return next((name for name, shown in _WINDOWS_ZONES.items() if windows in {name, shown}), None)


@lru_cache(maxsize=65_536)
def shown_id(resource: str) -> str:
    """Write an id of this provider as it is returned, whatever casing it was sent in."""
    parts = ["", *resource.strip("/").split("/")]
    parts[1], parts[3], parts[5], parts[6] = "subscriptions", "resourcegroups", "providers", NAMESPACE
    parts[7::2] = [_shown_type(kind) for kind in parts[7::2]]
    return "/".join(parts)


def _shown_type(kind: str) -> str:
    folded = kind.lower()
    return "pooledSchedules" if folded == "pooledschedules" else folded


@lru_cache(maxsize=65_536)
def _head(resource: str) -> tuple[str, str, str]:
    shown = shown_id(resource)
    parts = shown.split("/")
    return "/".join(parts[8::2]), shown, "/".join([NAMESPACE, *parts[7::2]])


def envelope(resource: str) -> dict[str, Json]:
    """Return name, id and type of a resource, in the recorded order."""
    name, shown, kind = _head(resource)
    return {"name": name, "id": shown, "type": kind}


def _tracked(
    world: World, resource: str, location: str, kind: str | None, tags: tuple[tuple[str, str], ...]
) -> dict[str, Json]:
    made = provider_time(world.core.starts_at)
    return {
        **envelope(resource),
        "location": location,
        "tags": dict(tags),
        "kind": kind,
        "systemData": system_data(OWNER, made, OWNER, made),
    }


def system_data(
    created_by: str | None, created: str | None, modified_by: str | None, modified: str | None
) -> dict[str, Json]:
    """Return ``systemData``; the service itself leaves no name."""
    return {
        "createdBy": created_by,
        "createdByType": created_by and "User",
        "createdAt": created,
        "lastModifiedBy": modified_by,
        "lastModifiedByType": modified_by and "User",
        "lastModifiedAt": modified,
    }


def host_pool(world: World, pool: HostPool) -> dict[str, Json]:
    """Write a host pool; the registration token is never shown."""
    groups = [shown_id(group.id) for group in world.pools.application_groups_of(pool.id)]
    personal = pool.host_pool_type == "Personal"
    return _tracked(world, pool.id, pool.location, None, pool.tags) | {
        "properties": {
            "friendlyName": pool.friendly_name,
            "description": pool.description,
            "hostPoolType": pool.host_pool_type,
            "personalDesktopAssignmentType": pool.personal_desktop_assignment_type,
            "applicationGroupReferences": groups,
            "customRdpProperty": pool.custom_rdp_property,
            "maxSessionLimit": pool.max_session_limit,
            "loadBalancerType": "Persistent" if personal else pool.load_balancer_type,
            "validationEnvironment": pool.validation_environment,
            "ring": pool.ring,
            "registrationInfo": None,
            "vmTemplate": pool.vm_template,
            "preferredAppGroupType": pool.preferred_app_group_type,
            "cloudPcResource": False,
            "startVMOnConnect": pool.start_vm_on_connect,
            "ssoadfsAuthority": pool.ssoadfs_authority,
            **_sign_on(pool),
            "publicNetworkAccess": pool.public_network_access,
            "agentUpdate": _agent_update(pool.agent_update),
            "objectId": pool.object_id,
        }
    }


def _sign_on(pool: HostPool) -> dict[str, Json]:
    """Write what single sign-on needs; the service leaves out what was never set."""
    held = {
        "ssoClientId": pool.sso_client_id,
        "ssoClientSecretKeyVaultPath": pool.sso_client_secret_key_vault_path,
        "ssoSecretType": pool.sso_secret_type,
    }
    return {name: value for name, value in held.items() if value is not None}


def _agent_update(held: AgentUpdate | None) -> Json:
    if held is None:
        return None
    return {
        "type": held.type,
        "useSessionHostLocalTime": held.use_session_host_local_time,
        "maintenanceWindowTimeZone": held.time_zone,
        "maintenanceWindows": [{"hour": hour, "dayOfWeek": day} for hour, day in held.windows],
    }


def application_group(world: World, group: ApplicationGroup) -> dict[str, Json]:
    """Write an application group."""
    return _tracked(world, group.id, group.location, group.application_group_type, group.tags) | {
        "properties": {
            "hostPoolArmPath": shown_id(group.host_pool),
            "workspaceArmPath": shown_id(group.workspace) if group.workspace else None,
            "description": group.description,
            "friendlyName": group.friendly_name,
            "applicationGroupType": group.application_group_type,
            "showInFeed": group.show_in_feed,
            "cloudPcResource": False,
            "objectId": group.object_id,
        }
    }


def workspace(world: World, space: Workspace) -> dict[str, Json]:
    """Write a workspace."""
    return _tracked(world, space.id, space.location, None, space.tags) | {
        "properties": {
            "description": space.description,
            "friendlyName": space.friendly_name,
            "applicationGroupReferences": [shown_id(group) for group in space.application_groups],
            "cloudPcResource": False,
            "publicNetworkAccess": space.public_network_access,
            "objectId": space.object_id,
        }
    }


def session_host(world: World, host: SessionHost) -> dict[str, Json]:
    """Write a session host with the number of its listed sessions. ``lastHeartBeat`` may be days old."""
    made = provider_time(world.core.starts_at)
    machine = world.core.find(Machine, host.machine)
    modified = provider_time(world.core.at(host.modified_s)) if host.modified_s else None
    return envelope(host.id) | {
        "properties": {
            "friendlyName": host.friendly_name,
            "lastHeartBeat": provider_time(world.core.at(world.hosts.heartbeat_s(host))),
            "statusTimestamp": None,
            "lastUpdateTime": made,
            "sessions": len(world.sessions.on_host(host.id)),
            "agentVersion": host.agent_version,
            "allowNewSession": host.allow_new_session,
            "assignedUser": host.assigned_user,
            "status": host.status,
            "osVersion": host.os_version,
            "sxSStackVersion": host.stack_version,
            "updateState": "Succeeded",
            "updateErrorMessage": "",
            "sessionHostHealthCheckResults": _health(host.status, host.failing_checks, made),
            "resourceId": host.machine,
            "virtualMachineId": machine.vm_id if machine else None,
            "objectId": object_id(host.id),
        },
        "systemData": system_data(None, made, OWNER if modified else None, modified),
    }


@lru_cache(maxsize=64)
def _health(status: str, failing: tuple[str, ...], at: str) -> list[Json]:
    result = _CHECK_RESULTS.get(status, "HealthCheckFailed")
    return [_check(name, "HealthCheckFailed" if name in failing else result, at) for name in _CHECKS]


def _check(name: str, result: str, at: str) -> dict[str, Json]:
    failed = result == "HealthCheckFailed"
    details = {
        "message": f"{name} failed" if failed else "",
        "errorCode": -2147467259 if failed else 0,
        "lastHealthCheckDateTime": at,
    }
    return {"healthCheckName": name, "healthCheckResult": result, "additionalFailureDetails": details}


def user_session(world: World, session: UserSession, *, with_system_data: bool) -> dict[str, Json]:
    """Write a user session; the list of a whole pool leaves ``systemData`` null (recorded)."""
    made = provider_time(world.core.at(session.created_s))
    user = session.user_principal_name.partition("@")[0]
    return envelope(session.id) | {
        "properties": {
            "createTime": made,
            "userPrincipalName": session.user_principal_name,
            "sessionState": session.state,
            "applicationType": session.application_type,
            "activeDirectoryUserName": f"AzureAD\\{user}",
            "objectId": object_id(session.id),
        },
        "systemData": system_data(None, made, None, None) if with_system_data else None,
    }


def scaling_plan(world: World, plan: ScalingPlan) -> dict[str, Json]:
    """Write a scaling plan; its ``schedules`` are the same data as its pooled schedules."""
    schedules = [{"name": held.name, **_phases(held)} for held in world.scaling.schedules(plan.id)]
    return _tracked(world, plan.id, plan.location, None, plan.tags) | {
        "properties": {
            "description": plan.description,
            "friendlyName": plan.friendly_name,
            "timeZone": _WINDOWS_ZONES.get(plan.time_zone, plan.time_zone),
            "hostPoolType": "Pooled",
            "exclusionTag": plan.exclusion_tag,
            "schedules": schedules,
            "hostPoolReferences": [
                {"hostPoolArmPath": shown_id(held.host_pool), "scalingPlanEnabled": held.enabled}
                for held in plan.references
            ],
            "objectId": plan.object_id,
        }
    }


def pooled_schedule(world: World, schedule: PooledSchedule) -> dict[str, Json]:
    """Write a pooled schedule."""
    made = provider_time(world.core.starts_at)
    return envelope(schedule.id) | {
        "properties": _phases(schedule),
        "systemData": system_data(OWNER, made, OWNER, made),
    }


SCHEDULE_FIELDS: Mapping[str, str] = wire_names(PooledSchedule)
"""Properties of a pooled schedule on the wire, and the record's fields behind them."""


def _phases(schedule: PooledSchedule) -> dict[str, Json]:
    return {wire: plain(getattr(schedule, name)) for wire, name in SCHEDULE_FIELDS.items()}


def plain(value: object) -> Json:
    """Write one field of a schedule."""
    if isinstance(value, DayTime):
        return {"hour": value.hour, "minute": value.minute}
    return list(value) if isinstance(value, tuple) else value


@lru_cache(maxsize=65_536)
def object_id(resource: str) -> str:
    """Return the object id of what the service made itself."""
    return str(uuid5(NAMESPACE_URL, key(resource)))
