"""Site Recovery's answers against its document of 2025-08-01 and against what was recorded.

A provider's own part is validated against the A2A sub-type, apart from the rest: the document has them open.
"""

from typing import Any

import pytest

from tests.simulator.http.estate import SHARED
from tests.simulator.http.recovery_wire import (
    FAILOVER,
    PLAN_FAILOVER,
    VERSION,
    committed,
    done,
    failed_over,
    link,
    post,
    switching,
    vault_wire,
)
from tests.simulator.http.test_recordings import inside_empty, missing_headers, paths, recorded
from tests.simulator.http.test_specs import validator
from tests.simulator.recovery_estate import NORTH, PLAN, POLICY, RESERVED, VAULT, item, source

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="documents and recordings are not on this machine"
)

ASR = "derived-from-sdk/azure-mgmt-recoveryservicessiterecovery/2025-08-01/siterecovery-a2a-subset.json"
COMPUTE = "derived-from-sdk/azure-mgmt-compute/2026-04-01/compute-subset.json"
MAPPING = f"{NORTH}/replicationProtectionContainerMappings/f-north-to-f-west"
SUBTYPES = {
    "ReplicationProtectedItem": ("providerSpecificDetails", "A2AReplicationDetails"),
    "RecoveryPoint": ("providerSpecificDetails", "A2ARecoveryPointDetails"),
    "Fabric": ("customDetails", "AzureFabricSpecificDetails"),
    "ProtectionContainerMapping": ("providerSpecificDetails", "A2AProtectionContainerMappingDetails"),
    "Policy": ("providerSpecificDetails", "A2APolicyDetails"),
}


def faults(definition: str, body: Any, file: str = ASR) -> list[str]:
    """Say how a body departs from its definition, its provider's part included."""
    found = []
    if definition in SUBTYPES:
        name, subtype = SUBTYPES[definition]
        inner = dict(body["properties"])
        found += faults(subtype, inner.pop(name))
        body = body | {"properties": inner}
    found += [f"{f.json_path}: {f.message}" for f in validator(file, definition).iter_errors(body)]
    return found


def job_faults(body: Any) -> list[str]:
    inner = dict(body["properties"])
    found = faults(inner["customDetails"]["instanceType"], inner.pop("customDetails"))
    tasks = [dict(task) for task in inner.pop("tasks")]
    for task in tasks:
        found += task_faults(task)
    return found + faults("Job", body | {"properties": inner})


def task_faults(task: dict[str, Any]) -> list[str]:
    found = []
    group, details = task.pop("groupTaskCustomDetails"), task.pop("customDetails")
    if group is not None:
        for child in group.pop("childTasks"):
            found += task_faults(child)
        found += faults("RecoveryPlanGroupTaskDetails", group)
    if details is not None and details["instanceType"] == "VirtualMachineTaskDetails":
        plain = {name: value for name, value in details.items() if not name.startswith("skippedReason")}
        found += faults("JobTaskDetails", plain)
    return found + faults("ASRTask", task)


STAGES = {
    "protected": lambda wire: None,
    "failing over": lambda wire: post(wire, "unplannedFailover", FAILOVER),
    "commit pending": failed_over,
    "committed": committed,
    "tested": lambda wire: done(wire, post(wire, "testFailover", {"properties": {}})),
}


@pytest.mark.parametrize("stage", list(STAGES))
@pytest.mark.parametrize("broken", [False, True])
def test_an_item_obeys_its_document_in_every_state(stage, broken):
    wire = vault_wire(protects={"exceptions": [{"desktop": "pd-0", "broken": broken}]})
    STAGES[stage](wire)
    assert faults("ReplicationProtectedItem", wire.get(item(0) + VERSION).body) == []


