"""Signed checkpoints: where a journal is sealed, and that no rewriting of it passes for the original."""

import pytest
from msgspec.structs import replace

from avd_failover.domain.states import RunStatus
from avd_failover.journal.codec import digest
from avd_failover.journal.events import (
    ActionIntended,
    Event,
    Holder,
    JournalSealed,
    RunEnded,
    RunPinned,
    RunResumed,
    StepEnded,
)
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.seals import sealed
from avd_failover.journal.store import Damage, DamagedJournalError
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, make_lines, make_pinned, whole_run
from tests.journal.signing import Still, check, entries_of, renamed, rewritten, signed_lines, signer, written


def seals_of(lines: list[bytes]) -> list[JournalSealed]:
    return [entry.event for entry in entries_of(lines) if isinstance(entry.event, JournalSealed)]


def broken(lines: list[bytes]) -> DamagedJournalError:
    with pytest.raises(DamagedJournalError) as caught:
        JournalWriter.reopen(MemoryStore(RUN, lines), Still())
    assert caught.value.damage is Damage.BROKEN_SEAL
    return caught.value


def test_a_run_is_sealed_where_its_phases_begin_and_end() -> None:
    events = [entry.event for entry in entries_of(signed_lines())]
    places = [at for at, event in enumerate(events) if isinstance(event, JournalSealed)]
    assert isinstance(events[places[0] - 1], RunPinned)
    assert isinstance(events[places[1] + 1], ActionIntended)  # right before the first revoke
    granted = events[places[2] - 1]
    assert isinstance(granted, StepEnded)
    assert granted.step == "grant-target"
    assert isinstance(events[places[3] - 1], RunEnded)
    assert len(places) == 4


def test_every_seal_names_the_entry_before_it_and_holds() -> None:
    lines = signed_lines()
    found = check(lines)
    assert [one.fault for one in found.checkpoints] == [""] * 4
    assert found.pinned == signer().public
    assert found.vouched == len(lines) - 1
    assert not found.missing
    for seal in seals_of(lines):
        assert seal.head == digest(lines[seal.seq - 1])


def test_a_journal_without_a_signer_is_as_it_always_was() -> None:
    lines = written(whole_run(), None)
    assert not seals_of(lines)
    assert check(lines).unsigned
    check(lines).refuse()
    assert len(lines) == len(make_lines(whole_run()))


def test_equal_runs_signed_with_one_key_are_equal_byte_for_byte() -> None:
    assert signed_lines() == signed_lines()
    assert signed_lines(signer(1)) != signed_lines(signer(2))


def test_the_seal_of_the_first_entry_shares_its_transaction() -> None:
    store = MemoryStore(RUN)
    JournalWriter.create(store, Still(), make_pinned(), signer=signer())
    assert (store.commits, len(store.lines)) == (1, 2)


def test_the_seal_before_the_first_revoke_shares_the_transaction_of_its_intent() -> None:
    store = MemoryStore(RUN)
    events = whole_run()
    journal = JournalWriter.create(store, Still(), make_pinned(), signer=signer())
    for event in events[1:5]:
        journal.append(event)
    assert store.commits == 1
    journal.flush()
    assert store.commits == 2
    assert isinstance(entries_of(store.lines)[-2].event, JournalSealed)


def test_observers_are_told_of_seals_in_their_place() -> None:
    told: list[int] = []
    journal = JournalWriter.create(
        MemoryStore(RUN), Still(), make_pinned(), [lambda entry, _: told.append(entry.seq)], signer()
    )
    for event in whole_run()[1:]:
        journal.append(event)
    assert told == list(range(1, journal.state.seq + 1))


def test_a_resumed_run_is_sealed_again_and_its_first_revoke_only_once() -> None:
    store = MemoryStore(RUN, signed_lines()[:8])
    journal = JournalWriter.reopen(store, Still(), signer=signer())
    journal.append(RunResumed(holder=Holder(host="other", pid=1), engine="0.1.0"))
    journal.append(RunEnded(status=RunStatus.HELD, because="a person must look"))
    journal.close()
    found = check(store.lines)
    found.refuse()
    assert [one.seq for one in found.checkpoints][-2:] == [len(store.lines) - 3, len(store.lines) - 1]


