"""Answers against the official OpenAPI documents: what is required, types, enums, nothing undocumented.

A property that is not required may be null: real Azure writes such nulls everywhere.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    HOST,
    INNER,
    MACHINE,
    MACHINES,
    PLAN,
    POOL,
    ROLES,
    SCHEDULE,
    SHARED,
    STOPPED,
    SUBSCRIPTION,
    WORKSPACE,
    Wire,
)
from tests.simulator.http.test_desktop_details import detailed
from tests.simulator.http.test_fleet import COMPUTE as COMPUTE_RP
from tests.simulator.http.test_fleet import VERSION, imaged

SPECS = SHARED / "azure-specs"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the OpenAPI documents are not on this machine")

_RM = "specification/{0}/resource-manager/Microsoft.{1}/stable/{2}/{3}.json"
AVD = _RM.format("desktopvirtualization", "DesktopVirtualization", "2024-04-03", "desktopvirtualization")
ASSIGNMENTS = _RM.format("authorization", "Authorization", "2022-04-01", "authorization-RoleAssignmentsCalls")
DEFINITIONS = _RM.format("authorization", "Authorization", "2022-04-01", "authorization-RoleDefinitionsCalls")
COMPUTE = "derived-from-sdk/azure-mgmt-compute/2026-04-01/compute-subset.json"
RESOURCE_GRAPH = _RM.format("resourcegraph", "ResourceGraph", "2021-03-01", "resourcegraph")
SCHEDULE_API = "derived-from-sdk/azure-mgmt-computeschedule/2025-05-01/computeschedule.json"
GRAPH = "graph/graph-subset.json"
_DEEPEST = 14
_MANY = 100
"""An enumeration this long (sizes of machines) is a list of examples, not a closed set."""


@cache
def document(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(path.read_text())
    return held


def schema_of(path: Path, definition: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Turn an OpenAPI 2 schema into a closed JSON Schema, references inlined."""
    if depth > _DEEPEST:
        return {}
    if "$ref" in definition:
        file, _, pointer = definition["$ref"].partition("#")
        there = (path.parent / file).resolve() if file else path
        return schema_of(there, document(there)["definitions"][pointer.rsplit("/", 1)[-1]], depth + 1)
    if definition.get("type") == "array":
        return {"type": "array", "items": schema_of(path, definition["items"], depth + 1)}
    properties, required = merged(path, definition, depth)
    if properties:
        return {
            "type": "object",
            "properties": {n: one if n in required else nullable(one) for n, one in properties.items()},
            "required": sorted(required),
            "additionalProperties": False,
        }
    kept = ("type",) if len(definition.get("enum", ())) > _MANY else ("type", "enum")
    return {name: definition[name] for name in kept if name in definition}


def merged(path: Path, definition: dict[str, Any], depth: int) -> tuple[dict[str, Any], set[str]]:
    """Return the properties of an object and of everything it is made of, and which are required."""
    properties = {n: schema_of(path, one, depth + 1) for n, one in definition.get("properties", {}).items()}
    required = set(definition.get("required", ()))
    for part in definition.get("allOf", ()):
        whole = schema_of(path, part, depth + 1)
        properties = {n: plain(one) for n, one in whole.get("properties", {}).items()} | properties
        required |= set(whole.get("required", ()))
    return properties, required


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "null"}, schema]}


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = schema["anyOf"][1] if "anyOf" in schema else schema
    return inner


def validator(file: str, definition: str) -> jsonschema.Draft7Validator:
    path = (SPECS / file).resolve()
    return jsonschema.Draft7Validator(schema_of(path, {"$ref": f"#/definitions/{definition}"}))


def one_session(wire: Wire) -> str:
    return str(wire.get(HOST + "/userSessions").body["value"][0]["id"])


