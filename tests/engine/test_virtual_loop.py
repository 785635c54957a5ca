"""The loop in virtual time: asyncio's promises without waiting, and the same order every time."""

import asyncio
import contextvars
from datetime import UTC, datetime

import pytest

from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from avd_failover.engine.virtual_loop import StalledError, VirtualLoop


def test_hours_pass_without_waiting():
    async def main() -> float:
        await asyncio.sleep(7_200)
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 7_200


def test_timers_of_one_moment_fire_in_the_order_they_were_set():
    order: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (3, 1, 2):
            loop.call_at(10.0, order.append, number)
        loop.call_later(5.0, order.append, 0)
        await asyncio.sleep(11)

    run_virtually(main())
    assert order == [0, 3, 1, 2]


def test_what_is_ready_runs_in_the_order_it_became_so_and_new_calls_wait_a_turn():
    order: list[str] = []

    def first() -> None:
        order.append("first")
        asyncio.get_running_loop().call_soon(order.append, "third")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(first)
        loop.call_soon(order.append, "second")
        await asyncio.sleep(1)

    run_virtually(main())
    assert order == ["first", "second", "third"]


def test_time_stands_still_while_anything_is_ready():
    async def main() -> float:
        for _ in range(50):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 0


def test_a_timer_that_is_due_is_not_starved_by_what_is_always_ready():
    async def main() -> bool:
        fired = asyncio.Event()
        asyncio.get_running_loop().call_later(0, fired.set)
        for _ in range(10):
            await asyncio.sleep(0)
        return fired.is_set()

    assert run_virtually(main())


@pytest.mark.parametrize("delay", [-5.0, 0.0])
def test_a_moment_that_has_passed_is_the_next_turn_and_time_never_goes_back(delay):
    async def main() -> float:
        await asyncio.sleep(3)
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(delay, done.set)
        await done.wait()
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 3


def test_a_timer_taken_back_neither_fires_nor_moves_time():
    fired: list[int] = []

    async def main() -> float:
        loop = asyncio.get_running_loop()
        late = loop.call_later(1_000, fired.append, 1)
        soon = loop.call_soon(fired.append, 2)
        late.cancel()
        soon.cancel()
        await asyncio.sleep(1)
        assert late.cancelled()
        assert soon.cancelled()
        return loop.time()

    assert run_virtually(main()) == 1
    assert fired == []


def test_a_deadlock_is_told_instead_of_hanging():
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StalledError, match="nobody will do"):
        run_virtually(main())


def test_a_timeout_cancels_what_takes_longer():
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.sleep(60)
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 30


def test_what_a_task_raises_comes_out():
    async def main() -> None:
        await asyncio.sleep(1)
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        run_virtually(main())


def test_an_error_in_a_callback_is_told_to_the_handler_and_the_loop_goes_on():
    told: list[object] = []

    async def main() -> str:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)
        return "went on"

    assert run_virtually(main()) == "went on"
    assert [type(one) for one in told] == [ZeroDivisionError]


def test_a_callback_sees_the_context_of_the_moment_it_was_set():
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")
    seen: list[str] = []

    async def main() -> None:
        name.set("setter")
        asyncio.get_running_loop().call_later(1, lambda: seen.append(name.get()))
        name.set("later")
        await asyncio.sleep(2)

    run_virtually(main())
    assert seen == ["setter"]


def test_tasks_that_are_left_are_cancelled_at_the_end():
    ended: list[str] = []

    async def sleeper() -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.append("cancelled")

    async def main() -> None:
        task = asyncio.create_task(sleeper())
        await asyncio.sleep(1)
        assert not task.done()

    run_virtually(main())
    assert ended == ["cancelled"]


def test_a_closed_loop_takes_nothing_more():
    loop = VirtualLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_forever()


def test_stop_ends_the_loop_after_the_turn_and_it_can_turn_again():
    loop = VirtualLoop()
    seen: list[int] = []
    loop.call_soon(loop.stop)
    loop.call_soon(seen.append, 1)
    loop.run_forever()
    assert (seen, loop.is_running()) == ([1], False)
    loop.call_later(2, loop.stop)
    loop.run_forever()
    assert loop.time() == 2
    loop.close()


def test_a_clock_at_a_speed_passes_that_much_faster():
    async def main() -> tuple[float, float]:
        clock = LoopClock(datetime(2026, 1, 1, tzinfo=UTC), speed=60.0)
        await clock.sleep(600)
        return asyncio.get_running_loop().time(), clock.monotonic()

    assert run_virtually(main()) == (10, 600)


def test_who_waits_alone_passes_the_time_without_a_turn():
    async def alone() -> tuple[bool, float]:
        loop = running()
        return loop.skip(5.0), loop.time()

    assert run_virtually(alone()) == (True, 5.0)


@pytest.mark.parametrize(("due_s", "skipped"), [(4.0, False), (5.0, False), (5.001, True)])
def test_time_is_not_passed_over_the_head_of_a_timer(due_s: float, skipped: bool):
    async def beside() -> tuple[bool, float]:
        loop = running()
        loop.call_later(due_s, lambda: None)
        return loop.skip(5.0), loop.time()

    assert run_virtually(beside()) == (skipped, 5.0 if skipped else 0.0)


def test_time_is_not_passed_over_the_head_of_what_is_ready():
    async def beside() -> tuple[bool, float]:
        loop = running()
        loop.call_soon(lambda: None)
        return loop.skip(5.0), loop.time()

    assert run_virtually(beside()) == (False, 0.0)


def test_two_who_wait_side_by_side_go_on_in_the_order_of_their_moments():
    async def both() -> list[str]:
        clock = LoopClock(EPOCH)
        seen: list[str] = []

        async def tick(name: str, every_s: float) -> None:
            for _ in range(3):
                await clock.sleep(every_s)
                seen.append(f"{name}{clock.monotonic():.0f}")

        await asyncio.gather(tick("a", 2.0), tick("b", 3.0))
        return seen

    assert run_virtually(both()) == ["a2", "b3", "a4", "b6", "a6", "b9"]


def running() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
