"""Waiting on a clock while listening for a request to stop."""

import asyncio
from collections.abc import Callable

import pytest

from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from avd_failover.engine.stop import StoppedError, StopSignal

HOUR_S = 3600.0


async def _asked_after(seconds: float, ask: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    ask()


def test_a_wait_that_nobody_ends_lasts_as_long_as_it_was_asked_for():
    async def wait() -> float:
        clock = LoopClock(EPOCH)
        await StopSignal().sleep(clock, HOUR_S)
        return clock.monotonic()

    assert run_virtually(wait()) == HOUR_S


@pytest.mark.parametrize("of_parent", [False, True])
def test_who_waits_is_told_of_a_request_at_the_moment_it_comes(of_parent: bool):
    async def wait() -> tuple[str, float]:
        clock, stop = LoopClock(EPOCH), StopSignal()
        mine = stop.child()
        asking = asyncio.ensure_future(_asked_after(7.0, lambda: (stop if of_parent else mine).ask("lunch")))
        with pytest.raises(StoppedError) as stopped:
            await mine.sleep(clock, HOUR_S)
        await asking
        return str(stopped.value), clock.monotonic()

    assert run_virtually(wait()) == ("lunch", 7.0)


def test_everybody_who_waits_is_told():
    async def wait() -> list[str]:
        clock, stop = LoopClock(EPOCH), StopSignal()
        waits = [asyncio.ensure_future(stop.sleep(clock, HOUR_S * n)) for n in range(1, 4)]
        await _asked_after(1.0, lambda: stop.ask("abort"))
        ended = await asyncio.gather(*waits, return_exceptions=True)
        assert clock.monotonic() == 1.0
        return [f"{type(one).__name__}: {one}" for one in ended]

    assert run_virtually(wait()) == ["StoppedError: abort"] * 3


def test_a_request_before_the_wait_begins_ends_it_before_it_begins():
    async def wait() -> float:
        clock, stop = LoopClock(EPOCH), StopSignal()
        stop.ask("enough")
        with pytest.raises(StoppedError, match="enough"):
            await stop.sleep(clock, HOUR_S)
        return clock.monotonic()

    assert run_virtually(wait()) == 0.0


@pytest.mark.parametrize("asked", [False, True])
def test_a_wait_that_is_itself_cancelled_is_cancelled_whether_or_not_somebody_asked(asked: bool):
    async def wait() -> None:
        clock, stop = LoopClock(EPOCH), StopSignal()
        waiting = asyncio.ensure_future(stop.sleep(clock, HOUR_S))
        await asyncio.sleep(1.0)
        if asked:
            stop.ask("abort")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert clock.monotonic() == 1.0

    run_virtually(wait())


def test_a_request_after_a_wait_is_over_cancels_nothing():
    async def wait() -> str:
        clock, stop = LoopClock(EPOCH), StopSignal()
        await stop.sleep(clock, 1.0)
        stop.ask("late")
        await asyncio.sleep(1.0)
        return stop.because

    assert run_virtually(wait()) == "late"
