"""A run whose lease is over sends nothing more; a run that took one over waits first."""

import asyncio

from avd_failover.domain.fence import UNFENCED, Fence, FencedError
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.progress import Silent
from avd_failover.journal.events import Holder as Driver
from avd_failover.journal.events import Outcome, RunResumed
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.writer import JournalWriter
from tests.engine.lamps import RUN, T0, Lamps, lamp_step, make_graph, pinned_for, switch_on


class Passing:
    """A fence that lets so many requests pass, after a quarantine if there is one."""

    def __init__(self, passes: int, *, quarantined: bool = False) -> None:
        self.passes = passes
        self.quarantined = quarantined
        self.asked_after: list[int] = []
        self.lamps: Lamps | None = None

    def waited_out(self) -> None:
        self.quarantined = False

    def check(self) -> None:
        if self.lamps is not None:
            self.asked_after.append(len(self.lamps.sent))
        self.passes -= 1
        if self.quarantined or self.passes < 0:
            raise FencedError("the term is over")


class Play:
    """A run of lamps under a fence, on one store."""

    def __init__(self) -> None:
        self.lamps = Lamps()
        self.store = MemoryStore(RUN)
        self.graph = make_graph(lamp_step("a"), lamp_step("b", "b", "a"), lamp_step("c", "c", "b"))
        self.sent_at: list[float] = []

    def drive(self, fence: Fence, stop_after_s: float = 0.0) -> RunStatus:
        return run_virtually(self._drive(fence, stop_after_s))

    async def _drive(self, fence: Fence, stop_after_s: float) -> RunStatus:
        clock = LoopClock(T0)
        self.lamps.before_send = lambda _: self.sent_at.append(clock.monotonic())
        if self.store.lines:
            self.journal = JournalWriter.reopen(self.store, clock)
            self.journal.append(RunResumed(holder=Driver(host="h", pid=2, epoch=2), engine="0"))
        else:
            self.journal = JournalWriter.create(self.store, clock, pinned_for(self.graph))
        conductor = Conductor(
            journal=self.journal,
            cloud=self.lamps,  # type: ignore[arg-type]
            clock=clock,
            operations=switch_on,
            requests=self.store,
            essential=(),
            progress=Silent(),
            self_fence=fence,
        )
        if stop_after_s:
            asyncio.get_running_loop().call_later(stop_after_s, conductor.stop, "enough")
        return await conductor.drive()


def test_a_fenced_run_stops_at_once_with_the_reason_and_sends_nothing_more() -> None:
    play = Play()
    assert play.drive(Passing(1)) is RunStatus.INTERRUPTED
    assert play.lamps.sent == ["a"]
    assert play.journal.state.because == "the term is over"


def test_the_intent_that_was_not_sent_is_settled_by_reading_when_the_run_goes_on() -> None:
    play = Play()
    play.drive(Passing(1))
    (left,) = [one for one in play.journal.state.attempts.values() if one.open]
    assert left.outcome is None
    assert play.drive(UNFENCED) is RunStatus.COMPLETED
    assert play.lamps.sent == ["a", "b", "c"]
    assert play.journal.state.attempts[left.n].outcome is Outcome.VOID


def test_the_fence_is_asked_before_every_request() -> None:
    play, fence = Play(), Passing(99)
    fence.lamps = play.lamps
    assert play.drive(fence) is RunStatus.COMPLETED
    assert fence.asked_after == [0, 1, 2]


def test_a_run_that_was_taken_over_sends_nothing_before_the_quarantine_is_over() -> None:
    play = Play()
    play.drive(Passing(1))
    play.sent_at.clear()
    fence = Passing(99, quarantined=True)
    assert play.drive(fence) is RunStatus.COMPLETED
    in_flight_s = play.journal.state.route.plan.policies.in_flight_s
    assert min(play.sent_at) >= in_flight_s
    assert not fence.quarantined


def test_a_quarantine_that_is_cut_short_is_still_owed() -> None:
    play = Play()
    play.drive(Passing(1))
    fence = Passing(99, quarantined=True)
    assert play.drive(fence, stop_after_s=10.0) is RunStatus.INTERRUPTED
    assert fence.quarantined
    assert play.lamps.sent == ["a"]