@pytest.mark.parametrize(
    ("file", "definition", "path"),
    [
        (AVD, "HostPool", POOL),
        (AVD, "HostPoolList", POOL.rsplit("/", 1)[0]),
        (AVD, "ApplicationGroup", AGROUP),
        (AVD, "ApplicationGroupList", AGROUP.rsplit("/", 1)[0]),
        (AVD, "DesktopList", AGROUP + "/desktops"),
        (AVD, "ApplicationList", AGROUP + "/applications"),
        (AVD, "Workspace", WORKSPACE),
        (AVD, "WorkspaceList", WORKSPACE.rsplit("/", 1)[0]),
        (AVD, "SessionHost", HOST),
        (AVD, "SessionHostList", POOL + "/sessionHosts"),
        (AVD, "UserSessionList", POOL + "/userSessions"),
        (AVD, "UserSessionList", HOST + "/userSessions"),
        (AVD, "ScalingPlan", PLAN),
        (AVD, "ScalingPlanList", PLAN.rsplit("/", 1)[0]),
        (AVD, "ScalingPlanPooledSchedule", SCHEDULE),
        (AVD, "ScalingPlanPooledScheduleList", PLAN + "/pooledSchedules"),
        (AVD, "CloudError", HOST + "x"),
        (ASSIGNMENTS, "RoleAssignmentListResult", f"{AGROUP}/{ROLES}"),
        (DEFINITIONS, "RoleDefinitionListResult", DEFINITION.rsplit("/", 1)[0]),
        (DEFINITIONS, "RoleDefinition", DEFINITION),
        (COMPUTE, "VirtualMachine", MACHINE),
        (COMPUTE, "VirtualMachine", MACHINE + "?api-version=1&$expand=instanceView"),
        (COMPUTE, "VirtualMachine", STOPPED + "?api-version=1&$expand=instanceView"),
        (COMPUTE, "VirtualMachineInstanceView", MACHINE + "/instanceView"),
        (COMPUTE, "xVirtualMachinePage", MACHINES),
        (GRAPH, "DirectoryObjectCollection", f"/v1.0/groups/{G1}/members?$select=id,displayName"),
        (GRAPH, "DirectoryObjectCollection", f"/v1.0/groups/{INNER}/memberOf?$select=id,displayName"),
        (DEFINITIONS, "PermissionGetResult", f"{AGROUP}/providers/Microsoft.Authorization/permissions"),
        (GRAPH, "ODataError", f"/v1.0/groups/{SUBSCRIPTION}"),
    ],
)
def test_an_answer_obeys_its_document(file, definition, path):
    faults = [
        f"{fault.json_path}: {fault.message}"
        for fault in validator(file, definition).iter_errors(Wire().get(path).body)
    ]
    assert faults == []


def test_one_session_and_one_assignment_obey_their_documents():
    wire = Wire()
    session = wire.get(one_session(wire)).body
    assert list(validator(AVD, "UserSession").iter_errors(session)) == []
    assignment = wire.get(f"{AGROUP}/{ROLES}").body["value"][0]
    assert list(validator(ASSIGNMENTS, "RoleAssignment").iter_errors(assignment)) == []


@pytest.mark.parametrize(
    ("definition", "method", "path", "body"),
    [
        ("HostPool", "PATCH", POOL, {"properties": {"agentUpdate": {"type": "Scheduled"}}}),
        ("RegistrationInfo", "POST", POOL + "/retrieveRegistrationToken", None),
        ("Workspace", "PATCH", WORKSPACE, {"properties": {"friendlyName": "x"}}),
        ("ApplicationGroup", "PATCH", AGROUP, {"properties": {"showInFeed": False}}),
        ("ScalingPlan", "PATCH", PLAN, {"properties": {"exclusionTag": "x"}}),
        ("Application", "GET", AGROUP.replace("dag-", "app-") + "/applications/Word", None),
        ("Desktop", "GET", AGROUP + "/desktops/SessionDesktop", None),
        ("ScalingPlanPersonalSchedule", "GET", PLAN + "/personalSchedules/away", None),
    ],
)
def test_details_and_the_answers_to_changes_obey_their_documents(definition, method, path, body):
    told = detailed().ask(method, path, body)
    assert told.status == 200
    assert [fault.message for fault in validator(AVD, definition).iter_errors(told.body)] == []


def derived(version: str) -> str:
    return f"derived-from-sdk/azure-mgmt-compute/{version}/compute-subset.json"


