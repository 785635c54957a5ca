"""Microsoft.Compute run commands: by action (a long-running operation with a result) and managed."""

from avd_failover.simulator.http.arm_common import bad_content, member, paged, properties, required
from avd_failover.simulator.http.arm_compute import followed
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.records import key
from avd_failover.simulator.records_compute import CommandRun
from avd_failover.simulator.world import World

_COMMANDS = {"runpowershellscript", "runshellscript"}


def _machine_id(call: Call) -> str:
    return f"{prefix_of(call)}/providers/Microsoft.Compute/virtualMachines/{call.params['vm']}"


def _command_id(call: Call) -> str:
    return f"{_machine_id(call)}/runCommands/{call.params['command']}"


def _run(world: World, call: Call) -> Answer:
    sent = call.body()
    command = required(sent, "commandId", str)
    if command.lower() not in _COMMANDS:
        raise bad_content(f"The command '{command}' is not known. Path 'commandId'.")
    lines = member(sent, "script", list) or []
    if not all(isinstance(line, str) for line in lines):
        raise bad_content("Error converting value to type 'str'. Path 'script'.")
    operation = world.commands.run(call.actor, _machine_id(call), "\n".join(lines))
    return Answer(status=202, headers=followed(call, operation))


def _put(world: World, call: Call) -> Answer:
    sent = properties(call)
    source = member(sent, "source", dict) or {}
    new, held, operation = world.commands.put(
        call.actor,
        _command_id(call),
        member(source, "script", str) or "",
        asynchronous=bool(member(sent, "asyncExecution", bool)),
        timeout_s=member(sent, "timeoutInSeconds", int) or 0,
    )
    heads = followed(call, operation)
    heads.pop("Location")
    return Answer(status=201 if new else 200, body=_body(world, held, with_view=False), headers=heads)


def _list(world: World, call: Call) -> Answer:
    found = world.commands.list(_machine_id(call))
    return paged(
        call,
        found,
        lambda one: key(one.id),
        lambda one: _body(world, one, with_view=_viewed(call)),
        null_link=False,
    )


def _get(world: World, call: Call) -> Answer:
    found = world.commands.get(_command_id(call))
    return Answer(body=_body(world, found, with_view=_viewed(call)))


def _delete(world: World, call: Call) -> Answer:
    gone = world.commands.delete(call.actor, _command_id(call))
    return Answer(status=204 if gone is None else 200)


def _viewed(call: Call) -> bool:
    return call.query.get("$expand", "").lower() == "instanceview"


def _body(world: World, held: CommandRun, *, with_view: bool) -> dict[str, Json]:
    running = held.exit_code is None
    shown: dict[str, Json] = {
        "source": {},
        "asyncExecution": held.asynchronous,
        "timeoutInSeconds": held.timeout_s,
        "provisioningState": "Creating" if running and not held.asynchronous else "Succeeded",
    }
    if with_view:
        shown["instanceView"] = _view(world, held)
    return {
        "name": held.name,
        "id": held.id,
        "type": "Microsoft.Compute/virtualMachines/runCommands",
        "location": held.location,
        "properties": shown,
    }


def _view(world: World, held: CommandRun) -> dict[str, Json]:
    state = "Running" if held.exit_code is None else "Failed" if held.exit_code else "Succeeded"
    view: dict[str, Json] = {
        "executionState": state,
        "executionMessage": "",
        "output": held.output,
        "error": held.error,
        "startTime": f"{world.core.at(held.start_s):%Y-%m-%dT%H:%M:%S}+00:00",
    }
    if held.end_s is not None:
        view |= {
            "exitCode": held.exit_code,
            "endTime": f"{world.core.at(held.end_s):%Y-%m-%dT%H:%M:%S}+00:00",
        }
    return view


_VM = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{vm}"

ROUTES = (
    Route("POST", _VM + "/runCommand", _run, Face.COMPUTE),
    Route("GET", _VM + "/runCommands", _list, Face.COMPUTE),
    Route("GET", _VM + "/runCommands/{command}", _get, Face.COMPUTE),
    Route("PUT", _VM + "/runCommands/{command}", _put, Face.COMPUTE),
    Route("DELETE", _VM + "/runCommands/{command}", _delete, Face.COMPUTE),
)
