"""The writer: one commit for what belongs together, and silence after the first error."""

import asyncio
from collections.abc import Sequence

import pytest

from avd_failover.domain.states import IllegalMoveError, RunStatus
from avd_failover.engine.clock import run_virtually
from avd_failover.journal.chain import replay
from avd_failover.journal.codec import UnwritableEventError, decode, digest
from avd_failover.journal.events import Entry, RunEnded, StepStarted
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import BrokenStoryError, RunState
from avd_failover.journal.store import (
    Damage,
    DamagedJournalError,
    JournalFullError,
    JournalLostError,
)
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import (
    RUN,
    TickingClock,
    applied,
    began,
    done,
    intended,
    make_lines,
    make_pinned,
    revoke,
    whole_run,
)


class FailingStore(MemoryStore):
    """A store whose commits after the first ``good`` ones fail with an error of choice."""

    def __init__(self, error: Exception, good: int = 1) -> None:
        super().__init__(RUN)
        self.error = error
        self.good = good
        self.tries = 0
        self.closed = False

    def append(self, lines: Sequence[bytes]) -> None:
        self.tries += 1
        if self.tries > self.good:
            raise self.error
        super().append(lines)

    def append_last(self, lines: Sequence[bytes]) -> None:
        MemoryStore.append(self, lines)

    def close(self) -> None:
        self.closed = True


def writer(store: MemoryStore | None = None) -> JournalWriter:
    return JournalWriter.create(store or MemoryStore(RUN), TickingClock(), make_pinned())


def test_a_new_journal_has_its_pin_on_disk_at_once() -> None:
    store = MemoryStore(RUN)
    journal = writer(store)
    assert store.commits == 1
    assert journal.state.run == RUN
    assert journal.head == digest(store.lines[0])


def test_appending_folds_at_once_and_writes_later() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        entry = journal.append(began("readiness"))
        assert (entry.seq, entry.prev) == (2, digest(store.lines[0]))
        assert journal.state.steps["readiness"].started_at == entry.at
        assert len(store.lines) == 1
        await journal.durable()
        assert decode(2, store.lines[1]) == entry
        assert journal.head == digest(store.lines[1])

    run_virtually(run())


def test_what_was_written_is_a_whole_journal_with_the_same_state() -> None:
    store = MemoryStore(RUN)

    async def run() -> JournalWriter:
        journal = writer(store)
        for event in whole_run()[1:]:
            journal.append(event)
            await journal.durable()
        return journal

    journal = run_virtually(run())
    again = replay(store)
    assert again.head == journal.head
    assert again.state.steps == journal.state.steps
    assert again.state.attempts == journal.state.attempts
    assert again.state.status is RunStatus.COMPLETED


def test_durable_returns_at_once_when_nothing_waits() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        waiting = journal.durable()
        with pytest.raises(StopIteration):  # never suspended
            waiting.send(None)

    run_virtually(run())
    assert store.commits == 1


def test_entries_of_one_turn_are_one_commit() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        for event in whole_run()[1:]:
            journal.append(event)
        await journal.durable()

    run_virtually(run())
    assert store.commits == 2
    assert len(store.lines) == len(whole_run())


def test_a_thousand_tasks_that_wait_together_share_one_commit() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))

        async def act(n: int) -> None:
            journal.append(intended("readiness", n, revoke(n)))
            await journal.durable()

        await asyncio.gather(*(act(n) for n in range(1, 1001)))

    run_virtually(run())
    assert store.commits == 2
    assert len(store.lines) == 1002


def test_an_outcome_shares_its_commit_with_the_intents_it_enables() -> None:
    """A chain costs one commit a step: task ends, waiting task wakes, next task observes, intends, waits."""
    store = MemoryStore(RUN)

    async def step(journal: JournalWriter, name: str, n: int) -> None:
        journal.append(began(name))
        await asyncio.sleep(0)
        journal.append(intended(name, n, revoke(n)))
        await journal.durable()
        journal.append(applied(n))
        journal.append(done(name))

    async def run() -> None:
        journal = writer(store)
        for n, name in enumerate(("readiness", "revoke-source", "grant-target"), start=1):
            await asyncio.create_task(step(journal, name, n))
        await journal.durable()

    run_virtually(run())
    assert len(store.lines) == 1 + 3 * 4
    assert store.commits == 1 + 3 + 1


def test_a_commit_is_not_put_off_for_ever_by_a_busy_loop() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        for n in range(1, 9):
            await asyncio.sleep(0)
            journal.append(intended("readiness", n, revoke(n)))
        assert store.commits > 1

    run_virtually(run())


