"""Requests that overtake each other, and rules of groups that are not worked off."""

import asyncio

import pytest

from avd_failover.domain import ids
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.records import Group, SessionHost
from tests.simulator.builders import NIGHT, STAFF, host, small_world

HOSTS = [host("a", number) for number in range(3)]


def play(fault, *, apart_s=0.0):
    """Drain three hosts, sent one after the other; return the order of effects and that of answers."""
    world = small_world(sessions=0, faults=[fault])
    answered = []

    async def drain(cloud, clock, number):
        await clock.sleep(number * apart_s)
        await cloud.hosts.set_logons(ids.session_host_id(HOSTS[number]), allowed=False)
        answered.append(number)

    async def main():
        clock = LoopClock(world.at())
        cloud = DirectCloud(world, clock)
        await asyncio.gather(*(drain(cloud, clock, number) for number in range(3)))

    run_virtually(main())
    effects = [one.after for one in world.history.changes() if one.actor_kind == "engine"]
    return [HOSTS.index(one.id) for one in effects if isinstance(one, SessionHost)], answered


def test_requests_of_one_window_take_effect_in_the_reverse_order_they_were_sent_in():
    fault = {"fault": "reorder-requests", "how": "reverse", "window": "3s", "route": "hosts.patch"}
    assert play(fault, apart_s=0.5) == ([2, 1, 0], [2, 1, 0])


def test_requests_further_apart_than_a_window_keep_their_order():
    fault = {"fault": "reorder-requests", "how": "reverse", "window": "3s", "route": "hosts.patch"}
    assert play(fault, apart_s=10.0) == ([0, 1, 2], [0, 1, 2])


def test_a_shuffle_changes_the_order_of_effects_and_of_answers_apart_from_each_other():
    seen = [play({"fault": "reorder-requests", "id": f"f{n}", "window": "60s"}) for n in range(8)]
    assert len({tuple(effects) for effects, _ in seen}) > 2
    assert any(effects != answers for effects, answers in seen)
    assert all(sorted(effects) == sorted(answers) == [0, 1, 2] for effects, answers in seen)


@pytest.mark.parametrize("route", ["assignments.*", "hosts.get"])
def test_other_requests_keep_their_order(route):
    fault = {"fault": "reorder-requests", "how": "reverse", "route": route}
    assert play(fault, apart_s=0.5) == ([0, 1, 2], [0, 1, 2])


def test_a_rule_that_is_worked_off_lets_in_who_was_waiting_and_leaves_the_group_as_it_was():
    pending = {"fault": "group-rule-pending", "group": "NIGHT", "joins": "kiosk-01", "lasts": "100s"}
    world = small_world(faults=[pending])
    before = world.core.get(Group, NIGHT)
    world.advance(50)
    paused = world.core.get(Group, NIGHT)
    assert (paused.kind, paused.rule_paused, paused.members) == ("dynamic", True, before.members)
    world.advance(101)
    after = world.core.get(Group, NIGHT)
    assert (after.kind, after.rule_paused, after.membership_rule) == ("assigned", False, None)
    assert len(after.members) == len(before.members) + 1
    assert len(world.directory.users_of(STAFF)) == 5


def test_a_group_deleted_meanwhile_is_worked_off_no_more():
    pending = {"fault": "group-rule-pending", "group": "NIGHT", "lasts": "100s"}
    world = small_world(faults=[pending])
    world.advance(50)
    world.core.erase("admin:x", "delete-group", world.core.get(Group, NIGHT))
    world.advance(200)
    assert world.core.find(Group, NIGHT) is None
