"""Microsoft.Compute: virtual machines, their power, and the long-running operations that change it.

Start, deallocate and powerOff answer 202 with ``Azure-AsyncOperation`` and ``Location``; both addresses are
absolute. The first is polled until ``status`` is terminal, the second then answers 200 without a body.
"""

from collections.abc import Callable

from avd_failover.simulator.http.arm_common import paged
from avd_failover.simulator.http.compute_bodies import (
    instance_view,
    machine_body,
    operation_body,
    script_output,
)
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Machine, Operation, key
from avd_failover.simulator.world import World

_RETRY_AFTER_S = "10"
"""Recorded on start and deallocate."""


def _machine(world: World, call: Call) -> Answer:
    return Answer(body=machine_body(world, _found(world, call), with_view=_expanded(call)))


def _instance_view(world: World, call: Call) -> Answer:
    return Answer(body=instance_view(world, _found(world, call)))


def _machines(world: World, call: Call) -> Answer:
    """List machines; ``statusOnly`` and ``$expand=instanceView`` add the run-time state."""
    with_view = _expanded(call) or call.query.get("statusonly", "").lower() == "true"

    def render(machine: Machine) -> Json:
        return machine_body(world, machine, with_view=with_view)

    found = world.machines.list(prefix_of(call))
    return paged(call, found, lambda machine: key(machine.id), render, null_link=False)


def _begin(verb: str) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        machine = _found(world, call)
        begin: Callable[[str, str], Operation] = getattr(world.machines, verb)
        operation = begin(call.actor, machine.id)
        return Answer(status=202, headers=followed(call, operation))

    return answer


def followed(call: Call, operation: Operation) -> dict[str, str]:
    """Return the headers of a 202: where to poll, and where the outcome will be."""
    base = (
        f"{call.ask.base}/subscriptions/{operation.subscription_id}/providers/Microsoft.Compute"
        f"/locations/{operation.location}/operations/{operation.id}"
    )
    version = f"api-version={call.query['api-version']}"
    return {
        "Azure-AsyncOperation": f"{base}?{version}",
        "Location": f"{base}?monitor=true&{version}",
        "Retry-After": _RETRY_AFTER_S,
        "azure-asyncnotification": "Enabled",
        "x-ms-request-id": operation.id,
    }


def _operation(world: World, call: Call) -> Answer:
    operation = world.machines.operation(call.params["operation"])
    if call.query.get("monitor", "").lower() == "true":
        return _outcome(world, call, operation)
    waiting = {"Retry-After": _RETRY_AFTER_S} if operation.status == "InProgress" else {}
    return Answer(body=operation_body(world, operation), headers=waiting)


def _outcome(world: World, call: Call, operation: Operation) -> Answer:
    if operation.status == "InProgress":
        return Answer(status=202, headers=followed(call, operation))
    if operation.status == "Failed":
        raise Refusal(409, operation.error_code, operation.error_message)
    said = world.commands.outcome(operation.id)
    return Answer() if said is None else Answer(body=script_output(said))


def _found(world: World, call: Call) -> Machine:
    return world.machines.get(
        f"{prefix_of(call)}/providers/Microsoft.Compute/virtualMachines/{call.params['vm']}"
    )


def _expanded(call: Call) -> bool:
    wanted = call.query.get("$expand", "").lower()
    return wanted == "instanceview"


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_VM = _GROUP + "/virtualMachines/{vm}"

ROUTES = (
    Route("GET", _SUBSCRIPTION + "/virtualMachines", _machines, Face.COMPUTE),
    Route("GET", _GROUP + "/virtualMachines", _machines, Face.COMPUTE),
    Route("GET", _VM, _machine, Face.COMPUTE),
    Route("GET", _VM + "/instanceView", _instance_view, Face.COMPUTE),
    Route("POST", _VM + "/start", _begin("start"), Face.COMPUTE),
    Route("POST", _VM + "/deallocate", _begin("deallocate"), Face.COMPUTE),
    Route("POST", _VM + "/powerOff", _begin("power_off"), Face.COMPUTE),
    Route("GET", _SUBSCRIPTION + "/locations/{location}/operations/{operation}", _operation, Face.COMPUTE),
)
