"""Microsoft.ComputeSchedule 2025-05-01: bulk start and deallocate. Always 200; no ARM operations."""

from collections.abc import Callable, Mapping

from avd_failover.simulator.bulk import Entry
from avd_failover.simulator.http.arm_common import bad_content, member, required
from avd_failover.simulator.http.desktop_fields import moment
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.records import Machine, Region
from avd_failover.simulator.records_compute import BulkOperation, BulkVerb
from avd_failover.simulator.world import World

_LONGEST = 7


def _execute(verb: BulkVerb) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        sent = call.body()
        _known_location(world, call)
        required(sent, "correlationid", str)
        return _taken(world, call, verb, _machines(sent), _retries(sent))

    return answer


def _submit(verb: BulkVerb) -> Callable[[World, Call], Answer]:
    def answer(world: World, call: Call) -> Answer:
        sent = call.body()
        _known_location(world, call)
        required(sent, "correlationid", str)
        schedule = required(sent, "schedule", dict)
        due = moment(member(schedule, "deadline", str) or required(schedule, "deadLine", str))
        kind = required(schedule, "deadlineType", str)
        if kind not in {"InitiateAt", "CompleteBy"}:
            raise bad_content(f"Requested value '{kind}' was not found. Path 'schedule.deadlineType'.")
        when = {
            "deadline_s": (due - world.core.starts_at).total_seconds(),
            "deadline_type": kind,
            "time_zone": member(schedule, "timezone", str) or "UTC",
        }
        return _taken(world, call, verb, _machines(sent), _retries(sent) | when)

    return answer


def _taken(world: World, call: Call, verb: BulkVerb, machines: list[str], when: Mapping[str, Json]) -> Answer:
    entries = world.bulk.submit(call.actor, call.params["location"], verb, machines, **when)
    body = {
        "description": f"{verb} Resource request",
        "type": "VirtualMachines",
        "location": call.params["location"],
        "results": [_entry(world, one) for one in entries],
    }
    return Answer(body=body)


def _status(world: World, call: Call) -> Answer:
    return Answer(body={"results": [_entry(world, one) for one in world.bulk.status(_operations(call))]})


def _cancel(world: World, call: Call) -> Answer:
    entries = world.bulk.cancel(call.actor, _operations(call))
    return Answer(body={"results": [_entry(world, one) for one in entries]})


def _errors(world: World, call: Call) -> Answer:
    rows = []
    for operation, entry in zip(_operations(call), world.bulk.status(_operations(call)), strict=True):
        held = entry.held
        row: dict[str, Json] = {"operationId": operation, "operationErrors": []}
        if held is None:
            row |= {"requestErrorCode": entry.error_code, "requestErrorDetails": entry.error_details}
        elif held.error_code:
            row["operationErrors"] = [{"errorCode": held.error_code, "errorDetails": held.error_details}]
        rows.append(row)
    return Answer(body={"results": rows})


def _entry(world: World, entry: Entry) -> dict[str, Json]:
    shown: dict[str, Json] = {"resourceId": entry.machine} if entry.machine else {}
    if entry.error_code:
        shown |= {"errorCode": entry.error_code, "errorDetails": entry.error_details}
    return shown | ({"operation": _operation(world, entry.held)} if entry.held else {})


def _operation(world: World, held: BulkOperation) -> dict[str, Json]:
    machine = world.core.find(Machine, held.machine)
    shown: dict[str, Json] = {
        "operationId": held.id,
        "resourceId": held.machine,
        "opType": held.verb,
        "subscriptionId": machine.subscription if machine else held.machine.split("/")[2],
        "deadline": _time(world, held.deadline_s),
        "deadlineType": held.deadline_type,
        "state": held.state,
        "timezone": held.time_zone,
        "retryPolicy": {"retryCount": held.retries, "retryWindowInMinutes": held.window_min},
    }
    if held.state == "Failed":
        shown["resourceOperationError"] = {
            "errorCode": held.error_code, "errorDetails": held.error_details
        }  # fmt: skip
    if held.completed_s is not None:
        shown["completedAt"] = _time(world, held.completed_s)
    return shown


def _time(world: World, at_s: float) -> str:
    return f"{world.core.at(at_s):%Y-%m-%dT%H:%M:%S}Z"


def _machines(sent: Mapping[str, Json]) -> list[str]:
    ids = required(required(sent, "resources", dict), "ids", list)
    if not all(isinstance(one, str) for one in ids):
        raise bad_content("Error converting value to type 'str'. Path 'resources.ids'.")
    return ids


def _retries(sent: Mapping[str, Json]) -> dict[str, Json]:
    policy = member(required(sent, "executionParameters", dict), "retryPolicy", dict) or {}
    count = member(policy, "retryCount", int) or 0
    if not 0 <= count <= _LONGEST:
        raise bad_content(f"retryCount must be from 0 to {_LONGEST}. Path 'retryPolicy.retryCount'.")
    return {"retries": count, "window_min": member(policy, "retryWindowInMinutes", int) or 0}


def _operations(call: Call) -> list[str]:
    ids = required(call.body(), "operationIds", list)
    if not ids or not all(isinstance(one, str) for one in ids):
        raise bad_content("Error converting value to type 'str'. Path 'operationIds'.")
    return ids


def _known_location(world: World, call: Call) -> None:
    location = call.params["location"]
    if world.core.find(Region, location) is None:
        raise bad_content(f"The location '{location}' is not known.")
    world.core.require_up(location)


_BASE = "/subscriptions/{subscription}/providers/Microsoft.ComputeSchedule/locations/{location}"

ROUTES = tuple(
    Route("POST", f"{_BASE}/virtualMachines{tail}", handler, Face.ARM)
    for tail, handler in (
        ("ExecuteStart", _execute("Start")),
        ("ExecuteDeallocate", _execute("Deallocate")),
        ("SubmitStart", _submit("Start")),
        ("SubmitDeallocate", _submit("Deallocate")),
        ("GetOperationStatus", _status),
        ("CancelOperations", _cancel),
        ("GetOperationErrors", _errors),
    )
)
