"""The same roles as a template of Azure Resource Manager, for a deployment at a subscription.

Definitions come first; assignments go into nested deployments, one for each resource group or subscription,
since a template at a subscription cannot name what lies in a group.
"""

from collections.abc import Iterator
from typing import Any

from avd_failover.domain.conditions import VERSION
from avd_failover.domain.ids import Scope, subscription_of
from avd_failover.domain.permissions import Assigned, CustomRole, Permissions

Json = dict[str, Any]

SUBSCRIPTION_SCHEMA = (
    "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
)
GROUP_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
AUTHORIZATION_VERSION = "2022-04-01"
DEPLOYMENTS_VERSION = "2022-09-01"
_PRINCIPAL: Json = {
    "principalId": {
        "type": "string",
        "metadata": {"description": "Object id of the identity that runs the failover."},
    }
}


def permissions_arm(found: Permissions) -> Json:
    """Return the template; its one parameter is the object id of the identity."""
    definitions = [_definition(role) for role in found.roles]
    return {
        "$schema": SUBSCRIPTION_SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {
            "description": f"Least privilege for {found.plan}. Made by: failover permissions --output arm"
        },
        "parameters": _PRINCIPAL,
        "resources": [*definitions, *_deployments(found.roles)],
    }


def _definition(role: CustomRole) -> Json:
    nothing: Json = {"notActions": [], "dataActions": [], "notDataActions": []}
    return {
        "type": "Microsoft.Authorization/roleDefinitions",
        "apiVersion": AUTHORIZATION_VERSION,
        "name": role.id,
        "properties": {
            "roleName": role.name,
            "description": role.summary,
            "type": "CustomRole",
            "permissions": [{"actions": list(role.actions), **nothing}],
            "assignableScopes": list(role.assignable_scopes),
        },
    }


def _deployments(roles: tuple[CustomRole, ...]) -> Iterator[Json]:
    homes: dict[Scope, list[tuple[CustomRole, Assigned]]] = {}
    for role in roles:
        for one in role.assigned:
            homes.setdefault(home_of(one.scope), []).append((role, one))
    for number, (home, inside) in enumerate(sorted(homes.items()), start=1):
        yield _deployment(f"avd-failover-roles-{number}", home, inside)


def _deployment(name: str, home: Scope, inside: list[tuple[CustomRole, Assigned]]) -> Json:
    group = home.split("/")[4] if group_within(home) else ""
    where: Json = {"resourceGroup": group} if group else {"location": "[deployment().location]"}
    needed = sorted({role.id for role, _ in inside})
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": DEPLOYMENTS_VERSION,
        "name": name,
        "subscriptionId": subscription_of(home),
        **where,
        "dependsOn": [
            f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{one}')]" for one in needed
        ],
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"principalId": {"value": "[parameters('principalId')]"}},
            "template": {
                "$schema": GROUP_SCHEMA if group else SUBSCRIPTION_SCHEMA,
                "contentVersion": "1.0.0.0",
                "parameters": _PRINCIPAL,
                "resources": [_assignment(role, one, home) for role, one in inside],
            },
        },
    }


def _assignment(role: CustomRole, one: Assigned, home: Scope) -> Json:
    inner = one.scope.removeprefix(home).removeprefix("/providers/")
    condition: Json = {"condition": one.condition, "conditionVersion": VERSION} if one.condition else {}
    definitions = f"/subscriptions/{subscription_of(home)}/providers/Microsoft.Authorization/roleDefinitions"
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": AUTHORIZATION_VERSION,
        **({"scope": inner} if inner else {}),
        "name": f"[guid('{one.scope}', '{role.id}', parameters('principalId'))]",
        "properties": {
            "roleDefinitionId": f"{definitions}/{role.id}",
            "principalId": "[parameters('principalId')]",
            "principalType": "ServicePrincipal",
            "description": role.name,
            **condition,
        },
    }


def home_of(scope: Scope) -> Scope:
    """Return the resource group that a scope lies in, or the scope itself where it is a subscription."""
    return Scope("/".join(scope.split("/")[:5])) if group_within(scope) else scope


def group_within(scope: Scope) -> bool:
    """Tell whether a scope is a resource group or lies in one."""
    return "/resourcegroups/" in scope
