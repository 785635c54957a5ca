"""What is changed through the seam, over either face: what is accepted, refused, and when it can be seen."""

import msgspec
import pytest

from avd_failover.domain import ids
from avd_failover.domain.estate import (
    HostStatus,
    PoolReference,
    PowerState,
    RoleAssignment,
    ScheduleFloor,
    SessionState,
)
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from tests.contract.test_reads import NOBODY, SCOPE_A, SCOPE_B, A, B
from tests.simulator.builders import (
    ADMIN,
    NIGHT,
    PLAN_A,
    READER,
    STAFF,
    SUBSCRIPTION,
    USER_ROLE,
    assignment_of,
    host,
    machine,
)

NAME = "33333333-0000-4000-8000-000000000001"
VM = ids.machine_id(machine("b", 1))
FIRST = ids.session_host_id(host("a", 0))
DARK = {"name": "westeurope", "display_name": "W", "control_plane_up": False, "compute_up": False}
NORTH = {"name": "northeurope", "display_name": "N"}


def role(guid=USER_ROLE):
    return f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.authorization/roledefinitions/{guid}"


def wanted(name=NAME, **changes):
    made = RoleAssignment(
        id=ids.assignment_at(SCOPE_B, name),
        name=name,
        scope=SCOPE_B,
        principal_id=ids.group_id(STAFF),
        principal_type="Group",
        role_definition_id=role(),
        condition="@Resource[x] StringEquals 'y'",
        condition_version="2.0",
        description="moved",
    )
    return msgspec.structs.replace(made, **changes)


async def refused(call):
    with pytest.raises(RefusedError) as fault:
        await call
    return fault.value


async def test_an_assignment_can_be_read_at_once_and_appears_in_lists_later(opened):
    stage = await opened()
    accepted = await stage.cloud.assignments.create(wanted())
    assert accepted.at == stage.clock.now()
    assert accepted.request_id
    assert await stage.cloud.assignments.get(wanted().id) == wanted()
    assert (await stage.cloud.assignments.at_or_above(SCOPE_B)).items == ()
    await stage.clock.sleep(40)
    assert (await stage.cloud.assignments.at_or_above(SCOPE_B)).items == (wanted(),)


async def test_a_deleted_assignment_is_gone_at_once_and_stays_in_lists_for_a_while(opened):
    stage = await opened()
    target = ids.assignment_id(assignment_of(stage.world))
    await stage.cloud.assignments.delete(target)
    assert await stage.cloud.assignments.get(target) is None
    listed = await stage.cloud.assignments.at_or_above(SCOPE_A)
    assert target in [each.id for each in listed.items]
    await stage.clock.sleep(40)
    listed = await stage.cloud.assignments.at_or_above(SCOPE_A)
    assert target not in [each.id for each in listed.items]


async def test_deleting_what_is_not_there_is_accepted(opened):
    stage = await opened()
    target = ids.assignment_id(assignment_of(stage.world))
    for _ in range(3):
        assert (await stage.cloud.assignments.delete(target)).at == stage.clock.now()
    await stage.cloud.assignments.delete(ids.assignment_at(SCOPE_B, NOBODY))


async def test_creating_the_same_again_under_the_same_name_is_accepted(opened):
    cloud = (await opened()).cloud
    await cloud.assignments.create(wanted())
    await cloud.assignments.create(wanted())
    assert await cloud.assignments.get(wanted().id) == wanted()


@pytest.mark.parametrize(
    ("again", "code", "status"),
    [
        (wanted(NOBODY), "RoleAssignmentExists", 409),
        (wanted(principal_id=ids.group_id(NIGHT)), "RoleAssignmentUpdateNotPermitted", 400),
        (wanted(role_definition_id=role(READER)), "RoleAssignmentUpdateNotPermitted", 400),
    ],
)
async def test_what_stands_in_the_way_of_an_assignment_is_told_by_its_code(opened, again, code, status):
    cloud = (await opened()).cloud
    await cloud.assignments.create(wanted())
    fault = await refused(cloud.assignments.create(again))
    assert (fault.code, fault.status) == (code, status)
    assert await cloud.assignments.get(wanted().id) == wanted()


@pytest.mark.parametrize(
    ("new", "code", "status"),
    [
        (wanted(principal_id=ids.group_id(NOBODY)), "PrincipalNotFound", 400),
        (wanted(role_definition_id=role(NOBODY)), "RoleDefinitionDoesNotExist", 400),
    ],
)
async def test_an_assignment_of_nobody_or_of_no_role_is_refused(opened, new, code, status):
    cloud = (await opened()).cloud
    fault = await refused(cloud.assignments.create(new))
    assert (fault.code, fault.status) == (code, status)
    assert await cloud.assignments.get(new.id) is None


