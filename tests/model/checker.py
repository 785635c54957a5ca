"""A small explicit-state model checker: every reachable state, breadth first, in one fixed order.

A model is a start, the moves possible in a state, and the names of the invariants that a state breaks.
Because the search is breadth first, the first state found to break an invariant is reached by a shortest
schedule. It goes on after a violation, so that the count of states is that of the whole model.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

S = TypeVar("S", bound=Hashable)

Move = tuple[str, int]
"""What happened, and to which group, user or side; -1 where there is only one."""


def told(moves: Iterable[Move]) -> str:
    """Return a schedule as text."""
    return ", ".join(what if which < 0 else f"{what}:{which}" for what, which in moves)


def read(text: str) -> tuple[Move, ...]:
    """Return a schedule from its text."""
    parts = [one.partition(":") for one in text.split(", ")]
    return tuple((what, int(which) if which else -1) for what, _, which in parts)


class Model(Protocol[S]):
    """What the checker needs to know of a protocol."""

    def start(self) -> S:
        """Return the first state."""
        ...

    def moves(self, state: S) -> Iterable[tuple[Move, S]]:
        """Return every move possible in a state and where it leads, always in the same order."""
        ...

    def broken(self, state: S) -> Sequence[str]:
        """Return the names of the invariants that a state breaks; nearly always none."""
        ...


@dataclass(frozen=True, slots=True)
class Found(Generic[S]):
    """All that a model can do."""

    parents: dict[S, S | None]
    """Every reachable state and the one that it was first reached from, in the order of the search."""
    schedules: dict[str, tuple[Move, ...]]
    """For each invariant that can be broken, a shortest way to break it."""
    transitions: int
    """How many moves were tried."""

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.parents)

    @property
    def steps(self) -> dict[str, int]:
        """For each invariant that can be broken, how many moves it takes at least."""
        return {name: len(schedule) for name, schedule in self.schedules.items()}


def explore(model: Model[S]) -> Found[S]:
    """Visit every reachable state once."""
    first = model.start()
    parents: dict[S, S | None] = {first: None}
    bad: dict[str, S] = dict.fromkeys(model.broken(first), first)
    level, transitions = [first], 0
    while level:
        following: list[S] = []
        for state in level:
            for _, reached in model.moves(state):
                transitions += 1
                if reached not in parents:
                    parents[reached] = state
                    following.append(reached)
                    for name in model.broken(reached):
                        bad.setdefault(name, reached)
        level = following
    schedules = {name: schedule(model, parents, state) for name, state in bad.items()}
    return Found(parents=parents, schedules=schedules, transitions=transitions)


def schedule(model: Model[S], parents: dict[S, S | None], state: S) -> tuple[Move, ...]:
    """Return the moves by which a state was first reached."""
    return tuple(move for move, _ in reversed(list(_back(model, parents, state))))


def replay(model: Model[S], moves: Iterable[Move]) -> list[S]:
    """Return the states that a schedule leads through, the first one included.

    Raises:
        ValueError: The model cannot make one of the moves.
    """
    states = [model.start()]
    for move in moves:
        reached = [state for made, state in model.moves(states[-1]) if made == move]
        if not reached:
            raise ValueError(f"{move} is not possible after {len(states) - 1} moves")
        states.append(reached[0])
    return states


def without_way_out(model: Model[S], found: Found[S], ends: Iterable[S]) -> list[S]:
    """Return the states from which no way leads to any of ``ends``: where the protocol would be stuck."""
    before: dict[S, list[S]] = {}
    for state in found.parents:
        for _, reached in model.moves(state):
            before.setdefault(reached, []).append(state)
    saved = set(ends)
    rest = list(saved)
    while rest:
        fresh = [state for state in before.get(rest.pop(), ()) if state not in saved]
        saved.update(fresh)
        rest += fresh
    return [state for state in found.parents if state not in saved]


def _back(model: Model[S], parents: dict[S, S | None], state: S) -> Iterator[tuple[Move, S]]:
    parent = parents[state]
    while parent is not None:
        yield next((move, state) for move, reached in model.moves(parent) if reached == state)
        state, parent = parent, parents[parent]
