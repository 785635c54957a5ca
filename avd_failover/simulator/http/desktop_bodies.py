"""How Microsoft.DesktopVirtualization writes its resources (2024-04-03, in the casing of recorded answers).

Ids come back with lower-case types, but ``pooledSchedules``; names are the whole path under the first type;
what is not set is written out as null.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from avd_failover.simulator.http.arm_common import provider_time
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import (
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
    "SxSStackListenerCheck",
    "UrlsAccessibleCheck",
    "MonitoringAgentCheck",
    "DomainReachable",
    "AppAttachHealthCheck",
)
_CHECK_RESULTS = {"Available": "HealthCheckSucceeded", "Shutdown": "SessionHostShutdown"}


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


def _tracked(world: World, resource: str, location: str, kind: str | None) -> dict[str, Json]:
    made = provider_time(world.core.starts_at)
    return {
        **envelope(resource),
        "location": location,
        "tags": {},
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
    return _tracked(world, pool.id, pool.location, None) | {
        "properties": {
            "friendlyName": pool.friendly_name,
            "description": pool.description,
            "hostPoolType": "Pooled",
            "personalDesktopAssignmentType": None,
            "applicationGroupReferences": groups,
            "customRdpProperty": "",
            "maxSessionLimit": pool.max_session_limit,
            "loadBalancerType": pool.load_balancer_type,
            "validationEnvironment": False,
            "ring": None,
            "registrationInfo": None,
            "vmTemplate": None,
            "preferredAppGroupType": pool.preferred_app_group_type,
            "cloudPcResource": False,
            "startVMOnConnect": pool.start_vm_on_connect,
            "ssoadfsAuthority": None,
            "publicNetworkAccess": "Enabled",
            "agentUpdate": None,
            "objectId": pool.object_id,
        }
    }


def application_group(world: World, group: ApplicationGroup) -> dict[str, Json]:
    """Write an application group."""
    return _tracked(world, group.id, group.location, group.application_group_type) | {
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


def desktop(world: World, group: ApplicationGroup) -> dict[str, Json]:
    """Write the one desktop that a group of kind Desktop has."""
    made = provider_time(world.core.starts_at)
    return envelope(f"{group.id}/desktops/SessionDesktop") | {
        "properties": {
            "description": None,
            "friendlyName": "SessionDesktop",
            "iconHash": None,
            "iconContent": None,
            "objectId": _object_id(f"{group.id}/desktops/SessionDesktop"),
        },
        "systemData": system_data(OWNER, made, OWNER, made),
    }


def workspace(world: World, space: Workspace) -> dict[str, Json]:
    """Write a workspace."""
    return _tracked(world, space.id, space.location, None) | {
        "properties": {
            "description": space.description,
            "friendlyName": space.friendly_name,
            "applicationGroupReferences": [shown_id(group) for group in space.application_groups],
            "cloudPcResource": False,
            "publicNetworkAccess": None,
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
            "friendlyName": None,
            "lastHeartBeat": provider_time(world.core.at(host.last_heartbeat_s)),
            "statusTimestamp": None,
            "lastUpdateTime": made,
            "sessions": len(world.sessions.on_host(host.id)),
            "agentVersion": host.agent_version,
            "allowNewSession": host.allow_new_session,
            "assignedUser": None,
            "status": host.status,
            "osVersion": host.os_version,
            "sxSStackVersion": host.stack_version,
            "updateState": "Succeeded",
            "updateErrorMessage": "",
            "sessionHostHealthCheckResults": _health(host.status, made),
            "resourceId": host.machine,
            "virtualMachineId": machine.vm_id if machine else None,
            "objectId": _object_id(host.id),
        },
        "systemData": system_data(None, made, OWNER if modified else None, modified),
    }


@lru_cache(maxsize=64)
def _health(status: str, at: str) -> list[Json]:
    result = _CHECK_RESULTS.get(status, "HealthCheckFailed")
    details = {"message": "", "errorCode": 0, "lastHealthCheckDateTime": at}
    return [
        {"healthCheckName": name, "healthCheckResult": result, "additionalFailureDetails": details}
        for name in _CHECKS
    ]


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
            "objectId": _object_id(session.id),
        },
        "systemData": system_data(None, made, None, None) if with_system_data else None,
    }


def scaling_plan(world: World, plan: ScalingPlan) -> dict[str, Json]:
    """Write a scaling plan; its ``schedules`` are the same data as its pooled schedules."""
    schedules = [{"name": held.name, **_phases(held)} for held in world.scaling.schedules(plan.id)]
    return _tracked(world, plan.id, plan.location, None) | {
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


def _wire_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


SCHEDULE_FIELDS: Mapping[str, str] = {
    _wire_name(field.name): field.name for field in fields(PooledSchedule) if field.name not in {"id", "plan"}
}
"""Properties of a pooled schedule on the wire, and the record's fields behind them."""


def _phases(schedule: PooledSchedule) -> dict[str, Json]:
    return {wire: _plain(getattr(schedule, name)) for wire, name in SCHEDULE_FIELDS.items()}


def _plain(value: object) -> Json:
    if isinstance(value, DayTime):
        return {"hour": value.hour, "minute": value.minute}
    return list(value) if isinstance(value, tuple) else value


@lru_cache(maxsize=65_536)
def _object_id(resource: str) -> str:
    return str(uuid5(NAMESPACE_URL, key(resource)))