def test_a_cancelled_waiter_takes_nobody_with_it() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        one, other = (asyncio.create_task(journal.durable()) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await other
        assert one.cancelled()

    run_virtually(run())
    assert len(store.lines) == 2


def test_closing_writes_what_waits_and_wakes_who_waits() -> None:
    store = MemoryStore(RUN)

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        waiter = asyncio.create_task(journal.durable())
        await asyncio.sleep(0)
        journal.close()
        assert len(store.lines) == 2
        await waiter
        with pytest.raises(JournalLostError, match="closed"):
            journal.append(done("readiness"))

    run_virtually(run())


def test_without_a_loop_entries_wait_for_flush() -> None:
    store = MemoryStore(RUN)
    journal = writer(store)
    journal.append(began("readiness"))
    assert len(store.lines) == 1
    journal.flush()
    assert len(store.lines) == 2


def test_observers_see_each_entry_with_the_state_that_has_it() -> None:
    seen: list[tuple[int, int]] = []

    def observer(entry: Entry, state: RunState) -> None:
        seen.append((entry.seq, state.seq))

    journal = JournalWriter.create(MemoryStore(RUN), TickingClock(), make_pinned(), [observer, observer])
    journal.append(began("readiness"))
    assert seen == [(1, 1), (1, 1), (2, 2), (2, 2)]


@pytest.mark.parametrize("events", range(1, len(whole_run())))
def test_a_reopened_journal_goes_on_where_it_stopped(events: int) -> None:
    store = MemoryStore(RUN, make_lines(whole_run()[:events]))
    journal = JournalWriter.reopen(store, TickingClock())
    for event in whole_run()[events:]:
        journal.append(event)
    journal.close()
    assert replay(store).state.status is RunStatus.COMPLETED
    assert replay(store).head == journal.head


def test_reopening_appends_nothing_by_itself() -> None:
    store = MemoryStore(RUN, make_lines(whole_run()))
    JournalWriter.reopen(store, TickingClock()).close()
    assert store.lines == make_lines(whole_run())


def test_a_damaged_journal_cannot_be_reopened() -> None:
    lines = make_lines(whole_run())
    with pytest.raises(DamagedJournalError) as caught:
        JournalWriter.reopen(MemoryStore(RUN, [*lines[:3], *lines[4:]]), TickingClock())
    assert caught.value.damage is Damage.GAP


def test_a_move_that_the_table_does_not_have_is_not_recorded() -> None:
    store = MemoryStore(RUN)
    journal = writer(store)
    head = journal.head
    for event, error in ((done("readiness"), IllegalMoveError), (began("teleport"), BrokenStoryError)):
        with pytest.raises(error):
            journal.append(event)
    with pytest.raises(UnwritableEventError):
        journal.append(StepStarted(step=None))  # type: ignore[arg-type]
    assert journal.head == head
    journal.append(began("readiness"))
    journal.flush()
    assert replay(store).state.seq == 2


def test_after_an_error_everything_raises_and_nothing_is_tried_again() -> None:
    store = FailingStore(JournalLostError("disk on fire"))

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        waiters = [asyncio.create_task(journal.durable()) for _ in range(3)]
        told = await asyncio.gather(*waiters, return_exceptions=True)
        assert [str(error) for error in told] == ["disk on fire"] * 3
        assert all(isinstance(error, JournalLostError) for error in told)
        for _ in range(2):
            with pytest.raises(JournalLostError, match="disk on fire"):
                journal.append(done("readiness"))
            with pytest.raises(JournalLostError, match="disk on fire"):
                await journal.durable()
            with pytest.raises(JournalLostError, match="disk on fire"):
                journal.flush()
        with pytest.raises(JournalLostError, match="disk on fire"):
            journal.last_word(RunEnded(status=RunStatus.HELD, because="lost"))
        with pytest.raises(JournalLostError):
            journal.close()

    run_virtually(run())
    assert store.tries == 2
    assert store.closed
    assert len(store.lines) == 1


def test_an_error_nobody_waited_for_is_told_at_the_next_call() -> None:
    store = FailingStore(JournalLostError("disk on fire"))

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        await asyncio.sleep(1)
        with pytest.raises(JournalLostError, match="disk on fire"):
            await journal.durable()

    run_virtually(run())


def test_even_a_defect_in_the_store_stops_the_writer_and_wakes_who_waits() -> None:
    store = FailingStore(ZeroDivisionError("our bug"))

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        journal = writer(store)
        journal.append(began("readiness"))
        with pytest.raises(JournalLostError, match="cut short"):
            await journal.durable()
        with pytest.raises(JournalLostError, match="cut short"):
            journal.append(done("readiness"))

    run_virtually(run())
    assert store.tries == 2


def test_a_journal_that_cannot_even_begin_says_so() -> None:
    with pytest.raises(JournalLostError, match="disk on fire"):
        writer(FailingStore(JournalLostError("disk on fire"), good=0))


def test_on_a_full_disk_the_last_word_brings_along_what_waited_and_keeps_the_chain_whole() -> None:
    store = FailingStore(JournalFullError("no space left"))

    async def run() -> None:
        journal = writer(store)
        journal.append(began("readiness"))
        journal.append(intended("readiness", 1, revoke()))
        with pytest.raises(JournalLostError, match="no space left"):
            await journal.durable()
        with pytest.raises(JournalLostError, match="no space left"):
            journal.append(applied(1))
        journal.last_word(RunEnded(status=RunStatus.HELD, because="the disk is full"))
        journal.close()

    run_virtually(run())
    found = replay(store).state
    assert (found.status, found.because, found.seq) == (RunStatus.HELD, "the disk is full", 4)
    assert [attempt.n for attempt in found.open_attempts("readiness")] == [1]


def test_there_is_only_one_last_word() -> None:
    journal = writer(FailingStore(JournalFullError("no space left")))
    journal.append(began("readiness"))
    with pytest.raises(JournalLostError):
        journal.flush()
    journal.last_word(RunEnded(status=RunStatus.HELD, because=""))
    for _ in range(2):
        with pytest.raises(JournalLostError, match="last word is said"):
            journal.last_word(RunEnded(status=RunStatus.HELD, because=""))
    with pytest.raises(JournalLostError, match="last word is said"):
        journal.append(began("readiness"))


def test_a_healthy_journal_takes_no_last_word() -> None:
    journal = writer()
    with pytest.raises(JournalLostError, match="still takes entries"):
        journal.last_word(RunEnded(status=RunStatus.HELD, because=""))
    journal.append(began("readiness"))
