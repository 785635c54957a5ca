"""The queue of hosts against a plain search: the same host, whatever happened before."""

import random

import pytest

from avd_failover.simulator.records import HostPool, SessionHost, key
from avd_failover.simulator.world import World
from tests.simulator.builders import ENGINE, POOL_A, host, small_world


def searched(world: World, pool: HostPool) -> SessionHost | None:
    """The rule, told as a search: open hosts with room; emptiest or fullest first, ties in order."""
    rows = [
        (world.sessions.count_on_host(one.id), one)
        for one in world.hosts.of_pool(pool.id)
        if one.allow_new_session and one.status == "Available"
    ]
    roomy = [(count, one) for count, one in rows if count < pool.max_session_limit]
    if not roomy:
        return None
    wanted = min if pool.load_balancer_type == "BreadthFirst" else max
    best = wanted(count for count, _ in roomy)
    return next(one for count, one in roomy if count == best)


def shuffled_day(world: World, chance: random.Random) -> None:
    """One thing that moves sessions or doors."""
    sessions = [one for one in world.sessions.list(POOL_A) if one.state != "LogOff"]
    deed = chance.choice(["log off", "drain", "undrain", "wait", "wait"])
    if deed == "log off" and sessions:
        world.sessions.log_off(ENGINE, chance.choice(sessions).id)
    elif deed in {"drain", "undrain"}:
        world.hosts.set_logons(ENGINE, host("a", chance.randrange(3)), allowed=deed == "undrain")
    else:
        world.advance(world.now_s + chance.uniform(1, 200))


@pytest.mark.parametrize("balancing", ["BreadthFirst", "DepthFirst"])
@pytest.mark.parametrize("seed", range(8))
def test_the_queue_names_the_host_that_a_search_would_find(balancing, seed):
    world, chance = small_world(limit=2), random.Random(seed)
    pool = world.core.change(ENGINE, "patch", world.pools.get(POOL_A), load_balancer_type=balancing)
    answers = set()
    for _ in range(60):
        shuffled_day(world, chance)
        wanted, found = searched(world, pool), world.broker._landing.host_for(pool)
        assert (found and key(found.id)) == (wanted and key(wanted.id))
        answers.add(found and found.name)
    assert len(answers) > 1


def test_a_pool_whose_limit_is_raised_has_room_again_at_once():
    world = small_world(limit=2)
    pool = world.core.change(ENGINE, "patch", world.pools.get(POOL_A), max_session_limit=1)
    assert world.broker._landing.host_for(pool) is None
    pool = world.core.change(ENGINE, "patch", pool, max_session_limit=9)
    assert world.broker._landing.host_for(pool) is not None
