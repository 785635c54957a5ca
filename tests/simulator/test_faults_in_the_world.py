"""Faults that change the world itself, moment by moment: outages, capacity, hosts, people, policies."""

import itertools

import pytest

from avd_failover.simulator.records import (
    FaultHit,
    Group,
    LockConflict,
    Machine,
    Operation,
    PooledSchedule,
    ProfileContainer,
    Region,
    RoleAssignment,
    SessionHost,
    UserSession,
    key,
)
from avd_failover.simulator.refusals import ArmRefusal
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_A,
    KIOSK,
    NIGHT,
    PLAN_A,
    POOL_A,
    POOL_B,
    STAFF,
    assignment_of,
    grant,
    host,
    log_all_off,
    machine,
    sessions_on,
    small_world,
)


def world_with(*faults, **changes):
    return small_world(faults=list(faults), **changes)


def fault(name, /, **values):
    return {"fault": name, **values}


def hits(world):
    return [row["hits"] for row in world.faults.listed()]


def status(world, side, number):
    return world.core.get(SessionHost, host(side, number)).status


def power(world, side, number):
    return world.core.get(Machine, machine(side, number)).power


def request(world, route, target, actor=ENGINE):
    """Carry one engine's request past the faults, as a face does before it acts."""
    world.faults.applied(world.faults.describe(route, target, actor))


OUTAGE = fault("region-outage", region="northeurope", starts="100s", lasts="1000s")


def test_a_dark_region_refuses_loses_its_hosts_after_minutes_and_comes_back():
    world = world_with(OUTAGE)
    world.advance(99)
    assert world.pools.get(POOL_A)
    world.advance(101)
    with pytest.raises(ArmRefusal, match="503"):
        world.pools.get(POOL_A)
    assert world.pools.get(POOL_B)
    assert all(session.ghost for session in world.core.table(UserSession).values())
    assert status(world, "a", 0) == "Available", "nobody has missed a heartbeat yet"
    world.advance(101 + 300)
    assert {status(world, "a", n) for n in range(3)} == {"Unavailable"}
    world.advance(1_101 + 600)
    assert {status(world, "a", n) for n in range(3)} == {"Available"}
    assert {power(world, "a", n) for n in range(3)} == {"running"}
    assert hits(world) == [2]


@pytest.mark.parametrize(
    ("plane", "control", "compute"),
    [("control", False, True), ("compute", True, False), ("both", False, False)],
)
def test_an_outage_takes_the_planes_that_it_names(plane, control, compute):
    world = world_with(OUTAGE | {"plane": plane})
    world.advance(200)
    region = world.core.get(Region, "northeurope")
    assert (region.control_plane_up, region.compute_up) == (control, compute)
    assert (power(world, "a", 0) == "running") is compute


def test_isolated_hosts_keep_their_sessions_and_are_shown_unavailable_until_they_are_reached_again():
    world = world_with(OUTAGE | {"hosts": "isolated"})
    world.advance(500)
    assert power(world, "a", 0) == "running"
    assert not any(session.ghost for session in world.core.table(UserSession).values())
    assert {status(world, "a", n) for n in range(3)} == {"Unavailable"}
    world.advance(1_500)
    assert {status(world, "a", n) for n in range(3)} == {"Available"}
    assert len(sessions_on(world)) == 4


def test_a_flapping_region_is_up_and_down_in_turn_and_up_in_the_end():
    world = world_with(OUTAGE | {"flaps": "200s"})
    seen = []
    for moment in (150, 350, 550, 750, 950, 1_150):
        world.advance(moment)
        seen.append(world.core.get(Region, "northeurope").control_plane_up)
    assert seen == [False, True, False, True, False, True]


def test_nobody_signs_in_where_the_control_plane_is_dark():
    world = world_with(OUTAGE | {"plane": "control", "starts": "0s"}, sessions=0)
    world.advance(999)
    assert not world.core.table(UserSession)


def test_machines_that_are_starting_when_compute_fails_are_not_allocated():
    world = world_with(fault("region-outage", region="westeurope", starts="30s"))
    operation = world.machines.start(ENGINE, machine("b", 1))
    world.advance(200)
    assert world.core.get(Operation, operation.id).error_code == "AllocationFailed"
    assert power(world, "b", 1) == "deallocated"


