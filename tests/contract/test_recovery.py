"""Site Recovery through the seam, over either face: what is read of a vault, and what each write leads to."""

import msgspec

from avd_failover.domain import ids
from avd_failover.domain.estate import HostStatus, PoolKind
from avd_failover.domain.recovery_jobs import COMMIT, FAILOVER, SWITCH_PROTECTION, JobState
from avd_failover.domain.replication import (
    AZURE_TO_AZURE,
    Allowed,
    Direction,
    Health,
    Location,
    Phase,
    PointKind,
)
from tests.contract.vault_play import (
    FIRST,
    HERE,
    SECOND,
    THE_VAULT,
    THERE,
    committed,
    ended,
    fail_over,
    refused,
    reversal_of,
)
from tests.simulator.recovery_estate import (
    NORTH,
    POOL,
    RESERVED,
    WEST,
    item,
)


async def test_a_vault_tells_every_machine_where_it_goes_and_how_well(opened_vault):
    stage = await opened_vault()
    found = await stage.cloud.recovery.items(THE_VAULT)
    assert found.complete
    assert sorted(one.id for one in found.items) == [ids.protected_item_id(item(n)) for n in range(4)]
    for one in found.items:
        assert (one.provider, one.phase, one.health) == (AZURE_TO_AZURE, Phase.PROTECTED, Health.NORMAL)
        assert (one.active, one.recovered, one.twin, one.under_test) == (Location.PRIMARY, None, None, False)
        assert (one.primary_region, one.recovery_region) == ("northeurope", "westeurope")
        assert one.reservation_group == ids.reservation_group_id(RESERVED)
        assert one.recovery_container == ids.container_id(WEST)
        assert one.container == ids.container_id(NORTH)
        assert (one.job, one.scenario) == (None, "")
        assert one.allows(Allowed.FAIL_OVER)
        assert not one.allows(Allowed.COMMIT)
    by_id = {one.id: one for one in found.items}
    assert by_id[FIRST].machine == HERE
    assert await stage.cloud.recovery.item(FIRST) == by_id[FIRST]


async def test_how_far_replication_is_behind_is_told_with_the_moment_of_looking(opened_vault):
    stage = await opened_vault()
    found = await stage.cloud.recovery.item(FIRST)
    assert found.rpo_s is not None
    assert 0 < found.rpo_s < 300
    assert found.rpo_at <= stage.clock.now()
    stage.world.recovery.mishaps.set_broken("admin:someone", item(0), broken=True)
    await stage.clock.sleep(4_000)
    behind = await stage.cloud.recovery.item(FIRST)
    assert behind.health is Health.CRITICAL
    assert behind.rpo_s > 3_600
    assert [one.code for one in behind.errors if one.category == "Replication"] == ["153007"]
    assert behind.allows(Allowed.REPAIR)


async def test_a_missing_test_failover_is_no_fault_of_replication(opened_vault):
    found = await (await opened_vault()).cloud.recovery.item(FIRST)
    assert [one.category for one in found.errors] == ["TestFailover"]
    assert (found.health, found.failover_health) == (Health.NORMAL, Health.WARNING)


async def test_recovery_points_come_newest_first_and_of_both_kinds(opened_vault):
    stage = await opened_vault()
    found = await stage.cloud.recovery.recovery_points(FIRST)
    assert found.complete
    assert len(found.items) > 10
    times = [one.taken_at for one in found.items]
    assert times == sorted(times, reverse=True)
    assert {one.kind for one in found.items} == {PointKind.CRASH_CONSISTENT, PointKind.APP_CONSISTENT}
    assert {ids.item_of(one.id) for one in found.items} == {FIRST}
    assert (stage.clock.now() - times[0]).total_seconds() < 300


