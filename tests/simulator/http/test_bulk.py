"""ComputeSchedule: one request for many machines, an answer for each, and what becomes of them."""

from typing import Any

import pytest

from tests.simulator.http.estate import MACHINE, MACHINES, STOPPED, SUBSCRIPTION, Wire, a_world

BASE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ComputeSchedule/locations"
NORTH = f"{BASE}/northeurope/virtualMachines"
QUERY = "?api-version=2025-05-01"
SIZE = "Standard_D8s_v5"
WEST = MACHINES.replace("North", "West")


def body(ids: list[str], *, retries: int = 0, window: int = 0, **more: Any) -> dict[str, Any]:
    policy = {"retryCount": retries, "retryWindowInMinutes": window}
    return {
        "executionParameters": {"optimizationPreference": "Availability", "retryPolicy": policy},
        "resources": {"ids": ids},
        "correlationid": "c",
        **more,
    }


def execute(wire: Wire, verb: str, ids: list[str], **more: Any) -> list[Any]:
    told = wire.ask("POST", f"{NORTH}{verb}{QUERY}", body(ids, **more))
    assert told.status == 200
    return list(told.body["results"])


def states(wire: Wire, ids: list[str]) -> list[Any]:
    told = wire.ask("POST", f"{NORTH}GetOperationStatus{QUERY}", {"operationIds": ids, "correlationid": "c"})
    return [one["operation"]["state"] for one in told.body["results"]]


def operations(results: list[Any]) -> list[str]:
    return [one["operation"]["operationId"] for one in results]


def test_machines_are_started_and_their_operations_end():
    wire = Wire(a_world())
    results = execute(wire, "ExecuteStart", [STOPPED, MACHINE])
    ids = operations(results)
    assert [one["operation"]["state"] for one in results] == ["PendingExecution"] * 2
    wire.world.advance(1)
    assert states(wire, ids) == ["Executing", "Succeeded"]
    wire.world.advance(200)
    assert states(wire, ids) == ["Succeeded"] * 2
    assert wire.world.machines.get(STOPPED).power == "running"


def test_a_200_holds_an_error_for_each_machine_that_cannot_be_taken_on():
    wire = Wire()
    results = execute(wire, "ExecuteDeallocate", [MACHINE, MACHINE + "x", WEST + "/wvm-0"])
    assert "errorCode" not in results[0]
    assert [one["errorCode"] for one in results[1:]] == ["ResourceNotFound", "InvalidResourceLocation"]
    assert all("operation" not in one for one in results[1:])
    wire.world.advance(300)
    assert wire.world.machines.get(MACHINE).power == "deallocated"


def test_a_machine_without_room_fails_at_last_with_computes_code():
    wire = Wire(a_world(capacity=[{"region": "northeurope", "size": SIZE, "free": 0}]))
    ids = operations(execute(wire, "ExecuteStart", [STOPPED]))
    wire.world.advance(300)
    told = wire.ask("POST", f"{NORTH}GetOperationStatus{QUERY}", {"operationIds": ids}).body["results"][0]
    assert told["operation"]["state"] == "Failed"
    assert told["operation"]["resourceOperationError"]["errorCode"] == "AllocationFailed"
    errors = wire.ask("POST", f"{NORTH}GetOperationErrors{QUERY}", {"operationIds": ids}).body["results"]
    assert errors[0]["operationErrors"][0]["errorCode"] == "AllocationFailed"


def test_the_service_tries_again_as_the_policy_allows_and_succeeds_when_room_comes():
    wire = Wire(a_world(capacity=[{"region": "northeurope", "size": SIZE, "free": 0}]))
    ids = operations(execute(wire, "ExecuteStart", [STOPPED], retries=5, window=60))
    wire.world.advance(100)
    assert states(wire, ids)[0] in {"PendingExecution", "Executing"}
    wire.ask("POST", MACHINE + "/deallocate")
    wire.world.advance(900)
    assert states(wire, ids) == ["Succeeded"]


def test_what_is_scheduled_waits_for_its_deadline_and_can_be_cancelled():
    wire = Wire()
    when = {"schedule": {"deadline": "2026-03-02T04:00:00Z", "timezone": "UTC", "deadlineType": "InitiateAt"}}
    ids = operations(execute(wire, "SubmitStart", [STOPPED, STOPPED], **when))
    assert states(wire, ids) == ["Scheduled"] * 2
    gone = wire.ask(
        "POST", f"{NORTH}CancelOperations{QUERY}", {"operationIds": ids[:1], "correlationid": "c"}
    )
    assert gone.body["results"][0]["operation"]["state"] == "Cancelled"
    wire.world.advance(3_599)
    assert states(wire, ids) == ["Cancelled", "Scheduled"]
    wire.world.advance(3_601)
    assert states(wire, ids)[1] == "Executing"
    late = wire.ask("POST", f"{NORTH}CancelOperations{QUERY}", {"operationIds": ids[1:]}).body["results"][0]
    assert late["errorCode"] == "OperationCannotBeCancelled"
    wire.world.advance(3_800)
    assert states(wire, ids) == ["Cancelled", "Succeeded"]


def test_complete_by_begins_before_its_deadline():
    wire = Wire()
    when = {"schedule": {"deadline": "2026-03-02T04:00:00Z", "timezone": "UTC", "deadlineType": "CompleteBy"}}
    ids = operations(execute(wire, "SubmitDeallocate", [MACHINE], **when))
    wire.world.advance(3_600)
    assert states(wire, ids) == ["Succeeded"]


def test_an_operation_that_does_not_exist_has_an_error_of_its_own():
    told = Wire().ask("POST", f"{NORTH}GetOperationStatus{QUERY}", {"operationIds": ["x"]}).body["results"]
    assert told[0]["errorCode"] == "OperationNotFound"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (f"{NORTH}ExecuteStart", body([])),
        (f"{NORTH}ExecuteStart", body([STOPPED] * 101)),
        (f"{NORTH}ExecuteStart", body([STOPPED], retries=8)),
        (f"{NORTH}ExecuteStart", {"resources": {"ids": [STOPPED]}, "correlationid": "c"}),
        (
            f"{NORTH}ExecuteStart",
            {"executionParameters": {}, "resources": {"ids": [1]}, "correlationid": "c"},
        ),
        (f"{NORTH}ExecuteStart", {"executionParameters": {}, "resources": {"ids": [STOPPED]}}),
        (f"{NORTH}SubmitStart", body([STOPPED])),
        (f"{NORTH}SubmitStart", body([STOPPED], schedule={"deadline": "soon", "deadlineType": "InitiateAt"})),
        (
            f"{NORTH}SubmitStart",
            body([STOPPED], schedule={"deadline": "2026-03-02T04:00:00Z", "deadlineType": "x"}),
        ),
        (f"{BASE}/mars/virtualMachinesExecuteStart", body([STOPPED])),
        (f"{NORTH}GetOperationStatus", {"operationIds": []}),
    ],
)
def test_a_request_that_is_not_whole_is_refused_and_nothing_begins(path, sent):
    wire = Wire()
    before = wire.world.history.next_sequence
    assert wire.ask("POST", path + QUERY, sent).status == 400
    wire.world.advance(60)
    assert wire.world.machines.get(STOPPED).power == "deallocated"
    assert not [c for c in wire.world.history.changes() if c.sequence >= before and "submit" in c.verb]
