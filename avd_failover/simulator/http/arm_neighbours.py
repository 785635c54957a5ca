"""Storage, networks, Log Analytics and diagnostic settings: read only, as a readiness check reads them."""

from collections.abc import Callable
from uuid import NAMESPACE_URL, uuid5

from avd_failover.simulator.http.arm_common import paged
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import key
from avd_failover.simulator.records_neighbours import Resource
from avd_failover.simulator.world import World

_STORAGE = "Microsoft.Storage/storageAccounts"
_SHARES = "Microsoft.Storage/storageAccounts/fileServices/shares"
_NETWORKS = "Microsoft.Network/virtualNetworks"
_LOGS = "Microsoft.OperationalInsights/workspaces"
_DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"


def resource_body(held: Resource) -> dict[str, Json]:
    """Write a neighbour as its provider does."""
    body: dict[str, Json] = {"id": held.id, "name": held.name, "type": held.type}
    if held.location:
        body |= {"location": held.location, "tags": dict(held.tags)}
    if held.sku:
        body["sku"] = {"name": held.sku, "tier": held.tier}
    if held.kind:
        body["kind"] = held.kind
    if held.type in {_NETWORKS, _SHARES}:
        body["etag"] = f'W/"{uuid5(NAMESPACE_URL, key(held.id))}"'
    return body | {"properties": held.shown}


def _page(call: Call, found: list[Resource]) -> Answer:
    return paged(call, found, lambda one: key(one.id), resource_body, null_link=False)


def _list(kind: str) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        return _page(call, list(world.neighbours.list(prefix_of(call), kind)))

    return answer


def _get(kind: str) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        name = f"{prefix_of(call)}/providers/{kind}/{call.params['name']}"
        return Answer(body=resource_body(world.neighbours.get(name, kind)))

    return answer


def _account(world: World, call: Call) -> Resource:
    name = f"{prefix_of(call)}/providers/{_STORAGE}/{call.params['name']}"
    return world.neighbours.get(name, _STORAGE)


def _shares(world: World, call: Call) -> Answer:
    account = _account(world, call)
    return _page(call, list(world.neighbours.list(account.id, _SHARES)))


def _share(world: World, call: Call) -> Answer:
    account = _account(world, call)
    name = f"{account.id}/fileServices/default/shares/{call.params['share']}"
    for held in world.neighbours.list(account.id, _SHARES):
        if key(held.id) == key(name):
            return Answer(body=resource_body(held))
    raise Refusal(404, "ShareNotFound", "The specified share does not exist.")


def _part_of_network(part: str) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        name = f"{prefix_of(call)}/providers/{_NETWORKS}/{call.params['name']}"
        held: list[dict[str, Json]] = world.neighbours.get(name, _NETWORKS).shown[part]
        if "part" not in call.params:
            return paged(call, held, lambda one: str(one["name"]), lambda one: one, null_link=False)
        for one in held:
            if key(one["name"]) == key(call.params["part"]):
                return Answer(body=one)
        text = f"Resource {name}/{part}/{call.params['part']} not found."
        raise Refusal(404, "NotFound", text)

    return answer


def _diagnostics(world: World, call: Call) -> Answer:
    """List the settings of one resource: not paged, and without a nextLink."""
    scope = call.params["scope"]
    found = world.neighbours.list(f"{scope}/providers/{_DIAGNOSTICS.partition('/')[0]}", _DIAGNOSTICS)
    return Answer(body={"value": [resource_body(one) for one in found]})


def _diagnostic(world: World, call: Call) -> Answer:
    name = f"{call.params['scope']}/providers/{_DIAGNOSTICS}/{call.params['name']}"
    return Answer(body=resource_body(world.neighbours.get(name, _DIAGNOSTICS)))


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
_FILES = f"{_GROUP}{_STORAGE}/{{name}}/fileServices/default/shares"
_NETWORK = f"{_GROUP}{_NETWORKS}/{{name}}"

ROUTES = (
    *(
        Route("GET", f"{base}{kind}", _list(kind), Face.ARM)
        for kind in (_STORAGE, _NETWORKS, _LOGS)
        for base in (_SUBSCRIPTION, _GROUP)
    ),
    *(
        Route("GET", f"{_GROUP}{kind}/{{name}}", _get(kind), Face.ARM)
        for kind in (_STORAGE, _NETWORKS, _LOGS)
    ),
    Route("GET", _FILES, _shares, Face.ARM),
    Route("GET", _FILES + "/{share}", _share, Face.ARM),
    Route("GET", _NETWORK + "/subnets", _part_of_network("subnets"), Face.ARM),
    Route("GET", _NETWORK + "/subnets/{part}", _part_of_network("subnets"), Face.ARM),
    Route("GET", _NETWORK + "/virtualNetworkPeerings", _part_of_network("virtualNetworkPeerings"), Face.ARM),
    Route(
        "GET",
        _NETWORK + "/virtualNetworkPeerings/{part}",
        _part_of_network("virtualNetworkPeerings"),
        Face.ARM,
    ),
    Route("GET", "{scope}/providers/" + _DIAGNOSTICS, _diagnostics, Face.ARM),
    Route("GET", "{scope}/providers/" + _DIAGNOSTICS + "/{name}", _diagnostic, Face.ARM),
)
