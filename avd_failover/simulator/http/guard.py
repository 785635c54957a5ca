"""What ARM checks before a provider is asked: may the caller do this, and does a lock forbid it."""

from msgspec import Struct

from avd_failover.simulator.http.wire import Call
from avd_failover.simulator.locks import is_lock
from avd_failover.simulator.world import World

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_OPEN = {"microsoft.resourcegraph", "microsoft.management"}
"""Providers that show everybody what it may see instead of refusing."""


class Deed(Struct, frozen=True, kw_only=True):
    """A request as ARM's access control sees it."""

    action: str
    """Such as ``Microsoft.Compute/virtualMachines/start/action``; empty where no role is asked."""
    resource: str
    """What it is done to; for a list, what the list belongs to."""


def check(world: World, call: Call) -> None:
    """Refuse with 403 ``AuthorizationFailed`` or 409 ``ScopeLocked``."""
    deed = deed_of(call.ask.method, call.ask.path)
    if not deed.action:
        return
    world.permissions.check(call.actor.partition(":")[2], deed.action, deed.resource)
    if call.ask.method not in {"GET", "HEAD"} and not is_lock(deed.resource):
        world.locks.check("delete" if call.ask.method == "DELETE" else "write", deed.resource)


def deed_of(method: str, path: str) -> Deed:
    """Return the action that a request is, and on what."""
    parts = path.strip("/").split("/")
    folded = [part.lower() for part in parts]
    if "providers" not in folded[:-2]:
        return Deed(action="", resource="/" + "/".join(parts))
    at = len(folded) - 1 - folded[::-1].index("providers")
    namespace, rest = parts[at + 1], parts[at + 2 :]
    if namespace.lower() in _OPEN:
        return Deed(action="", resource="")
    whole = "/" + "/".join(parts)
    if len(rest) % 2 == 0:
        return Deed(action=_action(namespace, rest, _VERBS.get(method, "action")), resource=whole)
    parent = "/" + "/".join(parts[:at] if len(rest) == 1 else parts[:-1])
    if method == "POST":
        return Deed(action=f"{_action(namespace, rest[:-1], rest[-1])}/action", resource=parent)
    return Deed(action=_action(namespace, rest, _VERBS.get(method, "action")), resource=parent)


def _action(namespace: str, rest: list[str], verb: str) -> str:
    return "/".join([namespace, *rest[::2], verb])
