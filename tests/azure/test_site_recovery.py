"""Site Recovery: a write is one request and one job; what answers, scripted and recorded, are read as."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.azure.recovery_job_values import job_of_answer
from avd_failover.azure.site_recovery import AzureSiteRecovery
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from avd_failover.domain.recovery_jobs import JobState
from avd_failover.domain.replication import (
    Allowed,
    Direction,
    Health,
    Location,
    Phase,
    PointKind,
    Reversal,
    ReversedDisk,
)
from tests.azure.builders import GROUP, VM
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.jump_clock import JumpClock
from tests.azure.recordings import answer_of, recorded

VAULTS = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults"
VAULT = ids.vault_id(f"{VAULTS}/rsv")
SHOWN = f"{VAULTS}/RSV".replace("/subscriptions/", "/Subscriptions/")
CONTAINER = ids.container_id(f"{VAULT}/replicationFabrics/f-n/replicationProtectionContainers/c-n")
OTHER = ids.container_id(f"{VAULT}/replicationFabrics/f-w/replicationProtectionContainers/c-w")
ITEM = ids.protected_item_id(f"{CONTAINER}/replicationProtectedItems/VM-0")
POINT = ids.recovery_point_id(f"{ITEM}/recoveryPoints/p-1")
POLICY = ids.replication_policy_id(f"{VAULT}/replicationPolicies/pol")
RESERVED = ids.reservation_group_id(f"{GROUP}/providers/Microsoft.Compute/capacityReservationGroups/crg")
JOB = ids.recovery_job_id(f"{VAULT}/replicationJobs/j-1")
REVERSAL = Reversal(
    name="VM-0",
    recovery_container=CONTAINER,
    policy=POLICY,
    recovery_group="/subscriptions/s/resourceGroups/Home",
    disks=(ReversedDisk(disk="/disks/D", staging_account="/sa/Stage", recovery_group="/rg/Home"),),
)

Verb = Callable[[AzureCloud], Awaitable[Accepted]]


def failing_over(**changes: Any) -> Verb:
    how = {"direction": Direction.PRIMARY_TO_RECOVERY, "point": None, "shut_down_source": False} | changes
    return lambda cloud: cloud.recovery.fail_over(ITEM, **how)


COMMIT: Verb = lambda cloud: cloud.recovery.commit_failover(ITEM)  # noqa: E731
CHANGE: Verb = lambda cloud: cloud.recovery.change_recovery_point(ITEM, POINT)  # noqa: E731
SWITCH: Verb = lambda cloud: cloud.recovery.switch_protection(ITEM, REVERSAL)  # noqa: E731
WRITES = (failing_over(), COMMIT, CHANGE, SWITCH)


def taken(**headers: str) -> Answer:
    return Answer(202, headers={"Retry-After": "30", **headers})


def led(path: str, host: str = "{here}") -> str:
    return f"{host}{SHOWN}/{path}?api-version=2025-08-01&t=1&s=xyz"


def led_here(path: str) -> str:
    return led(path, host="https://management.azure.com")


TAKEN = taken(**{"Azure-AsyncOperation": led("replicationOperationStatus/J-1")})


def item_body(scenario: str = "None", job: str = "None", **properties: Any) -> dict[str, Any]:
    told = {
        "friendlyName": "VM-0",
        "protectionState": "Protected",
        "activeLocation": "Primary",
        "allowedOperations": ["UnplannedFailover", "TestFailover", "MigrateToMars"],
        "replicationHealth": "Normal",
        "currentScenario": {
            "scenarioName": scenario,
            "jobId": f"{SHOWN}/replicationJobs/{job}",
            "startTime": "1753-01-01T01:01:01Z",
        },
        "providerSpecificDetails": {"instanceType": "A2A", "fabricObjectId": VM.upper()},
    }
    return {"id": ITEM.upper(), "name": "VM-0", "properties": told | properties}


def job_body(**properties: Any) -> dict[str, Any]:
    told = {"scenarioName": "UnplannedFailover", "state": "InProgress", "tasks": [], "errors": []}
    return {"id": f"{SHOWN}/replicationJobs/J-1", "name": "J-1", "properties": told | properties}


A2A = {"instanceType": "A2A"}
SENT: list[tuple[Verb, str, Any]] = [
    (
        failing_over(),
        f"{ITEM}/unplannedFailover",
        {
            "failoverDirection": "PrimaryToRecovery",
            "sourceSiteOperations": "NotRequired",
            "providerSpecificDetails": A2A,
        },
    ),
    (
        failing_over(direction=Direction.RECOVERY_TO_PRIMARY, point=POINT, shut_down_source=True),
        f"{ITEM}/unplannedFailover",
        {
            "failoverDirection": "RecoveryToPrimary",
            "sourceSiteOperations": "Required",
            "providerSpecificDetails": A2A | {"recoveryPointId": POINT},
        },
    ),
    (
        CHANGE,
        f"{ITEM}/applyRecoveryPoint",
        {"recoveryPointId": POINT, "providerSpecificDetails": A2A},
    ),
    (
        SWITCH,
        f"{CONTAINER}/switchprotection",
        {
            "replicationProtectedItemName": "VM-0",
            "providerSpecificDetails": A2A
            | {
                "recoveryContainerId": CONTAINER,
                "policyId": POLICY,
                "recoveryResourceGroupId": "/subscriptions/s/resourceGroups/Home",
                "vmManagedDisks": [
                    {
                        "diskId": "/disks/D",
                        "primaryStagingAzureStorageAccountId": "/sa/Stage",
                        "recoveryResourceGroupId": "/rg/Home",
                    }
                ],
            },
        },
    ),
]


@pytest.mark.parametrize(("verb", "path", "properties"), SENT)
async def test_a_write_is_one_request_with_this_body(
    arm: FakeArm, cloud: AzureCloud, verb: Verb, path: str, properties: Any
) -> None:
    arm.on("POST", "", TAKEN)
    accepted = await verb(cloud)
    assert [(seen.method, seen.path.lower(), seen.body) for seen in arm.seen] == [
        ("POST", path.lower(), {"properties": properties})
    ]
    assert arm.seen[0].query == {"api-version": "2025-08-01"}
    assert accepted.job == JOB


async def test_a_commit_has_no_body(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/failoverCommit", TAKEN)
    assert (await COMMIT(cloud)).job == JOB
    assert arm.seen[0].body is None


async def test_a_reprotect_says_zone_reservation_and_disk_kinds_where_they_are_wanted(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    disk = ReversedDisk(
        disk="/disks/D",
        staging_account="/sa",
        recovery_group="/rg",
        replica_sku="Standard_LRS",
        target_sku="Premium_LRS",
        encryption_set="/des",
    )
    wanted = Reversal(
        name="VM-0", recovery_container=OTHER, policy=POLICY, recovery_group="/rg", disks=(disk,),
        recovery_zone="2", reservation_group=RESERVED,
    )  # fmt: skip
    arm.on("POST", "/switchprotection", TAKEN)
    await cloud.recovery.switch_protection(ITEM, wanted)
    details = arm.seen[0].body["properties"]["providerSpecificDetails"]
    assert details["recoveryAvailabilityZone"] == "2"
    assert details["recoveryCapacityReservationGroupId"] == RESERVED
    assert details["vmManagedDisks"][0] == {
        "diskId": "/disks/D",
        "primaryStagingAzureStorageAccountId": "/sa",
        "recoveryResourceGroupId": "/rg",
        "recoveryReplicaDiskAccountType": "Standard_LRS",
        "recoveryTargetDiskAccountType": "Premium_LRS",
        "recoveryDiskEncryptionSetId": "/des",
    }


@pytest.mark.parametrize("verb", WRITES)
async def test_nothing_is_polled_and_no_time_passes(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock, verb: Verb
) -> None:
    arm.on("POST", "", TAKEN)
    await verb(cloud)
    assert len(arm.seen) == 1
    assert clock.slept == []


@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(409, "OperationNotAllowed"), RefusedError),
        (refusal(400, "RecoveryPointNotFound"), RefusedError),
        (refusal(403, "AuthorizationFailed"), RefusedError),
        (refusal(429, "TooManyRequests", Retry_After="7"), TransientError),
        (refusal(503, "ServerBusy", Retry_After="7"), TransientError),
        (refusal(503, "ServiceUnavailable"), UnknownError),
        (refusal(500, "InternalServerError"), UnknownError),
        (refusal(504, "GatewayTimeout", Retry_After="7"), UnknownError),
        (Answer(drop=True), UnknownError),
    ],
)
async def test_whatever_is_answered_nothing_is_sent_a_second_time(
    arm: FakeArm, cloud: AzureCloud, verb: Verb, answer: Answer, kind: type[Exception]
) -> None:
    arm.on("POST", "", answer)
    arm.on("GET", "", Answer(200, item_body()))
    with pytest.raises(kind):
        await verb(cloud)
    assert len(arm.sent("POST")) == 1
    assert arm.sent("GET") == []


@pytest.mark.parametrize(
    ("headers", "job"),
    [
        ({"Azure-AsyncOperation": led_here("replicationOperationStatus/J-1")}, JOB),
        ({"Azure-AsyncOperation": led_here("replicationJobs/J-1")}, JOB),
        (
            {
                "Location": led_here(
                    "replicationFabrics/f/x/y/replicationProtectedItems/z/operationresults/J-1"
                )
            },
            JOB,
        ),
        ({"x-ms-request-id": f"{SHOWN}/replicationJobs/J-1"}, JOB),
        ({"Azure-AsyncOperation": "", "Location": led_here("operationresults/J-1")}, JOB),
        (
            {
                "Azure-AsyncOperation": led_here("operations/J-1"),
                "Location": led_here("operationresults/J-1"),
            },
            JOB,
        ),
        ({"Azure-AsyncOperation": led_here("replicationJobs/")}, None),
        ({"Azure-AsyncOperation": led_here("replicationJobs/a%2fb")}, None),
        ({"Azure-AsyncOperation": led_here("replicationJobs/J-1").replace("/RSV/", "/other/")}, None),
        ({"x-ms-request-id": "11111111-2222-3333-4444-555555555555"}, None),
        ({"Location": "not a url"}, None),
        ({}, None),
    ],
)
def test_the_job_is_the_name_at_the_end_of_where_the_answer_leads(
    headers: dict[str, str], job: str | None
) -> None:
    assert job_of_answer(headers, VAULT) == job


async def test_an_answer_that_leads_nowhere_makes_the_item_be_asked(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "", taken())
    arm.on("GET", "/VM-0", Answer(200, item_body("CommitFailover", "J-1")))
    assert (await COMMIT(cloud)).job == JOB
    assert [seen.method for seen in arm.seen] == ["POST", "GET"]


@pytest.mark.parametrize(
    "answer",
    [Answer(200, item_body()), refusal(404, "ResourceNotFound"), refusal(500, "Oops"), Answer(drop=True)],
)
async def test_a_write_stands_also_when_nobody_tells_its_job(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock, answer: Answer
) -> None:
    arm.on("POST", "", taken())
    arm.on("GET", "/VM-0", answer)
    accepted = await COMMIT(cloud)
    assert (accepted.job, accepted.at) == (None, clock.now())
    assert len(arm.sent("POST")) == 1


async def test_an_address_on_another_host_is_never_asked(arm: FakeArm, cloud: AzureCloud) -> None:
    elsewhere = led("replicationJobs/J-1", host="https://elsewhere.invalid")
    arm.on("POST", "", taken(Location=elsewhere))
    assert (await COMMIT(cloud)).job == JOB, "the name is taken, and read from the configured endpoint"
    arm.on("GET", "/replicationJobs/j-1", Answer(200, job_body()))
    assert (await cloud.recovery.job(JOB)).id == JOB


async def test_an_item_is_read_with_its_ids_folded_and_unknown_words_left_out(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("GET", "/VM-0", Answer(200, item_body()))
    found = await cloud.recovery.item(ITEM)
    assert (found.id, found.name, found.machine) == (ITEM, "VM-0", VM)
    assert (found.phase, found.active, found.health) == (Phase.PROTECTED, Location.PRIMARY, Health.NORMAL)
    assert found.allowed == (Allowed.FAIL_OVER, Allowed.TEST_FAILOVER)
    assert (found.job, found.scenario, found.rpo_s, found.disks) == (None, "", None, ())
    assert found.failover_health is Health.UNKNOWN


@pytest.mark.parametrize(
    ("properties", "field", "value"),
    [
        ({"protectionState": "SomethingNew"}, "phase", Phase.OTHER),
        ({"protectionState": None}, "phase", Phase.OTHER),
        ({"activeLocation": "Nowhere"}, "active", Location.UNKNOWN),
        ({"replicationHealth": None}, "health", Health.UNKNOWN),
        ({"allowedOperations": None}, "allowed", ()),
        ({"testFailoverState": "WaitingForCleanup"}, "under_test", True),
        ({"testFailoverState": "None"}, "under_test", False),
        ({"policyId": "not an id"}, "policy", None),
        ({"recoveryContainerId": OTHER.upper()}, "recovery_container", OTHER),
        ({"failoverRecoveryPointId": POINT.upper()}, "failover_point", POINT),
        ({"lastSuccessfulFailoverTime": "0001-01-01T00:00:00"}, "failed_over_at", None),
        (
            {"lastSuccessfulFailoverTime": "2026-03-09T10:00:00.1234567Z"},
            "failed_over_at",
            datetime(2026, 3, 9, 10, 0, 0, 123456, UTC),
        ),
        ({"currentScenario": None}, "job", None),
        ({"providerSpecificDetails": None}, "provider", ""),
        ({"providerSpecificDetails": {"instanceType": "HyperVReplicaAzure"}}, "machine", None),
        (
            {"providerSpecificDetails": A2A | {"testFailoverRecoveryFabricObjectId": VM.upper()}},
            "twin",
            VM,
        ),
        ({"providerSpecificDetails": A2A | {"rpoInSeconds": 0}}, "rpo_s", 0.0),
        ({"providerSpecificDetails": A2A | {"recoveryFabricObjectId": VM.upper()}}, "recovered", VM),
    ],
)
async def test_what_an_item_says_is_read_as(
    arm: FakeArm, cloud: AzureCloud, properties: dict[str, Any], field: str, value: object
) -> None:
    arm.on("GET", "/VM-0", Answer(200, item_body(**properties)))
    assert getattr(await cloud.recovery.item(ITEM), field) == value


async def test_health_errors_are_told_without_user_names(arm: FakeArm, cloud: AzureCloud) -> None:
    error = {"errorCode": "1", "errorMessage": "ada@contoso.com broke it", "errorLevel": "Critical"}
    arm.on("GET", "/VM-0", Answer(200, item_body(healthErrors=[error])))
    (told,) = (await cloud.recovery.item(ITEM)).errors
    assert (told.code, told.message, told.level) == ("1", "<user> broke it", "Critical")


async def test_an_item_that_cannot_be_read_is_a_gap_of_its_list(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/replicationProtectedItems", listed(item_body(), {"id": "x", "name": "y"}))
    found = await cloud.recovery.items(VAULT)
    assert [one.id for one in found.items] == [ITEM]
    assert not found.complete
    assert found.gap


@pytest.mark.parametrize(
    "read",
    [
        lambda cloud: cloud.recovery.items(VAULT),
        lambda cloud: cloud.recovery.recovery_points(ITEM),
        lambda cloud: cloud.recovery.mappings(VAULT),
        lambda cloud: cloud.recovery.jobs(VAULT),
    ],
)
async def test_lists_are_read_to_the_end_and_never_elsewhere(
    arm: FakeArm, cloud: AzureCloud, read: Callable[[AzureCloud], Awaitable[Any]]
) -> None:
    arm.on("GET", r"\?page=2", listed())
    arm.on("GET", "", listed(then=f"{{here}}{VAULT}/more?page=2"), listed(then="https://elsewhere.invalid/x"))
    assert (await read(cloud)).items == ()
    assert len(arm.seen) == 2
    with pytest.raises(RefusedError) as fault:
        await read(cloud)
    assert fault.value.code == "ForeignEndpoint"
    assert len(arm.seen) == 3


@pytest.mark.parametrize("body", [{}, {"value": None}, b"not json"])
async def test_a_body_that_is_no_list_is_no_empty_list(arm: FakeArm, cloud: AzureCloud, body: object) -> None:
    arm.on("GET", "", Answer(200, body, {"Content-Type": "application/json"} if body == b"not json" else {}))
    with pytest.raises(TransientError):
        await cloud.recovery.items(VAULT)


def point(name: str, time: str | None, kind: str = "CrashConsistent") -> dict[str, Any]:
    details = A2A | {"recoveryPointSyncType": "MultiVmSyncRecoveryPoint", "disks": []}
    told = {"recoveryPointTime": time, "recoveryPointType": kind, "providerSpecificDetails": details}
    return {"id": f"{ITEM}/recoveryPoints/{name}", "name": name, "properties": told}


async def test_points_are_sorted_and_one_without_a_time_is_a_gap(arm: FakeArm, cloud: AzureCloud) -> None:
    told = [
        point("b", "2026-03-09T10:00:00.0000000Z"),
        point("c", None),
        point("a", "2026-03-09T11:00:00Z", "AppConsistent"),
        point("d", "2026-03-09T09:00:00Z", "Curious"),
    ]
    arm.on("GET", "/recoveryPoints", listed(*told))
    found = await cloud.recovery.recovery_points(ITEM)
    assert [(ids.name_of(one.id), one.kind) for one in found.items] == [
        ("a", PointKind.APP_CONSISTENT),
        ("b", PointKind.CRASH_CONSISTENT),
        ("d", PointKind.UNKNOWN),
    ]
    assert all(one.multi_machine for one in found.items)
    assert not found.complete


@pytest.mark.parametrize(
    ("state", "read_as", "ended"),
    [
        ("NotStarted", JobState.NOT_STARTED, False),
        ("InProgress", JobState.IN_PROGRESS, False),
        ("Suspended", JobState.SUSPENDED, False),
        ("Cancelling", JobState.CANCELLING, False),
        ("Succeeded", JobState.SUCCEEDED, True),
        ("CompletedWithInformation", JobState.WITH_INFORMATION, True),
        ("Failed", JobState.FAILED, True),
        ("Cancelled", JobState.CANCELLED, True),
        ("Perhaps", JobState.UNKNOWN, False),
        (None, JobState.UNKNOWN, False),
    ],
)
async def test_a_job_ends_in_few_states_only(
    arm: FakeArm, cloud: AzureCloud, state: str | None, read_as: JobState, ended: bool
) -> None:
    arm.on("GET", "/replicationJobs/j-1", Answer(200, job_body(state=state)))
    job = await cloud.recovery.job(JOB)
    assert (job.state, job.state.ended) == (read_as, ended)


async def test_a_job_tells_its_errors_tasks_and_what_it_made(arm: FakeArm, cloud: AzureCloud) -> None:
    made = f"{OTHER}/replicationProtectedItems/VM-0"
    error = {"code": "28031", "message": "no room for bob@contoso.com", "possibleCauses": "full"}
    task = {"name": "FailoverTask", "state": "InProgress", "startTime": "2026-03-09T10:00:00Z"}
    task["endTime"] = "0001-01-01T00:00:00"
    told = job_body(
        errors=[{"serviceErrorDetails": error, "providerErrorDetails": None}],
        tasks=[task],
        customDetails={"instanceType": "SwitchProtectionJobDetails", "newReplicationProtectedItemId": made},
        targetObjectName="VM-0",
        targetInstanceType="ProtectionEntity",
    )
    arm.on("GET", "/replicationJobs/j-1", Answer(200, told))
    job = await cloud.recovery.job(JOB)
    assert [(one.code, one.message, one.causes) for one in job.errors] == [
        ("28031", "no room for <user>", "full")
    ]
    assert (job.tasks[0].name, job.tasks[0].ended_at) == ("FailoverTask", None)
    assert job.made == ids.protected_item_id(made)


async def test_an_error_that_the_provider_alone_tells_is_told(arm: FakeArm, cloud: AzureCloud) -> None:
    error = {"errorCode": 539, "errorMessage": "broken", "possibleCauses": "dust"}
    told = job_body(errors=[{"serviceErrorDetails": None, "providerErrorDetails": error}])
    arm.on("GET", "/replicationJobs/j-1", Answer(200, told))
    (one,) = (await cloud.recovery.job(JOB)).errors
    assert (one.code, one.message, one.causes) == ("539", "broken", "dust")


ZEROS = "00000000-0000-0000-0000-000000000000"


async def test_recorded_items_of_a2a_are_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("asr-items", "replicationProtectedItems.listByContainer (A2A, protected)")
    arm.on("GET", "/replicationProtectedItems", answer_of(exchange))
    found = await cloud.recovery.items(VAULT)
    assert found.complete
    (one,) = found.items
    assert (one.provider, one.phase, one.active) == ("A2A", Phase.PROTECTED, Location.PRIMARY)
    assert one.machine is not None
    assert ids.name_of(one.machine) == "a2avm918"
    assert one.allowed == (Allowed.FAIL_OVER, Allowed.DISABLE, Allowed.TEST_FAILOVER)
    assert [(error.code, error.category) for error in one.errors] == [("161011", "TestFailover")]
    assert (one.job, one.under_test) == (None, False)
    assert len(one.disks) >= 1
    assert one.disks[0].staging_account


async def test_a_recorded_item_of_another_provider_is_read_and_says_so(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    name = "replicationProtectedItems.get (Hyper-V to Azure, protected)"
    arm.on("GET", "", answer_of(recorded("asr-items", name)))
    found = await cloud.recovery.item(ITEM)
    assert found.provider == "HyperVReplicaAzure"
    assert (found.machine, found.disks) == (None, ())


async def test_a_recorded_first_replication_is_told_as_such(arm: FakeArm, cloud: AzureCloud) -> None:
    name = "replicationProtectedItems.get (A2A, initial replication in progress)"
    arm.on("GET", "", answer_of(recorded("asr-items", name)))
    found = await cloud.recovery.item(ITEM)
    assert found.phase is Phase.REPLICATING
    assert not found.allows(Allowed.FAIL_OVER)


async def test_recorded_jobs_are_read_in_order(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", answer_of(recorded("asr-jobs", "replicationJobs.list")))
    found = await cloud.recovery.jobs(VAULT)
    assert found.complete
    assert found.items[0].scenario == "PrimaryIrCompletion"
    assert found.items[1].scenario == "EnableDr"
    assert {one.state for one in found.items} == {JobState.SUCCEEDED}
    assert not any(one.tests for one in found.items)


def test_a_recorded_acceptance_of_a_failover_leads_to_its_job() -> None:
    exchange = recorded("asr-failover", "replicationProtectedItems.unplannedFailover")
    vault = ids.vault_id(
        f"/subscriptions/{ZEROS}/resourceGroups/siterecoveryprod1/providers"
        "/Microsoft.RecoveryServices/vaults/SDKVault"
    )
    assert job_of_answer(exchange["response"]["headers"], vault) == ids.RecoveryJobId(
        f"{vault}/replicationjobs/{ZEROS[:-1]}9"
    )


async def test_a_mapping_is_the_way_between_two_containers(arm: FakeArm, cloud: AzureCloud) -> None:
    told = {"targetProtectionContainerId": OTHER.upper(), "policyId": POLICY.upper()}
    body = {"id": f"{CONTAINER}/replicationProtectionContainerMappings/m", "properties": told}
    arm.on("GET", "/replicationProtectionContainerMappings", listed(body))
    (found,) = (await cloud.recovery.mappings(VAULT)).items
    assert (found.source, found.target, found.policy) == (CONTAINER, OTHER, POLICY)


def test_the_seam_has_no_verb_for_a_test_failover() -> None:
    verbs = {name for name in dir(AzureSiteRecovery) if not name.startswith("_")}
    assert verbs == {
        "items", "item", "recovery_points", "mappings", "jobs", "job",
        "fail_over", "change_recovery_point", "commit_failover", "switch_protection",
    }  # fmt: skip
