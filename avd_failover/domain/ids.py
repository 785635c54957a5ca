"""Identifiers of Azure resources and directory objects, one type per kind.

Azure returns the same id in different casing from one call to the next (azure-facts section 4), so every
id is folded to lower case where it enters: plan loader and adapters call the functions here, and from
there on plain equality is identity. Names for people come from the plan, never from an id.
"""

import re
import uuid
from functools import lru_cache
from typing import NewType

HostPoolId = NewType("HostPoolId", str)
SessionHostId = NewType("SessionHostId", str)
UserSessionId = NewType("UserSessionId", str)
Scope = NewType("Scope", str)
"""What a role is assigned at: a resource, a resource group, a subscription, a management group, or ``/``."""
ApplicationGroupId = NewType("ApplicationGroupId", Scope)
WorkspaceId = NewType("WorkspaceId", str)
ScalingPlanId = NewType("ScalingPlanId", str)
ScheduleId = NewType("ScheduleId", str)
MachineId = NewType("MachineId", str)
AssignmentId = NewType("AssignmentId", str)
PrincipalId = NewType("PrincipalId", str)
"""Object id of a user, group or service principal in the directory."""
GroupId = NewType("GroupId", PrincipalId)
UserId = NewType("UserId", PrincipalId)
SubscriptionId = NewType("SubscriptionId", str)
VaultId = NewType("VaultId", str)
ContainerId = NewType("ContainerId", str)
"""A protection container: what lies in one region, as a Recovery Services vault sees it."""
ProtectedItemId = NewType("ProtectedItemId", str)
RecoveryPointId = NewType("RecoveryPointId", str)
RecoveryJobId = NewType("RecoveryJobId", str)
RecoveryPlanId = NewType("RecoveryPlanId", str)
ReplicationPolicyId = NewType("ReplicationPolicyId", str)
ReservationGroupId = NewType("ReservationGroupId", str)

_AVD = "microsoft.desktopvirtualization"
_RECOVERY = "microsoft.recoveryservices"
_CONTAINER = ("vaults", "replicationfabrics", "replicationprotectioncontainers")
_ITEM = (*_CONTAINER, "replicationprotecteditems")
_NAME = r"[a-z0-9][a-z0-9._()\-]{0,254}"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MalformedIdError(ValueError):
    """The text is not an id of the wanted kind; the message names the text and the shape wanted."""


def host_pool_id(text: str) -> HostPoolId:
    """Fold the ARM id of a host pool."""
    return HostPoolId(_resource(text, _AVD, "hostpools"))


def session_host_id(text: str) -> SessionHostId:
    """Fold the ARM id of a session host."""
    return SessionHostId(_resource(text, _AVD, "hostpools", "sessionhosts"))


def user_session_id(text: str) -> UserSessionId:
    """Fold the ARM id of a user session."""
    return UserSessionId(_resource(text, _AVD, "hostpools", "sessionhosts", "usersessions"))


def application_group_id(text: str) -> ApplicationGroupId:
    """Fold the ARM id of an application group."""
    return ApplicationGroupId(Scope(_resource(text, _AVD, "applicationgroups")))


def workspace_id(text: str) -> WorkspaceId:
    """Fold the ARM id of a workspace."""
    return WorkspaceId(_resource(text, _AVD, "workspaces"))


def scaling_plan_id(text: str) -> ScalingPlanId:
    """Fold the ARM id of a scaling plan."""
    return ScalingPlanId(_resource(text, _AVD, "scalingplans"))


def schedule_id(text: str) -> ScheduleId:
    """Fold the ARM id of a pooled schedule of a scaling plan."""
    return ScheduleId(_resource(text, _AVD, "scalingplans", "pooledschedules"))


def machine_id(text: str) -> MachineId:
    """Fold the ARM id of a virtual machine."""
    return MachineId(_resource(text, "microsoft.compute", "virtualmachines"))


def machine_in(group: str, name: str) -> MachineId:
    """Return the id of the virtual machine called ``name`` in a resource group, given by its id."""
    return machine_id(f"{group}/providers/Microsoft.Compute/virtualMachines/{name}")


def vault_id(text: str) -> VaultId:
    """Fold the ARM id of a Recovery Services vault."""
    return VaultId(_resource(text, _RECOVERY, "vaults"))


def container_id(text: str) -> ContainerId:
    """Fold the ARM id of a protection container."""
    return ContainerId(_resource(text, _RECOVERY, *_CONTAINER))


def protected_item_id(text: str) -> ProtectedItemId:
    """Fold the ARM id of a replicated item."""
    return ProtectedItemId(_resource(text, _RECOVERY, *_ITEM))


def recovery_point_id(text: str) -> RecoveryPointId:
    """Fold the ARM id of a recovery point."""
    return RecoveryPointId(_resource(text, _RECOVERY, *_ITEM, "recoverypoints"))


def recovery_job_id(text: str) -> RecoveryJobId:
    """Fold the ARM id of a job of Site Recovery."""
    return RecoveryJobId(_resource(text, _RECOVERY, "vaults", "replicationjobs"))


def recovery_plan_id(text: str) -> RecoveryPlanId:
    """Fold the ARM id of a recovery plan."""
    return RecoveryPlanId(_resource(text, _RECOVERY, "vaults", "replicationrecoveryplans"))


