"""Site Recovery on the wire: actions, the addresses they lead to, jobs, lists, and what is refused."""

import json

import pytest

from avd_failover.simulator.http.face import Pages
from tests.simulator.http.recovery_wire import (
    FAILOVER,
    PLAN_FAILOVER,
    VERSION,
    a2a,
    committed,
    done,
    failed_over,
    link,
    post,
    switching,
    vault_wire,
)
from tests.simulator.recovery_estate import (
    NORTH,
    PLAN,
    POLICY,
    RESERVED,
    ROOT,
    VAULT,
    WEST,
    item,
    recovered,
    source,
)

JOBS = f"{VAULT}/replicationJobs"


def properties(wire, path):
    return wire.get(path + VERSION).body["properties"]


def test_an_action_answers_202_with_both_addresses_and_the_id_of_its_job():
    wire = vault_wire()
    began = post(wire, "unplannedFailover", FAILOVER)
    assert (began.status, began.raw, began.headers["Retry-After"]) == (202, b"", "30")
    job = began.headers["x-ms-request-id"]
    assert job.startswith("/Subscriptions/")
    name = job.rsplit("/", 1)[-1]
    assert f"/replicationOperationStatus/{name}?" in link(began, "Azure-AsyncOperation")
    assert f"/vm-pd-0/operationresults/{name}?" in link(began, "Location")
    for header in ("Azure-AsyncOperation", "Location"):
        query = link(began, header).partition("?")[2]
        assert [pair.partition("=")[0] for pair in query.split("&")] == ["api-version", "t", "c", "s", "h"]
        assert 2_000 < len(query) < 4_000
    told = wire.get(job + VERSION)
    assert (told.body["properties"]["state"], told.headers["x-ms-request-id"]) == ("InProgress", job)
    assert properties(wire, item(0))["currentScenario"]["jobId"] == job


def test_the_result_is_202_until_the_job_is_over_and_then_the_item():
    wire = vault_wire()
    began = post(wire, "unplannedFailover", FAILOVER)
    early = wire.get(link(began, "Location"))
    assert (early.status, early.headers["Location"]) == (202, began.headers["Location"])
    assert done(wire, began).body["status"] == "Succeeded"
    final = wire.get(link(began, "Location"))
    assert (final.status, final.body["id"].lower()) == (200, item(0).lower())
    assert final.body["properties"]["protectionState"] == "UnplannedFailoverCommitPendingStatesBegin"


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
@pytest.mark.parametrize(
    "alter",
    [
        lambda target: target.partition("?")[0] + VERSION,
        lambda target: target[:-1] + ("A" if target[-1] != "A" else "B"),
        lambda target: target.replace("&c=", "&c=x"),
        lambda target: target.replace("&t=", "&t=1"),
        lambda target: target.replace("&s=", "&z="),
    ],
)
def test_an_altered_address_is_refused(header, alter):
    wire = vault_wire()
    target = link(post(wire, "unplannedFailover", FAILOVER), header)
    assert wire.get(target).status in {200, 202}
    refused = wire.get(alter(target))
    assert (refused.status, refused.code) == (400, "InvalidOperationSignature")


def test_one_jobs_signature_opens_no_other_address():
    wire = vault_wire()
    first, second = (post(wire, "unplannedFailover", FAILOVER, number) for number in range(2))
    mixed = link(first, "Location").partition("?")[0] + "?" + link(second, "Location").partition("?")[2]
    assert wire.get(mixed).code == "InvalidOperationSignature"


STATES = {
    "Protected": ("Primary", ["UnplannedFailover", "DisableProtection", "TestFailover"]),
    "UnplannedFailoverCommitPendingStatesBegin": ("Recovery", ["Commit", "ChangePit", "DisableProtection"]),
    "UnplannedFailoverCommitted": ("Recovery", ["ReverseReplicate", "SwitchProtection", "DisableProtection"]),
}


