"""Recovery plans: a write is one request and one job; what answers, scripted and recorded, are read as."""

from typing import Any

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.azure.recovery_job_values import job_of_answer
from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_jobs import FAILOVER, JobState
from avd_failover.domain.replication import Allowed, Direction
from tests.azure.fake_arm import Answer, FakeArm, refusal
from tests.azure.jump_clock import JumpClock
from tests.azure.recordings import answer_of, recorded
from tests.azure.recovery_bodies import ITEM, JOB, SHOWN, TAKEN, VAULT, ZEROS, Verb, taken

PLAN = ids.recovery_plan_id(f"{VAULT}/replicationRecoveryPlans/rp-1")
FABRICS = [f"{SHOWN}/replicationFabrics/f-{end}" for end in ("n", "w")]


def failing_over(point: PointPolicy = PointPolicy.LATEST_PROCESSED, **changes: Any) -> Verb:
    how: dict[str, Any] = {"direction": Direction.PRIMARY_TO_RECOVERY, "shut_down_source": True}
    how |= {"point": point} | changes
    return lambda cloud: cloud.recovery.fail_over_plan(PLAN, **how)


COMMIT: Verb = lambda cloud: cloud.recovery.commit_plan(PLAN)  # noqa: E731
WRITES = (failing_over(), COMMIT)


def group(kind: str, *items: str, begins: tuple[str, ...] = (), ends: tuple[str, ...] = ()) -> dict[str, Any]:
    def steps(names: tuple[str, ...]) -> list[dict[str, Any]]:
        details = {"instanceType": "ManualActionDetails", "description": "look"}
        return [
            {"actionName": name, "failoverTypes": [], "failoverDirections": [], "customDetails": details}
            for name in names
        ]

    return {
        "groupType": kind,
        "replicationProtectedItems": [{"id": one, "virtualMachineId": ZEROS} for one in items],
        "startGroupActions": steps(begins),
        "endGroupActions": steps(ends),
    }


def plan_body(job: str = "None", status: str = "None", **properties: Any) -> dict[str, Any]:
    told = {
        "friendlyName": "rp-1",
        "primaryFabricId": FABRICS[0],
        "recoveryFabricId": FABRICS[1],
        "replicationProviders": ["A2A"],
        "allowedOperations": ["UnplannedFailover", "TestFailover", "MigrateToMars"],
        "currentScenario": {
            "scenarioName": "None" if job == "None" else FAILOVER,
            "jobId": f"{SHOWN}/replicationJobs/{job}",
            "startTime": "1753-01-01T01:01:01Z",
        },
        "currentScenarioStatus": status,
        "groups": [group("Shutdown"), group("Failover"), group("Boot", ITEM.upper())],
    }
    return {"id": PLAN.upper(), "name": "RP-1", "properties": told | properties}


@pytest.mark.parametrize(
    ("verb", "properties"),
    [
        (
            failing_over(),
            {
                "failoverDirection": "PrimaryToRecovery",
                "sourceSiteOperations": "Required",
                "providerSpecificDetails": [{"instanceType": "A2A", "recoveryPointType": "LatestProcessed"}],
            },
        ),
        (
            failing_over(PointPolicy.LATEST, direction=Direction.RECOVERY_TO_PRIMARY, shut_down_source=False),
            {
                "failoverDirection": "RecoveryToPrimary",
                "sourceSiteOperations": "NotRequired",
                "providerSpecificDetails": [{"instanceType": "A2A", "recoveryPointType": "Latest"}],
            },
        ),
        (
            failing_over(PointPolicy.LATEST_APPLICATION_CONSISTENT),
            {
                "failoverDirection": "PrimaryToRecovery",
                "sourceSiteOperations": "Required",
                "providerSpecificDetails": [
                    {"instanceType": "A2A", "recoveryPointType": "LatestApplicationConsistent"}
                ],
            },
        ),
    ],
)
async def test_a_failover_is_one_request_whose_details_are_a_list(
    arm: FakeArm, cloud: AzureCloud, verb: Verb, properties: Any
) -> None:
    arm.on("POST", "", TAKEN)
    accepted = await verb(cloud)
    (seen,) = arm.seen
    assert (seen.path.lower(), seen.body) == (f"{PLAN}/unplannedfailover", {"properties": properties})
    assert seen.query == {"api-version": "2025-08-01"}
    assert accepted.job == JOB


