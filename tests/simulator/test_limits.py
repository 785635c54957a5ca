"""Budgets: who may still send what, and how long a refused caller waits."""

import pytest

from avd_failover.simulator.refusals import Throttled
from tests.simulator.builders import ENGINE, POOL_A, POOL_B, SUBSCRIPTION, small_world


def spend(world, kind, count, actor=ENGINE):
    return [world.admit(actor, SUBSCRIPTION, kind) for _ in range(count)]


@pytest.mark.parametrize(
    ("kind", "size", "per_second"), [("reads", 250, 25), ("writes", 200, 10), ("deletes", 200, 10)]
)
def test_a_bucket_starts_full_counts_down_and_refills_steadily(kind, size, per_second):
    world = small_world()
    assert spend(world, kind, size) == list(range(size - 1, -1, -1))
    with pytest.raises(Throttled) as refusal:
        spend(world, kind, 1)
    assert (refusal.value.status, refusal.value.retry_after_s) == (429, 1)
    world.advance(2)
    assert len(spend(world, kind, 2 * per_second)) == 2 * per_second
    with pytest.raises(Throttled):
        spend(world, kind, 1)


def test_a_request_before_retry_after_is_refused_again_though_the_bucket_has_refilled():
    world = small_world()
    spend(world, "reads", 250)
    with pytest.raises(Throttled):
        spend(world, "reads", 1)
    world.advance(0.9)
    with pytest.raises(Throttled):
        spend(world, "reads", 1)
    world.advance(1.0)
    assert spend(world, "reads", 1)


def test_kinds_principals_and_subscriptions_have_buckets_of_their_own():
    world = small_world()
    spend(world, "writes", 200)
    assert world.admit(ENGINE, SUBSCRIPTION, "deletes") == 199
    assert world.admit("engine:other", SUBSCRIPTION, "writes") == 199
    assert world.admit(ENGINE, "another", "writes") == 199


def test_all_principals_together_share_fifteen_times_as_much():
    world = small_world(physics={"writes": [2, 1], "global_factor": 3})
    for number in range(3):
        spend(world, "writes", 2, actor=f"engine:{number}")
    with pytest.raises(Throttled):
        world.admit("engine:fresh", SUBSCRIPTION, "writes")


def test_a_full_bucket_does_not_overflow():
    world = small_world()
    world.advance(3_600)
    assert world.admit(ENGINE, SUBSCRIPTION, "writes") == 199


def test_hosts_of_one_pool_are_listed_ten_times_in_five_minutes():
    world = small_world()
    world.advance(100)
    assert [world.budgets.admit_host_list(POOL_A) for _ in range(10)] == [(n, 400) for n in range(9, -1, -1)]
    assert world.budgets.admit_host_list(POOL_B) == (9, 400)
    world.advance(150)
    with pytest.raises(Throttled) as refusal:
        world.budgets.admit_host_list(POOL_A.upper())
    assert refusal.value.retry_after_s == 250
    world.advance(400)
    assert world.budgets.admit_host_list(POOL_A) == (9, 700)