def test_an_item_in_initial_replication_obeys_its_document():
    wire = vault_wire(protects={"exceptions": [{"desktop": "pd-0", "state": "initial"}]})
    wire.world.advance(100)
    assert faults("ReplicationProtectedItem", wire.get(item(0) + VERSION).body) == []


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ("Fabric", NORTH.rsplit("/", 2)[0]),
        ("ProtectionContainer", NORTH),
        ("ProtectionContainerMapping", MAPPING),
        ("Policy", POLICY),
        ("RecoveryPlan", PLAN),
        ("VaultHealthDetails", VAULT + "/replicationVaultHealth"),
        ("xCloudError", VAULT + "x"),
    ],
)
def test_the_vaults_parts_obey_their_documents(definition, path):
    assert faults(definition, vault_wire().get(path + VERSION).body) == []


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ("Fabric", VAULT + "/replicationFabrics"),
        ("ProtectionContainer", VAULT + "/replicationProtectionContainers"),
        ("ProtectionContainerMapping", VAULT + "/replicationProtectionContainerMappings"),
        ("Policy", VAULT + "/replicationPolicies"),
        ("ReplicationProtectedItem", VAULT + "/replicationProtectedItems"),
        ("RecoveryPoint", item(0) + "/recoveryPoints"),
        ("RecoveryPlan", VAULT + "/replicationRecoveryPlans"),
    ],
)
def test_lists_obey_their_documents(definition, path):
    body = vault_wire().get(path + VERSION).body
    assert body["value"]
    assert [fault for one in body["value"] for fault in faults(definition, one)] == []


@pytest.mark.parametrize("outcome", ["Succeeded", "Failed", "Suspended"])
def test_jobs_of_items_obey_their_document(outcome):
    how = {"Failed": "fails", "Suspended": "suspends"}.get(outcome)
    mishaps = [{"on": "UnplannedFailover", "how": how}] if how else []
    wire = vault_wire(mishaps=mishaps)
    began = post(wire, "unplannedFailover", FAILOVER)
    assert done(wire, began).body["status"] == outcome
    assert job_faults(wire.get(began.headers["x-ms-request-id"] + VERSION).body) == []
    listed = wire.get(f"{VAULT}/replicationJobs{VERSION}").body
    assert faults("xJobPage", listed) == []


def test_jobs_of_plans_switches_and_tests_obey_their_document():
    wire = vault_wire()
    asked = [wire.ask("POST", f"{PLAN}/unplannedFailover{VERSION}", PLAN_FAILOVER)]
    done(wire, asked[0])
    asked.append(wire.ask("POST", f"{PLAN}/failoverCommit{VERSION}"))
    done(wire, asked[1])
    asked.append(wire.ask("POST", f"{NORTH}/switchprotection{VERSION}", switching(wire.world)))
    done(wire, asked[2])
    other = vault_wire()
    tested = post(other, "testFailover", {"properties": {}})
    done(other, tested)
    bodies = [wire.get(one.headers["x-ms-request-id"] + VERSION).body for one in asked]
    bodies.append(other.get(tested.headers["x-ms-request-id"] + VERSION).body)
    assert [fault for body in bodies for fault in job_faults(body)] == []


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ("VirtualMachineExtensionsListResult", source(0) + "/extensions"),
        ("VirtualMachineExtension", source(0) + "/extensions/Agent"),
        ("CapacityReservationGroup", RESERVED),
        ("CapacityReservationGroup", RESERVED + VERSION + "&$expand=instanceView"),
        ("CapacityReservation", RESERVED + "/capacityReservations/cr" + VERSION + "&$expand=instanceView"),
        ("VirtualMachine", source(0)),
    ],
)
def test_what_compute_serves_for_a_failover_obeys_its_document(definition, path):
    wire = vault_wire()
    failed_over(wire, 1)
    assert faults(definition, wire.get(path if "?" in path else path + VERSION).body, COMPUTE) == []


def test_the_check_can_fail():
    body = vault_wire().get(item(0) + VERSION).body
    body["properties"]["providerSpecificDetails"]["rpoInSeconds"] = "soon"
    body["properties"]["invented"] = 1
    assert len(faults("ReplicationProtectedItem", body)) == 2


