"""Places where a process can die, and a cloud and a store that let it die there.

A run fires a *boundary* at every one of them, in order. A recording run counts them; a cut run dies at one.
What was durable and what had taken effect at that moment is kept: closing the event loop may still flush a
buffer, and a dead process cannot.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from avd_failover.journal.events import ActionEnded, ActionIntended, Entry
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.world import World

READING = frozenset({"get", "list", "poll"})


class KilledError(KeyboardInterrupt):
    """The process dies here: like Ctrl-C, this is not caught by the event loop either."""


class Boundary(Enum):
    """Where a process can die (safety 3.3): two a commit, six a mutation, two a read."""

    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"
    BEFORE_INTENT = "before intent"
    AFTER_INTENT = "after intent"
    SENT = "sent, not applied"
    APPLIED = "applied, no answer"
    ANSWERED = "answered"
    AFTER_OUTCOME = "after outcome"
    READ_ASKED = "read asked"
    READ_ANSWERED = "read answered"


@dataclass(frozen=True, order=True)
class Point:
    """The n-th boundary of a run, counted from 1, and what kind it is."""

    n: int
    kind: Boundary = field(compare=False)
    state: tuple[int, int, tuple[str, ...]] = field(compare=False)
    """What a successor finds: durable lines, changes of the world, mutations under way. Points with equal
    states differ by milliseconds of virtual time only."""


@dataclass
class Flight:
    """A mutation that left the process and was neither applied nor lost yet."""

    route: str
    target: str
    actor: str
    sent_s: float
    """When it left, in seconds of the world."""
    apply: Callable[[World], Any]


class Knife:
    """Counts boundaries, keeps what is under way, and kills at the chosen one."""

    def __init__(self, world: World, kill_at: int | None = None) -> None:
        self.world = world
        self.kill_at = kill_at
        self.points: list[Point] = []
        self.flights: dict[int, Flight] = {}
        self.durable: list[bytes] = []
        self.dead = False
        self._lines: list[bytes] = []
        self._flown = 0

    def watch(self, store: "CutStore") -> None:
        """Take note of the store whose lines survive."""
        self._lines = store.lines

    def at(self, kind: Boundary) -> None:
        """Fire a boundary: die here, or count it."""
        if self.dead:
            raise asyncio.CancelledError
        under_way = tuple(flight.route for flight in self.flights.values())
        state = (len(self._lines), self.world.history.next_sequence, under_way)
        self.points.append(Point(len(self.points) + 1, kind, state))
        if len(self.points) == self.kill_at:
            self.dead = True
            self.durable = list(self._lines)
            raise KilledError

    def depart(self, flight: Flight) -> int:
        """Take note that a mutation left the process."""
        self._flown += 1
        self.flights[self._flown] = flight
        return self._flown

    def entry(self, entry: Entry, _state: RunState) -> None:
        """Fire what an entry means that is appended and not durable yet."""
        if self.dead:
            return
        if isinstance(entry.event, ActionIntended):
            self.at(Boundary.BEFORE_INTENT)
        if isinstance(entry.event, ActionEnded) and entry.event.by == "answer":
            self.at(Boundary.ANSWERED)


class CutStore(MemoryStore):
    """A store whose process may die before or after a commit."""

    def __init__(self, run: str, knife: Knife, lines: Sequence[bytes] = ()) -> None:
        super().__init__(run, lines)
        self._knife = knife
        knife.watch(self)

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, unless the process dies first; a dead one writes nothing."""
        if self._knife.dead:
            return
        self._knife.at(Boundary.BEFORE_COMMIT)
        super().append(lines)
        self._knife.at(Boundary.AFTER_COMMIT)
        if any(b'"action.ended"' in line for line in lines):
            self._knife.at(Boundary.AFTER_OUTCOME)


def sharpen(cloud: DirectCloud, knife: Knife) -> None:
    """Let every request of a direct face fire its boundaries."""
    line: Any = cloud._line
    inner = line._send

    async def send(route: str, target: str, answer: Callable[[World], Any]) -> Any:
        mutates = route.partition(".")[2] not in READING
        knife.at(Boundary.AFTER_INTENT if mutates else Boundary.READ_ASKED)
        if not mutates:
            answered = await inner(route, target, answer)
            knife.at(Boundary.READ_ANSWERED)
            return answered
        line.catch_up()
        flight = knife.depart(Flight(route, target, line.actor, knife.world.now_s, answer))
        waiting = True

        def applied(world: World) -> Any:
            if not waiting:  # a fault delivers it late: nobody is there to die any more
                return answer(world)
            knife.at(Boundary.SENT)
            found = answer(world)
            knife.flights.pop(flight, None)
            knife.at(Boundary.APPLIED)
            return found

        try:
            return await inner(route, target, applied)
        finally:
            waiting = False
            if not knife.dead:
                knife.flights.pop(flight, None)

    line._send = send


def let_arrive(world: World, flights: Sequence[Flight], delays_s: Sequence[float]) -> None:
    """Let requests of a dead process take effect late, as they may up to the longest time in flight."""
    for index, flight in enumerate(flights):
        world.core.after(delays_s[index % len(delays_s)], _quietly(world, flight))


def _quietly(world: World, flight: Flight) -> Callable[[], None]:
    def arrive() -> None:
        late_s = world.now_s - flight.sent_s
        world.faults.arrived_late(flight.route, flight.target, flight.actor, late_s)
        try:
            flight.apply(world)
        except ArmRefusal:
            return

    return arrive