def test_k_of_n_starts_succeed_and_the_others_end_failed():
    world = world_with(fault("allocation-failed", succeed=1, code="ZonalAllocationFailed"), running_b=0)
    started = [world.machines.start(ENGINE, machine("b", n)) for n in range(3)]
    world.advance(400)
    ended = [world.core.get(Operation, one.id) for one in started]
    assert [one.status for one in ended] == ["Succeeded", "Failed", "Failed"]
    assert [one.error_code for one in ended] == ["", "ZonalAllocationFailed", "ZonalAllocationFailed"]
    assert [power(world, "b", n) for n in range(3)] == ["running", "deallocated", "deallocated"]
    assert hits(world) == [2]


@pytest.mark.parametrize(
    "late", [fault("allocation-failed", late_success="100s"), fault("operation-flips", after="100s")]
)
def test_a_start_may_fail_and_succeed_later_all_the_same(late):
    world = world_with(late)
    operation = world.machines.start(ENGINE, machine("b", 1))
    world.advance(61)
    assert world.core.get(Operation, operation.id).status == "Failed"
    world.advance(161)
    assert world.core.get(Operation, operation.id).status == "Succeeded"
    world.advance(300)
    assert status(world, "b", 1) == "Available"


@pytest.mark.parametrize(
    ("name", "code"), [("sku-not-available", "SkuNotAvailable"), ("quota-exceeded", "OperationNotAllowed")]
)
def test_a_start_may_be_refused_at_once(name, code):
    world = world_with(fault(name, region="westeurope"))
    with pytest.raises(ArmRefusal, match=code):
        world.machines.start(ENGINE, machine("b", 1))
    world.machines.deallocate(ENGINE, machine("a", 0))
    world.advance(60)
    assert world.machines.start(ENGINE, machine("a", 0)).status == "InProgress"


@pytest.mark.parametrize(
    ("name", "code"), [("sku-not-available", "SkuNotAvailable"), ("quota-exceeded", "OperationNotAllowed")]
)
@pytest.mark.parametrize("who", ["azure:broker", "autoscale:plan"])
def test_a_start_that_azure_itself_asks_for_fails_in_the_world_and_tells_nobody(name, code, who):
    autoscale = who == "autoscale:plan"
    world = world_with(fault(name), autoscale=autoscale, sessions=0, starts_at="2026-03-02T10:00:00Z")
    for number in range(3):
        world.machines.deallocate(ADMIN, machine("a", number))
    world.advance(1_800)
    assert {power(world, "a", n) for n in range(3)} == {"deallocated"}
    starts = [one for one in world.core.table(Operation).values() if one.verb == "start"]
    assert {(one.status, one.error_code) for one in starts} == {("Failed", code)}
    asked = {one.actor for one in world.history.changes() if one.verb == "start-refused"}
    assert who in asked
    assert all(one.end_s == one.start_s for one in starts)


def test_a_start_that_azure_asks_for_succeeds_once_the_fault_is_over():
    world = world_with(fault("sku-not-available", lasts="1000s"), sessions=0)
    for number in range(3):
        world.machines.deallocate(ADMIN, machine("a", number))
    world.advance(1_300)
    assert "running" in {power(world, "a", n) for n in range(3)}


def test_an_endless_operation_goes_on():
    world = world_with(fault("operation-endless", target="*vm-b-1"))
    operation = world.machines.start(ENGINE, machine("b", 1))
    world.advance(86_400)
    assert world.core.get(Operation, operation.id).status == "InProgress"


def test_a_host_whose_token_expired_runs_and_never_reports():
    world = world_with(fault("host-token-expired", region="westeurope"))
    world.machines.start(ENGINE, machine("b", 1))
    world.advance(3_000)
    assert (power(world, "b", 1), status(world, "b", 1)) == ("running", "Unavailable")