@pytest.mark.parametrize(
    ("version", "definition", "path"),
    [
        ("2026-03-03", "GalleryImageVersion", VERSION),
        ("2026-03-03", "GalleryImageVersion", VERSION + "?api-version=1&$expand=ReplicationStatus"),
        ("2026-03-03", "xGalleryImageVersionPage", VERSION.rsplit("/", 1)[0]),
        ("2026-03-02", "Disk", MACHINE.replace("virtualMachines/nvm-0", "disks/nvm-0_OsDisk")),
        ("2026-03-02", "xDiskPage", MACHINES.replace("virtualMachines", "disks")),
        ("2026-04-01", "xUsagePage", COMPUTE_RP + "/locations/northeurope/usages"),
        ("2026-04-01", "xVirtualMachinePage", COMPUTE_RP + "/locations/northeurope/virtualMachines"),
        ("2026-04-01", "xVirtualMachinePage", COMPUTE_RP + "/virtualMachines?api-version=1&statusOnly=true"),
        ("2021-07-01", "xResourceSkuPage", COMPUTE_RP + "/skus"),
    ],
)
def test_compute_beside_power_obeys_the_documents(version, definition, path):
    told = imaged().get(path).body
    faults = validator(derived(version), definition).iter_errors(told)
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


def test_run_commands_obey_the_documents():
    wire = Wire()
    path = MACHINE + "/runCommands/look"
    made = wire.ask("PUT", path, {"properties": {"source": {"script": "x"}}}).body
    began = wire.ask("POST", MACHINE + "/runCommand", {"commandId": "RunPowerShellScript", "script": ["x"]})
    wire.world.advance(120)
    view = wire.get(path + "?api-version=1&$expand=instanceView").body
    said = wire.get(began.headers["Location"].partition("7777")[2]).body
    for told, definition in (
        (made, "VirtualMachineRunCommand"),
        (view, "VirtualMachineRunCommand"),
        (said, "RunCommandResult"),
    ):
        assert list(validator(derived("2026-04-01"), definition).iter_errors(told)) == []


def test_a_query_and_a_batch_obey_their_documents():
    wire = Wire()
    told = wire.ask(
        "POST", "/providers/Microsoft.ResourceGraph/resources", {"query": "Resources | take 3"}
    ).body
    told["data"] = {}
    assert [f.message for f in validator(RESOURCE_GRAPH, "QueryResponse").iter_errors(told)] == []
    request = {"id": "1", "method": "GET", "url": "/users"}
    told = wire.ask("POST", "/v1.0/$batch", {"requests": [request]}).body
    assert [f.message for f in validator(GRAPH, "BatchResponse").iter_errors(told)] == []


def test_bulk_operations_obey_their_document():
    wire = Wire()
    place = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ComputeSchedule/locations/northeurope"
    base = f"{place}/virtualMachines"
    sent = {"executionParameters": {}, "resources": {"ids": [STOPPED, STOPPED + "x"]}, "correlationid": "c"}
    told = wire.ask("POST", base + "ExecuteStart", sent).body
    ids = {"operationIds": [told["results"][0]["operation"]["operationId"], "x"], "correlationid": "c"}
    wire.world.advance(300)
    for body, definition in (
        (told, "StartResourceOperationResponse"),
        (wire.ask("POST", base + "GetOperationStatus", ids).body, "GetOperationStatusResponse"),
        (wire.ask("POST", base + "CancelOperations", ids).body, "CancelOperationsResponse"),
        (wire.ask("POST", base + "GetOperationErrors", ids).body, "GetOperationErrorsResponse"),
    ):
        assert [f.message for f in validator(SCHEDULE_API, definition).iter_errors(body)] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda body: body["properties"].pop("hostPoolType"),
        lambda body: body["properties"].update(maxSessionLimit="8"),
        lambda body: body["properties"].update(loadBalancerType="Random"),
        lambda body: body["properties"].update(inventedHere=1),
        lambda body: body.pop("location"),
    ],
)
def test_the_check_can_fail(break_it):
    body = Wire().get(POOL).body
    break_it(body)
    assert list(validator(AVD, "HostPool").iter_errors(body))
