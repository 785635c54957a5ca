"""Microsoft Graph v1.0: groups, their members directly and through nested groups, and users."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from avd_failover.simulator.http.arm_common import cut, link, member, required
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Group, User
from avd_failover.simulator.records_access import ServicePrincipal
from avd_failover.simulator.world import World

Member: TypeAlias = User | Group | ServicePrincipal
_Members = Callable[[World, str], Sequence[Member]]
_M = TypeVar("_M", User, Group, ServicePrincipal)

_CAST = "microsoft.graph."
_MOST = 999
_UNSERVED = {"$filter", "$search", "$orderby", "$expand"}
"""Query options that change an answer and that nothing here honours: refused, never ignored."""
_NAMED = re.compile(r"\s*(displayName|userPrincipalName|appId)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_ANY_NAME = re.compile(r"\s*servicePrincipalNames/any\((\w+):\s*\1 eq ('(?:[^']|'')*')\)\s*", re.IGNORECASE)
_ATTRIBUTES = {
    "displayname": "display_name",
    "userprincipalname": "user_principal_name",
    "appid": "app_id",
}
_MOST_IDS = 1_000
"""Ids in one ``getByIds`` (documented)."""


def _group(world: World, call: Call) -> Answer:
    group = world.directory.group(call.params["group"])
    return Answer(body=context(call, "groups/$entity") | _selected(call, _group_body(group)))


def _groups(world: World, call: Call) -> Answer:
    return page(call, _named(call, world.directory.groups()), "groups", typed=False, filtered=True)


def _user(world: World, call: Call) -> Answer:
    user = world.directory.user(call.params["user"])
    return Answer(body=context(call, "users/$entity") | _selected(call, _user_body(user)))


def _users(world: World, call: Call) -> Answer:
    return page(call, _named(call, world.directory.users()), "users", typed=False, filtered=True)


def _service_principals(world: World, call: Call) -> Answer:
    found = _named(call, list(world.core.table(ServicePrincipal).values()))
    return page(call, found, "servicePrincipals", typed=False, filtered=True)


def _by_ids(world: World, call: Call) -> Answer:
    """POST /directoryObjects/getByIds: those that exist; of ``types``, when given."""
    asked = required(call.body(), "ids", list)
    kinds = member(call.body(), "types", list) or ["user", "group", "servicePrincipal"]
    if len(asked) > _MOST_IDS or not all(isinstance(one, str) for one in [*asked, *kinds]):
        raise Refusal(400, "Request_BadRequest", f"Invalid ids: at most {_MOST_IDS} strings.")
    wanted = {one.lower() for one in asked}
    held: list[Member] = [
        *world.directory.users(),
        *world.directory.groups(),
        *world.core.table(ServicePrincipal).values(),
    ]
    found = [one for one in held if one.id.lower() in wanted and _kind(one) in kinds]
    return Answer(
        body=context(call, "directoryObjects") | {"value": [_body(call, one, typed=True) for one in found]}
    )


def _named(call: Call, found: Sequence[_M]) -> list[_M]:
    """Keep those that ``$filter`` names: one equality, of a name or an application id."""
    asked = _ANY_NAME.sub(r"appId eq \2", call.query.get("$filter", ""))
    match = _NAMED.fullmatch(asked)
    if not asked:
        return list(found)
    if match is None:
        raise Refusal(
            400, "Request_UnsupportedQuery", f"Unsupported query: $filter '{asked}' is not simulated."
        )
    value = match[2].replace("''", "'").lower()
    attribute = _ATTRIBUTES[match[1].lower()]
    return [one for one in found if getattr(one, attribute, "").lower() == value]


def _direct(world: World, group: str) -> Sequence[Member]:
    return world.directory.members(group)


def _transitive(world: World, group: str) -> Sequence[Member]:
    return world.directory.transitive_members(group)


def _subject(call: Call) -> str:
    return call.params.get("group") or call.params["user"]


def listed(members: _Members) -> Callable[[World, Call], Answer]:
    """Serve a collection of directory objects."""

    def answer(world: World, call: Call) -> Answer:
        return page(call, members(world, _subject(call)), "directoryObjects", typed=True)

    return answer


def cast_of(members: _Members) -> Callable[[World, Call], Answer]:
    """Serve ``/microsoft.graph.user`` and its kin, and ``/$count``: segments that no name can be."""

    def answer(world: World, call: Call) -> Answer:
        found, cast = members(world, _subject(call)), call.params["cast"].lower()
        if cast == "$count":
            return counted(call, found)
        if cast not in {_CAST + "user", _CAST + "group"}:
            raise Refusal(400, "BadRequest", f"Resource not found for the segment '{call.params['cast']}'.")
        kind = User if cast == _CAST + "user" else Group
        left = [one for one in found if isinstance(one, kind)]
        if call.ask.path.lower().endswith("/$count"):
            return counted(call, left)
        return page(call, left, cast, typed=False)

    return answer


def counted(call: Call, found: Sequence[Member]) -> Answer:
    """Answer ``/$count``, which asks for eventual consistency."""
    if call.ask.headers.get("consistencylevel", "").lower() != "eventual":
        raise Refusal(
            400, "Request_BadRequest", "$count is not currently supported without ConsistencyLevel: eventual."
        )
    return Answer(text=str(len(found)))


def _add_member(world: World, call: Call) -> Answer:
    reference = required(call.body(), "@odata.id", str)
    world.directory.add_member(call.actor, call.params["group"], reference.rstrip("/").rsplit("/", 1)[-1])
    return Answer(status=204)


def _remove_member(world: World, call: Call) -> Answer:
    world.directory.remove_member(call.actor, call.params["group"], call.params["member"])
    return Answer(status=204)


def page(call: Call, found: Sequence[Member], what: str, *, typed: bool, filtered: bool = False) -> Answer:
    """Answer with one page, in order of ids."""
    _refuse_unserved(call, {"$filter"} if filtered else set())
    after = call.query.get("$skiptoken", "")
    page, last = cut(found, lambda one: one.id.lower(), after=after, size=_top(call))
    body = context(call, what)
    if call.query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if last is not None:
        token = base64.urlsafe_b64encode(last.encode()).decode()
        body["@odata.nextLink"] = link(call, {"$skiptoken": token})
    body["value"] = [_body(call, one, typed=typed) for one in page]
    return Answer(body=body)


def _refuse_unserved(call: Call, honoured: set[str]) -> None:
    for option in sorted((_UNSERVED - honoured) & call.query.keys()):
        raise Refusal(400, "Request_UnsupportedQuery", f"Unsupported query: {option} is not simulated.")


def _top(call: Call) -> int:
    wanted = call.query.get("$top", "")
    if not wanted:
        return call.page
    if not wanted.isascii() or not wanted.isdigit() or not 1 <= int(wanted) <= _MOST:
        raise Refusal(
            400,
            "Request_UnsupportedQuery",
            f"Invalid page size specified: '{wanted}'. Must be between 1 and 999.",
        )
    return int(wanted)


def _body(call: Call, one: Member, *, typed: bool) -> dict[str, Json]:
    held = _selected(call, plain_body(one))
    return {"@odata.type": f"#{_CAST}{_kind(one)}"} | held if typed else held


def _kind(one: Member) -> str:
    if isinstance(one, User):
        return "user"
    return "group" if isinstance(one, Group) else "servicePrincipal"


def plain_body(one: Member) -> dict[str, Json]:
    """Write an object with every property that is simulated."""
    if isinstance(one, User):
        return _user_body(one)
    return _group_body(one) if isinstance(one, Group) else _principal_body(one)


def _selected(call: Call, held: dict[str, Json]) -> dict[str, Json]:
    wanted = call.query.get("$select", "")
    if not wanted:
        return held
    names = {name.strip().lower() for name in wanted.split(",")}
    return {name: value for name, value in held.items() if name.lower() in names}


def _user_body(user: User) -> dict[str, Json]:
    return {
        "id": user.id,
        "displayName": user.display_name,
        "userPrincipalName": user.user_principal_name,
        "mail": user.user_principal_name,
        "accountEnabled": user.account_enabled,
    }


def _principal_body(principal: ServicePrincipal) -> dict[str, Json]:
    return {
        "id": principal.id,
        "appId": principal.app_id,
        "displayName": principal.display_name,
        "servicePrincipalNames": [principal.app_id],
        "servicePrincipalType": "Application",
    }


def _group_body(group: Group) -> dict[str, Json]:
    dynamic = group.kind == "dynamic"
    return {
        "id": group.id,
        "displayName": group.display_name,
        "description": group.description,
        "groupTypes": ["DynamicMembership"] if dynamic else [],
        "isAssignableToRole": group.kind == "role-assignable" or None,
        "mailEnabled": False,
        "mailNickname": group.display_name.replace(" ", ""),
        "membershipRule": group.membership_rule,
        "membershipRuleProcessingState": ("Paused" if group.rule_paused else "On") if dynamic else None,
        "onPremisesSyncEnabled": group.kind == "synced" or None,
        "securityEnabled": True,
    }


def context(call: Call, what: str) -> dict[str, Json]:
    """Return where the shape of an answer is described."""
    return {"@odata.context": f"{call.ask.base}/v1.0/$metadata#{what}"}


_ONE = "/v1.0/groups/{group}"

ROUTES = (
    Route("GET", "/v1.0/groups", _groups, Face.GRAPH),
    Route("GET", _ONE, _group, Face.GRAPH),
    Route("GET", _ONE + "/members", listed(_direct), Face.GRAPH),
    Route("GET", _ONE + "/members/{cast}", cast_of(_direct), Face.GRAPH),
    Route("GET", _ONE + "/members/{cast}/$count", cast_of(_direct), Face.GRAPH),
    Route("GET", _ONE + "/transitiveMembers", listed(_transitive), Face.GRAPH),
    Route("GET", _ONE + "/transitiveMembers/{cast}", cast_of(_transitive), Face.GRAPH),
    Route("GET", _ONE + "/transitiveMembers/{cast}/$count", cast_of(_transitive), Face.GRAPH),
    Route("POST", _ONE + "/members/$ref", _add_member, Face.GRAPH),
    Route("DELETE", _ONE + "/members/{member}/$ref", _remove_member, Face.GRAPH),
    Route("GET", "/v1.0/users", _users, Face.GRAPH),
    Route("GET", "/v1.0/users/{user}", _user, Face.GRAPH),
    Route("GET", "/v1.0/servicePrincipals", _service_principals, Face.GRAPH),
    Route("POST", "/v1.0/directoryObjects/getByIds", _by_ids, Face.GRAPH),
)
