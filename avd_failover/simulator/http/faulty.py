"""How the HTTP face tells faults about a request, and shows what they made of an answer."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import structs

from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import ROUTES, Sent
from avd_failover.simulator.http.blob_service import route_of, target_of
from avd_failover.simulator.http.routing import Face, Match, decoded
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.world import World

_KINDS = {
    "applicationgroups": "application-groups",
    "capacityreservationgroups": "reservations",
    "capacityreservations": "reservations",
    "extensions": "extensions",
    "groups": "groups",
    "hostpools": "pools",
    "members": "members",
    "pooledschedules": "schedules",
    "personalschedules": "schedules",
    "recoverypoints": "points",
    "replicationjobs": "jobs",
    "replicationprotecteditems": "items",
    "replicationprotectioncontainermappings": "mappings",
    "replicationprotectioncontainers": "containers",
    "replicationrecoveryplans": "recovery-plans",
    "roleassignments": "assignments",
    "roledefinitions": "roles",
    "scalingplans": "plans",
    "sessionhosts": "hosts",
    "transitivemembers": "members",
    "users": "users",
    "usersessions": "sessions",
    "virtualmachines": "machines",
    "workspaces": "workspaces",
}
_ON_ONE = {"GET": "get", "PUT": "create", "PATCH": "patch", "DELETE": "delete"}
_ON_ALL = {"GET": "list", "POST": "add"}
_ACTIONS = {
    "$ref": "add",
    "applyrecoverypoint": "change-point",
    "deallocate": "deallocate",
    "disconnect": "disconnect",
    "failovercommit": "commit",
    "instanceview": "get",
    "poweroff": "power-off",
    "sendmessage": "message",
    "start": "start",
    "switchprotection": "switch",
    "testfailover": "test",
    "unplannedfailover": "fail-over",
}
_OWN_WORDS = {
    "containers.switch": "items.switch",
    "sessions.delete": "sessions.log-off",
    "members.delete": "members.remove",
    "members.get": "members.list",
}
_WHERE_TO_FOLLOW = {"azure-asyncoperation", "location", "retry-after"}
_LINKS = ("@odata.nextLink", "nextLink")
FOREIGN = "https://elsewhere.invalid/next?api-version=2022-04-01"
"""Where a skewed list leads: a name that is nobody's."""


def sent_of(world: World, match: Match, call: Call) -> Sent:
    """Return a request as faults see it."""
    if match.route.face is Face.BLOBS:
        return world.faults.describe(route_of(call), target_of(call), call.actor)
    route = route_name(match.route.method, match.route.template)
    continues = any(name in call.query for name in ("$skiptoken", "$skip"))
    return world.faults.describe(route, _target(match, call, route), call.actor, continues=continues)


@lru_cache(maxsize=512)
def route_name(method: str, template: str) -> str:
    """Return the name that selectors know an operation by; ``other.*`` for what no fault names."""
    parts = [part.lower() for part in template.strip("/").split("/")]
    if parts[-1] == "token":
        return "token.issue"
    if parts[-2:] == ["operations", "{operation}"]:
        return "machines.poll"
    name = _named(method, parts)
    name = _OWN_WORDS.get(name, name)
    if name in ROUTES:
        return name
    return "other.get" if method in {"GET", "HEAD"} else "other.change"


def skewed(answer: Answer, ruling: Ruling, call: Call) -> Answer:
    """Return an answer as a ruling shows it: another status, no addresses to follow, or a skewed page."""
    if ruling.status is not None and answer.status < 300:
        answer = structs.replace(answer, status=ruling.status)
    if not ruling.followable:
        kept = {n: v for n, v in answer.headers.items() if n.lower() not in _WHERE_TO_FOLLOW}
        answer = structs.replace(answer, headers=kept)
    if ruling.page != "none" and isinstance(answer.body, dict) and "value" in answer.body:
        answer = structs.replace(answer, body=_page(answer.body, ruling, call))
    return answer


def _page(body: Mapping[str, Json], ruling: Ruling, call: Call) -> dict[str, Json]:
    items = list(body["value"])
    if ruling.page == "omit":
        return {**body, "value": items[:-1]}
    if ruling.page == "repeat":
        return {**body, "value": items + items[-1:]}
    own = f"{call.ask.base}{call.ask.target}"
    link = _LINKS[0] if "@odata.context" in body else _LINKS[1]
    return {**body, link: own if ruling.page == "loop" else FOREIGN}


def _named(method: str, parts: list[str]) -> str:
    literals = [part for part in parts if not part.startswith("{")]
    kinds = [_KINDS[part] for part in literals if part in _KINDS]
    kind = kinds[-1] if kinds else "other"
    last = parts[-1]
    if last.startswith("{"):
        known = parts[-2] in _KINDS
        return f"{kind}.{_ON_ONE.get(method, '?')}" if known else "other"
    if last in _KINDS:
        return f"{kind}.{_ON_ALL.get(method, '?')}"
    if last == "$ref" and method == "DELETE":
        return "members.remove"
    return f"{kind}.{_ACTIONS.get(last, '?')}"


def _target(match: Match, call: Call, route: str) -> str:
    if "scope" in match.params and route.endswith(".list"):
        return match.params["scope"]
    if call.ask.path.startswith("/v1.0/"):
        return match.params.get("group") or match.params.get("user") or ""
    parts = decoded(call.ask.path)
    last = match.route.template.rsplit("/", 1)[-1]
    return "/" + "/".join(parts if last.startswith("{") else parts[:-1])
