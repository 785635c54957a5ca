"""The direct face: every verb of the seam over a world, in virtual time, with the adapters' faults."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from avd_failover.cloud import Cloud
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
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.simulator.audit import audit
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.direct_faults import fault_of
from avd_failover.simulator.refusals import ArmRefusal, Throttled
from avd_failover.simulator.world import World
from tests.simulator.builders import (
    ADMIN,
    GROUP_A,
    GROUP_B,
    NIGHT,
    PLAN_A,
    POOL_A,
    POOL_B,
    STAFF,
    SUBSCRIPTION,
    USER_ROLE,
    assignment_of,
    host,
    machine,
    small_world,
)

A, B = ids.host_pool_id(POOL_A), ids.host_pool_id(POOL_B)
SCOPE_B = ids.scope(GROUP_B)
VM = ids.machine_id(machine("b", 1))
DARK = [
    {"name": "northeurope", "display_name": "N"},
    {"name": "westeurope", "display_name": "W", "control_plane_up": False, "compute_up": False},
]


def on(world: World, talk: Callable[[Cloud], Awaitable[Any]]) -> Any:
    """Run a conversation with the world in virtual time and return what it returns."""

    async def main() -> Any:
        cloud: Cloud = DirectCloud(world, LoopClock(world.at()))
        try:
            return await talk(cloud)
        finally:
            await cloud.aclose()

    return run_virtually(main())


def wanted(name: str = "33333333-0000-4000-8000-000000000001") -> RoleAssignment:
    role = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.authorization/roledefinitions/{USER_ROLE}"
    return RoleAssignment(
        id=ids.assignment_at(SCOPE_B, name),
        name=name,
        scope=SCOPE_B,
        principal_id=ids.group_id(STAFF),
        principal_type="Group",
        role_definition_id=role,
        condition="@x",
        condition_version="2.0",
        description="d",
    )


def test_an_assignment_comes_back_with_every_property_it_was_made_with():
    async def talk(cloud: Cloud) -> Any:
        accepted = await cloud.assignments.create(wanted())
        return (
            accepted,
            await cloud.assignments.get(wanted().id),
            await cloud.assignments.at_or_above(SCOPE_B),
        )

    accepted, found, listed = on(small_world(), talk)
    assert found == wanted()
    assert listed.items == ()
    assert listed.complete
    assert accepted.request_id.startswith("direct-")


def test_deleting_is_accepted_whether_or_not_it_is_there_and_get_says_none():
    world = small_world()
    target = ids.assignment_id(assignment_of(world))

    async def talk(cloud: Cloud) -> Any:
        seen = await cloud.assignments.get(target)
        await cloud.assignments.delete(target)
        await cloud.assignments.delete(target)
        return seen, await cloud.assignments.get(target)

    seen, gone = on(world, talk)
    assert seen.description == "staff desktop"
    assert gone is None
    assert audit(world)["violations"] == []


def test_counting_and_definitions_stay_inside_the_subscription_asked():
    async def talk(cloud: Cloud) -> Any:
        count = await cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION))
        return count, await cloud.assignments.definitions(SCOPE_B)

    count, roles = on(small_world(), talk)
    assert len(count.items) == 3
    user_role = next(role for role in roles.items if role.name == "Desktop Virtualization User")
    assert user_role.data_actions == (
        "microsoft.desktopvirtualization/applicationgroups/useapplications/action",
    )
    assert user_role.id.startswith(f"/subscriptions/{SUBSCRIPTION}/")


def test_groups_pools_and_application_groups_are_read_whole():
    async def talk(cloud: Cloud) -> Any:
        return (
            await cloud.directory.members(ids.group_id(STAFF)),
            await cloud.pools.get(A),
            await cloud.pools.application_groups(A),
            await cloud.pools.application_group(ids.application_group_id(GROUP_A)),
        )

    members, pool, groups, group = on(small_world(), talk)
    assert (len(members.users), members.nested, members.complete) == (4, frozenset({NIGHT}), True)
    assert (pool.location, pool.start_on_connect, pool.max_sessions_per_host) == ("northeurope", True, 4)
    assert groups.items == (group,)
    assert group.host_pool == A


def test_hosts_are_drained_one_by_one_and_sessions_logged_off_in_time():
    world = small_world()

    async def talk(cloud: Cloud) -> Any:
        for each in (await cloud.hosts.list(A)).items:
            await cloud.hosts.set_logons(each.id, allowed=False)
        before = (await cloud.sessions.list(A)).items
        for session in before:
            await cloud.sessions.tell(session.id, title="Moving", body="Save")
            await cloud.sessions.log_off(session.id)
        during = (await cloud.sessions.list(A)).items
        await LoopClock(world.at()).sleep(20)
        return (
            before,
            during,
            (await cloud.sessions.list(A)).items,
            await cloud.hosts.get(ids.session_host_id(host("a", 0))),
        )

    before, during, after, first = on(world, talk)
    assert [s.state for s in before] == [SessionState.ACTIVE] * 4
    assert [s.state for s in during] == [SessionState.LOG_OFF] * 4
    assert after == ()
    assert (first.status, first.allows_new_sessions, first.sessions) == (HostStatus.AVAILABLE, False, 0)
    assert first.machine == ids.machine_id(machine("a", 0))
    assert audit(world)["violations"] == []


def test_a_start_returns_when_the_operation_has_ended_and_the_host_follows_later():
    world = small_world()

    async def talk(cloud: Cloud) -> Any:
        await cloud.machines.start(VM)
        return await cloud.machines.get(VM), await cloud.hosts.get(ids.session_host_id(host("b", 1)))

    vm, registered = on(world, talk)
    assert vm.power is PowerState.RUNNING
    assert registered.status is HostStatus.UNAVAILABLE
    assert 60 <= world.now_s <= 75


def test_a_deallocation_is_followed_too():
    world = small_world()

    async def talk(cloud: Cloud) -> Any:
        await cloud.machines.deallocate(ids.machine_id(machine("b", 0)))
        return await cloud.machines.get(ids.machine_id(machine("b", 0)))

    assert on(world, talk).power is PowerState.DEALLOCATED


def test_scaling_plans_are_read_and_set():
    world = small_world(autoscale=True)
    plan = ids.scaling_plan_id(PLAN_A)
    floor = ScheduleFloor(
        ramp_up_minimum_hosts_pct=100,
        ramp_up_capacity_threshold_pct=60,
        ramp_down_minimum_hosts_pct=100,
        ramp_down_capacity_threshold_pct=80,
    )

    async def talk(cloud: Cloud) -> Any:
        before = await cloud.scaling.get(plan)
        schedule = (await cloud.scaling.schedules(plan)).items[0]
        await cloud.scaling.set_references(plan, [PoolReference(host_pool=A, enabled=False)])
        await cloud.scaling.set_floor(schedule.id, floor)
        await cloud.pools.set_start_on_connect(A, allowed=False)
        after = await cloud.scaling.get(plan)
        return before, after, (await cloud.scaling.schedules(plan)).items[0].floor, await cloud.pools.get(A)

    before, after, read_floor, pool = on(world, talk)
    assert before.acts_on(A)
    assert not after.acts_on(A)
    assert read_floor == floor
    assert not pool.start_on_connect


def test_the_world_moves_with_the_clock_and_other_tasks_in_between():
    world = small_world(sessions=0)

    async def talk(cloud: Cloud) -> Any:
        await LoopClock(world.at()).sleep(1_000)
        return await cloud.sessions.list(A)

    assert len(on(world, talk).items) == 4
    assert 1_000 < world.now_s < 1_001


def test_a_cloud_over_a_world_that_is_not_new_starts_where_the_world_stands():
    world = small_world()
    world.advance(500)
    on(world, lambda cloud: cloud.pools.get(A))
    assert 500 < world.now_s < 501


def test_every_verb_takes_a_little_time_and_the_same_seed_takes_the_same():
    moments = []
    for _ in range(2):
        world = small_world()
        on(world, lambda cloud: cloud.hosts.list(A))
        moments.append(world.now_s)
    assert moments[0] == moments[1] > 0


def test_the_eleventh_list_of_hosts_within_five_minutes_waits():
    async def talk(cloud: Cloud) -> Any:
        for _ in range(10):
            await cloud.hosts.list(A)
        with pytest.raises(TransientError) as fault:
            await cloud.hosts.list(A)
        return fault.value

    fault = on(small_world(), talk)
    assert fault.status == 429
    assert 290 < fault.wait_s <= 300


def test_an_empty_bucket_is_transient_with_its_wait_and_changes_nothing():
    world = small_world(physics={"writes": [1, 0.1]})

    async def talk(cloud: Cloud) -> Any:
        await cloud.pools.set_start_on_connect(A, allowed=False)
        with pytest.raises(TransientError) as fault:
            await cloud.hosts.set_logons(ids.session_host_id(host("a", 0)), allowed=False)
        return fault.value

    fault = on(world, talk)
    assert (fault.status, fault.wait_s) == (429, 10)
    assert world.hosts.get(host("a", 0)).allow_new_session


@pytest.mark.parametrize(
    ("verb", "kind", "code"),
    [
        (lambda c: c.pools.get(ids.HostPoolId(A + "x")), RefusedError, "ResourceNotFound"),
        (lambda c: c.hosts.get(ids.SessionHostId(A + "/sessionhosts/x")), RefusedError, "404"),
        (
            lambda c: c.directory.members(ids.GroupId(ids.PrincipalId("x"))),
            RefusedError,
            "Request_ResourceNotFound",
        ),
        (lambda c: c.pools.get(B), TransientError, "ServiceUnavailable"),
        (lambda c: c.pools.set_start_on_connect(B, allowed=True), UnknownError, "ServiceUnavailable"),
        (lambda c: c.machines.start(VM), UnknownError, "ServiceUnavailable"),
    ],
)
def test_refusals_become_the_faults_that_the_engine_knows(verb, kind, code):
    async def talk(cloud: Cloud) -> Any:
        with pytest.raises(kind) as fault:
            await verb(cloud)
        return fault.value

    assert on(small_world(regions=DARK), talk).code == code


def test_an_allocation_that_fails_is_refused_with_the_operations_code():
    no_capacity = [DARK[0], {"name": "westeurope", "display_name": "W", "compute_up": False}]

    async def talk(cloud: Cloud) -> Any:
        with pytest.raises(RefusedError) as fault:
            await cloud.machines.start(VM)
        return fault.value

    assert on(small_world(regions=no_capacity), talk).code == "AllocationFailed"


def test_an_operation_that_does_not_end_in_time_is_unknown():
    async def talk(cloud: Cloud) -> Any:
        with pytest.raises(UnknownError) as fault:
            await cloud.machines.start(VM)
        return fault.value

    world = small_world(physics={"start_s": {"low": 5_000, "high": 5_000}})
    assert on(world, talk).code == "OperationNotFollowed"
    assert world.machines.get(machine("b", 1)).power == "starting"


def test_a_throttled_poll_does_not_lose_the_operation():
    world = small_world(physics={"reads": [1, 0.02]})

    async def talk(cloud: Cloud) -> Any:
        return await cloud.machines.start(VM)

    assert on(world, talk).request_id
    assert world.machines.get(machine("b", 1)).power == "running"


def test_a_closed_cloud_answers_nothing():
    async def talk(cloud: Cloud) -> Any:
        await cloud.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await cloud.pools.get(A)

    on(small_world(), talk)


@pytest.mark.parametrize(
    ("refusal", "mutating", "kind"),
    [
        (Throttled(7, "slow down"), True, TransientError),
        (ArmRefusal(404, "404", "gone"), True, RefusedError),
        (ArmRefusal(409, "RoleAssignmentExists", "there"), True, RefusedError),
        (ArmRefusal(500, "InternalError", "oops"), True, UnknownError),
        (ArmRefusal(500, "InternalError", "oops"), False, TransientError),
    ],
)
def test_each_refusal_has_its_fault(refusal, mutating, kind):
    fault = fault_of(refusal, "/x", mutating=mutating)
    assert type(fault) is kind
    assert (fault.code, fault.status, fault.target) == (refusal.code, refusal.status, "/x")
    assert ADMIN not in fault.message
