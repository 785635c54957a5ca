"""What is read through the seam, over either face: whole, typed, and the same when asked again."""

from itertools import product

import pytest

from avd_failover.domain import ids
from avd_failover.domain.estate import HostStatus, PoolKind, PowerState, SessionState
from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.whose import whose
from avd_failover.simulator.records import SessionHost
from tests.simulator.builders import (
    ADMIN,
    GROUP_A,
    GROUP_B,
    KIOSK,
    NIGHT,
    PLAN_A,
    POOL_A,
    POOL_B,
    READER,
    STAFF,
    SUBSCRIPTION,
    USER_ROLE,
    grant,
    host,
    machine,
)

A, B = ids.host_pool_id(POOL_A), ids.host_pool_id(POOL_B)
SCOPE_A, SCOPE_B = ids.scope(GROUP_A), ids.scope(GROUP_B)
NOBODY = "99999999-0000-4000-8000-000000000009"
ELSEWHERE = NOBODY
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
AGROUP = ids.application_group_id(GROUP_A)
PLAN = ids.scaling_plan_id(PLAN_A)


async def test_a_pool_tells_where_it_is_and_how_many_sessions_a_host_holds(opened):
    cloud = (await opened(limit=7)).cloud
    pool = await cloud.pools.get(A)
    assert (pool.id, pool.location, pool.kind) == (A, "northeurope", PoolKind.POOLED)
    assert (pool.max_sessions_per_host, pool.start_on_connect) == (7, True)
    assert not (await cloud.pools.get(B)).start_on_connect


async def test_application_groups_are_those_of_the_pool_and_name_their_workspace(opened):
    cloud = (await opened()).cloud
    listed = await cloud.pools.application_groups(A)
    assert [group.id for group in listed.items] == [ids.application_group_id(GROUP_A)]
    assert listed.items[0] == await cloud.pools.application_group(listed.items[0].id)
    assert listed.items[0].host_pool == A
    assert str(listed.items[0].workspace).endswith("/workspaces/ws")
    assert listed.complete


async def test_hosts_are_listed_with_their_machines_states_and_session_counts(opened):
    cloud = (await opened(running_b=1)).cloud
    listed = await cloud.hosts.list(B)
    states = {each.id: each.status for each in listed.items}
    assert states == {
        ids.session_host_id(host("b", 0)): HostStatus.AVAILABLE,
        ids.session_host_id(host("b", 1)): HostStatus.SHUTDOWN,
        ids.session_host_id(host("b", 2)): HostStatus.SHUTDOWN,
    }
    assert {each.machine for each in listed.items} == {ids.machine_id(machine("b", n)) for n in range(3)}
    for each in listed.items:
        assert each == await cloud.hosts.get(each.id)


async def test_a_host_tells_when_its_heartbeat_was_written_last_days_ago_even_while_it_runs(opened):
    stage = await opened(running_b=1)
    for each in (await stage.cloud.hosts.list(B)).items:
        shown_s = stage.world.hosts.heartbeat_s(stage.world.hosts.get(each.id))
        assert each.last_heartbeat == stage.world.core.at(shown_s).replace(microsecond=0)
        assert each.last_heartbeat < stage.clock.now()


async def test_the_sessions_of_a_pool_are_as_many_as_its_hosts_count(opened):
    cloud = (await opened(sessions=4)).cloud
    sessions = (await cloud.sessions.list(A)).items
    assert [each.state for each in sessions] == [SessionState.ACTIVE] * 4
    assert sum(each.sessions for each in (await cloud.hosts.list(A)).items) == 4
    assert {ids.pool_of(ids.host_of(each.id)) for each in sessions} == {A}
    assert all(each.user is None for each in sessions)


async def test_sessions_and_members_agree_in_who_is_called_what(opened):
    cloud = (await opened(sessions=4)).cloud
    staff = await cloud.directory.members(ids.group_id(STAFF))
    sessions = (await cloud.sessions.list(A)).items
    found = whose(sessions, [staff])
    assert found.unresolved == ()
    assert {one.user for one in found.known} == staff.users
    assert {name for name, _ in staff.names} == {one.name for one in sessions}
    assert all(name == name.lower() for name, _ in staff.names)
    assert list(staff.names) == sorted(staff.names)


async def test_a_session_of_somebody_outside_the_group_is_nobodys_known(opened):
    stage = await opened(sessions=0)
    stranger = stage.world.directory.users_of(KIOSK)[0]
    stage.world.broker.seat(stranger, stage.world.core.get(SessionHost, host("a", 0)), "Active")
    staff = await stage.cloud.directory.members(ids.group_id(STAFF))
    sessions = (await stage.cloud.sessions.list(A)).items
    assert whose(sessions, [staff]).unresolved == sessions


