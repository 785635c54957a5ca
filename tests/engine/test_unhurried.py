"""Reads that outlast a throttle one by one, so that a look of many reads ends although some are refused."""

import asyncio
from collections import Counter, deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.plan import End
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from avd_failover.engine.patience import SHORTEST_WAIT_S, Patience
from avd_failover.engine.stop import StoppedError, StopSignal
from avd_failover.engine.unhurried import unhurried
from tests.engine.lamps import Lamps, Stage, SwitchOn, lamp_step, make_graph

DEADLINE_S = 600.0


def throttled(wait_s: float = 30.0) -> TransientError:
    return TransientError("too many requests", status=429, wait_s=wait_s)


class Shelf:
    """One part of a cloud; each question has its faults still to come."""

    def __init__(self) -> None:
        self.faults: dict[str, deque[Exception]] = {}
        self.asked: Counter[str] = Counter()

    async def get(self, name: str, *, loud: bool = False) -> str:
        self.asked[name] += 1
        await asyncio.sleep(0.1)
        if faults := self.faults.get(name):
            raise faults.popleft()
        return name.upper() if loud else name


class Room:
    """A cloud of two parts, and the clock of whoever reads it."""

    def __init__(self, **faults: list[Exception]) -> None:
        self.machines, self.hosts = Shelf(), Shelf()
        self.machines.faults = {name: deque(found) for name, found in faults.items()}
        self.stop = StopSignal()
        self.took_s = 0.0

    def look(self, *names: str, stop_at_s: float | None = None) -> list[Any]:
        """Read machines all at once, as an operation does."""
        return run_virtually(self._look(names, stop_at_s))

    async def _look(self, names: tuple[str, ...], stop_at_s: float | None) -> list[Any]:
        clock = LoopClock(EPOCH)
        cloud: Any = unhurried(self, Patience(clock, self.stop, DEADLINE_S))  # type: ignore[arg-type]
        if stop_at_s is not None:
            asyncio.get_running_loop().call_later(stop_at_s, self.stop.ask, "enough")
        try:
            return await asyncio.gather(*(cloud.machines.get(name) for name in names))
        finally:
            self.took_s = clock.monotonic()


def test_a_read_that_is_throttled_waits_for_itself_and_the_others_are_asked_once() -> None:
    names = [f"m{n}" for n in range(50)]
    room = Room(m7=[throttled(30.0)], m8=[throttled(45.0), throttled(20.0)])
    assert room.look(*names) == names
    assert room.machines.asked == Counter(names) + Counter(m7=1, m8=2)
    assert room.took_s == pytest.approx(45.0 + 20.0 + 3 * 0.1)


def test_where_a_throttle_names_no_time_it_is_not_asked_again_at_once() -> None:
    room = Room(a=[throttled(0.0)] * 3)
    assert room.look("a") == ["a"]
    assert room.took_s >= 3 * SHORTEST_WAIT_S


OTHERS = [
    TransientError("no route to host", status=503),
    TransientError("service unavailable", status=503, wait_s=30.0),
    TransientError("connection reset"),
    RefusedError("no", code="AuthorizationFailed", status=403),
    UnknownError("answer lost"),
    LookupError("a defect of ours"),
]


@pytest.mark.parametrize("fault", OTHERS, ids=str)
def test_whatever_else_goes_wrong_with_a_read_breaks_the_look_off_at_once(fault: Exception) -> None:
    room = Room(a=[fault])
    with pytest.raises(type(fault)) as raised:
        room.look("a", "b")
    assert raised.value is fault
    assert room.machines.asked["a"] == 1
    assert room.took_s < 1.0


def test_a_fault_after_a_throttle_breaks_the_look_off_too() -> None:
    room = Room(a=[throttled(10.0), RefusedError("no", status=403)])
    with pytest.raises(RefusedError):
        room.look("a")
    assert room.machines.asked["a"] == 2


@pytest.mark.parametrize("wait_s", [DEADLINE_S + 1, 86_400.0])
def test_a_throttle_beyond_the_deadline_is_not_waited_for(wait_s: float) -> None:
    room = Room(a=[throttled(wait_s)])
    with pytest.raises(TransientError):
        room.look("a")
    assert room.took_s < 1.0


@given(st.lists(st.floats(min_value=0.0, max_value=300.0), min_size=1, max_size=40))
def test_however_often_it_is_throttled_a_look_ends_by_the_deadline(waits: list[float]) -> None:
    room = Room(a=[throttled(wait_s) for wait_s in waits])
    try:
        assert room.look("a") == ["a"]
    except CloudError:
        assert sum(max(wait_s, SHORTEST_WAIT_S) for wait_s in waits) > DEADLINE_S - 1.0 - 0.2 * len(waits)
    assert room.took_s <= DEADLINE_S + 0.2


def test_a_stop_request_ends_the_wait() -> None:
    room = Room(a=[throttled(300.0)])
    with pytest.raises(StoppedError, match="enough"):
        room.look("a", stop_at_s=5.0)
    assert room.took_s == pytest.approx(5.0)
    assert room.machines.asked["a"] == 1


async def test_parts_and_verbs_are_those_of_the_cloud_with_whatever_they_take() -> None:
    room = Room()
    cloud: Any = unhurried(room, Patience(LoopClock(EPOCH), room.stop, DEADLINE_S))  # type: ignore[arg-type]
    assert await cloud.hosts.get("a", loud=True) == "A"
    assert (room.hosts.asked, room.machines.asked) == (Counter(a=1), Counter())
    assert not hasattr(cloud, "cellar")
    assert not hasattr(cloud.hosts, "dust")


def light(faults: list[Exception | None], names: str = "a b c d", **changes: Any) -> Stage:
    lamps = Lamps()
    lamps.on = set(names.split())
    lamps.read_faults = deque(faults)
    stage = Stage(make_graph(lamp_step("light", names, proof_within_s=900.0, **changes)), lamps)
    stage.operations = lambda bound: SwitchOn(bound, lag=1)
    return stage


def test_a_step_keeps_what_it_saw_before_a_throttle() -> None:
    """Two looks of four reads: one read more for each throttle, and no look from the start again."""
    stage = light([None, None, throttled(), None, None, throttled()])
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.lamps.reads == 2 * 4 + 2


def test_a_step_forgets_what_it_saw_before_any_other_fault() -> None:
    stage = light([*[None] * 4, TransientError("no route", status=503)])
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.lamps.reads == 4 + 1 + 2 * 4


def test_a_storm_of_throttles_holds_a_step_only_at_its_deadline() -> None:
    stage = light([throttled(60.0)] * 1000, side=End.SOURCE)
    assert stage.drive() is RunStatus.HELD
    assert 800.0 < stage.took_s <= 900.0
    assert stage.lamps.reads <= 16, "asked before the time that the throttle named"