def test_the_item_tells_its_states_in_azures_words():
    wire = vault_wire()
    seen = [properties(wire, item(0))]
    failed_over(wire)
    seen.append(properties(wire, item(0)))
    done(wire, post(wire, "failoverCommit"))
    seen.append(properties(wire, item(0)))
    assert {
        one["protectionState"]: (one["activeLocation"], one["allowedOperations"]) for one in seen
    } == STATES
    assert [bool(one["failoverRecoveryPointId"]) for one in seen] == [False, True, True]
    details = [one["providerSpecificDetails"] for one in seen]
    assert [one["recoveryFabricObjectId"] for one in details] == [None, *[recovered(0).lower()] * 2]
    assert details[0]["recoveryCapacityReservationGroupId"] == RESERVED
    assert [one["rpoInSeconds"] is None for one in details] == [False, True, True]


def test_a_reprotect_answers_with_the_container_and_the_job_names_the_new_item():
    wire = vault_wire()
    committed(wire)
    began = wire.ask("POST", f"{NORTH}/switchprotection{VERSION}", switching(wire.world))
    assert done(wire, began).body["status"] == "Succeeded"
    assert wire.get(link(began, "Location")).body["type"].endswith("/replicationProtectionContainers")
    details = properties(wire, began.headers["x-ms-request-id"])["customDetails"]
    assert details["newReplicationProtectedItemId"].lower() == item(0, WEST).lower()
    assert wire.get(item(0) + VERSION).code == "ResourceNotFound"
    moved = properties(wire, item(0, WEST))
    assert moved["protectionState"] == "InitialReplicationInProgress"
    assert moved["providerSpecificDetails"]["monitoringPercentageCompletion"] is not None
    assert moved["providerSpecificDetails"]["primaryFabricLocation"] == "westeurope"
    wire.world.advance(wire.world.now_s + 920)
    assert properties(wire, item(0, WEST))["protectionState"] == "Protected"


def test_a_failed_job_tells_its_error_at_every_address():
    wire = vault_wire(
        mishaps=[{"on": "UnplannedFailover", "how": "fails", "code": "28031", "message": "full"}]
    )
    began = post(wire, "unplannedFailover", FAILOVER)
    status = done(wire, began)
    assert (status.body["status"], status.body["error"]) == ("Failed", {"code": "28031", "message": "full"})
    final = wire.get(link(began, "Location"))
    assert (final.status, final.code) == (409, "28031")
    error = properties(wire, began.headers["x-ms-request-id"])["errors"][0]["serviceErrorDetails"]
    assert (error["code"], error["message"]) == ("28031", "full")


def test_a_suspended_job_is_no_end_for_whoever_polls_and_can_be_resumed():
    wire = vault_wire(mishaps=[{"on": "UnplannedFailover", "how": "suspends"}])
    began = post(wire, "unplannedFailover", FAILOVER)
    wire.world.advance(50_000)
    assert wire.get(link(began, "Azure-AsyncOperation")).body["status"] == "Suspended"
    assert wire.get(link(began, "Location")).status == 202
    job = began.headers["x-ms-request-id"]
    resumed = wire.ask("POST", f"{job}/resume{VERSION}", {"properties": {"comments": "checked"}})
    assert (resumed.status, resumed.body["properties"]["state"]) == (200, "InProgress")
    assert done(wire, began).body["status"] == "Succeeded"
    assert wire.ask("POST", f"{job}/resume{VERSION}").code == "OperationNotAllowed"


def test_a_cancelled_job_ends_in_arms_word():
    wire = vault_wire()
    began = post(wire, "unplannedFailover", FAILOVER)
    cancelled = wire.ask("POST", f"{began.headers['x-ms-request-id']}/cancel{VERSION}")
    assert cancelled.body["properties"]["state"] == "Cancelled"
    assert wire.get(link(began, "Azure-AsyncOperation")).body["status"] == "Canceled"
    assert wire.get(link(began, "Location")).code == "OperationCanceled"


def test_a_failed_job_is_restarted():
    wire = vault_wire(mishaps=[{"on": "CommitFailover", "how": "fails"}])
    failed_over(wire)
    began = post(wire, "failoverCommit")
    assert done(wire, began).body["status"] == "Failed"
    wire.ask("POST", f"{began.headers['x-ms-request-id']}/restart{VERSION}")
    assert done(wire, began).body["status"] == "Succeeded"


