"""What access there is besides the plan's own, and who could use both sides (safety S3, S6; contract 31)."""

from collections.abc import Iterable

from msgspec import Struct

from avd_failover.domain.access import AccessPath, Users
from avd_failover.domain.estate import Membership
from avd_failover.domain.ids import ApplicationGroupId, GroupId, PrincipalId, UserId
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.domain.words import counted


class Exposure(Struct, frozen=True, kw_only=True):
    """Every path to the two pools, in four heaps, each in the order the paths came in.

    ``own`` are the plan's: they are revoked and granted. ``shadows`` let a user of the plan in by another
    way, so that the plan alone cannot keep that user on one side: the run is refused or held. ``accepted``
    would be shadows, but the plan lists their assignments. ``bystanders`` let in only other people.
    """

    own: tuple[AccessPath, ...] = ()
    shadows: tuple[AccessPath, ...] = ()
    accepted: tuple[AccessPath, ...] = ()
    bystanders: tuple[AccessPath, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if not self.shadows:
            return f"no way in besides the plan's own ({counted(len(self.own), 'path')})"
        return f"{counted(len(self.shadows), 'way')} in besides the plan's own: {self.shadows[0].sentence}"


class DoubleAccess(Struct, frozen=True, kw_only=True):
    """A counter-example to single-side access: one user and a path to each side.

    ``user`` is None when both sides have a path of unknown users: then nobody can be excluded.
    """

    user: UserId | None
    source: AccessPath
    target: AccessPath

    @property
    def sentence(self) -> str:
        """The counter-example in words, the user by object id."""
        ends = (self.source, self.target)
        if self.user is None:
            return " and also ".join(end.sentence for end in ends)
        user = self.user
        return " and also ".join(end.counter_example(user) for end in ends)


def plan_users(route: Route, memberships: Iterable[Membership]) -> Users:
    """Return everyone whom the route concerns; None when any group of theirs could not be read whole.

    These are the plan's users, and in a partial run only those who move: the others stay where they are.
    """
    read = {one.group: one for one in memberships}
    users: set[UserId] = set()
    for group in _plan_groups(route):
        membership = read.get(group)
        if membership is None or not membership.complete:
            return None
        users |= membership.users
    return frozenset(users)


def exposure(route: Route, paths: Iterable[AccessPath], users: Users) -> Exposure:
    """Sort every path to an application group of either pool into the plan's own, shadows, and the rest.

    Own is an assignment of the plan's role, to a group of the plan, on exactly the application group that
    the plan names for it. A shadow is any other path that a user of the plan can take: inherited, by
    another role, direct, through a group outside the plan with a member in common, or to an application
    group that the plan does not name. ``users`` are the plan's, or None when unknown: then any path with a
    holder is a shadow. A path held by a group of the plan is one even while that group is empty.

    In a partial run all of this is said of the pairs and the users that move: a path of a group that stays
    is a bystander's, unless somebody who moves can take it.
    """
    mark = _Marker(route, users)
    marked = [(mark(path), path) for path in paths]
    heaps = {
        heap: tuple(path for name, path in marked if name == heap) for heap in Exposure.__struct_fields__
    }
    return Exposure(**heaps)


def both_sides(
    source: Iterable[AccessPath], target: Iterable[AccessPath], among: Users = None
) -> tuple[DoubleAccess, ...]:
    """Return one counter-example for each user who reaches both sides, by object id (contract 31).

    ``among`` narrows the answer to these users; None asks for everyone.
    """
    here, anyone_here = _first_path(source)
    there, anyone_there = _first_path(target)
    found = []
    for user in sorted({*here, *there} if among is None else among):
        one, other = here.get(user, anyone_here), there.get(user, anyone_there)
        if one and other:
            found.append(DoubleAccess(user=user, source=one, target=other))
    if anyone_here and anyone_there:
        found.append(DoubleAccess(user=None, source=anyone_here, target=anyone_there))
    return tuple(found)


class _Marker:
    """Names the heap that a path belongs to."""

    def __init__(self, route: Route, users: Users) -> None:
        self.users = users
        self.groups = _plan_groups(route)
        self.pairs = _pairs(route)
        self.role = route.plan.role.lower()
        self.accepted = {one.lower() for one in route.plan.accepted_paths}

    def __call__(self, path: AccessPath) -> str:
        held = path.assignment
        pair = (path.application_group, held.principal_id)
        if pair in self.pairs and not path.inherited_from and held.role.lower() == self.role:
            return "own"
        if held.principal_id not in self.groups and not self._meet(path.users):
            return "bystanders"
        return "accepted" if held.id in self.accepted else "shadows"

    def _meet(self, users: Users) -> bool:
        if users is None:
            return True
        return bool(users) if self.users is None else not users.isdisjoint(self.users)


def _plan_groups(route: Route) -> frozenset[GroupId]:
    """Return the groups whose users the run keeps on one side: those that move, and others only if all do."""
    stay = () if route.partial else route.plan.groups
    return frozenset(group.id for group in (*stay, *(pair.group for pair in route.pairs)))


def _pairs(route: Route) -> frozenset[tuple[ApplicationGroupId, PrincipalId]]:
    return frozenset((pair.at(end), pair.group.id) for pair in route.pairs for end in End)


def _first_path(paths: Iterable[AccessPath]) -> tuple[dict[UserId, AccessPath], AccessPath | None]:
    first: dict[UserId, AccessPath] = {}
    anyone: AccessPath | None = None
    for path in paths:
        if path.users is None:
            anyone = anyone or path
        for user in path.users or ():
            first.setdefault(user, path)
    return first, anyone
