"""Microsoft.RecoveryServices, Site Recovery: all that is read. Lists end with a ``nextLink`` of null."""

from collections.abc import Callable
from typing import TypeVar

from avd_failover.simulator.http.arm_common import paged
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.recovery_bodies import item_body, point_body
from avd_failover.simulator.http.recovery_layout_bodies import (
    container_body,
    fabric_body,
    health_body,
    mapping_body,
    plan_body,
    policy_body,
    vault_body,
)
from avd_failover.simulator.http.recovery_links import (
    container_id,
    fabric_id,
    item_id,
    plan_id,
    told,
    vault_id,
)
from avd_failover.simulator.http.routing import Face, Handler, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import key
from avd_failover.simulator.recovery_records import (
    Container,
    ContainerMapping,
    Fabric,
    Policy,
    ProtectedItem,
    RecoveryPlan,
)
from avd_failover.simulator.world import World

V = TypeVar("V", Fabric, Container, ContainerMapping, Policy, ProtectedItem, RecoveryPlan)
_Id = Callable[[Call], str]
_Body = Callable[[World, V], Json]


def _one(kind: type[V], name: _Id, body: _Body[V]) -> Handler:
    def answer(world: World, call: Call) -> Answer:
        return told(world, call, body(world, world.recovery.items.get(kind, name(call))))

    return answer


def _many(kind: type[V], below: _Id, body: _Body[V]) -> Handler:
    def answer(world: World, call: Call) -> Answer:
        refuse_filter(call)
        found = world.recovery.items.list(kind, below(call))
        page = paged(call, found, lambda one: key(one.id), lambda one: body(world, one), null_link=True)
        return told(world, call, page.body)

    return answer


def refuse_filter(call: Call) -> None:
    """Refuse a filter that nothing here honours, instead of answering as if it were not there."""
    if call.query.get("$filter"):
        raise Refusal(501, "NotSimulated", f"The filter '{call.query['$filter']}' is not simulated.")


def _points(world: World, call: Call) -> Answer:
    item = world.recovery.items.get(ProtectedItem, item_id(call))
    found = world.recovery.items.points(item.id)
    page = paged(call, found, lambda one: one.name, lambda one: point_body(world, item, one), null_link=True)
    return told(world, call, page.body)


def _point(world: World, call: Call) -> Answer:
    item = world.recovery.items.get(ProtectedItem, item_id(call))
    for point in world.recovery.items.points(item.id):
        if point.name.lower() == call.params["point"].lower():
            return told(world, call, point_body(world, item, point))
    raise Refusal(
        404,
        "ResourceNotFound",
        f"The recovery point '{call.params['point']}' of '{item.name}' was not found.",
    )


def _vault(world: World, call: Call) -> Answer:
    return Answer(body=vault_body(world.recovery.items.vault(vault_id(call))))


def _vaults(world: World, call: Call) -> Answer:
    found = world.recovery.items.vaults(prefix_of(call))
    return paged(call, found, lambda one: key(one.id), vault_body, null_link=False)


def _health(world: World, call: Call) -> Answer:
    return told(world, call, health_body(world, world.recovery.items.vault(vault_id(call))))


def _mapping_id(call: Call) -> str:
    return f"{container_id(call)}/replicationProtectionContainerMappings/{call.params['mapping']}"


def _policy_id(call: Call) -> str:
    return f"{vault_id(call)}/replicationPolicies/{call.params['policy']}"


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/vaults"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults"
VAULT = _GROUP + "/{vault}"
FABRIC = VAULT + "/replicationFabrics/{fabric}"
CONTAINER = FABRIC + "/replicationProtectionContainers/{container}"
ITEM = CONTAINER + "/replicationProtectedItems/{item}"
PLAN = VAULT + "/replicationRecoveryPlans/{plan}"
_MAPPINGS = "/replicationProtectionContainerMappings"


def _get(template: str, handler: Handler) -> Route:
    return Route("GET", template, handler, Face.RECOVERY)


ROUTES = (
    _get(_SUBSCRIPTION, _vaults),
    _get(_GROUP, _vaults),
    _get(VAULT, _vault),
    _get(VAULT + "/replicationFabrics", _many(Fabric, vault_id, fabric_body)),
    _get(FABRIC, _one(Fabric, fabric_id, fabric_body)),
    _get(VAULT + "/replicationProtectionContainers", _many(Container, vault_id, container_body)),
    _get(FABRIC + "/replicationProtectionContainers", _many(Container, fabric_id, container_body)),
    _get(CONTAINER, _one(Container, container_id, container_body)),
    _get(VAULT + _MAPPINGS, _many(ContainerMapping, vault_id, mapping_body)),
    _get(CONTAINER + _MAPPINGS, _many(ContainerMapping, container_id, mapping_body)),
    _get(CONTAINER + _MAPPINGS + "/{mapping}", _one(ContainerMapping, _mapping_id, mapping_body)),
    _get(VAULT + "/replicationPolicies", _many(Policy, vault_id, policy_body)),
    _get(VAULT + "/replicationPolicies/{policy}", _one(Policy, _policy_id, policy_body)),
    _get(VAULT + "/replicationProtectedItems", _many(ProtectedItem, vault_id, item_body)),
    _get(CONTAINER + "/replicationProtectedItems", _many(ProtectedItem, container_id, item_body)),
    _get(ITEM, _one(ProtectedItem, item_id, item_body)),
    _get(ITEM + "/recoveryPoints", _points),
    _get(ITEM + "/recoveryPoints/{point}", _point),
    _get(VAULT + "/replicationRecoveryPlans", _many(RecoveryPlan, vault_id, plan_body)),
    _get(PLAN, _one(RecoveryPlan, plan_id, plan_body)),
    _get(VAULT + "/replicationVaultHealth", _health),
)