def test_jobs_are_listed_newest_first_without_tasks_and_by_state():
    wire = vault_wire()
    failed_over(wire)
    wire.world.advance(wire.world.now_s + 10)
    post(wire, "failoverCommit")
    found = [one["properties"] for one in wire.get(JOBS + VERSION).body["value"]]
    assert [one["scenarioName"] for one in found] == ["CommitFailover", "UnplannedFailover"]
    assert [(one["tasks"], one["customDetails"], one["activityId"]) for one in found] == [
        ([], None, None)
    ] * 2
    running = wire.get(f"{JOBS}{VERSION}&$filter=JobStatus eq 'InProgress'").body["value"]
    assert [one["properties"]["scenarioName"] for one in running] == ["CommitFailover"]
    assert wire.get(f"{JOBS}{VERSION}&$filter=StartTime eq 'x'").status == 501


def test_an_update_is_a_job_and_the_item_keeps_what_was_not_sent():
    wire = vault_wire()
    before = properties(wire, item(0))["providerSpecificDetails"]
    card = before["vmNics"][0]["nicId"]
    sent = a2a(
        recoveryAzureVMName="desk-zero",
        vmNics=[{"nicId": card, "ipConfigs": [{"recoverySubnetName": "snet-weu"}], "targetNicName": "n0"}],
        details={"recoveryCapacityReservationGroupId": RESERVED, "recoveryAvailabilityZone": "2"},
    )
    assert done(wire, wire.ask("PATCH", item(0) + VERSION, sent)).body["status"] == "Succeeded"
    after = properties(wire, item(0))["providerSpecificDetails"]
    assert (after["recoveryAzureVMName"], after["recoveryAvailabilityZone"]) == ("desk-zero", "2")
    assert after["recoveryAzureVMSize"] == before["recoveryAzureVMSize"]
    assert after["vmNics"][0]["targetNicName"] == "n0"
    assert after["vmNics"][0]["ipConfigs"][0]["recoverySubnetName"] == "snet-weu"
    wrong = a2a(details={"recoveryCapacityReservationGroupId": RESERVED + "x"})
    assert wire.ask("PATCH", item(0) + VERSION, wrong).code == "InvalidCapacityReservationGroup"


def test_a_recovery_plan_fails_all_its_items_over_and_commits_them():
    wire = vault_wire()
    assert properties(wire, PLAN)["allowedOperations"] == ["UnplannedFailover", "TestFailover"]
    began = wire.ask("POST", f"{PLAN}/unplannedFailover{VERSION}", PLAN_FAILOVER)
    assert done(wire, began).body["status"] == "Succeeded"
    job = properties(wire, began.headers["x-ms-request-id"])
    group = job["tasks"][2]["groupTaskCustomDetails"]
    children = [one["customDetails"]["jobTask"] for one in group["childTasks"]]
    assert [one["targetObjectName"] for one in children] == [f"vm-pd-{number}" for number in range(4)]
    assert {properties(wire, one["jobId"])["state"] for one in children} == {"Succeeded"}
    committing = wire.ask("POST", f"{PLAN}/failoverCommit{VERSION}")
    assert done(wire, committing).body["status"] == "Succeeded"
    back = wire.ask("POST", f"{PLAN}/reProtect{VERSION}")
    assert done(wire, back).body["status"] == "Succeeded"
    members = properties(wire, PLAN)["groups"][2]["replicationProtectedItems"]
    assert {one["id"].lower() for one in members} == {item(n, WEST).lower() for n in range(4)}


def test_a_plan_fails_when_one_item_does_and_names_it():
    wire = vault_wire(mishaps=[{"desktop": "pd-2", "on": "UnplannedFailover", "how": "fails"}])
    began = wire.ask("POST", f"{PLAN}/unplannedFailover{VERSION}", PLAN_FAILOVER)
    status = done(wire, began)
    assert status.body["status"] == "Failed"
    assert "vm-pd-2" in status.body["error"]["message"]
    states = [properties(wire, item(number))["protectionState"] for number in range(4)]
    assert states.count("UnplannedFailoverCommitPendingStatesBegin") == 3
    assert wire.ask("POST", f"{PLAN}/failoverCommit{VERSION}").code == "OperationNotAllowed"


