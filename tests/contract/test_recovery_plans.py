"""Recovery plans through the seam, over either face: many machines by one job, each with its own state."""

import pytest

from avd_failover.domain import ids
from avd_failover.domain.faults import TransientError, UnknownError
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_jobs import COMMIT, FAILOVER, JobState
from avd_failover.domain.replication import AZURE_TO_AZURE, Allowed, Direction, Phase, PointKind
from avd_failover.domain.rights import CHANGES, READS
from avd_failover.simulator.http.guard import deed_of
from tests.contract.vault_play import FIRST, THE_VAULT, darken, ended, refused
from tests.simulator.recovery_estate import NORTH, PLAN, WEST, item

ALL = tuple(ids.protected_item_id(item(number)) for number in range(4))
RP = ids.recovery_plan_id(PLAN)
OTHER = ids.recovery_plan_id(f"{PLAN}-none")


async def fail_over(stage, plan=RP, *, direction=Direction.PRIMARY_TO_RECOVERY, point=PointPolicy.LATEST):
    return await stage.cloud.recovery.fail_over_plan(
        plan, direction=direction, point=point, shut_down_source=True
    )


async def phases(stage):
    found = (await stage.cloud.recovery.items(THE_VAULT)).items
    return {ids.name_of(one.id): one.phase for one in found}


async def test_a_plan_tells_its_machines_its_fabrics_and_what_it_allows(opened_vault):
    found = await (await opened_vault()).cloud.recovery.plan(RP)
    assert (found.id, found.name, found.items) == (RP, "rp", ALL)
    assert found.primary_fabric == ids.fabric_of(ids.container_id(NORTH))
    assert found.recovery_fabric == ids.fabric_of(ids.container_id(WEST))
    assert (found.providers, found.steps) == ((AZURE_TO_AZURE,), ())
    assert found.allows(Allowed.FAIL_OVER)
    assert (found.job, found.scenario) == (None, "")


async def test_a_failover_is_one_job_and_each_item_says_for_itself_that_it_came_true(opened_vault):
    stage = await opened_vault()
    before_s = stage.clock.monotonic()
    accepted = await fail_over(stage)
    assert stage.clock.monotonic() - before_s < 1, "nothing was waited for"
    busy = await stage.cloud.recovery.plan(RP)
    assert (busy.job, busy.scenario, busy.job_state) == (accepted.job, FAILOVER, JobState.IN_PROGRESS)
    assert busy.allowed == ()
    first = await stage.cloud.recovery.job(accepted.job)
    assert (first.target_kind, first.about_plan(busy.name)) == ("RecoveryPlan", True)
    assert not first.about(await stage.cloud.recovery.item(FIRST))
    assert (await ended(stage, accepted)).state is JobState.SUCCEEDED
    assert set((await phases(stage)).values()) == {Phase.COMMIT_PENDING}
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [one.scenario for one in jobs] == [FAILOVER] * 5, "one of the plan, and one of each machine"
    after = await stage.cloud.recovery.plan(RP)
    assert after.allows(Allowed.COMMIT)
    assert (after.job, after.job_state) == (accepted.job, JobState.SUCCEEDED), "it stays named (recorded)"


async def test_a_commit_commits_every_machine(opened_vault):
    stage = await opened_vault()
    await ended(stage, await fail_over(stage))
    job = await ended(stage, await stage.cloud.recovery.commit_plan(RP))
    assert (job.scenario, job.state) == (COMMIT, JobState.SUCCEEDED)
    assert set((await phases(stage)).values()) == {Phase.COMMITTED}


OF_KIND = {
    PointPolicy.LATEST: set(PointKind),
    PointPolicy.LATEST_PROCESSED: set(PointKind),
    PointPolicy.LATEST_APPLICATION_CONSISTENT: {PointKind.APP_CONSISTENT},
}


