"""What a state of the protocol holds, what is modelled, and what rules the runner keeps.

Everything is a mask of bits. Of a thing that exists on both sides, side 0 has the low bits and side 1 those
above them: with n groups, bit ``side * n + group``; with m users, bit ``side * m + user``.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

DRAINING, REVOKING, BARRIER, GRANTING, CLOSING, ENDED = range(6)

DRAINED, NO_START, NO_AUTOSCALE, SPARE_UP = 1, 2, 4, 8
"""Doors of a side: its running host refuses logons, Start VM on Connect is off, autoscale is off, and a host
that was stopped when the running one was drained is up and takes logons."""

PARTS = {"drain": DRAINED, "forbid": NO_START, "suspend": NO_AUTOSCALE}
"""The three parts of the physical barrier."""


class Proof(Enum):
    """What the runner waits for before it believes that a source without sessions stays so."""

    SETTLE = "settle"
    PHYSICAL = "physical"
    NOTHING = "nothing"


class Quarantine(Enum):
    """Until when a runner that reverses or takes over waits out what may still be in flight."""

    BEFORE_SENDING = "before sending"
    BEFORE_GRANTING = "before granting"
    BEFORE_ENDING = "before ending"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is modelled, and how much may go wrong.

    ``users``: for each user, the mask of groups that have the user as a member.
    ``reversals``: rollbacks and failbacks. ``faults``: answers lost, late or given twice.
    ``landing``: a connection takes a while to become a session that a listing shows.
    ``doors``: hosts can be drained and woken; otherwise every side always takes logons.
    """

    groups: int
    users: tuple[int, ...]
    crashes: int = 0
    reversals: int = 0
    faults: int = 0
    landing: bool = False
    doors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the runner keeps to. The defaults are the right ones; a variant breaks one of them.

    ``together``: all groups pass one barrier; otherwise each is revoked and granted for itself.
    ``zero_after_point``: looks count only after the wait, or the closed doors, that make zero last.
    ``latched``: a run may not be reversed before it ended; whoever takes it over goes on.
    ``images_durable``: the image of an assignment is on disk before the assignment is removed.
    ``looks_back``: before each grant the side being left is read once more; what came back is revoked again.
    ``fenced``: a runner that was taken over sends nothing any more.
    ``early_doors``: the target's doors open when a run begins, not behind its barrier.
    """

    together: bool = True
    proof: Proof = Proof.SETTLE
    zero_after_point: bool = True
    looks: int = 1
    parts: tuple[str, ...] = tuple(PARTS)
    quarantine: Quarantine = Quarantine.BEFORE_SENDING
    latched: bool = False
    closing: bool = True
    looks_back: bool = False
    images_durable: bool = True
    fenced: bool = True
    early_doors: bool = False


class State(NamedTuple):
    """One state. The store is what Azure has written down; the runner's knowledge is what it was told."""

    leaving: int = 0
    """The side that the run leaves."""
    phase: int = REVOKING
    wave: int = 0
    """Which of the runner's waves of groups is under way."""
    alive: int = 1
    sent: int = 0
    """Groups whose request is under way and will be answered."""
    unsure: int = 0
    """Groups whose request got no answer: only a look can tell."""
    done: int = 0
    settled: int = 0
    zeros: int = 0
    """Consecutive looks that count and showed nobody."""
    images: int = 0
    """Groups whose assignment the journal could restore."""
    on: int = 0
    """The store: assignments on both sides."""
    lag: int = 0
    """Assignments that were removed and may still open a door."""
    late_delete: int = 0
    late_put: int = 0
    """Requests of nobody any more that Azure may still apply, or drop."""
    queued_delete: int = 0
    queued_put: int = 0
    """What a runner that was taken over would still send, if it were not fenced."""
    sessions: int = 0
    connecting: int = 0
    """Connections that no door stops any more and no listing shows yet."""
    doors: int = 0
    """Four bits a side."""
    crashes: int = 0
    reversals: int = 0
    faults: int = 0

    def but(self, **changes: int) -> "State":
        """Return the state with some values changed; what ``_replace`` does, in half the time."""
        values = list(self)
        for name, value in changes.items():
            values[_INDEX[name]] = value
        return _new(State, values)

    @property
    def in_flight(self) -> int:
        """Requests of nobody any more, of either kind."""
        return self.late_delete | self.late_put


_INDEX = {name: index for index, name in enumerate(State._fields)}
_new = tuple.__new__