async def test_a_commit_has_no_body(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/failoverCommit", TAKEN)
    assert (await COMMIT(cloud)).job == JOB
    assert [(seen.path.lower(), seen.body) for seen in arm.seen] == [(f"{PLAN}/failovercommit", None)]


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
        (refusal(429, "TooManyRequests", Retry_After="7"), TransientError),
        (refusal(503, "ServerBusy", Retry_After="7"), TransientError),
        (refusal(500, "InternalServerError"), UnknownError),
        (refusal(504, "GatewayTimeout", Retry_After="7"), UnknownError),
        (Answer(drop=True), UnknownError),
    ],
)
async def test_whatever_is_answered_nothing_is_sent_a_second_time(
    arm: FakeArm, cloud: AzureCloud, verb: Verb, answer: Answer, kind: type[Exception]
) -> None:
    arm.on("POST", "", answer)
    with pytest.raises(kind):
        await verb(cloud)
    assert [seen.method for seen in arm.seen] == ["POST"]


@pytest.mark.parametrize(
    ("status", "job"), [("InProgress", JOB), ("Suspended", JOB), ("Succeeded", None), ("Failed", None)]
)
async def test_an_answer_that_leads_nowhere_makes_the_plan_be_asked_for_the_job_that_runs(
    arm: FakeArm, cloud: AzureCloud, status: str, job: str | None
) -> None:
    arm.on("POST", "", taken())
    arm.on("GET", "/rp-1", Answer(200, plan_body("J-1", status)))
    assert (await COMMIT(cloud)).job == job
    assert [seen.method for seen in arm.seen] == ["POST", "GET"]


async def test_a_plan_is_read_with_its_machines_in_order_and_ids_folded(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    other = f"{ITEM}-2"
    groups = [group("Boot", ITEM.upper()), group("Boot", other)]
    arm.on("GET", "/rp-1", Answer(200, plan_body(groups=groups)))
    found = await cloud.recovery.plan(PLAN)
    assert (found.id, found.name, found.items) == (PLAN, "RP-1", (ITEM, other))
    assert (found.primary_fabric, found.recovery_fabric) == tuple(one.lower() for one in FABRICS)
    assert (found.providers, found.steps) == (("A2A",), ())
    assert found.allowed == (Allowed.FAIL_OVER, Allowed.TEST_FAILOVER)
    assert (found.job, found.scenario, found.job_state) == (None, "", JobState.UNKNOWN)


@pytest.mark.parametrize(
    ("properties", "field", "value"),
    [
        ({"groups": None}, "items", ()),
        ({"groups": [group("Boot", begins=("Ask",), ends=("Run it",))]}, "steps", ("Ask", "Run it")),
        ({"currentScenario": None}, "job", None),
        ({"replicationProviders": None}, "providers", ()),
        ({"recoveryFabricId": "Microsoft Azure"}, "recovery_fabric", "microsoft azure"),
        ({"allowedOperations": ["Commit"]}, "allowed", (Allowed.COMMIT,)),
        ({"currentScenarioStatus": "SomethingNew"}, "job_state", JobState.UNKNOWN),
    ],
)
async def test_what_decides_is_read_and_what_lacks_is_told(
    arm: FakeArm, cloud: AzureCloud, properties: Any, field: str, value: Any
) -> None:
    arm.on("GET", "/rp-1", Answer(200, plan_body(**properties)))
    assert getattr(await cloud.recovery.plan(PLAN), field) == value


async def test_a_machine_that_cannot_be_named_is_an_error_and_never_left_out(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("GET", "/rp-1", Answer(200, plan_body(groups=[group("Boot", ITEM, "not-an-id")])))
    with pytest.raises(TransientError):
        await cloud.recovery.plan(PLAN)


async def test_a_plan_that_is_not_there_is_refused(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/rp-1", refusal(404, "ResourceNotFound"))
    with pytest.raises(RefusedError) as fault:
        await cloud.recovery.plan(PLAN)
    assert fault.value.status == 404


OF_RECORDING = ids.vault_id(
    f"/subscriptions/{ZEROS}/resourceGroups/siterecoveryprod1/providers"
    "/Microsoft.RecoveryServices/vaults/SDKVault"
)


def test_a_recorded_acceptance_leads_to_the_job_of_the_plan() -> None:
    exchange = recorded("asr-recoveryplans", "replicationRecoveryPlans.unplannedFailover")
    job = job_of_answer(exchange["response"]["headers"], OF_RECORDING)
    assert job is not None
    assert job.startswith(f"{OF_RECORDING}/replicationjobs/")


async def test_a_recorded_plan_keeps_naming_the_job_that_has_ended(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("asr-recoveryplans", "replicationRecoveryPlans.get after unplanned failover")
    arm.on("GET", "/rpTest1", answer_of(exchange))
    found = await cloud.recovery.plan(
        ids.recovery_plan_id(f"{OF_RECORDING}/replicationRecoveryPlans/rpTest1")
    )
    assert (found.scenario, found.job_state) == (FAILOVER, JobState.SUCCEEDED)
    assert found.job is not None
    assert [ids.name_of(item) for item in found.items] == ["vm1"]
    assert found.providers == ("HyperVReplicaAzure",)
    assert found.allowed == (Allowed.FAIL_OVER, Allowed.TEST_FAILOVER, Allowed.COMMIT)
