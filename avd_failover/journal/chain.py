"""Reading a journal back: every link checked, then folded.

What this guarantees: each line is the one that was written, in its place, in this run, and the lines tell a
possible story. What it does not: that nothing was cut off at the end, or that the whole was not rewritten.
Against the latter stand the signed checkpoints of ``seals``, against the former the head's hash, which leases
remember, reports print, and a second place can keep.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from avd_failover.domain.states import IllegalMoveError
from avd_failover.journal.codec import GENESIS, decode, digest, refuse_newer
from avd_failover.journal.events import Entry, RunPinned
from avd_failover.journal.state import BrokenStoryError, RunState
from avd_failover.journal.store import Damage, DamagedJournalError, ForkedJournalError, Store


@dataclass(frozen=True, slots=True)
class Replay:
    """A whole journal, verified: what it adds up to, and the hash of its last line."""

    state: RunState
    head: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a run's journal: an entry's number and the hash of its line."""

    seq: int
    head: str


def forked(a: Mark, b: Mark) -> bool:
    """Tell whether two marks of one run's journal cannot be of the same one (safety S19)."""
    return a.seq == b.seq and a.head != b.head


def links(store: Store) -> Iterator[tuple[Entry, str]]:
    """Yield every entry with the hash of its line, each checked against its predecessor (safety J3, J5).

    Raises:
        DamagedJournalError: At the first break.
        ForeignJournalError: A newer engine wrote the journal.
    """
    prev = GENESIS
    for seq, line in enumerate(store.read(), start=1):
        if seq == 1:
            refuse_newer(line)
        entry = decode(seq, line)
        _check_link(seq, entry, prev)
        _check_run(seq, entry, store.run)
        prev = digest(line)
        yield entry, prev


def replay(store: Store, watch: Callable[[Entry], None] | None = None, known: Mark | None = None) -> Replay:
    """Verify a whole journal and fold it. Pure apart from the reading: equal lines, equal state (J12).

    ``watch`` is told of every entry once it is part of the state. ``known`` is a mark that was durable once:
    a journal that does not have it is another one, or was cut off (S19), unless it says itself that a person
    chose it over the one with that mark.

    Raises:
        DamagedJournalError: At the first break, a contradiction between the events included.
        ForeignJournalError: A newer engine wrote the journal.
        ForkedJournalError: It does not have the known mark.
    """
    stream = links(store)
    first, head = next(stream, (None, GENESIS))
    if first is None:
        raise DamagedJournalError(0, Damage.EMPTY, "begun, but nothing is recorded")
    if not isinstance(first.event, RunPinned):
        raise DamagedJournalError(1, Damage.CONTRADICTION, "does not begin with run.pinned")
    state = RunState(first.event, first.at)
    met = head if known is not None and known.seq == 1 else ""
    if watch:
        watch(first)
    for entry, link in stream:
        _apply(state, entry)
        head = link
        met = head if known is not None and known.seq == entry.seq else met
        if watch:
            watch(entry)
    if known is not None and (known.seq, known.head) not in state.chosen_over:
        _check_mark(known, met)
    return Replay(state, head)


def _apply(state: RunState, entry: Entry) -> None:
    try:
        state.apply(entry)
    except (BrokenStoryError, IllegalMoveError) as error:
        raise DamagedJournalError(entry.seq, Damage.CONTRADICTION, str(error)) from error


def _check_link(seq: int, entry: Entry, prev: str) -> None:
    if entry.seq != seq:
        raise DamagedJournalError(seq, Damage.GAP, f"numbered {entry.seq} where {seq} belongs")
    if entry.prev != prev:
        raise DamagedJournalError(seq, Damage.BROKEN_CHAIN, "does not carry the hash of the entry before it")


def _check_mark(known: Mark, met: str) -> None:
    """Hold the hash met in the known place against the known one; empty for a place never reached."""
    if not met:
        raise ForkedJournalError(known.seq, f"entry {known.seq} was written once and is not there")
    if forked(Mark(known.seq, met), known):
        raise ForkedJournalError(
            known.seq, f"entry {known.seq} is not the one that was written when the run was last driven here"
        )


def _check_run(seq: int, entry: Entry, run: str) -> None:
    if isinstance(entry.event, RunPinned) and entry.event.run != run:
        raise DamagedJournalError(seq, Damage.WRONG_RUN, f"belongs to {entry.event.run}, not to {run}")