def test_propagation_may_exceed_every_bound_for_a_while():
    world = world_with(fault("slow-propagation", low="20m", high="20m", what="revokes", lasts="10m"))
    world.advance(1)
    world.roles.delete(ENGINE, assignment_of(world))
    user = world.directory.users_of(STAFF)[0].id
    world.advance(1_200)
    assert world.access.application_groups(user)
    world.advance(1_202)
    assert not world.access.application_groups(user)
    assert world.core.physics.grant_effective_s.low == 100, "grants were never slow"
    assert world.core.physics.revoke_effective_s.low == 120, "and revokes are as usual again"


def test_weather_joins_and_each_part_ends_by_itself_or_when_taken_away():
    world = world_with(
        fault("ghost-sessions", low="10m", high="10m", lasts="5m"),
        fault("slow-propagation", low="9m", high="9m", id="slow"),
    )
    world.advance(10)
    assert (world.core.physics.ghost_s.low, world.core.physics.list_lag_s.low) == (600, 540)
    world.advance(301)
    assert (world.core.physics.ghost_s.low, world.core.physics.list_lag_s.low) == (200, 540)
    world.faults.remove("admin:test", "slow")
    assert world.core.physics.list_lag_s.low == 40


def test_ghosts_of_stopped_hosts_stay_listed_for_long():
    world = world_with(fault("ghost-sessions", low="30m", high="30m"))
    world.advance(1)
    world.machines.deallocate(ENGINE, machine("a", 0))
    world.advance(1_700)
    assert any(session.ghost for session in sessions_on(world))
    world.advance(1_900)
    assert not any(session.ghost for session in sessions_on(world))


def test_slow_log_offs_stay_in_state_log_off():
    world = world_with(fault("log-off-slow", low="20m", high="20m"))
    world.advance(1)
    log_all_off(world)
    world.advance(1_190)
    assert {session.state for session in sessions_on(world)} == {"LogOff"}
    world.advance(1_300)
    assert not [one for one in sessions_on(world) if one.state == "LogOff"]


def test_log_offs_hang_while_the_profile_share_is_unreachable():
    world = world_with(fault("profile-share-unreachable", region="northeurope", lasts="600s"))
    log_all_off(world)
    world.advance(600)
    assert {session.state for session in sessions_on(world)} == {"LogOff"}
    world.advance(611)
    assert "LogOff" not in {session.state for session in sessions_on(world)}


def held(world):
    return {c.id for c in world.core.table(ProfileContainer).values() if c.held_by}


@pytest.mark.parametrize(
    ("spec", "free_s"),
    [
        (fault("profile-flush-backlog", low="300s", high="300s"), 311),
        (fault("profile-handle-remains", remains="500s"), 511),
    ],
)
def test_a_container_outlives_its_session_and_a_sign_in_meanwhile_meets_error_33(spec, free_s):
    world = world_with(spec)
    world.advance(1)
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(free_s - 5)
    assert session.user in held(world)
    assert [one.error for one in world.core.table(LockConflict).values()][:1] == [33]
    world.advance(free_s + 200)
    assert world.core.get(ProfileContainer, session.user).held_by != session.id


def test_a_handle_may_remain_for_ever():
    world = world_with(fault("profile-handle-remains"))
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(7_200)
    assert world.core.get(ProfileContainer, session.user).held_by == session.id


def test_something_else_may_hold_the_containers_for_a_while():
    world = world_with(fault("profile-locked", users="staff-*", lasts="1000s"), sessions=0)
    world.advance(890)
    locked = held(world)
    assert len(locked) == 3
    world.advance(990)
    assert {one.user for one in world.core.table(LockConflict).values()} == locked
    world.advance(1_050)
    assert len(sessions_on(world)) == 4, "everybody got in in the end"


def test_hosts_are_unwell_for_a_while_and_take_nobody_then():
    world = world_with(fault("host-status", hosts="a-*", status="NoHeartbeat", starts="10s", lasts="100s"))
    world.advance(50)
    assert {status(world, "a", n) for n in range(3)} == {"NoHeartbeat"}
    world.advance(111)
    assert {status(world, "a", n) for n in range(3)} == {"Available"}


