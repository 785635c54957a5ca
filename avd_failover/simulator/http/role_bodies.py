"""How Microsoft.Authorization writes role assignments and definitions (2022-04-01)."""

from avd_failover.simulator.http.arm_common import ticks_time
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import RoleAssignment, RoleDefinition
from avd_failover.simulator.world import World

_TYPE = "Microsoft.Authorization/roleAssignments"


def assignment(world: World, held: RoleAssignment, *, just_put: bool = False) -> dict[str, Json]:
    """Write a role assignment; the answer to a PUT does not know yet who created it (recorded)."""
    base = "" if held.scope == "/" else held.scope
    return {
        "properties": {
            "roleDefinitionId": held.role_definition_id,
            "principalId": held.principal_id,
            "principalType": held.principal_type,
            "scope": held.scope,
            "condition": held.condition,
            "conditionVersion": held.condition_version,
            "createdOn": ticks_time(world.core.at(held.created_s)),
            "updatedOn": ticks_time(world.core.at(held.updated_s)),
            "createdBy": None if just_put else held.created_by,
            "updatedBy": held.created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": held.description,
        },
        "id": f"{base}/providers/{_TYPE}/{held.name}",
        "type": _TYPE,
        "name": held.name,
    }


def definition(world: World, role: RoleDefinition, subscription: str) -> dict[str, Json]:
    """Write a role definition; its id carries whatever subscription was asked."""
    made = ticks_time(world.core.starts_at)
    permissions = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
    return {
        "properties": {
            "roleName": role.role_name,
            "type": role.role_type,
            "description": role.description,
            "assignableScopes": list(role.assignable_scopes),
            "permissions": [permissions],
            "createdOn": made,
            "updatedOn": made,
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.id,
    }
