"""The walk over what lies around host pools, and over the directory beyond reading members."""

from collections.abc import Sequence

from tests.contract.walking import Step, get
from tests.simulator.http.estate import BASE, G1, INNER, MACHINE, POOL, STOPPED, SUBSCRIPTION
from tests.simulator.http.test_graph_writes import NEW_GROUP, NEW_USER
from tests.simulator.http.test_neighbours import ACCOUNT, DATA, DIAGNOSTICS, HEALTH, LOGS, NETWORK, ROOT

NOBODY = "99999999-0000-4000-8000-000000000009"
_SHARES = f"{ACCOUNT}/fileServices/default/shares"
_PROVIDERS = f"{ROOT}/providers"
_QUERY = "/providers/Microsoft.ResourceGraph/resources"
_KINDS = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.OperationalInsights/workspaces",
)

AROUND_STEPS: Sequence[Step] = (
    *get(*(f"{base}/{kind}" for kind in _KINDS for base in (_PROVIDERS, DATA))),
    *get(ACCOUNT, ACCOUNT + "x", NETWORK, NETWORK + "x", LOGS, LOGS + "x"),
    *get(_SHARES, f"{_SHARES}/profiles", f"{_SHARES}/none"),
    *get(*(f"{NETWORK}/{part}" for part in ("subnets", "subnets/hosts", "subnets/none"))),
    *get(*(f"{NETWORK}/virtualNetworkPeerings{one}" for one in ("", "/to-vnet-hub", "/none"))),
    *get(f"{POOL}/{DIAGNOSTICS}", f"{POOL}/{DIAGNOSTICS}/to-log-neu", f"{POOL}/{DIAGNOSTICS}/none"),
    *get(f"{ROOT}/resourceGroups", f"{ROOT}/resourceGroups/rg-North", f"{ROOT}/resourceGroups/none"),
    Step("HEAD", f"{ROOT}/resourceGroups/rg-North"),
    *get(f"{ROOT}/locations", _PROVIDERS, f"{_PROVIDERS}/Microsoft.Compute", f"{_PROVIDERS}/No.Such"),
    Step("POST", f"{_PROVIDERS}/Microsoft.ComputeSchedule/register"),
    Step("POST", f"{_PROVIDERS}/No.Such/register"),
    *get(f"{ROOT}/resources", f"{ROOT}/resourceGroups/rg-North/resources"),
    *get(*(f"{one}/{HEALTH}/current" for one in (MACHINE, STOPPED, ACCOUNT, MACHINE + "x"))),
    *get(f"/subscriptions/{SUBSCRIPTION}/{HEALTH}"),
    Step("POST", _QUERY, body={"query": "Resources | project id | take 3"}),
    Step("POST", _QUERY, body={"query": "Resources | dance"}),
)


def directory_steps(user: str) -> Sequence[Step]:
    """Return the walk over the directory, for a user that exists."""
    above = ("memberOf", "transitiveMemberOf")
    subjects = (f"/v1.0/users/{user}", f"/v1.0/groups/{INNER}")
    bound = {"members@odata.bind": [f"{BASE}/v1.0/directoryObjects/{user}"]}
    counts = tuple(
        Step("GET", f"/v1.0/groups/{G1}/{kind}/microsoft.graph.user/$count")
        for kind in ("members", "transitiveMembers")
    )
    return (
        *get(*(f"{one}/{kind}{cast}" for one in subjects for kind in above for cast in ("", _CAST))),
        *(Step("POST", f"{one}/checkMemberGroups", body={"groupIds": [G1]}) for one in subjects),
        *counts,
        Step("POST", "/v1.0/groups", body=NEW_GROUP),
        Step("POST", "/v1.0/groups", body={"displayName": "x"}),
        Step("PATCH", f"/v1.0/groups/{G1}", body=bound),
        Step("PATCH", f"/v1.0/groups/{G1}", body=bound),
        Step("POST", "/v1.0/users", body=NEW_USER),
        Step("POST", "/v1.0/users", body={"displayName": "x"}),
        Step("POST", "/v1.0/$batch", body={"requests": [{"id": "1", "method": "GET", "url": "/users"}]}),
        Step("POST", "/v1.0/$batch", body={"requests": []}),
        Step("DELETE", f"/v1.0/groups/{INNER}"),
        Step("DELETE", f"/v1.0/groups/{NOBODY}"),
        Step("DELETE", f"/v1.0/users/{user}"),
        Step("DELETE", f"/v1.0/users/{NOBODY}"),
    )


_CAST = "/microsoft.graph.group"
