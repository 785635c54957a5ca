"""Which of Compute's own throttles a request draws on, and the header that tells what is left."""

from collections.abc import Mapping

from avd_failover.simulator.compute_limits import Policy
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.wire import Call
from avd_failover.simulator.records import Machine, Operation
from avd_failover.simulator.world import World

_HEADER = "x-ms-ratelimit-remaining-resource"
_DELETING = {"deallocate"}


def admit(world: World, call: Call) -> Mapping[str, str]:
    """Take a request to Microsoft.Compute out of its budgets; returns the headers, or refuses with 429."""
    policy = policy_of(call)
    if policy is None:
        return {}
    machine = _machine(world, call)
    left = world.compute_budgets.admit(
        policy,
        subscription=call.params["subscription"],
        location=machine.location if machine else call.params.get("location", ""),
        machine=machine.id if machine else "",
    )
    return {_HEADER: left}


def policy_of(call: Call) -> Policy | None:
    """Return the policy that a request falls under, None for what has none of these."""
    method, tail = call.ask.method, call.ask.path.rstrip("/").rsplit("/", 1)[-1].lower()
    if "operation" in call.params:
        return "GetOperation"
    if "vm" not in call.params:
        return "HighCostGet" if tail == "virtualmachines" else None
    if method == "GET":
        return "LowCostGet"
    if method == "DELETE" or tail in _DELETING:
        return "DeleteVM"
    return "PutVM" if method == "PUT" and tail == call.params["vm"].lower() else "UpdateVM"


def _machine(world: World, call: Call) -> Machine | None:
    if "operation" in call.params:
        operation = world.core.find(Operation, call.params["operation"])
        return world.core.find(Machine, operation.machine) if operation else None
    if "vm" not in call.params:
        return None
    return world.core.find(
        Machine, f"{prefix_of(call)}/providers/Microsoft.Compute/virtualMachines/{call.params['vm']}"
    )
