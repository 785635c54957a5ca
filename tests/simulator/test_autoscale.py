"""Autoscale: which schedule holds, and which hosts it starts, takes down or leaves alone."""

from datetime import datetime

import pytest

from avd_failover.simulator.autoscale import phase_at
from avd_failover.simulator.records import Message, SessionHost
from avd_failover.simulator.refusals import ArmRefusal
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    PLAN_A,
    PLAN_B,
    POOL_A,
    POOL_B,
    drain,
    log_all_off,
    machine,
    sessions_on,
    small_world,
)

SCHEDULE_B = f"{PLAN_B}/pooledSchedules/all-week"
SCHEDULE_A = f"{PLAN_A}/pooledSchedules/all-week"


def powers(world, side):
    return [world.machines.get(machine(side, n)).power for n in range(3)]


@pytest.mark.parametrize(
    ("local", "phase"),
    [
        ("2026-03-02T06:59", "off_peak"),
        ("2026-03-02T07:00", "ramp_up"),
        ("2026-03-02T08:59", "ramp_up"),
        ("2026-03-02T09:00", "peak"),
        ("2026-03-02T17:00", "ramp_down"),
        ("2026-03-02T23:59", "off_peak"),
    ],
)
def test_the_phase_in_force_is_the_latest_that_began(local, phase):
    world = small_world()
    found = phase_at(world.scaling.schedules(PLAN_A), datetime.fromisoformat(local))
    assert found is not None
    assert found[1] == phase


def test_a_day_without_schedule_inherits_from_yesterday_and_two_such_days_have_none():
    world = small_world()
    world.scaling.patch_schedule(ADMIN, SCHEDULE_A, {"days_of_week": ["Sunday"]})
    schedules = world.scaling.schedules(PLAN_A)
    monday, tuesday = datetime(2026, 3, 2, 12), datetime(2026, 3, 3, 12)  # noqa: DTZ001 - local times
    inherited = phase_at(schedules, monday)
    assert inherited is not None
    assert inherited[1] == "off_peak"
    assert phase_at(schedules, tuesday) is None


def test_the_local_time_of_the_plan_decides():
    world = small_world(autoscale=True, starts_at="2026-03-02T05:56:00Z", running_b=1)
    world.advance(300)
    assert powers(world, "b") == ["running", "starting", "deallocated"], (
        "07:01 in Amsterdam: ramp-up keeps 60 %"
    )


def test_a_disabled_reference_is_never_acted_on():
    world = small_world(autoscale=False, running_b=3, sessions=0)
    world.advance(3_000)
    assert powers(world, "b") == ["running"] * 3
    assert not [c for c in world.history.changes() if c.actor_kind == "autoscale"]


def test_empty_hosts_are_taken_down_to_the_minimum_at_night():
    world = small_world(autoscale=True, running_b=3, sessions=0)
    world.advance(299)
    assert powers(world, "b") == ["running"] * 3
    world.advance(360)
    assert powers(world, "b") == ["deallocated", "deallocated", "running"]


def test_hosts_that_the_engine_started_are_taken_down_again_unless_the_plan_is_told_otherwise():
    fates = {}
    for told in ("nothing", "disabled", "floor"):
        world = small_world(autoscale=True, sessions=0)
        for number in (1, 2):
            world.machines.start(ENGINE, machine("b", number))
        if told == "disabled":
            world.scaling.set_references(ENGINE, PLAN_B, [(POOL_B.lower(), False)])
        if told == "floor":
            world.scaling.patch_schedule(ENGINE, SCHEDULE_B, {"ramp_down_minimum_hosts_pct": 100})
        world.advance(400)
        fates[told] = powers(world, "b").count("running")
    assert fates == {"nothing": 1, "disabled": 3, "floor": 3}


def test_drained_hosts_and_tagged_machines_are_left_alone():
    world = small_world(autoscale=True, running_b=3, sessions=0)
    drain(world, "a", actor=ADMIN)
    plan = world.scaling.get(PLAN_B)
    world.core.change(ADMIN, "patch-scaling-plan", plan, exclusion_tag="keep")
    for number in range(3):
        world.core.change(ADMIN, "tag", world.machines.get(machine("b", number)), tags=(("keep", ""),))
    world.advance(2_000)
    assert powers(world, "a") == powers(world, "b") == ["running"] * 3


def test_used_capacity_above_the_threshold_starts_one_host():
    world = small_world(autoscale=True, sessions=4, limit=4)
    for number in (1, 2):
        world.core.change(ADMIN, "test", world.machines.get(machine("a", number)), power="deallocated")
    world.advance(300)
    assert powers(world, "a") == ["running", "starting", "deallocated"]


