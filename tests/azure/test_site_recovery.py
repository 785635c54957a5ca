"""Site Recovery: a write is one request and one job; what answers, scripted and recorded, are read as."""

from typing import Any

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.azure.recovery_job_values import job_of_answer
from avd_failover.azure.site_recovery import AzureSiteRecovery
from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from avd_failover.domain.replication import (
    Reversal,
    ReversedDisk,
)
from tests.azure.fake_arm import Answer, FakeArm, refusal
from tests.azure.jump_clock import JumpClock
from tests.azure.recordings import recorded
from tests.azure.recovery_bodies import (
    COMMIT,
    ITEM,
    JOB,
    OTHER,
    POLICY,
    RESERVED,
    SENT,
    SHOWN,
    TAKEN,
    VAULT,
    WRITES,
    ZEROS,
    Verb,
    item_body,
    job_body,
    led,
    led_here,
    taken,
)


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


def test_a_recorded_acceptance_of_a_failover_leads_to_its_job() -> None:
    exchange = recorded("asr-failover", "replicationProtectedItems.unplannedFailover")
    vault = ids.vault_id(
        f"/subscriptions/{ZEROS}/resourceGroups/siterecoveryprod1/providers"
        "/Microsoft.RecoveryServices/vaults/SDKVault"
    )
    assert job_of_answer(exchange["response"]["headers"], vault) == ids.RecoveryJobId(
        f"{vault}/replicationjobs/{ZEROS[:-1]}9"
    )


def test_the_seam_has_no_verb_for_a_test_failover() -> None:
    verbs = {name for name in dir(AzureSiteRecovery) if not name.startswith("_")}
    assert verbs == {
        "items", "item", "recovery_points", "mappings", "jobs", "job",
        "fail_over", "change_recovery_point", "commit_failover", "switch_protection",
        "plan", "fail_over_plan", "commit_plan",
    }  # fmt: skip