@pytest.mark.parametrize("point", OF_KIND, ids=lambda point: point.value)
async def test_each_machine_takes_its_own_newest_point_of_the_kind(opened_vault, point):
    stage = await opened_vault()
    before = {one: await newest(stage, one, OF_KIND[point]) for one in ALL}
    await ended(stage, await fail_over(stage, point=point))
    for one in ALL:
        taken = (await stage.cloud.recovery.item(one)).failover_point
        held = (await stage.cloud.recovery.recovery_points(one)).items
        (found,) = [each for each in held if each.id == taken]
        assert found.kind in OF_KIND[point]
        assert found.taken_at >= before[one].taken_at


async def newest(stage, one, kinds):
    held = (await stage.cloud.recovery.recovery_points(one)).items
    return next(each for each in held if each.kind in kinds)


async def test_one_machine_that_fails_fails_the_job_and_no_other_machine(opened_vault):
    mishap = {"desktop": "pd-1", "on": "UnplannedFailover", "how": "fails"}
    stage = await opened_vault(mishaps=[mishap])
    job = await ended(stage, await fail_over(stage))
    assert job.state is JobState.FAILED
    assert "vm-pd-1" in job.errors[0].message
    found = await phases(stage)
    assert found.pop("vm-pd-1") is Phase.FAILED
    assert set(found.values()) == {Phase.COMMIT_PENDING}
    assert await refused(stage.cloud.recovery.commit_plan(RP)) == (409, "OperationNotAllowed")


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda on: on.cloud.recovery.plan(OTHER), 404, "ResourceNotFound"),
        (lambda on: fail_over(on, OTHER), 404, "ResourceNotFound"),
        (lambda on: on.cloud.recovery.commit_plan(RP), 409, "OperationNotAllowed"),
        (lambda on: fail_over(on, direction=Direction.RECOVERY_TO_PRIMARY), 400, "InvalidFailoverDirection"),
    ],
)
async def test_what_is_not_there_or_not_allowed_is_told_by_status_and_code(opened_vault, call, status, code):
    stage = await opened_vault()
    assert await refused(call(stage)) == (status, code)
    assert (await stage.cloud.recovery.jobs(THE_VAULT)).items == ()


async def test_a_plan_whose_job_runs_is_not_begun_again(opened_vault):
    stage = await opened_vault()
    await fail_over(stage)
    assert await refused(fail_over(stage)) == (409, "OperationNotAllowed")


@pytest.mark.parametrize("verb", ["fail-over", "commit"])
async def test_a_write_whose_answer_is_lost_has_happened_once_and_the_plan_names_its_job(opened_vault, verb):
    stage = await opened_vault()
    if verb == "commit":
        await ended(stage, await fail_over(stage))
    fault = {"fault": "drop-response", "route": f"recovery-plans.{verb}", "times": 1}
    stage.world.faults.add("admin:test", fault)
    with pytest.raises(UnknownError):
        await (fail_over(stage) if verb == "fail-over" else stage.cloud.recovery.commit_plan(RP))
    wanted = FAILOVER if verb == "fail-over" else COMMIT
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [one.scenario for one in jobs if one.about_plan("rp")][:1] == [wanted]
    assert (await stage.cloud.recovery.plan(RP)).scenario == wanted


async def test_a_plan_in_a_dark_region_is_transient(opened_vault):
    stage = await opened_vault()
    darken(stage.world, "westeurope")
    with pytest.raises(TransientError) as fault:
        await stage.cloud.recovery.plan(RP)
    assert fault.value.status == 503


@pytest.mark.parametrize(
    ("rows", "method", "path"),
    [
        (READS["recovery.plan"], "GET", PLAN),
        (CHANGES["plan.failover"][:1], "POST", f"{PLAN}/unplannedFailover"),
        (CHANGES["plan.commit"][:1], "POST", f"{PLAN}/failoverCommit"),
    ],
)
def test_the_rights_are_those_that_arm_asks_for(rows, method, path):
    assert [one.action for one in rows] == [deed_of(method, path).action]