def test_a_host_vanishes_with_its_sessions_and_another_appears():
    world = world_with(
        fault("host-vanishes", hosts="a-0", starts="10s"),
        fault("host-appears", pool="hp-a", name="a-new", starts="20s", every="10s", times=2, drained=True),
    )
    world.advance(15)
    assert [one.name for one in world.hosts.list(POOL_A)] == ["a-1", "a-2"]
    assert len(sessions_on(world)) == 2
    with pytest.raises(ArmRefusal, match="SessionHost does not exist"):
        world.hosts.get(host("a", 0))
    world.advance(40)
    assert [one.name for one in world.hosts.list(POOL_A)] == ["a-1", "a-2", "a-new", "a-new-2"]
    assert not world.hosts.get(f"{POOL_A}/sessionHosts/a-new").allow_new_session
    world.advance(5_000)


def test_heartbeats_may_lag():
    world = world_with(fault("heartbeat-lag", low="10m", high="10m"))
    world.advance(1)
    world.machines.start(ENGINE, machine("b", 1))
    world.advance(600)
    assert status(world, "b", 1) == "Unavailable"
    world.advance(700)
    assert status(world, "b", 1) == "Available"


def test_session_ids_come_back():
    world = world_with(fault("session-id-reuse"), fault("eager-users", low="1s", high="1s"))
    world.advance(1)
    first = sessions_on(world)[0]
    log_all_off(world)
    world.advance(120)
    again = world.core.find(UserSession, first.id)
    assert again is not None
    assert again.created_s > first.created_s


def test_eager_users_are_back_within_seconds_and_users_may_leave_instead_of_logging_off():
    world = world_with(fault("eager-users", low="1s", high="2s"), sessions=0)
    world.advance(950)
    assert len(sessions_on(world)) == 4
    world = world_with(fault("users-leave", low="10s", high="10s"), sessions=0)
    world.advance(930)
    assert {session.state for session in sessions_on(world)} == {"Disconnected"}


def test_everybody_may_connect_at_the_very_moment_of_a_request():
    world = world_with(fault("users-connect", on="assignments.delete", delay="3s"), sessions=0)
    world.advance(100)
    request(world, "assignments.delete", GROUP_A, actor="admin:portal")
    world.advance(110)
    assert not sessions_on(world), "an admin's request sets nothing off"
    request(world, "assignments.delete", GROUP_A)
    world.advance(112)
    assert not sessions_on(world)
    world.advance(113)
    assert len(sessions_on(world)) == 4


def test_members_come_and_go_and_circles_are_walked_once():
    world = world_with(
        fault("group-member-added", group="STAFF", member="kiosk-01", starts="10s"),
        fault("group-member-added", group="NIGHT", member="STAFF", starts="20s"),
        fault("group-member-removed", group="STAFF", member="staff-01", starts="30s"),
    )
    world.advance(15)
    assert len(world.directory.users_of(STAFF)) == 5
    world.advance(25)
    assert len(world.directory.users_of(NIGHT)) == 5
    world.advance(35)
    assert len(world.directory.users_of(NIGHT)) == 4


def test_a_group_may_vanish_or_come_back_as_another():
    world = world_with(fault("group-recreated", group="KIOSK", starts="10s"))
    world.advance(20)
    assert world.core.find(Group, KIOSK) is None
    twin = next(group for group in world.directory.groups() if group.display_name == "KIOSK")
    assert len(world.directory.users_of(twin.id)) == 1
    gone = world_with(fault("group-deleted", group="STAFF"))
    gone.advance(1)
    assert not gone.directory.users_of(STAFF)


def on_a(world, principal=STAFF):
    held_there = world.core.table(RoleAssignment).values()
    return [one for one in held_there if key(one.scope) == key(GROUP_A) and one.principal_id == principal]


def test_admins_grant_revoke_and_edit():
    both = {"principal": "STAFF", "application_group": "ag-a"}
    world = world_with(
        fault("admin-edits-assignment", **both, starts="10s", description="mine"),
        fault("admin-revokes", **both, starts="20s"),
        fault("admin-grants", **both, starts="30s", every="10s", times=2),
        fault("admin-grants", principal="kiosk-01", application_group="ag-b", role="Reader", starts="40s"),
    )
    world.advance(15)
    assert [one.description for one in on_a(world)] == ["mine"]
    world.advance(25)
    assert on_a(world) == []
    world.advance(45)
    assert [one.created_by for one in on_a(world)] == ["admin:out-of-band"]
    direct = [one for one in world.core.table(RoleAssignment).values() if one.principal_type == "User"]
    assert len(direct) == 1