async def test_an_empty_pool_is_an_empty_list_and_whole(opened):
    listed = await (await opened()).cloud.sessions.list(B)
    assert (listed.items, listed.complete, listed.gap) == ((), True, "")


async def test_members_of_nested_groups_are_members(opened):
    cloud = (await opened()).cloud
    staff = await cloud.directory.members(ids.group_id(STAFF))
    night = await cloud.directory.members(ids.group_id(NIGHT))
    assert (len(staff.users), staff.nested, staff.complete) == (4, {NIGHT}, True)
    assert night.users < staff.users
    assert (len(night.users), night.nested) == (1, frozenset())


@pytest.mark.parametrize("group", ["STAFF", "NIGHT"])
async def test_a_group_is_not_whole_while_a_rule_of_it_or_within_it_is_pending(opened, group):
    pending = {"fault": "group-rule-pending", "group": group, "starts": "10s", "lasts": "60s"}
    stage = await opened(faults=[pending | {"joins": "kiosk-01"}])
    staff = ids.group_id(STAFF)
    before = await stage.cloud.directory.members(staff)
    await stage.clock.sleep(20)
    meanwhile = await stage.cloud.directory.members(staff)
    await stage.clock.sleep(120)
    after = await stage.cloud.directory.members(staff)
    assert (before.complete, meanwhile.complete, after.complete) == (True, False, True)
    assert meanwhile.users == before.users
    assert len(after.users - before.users) == 1


async def test_groups_nested_in_a_ring_are_read_once(opened):
    stage = await opened()
    stage.world.directory.add_member(ADMIN, NIGHT, STAFF)
    found = await stage.cloud.directory.members(ids.group_id(STAFF))
    assert (len(found.users), found.complete) == (4, True)
    assert found.nested >= {NIGHT}


async def test_assignments_at_a_scope_include_those_above_it_and_no_others(opened):
    cloud = (await opened()).cloud
    at_a, at_b = await cloud.assignments.at_or_above(SCOPE_A), await cloud.assignments.at_or_above(SCOPE_B)
    assert {(each.principal_id, ids.name_of(each.role_definition_id)) for each in at_a.items} == {
        (STAFF, USER_ROLE),
        (KIOSK, USER_ROLE),
        (KIOSK, READER),
    }
    assert at_b.items == ()
    assert at_b.complete


async def test_an_assignment_is_read_by_id_with_every_property(opened):
    cloud = (await opened()).cloud
    for each in (await cloud.assignments.at_or_above(SCOPE_A)).items:
        assert await cloud.assignments.get(each.id) == each


@pytest.mark.parametrize(
    "missing", [SCOPE_A, ids.scope(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/none")]
)
async def test_no_assignment_of_that_name_is_none(opened, missing):
    cloud = (await opened()).cloud
    assert await cloud.assignments.get(ids.assignment_at(missing, NOBODY)) is None


async def test_a_subscription_that_is_not_there_is_no_proof_that_an_assignment_is_gone(opened):
    cloud = (await opened()).cloud
    there = ids.scope(GROUP_A.replace(SUBSCRIPTION, ELSEWHERE))
    with pytest.raises(RefusedError) as refused:
        await cloud.assignments.get(ids.assignment_at(there, NOBODY))
    assert (refused.value.status, refused.value.code) == (404, "SubscriptionNotFound")


async def test_the_count_of_a_subscription_is_of_everything_in_it_over_all_pages(opened):
    stage = await opened(physics={"list_lag_s": {"low": 0, "high": 0}})
    roles = (USER_ROLE, READER, CONTRIBUTOR)
    for number, (role, group) in enumerate(list(product(roles, (STAFF, KIOSK, NIGHT)))[:7]):
        changes = {"principal_id": group, "role_definition_id": role}
        grant(stage.world, number, actor=ADMIN, scope=GROUP_B, **changes)
    await stage.clock.sleep(1)
    counted = await stage.cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION))
    assert (len(counted.items), len(set(counted.items))) == (10, 10)
    assert counted.complete


async def test_the_roles_that_can_be_assigned_tell_what_they_allow(opened):
    listed = await (await opened()).cloud.assignments.definitions(SCOPE_A)
    role = {each.name: each for each in listed.items}["Desktop Virtualization User"]
    assert role.id.startswith(f"/subscriptions/{SUBSCRIPTION}/")
    assert role.data_actions == ("microsoft.desktopvirtualization/applicationgroups/useapplications/action",)
    assert len(listed.items) == len({each.id for each in listed.items}) > 4


