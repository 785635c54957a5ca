"""Determinism: equal seed and requests, equal histories; and a world made again from its requests."""

import functools
import json
from pathlib import Path

import pytest

from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.physics import Between, Physics
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Request, replay
from avd_failover.simulator.scenario import load_scenario
from tests.simulator.builders import (
    ENGINE,
    GROUP_A,
    PLAN_A,
    POOL_A,
    assignment_of,
    drain,
    grant,
    log_all_off,
    machine,
    small,
    small_world,
)

POOLED_EU = Path(__file__).parents[2] / "scenarios" / "pooled-eu.yaml"


def night(world, steps):
    """A busy night: engine, users and autoscale at once, seen at the moments in ``steps``."""
    for moment in steps:
        world.advance(moment)
        if moment == 60:
            drain(world, "a")
            target = assignment_of(world, actor=ENGINE)
            world.roles.delete(ENGINE, target)
        if moment == 120:
            log_all_off(world)
            world.machines.start(ENGINE, machine("b", 1))
        if moment == 300:
            grant(world)
            with pytest.raises(ArmRefusal):
                world.machines.start(ENGINE, machine("b", 99))
    return world


WILD = {"retry_s": {"low": 5, "high": 90}, "log_off_s": {"low": 2, "high": 20}, "log_off_slow_share": 0.3}


def test_same_seed_and_same_requests_give_the_same_history_byte_for_byte():
    first, second = (
        night(small_world(physics=WILD, autoscale=True), [60, 120, 300, 4_000]) for _ in range(2)
    )
    assert first.history.dump() == second.history.dump()
    assert first.history.next_sequence > 100
    assert json.dumps(audit(first)) == json.dumps(audit(second))


def test_how_often_somebody_looks_changes_nothing():
    seldom = night(small_world(physics=WILD), [60, 120, 300, 2_000])
    often = night(small_world(physics=WILD), [*range(0, 2_001, 7), 60, 120, 300, 2_000])
    often_in_order = night(small_world(physics=WILD), sorted({*range(0, 2_001, 7), 60, 120, 300, 2_000}))
    assert seldom.history.dump() == often_in_order.history.dump()
    assert often.now_s == 2_000


def test_another_seed_gives_another_history():
    first = night(small_world(physics=WILD), [60, 120, 300, 4_000])
    second = night(small_world(physics=WILD, seed=8), [60, 120, 300, 4_000])
    assert first.history.dump() != second.history.dump()


def test_a_world_is_made_again_from_its_requests_and_lives_on_the_same():
    entries: list[Request] = []
    world = small_world(physics=WILD, autoscale=True)
    world.log.on_request = entries.append
    night(world, [60, 120, 300, 500])
    stored = [json.loads(json.dumps([e.at_s, e.verb, e.arguments])) for e in entries]
    again = build(small(physics=WILD, autoscale=True))
    replay(again, [Request(at_s=at, verb=verb, arguments=arguments) for at, verb, arguments in stored])
    world.advance(5_000)
    again.advance(5_000)
    assert again.history.dump() == world.history.dump()
    assert again.snapshot() == world.snapshot()
    assert audit(again) == audit(world)


def test_every_kind_of_external_request_is_noted_with_its_arguments():
    entries: list[Request] = []
    world = small_world()
    world.log.on_request = entries.append
    world.advance(3)
    world.scaling.set_references(ENGINE, PLAN_A, [(POOL_A, False)])
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    assert [(e.at_s, e.verb) for e in entries] == [
        (3, "scaling.set_references"),
        (3, "pools.set_start_on_connect"),
    ]
    assert entries[1].arguments == {"actor": ENGINE, "pool": POOL_A, "allowed": False}


@pytest.mark.parametrize("verb", ["roles.nothing", "nowhere.put", "roles._index", "roles.definitions", "x"])
def test_a_replay_refuses_verbs_that_no_face_can_call(verb):
    with pytest.raises(ValueError, match="simulator has no"):
        replay(small_world(), [Request(at_s=0, verb=verb, arguments={})])


def test_time_never_goes_back_and_equal_moments_keep_their_order():
    world = small_world()
    order: list[str] = []
    for name in "abc":
        world.core.after(5, functools.partial(order.append, name))
    world.advance(10)
    world.advance(1)
    assert (world.now_s, order) == (10, ["a", "b", "c"])
    assert world.at().isoformat() == "2026-03-02T02:55:10+00:00"
    due = world.core.next_due_s()
    assert due is not None
    assert due > 10


def test_history_says_who_changed_what_from_what_to_what():
    world = small_world()
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    line = json.loads(world.history.dump().splitlines()[-1])
    assert line == {
        "at_s": 0.0,
        "sequence": world.history.next_sequence - 1,
        "actor": ENGINE,
        "verb": "patch-host-pool",
        "kind": "HostPool",
        "target": POOL_A.lower(),
        "before": {"start_vm_on_connect": True},
        "after": {"start_vm_on_connect": False},
    }


def test_writing_what_is_so_already_leaves_no_trace():
    world = small_world()
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=True)
    assert world.history.entries[-1].actor != ENGINE


def test_reading_the_same_assignments_again_adds_nothing_to_the_history():
    world = small_world()
    assignment_of(world, actor=ENGINE)
    length = world.history.next_sequence
    world.roles.assignments_for_scope(ENGINE, GROUP_A, "atScope()")
    assert world.history.next_sequence == length


def test_a_snapshot_is_json_without_user_names():
    world = build(load_scenario(POOLED_EU))
    text = json.dumps(world.snapshot())
    assert "contoso" not in text
    assert len(world.snapshot()["user_sessions"]) == 45


def test_durations_are_drawn_within_their_bounds_whatever_the_seed():
    for seed in range(5):
        core = small_world(seed=seed).core
        assert 30 <= core.draw("x", Between(low=30, high=60)) <= 60
    assert Physics().grant_effective_s.high <= 600
