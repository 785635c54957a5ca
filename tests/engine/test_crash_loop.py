"""A run that dies again and again at one place is held, and goes on once a person says so (safety L3)."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from avd_failover.domain.plan import Mode
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.crash_loop import crash_loop
from avd_failover.engine.orders import Order, Words
from avd_failover.engine.progress import Silent
from avd_failover.journal.events import (
    ActionEnded,
    Event,
    Holder,
    OperatorSaid,
    Outcome,
    RunEnded,
    RunResumed,
    RunSwitched,
)
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState, fold
from avd_failover.journal.writer import JournalWriter
from tests.engine.lamps import RUN, T0, Lamps, lamp_step, make_graph, pinned_for, switch_on
from tests.journal.builders import applied, began, done, drain, intended, make_entries, make_pinned

GRAPH = make_graph(lamp_step("first", "a"), lamp_step("second", "b", "first"))
HOLDER = Holder(host="h", pid=2, epoch=2)


class DiedError(BaseException):
    """The process ends here, with no word in the journal."""


class Deadly(Lamps):
    """Lamps one of which kills the process that switches it on, as long as ``deadly`` is on."""

    deadly = True
    at_a_look = False

    async def get(self, machine):
        if self.deadly and self.at_a_look and machine == "b":
            raise DiedError
        return await super().get(machine)

    async def start(self, machine):
        if self.deadly and not self.at_a_look and machine == "b":
            raise DiedError
        return await super().start(machine)


class Lives:
    """One run on one store, driven by one process after another."""

    def __init__(self, store: MemoryStore | SqliteStore, limit: int = 3) -> None:
        pinned = pinned_for(GRAPH)
        plan = replace(pinned.route.plan, policies=replace(pinned.route.plan.policies, crash_limit=limit))
        self.pinned = replace(pinned, route=replace(pinned.route, plan=plan))
        self.store = store
        self.lamps = Deadly()
        self.state: RunState | None = None
        self.began = False

    def live(self) -> RunStatus | None:
        """Drive until the end, or until the process dies: then nothing is returned."""
        try:
            return run_virtually(self._drive())
        except DiedError:
            return None

    async def _drive(self) -> RunStatus:
        clock = LoopClock(T0)
        if self.began:
            journal = JournalWriter.reopen(self.store, clock)
            journal.append(RunResumed(holder=HOLDER, engine="0"))
        else:
            journal = JournalWriter.create(self.store, clock, self.pinned)
        self.began, self.state = True, journal.state
        return await Conductor(
            journal=journal,
            cloud=self.lamps,  # type: ignore[arg-type]
            clock=clock,
            operations=switch_on,
            requests=self.store,
            essential=(),
            progress=Silent(),
        ).drive()

    def ask(self, order: Order, step: str) -> None:
        body = msgspec.json.encode(Words(by="ann", step=step)).decode()
        self.store.append_request(T0, order.value, body)


@pytest.fixture(params=["memory", "disk"])
def lives(request: pytest.FixtureRequest, tmp_path: Path) -> Lives:
    if request.param == "memory":
        return Lives(MemoryStore(RUN))
    return Lives(SqliteStore.create(tmp_path / f"{RUN}.journal"))


def test_three_crashes_at_one_step_hold_the_run_with_the_reason(lives: Lives) -> None:
    assert [lives.live() for _ in range(3)] == [None] * 3
    assert lives.live() is RunStatus.HELD
    assert lives.state is not None
    assert "died 3 times in a row while requests of second were under way" in lives.state.because
    assert f"failover retry {RUN} second" in lives.state.because
    assert not lives.lamps.sent[1:]


def test_a_run_may_be_killed_at_a_look_as_often_as_anybody_likes(lives: Lives) -> None:
    lives.lamps.at_a_look = True
    assert [lives.live() for _ in range(9)] == [None] * 9
    lives.lamps.deadly = False
    assert lives.live() is RunStatus.COMPLETED


def test_resuming_without_a_word_holds_it_again_without_running_into_it(lives: Lives) -> None:
    for _ in range(4):
        lives.live()
    lives.lamps.deadly = False
    assert lives.live() is RunStatus.HELD
    assert lives.live() is RunStatus.HELD


def test_a_persons_retry_lets_it_go_on(lives: Lives) -> None:
    for _ in range(4):
        lives.live()
    lives.lamps.deadly = False
    lives.ask(Order.RETRY, "second")
    assert lives.live() is RunStatus.COMPLETED


def test_after_a_retry_it_takes_as_many_crashes_again(lives: Lives) -> None:
    for _ in range(4):
        lives.live()
    lives.ask(Order.RETRY, "second")
    assert [lives.live() for _ in range(3)] == [None] * 3
    assert lives.live() is RunStatus.HELD


def test_the_plan_says_how_many() -> None:
    lives = Lives(MemoryStore(RUN), limit=1)
    assert lives.live() is None
    assert lives.live() is RunStatus.HELD


CRASH = RunResumed(holder=HOLDER, engine="0")
HELD = RunEnded(status=RunStatus.HELD, because="a person must look")
RETRY = OperatorSaid(request=1, kind="retry", by="ann", step="drain-source")
SENT = intended("readiness", 1, drain())
VOID = ActionEnded(n=1, outcome=Outcome.VOID, by="reading")
PROGRESS: dict[str, tuple[list[Event], int]] = {
    "nothing is settled in between": ([SENT, CRASH, CRASH, CRASH], 3),
    "it is entered again": ([SENT, CRASH, began("readiness"), CRASH, began("readiness"), CRASH], 3),
    "it is sent again": ([SENT, CRASH, CRASH, VOID, intended("readiness", 2, drain()), CRASH], 3),
    "it only looks": ([CRASH, CRASH, CRASH], 0),
    "an orderly stop is no crash": ([SENT, HELD, CRASH, HELD, CRASH, HELD, CRASH], 0),
    "an action takes effect": ([SENT, CRASH, CRASH, applied(1), CRASH], 0),
    "the step ends": ([SENT, CRASH, CRASH, applied(1), done("readiness"), CRASH], 0),
    "an answer is lost": ([SENT, ActionEnded(n=1, outcome=Outcome.UNKNOWN), CRASH, CRASH, CRASH], 0),
    "a person retries": ([SENT, CRASH, CRASH, CRASH, RETRY], 0),
    "the run is switched": ([SENT, CRASH, CRASH, CRASH, RunSwitched(mode=Mode.UNPLANNED, because="dark")], 0),
}


@pytest.mark.parametrize("case", PROGRESS)
def test_crashes_are_counted_until_the_step_gets_anywhere(case: str) -> None:
    events, crashes = PROGRESS[case]
    state = fold(make_entries([make_pinned(), began("readiness"), *events]))
    assert state.crashes.get("readiness", 0) == crashes
    assert bool(crash_loop(state)) == (crashes >= 3)


def test_a_step_that_ended_before_the_crash_is_not_blamed() -> None:
    state = fold(make_entries([make_pinned(), began("readiness"), done("readiness"), CRASH, CRASH, CRASH]))
    assert state.steps["readiness"].status is StepStatus.DONE
    assert not crash_loop(state)