async def test_a_failover_answers_at_once_with_a_job_that_can_be_followed(opened_vault):
    stage = await opened_vault()
    before_s = stage.clock.monotonic()
    accepted = await fail_over(stage)
    assert stage.clock.monotonic() - before_s < 1, "nothing was waited for"
    under_way = await stage.cloud.recovery.job(accepted.job)
    assert (under_way.scenario, under_way.state) == (FAILOVER, JobState.IN_PROGRESS)
    busy = await stage.cloud.recovery.item(FIRST)
    assert (busy.job, busy.scenario, busy.phase) == (accepted.job, FAILOVER, Phase.OTHER)
    assert under_way.about(busy)
    assert busy.allowed == ()
    done = await ended(stage, accepted)
    assert done.state is JobState.SUCCEEDED
    assert done.started_at < done.ended_at
    assert {task.state for task in done.tasks} <= {JobState.SUCCEEDED, JobState.OTHER}
    after = await stage.cloud.recovery.item(FIRST)
    assert (after.phase, after.active) == (Phase.COMMIT_PENDING, Location.RECOVERY)
    assert (after.recovered, after.job) == (THERE, None)
    assert after.failover_point is not None
    assert after.failed_over_at is not None
    assert after.allows(Allowed.COMMIT)
    assert after.allows(Allowed.CHANGE_POINT)


async def test_a_failover_goes_to_the_point_it_was_told(opened_vault):
    stage = await opened_vault()
    older = (await stage.cloud.recovery.recovery_points(FIRST)).items[3]
    await ended(stage, await fail_over(stage, point=older.id))
    found = await stage.cloud.recovery.item(FIRST)
    assert found.failover_point == older.id


async def test_the_point_can_be_changed_until_the_commit_and_not_after(opened_vault):
    stage = await opened_vault()
    older = (await stage.cloud.recovery.recovery_points(FIRST)).items[5].id
    await ended(stage, await fail_over(stage))
    assert (await stage.cloud.recovery.item(FIRST)).failover_point != older
    changed = await ended(stage, await stage.cloud.recovery.change_recovery_point(FIRST, older))
    assert changed.state is JobState.SUCCEEDED
    assert (await stage.cloud.recovery.item(FIRST)).failover_point == older
    await ended(stage, await stage.cloud.recovery.commit_failover(FIRST))
    again = stage.cloud.recovery.change_recovery_point(FIRST, older)
    assert await refused(again) == (409, "OperationNotAllowed")
    assert (await stage.cloud.recovery.recovery_points(FIRST)).items == ()


async def test_a_commit_is_a_job_and_leaves_the_item_to_be_reprotected(opened_vault):
    stage = await opened_vault()
    await ended(stage, await fail_over(stage))
    job = await ended(stage, await stage.cloud.recovery.commit_failover(FIRST))
    assert (job.scenario, job.state) == (COMMIT, JobState.SUCCEEDED)
    found = await stage.cloud.recovery.item(FIRST)
    assert (found.phase, found.rpo_s) == (Phase.COMMITTED, None)
    assert found.allows(Allowed.SWITCH_PROTECTION)


async def test_a_reprotect_moves_the_item_to_the_other_container_under_the_id_that_its_job_tells(
    opened_vault,
):
    stage = await opened_vault()
    found = await committed(stage)
    accepted = await stage.cloud.recovery.switch_protection(FIRST, await reversal_of(stage, found))
    job = await ended(stage, accepted)
    moved = ids.protected_item_id(item(0, WEST))
    assert (job.scenario, job.state, job.made) == (SWITCH_PROTECTION, JobState.SUCCEEDED, moved)
    assert (await refused(stage.cloud.recovery.item(FIRST)))[0] == 404
    young = await stage.cloud.recovery.item(moved)
    assert (young.phase, young.machine, young.recovered) == (Phase.REPLICATING, THERE, None)
    assert 0 <= young.replicated_pct < 100
    await stage.clock.sleep(1_000)
    back = await stage.cloud.recovery.item(moved)
    assert (back.phase, back.replicated_pct) == (Phase.PROTECTED, None)
    assert (back.primary_region, back.recovery_region) == ("westeurope", "northeurope")
    assert back.recovery_container == ids.container_id(NORTH)
    listed = await stage.cloud.recovery.items(THE_VAULT)
    assert moved in {one.id for one in listed.items}
    assert FIRST not in {one.id for one in listed.items}


