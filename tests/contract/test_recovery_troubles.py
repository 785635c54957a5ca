"""Site Recovery when things go wrong, over either face: refusals, bad jobs, lost answers, dark regions."""

import asyncio

import msgspec
import pytest

from avd_failover.domain import ids
from avd_failover.domain.faults import TransientError, UnknownError
from avd_failover.domain.recovery_jobs import COMMIT, FAILOVER, JobState
from avd_failover.domain.replication import (
    Allowed,
    Direction,
    Location,
    Phase,
    Reversal,
    ReversedDisk,
)
from tests.contract.vault_play import (
    FIRST,
    HERE,
    NOBODY,
    SECOND,
    THE_VAULT,
    THERE,
    committed,
    darken,
    ended,
    fail_over,
    refused,
    reversal_of,
)
from tests.simulator.recovery_estate import (
    HOME,
    NORTH,
    POLICY,
    RESERVED,
    VAULT,
    WEST,
    item,
    recovered,
    source,
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"disks": ()}, "VMDisksMissing"),
        (
            {"disks": (ReversedDisk(disk="/x/disks/y", staging_account="s", recovery_group="g"),)},
            "VMDisksMissing",
        ),
        ({"policy": ids.replication_policy_id(POLICY + "x")}, "InvalidPolicy"),
        ({"recovery_container": ids.container_id(WEST)}, "InvalidRecoveryContainer"),
        ({"reservation_group": ids.reservation_group_id(RESERVED)}, "InvalidCapacityReservationGroup"),
    ],
)
async def test_a_reprotect_that_does_not_fit_is_refused_and_changes_nothing(opened_vault, change, code):
    stage = await opened_vault()
    found = await committed(stage)
    reversal = msgspec.structs.replace(await reversal_of(stage, found), **change)
    assert await refused(stage.cloud.recovery.switch_protection(FIRST, reversal)) == (400, code)
    assert (await stage.cloud.recovery.item(FIRST)).phase is Phase.COMMITTED


async def test_a_reprotect_without_a_way_back_is_refused(opened_vault):
    stage = await opened_vault(reverse_mapping=False)
    found = await committed(stage)
    assert [one.source for one in (await stage.cloud.recovery.mappings(THE_VAULT)).items] == [
        ids.container_id(NORTH)
    ]
    reversal = Reversal(
        name=found.name,
        recovery_container=found.container,
        policy=ids.replication_policy_id(POLICY),
        recovery_group=HOME,
        disks=(),
    )
    call = stage.cloud.recovery.switch_protection(FIRST, reversal)
    assert await refused(call) == (400, "ProtectionContainerMappingNotFound")


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda on: on.cloud.recovery.commit_failover(FIRST), 409, "OperationNotAllowed"),
        (lambda on: fail_over(on, direction=Direction.RECOVERY_TO_PRIMARY), 400, "InvalidFailoverDirection"),
        (
            lambda on: fail_over(on, point=ids.RecoveryPointId(f"{FIRST}/recoverypoints/{NOBODY}")),
            400,
            "RecoveryPointNotFound",
        ),
        (lambda on: fail_over(on, ids.protected_item_id(item(9))), 404, "ResourceNotFound"),
        (lambda on: on.cloud.recovery.item(ids.protected_item_id(item(9))), 404, "ResourceNotFound"),
        (lambda on: on.cloud.recovery.items(ids.vault_id(VAULT + "x")), 404, "ResourceNotFound"),
        (
            lambda on: on.cloud.recovery.job(ids.RecoveryJobId(f"{THE_VAULT}/replicationjobs/{NOBODY}")),
            404,
            "ResourceNotFound",
        ),
        (
            lambda on: on.cloud.reservations.get(ids.reservation_group_id(RESERVED + "x")),
            404,
            "ResourceNotFound",
        ),
    ],
)
async def test_what_is_not_there_or_not_allowed_is_told_by_status_and_code(opened_vault, call, status, code):
    stage = await opened_vault()
    assert await refused(call(stage)) == (status, code)
    assert (await stage.cloud.recovery.item(FIRST)).phase is Phase.PROTECTED


async def test_a_second_failover_beside_the_first_is_refused_and_begins_no_job(opened_vault):
    stage = await opened_vault()
    await fail_over(stage)
    assert await refused(fail_over(stage)) == (409, "OperationNotAllowed")
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [job.scenario for job in jobs] == [FAILOVER]


async def test_a_failed_job_tells_its_error_and_the_item_may_be_failed_over_again(opened_vault):
    stage = await opened_vault()
    stage.world.recovery.mishaps.arm(
        "admin:test", item(0), FAILOVER, "fails", code="28031", message="no room"
    )
    job = await ended(stage, await fail_over(stage))
    assert job.state is JobState.FAILED
    assert [(one.code, one.message) for one in job.errors] == [("28031", "no room")]
    found = await stage.cloud.recovery.item(FIRST)
    assert (found.phase, found.active) == (Phase.FAILED, Location.PRIMARY)
    assert (await ended(stage, await fail_over(stage))).state is JobState.SUCCEEDED


async def test_a_suspended_job_never_ends_and_says_so(opened_vault):
    stage = await opened_vault()
    stage.world.recovery.mishaps.arm("admin:test", item(0), FAILOVER, "suspends")
    accepted = await fail_over(stage)
    await stage.clock.sleep(100_000)
    job = await stage.cloud.recovery.job(accepted.job)
    assert (job.state, job.state.ended, job.ended_at) == (JobState.SUSPENDED, False, None)
    assert "Resume" in job.allowed
    assert (await stage.cloud.recovery.item(FIRST)).job == accepted.job


