"""Microsoft.Resources: subscriptions and resource groups, as far as callers look before they act."""

from avd_failover.simulator.http.arm_common import paged
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.records import Subscription
from avd_failover.simulator.world import World


def _subscriptions(world: World, call: Call) -> Answer:
    held = list(world.core.table(Subscription).values())
    return paged(call, held, lambda one: one.id, _body, null_link=False)


def _subscription(world: World, call: Call) -> Answer:
    return Answer(body=_body(world.core.get(Subscription, call.params["subscription"])))


def _body(subscription: Subscription) -> dict[str, Json]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _tenants(world: World, call: Call) -> Answer:
    tenants = sorted({one.tenant_id for one in world.core.table(Subscription).values()})
    return paged(call, tenants, str, _tenant, null_link=False)


def _tenant(tenant: str) -> dict[str, Json]:
    return {"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home"}


ROUTES = (
    Route("GET", "/subscriptions", _subscriptions, Face.ARM),
    Route("GET", "/subscriptions/{subscription}", _subscription, Face.ARM),
    Route("GET", "/tenants", _tenants, Face.ARM),
)