def test_a_last_word_on_a_full_disk_is_sealed_too() -> None:
    class Full(MemoryStore):
        full = False

        def append(self, lines):
            from avd_failover.journal.store import JournalFullError

            if self.full:
                raise JournalFullError("no space")
            super().append(lines)

        def append_last(self, lines):
            super().append(lines)

    store = Full(RUN)
    journal = JournalWriter.create(store, Still(), make_pinned(), signer=signer())
    store.full = True
    journal.append(whole_run()[1])
    with pytest.raises(Exception, match="no space"):
        journal.flush()
    journal.last_word(RunEnded(status=RunStatus.HELD, because="the disk is full"))
    check(store.lines).refuse()
    assert check(store.lines).vouched == len(store.lines) - 1


def swapped(lines: list[bytes]) -> list[bytes]:
    """Exchange the first two seals of a journal."""

    def swap(events: list[Event]) -> list[Event]:
        first, second = [at for at, event in enumerate(events) if isinstance(event, JournalSealed)][:2]
        events[first], events[second] = events[second], events[first]
        return events

    return rewritten(lines, swap)


def edited_late(events: list[Event]) -> list[Event]:
    return [
        replace(event, because="forged")
        if isinstance(event, StepEnded) and event.step == "readiness"
        else event
        for event in events
    ]


def without_seals(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, JournalSealed)]


def without_first_seal(events: list[Event]) -> list[Event]:
    return [event for at, event in enumerate(events) if at != 1]


def without_last_seal(events: list[Event]) -> list[Event]:
    return events[:-1]


def ended_by_hand(events: list[Event]) -> list[Event]:
    """Cut the run off after its first revoke and let it be completed."""
    return [*events[:8], RunEnded(status=RunStatus.COMPLETED, because="every step ended")]


def bad_signature(events: list[Event]) -> list[Event]:
    return [
        replace(event, signature="00" * 64) if isinstance(event, JournalSealed) else event for event in events
    ]


FORGERIES = {
    "the first entry edited": (renamed, 2),
    "a verdict edited": (edited_late, 6),
    "every seal taken out": (without_seals, 1),
    "the first seal taken out": (without_first_seal, 1),
    "the last seal taken out": (without_last_seal, 15),
    "an end put behind a cut": (ended_by_hand, 9),
    "signatures of nobody": (bad_signature, 2),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_journal_rewritten_with_a_recomputed_chain_is_refused(forgery: str) -> None:
    rewrite, at = FORGERIES[forgery]
    assert broken(rewritten(signed_lines(), rewrite)).seq == at


def test_seals_of_other_places_of_the_same_journal_are_refused() -> None:
    assert broken(swapped(signed_lines())).seq == 2


def test_a_seal_of_another_run_is_refused() -> None:
    lines = signed_lines()
    head = digest(lines[0])

    def splice(events: list[Event]) -> list[Event]:
        return [events[0], sealed(signer(), "another-run", 1, head), *events[2:]]

    assert broken(rewritten(lines, splice)).seq == 2


def test_a_journal_rewritten_with_a_key_of_ones_own_shows_that_key() -> None:
    """It is whole in itself; the public key kept elsewhere is what tells."""
    forged = written(renamed(whole_run()), signer(9))
    found = check(forged)
    found.refuse()
    assert found.untrusted({signer().public}) == tuple(found.checkpoints)
    assert not found.untrusted({signer(9).public})


def test_seals_by_a_second_key_are_told_apart_from_those_of_the_first() -> None:
    store = MemoryStore(RUN, signed_lines()[:8])
    journal = JournalWriter.reopen(store, Still(), signer=signer(2))
    journal.append(RunResumed(holder=Holder(host="other", pid=1), engine="0.1.0"))
    journal.close()
    found = check(store.lines)
    found.refuse()
    assert [one.at for one in found.untrusted({signer(1).public})] == [10]


def test_a_journal_cut_off_behind_a_seal_is_whole_and_says_up_to_where_it_is_vouched_for() -> None:
    lines = signed_lines()
    for end in range(2, len(lines) + 1):
        found = check(lines[:end])
        if isinstance(entries_of(lines)[end - 1].event, JournalSealed):
            found.refuse()
            assert found.vouched == end - 1


def test_a_journal_begun_unsigned_may_be_signed_from_a_resume_on() -> None:
    store = MemoryStore(RUN, make_lines(whole_run()[:3]))
    journal = JournalWriter.reopen(store, Still(), signer=signer())
    journal.append(RunResumed(holder=Holder(host="other", pid=1), engine="0.1.0"))
    for event in whole_run()[3:]:
        journal.append(event)
    journal.close()
    found = check(store.lines)
    found.refuse()
    assert not found.pinned
    assert not found.unsigned
    assert found.vouched == len(store.lines) - 1
