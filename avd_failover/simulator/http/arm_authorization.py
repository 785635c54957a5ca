"""Microsoft.Authorization 2022-04-01: role assignments at any scope, and role definitions."""

import re

from avd_failover.simulator.http.arm_common import bad_content, member, paged, properties, required
from avd_failover.simulator.http.role_bodies import assignment as assignment_body
from avd_failover.simulator.http.role_bodies import definition as definition_body
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import RoleDefinition
from avd_failover.simulator.world import World

_ROLE_FILTER = re.compile(r"\s*(roleName|type)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_EVERY_ROLE = {"", "atscopeandbelow()", "atscope()"}
_PRINCIPAL_TYPES = {"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}


def _assignments(world: World, call: Call) -> Answer:
    wanted = call.query.get("$filter", "")
    found = world.roles.assignments_for_scope(call.actor, call.params["scope"], wanted)
    return paged(
        call, found, lambda held: held.id.lower(), lambda held: assignment_body(world, held), null_link=False
    )


def _get_assignment(world: World, call: Call) -> Answer:
    return Answer(body=assignment_body(world, world.roles.assignment(call.actor, _id(call))))


def _put_assignment(world: World, call: Call) -> Answer:
    sent = properties(call)
    kind = member(sent, "principalType", str)
    if kind is not None and kind not in _PRINCIPAL_TYPES:
        raise bad_content(f"Requested value '{kind}' was not found. Path 'properties.principalType'.")
    status, held = world.roles.put(
        call.actor,
        call.params["scope"],
        call.params["name"],
        principal_id=required(sent, "principalId", str),
        role_definition_id=required(sent, "roleDefinitionId", str),
        principal_type=kind,
        condition=member(sent, "condition", str),
        condition_version=member(sent, "conditionVersion", str),
        description=member(sent, "description", str),
    )
    return Answer(status=status, body=assignment_body(world, held, just_put=True))


def _delete_assignment(world: World, call: Call) -> Answer:
    gone = world.roles.delete(call.actor, _id(call))
    return Answer(status=204) if gone is None else Answer(body=assignment_body(world, gone))


def _definitions(world: World, call: Call) -> Answer:
    scope = call.params["scope"]
    found = [role for role in world.roles.definitions(scope) if _wanted(role, call.query.get("$filter", ""))]
    return paged(
        call,
        found,
        lambda role: role.id.lower(),
        lambda role: _definition(world, call, role),
        null_link=False,
    )


def _get_definition(world: World, call: Call) -> Answer:
    return Answer(body=_definition(world, call, world.roles.definition(call.params["name"])))


def _definition(world: World, call: Call, role: RoleDefinition) -> Json:
    parts = call.params["scope"].split("/")
    subscription = "/".join(parts[:3]) if parts[1].lower() == "subscriptions" else ""
    return definition_body(world, role, subscription)


def _wanted(role: RoleDefinition, odata_filter: str) -> bool:
    if odata_filter.replace(" ", "").lower() in _EVERY_ROLE:
        return True
    match = _ROLE_FILTER.fullmatch(odata_filter)
    if match is None:
        raise Refusal(400, "BadRequestFormat", f"The filter '{odata_filter}' is not supported.")
    value = role.role_name if match[1].lower() == "rolename" else role.role_type
    return value.lower() == match[2].lower()


def _id(call: Call) -> str:
    scope = call.params["scope"].rstrip("/")
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{call.params['name']}"


_ASSIGNMENTS = "{scope}/providers/Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "{scope}/providers/Microsoft.Authorization/roleDefinitions"

ROUTES = (
    Route("GET", _ASSIGNMENTS, _assignments, Face.AUTHORIZATION),
    Route("GET", _ASSIGNMENTS + "/{name}", _get_assignment, Face.AUTHORIZATION),
    Route("PUT", _ASSIGNMENTS + "/{name}", _put_assignment, Face.AUTHORIZATION),
    Route("DELETE", _ASSIGNMENTS + "/{name}", _delete_assignment, Face.AUTHORIZATION),
    Route("GET", _DEFINITIONS, _definitions, Face.AUTHORIZATION),
    Route("GET", _DEFINITIONS + "/{name}", _get_definition, Face.AUTHORIZATION),
)
