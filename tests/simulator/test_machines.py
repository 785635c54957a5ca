"""Machines: operations take time, the broker's word follows later, and sessions of a stopped host linger."""

import pytest

from avd_failover.simulator.refusals import ArmRefusal
from tests.simulator.builders import (
    ENGINE,
    POOL_A,
    POOL_B,
    drain,
    host,
    log_all_off,
    machine,
    sessions_on,
    small_world,
)


def test_a_start_ends_first_and_the_host_is_available_later():
    world = small_world()
    operation = world.machines.start(ENGINE, machine("b", 1).upper())
    seen = []
    for moment in (0, 59, 60, 149, 150):
        world.advance(moment)
        power = world.machines.get(machine("b", 1)).power
        seen.append(
            (world.machines.operation(operation.id).status, power, world.hosts.get(host("b", 1)).status)
        )
    assert seen == [
        ("InProgress", "starting", "Shutdown"),
        ("InProgress", "starting", "Shutdown"),
        ("Succeeded", "running", "Unavailable"),
        ("Succeeded", "running", "Unavailable"),
        ("Succeeded", "running", "Available"),
    ]
    ended = world.machines.operation(operation.id)
    assert (ended.start_s, ended.end_s) == (0, 60)


@pytest.mark.parametrize(
    ("verb", "side", "number"), [("start", "a", 0), ("deallocate", "b", 1), ("power_off", "b", 2)]
)
def test_an_operation_with_nothing_to_do_succeeds_at_once(verb, side, number):
    world = small_world()
    operation = getattr(world.machines, verb)(ENGINE, machine(side, number))
    assert operation.status == "Succeeded"
    assert not [c for c in world.history.changes() if c.verb.startswith("power-")]


def test_asking_again_joins_the_operation_and_the_opposite_is_a_conflict():
    world = small_world()
    first = world.machines.start(ENGINE, machine("b", 1))
    assert world.machines.start(ENGINE, machine("b", 1)).id == first.id
    with pytest.raises(ArmRefusal) as refusal:
        world.machines.deallocate(ENGINE, machine("b", 1))
    assert (refusal.value.status, refusal.value.code) == (409, "Conflict")


def test_while_compute_is_down_a_start_is_accepted_and_fails_as_an_operation():
    dark = [{"name": "westeurope", "display_name": "West Europe", "compute_up": False}]
    world = small_world(regions=[{"name": "northeurope", "display_name": "North Europe"}, *dark])
    operation = world.machines.start(ENGINE, machine("b", 1))
    assert operation.status == "InProgress"
    world.advance(60)
    ended = world.machines.operation(operation.id)
    assert (ended.status, ended.error_code) == ("Failed", "AllocationFailed")
    assert world.machines.get(machine("b", 1)).power == "deallocated"


def test_a_deallocated_host_takes_its_sessions_along_and_the_list_shows_ghosts_for_a_while():
    world = small_world()
    drain(world, "a")
    on_host = [s for s in sessions_on(world) if s.host == host("a", 0)]
    assert on_host
    world.machines.deallocate(ENGINE, machine("a", 0))
    assert world.hosts.get(host("a", 0)).status == "Unavailable"
    with pytest.raises(ArmRefusal) as refusal:
        world.sessions.log_off(ENGINE, on_host[0].id)
    assert (refusal.value.status, refusal.value.code) == (404, "404")
    world.advance(199)
    assert {s.id for s in sessions_on(world)} >= {s.id for s in on_host}
    assert world.hosts.get(host("a", 0)).status == "Shutdown"
    world.advance(200)
    assert not {s.id for s in sessions_on(world)} & {s.id for s in on_host}
    assert world.sessions.log_off(ENGINE, on_host[0].id) is None


def test_a_stopped_machine_starts_faster_than_a_deallocated_one_and_a_late_shutdown_report_is_dropped():
    world = small_world(
        physics={"power_off_s": {"low": 10, "high": 10}, "start_stopped_s": {"low": 5, "high": 5}}
    )
    log_all_off(world)
    world.machines.power_off(ENGINE, machine("a", 0))
    world.advance(10)
    assert world.machines.get(machine("a", 0)).power == "stopped"
    operation = world.machines.start(ENGINE, machine("a", 0))
    world.advance(15)
    assert world.machines.operation(operation.id).status == "Succeeded"
    world.advance(45)
    assert world.hosts.get(host("a", 0)).status == "Unavailable", (
        "the report of the shutdown came too late to count"
    )
    world.advance(105)
    assert world.hosts.get(host("a", 0)).status == "Available"


def test_durations_follow_the_documented_ranges_and_the_slow_agent_has_a_tail():
    world = small_world(
        physics={
            "start_s": {"low": 30, "high": 90},
            "agent_slow_share": 1,
            "deallocate_s": {"low": 23, "high": 122},
        }
    )
    operation = world.machines.start(ENGINE, machine("b", 1))
    world.advance(90)
    ended = world.machines.operation(operation.id)
    assert 30 <= (ended.end_s or 0) <= 90
    world.advance((ended.end_s or 0) + 179)
    assert world.hosts.get(host("b", 1)).status == "Unavailable"
    world.advance((ended.end_s or 0) + 600)
    assert world.hosts.get(host("b", 1)).status == "Available"


def test_a_heartbeat_is_no_liveness_signal():
    world = small_world()
    hosts = world.hosts.list(POOL_A)
    assert {h.status for h in hosts} == {"Available"}
    assert max(h.last_heartbeat_s for h in hosts) < -3_600
    world.advance(3_600)
    assert [h.last_heartbeat_s for h in world.hosts.list(POOL_A)] == [h.last_heartbeat_s for h in hosts]


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: world.pools.get(POOL_B),
        lambda world: world.hosts.list(POOL_B),
        lambda world: world.sessions.list(POOL_B),
        lambda world: world.machines.start(ENGINE, machine("b", 1)),
        lambda world: world.scaling.get(world.scaling.of_pool(POOL_B)[0].id),
    ],
)
def test_a_dark_region_answers_503_and_changes_nothing(ask):
    dark = [{"name": "westeurope", "display_name": "West Europe", "control_plane_up": False}]
    world = small_world(regions=[{"name": "northeurope", "display_name": "North Europe"}, *dark])
    before = world.history.next_sequence
    with pytest.raises(ArmRefusal) as refusal:
        ask(world)
    assert refusal.value.status == 503
    assert world.history.next_sequence == before


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda world: world.machines.get(machine("a", 9)), "ResourceNotFound"),
        (lambda world: world.machines.operation("nothing"), "NotFound"),
        (lambda world: world.pools.get(POOL_A + "x"), "ResourceNotFound"),
        (lambda world: world.pools.application_group(POOL_A), "ResourceNotFound"),
        (lambda world: world.pools.workspace(POOL_A), "ResourceNotFound"),
        (lambda world: world.pools.subscription("x"), "SubscriptionNotFound"),
        (lambda world: world.scaling.get(POOL_A), "ResourceNotFound"),
        (lambda world: world.hosts.get(host("a", 9)), "404"),
        (lambda world: world.sessions.get(host("a", 0) + "/userSessions/99"), "404"),
        (lambda world: world.directory.group("nobody"), "Request_ResourceNotFound"),
        (lambda world: world.directory.user("nobody"), "Request_ResourceNotFound"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_code_of_whoever_answers(ask, code):
    with pytest.raises(ArmRefusal) as refusal:
        ask(small_world())
    assert (refusal.value.status, refusal.value.code) == (404, code)