def test_a_policy_puts_back_what_an_engine_deletes():
    world = world_with(fault("policy-regrants", delay="5s"))
    target = assignment_of(world)
    world.roles.delete(ENGINE, target)
    request(world, "assignments.delete", target)
    world.advance(4)
    assert on_a(world) == []
    world.advance(6)
    [back] = on_a(world)
    assert back.description == "staff desktop"
    assert key(back.id) != key(target)


def test_admins_undrain_hosts_resize_plans_and_edit_roles():
    world = world_with(
        fault("admin-drains", hosts="a-*", starts="1s"),
        fault("admin-undrains", hosts="a-1", starts="10s"),
        fault("admin-resizes-plan", plan="sp-a", minimum_hosts_pct=7, starts="10s"),
        fault("admin-edits-role", role="Reader", data_actions=["x/y/action"], starts="10s"),
        fault("admin-allows-start-on-connect", pool="hp-b", starts="10s"),
    )
    world.advance(5)
    assert not any(one.allow_new_session for one in world.hosts.of_pool(POOL_A))
    world.advance(15)
    assert [one.allow_new_session for one in world.hosts.of_pool(POOL_A)] == [False, True, False]
    schedule = world.core.get(PooledSchedule, f"{PLAN_A}/pooledSchedules/all-week")
    assert (schedule.ramp_up_minimum_hosts_pct, schedule.ramp_down_minimum_hosts_pct) == (7, 7)
    assert world.pools.get(POOL_B).start_vm_on_connect


def test_autoscale_gets_in_the_way():
    world = world_with(
        fault("autoscale-deallocates", pool="hp-b", on="machines.start", delay="200s"),
        fault("autoscale-drains", pool="hp-a", count=2, starts="10s"),
        fault("autoscale-logs-off", pool="hp-a", count=3, starts="20s"),
    )
    world.machines.start(ENGINE, machine("b", 1))
    request(world, "machines.start", machine("b", 1))
    world.advance(15)
    assert sum(one.allow_new_session for one in world.hosts.of_pool(POOL_A)) == 1
    world.advance(21)
    assert {session.state for session in sessions_on(world)} == {"LogOff"}
    world.advance(300)
    assert sorted(power(world, "b", n) for n in range(2)) == ["deallocated", "running"]


def test_a_fault_strikes_from_its_nth_match_as_often_as_it_says_and_within_its_time():
    world = world_with(
        fault("drop-request", route="hosts.*", nth=3, times=2),
        fault("drop-response", starts="100s", lasts="50s", route="pools.get"),
        fault("half-open", nth=2, route="plans.get"),
    )

    def arrives(route, target=POOL_A):
        return world.faults.rule(world.faults.describe(route, target, ENGINE))

    assert [arrives("hosts.get").arrives for _ in range(6)] == [True, True, False, False, True, True]
    assert [arrives("plans.get").damage for _ in range(3)] == ["none", "half-open", "none"]
    seen = []
    for moment in (99, 100, 149, 150):
        world.advance(moment)
        seen.append(arrives("pools.get").damage)
    assert seen == ["none", "reset", "reset", "none"]
    assert hits(world) == [2, 2, 1]


@pytest.mark.parametrize(
    ("selector", "struck"),
    [
        ({"region": "northeurope"}, ["hosts.get"]),
        ({"region": "west*"}, ["pools.get"]),
        ({"target": "*sessionhosts/a-0"}, ["hosts.get"]),
        ({"target": POOL_B.upper()}, ["pools.get"]),
        ({"actor": "admin:*"}, ["members.list"]),
        ({"actor": "*", "route": "members.*"}, ["members.list"]),
    ],
)
def test_selectors_take_region_resource_and_caller(selector, struck):
    world = world_with(fault("drop-request", **selector))
    asked = [
        ("hosts.get", host("a", 0), ENGINE),
        ("pools.get", POOL_B, ENGINE),
        ("members.list", STAFF, "admin:x"),
    ]
    hit = [r for r, t, a in asked if not world.faults.rule(world.faults.describe(r, t, a)).arrives]
    assert hit == struck


