"""What clients ask before they sign in: which cloud this is, where its endpoints are, and who vouches for it.

``az cloud register`` and MSAL read these without a token. Everything leads back to the host that was asked.
"""

from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.world import World

CLOUD = "SimulatedAzure"


def _endpoints(_world: World, call: Call) -> Answer:
    """GET /metadata/endpoints: one cloud, as in version 2022-09-01."""
    base = call.ask.base
    return Answer(
        body={
            "name": CLOUD,
            "portal": base,
            "authentication": {
                "loginEndpoint": base,
                "audiences": [f"{base}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": f"{base}/",
            "microsoftGraphResourceId": f"{base}/",
            "graph": f"{base}/",
            "graphAudience": f"{base}/",
            "gallery": f"{base}/",
            "suffixes": {},
        }
    )


def _instances(_world: World, call: Call) -> Answer:
    """GET /common/discovery/instance: the asked host is an authority, and the only one."""
    host = call.ask.base.partition("://")[2]
    known: dict[str, Json] = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    tenant = call.params["tenant"]
    return Answer(
        body={
            "tenant_discovery_endpoint": f"{call.ask.base}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [known],
        }
    )


ROUTES = (
    Route("GET", "/metadata/endpoints", _endpoints, Face.TOKENS),
    Route("GET", "/{tenant}/discovery/instance", _instances, Face.TOKENS),
)
