"""What happened in a world, in order: the only evidence the audit needs.

Same scenario, same seed and same requests give the same history, byte for byte (``History.dump``).
"""

import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from avd_failover.simulator.records import Record

Fields = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One mutation: who did what to which record, and what it was before and after.

    ``before`` and ``after`` hold whole records when one appears or vanishes, and otherwise only the fields
    that changed. ``actor`` is ``kind:name``; kinds: engine, admin, user, autoscale, azure, scenario.
    """

    at_s: float
    sequence: int
    actor: str
    verb: str
    kind: type[Record]
    target: str
    before: Record | None
    after: Record | None

    @property
    def actor_kind(self) -> str:
        """The actor without its name."""
        return self.actor.split(":", 1)[0]

    def as_line(self) -> Fields:
        """Return the change as JSON would hold it, reduced to what differs."""
        before, after = _difference(self.before, self.after)
        return {
            "at_s": round(self.at_s, 6),
            "sequence": self.sequence,
            "actor": self.actor,
            "verb": self.verb,
            "kind": self.kind.__name__,
            "target": self.target,
            "before": before,
            "after": after,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An actor was shown assignments it had not seen in this state: pairs of key and revision."""

    at_s: float
    sequence: int
    actor: str
    assignments: tuple[tuple[str, int], ...]

    def as_line(self) -> Fields:
        """Return the reading as JSON would hold it."""
        return {
            "at_s": round(self.at_s, 6),
            "sequence": self.sequence,
            "actor": self.actor,
            "verb": "shown",
            "assignments": [list(pair) for pair in self.assignments],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """An actor read a list whole, or one thing by its id: ``seen`` counts what was there.

    Of the sessions of a pool, ``what`` is ``sessions``; of an assignment by id, ``assignment``. Of the
    assignments at a scope it is ``assignments``, and ``seen`` is 1: what they showed lags behind.
    """

    at_s: float
    sequence: int
    actor: str
    what: str
    target: str
    seen: int

    def as_line(self) -> Fields:
        """Return the look as JSON would hold it."""
        return {
            "at_s": round(self.at_s, 6),
            "sequence": self.sequence,
            "actor": self.actor,
            "verb": "looked",
            "what": self.what,
            "target": self.target,
            "seen": self.seen,
        }


Entry = Change | Shown | Looked


class History:
    """An append-only list of changes and readings, numbered together."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._seen: dict[tuple[str, str], int] = {}

    @property
    def next_sequence(self) -> int:
        """The number that the next entry will carry."""
        return len(self.entries)

    def changes(self) -> list[Change]:
        """Return the changes alone, in order."""
        return [entry for entry in self.entries if isinstance(entry, Change)]

    def append(self, entry: Change) -> None:
        """Add a change; its sequence must be ``next_sequence``."""
        self.entries.append(entry)

    def look(self, at_s: float, actor: str, what: str, target: str, seen: int) -> None:
        """Note that an actor looked, and how much there was."""
        self.entries.append(
            Looked(at_s=at_s, sequence=self.next_sequence, actor=actor, what=what, target=target, seen=seen)
        )

    def shown(self) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
        """Return who was shown which assignments, in order."""
        return [(entry.actor, entry.assignments) for entry in self.entries if isinstance(entry, Shown)]

    def show(self, at_s: float, actor: str, assignments: list[tuple[str, int]]) -> None:
        """Note what an actor was shown; what it has seen in this very state already adds nothing."""
        news = tuple(pair for pair in assignments if self._seen.get((actor, pair[0])) != pair[1])
        if not news:
            return
        self._seen.update({(actor, target): revision for target, revision in news})
        self.entries.append(Shown(at_s=at_s, sequence=self.next_sequence, actor=actor, assignments=news))

    def dump(self) -> str:
        """Return the whole history as JSON lines."""
        return "".join(
            json.dumps(entry.as_line(), sort_keys=True, separators=(",", ":")) + "\n"
            for entry in self.entries
        )


def plain(value: Any) -> Any:  # noqa: ANN401 - any field of any record
    """Turn a record or a field of one into JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def _difference(before: Record | None, after: Record | None) -> tuple[Fields | None, Fields | None]:
    if before is None or after is None:
        return plain(before), plain(after)
    changed = [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]
    return ({n: plain(getattr(before, n)) for n in changed}, {n: plain(getattr(after, n)) for n in changed})
