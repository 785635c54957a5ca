"""Two journals of one run, and a person who decided which of them is the right one (safety S19)."""

import pytest

from avd_failover.journal.chain import Mark, replay
from avd_failover.journal.codec import digest
from avd_failover.journal.events import JournalChosen, RunResumed
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.seals import check_seals
from avd_failover.journal.store import DamagedJournalError, ForkedJournalError
from avd_failover.journal.writer import JournalWriter
from avd_failover.report.tale import tale
from tests.journal.builders import RUN, TickingClock, make_pinned, whole_run
from tests.journal.signing import Still, entries_of, rewritten, signer, written

BEGUN = whole_run()[:6]
HERE = written(BEGUN, signer())
AWAY = Mark(len(HERE) + 3, "0" * 64)
"""A line that the lease remembers, of a journal that went on elsewhere."""


def chosen(over: Mark = AWAY) -> JournalChosen:
    head = digest(HERE[-1])
    return JournalChosen(
        by="ann", reason="the other disk is dead", head=head, other_seq=over.seq, other_head=over.head
    )


def store_of(lines: list[bytes]) -> MemoryStore:
    store = MemoryStore(RUN)
    store.append(lines)
    return store


def decided(over: Mark = AWAY) -> MemoryStore:
    store = store_of(list(HERE))
    journal = JournalWriter.reopen(store, Still(), signer=signer())
    journal.append(chosen(over))
    journal.close()
    return store


@pytest.mark.parametrize("seq", [1, 3, len(HERE), AWAY.seq])
def test_a_journal_that_was_chosen_is_driven_although_the_lease_remembers_another(seq: int) -> None:
    over = Mark(seq, "0" * 64)
    with pytest.raises(ForkedJournalError):
        replay(store_of(list(HERE)), known=over)
    assert replay(decided(over), known=over).state.run == RUN


@pytest.mark.parametrize(
    "other", [Mark(AWAY.seq, "1" * 64), Mark(3, "0" * 64), Mark(AWAY.seq + 40, "0" * 64)], ids=str
)
def test_a_choice_over_one_journal_is_none_over_another(other: Mark) -> None:
    with pytest.raises(ForkedJournalError):
        replay(decided(), known=other)


def test_the_other_journal_is_refused_as_before() -> None:
    """Once the chosen one is driven, the lease remembers a line of it, which the other does not have."""
    mark = JournalWriter.reopen(decided(), TickingClock()).durable_mark
    with pytest.raises(ForkedJournalError):
        replay(store_of(written(whole_run(), signer())), known=mark)


def test_the_decision_is_sealed_where_it_stands() -> None:
    checked = check_seals(entries_of(decided().lines))
    checked.refuse()
    assert checked.vouched == len(HERE) + 1
    assert {one.key for one in checked.checkpoints} == {signer().public}


def test_a_decision_that_was_slipped_in_by_somebody_without_the_key_is_a_break() -> None:
    forged = rewritten(
        HERE, lambda events: [*events, chosen(), RunResumed(holder=make_pinned().holder, engine="0")]
    )
    with pytest.raises(DamagedJournalError, match="seal that belongs here"):
        JournalWriter.reopen(store_of(forged), TickingClock(), known=AWAY, signer=signer())


def test_the_decision_says_in_the_record_who_and_why_and_over_what() -> None:
    *_, told, _seal = tale(iter(entries_of(decided().lines)))
    assert f"chosen by ann over the journal whose entry {AWAY.seq} is 0000000000000000" in told
    assert told.endswith("the other disk is dead")


def test_a_decision_leaves_the_run_where_it_was() -> None:
    before, after = replay(store_of(list(HERE))).state, replay(decided()).state
    assert (before.status, before.steps.keys(), before.effects) == (
        after.status,
        after.steps.keys(),
        after.effects,
    )
    assert before.pinned == after.pinned
