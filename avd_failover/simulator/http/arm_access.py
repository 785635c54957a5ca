"""Microsoft.Authorization beside roles: locks, deny assignments, permissions; and management groups above."""

from avd_failover.simulator.http.arm_common import member, paged, properties, required
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Group, Record, RoleDefinition, Subscription, User, key
from avd_failover.simulator.records_access import (
    EVERYONE,
    DenyAssignment,
    Lock,
    ManagementGroup,
    ServicePrincipal,
)
from avd_failover.simulator.world import World

_AUTHORIZATION = "Microsoft.Authorization"
_GROUPS = "Microsoft.Management/managementGroups"


def _key(held: Record) -> str:
    return key(held.id)


def _locks(world: World, call: Call) -> Answer:
    asked = call.query.get("$filter", "").replace(" ", "").lower()
    if asked not in {"", "atscope()"}:
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{asked}' specified.")
    found = world.locks.list(call.params["scope"], only_above=bool(asked))
    return paged(call, found, _key, _lock_body, null_link=False)


def _lock(world: World, call: Call) -> Answer:
    return Answer(body=_lock_body(world.locks.get(call.params["scope"], call.params["name"])))


def _put_lock(world: World, call: Call) -> Answer:
    sent = properties(call)
    level = required(sent, "level", str)
    if level not in {"CanNotDelete", "ReadOnly"}:
        raise Refusal(400, "InvalidLockLevel", f"The lock level '{level}' is not valid.")
    new, held = world.locks.put(
        call.actor,
        call.params["scope"],
        call.params["name"],
        level="ReadOnly" if level == "ReadOnly" else "CanNotDelete",
        notes=member(sent, "notes", str) or "",
    )
    return Answer(status=201 if new else 200, body=_lock_body(held))


def _delete_lock(world: World, call: Call) -> Answer:
    gone = world.locks.delete(call.actor, call.params["scope"], call.params["name"])
    return Answer(status=204 if gone is None else 200)


def _lock_body(held: Lock) -> dict[str, Json]:
    shown: dict[str, Json] = {"level": held.level}
    if held.notes:
        shown["notes"] = held.notes
    return {"properties": shown, "id": held.id, "type": f"{_AUTHORIZATION}/locks", "name": held.name}


def _denies(world: World, call: Call) -> Answer:
    asked = call.query.get("$filter", "").replace(" ", "").lower()
    if asked not in {"", "atscope()"}:
        raise Refusal(400, "BadRequestFormat", f"The filter '{asked}' is not supported.")
    found = world.permissions.denies(call.params["scope"])
    return paged(call, found, _key, lambda one: _deny_body(world, one), null_link=False)


def _deny(world: World, call: Call) -> Answer:
    wanted = key(call.params["name"])
    for held in world.permissions.denies(call.params["scope"]):
        if key(held.name) == wanted:
            return Answer(body=_deny_body(world, held))
    raise Refusal(
        404, "DenyAssignmentNotFound", f"The deny assignment '{call.params['name']}' could not be found."
    )


def _deny_body(world: World, held: DenyAssignment) -> dict[str, Json]:
    permissions = {
        "actions": list(held.actions),
        "notActions": list(held.not_actions),
        "dataActions": list(held.data_actions),
        "notDataActions": list(held.not_data_actions),
    }
    return {
        "properties": {
            "denyAssignmentName": held.deny_name,
            "description": held.description,
            "permissions": [permissions],
            "scope": held.scope,
            "doNotApplyToChildScopes": held.does_not_apply_to_children,
            "principals": [_principal(world, one) for one in held.principals],
            "excludePrincipals": [_principal(world, one) for one in held.excluded],
            "isSystemProtected": True,
        },
        "id": held.id,
        "type": f"{_AUTHORIZATION}/denyAssignments",
        "name": held.name,
    }


def _principal(world: World, principal: str) -> dict[str, Json]:
    if principal == EVERYONE:
        return {"id": principal, "type": "SystemDefined"}
    kinds = ((Group, "Group"), (User, "User"), (ServicePrincipal, "ServicePrincipal"))
    return {
        "id": principal,
        "type": next((name for kind, name in kinds if world.core.find(kind, principal)), ""),
    }