def test_chance_strikes_its_share_and_the_same_ones_for_the_same_seed():
    def struck(seed):
        world = world_with(fault("drop-request", p=0.3), seed=seed)
        sent = world.faults.describe("hosts.get", host("a", 0), ENGINE)
        return [world.faults.rule(sent).arrives for _ in range(400)]

    assert struck(7) == struck(7) != struck(8)
    assert 80 < struck(7).count(False) < 160


def test_faults_on_one_request_are_all_in_force_delays_add_and_the_first_word_wins():
    world = world_with(
        fault("delay-request", low="2s", high="2s"),
        fault("delay-request", low="3s", high="3s"),
        fault("http-error", status=500),
        fault("http-error", status=404),
        fault("slow-body", over="9s"),
    )
    ruling = world.faults.rule(world.faults.describe("hosts.get", host("a", 0), ENGINE))
    assert (ruling.delay_s, ruling.damage, ruling.over_s) == (5, "slow", 9)
    assert ruling.refusal is not None
    assert ruling.refusal.status == 500
    assert hits(world) == [1] * 5


def test_heavy_tailed_delays_are_mostly_short_and_never_beyond_their_bound():
    world = world_with(fault("delay-request", low="1s", high="20s", heavy_tail=True))
    sent = world.faults.describe("hosts.get", host("a", 0), ENGINE)
    delays = sorted(world.faults.rule(sent).delay_s for _ in range(500))
    assert delays[0] >= 1
    assert delays[250] < 3
    assert delays[-1] > 8
    assert delays[-1] <= 20


def test_waits_of_a_storm_grow_when_told_to():
    world = world_with(fault("throttle-storm", bucket=1, refill=0.1, growth=3))
    sent = world.faults.describe("hosts.get", host("a", 0), ENGINE)
    rulings = [world.faults.rule(sent) for _ in range(8)]
    waits = [float(ruling.refusal.headers["Retry-After"]) for ruling in rulings if ruling.refusal]
    assert waits[:3] == [10, 30, 90]
    assert waits[-1] == 900


def test_stale_replicas_make_time_jump_to_and_fro():
    world = world_with(fault("stale-read", low="10s", high="600s", replicas=4))
    sent = world.faults.describe("hosts.get", host("a", 0), ENGINE)
    lags = [world.faults.rule(sent).staleness_s for _ in range(60)]
    assert len(set(lags)) == 4
    assert any(later > earlier for earlier, later in itertools.pairwise(lags))
    write = world.faults.describe("hosts.patch", host("a", 0), ENGINE)
    assert world.faults.rule(write).staleness_s == 0


def test_every_hit_is_in_the_history_with_what_it_struck():
    world = world_with(fault("drop-request", id="lost"))
    world.faults.rule(world.faults.describe("hosts.get", host("a", 0), ENGINE))
    [change] = [one for one in world.history.changes() if one.kind is FaultHit]
    assert (change.actor, change.verb) == ("fault:lost", "fault-strikes")
    struck = change.after
    assert isinstance(struck, FaultHit)
    assert (struck.what, struck.target, struck.actor) == ("hosts.get", key(host("a", 0)), ENGINE)


def test_a_lock_forbids_deletes_or_every_change_to_everybody():
    for level, route, forbidden in (
        ("CanNotDelete", "assignments.delete", True),
        ("CanNotDelete", "assignments.create", False),
        ("CanNotDelete", "sessions.log-off", False),
        ("ReadOnly", "hosts.patch", True),
        ("ReadOnly", "hosts.get", False),
        ("ReadOnly", "members.add", False),
    ):
        world = world_with(fault("resource-lock", level=level))
        ruling = world.faults.rule(world.faults.describe(route, GROUP_A, "admin:portal"))
        assert (ruling.refusal is not None) is forbidden, (level, route)


def test_a_world_without_faults_has_none_and_its_history_knows_nothing_of_them():
    world = small_world()
    grant(world)
    assert not world.faults.present
    assert world.faults.listed() == []
    assert not [one for one in world.history.changes() if one.kind is FaultHit]
