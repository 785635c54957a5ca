"""Signed journals for tests: fixed keys, and journals rewritten by somebody who has none of them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from avd_failover.journal.codec import GENESIS, decode, digest, encode
from avd_failover.journal.events import Entry, Event, RunPinned
from avd_failover.journal.keys import Signer
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.seals import SealCheck, check_seals
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, T0, whole_run

Rewrite = Callable[[list[Event]], Iterable[Event]]


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return T0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None


def signer(n: int = 1) -> Signer:
    """Return the n-th key, always the same."""
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32))


def written(events: Sequence[Event], by: Signer | None) -> list[bytes]:
    """Return the lines that the writer writes of a run."""
    first, *rest = events
    assert isinstance(first, RunPinned)
    store = MemoryStore(first.run)
    journal = JournalWriter.create(store, Still(), first, signer=by)
    for event in rest:
        journal.append(event)
    journal.close()
    return store.lines


def signed_lines(by: Signer | None = None) -> list[bytes]:
    """Return the journal of a whole run, signed."""
    return written(whole_run(RUN), by or signer())


def entries_of(lines: Iterable[bytes]) -> list[Entry]:
    return [decode(seq, line) for seq, line in enumerate(lines, start=1)]


def check(lines: Iterable[bytes]) -> SealCheck:
    return check_seals(entries_of(lines))


def rewritten(lines: Iterable[bytes], rewrite: Rewrite) -> list[bytes]:
    """Change the events of a journal, and number and chain them anew: every link holds afterwards."""
    found, prev = [], GENESIS
    for seq, event in enumerate(rewrite([entry.event for entry in entries_of(lines)]), start=1):
        line = encode(Entry(seq=seq, at=T0, prev=prev, event=event))
        found.append(line)
        prev = digest(line)
    return found


def renamed(events: list[Event]) -> list[Event]:
    """Let somebody else have begun the run."""
    first = events[0]
    assert isinstance(first, RunPinned)
    return [replace(first, initiator="mallory"), *events[1:]]
