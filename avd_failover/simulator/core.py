"""The kernel of a world: records, a clock of its own, due events, seeded chance, and one way to change.

No I/O, no real time, no global randomness. ``write`` and ``erase`` are the two ends of ``_commit``, the only
place where a record changes; each change is an entry of ``history``.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from avd_failover.simulator.fates import Fate, no_fate
from avd_failover.simulator.history import Change, History
from avd_failover.simulator.physics import Between, Physics
from avd_failover.simulator.records import R, Record, Region, key
from avd_failover.simulator.refusals import ArmRefusal

Watcher = Callable[[Any, Any], None]
Action = Callable[[], None]
Plane = Literal["control", "compute"]
_NONE: Mapping[str, Record] = {}


class Core:
    """State, time, chance and history of one world. Seconds count from the scenario's start."""

    def __init__(self, *, seed: int, starts_at: datetime, physics: Physics) -> None:
        self.seed = seed
        self.starts_at = starts_at.astimezone(UTC)
        self.physics = physics
        self.now_s = 0.0
        self.history = History()
        self._tables: dict[type[Record], dict[str, Record]] = {}
        self._watchers: dict[type[Record], list[Watcher]] = {}
        self._due: list[tuple[float, int, Action]] = []
        self._scheduled = 0
        self._streams: dict[str, random.Random] = {}
        self.fate: Callable[[str, str, str], Fate] = no_fate
        """What faults have in store for an event of the world: its name, its resource, who caused it."""

    def at(self, moment_s: float | None = None) -> datetime:
        """Return a moment of this world, now by default, as an aware datetime."""
        return self.starts_at + timedelta(seconds=self.now_s if moment_s is None else moment_s)

    def advance(self, to_s: float) -> None:
        """Run everything due up to and including ``to_s``, and stand there. Going back does nothing."""
        while self._due and self._due[0][0] <= to_s:
            at_s, _, action = heapq.heappop(self._due)
            self.now_s = max(self.now_s, at_s)
            action()
        self.now_s = max(self.now_s, to_s)

    def next_due_s(self) -> float | None:
        """Return when the next event is due, or None when nothing will ever happen by itself."""
        return self._due[0][0] if self._due else None

    def after(self, delay_s: float, action: Action) -> None:
        """Let something happen later; equal moments happen in the order they were asked for."""
        self._scheduled += 1
        heapq.heappush(self._due, (self.now_s + delay_s, self._scheduled, action))

    def chance(self, stream: str) -> random.Random:
        """Return the random stream of one subject: what one subject draws does not disturb another."""
        if stream not in self._streams:
            self._streams[stream] = random.Random(f"{self.seed}:{stream}")  # noqa: S311 - a simulation
        return self._streams[stream]

    def draw(self, stream: str, between: Between) -> float:
        """Draw a duration, to the millisecond."""
        return round(self.chance(stream).uniform(between.low, between.high), 3)

    def guid(self, stream: str) -> str:
        """Make a GUID from the seed."""
        digits = f"{self.chance(stream).getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def table(self, kind: type[R]) -> dict[str, R]:
        """Return every record of a kind by key, in order of creation. Not to be changed by the caller."""
        found = self._tables.get(kind)
        if found is None:
            found = self._tables[kind] = {}
        return cast("dict[str, R]", found)

    def tables(self) -> Mapping[type[Record], Mapping[str, Record]]:
        """Return every table. Not to be changed by the caller."""
        return self._tables

    def load(self, kind: type[R], records: Mapping[str, R]) -> None:
        """Take in records as they stand, without history; whoever watches is told of each."""
        self._tables[kind] = dict(records)
        for record in records.values():
            for watcher in self._watchers.get(kind, ()):
                watcher(None, record)

    def kinds(self) -> list[type[Record]]:
        """Return every kind of which there is, or was, a record, in order of their first."""
        return list(self._tables)

    def find(self, kind: type[R], resource: str) -> R | None:
        """Return a record by id in any casing, or None."""
        return cast("R | None", self._tables.get(kind, _NONE).get(key(resource)))

    def get(self, kind: type[R], resource: str) -> R:
        """Return a record that must exist; a KeyError is our defect."""
        return self.table(kind)[key(resource)]

    def watch(self, kind: type[R], watcher: Callable[[R | None, R | None], None]) -> None:
        """Be told of every later change of a kind, with the record before and after it."""
        self._watchers.setdefault(kind, []).append(watcher)

    def write(self, actor: str, verb: str, record: R) -> R:
        """Put a record in place of the one with the same id, or add it."""
        return self._commit(actor, verb, type(record), record.id, record)

    def change(self, actor: str, verb: str, record: R, **fields: object) -> R:
        """Write a record with some fields changed; writes nothing when they are so already."""
        after = replace(record, **cast("dict[str, Any]", fields))
        return record if after == record else self.write(actor, verb, after)

    def erase(self, actor: str, verb: str, record: Record) -> None:
        """Remove a record."""
        self._commit(actor, verb, type(record), record.id, None)

    def require_up(self, location: str, plane: Plane = "control") -> None:
        """Refuse with 503 while that part of a region does not answer."""
        if not self.is_up(location, plane):
            raise ArmRefusal(
                503, "ServiceUnavailable", f"The service in '{location}' is temporarily unavailable."
            )

    def is_up(self, location: str, plane: Plane) -> bool:
        """Tell whether a part of a region answers; a region nobody described is up."""
        region = self.find(Region, location)
        if region is None:
            return True
        return region.control_plane_up if plane == "control" else region.compute_up

    def _commit(self, actor: str, verb: str, kind: type[R], target: str, after: R | None) -> R:
        table = self.table(kind)
        before = table.get(key(target))
        if after is None:
            del table[key(target)]
        else:
            table[key(target)] = after
        sequence = self.history.next_sequence
        self.history.append(
            Change(
                at_s=self.now_s, sequence=sequence, actor=actor, verb=verb,
                kind=kind, target=key(target), before=before, after=after,
            )
        )  # fmt: skip
        for watcher in self._watchers.get(kind, ()):
            watcher(before, after)
        return cast("R", after)


def under(records: Iterable[R], prefix: str) -> list[R]:
    """Return the records whose id lies below a subscription, resource group or parent resource."""
    start = key(prefix) + "/"
    return [record for record in records if key(record.id).startswith(start)]
