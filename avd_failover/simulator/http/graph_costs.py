"""What a request to Microsoft Graph costs in resource units, and the headers that tell."""

from collections.abc import Mapping

from avd_failover.simulator.graph_limits import SCOPE, TOLD_ABOVE, GraphThrottled
from avd_failover.simulator.http.wire import Call, Refusal
from avd_failover.simulator.world import World

_READS = ("$batch", "getbyids", "checkmembergroups")
"""Last words of paths that are posted to and change nothing."""
_LISTS = {
    "members": 3,
    "transitivemembers": 5,
    "memberof": 2,
    "transitivememberof": 2,
    "users": 2,
    "groups": 3,
}


def admit(world: World, call: Call) -> Mapping[str, str]:
    """Take a request out of the caller's budget; returns the headers, or refuses with 429."""
    write = call.ask.method != "GET" and not call.ask.path.lower().endswith(_READS)
    units = cost(call)
    try:
        used = world.graph_budgets.admit(call.actor, units, write=write)
    except GraphThrottled as full:
        heads = {
            "Retry-After": str(full.retry_after_s),
            "x-ms-throttle-scope": f"{SCOPE}/{call.actor.partition(':')[2]}",
            "x-ms-throttle-information": full.reason,
        }
        raise Refusal(429, full.code, full.message, headers=heads) from full
    told = {"x-ms-throttle-limit-percentage": f"{used:.1f}"} if used > TOLD_ABOVE else {}
    return {"x-ms-resource-unit": str(units), **told}


def cost(call: Call) -> int:
    """Return the resource units of a request: by path, less for ``$select`` and a small ``$top``."""
    if call.ask.method != "GET":
        return 1
    parts = [part.lower() for part in call.ask.path.strip("/").split("/")]
    units = max((_LISTS.get(part, 1) for part in parts[-2:]), default=1)
    if len(parts) == 3:
        units = 1
    units -= "$select" in call.query
    top = call.query.get("$top", "")
    units -= top.isdigit() and int(top) < 20
    return max(1, units + ("$expand" in call.query))