async def test_a_reprotected_item_fails_back_the_same_way(opened_vault):
    stage = await opened_vault()
    found = await committed(stage)
    await ended(stage, await stage.cloud.recovery.switch_protection(FIRST, await reversal_of(stage, found)))
    await stage.clock.sleep(1_000)
    moved = ids.protected_item_id(item(0, WEST))
    wrong = fail_over(stage, moved, direction=Direction.RECOVERY_TO_PRIMARY)
    assert await refused(wrong) == (400, "InvalidFailoverDirection")
    assert (await ended(stage, await fail_over(stage, moved))).state is JobState.SUCCEEDED
    assert (await stage.cloud.recovery.item(moved)).recovered == HERE


async def test_jobs_are_listed_newest_first_without_their_tasks(opened_vault):
    stage = await opened_vault()
    for which in (FIRST, SECOND):
        await ended(stage, await fail_over(stage, which))
    await ended(stage, await stage.cloud.recovery.commit_failover(SECOND))
    found = await stage.cloud.recovery.jobs(THE_VAULT)
    assert found.complete
    assert [(job.scenario, job.target_name) for job in found.items] == [
        (COMMIT, "vm-pd-1"), (FAILOVER, "vm-pd-1"), (FAILOVER, "vm-pd-0")
    ]  # fmt: skip
    assert all(job.tasks == () for job in found.items)
    for job in found.items:
        assert (await stage.cloud.recovery.job(job.id)).tasks


async def test_no_failover_takes_extensions_along_and_they_can_be_put_again(opened_vault):
    stage = await opened_vault()
    held = await stage.cloud.machines.extensions(HERE)
    assert [(one.image.name, one.ready) for one in held.items] == [("AADLogin", True), ("Agent", True)]
    assert held.items[1].image.settings == '{"level":3}'
    await ended(stage, await fail_over(stage))
    assert (await stage.cloud.machines.extensions(THERE)).items == ()
    for one in held.items:
        accepted = await stage.cloud.machines.put_extension(THERE, one.image, location="westeurope")
        assert accepted.at == stage.clock.now()
    assert (await stage.cloud.machines.extensions(THERE)).items == held.items


async def test_an_extension_is_changed_in_place(opened_vault):
    stage = await opened_vault()
    image = (await stage.cloud.machines.extensions(HERE)).items[1].image
    wanted = msgspec.structs.replace(image, settings='{"level":5}', version="2.0", auto_upgrade_minor=True)
    await stage.cloud.machines.put_extension(HERE, wanted, location="northeurope")
    assert [one.image for one in (await stage.cloud.machines.extensions(HERE)).items][1] == wanted


async def test_a_reservation_group_tells_its_free_places_and_a_failover_takes_one(opened_vault):
    stage = await opened_vault()
    group = ids.reservation_group_id(RESERVED)
    before = await stage.cloud.reservations.get(group)
    assert (before.id, before.location, before.machines) == (group, "westeurope", ())
    assert [(one.name, one.capacity, one.taken) for one in before.reservations] == [("cr", 4, 0)]
    assert before.free("standard_d8s_V5") == 4
    assert before.free("Standard_D4s_v5") == before.free("Standard_D8s_v5", "1") == 0
    await ended(stage, await fail_over(stage))
    after = await stage.cloud.reservations.get(group)
    assert (after.machines, after.free("Standard_D8s_v5")) == ((THERE,), 3)
    machine = await stage.cloud.machines.get(THERE)
    assert (machine.size, machine.reservation_group) == ("Standard_D8s_v5", group)


async def test_whose_desktop_it_is_stays_the_same_across_a_failover_and_is_no_name(opened_vault):
    stage = await opened_vault()
    pool = ids.host_pool_id(POOL)
    assert (await stage.cloud.pools.get(pool)).kind is PoolKind.PERSONAL
    before = {one.id: one for one in (await stage.cloud.hosts.list(pool)).items}
    marks = {one.assigned_user for one in before.values()}
    assert len(marks) == 4
    assert None not in marks
    assert "@" not in repr(before)
    await ended(stage, await fail_over(stage))
    await stage.clock.sleep(600)
    after = {one.id: one for one in (await stage.cloud.hosts.list(pool)).items}
    assert {key: one.assigned_user for key, one in after.items()} == {
        key: one.assigned_user for key, one in before.items()
    }
    moved = next(one for one in after.values() if one.machine == THERE)
    assert moved.status is HostStatus.AVAILABLE
