"""Where each pair of a run stands, and whether a run in this direction may start (safety S11, S13, S20)."""

from collections.abc import Collection, Iterable
from enum import Enum

from msgspec import Struct

from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.ids import AssignmentId, PrincipalId, Scope
from avd_failover.domain.plan import End
from avd_failover.domain.route import Pair, Route
from avd_failover.domain.words import counted, listed

Triple = tuple[Scope, PrincipalId, str]
"""What Azure allows once: scope, principal, GUID of the role in lower case."""


class Where(Enum):
    """At which ends of the run a pair's assignment exists."""

    SOURCE = "on source"
    TARGET = "on target"
    BOTH = "on both sides"
    NEITHER = "on neither side"


class Placed(Struct, frozen=True, kw_only=True):
    """One pair and its assignments as read, of the plan's role, exactly on the application groups."""

    pair: Pair
    source: tuple[RoleAssignment, ...] = ()
    target: tuple[RoleAssignment, ...] = ()

    @property
    def where(self) -> Where:
        """The pair's place."""
        if self.source:
            return Where.BOTH if self.target else Where.SOURCE
        return Where.TARGET if self.target else Where.NEITHER


class Placement(Struct, frozen=True, kw_only=True):
    """Every pair of a run and where it stands, in the plan's order."""

    places: tuple[Placed, ...]
    gaps: tuple[str, ...] = ()
    """What could not be read. While there is one, an absent assignment may merely be unseen."""

    def at(self, where: Where) -> tuple[Pair, ...]:
        """Return the pairs that stand there."""
        return tuple(placed.pair for placed in self.places if placed.where is where)

    def foreign(self, created: Collection[AssignmentId]) -> tuple[RoleAssignment, ...]:
        """Return the assignments on the target that are not among ``created`` by this run.

        They are kept for ever: rollback and abort delete only what the run created (S13).
        """
        return tuple(one for placed in self.places for one in placed.target if one.id not in created)

    @property
    def sentence(self) -> str:
        """The placement in words: how many pairs stand where, and the first of them by name."""
        heaps = [(where, [pair.label for pair in self.at(where)]) for where in Where]
        told = [
            f"{counted(len(labels), 'pair')} {where.value} ({listed(labels)})"
            for where, labels in heaps
            if labels
        ]
        return ", ".join(told) or "no pair of the plan is in scope"


class AllOnSource(Struct, frozen=True, kw_only=True):
    """Everything stands on the source: the run may start."""

    because: str


class AllOnTarget(Struct, frozen=True, kw_only=True):
    """Everything stands on the target: already done, nothing to change."""

    because: str


class Mixed(Struct, frozen=True, kw_only=True):
    """Neither. ``explained`` tells whether this run's own journal accounts for every pair.

    A run may go on from an explained mix only; an unexplained one is somebody else's doing.
    """

    because: str
    explained: bool
    unexplained: tuple[Pair, ...] = ()


class Unread(Struct, frozen=True, kw_only=True):
    """Assignments could not be read whole: where the pairs stand is not known."""

    because: str


Latch = AllOnSource | AllOnTarget | Mixed | Unread


def place(route: Route, assignments: Iterable[RoleAssignment], gaps: Iterable[str] = ()) -> Placement:
    """Find each pair's assignments among those read at the application groups of both ends.

    Only the exact scope, the pair's own group and the plan's role count; anything else is for
    ``exposure`` to judge. Duplicates and the order of the readings change nothing.
    """
    by_triple: dict[Triple, list[RoleAssignment]] = {}
    for one in sorted(set(assignments), key=lambda one: (one.id, repr(one))):
        by_triple.setdefault(triple(one), []).append(one)
    places = tuple(
        Placed(
            pair=pair,
            source=tuple(by_triple.get(_wanted(route, pair, End.SOURCE), ())),
            target=tuple(by_triple.get(_wanted(route, pair, End.TARGET), ())),
        )
        for pair in route.pairs
    )
    return Placement(places=places, gaps=tuple(gaps))


def latch(
    placement: Placement,
    revoked: Iterable[RoleAssignment] = (),
    granted: Iterable[RoleAssignment] = (),
    accepted_by: str = "",
) -> Latch:
    """Judge whether a run may start or go on from a placement (the direction latch, S20).

    ``revoked`` and ``granted`` are what this run's journal says it revoked and created, or may have. A
    pair is explained when an assignment missing on the source is one the run revoked, an assignment on
    the target is one it created, and none on the source came back under another id. A pair on both sides
    is never explained: a run revokes before it grants. ``accepted_by`` is who accepted exactly this mix as
    a starting point; then it needs no other explanation.
    """
    if placement.gaps:
        return Unread(because="assignments could not be read whole: " + "; ".join(placement.gaps))
    stand = {placed.where for placed in placement.places}
    if stand == {Where.SOURCE}:
        return AllOnSource(because=placement.sentence)
    if stand == {Where.TARGET}:
        return AllOnTarget(because=placement.sentence)
    if accepted_by:
        return Mixed(because=f"{placement.sentence}; accepted as it stands by {accepted_by}", explained=True)
    journal = _Journal(revoked, granted)
    open_ = tuple(placed.pair for placed in placement.places if not journal.explains(placed))
    explained = bool(placement.places) and not open_
    return Mixed(because=_told(placement, open_), explained=explained, unexplained=open_)


def triple(assignment: RoleAssignment) -> Triple:
    """Return what makes an assignment the same as another, whatever its name."""
    return (assignment.scope, assignment.principal_id, assignment.role.lower())


def differences(image: RoleAssignment, seen: RoleAssignment) -> tuple[str, ...]:
    """Name the properties in which an assignment differs from its image (S11, S15).

    The id and the name are left out: a restored assignment may carry others (S14).
    """
    kept = ("principal_type", "condition", "condition_version", "description")
    named = dict(
        zip(("scope", "principal_id", "role"), zip(triple(image), triple(seen), strict=True), strict=True)
    )
    named |= {field: (getattr(image, field), getattr(seen, field)) for field in kept}
    return tuple(name for name, (before, after) in named.items() if before != after)


class _Journal:
    """What a run did, as far as it explains a placement."""

    def __init__(self, revoked: Iterable[RoleAssignment], granted: Iterable[RoleAssignment]) -> None:
        revoked, granted = tuple(revoked), tuple(granted)
        self.revoked = {triple(one) for one in revoked}
        self.granted = {triple(one) for one in granted}
        self.ids = {one.id for one in (*revoked, *granted)}

    def explains(self, placed: Placed) -> bool:
        if placed.where is Where.BOTH:
            return False
        if placed.where is Where.SOURCE:
            return all(triple(one) not in self.revoked or one.id in self.ids for one in placed.source)
        return self._left(placed) and all(triple(one) in self.granted for one in placed.target)

    def _left(self, placed: Placed) -> bool:
        pair = placed.pair
        return any(scope == pair.source and group == pair.group.id for scope, group, _ in self.revoked)


def _wanted(route: Route, pair: Pair, end: End) -> Triple:
    return (Scope(pair.at(end)), pair.group.id, route.plan.role.lower())


def _told(placement: Placement, unexplained: tuple[Pair, ...]) -> str:
    if not unexplained:
        return placement.sentence
    names = listed([pair.label for pair in unexplained])
    return f"{placement.sentence}; this run's journal does not account for {names}"