def replication_policy_id(text: str) -> ReplicationPolicyId:
    """Fold the ARM id of a replication policy."""
    return ReplicationPolicyId(_resource(text, _RECOVERY, "vaults", "replicationpolicies"))


def reservation_group_id(text: str) -> ReservationGroupId:
    """Fold the ARM id of a capacity reservation group."""
    return ReservationGroupId(_resource(text, "microsoft.compute", "capacityreservationgroups"))


def storage_account_id(text: str) -> str:
    """Fold the ARM id of a storage account."""
    return _resource(text, "microsoft.storage", "storageaccounts")


def assignment_id(text: str) -> AssignmentId:
    """Fold the id of a role assignment, at whatever scope it lies."""
    folded = text.strip().lower()
    if "/providers/microsoft.authorization/roleassignments/" not in folded:
        raise MalformedIdError(f"not the id of a role assignment: {text!r}")
    return AssignmentId(folded)


def scope(text: str) -> Scope:
    """Fold a scope; the root scope is ``/``."""
    folded = "/" + text.strip().strip("/").lower()
    if ".." in folded or "//" in folded or "%" in folded:
        raise MalformedIdError(f"not a scope: {text!r}")
    return Scope(folded)


def guid(text: str) -> str:
    """Fold a GUID written without braces."""
    folded = text.strip().lower()
    if not _GUID.fullmatch(folded):
        raise MalformedIdError(f"not a GUID of the form 00000000-0000-0000-0000-000000000000: {text!r}")
    return folded


def group_id(text: str) -> GroupId:
    """Fold the object id of a group."""
    return GroupId(PrincipalId(guid(text)))


def user_id(text: str) -> UserId:
    """Fold the object id of a user."""
    return UserId(PrincipalId(guid(text)))


def subscription_of(resource: str) -> SubscriptionId:
    """Return the subscription that a resource or scope lies in; empty for scopes above subscriptions."""
    parts = resource.lower().split("/")
    return SubscriptionId(parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else "")


def resource_group_of(resource: str) -> str:
    """Return the name of the resource group that a resource lies in."""
    parts = resource.split("/")
    if len(parts) < 5 or parts[3].lower() != "resourcegroups":
        raise MalformedIdError(f"lies in no resource group: {resource!r}")
    return parts[4]


def name_of(resource: str) -> str:
    """Return the last segment of an id."""
    return resource.rstrip("/").rsplit("/", 1)[-1]


def host_of(session: UserSessionId) -> SessionHostId:
    """Return the session host that a user session runs on."""
    return SessionHostId(session.rsplit("/", 2)[0])


def pool_of(host: SessionHostId) -> HostPoolId:
    """Return the host pool that a session host belongs to."""
    return HostPoolId(host.rsplit("/", 2)[0])


def vault_of(
    inside: ProtectedItemId | ContainerId | RecoveryPointId | RecoveryJobId | RecoveryPlanId,
) -> VaultId:
    """Return the vault that something of Site Recovery lies in."""
    return VaultId("/".join(inside.split("/")[:9]))


def container_of(item: ProtectedItemId) -> ContainerId:
    """Return the container that a replicated item lies in: the region it replicates from."""
    return ContainerId(item.rsplit("/", 2)[0])


def fabric_of(container: ContainerId) -> str:
    """Return the id of the fabric, a region as a vault sees it, that a container lies in."""
    return container.rsplit("/", 2)[0]


def item_of(point: RecoveryPointId) -> ProtectedItemId:
    """Return the replicated item that a recovery point belongs to."""
    return ProtectedItemId(point.rsplit("/", 2)[0])


def plan_of(schedule: ScheduleId) -> ScalingPlanId:
    """Return the scaling plan that a schedule belongs to."""
    return ScalingPlanId(schedule.rsplit("/", 2)[0])


def within(inner: str, outer: str) -> bool:
    """Tell whether ``inner`` is the scope ``outer`` or lies below it."""
    return outer in {"/", inner} or inner.startswith(outer + "/")


def assignment_at(at: Scope, name: str) -> AssignmentId:
    """Return the id of the role assignment called ``name`` at a scope."""
    base = "" if at == "/" else at
    return AssignmentId(f"{base}/providers/microsoft.authorization/roleassignments/{name}")


def assignment_name(run: str, epoch: int, at: Scope, principal: PrincipalId, role: str) -> str:
    """Choose the name of an assignment that a run creates: the same again inside an epoch (safety S14)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"avd-failover:{run}:{epoch}:{at}:{principal}:{role}"))


@lru_cache(maxsize=1 << 16)
def _resource(text: str, provider: str, *types: str) -> str:
    folded = text.strip().lower()
    tail = "".join(rf"/{kind}/{_NAME}" for kind in types)
    shape = rf"/subscriptions/{_GUID.pattern}/resourcegroups/[^/%?#\\]{{1,90}}/providers/{provider}{tail}"
    if ".." in folded or not re.fullmatch(shape, folded):
        wanted = "".join(f"/{kind}/<name>" for kind in types)
        raise MalformedIdError(
            f"not the id of a {types[-1]} resource: {text!r};"
            f" wanted /subscriptions/<guid>/resourceGroups/<name>/providers/{provider}{wanted}"
        )
    return folded