async def test_a_scaling_plan_tells_its_pools_and_its_schedules_their_floor(opened):
    cloud = (await opened(autoscale=True)).cloud
    plan = await cloud.scaling.get(ids.scaling_plan_id(PLAN_A))
    schedules = await cloud.scaling.schedules(plan.id)
    assert [(each.host_pool, each.enabled) for each in plan.references] == [(A, True)]
    floor = schedules.items[0].floor
    assert (floor.ramp_up_minimum_hosts_pct, floor.ramp_up_capacity_threshold_pct) == (60, 60)
    assert (floor.ramp_down_minimum_hosts_pct, floor.ramp_down_capacity_threshold_pct) == (30, 80)


@pytest.mark.parametrize(("number", "power"), [(0, PowerState.RUNNING), (1, PowerState.DEALLOCATED)])
async def test_a_machine_tells_where_it_is_and_whether_it_runs(opened, number, power):
    vm = await (await opened()).cloud.machines.get(ids.machine_id(machine("b", number)))
    assert (vm.location, vm.power) == ("westeurope", power)
    assert (vm.size, vm.zones, vm.reservation_group) == ("Standard_D8s_v5", (str(1 + number % 3),), None)


async def test_a_machine_tells_its_zone_and_the_group_that_keeps_a_place_for_it(opened):
    stage = await opened()
    group = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-kept"
    group += "/providers/Microsoft.Compute/capacityReservationGroups/Kept"
    found = stage.world.machines.get(machine("b", 1))
    stage.world.core.change("admin:test", "reserve", found, zones=("2",), reservation_group=group)
    vm = await stage.cloud.machines.get(ids.machine_id(machine("b", 1)))
    assert (vm.zones, vm.reservation_group) == (("2",), ids.reservation_group_id(group))


async def test_a_list_longer_than_many_pages_is_read_to_the_end(opened):
    people = [{"name": "STAFF", "id": STAFF, "users": 41}, {"name": "KIOSK", "id": KIOSK, "users": 1}]
    stage = await opened(groups=people, limit=20, sessions=37)
    sessions = await stage.cloud.sessions.list(A)
    members = await stage.cloud.directory.members(ids.group_id(STAFF))
    assert (len(set(sessions.items)), sessions.complete) == (37, True)
    assert (len(members.users), members.complete) == (41, True)


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (lambda c: c.pools.get(ids.HostPoolId(A + "x")), 404),
        (lambda c: c.pools.application_group(ids.ApplicationGroupId(ids.Scope(AGROUP + "x"))), 404),
        (lambda c: c.hosts.get(ids.SessionHostId(A + "/sessionhosts/none-1")), 404),
        (lambda c: c.hosts.list(ids.HostPoolId(A + "x")), 404),
        (lambda c: c.sessions.list(ids.HostPoolId(A + "x")), 404),
        (lambda c: c.scaling.get(ids.ScalingPlanId(PLAN + "x")), 404),
        (lambda c: c.scaling.schedules(ids.ScalingPlanId(PLAN + "x")), 404),
        (lambda c: c.machines.get(ids.MachineId(ids.machine_id(machine("a", 0)) + "x")), 404),
        (lambda c: c.directory.members(ids.group_id(NOBODY)), 404),
        (lambda c: c.pools.get(ids.host_pool_id(POOL_A.replace(SUBSCRIPTION, ELSEWHERE))), 404),
        (lambda c: c.sessions.list(ids.host_pool_id(POOL_A.replace(SUBSCRIPTION, ELSEWHERE))), 404),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_refused_and_never_an_empty_list(opened, read, status):
    with pytest.raises(RefusedError) as refused:
        await read((await opened()).cloud)
    assert refused.value.status == status
    assert refused.value.code


@pytest.mark.parametrize(
    "read",
    [
        lambda c: c.pools.get(B),
        lambda c: c.hosts.list(B),
        lambda c: c.sessions.list(B),
        lambda c: c.hosts.get(ids.session_host_id(host("b", 0))),
        lambda c: c.machines.get(ids.machine_id(machine("b", 0))),
    ],
)
async def test_a_read_in_a_dark_region_is_transient_and_never_an_empty_list(opened, read):
    dark = [
        {"name": "northeurope", "display_name": "N"},
        {"name": "westeurope", "display_name": "W", "control_plane_up": False, "compute_up": False},
    ]
    cloud = (await opened(regions=dark)).cloud
    with pytest.raises(TransientError) as fault:
        await read(cloud)
    assert (fault.value.code, fault.value.status) == ("ServiceUnavailable", 503)
    assert (await cloud.pools.get(A)).id == A