async def test_the_limit_of_assignments_on_one_object_is_refused_by_code(opened):
    cloud = (await opened(physics={"assignments_per_object": 1})).cloud
    await cloud.assignments.create(wanted())
    fault = await refused(cloud.assignments.create(wanted(NOBODY, principal_id=ids.group_id(NIGHT))))
    assert fault.code == "RoleAssignmentLimitExceeded"


async def test_a_drained_host_takes_no_new_sessions_and_keeps_those_it_has(opened):
    cloud = (await opened()).cloud
    before = await cloud.hosts.get(FIRST)
    await cloud.hosts.set_logons(FIRST, allowed=False)
    await cloud.hosts.set_logons(FIRST, allowed=False)
    drained = await cloud.hosts.get(FIRST)
    assert drained == msgspec.structs.replace(before, allows_new_sessions=False)
    assert drained.status is HostStatus.AVAILABLE
    await cloud.hosts.set_logons(FIRST, allowed=True)
    assert await cloud.hosts.get(FIRST) == before


async def test_a_session_that_is_logged_off_ends_after_a_while_and_again_is_accepted(opened):
    stage = await opened()
    session = (await stage.cloud.sessions.list(A)).items[0]
    await stage.cloud.sessions.tell(session.id, title="Moving", body="Save your work")
    await stage.cloud.sessions.log_off(session.id)
    seen = {each.id: each.state for each in (await stage.cloud.sessions.list(A)).items}
    assert seen[session.id] is SessionState.LOG_OFF
    await stage.clock.sleep(11)
    assert session.id not in [each.id for each in (await stage.cloud.sessions.list(A)).items]
    await stage.cloud.sessions.log_off(session.id)


async def test_telling_a_session_that_is_gone_is_refused(opened):
    cloud = (await opened()).cloud
    gone = ids.user_session_id(host("a", 0) + "/userSessions/99")
    fault = await refused(cloud.sessions.tell(gone, title="t", body="b"))
    assert fault.status == 404


async def test_the_pools_of_a_scaling_plan_are_replaced_as_a_whole(opened):
    cloud = (await opened(autoscale=True)).cloud
    plan = ids.scaling_plan_id(PLAN_A)
    off = [PoolReference(host_pool=A, enabled=False)]
    await cloud.scaling.set_references(plan, off)
    assert (await cloud.scaling.get(plan)).references == tuple(off)
    await cloud.scaling.set_references(plan, [])
    assert (await cloud.scaling.get(plan)).references == ()


async def test_the_floor_of_a_schedule_is_set_and_nothing_else_of_it(opened):
    cloud = (await opened()).cloud
    schedule = (await cloud.scaling.schedules(ids.scaling_plan_id(PLAN_A))).items[0]
    floor = ScheduleFloor(
        ramp_up_minimum_hosts_pct=100,
        ramp_up_capacity_threshold_pct=100,
        ramp_down_minimum_hosts_pct=0,
        ramp_down_capacity_threshold_pct=1,
    )
    await cloud.scaling.set_floor(schedule.id, floor)
    after = (await cloud.scaling.schedules(ids.scaling_plan_id(PLAN_A))).items
    assert after == (msgspec.structs.replace(schedule, floor=floor),)


async def test_start_on_connect_is_switched(opened):
    cloud = (await opened()).cloud
    for allowed in (False, False, True):
        await cloud.pools.set_start_on_connect(A, allowed=allowed)
        assert (await cloud.pools.get(A)).start_on_connect is allowed


async def test_a_start_returns_when_the_operation_has_ended_and_the_host_follows_later(opened):
    stage = await opened()
    began = stage.clock.monotonic()
    await stage.cloud.machines.start(VM)
    assert 60 <= stage.clock.monotonic() - began <= 75
    assert (await stage.cloud.machines.get(VM)).power is PowerState.RUNNING
    registered = ids.session_host_id(host("b", 1))
    assert (await stage.cloud.hosts.get(registered)).status is HostStatus.UNAVAILABLE
    await stage.clock.sleep(100)
    assert (await stage.cloud.hosts.get(registered)).status is HostStatus.AVAILABLE


async def test_starting_what_runs_and_stopping_what_is_stopped_is_accepted(opened):
    cloud = (await opened()).cloud
    await cloud.machines.start(ids.machine_id(machine("b", 0)))
    await cloud.machines.deallocate(VM)
    assert (await cloud.machines.get(VM)).power is PowerState.DEALLOCATED


