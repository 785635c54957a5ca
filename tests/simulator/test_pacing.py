"""Pacing below Azure's limits: first come first served, never before a Retry-After, no faster than refill."""

import asyncio

import pytest

from avd_failover.domain.clock import Clock
from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from avd_failover.simulator.pacing import HOST_LIST_WINDOW_S, HOST_LISTS, Lane, Pace, Window


def moments(lane: Lane | Window, *asked_s: float) -> list[float]:
    return [round(now_s + lane.place_s(now_s), 6) for now_s in asked_s]


def test_a_full_lane_lets_a_burst_pass_and_then_the_refill():
    assert moments(Lane(3, 2.0), *[0.0] * 7) == [0, 0, 0, 0.5, 1.0, 1.5, 2.0]


def test_a_lane_fills_up_again_but_not_over_its_size():
    lane = Lane(2, 1.0)
    assert moments(lane, 0, 0, 0) == [0, 0, 1]
    assert moments(lane, 100, 100, 100) == [100, 100, 101]


def test_who_comes_later_waits_behind_who_came_before():
    lane = Lane(1, 1.0)
    given = moments(lane, 0, 0, 0.5, 0.5, 0.9)
    assert given == sorted(given)
    assert given[-1] == 4


def test_a_shut_lane_lets_nothing_pass_before_its_time_and_then_the_refill_only():
    lane = Lane(10, 2.0)
    lane.shut(0.0, 30.0)
    assert lane.is_shut(29.9)
    assert moments(lane, 0, 0, 0) == pytest.approx([30 + n / 1.4 for n in (1, 2, 3)], abs=1e-5)
    assert not lane.is_shut(30.0)


def test_of_two_pauses_the_longer_counts():
    lane = Lane(10, 2.0)
    lane.shut(0.0, 30.0)
    lane.shut(1.0, 5.0)
    assert moments(lane, 2.0) == pytest.approx([30 + 1 / 1.4], abs=1e-5)


def test_each_refusal_slows_a_lane_down_to_a_tenth_and_five_minutes_bring_it_back():
    lane = Lane(1, 10.0)
    for moment in range(20):
        lane.shut(float(moment), moment + 0.5)
    first, second = moments(lane, 20.0, 20.0)
    assert second - first == pytest.approx(1.0, rel=0.05)  # it grows back meanwhile
    assert moments(lane, 400.0)[0] == 400.0
    first, second = moments(lane, 400.0, 400.0)
    assert second - first == pytest.approx(0.1)


def test_a_window_gives_so_many_places_in_any_stretch_of_its_length():
    window = Window(2, 10.0)
    assert moments(window, 0, 1, 2, 2) == [0, 1, 10, 11]
    assert moments(window, 50, 50, 50) == [50, 50, 60]


def paced(*turns: tuple[float, str]) -> list[float]:
    """Ask for turns at given moments, all at once, and tell when each passed."""

    async def main() -> list[float]:
        clock = LoopClock(EPOCH)
        pace = Pace(clock)

        async def one(at_s: float, kind: str) -> float:
            await clock.sleep(at_s)
            await pace.turn("sub", kind)  # type: ignore[arg-type]
            return clock.monotonic()

        return list(await asyncio.gather(*(one(*turn) for turn in turns)))

    return run_virtually(main())


@pytest.mark.parametrize(
    ("kind", "burst", "per_s"), [("reads", 245, 24.5), ("writes", 196, 9.8), ("deletes", 196, 9.8)]
)
def test_bursts_stay_below_the_documented_buckets(kind, burst, per_s):
    passed = paced(*[(0.0, kind)] * (burst + 49))
    assert sum(at_s == 0 for at_s in passed) == burst
    assert passed[-1] == pytest.approx(49 / per_s)


def test_kinds_and_subscriptions_have_lanes_of_their_own():
    async def main() -> float:
        clock: Clock = LoopClock(EPOCH)
        pace = Pace(clock)
        for _ in range(196):
            await pace.turn("one", "writes")
        await pace.turn("one", "deletes")
        await pace.turn("two", "writes")
        return clock.monotonic()

    assert run_virtually(main()) == 0


def test_a_refusal_pauses_who_waits_already_too():
    async def main() -> list[float]:
        clock = LoopClock(EPOCH)
        pace = Pace(clock)

        async def one() -> float:
            await pace.turn("sub", "writes")
            return clock.monotonic()

        for _ in range(196):
            await one()
        waiting = [asyncio.ensure_future(one()) for _ in range(3)]
        await clock.sleep(0.05)
        pace.refused("sub", "writes", 60.0)
        return [await each for each in waiting]

    passed = run_virtually(main())
    assert min(passed) >= 60.05
    assert len(set(passed)) == 3


def test_session_hosts_are_listed_within_the_window():
    async def main() -> list[float]:
        clock = LoopClock(EPOCH)
        pace = Pace(clock)
        passed = []
        for _ in range(HOST_LISTS + 1):
            await pace.list_turn("pool")
            passed.append(clock.monotonic())
        await pace.list_turn("another pool")
        return passed

    passed = run_virtually(main())
    assert passed[HOST_LISTS - 1] == 0
    assert passed[HOST_LISTS] == HOST_LIST_WINDOW_S