async def test_a_job_that_says_succeeded_proves_nothing_the_item_does(opened_vault):
    stage = await opened_vault()
    await ended(stage, await fail_over(stage))
    stage.world.recovery.mishaps.arm("admin:test", item(0), COMMIT, "lost")
    job = await ended(stage, await stage.cloud.recovery.commit_failover(FIRST))
    assert job.state.succeeded
    assert (await stage.cloud.recovery.item(FIRST)).phase is Phase.COMMIT_PENDING


async def test_a_test_failover_begun_elsewhere_shows_in_the_item_in_its_jobs_and_in_its_twin(opened_vault):
    stage = await opened_vault()
    stage.world.recovery.items.test_failover("admin:somebody", item(0))
    running = await stage.cloud.recovery.item(FIRST)
    assert running.under_test
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [(job.tests, job.about(running)) for job in jobs] == [(True, True)]
    await stage.clock.sleep(1_000)
    waiting = await stage.cloud.recovery.item(FIRST)
    assert (waiting.under_test, waiting.test_state) == (True, "WaitingForCleanup")
    assert waiting.twin == ids.machine_id(f"{recovered(0)}-test")
    assert (await stage.cloud.machines.get(waiting.twin)).agent_ready
    assert not waiting.allows(Allowed.FAIL_OVER)
    assert not (await stage.cloud.recovery.item(SECOND)).under_test


@pytest.mark.parametrize(
    ("fault", "taken"),
    [("drop-request", False), ("drop-response", True), ("connection-reset", None)],
)
async def test_a_commit_whose_answer_is_lost_is_unknown_and_the_item_names_its_job(
    opened_vault, fault, taken
):
    stage = await opened_vault()
    await ended(stage, await fail_over(stage))
    stage.world.faults.add("admin:test", {"fault": fault, "route": "items.commit", "times": 1})
    with pytest.raises(UnknownError):
        await stage.cloud.recovery.commit_failover(FIRST)
    found = await stage.cloud.recovery.item(FIRST)
    if taken is not None:
        assert (found.scenario == COMMIT, found.job is not None) == (taken, taken)
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [job.id for job in jobs if job.scenario == COMMIT] == ([found.job] if found.job else [])


async def test_a_job_is_told_also_where_the_answer_leads_nowhere(opened_vault):
    stage = await opened_vault()
    stage.world.faults.add("admin:test", {"fault": "operation-lost", "route": "items.*", "times": 1})
    accepted = await fail_over(stage)
    assert accepted.job == (await stage.cloud.recovery.item(FIRST)).job


async def test_with_the_source_region_dark_a_vault_elsewhere_still_answers_and_fails_over(opened_vault):
    stage = await opened_vault()
    darken(stage.world, "northeurope")
    await stage.clock.sleep(60)
    with pytest.raises(TransientError):
        await stage.cloud.machines.get(HERE)
    with pytest.raises(TransientError):
        await stage.cloud.machines.extensions(HERE)
    assert (await stage.cloud.recovery.item(FIRST)).allows(Allowed.FAIL_OVER)
    job = await ended(stage, await fail_over(stage, shut_down_source=False))
    assert job.state is JobState.SUCCEEDED
    assert (await stage.cloud.machines.get(THERE)).agent_ready


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.recovery.items(THE_VAULT),
        lambda c: c.recovery.item(FIRST),
        lambda c: c.recovery.recovery_points(FIRST),
        lambda c: c.recovery.mappings(THE_VAULT),
        lambda c: c.recovery.jobs(THE_VAULT),
        lambda c: c.reservations.get(ids.reservation_group_id(RESERVED)),
    ],
)
async def test_a_vault_in_a_dark_region_is_transient_and_never_an_empty_list(opened_vault, call):
    stage = await opened_vault()
    darken(stage.world, "westeurope")
    with pytest.raises(TransientError) as fault:
        await call(stage.cloud)
    assert fault.value.status == 503


@pytest.mark.parametrize(
    ("route", "call"),
    [
        ("items.list", lambda c: c.recovery.items(THE_VAULT)),
        ("points.list", lambda c: c.recovery.recovery_points(FIRST)),
        ("jobs.list", lambda c: c.recovery.jobs(THE_VAULT)),
        ("mappings.list", lambda c: c.recovery.mappings(THE_VAULT)),
    ],
)
async def test_a_list_that_leads_elsewhere_is_not_followed(opened_vault, route, call):
    stage = await opened_vault()
    await fail_over(stage)
    stage.world.faults.add("admin:test", {"fault": "page-skew", "how": "foreign-host", "route": route})
    assert (await refused(call(stage.cloud)))[1] == "ForeignEndpoint"


async def test_extensions_are_refused_on_a_machine_that_does_not_run(opened_vault):
    stage = await opened_vault()
    image = (await stage.cloud.machines.extensions(HERE)).items[0].image
    stopped = ids.machine_id(source(3))
    call = stage.cloud.machines.put_extension(stopped, image, location="northeurope")
    assert await refused(call) == (409, "OperationNotAllowed")


async def test_a_caller_that_gives_up_has_begun_one_job_at_most(opened_vault):
    stage = await opened_vault()
    task = asyncio.ensure_future(fail_over(stage))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert len(jobs) <= 1
