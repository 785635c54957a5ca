"""Site Recovery as it is read: items, points, jobs and mappings, scripted and recorded."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.recovery_jobs import JobState
from avd_failover.domain.replication import (
    Allowed,
    Health,
    Location,
    Phase,
    PointKind,
)
from tests.azure.builders import VM
from tests.azure.fake_arm import Answer, FakeArm, listed
from tests.azure.recordings import answer_of, recorded
from tests.azure.recovery_bodies import (
    A2A,
    CONTAINER,
    ITEM,
    JOB,
    OTHER,
    POINT,
    POLICY,
    VAULT,
    item_body,
    job_body,
    point,
)


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


async def test_a_mapping_is_the_way_between_two_containers(arm: FakeArm, cloud: AzureCloud) -> None:
    told = {"targetProtectionContainerId": OTHER.upper(), "policyId": POLICY.upper()}
    body = {"id": f"{CONTAINER}/replicationProtectionContainerMappings/m", "properties": told}
    arm.on("GET", "/replicationProtectionContainerMappings", listed(body))
    (found,) = (await cloud.recovery.mappings(VAULT)).items
    assert (found.source, found.target, found.policy) == (CONTAINER, OTHER, POLICY)