def _permissions(world: World, call: Call) -> Answer:
    """Answer what the caller may do here: one entry for each role that it holds."""
    principal = call.actor.partition(":")[2]
    roles = world.permissions.roles_at(principal, call.params["scope"])
    return Answer(body={"value": [_allowed(role) for role in roles]})


def _allowed(role: RoleDefinition) -> dict[str, Json]:
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }


def _groups(world: World, call: Call) -> Answer:
    return paged(call, world.hierarchy.all(), _key, lambda one: _group_body(world, one), null_link=False)


def _group(world: World, call: Call) -> Answer:
    group = world.hierarchy.get(call.params["group"])
    body = _group_body(world, group)
    parent = world.core.find(ManagementGroup, group.parent) if group.parent else None
    shown = {"id": parent.id, "name": parent.name, "displayName": parent.display_name} if parent else {}
    body["properties"]["details"] = {"parent": shown}
    if call.query.get("$expand", "").lower() == "children":
        deep = call.query.get("$recurse", "").lower() == "true"
        body["properties"]["children"] = _children(world, group, deep=deep)
    return Answer(body=body)


def _children(world: World, group: ManagementGroup, *, deep: bool) -> list[Json]:
    found: list[Json] = []
    for child in world.hierarchy.children(group):
        shown: dict[str, Json] = {
            "type": _GROUPS, "id": child.id, "name": child.name, "displayName": child.display_name
        }  # fmt: skip
        found.append(shown | ({"children": _children(world, child, deep=True)} if deep else {}))
    return found + [_subscription(world, one) for one in group.subscriptions]


def _subscription(world: World, subscription: str) -> dict[str, Json]:
    held = world.core.find(Subscription, subscription)
    return {
        "type": "/subscriptions",
        "id": f"/subscriptions/{subscription}",
        "name": subscription,
        "displayName": held.display_name if held else subscription,
    }


def _descendants(world: World, call: Call) -> Answer:
    top = world.hierarchy.get(call.params["group"])
    rows: list[dict[str, Json]] = []
    for group in world.hierarchy.below(top):
        above = {"parent": {"id": group.id}}
        if group is not top and group.parent:
            rows.append(_descendant(group.id, _GROUPS, group.display_name, {"parent": {"id": group.parent}}))
        for one in group.subscriptions:
            held = _subscription(world, one)
            rows.append(_descendant(held["id"], f"{_GROUPS}/subscriptions", held["displayName"], above))
    return paged(call, rows, lambda row: str(row["id"]).lower(), lambda row: row, null_link=False)


def _descendant(resource: str, kind: str, shown: str, above: dict[str, Json]) -> dict[str, Json]:
    name = resource.rsplit("/", 1)[-1]
    return {"id": resource, "type": kind, "name": name, "properties": {"displayName": shown, **above}}


def _group_body(world: World, group: ManagementGroup) -> dict[str, Json]:
    tenant = next((one.tenant_id for one in world.core.table(Subscription).values()), "")
    return {
        "id": group.id,
        "type": _GROUPS,
        "name": group.name,
        "properties": {"tenantId": tenant, "displayName": group.display_name},
    }


_SCOPE = "{scope}/providers/Microsoft.Authorization"
_MANAGEMENT = "/providers/Microsoft.Management/managementGroups"

ROUTES = (
    Route("GET", _SCOPE + "/locks", _locks, Face.ARM),
    Route("GET", _SCOPE + "/locks/{name}", _lock, Face.ARM),
    Route("PUT", _SCOPE + "/locks/{name}", _put_lock, Face.ARM),
    Route("DELETE", _SCOPE + "/locks/{name}", _delete_lock, Face.ARM),
    Route("GET", _SCOPE + "/denyAssignments", _denies, Face.AUTHORIZATION),
    Route("GET", _SCOPE + "/denyAssignments/{name}", _deny, Face.AUTHORIZATION),
    Route("GET", _SCOPE + "/permissions", _permissions, Face.AUTHORIZATION),
    Route("GET", _MANAGEMENT, _groups, Face.ARM),
    Route("GET", _MANAGEMENT + "/{group}", _group, Face.ARM),
    Route("GET", _MANAGEMENT + "/{group}/descendants", _descendants, Face.ARM),
)
