"""The store seam: where the lines of one run's journal lie, and what can go wrong there.

    JournalError
    ├── JournalLostError      the store failed: stop sending at once, retry nothing (safety J6)
    │   └── JournalFullError  no space, and nothing of the batch was written; a last word fits the reserve
    ├── DamagedJournalError   what was read is no whole journal: refuse, nothing is sent (safety J5)
    ├── ForkedJournalError    another journal of the same run, or one that was cut off (safety S19)
    └── ForeignJournalError   written in a newer format than this engine knows (safety J9)

A store keeps bytes and their order. It does not know what they say: that is for ``chain`` and ``state``.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

from msgspec import Struct


class JournalError(Exception):
    """Something is wrong with a journal; the message says which one and what to do."""


class JournalLostError(JournalError):
    """Writing or opening failed. Whatever was not confirmed durable must be taken as not written."""


class JournalFullError(JournalLostError):
    """The disk is full. Nothing of the batch was written; ``Store.append_last`` may still be used, once."""


class Damage(Enum):
    """How a journal is damaged."""

    UNREADABLE = "unreadable"
    """No journal at all, or a line that is no entry."""
    EMPTY = "empty"
    """Begun, and nothing recorded: a crash before the first entry leaves this, or somebody wiped the file."""
    GAP = "gap"
    """A number lacks or stands in the wrong place."""
    BROKEN_CHAIN = "broken chain"
    """A line was changed, exchanged or put in: the hashes disagree."""
    UNKNOWN_EVENT = "unknown event"
    WRONG_RUN = "wrong run"
    """The journal of another run lies under this run's name."""
    BROKEN_SEAL = "broken seal"
    """A signed checkpoint does not hold or lacks: the journal was rewritten, hashes and all."""
    CONTRADICTION = "contradiction"
    """Every line is whole, but together they tell no possible story."""


class DamagedJournalError(JournalError):
    """The first break of a journal: ``seq`` is the entry where it shows, 0 for the file as a whole."""

    def __init__(self, seq: int, damage: Damage, detail: str) -> None:
        super().__init__(f"entry {seq}: {damage.value}: {detail}" if seq else f"{damage.value}: {detail}")
        self.seq = seq
        self.damage = damage
        self.detail = detail


class ForkedJournalError(JournalError):
    """The journal is whole and yet not the one that the run was driven with; ``seq`` is where that shows."""

    def __init__(self, seq: int, detail: str) -> None:
        super().__init__(f"{detail}: this is a copy that went another way, or an older one put back")
        self.seq = seq


class ForeignJournalError(JournalError):
    """The journal's format is newer than this engine; ``version`` is the one it was written in."""

    def __init__(self, version: int, message: str) -> None:
        super().__init__(message)
        self.version = version


class Request(Struct, frozen=True, kw_only=True):
    """One operator request: the second stream of a journal, to which anyone may append."""

    id: int
    at: datetime
    kind: str
    body: str


class Store(Protocol):
    """The lines of one run's journal, in order. One process writes; any number read."""

    @property
    def run(self) -> str:
        """Id of the run that this place is meant for."""
        ...

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines as one transaction: all of them are durable on return, or none was added.

        Raises:
            JournalFullError: No space; nothing was added.
            JournalLostError: Any other failure; whether the lines are there is not known.
        """
        ...

    def append_last(self, lines: Sequence[bytes]) -> None:
        """Add lines in the space kept back for this, after ``append`` said that the disk is full. Once.

        Raises:
            JournalLostError: Not even that was possible.
        """
        ...

    def read(self) -> Iterator[bytes]:
        """Yield every line, first one first, as of one moment.

        Raises:
            DamagedJournalError: The place does not hold what was once appended.
            JournalLostError: It cannot be read at the moment.
        """
        ...

    def close(self) -> None:
        """Let go of the place. Twice is harmless."""
        ...


class Requests(Protocol):
    """Operator requests to one run. Appending does not need the run's lease."""

    def append_request(self, at: datetime, kind: str, body: str) -> int:
        """Add a request, durable on return, and return its number.

        Raises:
            JournalLostError: It could not be recorded.
        """
        ...

    def requests_after(self, last: int) -> tuple[Request, ...]:
        """Return the requests numbered above ``last``, oldest first.

        Raises:
            JournalLostError: They cannot be read at the moment.
        """
        ...
