"""Whether a run that leaves somebody behind may run: nobody may end up on both sides (S5, contract 45).

Access moves pair by pair: a group's hold on an application group. Some pairs move and the others stay, so a
user spans both sides as soon as one pair of each kind lets that user in. A group whose members are not wholly
known may share users with any other. A run that leaves no pair behind splits nobody, whatever overlaps.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from avd_failover.domain.estate import Membership
from avd_failover.domain.overlap import Overlaps, Shared, overlaps
from avd_failover.domain.plan import UserGroup
from avd_failover.domain.route import Pair, Route
from avd_failover.domain.words import listed


class Split(Struct, frozen=True, kw_only=True):
    """A group that moves and one that stays, and what they have in common."""

    shared: Shared
    stays: tuple[str, ...]
    """Application groups on which the one that stays is left."""

    @property
    def same(self) -> bool:
        """Whether it is one group, which would be left on some of its application groups."""
        return self.shared.one.id == self.shared.other.id

    @property
    def sentence(self) -> str:
        """The split in words: groups, never users."""
        if self.same:
            return f"{self.shared.one.name} would move and still be left on {listed(self.stays)}"
        return f"{self.shared.sentence}, and {self.shared.other.name} stays"


class Closure(Struct, frozen=True, kw_only=True):
    """What keeps the moved set from being closed, and which set would be."""

    splits: tuple[Split, ...]
    unreadable: tuple[UserGroup, ...]
    """Groups not read whole, where that matters: something stays."""
    allowed: tuple[str, ...]
    """Names of the groups that may move together, each with all its application groups."""

    @property
    def closed(self) -> bool:
        """Nobody spans both sides."""
        return not self.splits

    @property
    def refusal(self) -> str:
        """Say which groups would span both sides, and what would be allowed; empty when closed."""
        if self.closed:
            return ""
        told = "; ".join(dict.fromkeys(split.sentence for split in self.splits))
        if self.unreadable:
            names = listed([group.name for group in self.unreadable])
            told += f"; members of {names} could not be read whole, so that any groups may share users"
        return f"{told}; {self._instead}"

    @property
    def _instead(self) -> str:
        if not self.allowed:
            return "testers have to be in no other group of the plan"
        return f"what may move alone is {', '.join(self.allowed)}, with all their application groups"


def closure(route: Route, memberships: Iterable[Membership]) -> Closure:
    """Judge the moved set of a route by the members of the plan's groups, and of a drill's test group."""
    moved, staying = _groups(route.pairs), _staying(route)
    groups = tuple({group.id: group for group in (*route.plan.groups, *moved)}.values())
    found = overlaps(groups, memberships)
    return Closure(
        splits=tuple(_splits(moved, staying, found)),
        unreadable=found.unreadable if staying else (),
        allowed=_allowed(route, moved, found),
    )


def _groups(pairs: Iterable[Pair]) -> tuple[UserGroup, ...]:
    return tuple({pair.group.id: pair.group for pair in pairs}.values())


def _staying(route: Route) -> tuple[Pair, ...]:
    moved = {(pair.group.id, pair.source) for pair in route.pairs}
    everything = Route(plan=route.plan, leaving=route.leaving).pairs
    return tuple(pair for pair in everything if (pair.group.id, pair.source) not in moved)


def _splits(moved: Sequence[UserGroup], staying: Sequence[Pair], found: Overlaps) -> Iterator[Split]:
    shared = {(one.one.id, one.other.id): one for one in found.shared}
    left = _groups(staying)
    for group in moved:
        for other in left:
            at = tuple(pair.name for pair in staying if pair.group.id == other.id)
            if group.id == other.id:
                yield Split(shared=Shared(one=group, other=other, users=None), stays=at)
            elif one := shared.get((group.id, other.id)) or shared.get((other.id, group.id)):
                yield Split(shared=Shared(one=group, other=other, users=one.users), stays=at)


def _allowed(route: Route, moved: Sequence[UserGroup], found: Overlaps) -> tuple[str, ...]:
    if route.test:
        return ()
    wanted = {group.id for group in moved}
    return tuple(
        group.name
        for component in found.components
        if wanted & {one.id for one in component}
        for group in component
    )