ABSENT = {
    "recoveryProximityPlacementGroupId": "set by the recorded caller",
    "x-aspnet-version": "a front end of 2019",
    "x-powered-by": "a front end of 2019",
}
"""What recordings have and answers here have not; headers of the recorded client are in ``NOT_SENT``."""


def unlike(theirs: Any, ours: Any) -> list[str]:
    """Name the paths of a recorded body that ours lacks or that are of another kind."""
    mine = paths(ours)
    found = []
    for where, kinds in paths(theirs).items():
        if inside_empty(where, mine) or where.rsplit(".", 1)[-1] in ABSENT:
            continue
        if where not in mine or not (mine[where] & kinds or "null" in mine[where] | kinds):
            found.append(f"{where}: {mine.get(where)} for {kinds}")
    return found


@pytest.mark.parametrize(
    ("name", "number", "path"),
    [
        ("asr-items", 1, POLICY),
        ("asr-items", 2, NORTH.rsplit("/", 2)[0]),
        ("asr-items", 4, NORTH),
        ("asr-items", 5, MAPPING),
        ("asr-items", 0, item(0)),
        ("asr-items", 8, NORTH + "/replicationProtectedItems"),
        ("asr-jobs", 0, VAULT + "/replicationJobs"),
    ],
)
def test_an_answer_has_the_recorded_shape(name, number, path):
    exchange = recorded(name, number)["response"]
    wire = vault_wire()
    failed_over(wire, 1)
    answer = wire.get(path + VERSION, x_ms_client_request_id="me")
    assert answer.status == exchange["status"]
    assert missing_headers(exchange["headers"], answer.headers) - ABSENT.keys() == set()
    assert unlike(exchange["body"], answer.body) == []


def test_a_failover_answers_as_recorded_and_its_job_has_the_recorded_shape():
    exchange = recorded("asr-failover", 1)
    wire = vault_wire()
    began = wire.ask("POST", f"{item(0)}/unplannedFailover{VERSION}", FAILOVER, x_ms_client_request_id="me")
    assert (began.status, began.body) == (202, exchange["response"]["body"])
    wanted = missing_headers(exchange["response"]["headers"], began.headers) - ABSENT.keys()
    assert wanted <= {"x-ms-client-request-id"}
    wire.world.advance(100)
    during, after = exchange["poll"][0]["body"], exchange["poll"][-1]["body"]
    alone = {"status", "error", "startTime", "endTime"}
    for body in (during, after):
        ours = wire.get(began.headers["x-ms-request-id"] + VERSION).body
        theirs = {name: value for name, value in body.items() if name not in alone}
        theirs["properties"]["customDetails"]["affectedObjectDetails"] = {}
        assert unlike(theirs, ours) == []
        assert [t["name"] for t in ours["properties"]["tasks"]] == [
            t["name"] for t in theirs["properties"]["tasks"]
        ]
        done(wire, began)


def test_a_plan_and_its_job_have_the_recorded_shape():
    wire = vault_wire()
    began = wire.ask("POST", f"{PLAN}/unplannedFailover{VERSION}", PLAN_FAILOVER)
    done(wire, began)
    theirs = recorded("asr-recoveryplans", 0)["poll"][-1]["body"]
    theirs = {name: value for name, value in theirs.items() if name in {"id", "name", "properties"}}
    theirs["properties"]["customDetails"]["affectedObjectDetails"] = {}
    assert unlike(theirs, wire.get(began.headers["x-ms-request-id"] + VERSION).body) == []
    plan = recorded("asr-recoveryplans", 1)["response"]["body"]
    for name in ("lastPlannedFailoverTime", "lastTestFailoverTime"):
        del plan["properties"][name]
    assert unlike(plan, wire.get(PLAN + VERSION).body) == []
    assert wire.get(link(began, "Location")).body == wire.get(PLAN + VERSION).body
