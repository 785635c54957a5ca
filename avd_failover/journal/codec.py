"""An entry and its line: canonical JSON, one line each, chained by SHA-256.

A line holds ``seq``, ``at``, ``prev`` and ``event`` in that order, mappings sorted by key, no spaces and no
line feed. ``prev`` is the SHA-256 of the whole previous line, ``GENESIS`` for the first. What a reader does
not know it refuses by name; fields that a later version added with a default are filled in (safety J9).
"""

import hashlib
from typing import get_args

from msgspec import DecodeError, MsgspecError, Struct
from msgspec.json import Decoder, Encoder

from avd_failover.journal.events import SCHEMA, Entry, Event
from avd_failover.journal.store import Damage, DamagedJournalError, ForeignJournalError

GENESIS = "0" * 64
"""What the first line names as its predecessor."""


class UnwritableEventError(ValueError):
    """An event that could not be read back as it is, such as one with a NaN: a defect of its author."""


class _Kind(Struct):
    """As much of an event as tells whether the rest can be understood."""

    type: str = ""
    schema: int = 0
    engine: str = ""


class _Glance(Struct):
    event: _Kind


_encoder = Encoder(order="deterministic")
_decoder = Decoder(Entry)
_glance = Decoder(_Glance)


def encode(entry: Entry) -> bytes:
    """Return the entry's line, without a line feed: equal entries give equal bytes."""
    return _encoder.encode(entry)


def seal(entry: Entry) -> tuple[bytes, Entry]:
    """Return the entry's line, and the entry as every later reader of that line will see it.

    Raises:
        UnwritableEventError: A reader would see something else, or nothing. Found here, before the line
            is part of a chain, it costs one event; found on resume it would cost the run.
    """
    try:
        line = _encoder.encode(entry)
        as_read = _decoder.decode(line)
    except (MsgspecError, TypeError, ValueError) as error:
        raise UnwritableEventError(f"{type(entry.event).__name__} cannot be recorded: {error}") from error
    if as_read != entry:
        raise UnwritableEventError(f"{type(entry.event).__name__} would not be read back as it is")
    return line, as_read


def decode(seq: int, line: bytes) -> Entry:
    """Return the entry that a line says; ``seq`` is where the line stands, for the message.

    Raises:
        DamagedJournalError: Not an entry, or one of a kind that this engine does not know.
    """
    try:
        return _decoder.decode(line)
    except (DecodeError, UnicodeDecodeError) as error:
        raise _why(seq, line, error) from error


def digest(line: bytes) -> str:
    """Return the SHA-256 of a line, as the next one carries it."""
    return hashlib.sha256(line).hexdigest()


def refuse_newer(line: bytes) -> None:
    """Look at a journal's first line and refuse one that a newer engine wrote; pass over anything else.

    Raises:
        ForeignJournalError: The pinned schema is above ``SCHEMA``; the message names the engine to use.
    """
    try:
        event = _glance.decode(line).event
    except (DecodeError, UnicodeDecodeError):
        return
    if event.schema > SCHEMA:
        raise ForeignJournalError(
            event.schema,
            f"written in schema {event.schema} by engine {event.engine or '(not named)'};"
            f" this engine knows schemas up to {SCHEMA}: use that engine or a later one",
        )


EVENT_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))
"""The ``type`` of every event that this engine knows."""


def _why(seq: int, line: bytes, error: Exception) -> DamagedJournalError:
    try:
        found = _glance.decode(line).event.type
    except (DecodeError, UnicodeDecodeError):
        return DamagedJournalError(seq, Damage.UNREADABLE, f"not an entry: {error}")
    if found not in EVENT_TYPES:
        return DamagedJournalError(seq, Damage.UNKNOWN_EVENT, f"{found!r} is no event that this engine knows")
    return DamagedJournalError(seq, Damage.UNREADABLE, f"not a valid {found}: {error}")