def test_hosts_with_sessions_stay_up_at_night():
    world = small_world(autoscale=True, sessions=3)
    world.advance(3_000)
    assert powers(world, "a") == ["running"] * 3


def test_ramp_down_may_force_users_off_after_a_warning_and_undoes_its_own_drain():
    world = small_world(autoscale=True, sessions=3, starts_at="2026-03-02T16:30:00Z")
    changes = {"ramp_down_force_logoff_users": True, "ramp_down_notification_message": "Save your work"}
    world.scaling.patch_schedule(ADMIN, SCHEDULE_A, changes)
    world.advance(301)
    drained = [h for h in world.hosts.list(POOL_A) if not h.allow_new_session]
    assert len(drained) == 1
    assert [m.body for m in world.core.table(Message).values()] == ["Save your work"]
    victim = drained[0]
    world.advance(300 + 30 * 60 - 1)
    assert world.sessions.alive_on_host(victim.id)
    world.advance(300 + 30 * 60 + 180)
    assert world.core.get(SessionHost, victim.id).allow_new_session
    assert world.machines.get(victim.machine).power == "deallocated"


def test_a_plan_disabled_during_the_warning_forces_nobody_off():
    world = small_world(autoscale=True, sessions=3, starts_at="2026-03-02T16:30:00Z")
    world.scaling.patch_schedule(ADMIN, SCHEDULE_A, {"ramp_down_force_logoff_users": True})
    world.advance(301)
    world.scaling.set_references(ENGINE, PLAN_A, [(POOL_A, False)])
    world.advance(5_000)
    assert len(sessions_on(world)) == 4
    assert not [c for c in world.history.changes() if c.verb == "log-off"]


def test_disconnected_sessions_count_as_empty_only_where_the_schedule_says_so():
    kept = {}
    for when in ("ZeroSessions", "ZeroActiveSessions"):
        world = small_world(autoscale=True, sessions=3)
        world.scaling.patch_schedule(ADMIN, SCHEDULE_A, {"ramp_down_stop_hosts_when": when})
        for session in sessions_on(world):
            world.sessions.disconnect(ADMIN, session.id)
        world.advance(310)
        kept[when] = powers(world, "a").count("running")
    assert kept == {"ZeroSessions": 3, "ZeroActiveSessions": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"ramp_up_minimum_hosts_pct": 101},
        {"ramp_up_capacity_threshold_pct": 0},
        {"ramp_down_minimum_hosts_pct": "20"},
        {"nonsense": 1},
        {"id": "x"},
    ],
)
def test_a_patch_outside_the_schema_is_refused_whole(changes):
    world = small_world()
    before = world.scaling.schedule(SCHEDULE_A)
    with pytest.raises(ArmRefusal) as refusal:
        world.scaling.patch_schedule(ENGINE, SCHEDULE_A, {"ramp_down_minimum_hosts_pct": 50} | changes)
    assert (refusal.value.status, refusal.value.code) == (400, "400")
    assert world.scaling.schedule(SCHEDULE_A) == before


def test_a_patch_changes_the_named_fields_only():
    world = small_world()
    before = world.scaling.schedule(SCHEDULE_A)
    after = world.scaling.patch_schedule(
        ENGINE, SCHEDULE_A, {"peak_start_time": [10, 30], "days_of_week": ["Monday"]}
    )
    assert (after.peak_start_time.hour, after.peak_start_time.minute, after.days_of_week) == (
        10,
        30,
        ("Monday",),
    )
    assert after.ramp_up_start_time == before.ramp_up_start_time
    with pytest.raises(ArmRefusal):
        world.scaling.schedule(f"{PLAN_A}/pooledSchedules/none")


def test_an_undrain_by_hand_takes_the_host_out_of_autoscales_hands():
    world = small_world(autoscale=True, sessions=3, starts_at="2026-03-02T16:30:00Z")
    world.scaling.patch_schedule(ADMIN, SCHEDULE_A, {"ramp_down_force_logoff_users": True})
    world.advance(301)
    victim = next(h for h in world.hosts.list(POOL_A) if not h.allow_new_session)
    world.hosts.set_logons(ADMIN, victim.id, allowed=True)
    world.scaling.set_references(ADMIN, PLAN_A, [(POOL_A, False)])
    world.advance(5_000)
    assert world.machines.get(victim.machine).power == "running"


def test_logging_a_pool_off_makes_its_hosts_prey_of_autoscale():
    world = small_world(autoscale=True, physics={"retry_s": {"low": 2_000, "high": 2_000}})
    log_all_off(world)
    world.advance(360)
    assert sorted(powers(world, "a")) == ["deallocated", "deallocated", "running"]