async def test_a_deallocation_is_followed_and_the_host_shows_it_later(opened):
    stage = await opened()
    stopped = ids.machine_id(machine("b", 0))
    await stage.cloud.machines.deallocate(stopped)
    assert (await stage.cloud.machines.get(stopped)).power is PowerState.DEALLOCATED
    await stage.clock.sleep(60)
    assert (await stage.cloud.hosts.get(ids.session_host_id(host("b", 0)))).status is HostStatus.SHUTDOWN


async def test_an_allocation_that_fails_is_refused_with_the_code_of_the_operation(opened):
    cloud = (await opened(regions=[NORTH, DARK | {"control_plane_up": True}])).cloud
    fault = await refused(cloud.machines.start(VM))
    assert fault.code == "AllocationFailed"
    assert (await cloud.machines.get(VM)).power is PowerState.DEALLOCATED


async def test_an_operation_that_does_not_end_in_time_is_unknown_and_goes_on(opened):
    stage = await opened(physics={"start_s": {"low": 5_000, "high": 5_000}})
    with pytest.raises(UnknownError) as fault:
        await stage.cloud.machines.start(VM)
    assert fault.value.code == "OperationNotFollowed"
    assert (await stage.cloud.machines.get(VM)).power is PowerState.STARTING
    await stage.clock.sleep(5_000)
    assert (await stage.cloud.machines.get(VM)).power is PowerState.RUNNING


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.hosts.set_logons(ids.session_host_id(host("b", 0)), allowed=False),
        lambda c: c.pools.set_start_on_connect(B, allowed=True),
        lambda c: c.machines.start(VM),
        lambda c: c.machines.deallocate(VM),
    ],
)
async def test_a_write_in_a_dark_region_is_unknown(opened, write):
    stage = await opened(regions=[NORTH, DARK])
    with pytest.raises(UnknownError) as fault:
        await write(stage.cloud)
    assert (fault.value.code, fault.value.status) == ("ServiceUnavailable", 503)


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.hosts.set_logons(ids.SessionHostId(A + "/sessionhosts/none-1"), allowed=False),
        lambda c: c.pools.set_start_on_connect(ids.HostPoolId(A + "x"), allowed=False),
        lambda c: c.scaling.set_references(ids.ScalingPlanId(ids.scaling_plan_id(PLAN_A) + "x"), []),
        lambda c: c.machines.start(ids.MachineId(VM + "x")),
        lambda c: c.machines.deallocate(ids.MachineId(VM + "x")),
    ],
)
async def test_a_write_to_what_is_not_there_is_refused(opened, write):
    fault = await refused(write((await opened()).cloud))
    assert fault.status == 404


async def test_an_empty_budget_of_writes_is_transient_with_its_wait_and_changes_nothing(opened):
    stage = await opened(physics={"writes": [1, 0.01]})
    await stage.cloud.pools.set_start_on_connect(A, allowed=False)
    with pytest.raises(TransientError) as fault:
        await stage.cloud.hosts.set_logons(FIRST, allowed=False)
    assert fault.value.status == 429
    assert 90 < fault.value.wait_s <= 100
    assert (await stage.cloud.hosts.get(FIRST)).allows_new_sessions
    await stage.clock.sleep(fault.value.wait_s)
    await stage.cloud.hosts.set_logons(FIRST, allowed=False)
    assert not (await stage.cloud.hosts.get(FIRST)).allows_new_sessions


async def test_lists_of_hosts_that_others_used_up_are_transient_with_their_wait(opened):
    stage = await opened()
    for _ in range(10):
        stage.world.budgets.admit_host_list(A)
    with pytest.raises(TransientError) as fault:
        await stage.cloud.hosts.list(A)
    assert fault.value.status == 429
    assert 299 <= fault.value.wait_s <= 300
    assert (await stage.cloud.hosts.get(FIRST)).id == FIRST
    assert len((await stage.cloud.hosts.list(B)).items) == 3
    await stage.clock.sleep(fault.value.wait_s)
    assert len((await stage.cloud.hosts.list(A)).items) == 3


async def test_throttled_polls_do_not_lose_the_operation(opened):
    stage = await opened(physics={"reads": [1, 0.02]})
    assert (await stage.cloud.machines.start(VM)).request_id
    assert stage.world.machines.get(machine("b", 1)).power == "running"


async def test_what_others_change_in_between_is_seen(opened):
    stage = await opened()
    stage.world.hosts.set_logons(ADMIN, host("a", 0), allowed=False)
    assert not (await stage.cloud.hosts.get(FIRST)).allows_new_sessions


async def test_a_closed_cloud_answers_nothing(opened):
    cloud = (await opened()).cloud
    await cloud.pools.get(A)
    await cloud.aclose()
    with pytest.raises((RuntimeError, ValueError)):
        await cloud.pools.get(A)