def test_a_plan_wants_a_list_of_details_a_direction_and_source_operations():
    wire = vault_wire()
    whole = PLAN_FAILOVER["properties"]
    for broken in (
        {"providerSpecificDetails": whole["providerSpecificDetails"][0]},
        {"providerSpecificDetails": None},
        {"failoverDirection": None},
        {"sourceSiteOperations": None},
        {"providerSpecificDetails": [{"instanceType": "A2A"}]},
        {"providerSpecificDetails": [{"instanceType": "A2A", "recoveryPointType": "Newest"}]},
    ):
        answer = wire.ask("POST", f"{PLAN}/unplannedFailover{VERSION}", {"properties": whole | broken})
        assert (answer.status, answer.code) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", item(0) + "/failoverCommit", None, 409, "OperationNotAllowed"),
        ("POST", item(0) + "/failoverCancel", None, 409, "OperationNotAllowed"),
        ("POST", item(0) + "/plannedFailover", FAILOVER, 400, "OperationNotSupported"),
        ("POST", item(0) + "/applyRecoveryPoint", a2a(recoveryPointId="x"), 409, "OperationNotAllowed"),
        ("POST", item(0) + "/applyRecoveryPoint", a2a(), 400, "InvalidRequestContent"),
        ("POST", item(0) + "/reProtect", a2a(details={"vmManagedDisks": []}), 400, "VMDisksMissing"),
        ("POST", item(0) + "/reProtect", a2a(), 409, "OperationNotAllowed"),
        ("POST", item(0) + "/testFailoverCleanup", {}, 409, "OperationNotAllowed"),
        ("POST", item(0) + "/remove", {}, 409, "ScopeLocked"),
        ("DELETE", item(0), None, 409, "ScopeLocked"),
        ("POST", item(9) + "/unplannedFailover", FAILOVER, 404, "ResourceNotFound"),
        ("POST", item(0) + "/unplannedFailover", a2a(failoverDirection="Up"), 400, "InvalidRequestContent"),
        (
            "POST", item(0) + "/unplannedFailover", a2a(failoverDirection="RecoveryToPrimary"), 400,
            "InvalidFailoverDirection",
        ),
        (
            "POST", item(0) + "/unplannedFailover", a2a(details={"instanceType": "InMage"}), 400,
            "InvalidProvider",
        ),
        (
            "POST", item(0) + "/unplannedFailover", a2a(details={"recoveryPointId": "x"}), 400,
            "RecoveryPointNotFound",
        ),
        ("POST", NORTH + "/switchprotection", a2a(), 400, "InvalidRequestContent"),
        ("GET", JOBS + "/00000000-0000-4000-8000-000000000000", None, 404, "ResourceNotFound"),
        ("GET", VAULT + "x", None, 404, "ResourceNotFound"),
        ("GET", VAULT + "x/replicationProtectedItems", None, 404, "ResourceNotFound"),
        ("GET", NORTH + "x/replicationProtectedItems", None, 404, "ResourceNotFound"),
        ("GET", item(0) + "/recoveryPoints/none", None, 404, "ResourceNotFound"),
        ("POST", PLAN + "/testFailover", {}, 501, "NotSimulated"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_or_not_there_is_refused(method, path, body, status, code):
    answer = vault_wire().ask(method, path + VERSION, body)
    assert (answer.status, answer.code) == (status, code)


def test_points_come_in_no_order_of_time_and_thin_out_after_two_hours():
    found = vault_wire().get(item(0) + "/recoveryPoints" + VERSION).body["value"]
    moments = [one["properties"]["recoveryPointTime"] for one in found]
    assert moments not in (sorted(moments), sorted(moments, reverse=True))
    assert len(set(moments)) == len(moments)
    newest = sorted(moments)[-24:]
    assert newest[0] > "2026-03-09T06:5"
    kinds = [one["properties"]["recoveryPointType"] for one in found]
    assert (kinds.count("CrashConsistent"), kinds.count("AppConsistent")) == (22, 24)
    old = [o for o in found if o["properties"]["recoveryPointTime"] < newest[0]]
    assert {one["properties"]["recoveryPointType"] for one in old} == {"AppConsistent"}


def test_items_are_listed_over_small_pages_by_vault_and_by_container():
    wire = vault_wire(pages=Pages(arm=3))
    for below, count in ((VAULT, 4), (NORTH, 4), (WEST, 0)):
        pages = wire.pages(f"{below}/replicationProtectedItems{VERSION}")
        assert [one["name"] for page in pages for one in page] == [f"vm-pd-{n}" for n in range(count)]
    assert wire.get(f"{NORTH}/replicationProtectedItems{VERSION}").body.keys() == {"value", "nextLink"}


def test_health_of_vault_and_items_gets_worse_while_the_source_is_dark():
    wire = vault_wire(protects={"exceptions": [{"desktop": "pd-1", "broken": True}]})
    counts = properties(wire, f"{VAULT}/replicationVaultHealth")["protectedItemsHealth"]
    assert counts["categorizedResourceCounts"] == {"Normal": 3, "Warning": 0, "Critical": 1}
    sick = properties(wire, item(1))
    assert (sick["replicationHealth"], sick["allowedOperations"][-1]) == ("Critical", "RepairReplication")
    assert {one["errorCode"] for one in sick["healthErrors"]} == {"153007", "161011"}


def test_request_ids_are_those_of_site_recovery():
    wire = vault_wire()
    told = wire.get(item(0) + VERSION, x_ms_client_request_id="me")
    assert told.headers["x-ms-request-id"] == "me 3/9/2026 9:00:00 AM"
    assert told.headers["x-ms-client-request-id"] == "me"


def test_extensions_are_listed_put_and_deleted_as_operations():
    wire = vault_wire()
    machine = source(0)
    listed = wire.get(f"{machine}/extensions{VERSION}").body
    assert [one["name"] for one in listed["value"]] == ["AADLogin", "Agent"]
    assert listed.keys() == {"value"}
    sent = {
        "location": "northeurope",
        "properties": {
            "publisher": "Contoso",
            "type": "Join",
            "typeHandlerVersion": "1.2",
            "settings": {"a": 1},
            "protectedSettings": {"secret": "never shown"},
        },
    }
    made = wire.ask("PUT", f"{machine}/extensions/Join{VERSION}", sent)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "never shown" not in json.dumps(made.body) + wire.world.history.dump()
    poll = made.headers["Azure-AsyncOperation"].partition("7777")[2]
    assert wire.get(poll).body["status"] == "InProgress"
    wire.world.advance(100)
    assert wire.get(poll).body["status"] == "Succeeded"
    assert properties(wire, f"{machine}/extensions/Join")["settings"] == {"a": 1}
    assert wire.ask("PUT", f"{machine}/extensions/Join{VERSION}", sent).status == 200
    assert wire.ask("DELETE", f"{machine}/extensions/Join{VERSION}").status == 202
    wire.world.advance(300)
    assert wire.get(f"{machine}/extensions/Join{VERSION}").code == "ResourceNotFound"
    assert wire.ask("DELETE", f"{machine}/extensions/Join{VERSION}").status == 204
    assert wire.ask("PUT", f"{source(3)}/extensions/Join{VERSION}", sent).code == "OperationNotAllowed"


def test_a_reservation_group_shows_who_takes_its_places():
    wire = vault_wire()
    view = "&$expand=instanceView"

    def places():
        inner = wire.get(RESERVED + VERSION + view).body["properties"]["instanceView"]
        return inner["capacityReservations"][0]["utilizationInfo"]

    assert places() == {"currentCapacity": 4, "virtualMachinesAllocated": []}
    failed_over(wire)
    assert places()["virtualMachinesAllocated"] == [{"id": recovered(0)}]
    one = wire.get(RESERVED + "/capacityReservations/cr" + VERSION).body
    assert one["sku"] == {"name": "Standard_D8s_v5", "capacity": 4}
    listed = wire.get(f"{ROOT}/providers/Microsoft.Compute/capacityReservationGroups{VERSION}").body["value"]
    assert [group["name"] for group in listed] == ["crg"]
    assert wire.get(RESERVED + "x" + VERSION).code == "ResourceNotFound"


def test_policies_name_what_points_follow():
    details = properties(vault_wire(), POLICY)["providerSpecificDetails"]
    assert (details["crashConsistentFrequencyInMinutes"], details["recoveryPointHistory"]) == (5, 1_440)
