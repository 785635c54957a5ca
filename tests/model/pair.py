"""The life of one pair when requests outlive the runner that sent them: one crash, one rollback, names.

The finer model beside ``protocol``: sending, applying and answering are three moves, assignments have names,
and a request may be delivered twice. Left out is everything about users, since no session changes what
becomes of an assignment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tests.model.checker import Move

LOST = "assignment lost"
LEFT = "left on the target"
INVARIANTS = (LOST, LEFT)

ORIGINAL, GRANTED, RESTORED = 1, 2, 3
"""Names of the assignment that stood before the run, of the grant, and of the restored one."""


class Late(Enum):
    """What may still arrive when the requests of a dead runner were not waited for."""

    ANYTHING = "anything"
    COPIES = "only second copies of what was applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRules:
    """``fresh_names``: what a later epoch creates has another name than what an earlier one removed."""

    fresh_names: bool
    quarantine: bool
    late: Late = Late.ANYTHING
    copies: bool = False


class Request(NamedTuple):
    """A DELETE of a name, or a PUT under a name, on one side. ``copy``: it was applied once already."""

    put: bool
    side: int
    name: int
    copy: bool = False

    @property
    def told(self) -> Move:
        """The request as a move of a schedule: what it does, and on which side."""
        return ("put" if self.put else "delete", self.side)


class PairState(NamedTuple):
    """``sides``: the name that stands on each, 0 for none. ``waits``: for the answer to this request."""

    sides: tuple[int, int] = (ORIGINAL, 0)
    net: frozenset[Request] = frozenset()
    waits: Request | None = None
    doing: str = "failover"
    """``failover``, ``completed``, ``crashed``, ``rollback`` or ``rolled back``."""
    crashes: int = 1


class Pair:
    """The checker's view of one pair under one set of rules."""

    def __init__(self, rules: PairRules) -> None:
        self.rules = rules
        self._restored = RESTORED if rules.fresh_names else ORIGINAL

    def start(self) -> PairState:
        """The pair stands on the source."""
        return PairState()

    def moves(self, state: PairState) -> list[tuple[Move, PairState]]:
        """Return what the runner and the network may do."""
        return [*self._runner(state), *self._network(state)]

    def broken(self, state: PairState) -> list[str]:
        """Check where the pair is once the run said that it was rolled back (S11, S14)."""
        if state.doing != "rolled back":
            return []
        source, target = state.sides
        return [name for name, bad in ((LOST, not source), (LEFT, target)) if bad]

    def _runner(self, state: PairState) -> Iterator[tuple[Move, PairState]]:
        if state.doing == "crashed":
            if not (self.rules.quarantine and state.net):
                yield ("take over", -1), state._replace(doing="rollback")
            return
        if state.doing not in {"failover", "rollback"}:
            return
        if state.crashes:
            yield ("crash", -1), self._crashed(state)
        if state.waits is None:
            yield self._next(state)
        elif state.waits not in state.net:
            yield ("answer", -1), self._answered(state)

    def _crashed(self, state: PairState) -> PairState:
        late = state.net
        if self.rules.late is Late.COPIES:
            late = frozenset(request for request in late if request.copy)
        return state._replace(doing="crashed", crashes=0, waits=None, net=late)

    def _next(self, state: PairState) -> tuple[Move, PairState]:
        """Look where the pair is, and send what is missing; with nothing missing the run is over."""
        source, target = state.sides
        if state.doing == "failover":
            wanted = Request(False, 0, source) if source else Request(True, 1, GRANTED)
        elif target:
            wanted = Request(False, 1, target)
        elif not source:
            wanted = Request(True, 0, self._restored)
        else:
            return ("nothing to do", -1), state._replace(doing="rolled back")
        verb, side = wanted.told
        return ("send " + verb, side), state._replace(net=state.net | {wanted}, waits=wanted)

    def _answered(self, state: PairState) -> PairState:
        """Take the answer for done: the runner's own read would say so too."""
        last = state.waits is not None and state.waits.put
        ends = {"failover": "completed", "rollback": "rolled back"}
        return state._replace(waits=None, doing=ends[state.doing] if last else state.doing)

    def _network(self, state: PairState) -> Iterator[tuple[Move, PairState]]:
        for request in sorted(state.net):
            rest = state.net - {request}
            verb, side = request.told
            late = "late " if request != state.waits else ""
            applied = state._replace(sides=_applied(state.sides, request), net=rest)
            yield (late + verb, side), applied
            if late:
                yield ("drop " + verb, side), state._replace(net=rest)
            elif self.rules.copies:
                yield (verb + " twice", side), applied._replace(net=rest | {request._replace(copy=True)})


def _applied(sides: tuple[int, int], request: Request) -> tuple[int, int]:
    """Apply a request; a DELETE of a name that is not there, or a PUT where one stands, changes nothing."""
    here = sides[request.side]
    kept = 0 if here == request.name else here
    after = here or request.name if request.put else kept
    return (after, sides[1]) if request.side == 0 else (sides[0], after)
