"""Two journals of one run: whichever is not the one that was driven here is refused (safety S19)."""

import pytest

from avd_failover.journal.chain import Mark, forked, replay
from avd_failover.journal.codec import digest
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import ForkedJournalError
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, TickingClock, began, make_lines, make_pinned, whole_run

LINES = make_lines(whole_run())


def store_of(lines: list[bytes]) -> MemoryStore:
    store = MemoryStore(RUN)
    store.append(lines)
    return store


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        (Mark(3, "x"), Mark(3, "y"), True),
        (Mark(3, "x"), Mark(3, "x"), False),
        (Mark(3, "x"), Mark(4, "y"), False),
    ],
)
def test_a_fork_is_one_number_with_two_hashes(a: Mark, b: Mark, *, apart: bool) -> None:
    assert forked(a, b) is apart
    assert forked(b, a) is apart


@pytest.mark.parametrize("seq", [1, 2, 5, len(LINES)])
def test_a_journal_that_went_on_from_the_known_line_is_accepted(seq: int) -> None:
    known = Mark(seq, digest(LINES[seq - 1]))
    assert replay(store_of(list(LINES)), known=known).state.seq == len(LINES)


@pytest.mark.parametrize("seq", [1, 2, 5, len(LINES)])
def test_a_journal_with_another_line_in_the_known_place_is_refused(seq: int) -> None:
    with pytest.raises(ForkedJournalError, match=f"entry {seq} is not the one") as caught:
        replay(store_of(list(LINES)), known=Mark(seq, "0" * 64))
    assert caught.value.seq == seq


def test_a_journal_that_was_cut_off_before_the_known_line_is_refused() -> None:
    known = Mark(len(LINES), digest(LINES[-1]))
    with pytest.raises(ForkedJournalError, match=f"entry {len(LINES)} was written once and is not there"):
        JournalWriter.reopen(store_of(list(LINES[:5])), TickingClock(), known=known)


def test_two_journals_that_went_apart_refuse_each_others_mark() -> None:
    common = store_of(list(LINES[:1]))
    ours = JournalWriter.reopen(common, TickingClock())
    ours.append(began("readiness"))
    ours.flush()
    theirs = store_of(list(LINES[:2]))
    assert ours.durable_mark.seq == 2
    with pytest.raises(ForkedJournalError):
        JournalWriter.reopen(theirs, TickingClock(), known=ours.durable_mark)
    assert JournalWriter.reopen(common, TickingClock(), known=ours.durable_mark).durable_mark.seq == 2


def test_the_durable_mark_is_behind_what_is_only_appended() -> None:
    store = MemoryStore(RUN)
    journal = JournalWriter.create(store, TickingClock(), make_pinned())
    assert journal.durable_mark == Mark(1, digest(store.lines[0]))
    journal.append(began("readiness"))
    assert journal.durable_mark.seq == 1
    journal.flush()
    assert journal.durable_mark == Mark(2, digest(store.lines[1]))
    assert journal.durable_mark.head == journal.head
