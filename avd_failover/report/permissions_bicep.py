"""The same roles in Bicep, over the modules in ``deploy/modules``: one module for each kind of scope."""

from collections.abc import Iterator

from avd_failover.domain.ids import Scope, subscription_of
from avd_failover.domain.permissions import Assigned, CustomRole, Permissions
from avd_failover.report.permissions_arm import AUTHORIZATION_VERSION, group_within, home_of

MODULES = {
    "microsoft.desktopvirtualization/hostpools": "host-pool-role",
    "microsoft.desktopvirtualization/scalingplans": "scaling-plan-role",
    "microsoft.desktopvirtualization/applicationgroups": "application-group-role",
    "microsoft.recoveryservices/vaults": "vault-role",
    "microsoft.compute/capacityreservationgroups": "reservation-role",
    "": "group-role",
}
"""Type of a scope to the module that assigns a role there."""


def permissions_bicep(found: Permissions) -> str:
    """Return a Bicep file for a deployment at a subscription, to be kept beside ``modules/``."""
    lines = [
        f"// Least privilege for {found.plan}. Made by: failover permissions --output bicep",
        "targetScope = 'subscription'",
        "",
        "@description('Object id of the identity that runs the failover.')",
        "param principalId string",
    ]
    for number, role in enumerate(found.roles, start=1):
        lines += ["", *_definition(f"role{number}", role)]
        for place, one in enumerate(role.assigned, start=1):
            lines += ["", *_assignment(f"role{number}", f"role{number}at{place}", one)]
    return "\n".join([*lines, ""])


def _definition(symbol: str, role: CustomRole) -> Iterator[str]:
    yield f"resource {symbol} 'Microsoft.Authorization/roleDefinitions@{AUTHORIZATION_VERSION}' = {{"
    yield f"  name: {_quoted(role.id)}"
    yield "  properties: {"
    yield f"    roleName: {_quoted(role.name)}"
    yield f"    description: {_quoted(role.summary)}"
    yield "    type: 'CustomRole'"
    yield "    permissions: ["
    yield "      {"
    yield from _list("actions", role.actions, "        ")
    yield "        notActions: []"
    yield "        dataActions: []"
    yield "        notDataActions: []"
    yield "      }"
    yield "    ]"
    yield from _list("assignableScopes", role.assignable_scopes, "    ")
    yield "  }"
    yield "}"


def _assignment(role: str, symbol: str, one: Assigned) -> Iterator[str]:
    yield f"module {symbol} 'modules/{_module(one.scope)}.bicep' = {{"
    yield f"  name: 'avd-failover-{symbol}'"
    home = home_of(one.scope)
    if group_within(home):
        yield f"  scope: resourceGroup({_quoted(subscription_of(home))}, {_quoted(home.split('/')[4])})"
    else:
        yield f"  scope: subscription({_quoted(subscription_of(home))})"
    yield "  params: {"
    yield "    principalId: principalId"
    yield f"    roleDefinitionId: {role}.id"
    if one.scope != home:
        yield f"    resourceName: {_quoted(one.scope.rsplit('/', 1)[-1])}"
    if one.condition:
        yield f"    condition: '''{one.condition}'''"
    yield "  }"
    yield "}"


def _module(scope: Scope) -> str:
    if not group_within(scope):
        return "subscription-role"
    inner = scope.removeprefix(home_of(scope)).removeprefix("/providers/")
    return MODULES["/".join(inner.split("/")[:2])]


def _list(name: str, values: tuple[str, ...], indent: str) -> Iterator[str]:
    yield f"{indent}{name}: ["
    yield from (f"{indent}  {_quoted(value)}" for value in values)
    yield f"{indent}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{escaped}'"
