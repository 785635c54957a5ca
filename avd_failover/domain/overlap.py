"""Which groups must move together because they share a user (safety S5; contract 45, 137 to 139)."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from avd_failover.domain.estate import Membership
from avd_failover.domain.ids import GroupId
from avd_failover.domain.plan import UserGroup
from avd_failover.domain.words import counted, listed


class Shared(Struct, frozen=True, kw_only=True):
    """Two groups with members in common; ``users`` is how many, None when one could not be read whole."""

    one: UserGroup
    other: UserGroup
    users: int | None

    @property
    def sentence(self) -> str:
        """The overlap in words."""
        how = "an unknown number of users" if self.users is None else counted(self.users, "user")
        return f"{self.one.name} and {self.other.name} share {how}"


class Overlaps(Struct, frozen=True, kw_only=True):
    """Groups parted into components: users of one component are in no group of another.

    Groups keep the order they were given in, and components that of their first groups.
    """

    components: tuple[tuple[UserGroup, ...], ...]
    shared: tuple[Shared, ...] = ()
    """Every two groups that overlap: the overlap matrix without its zeros."""
    unreadable: tuple[UserGroup, ...] = ()
    """Groups not read whole. One is enough to make all groups a single component."""

    def split_by(self, cohort: Collection[str]) -> tuple[str, ...]:
        """Return the names of the groups in components that a cohort of group names would split.

        Empty when the cohort may move alone: it is a union of components. Moving everything never splits.
        """
        return tuple(
            group.name
            for component in self.components
            if 0 < sum(group.name in cohort for group in component) < len(component)
            for group in component
        )

    def refusal(self, cohort: Collection[str]) -> str:
        """Say why a cohort cannot move alone, by groups and never by users; empty when it can."""
        split = self.split_by(cohort)
        if not split:
            return ""
        if self.unreadable:
            names = listed([group.name for group in self.unreadable])
            return f"members of {names} could not be read whole, so that any groups may share users"
        pairs = [pair.sentence for pair in self.shared if {pair.one.name, pair.other.name} <= set(split)]
        return f"{listed(split)} must move together: {'; '.join(pairs)}"


def overlaps(groups: Sequence[UserGroup], memberships: Iterable[Membership]) -> Overlaps:
    """Part groups into components under "share at least one member, directly or nested".

    A group whose membership is missing or incomplete counts as sharing users with every other.
    """
    read = _read(memberships)
    unreadable = tuple(group for group in groups if not _whole(read.get(group.id)))
    shared = tuple(
        Shared(one=one, other=other, users=users)
        for place, one in enumerate(groups)
        for other in groups[place + 1 :]
        if (users := _common(read.get(one.id), read.get(other.id))) != 0
    )
    return Overlaps(components=_joined(groups, shared), shared=shared, unreadable=unreadable)


def _read(memberships: Iterable[Membership]) -> dict[GroupId, Membership]:
    read: dict[GroupId, Membership] = {}
    for one in memberships:
        other = read.get(one.group, one)
        complete = one.complete and other.complete
        read[one.group] = Membership(group=one.group, users=one.users | other.users, complete=complete)
    return read


def _whole(membership: Membership | None) -> bool:
    return membership is not None and membership.complete


def _common(one: Membership | None, other: Membership | None) -> int | None:
    if one is None or other is None or not (one.complete and other.complete):
        return None
    return len(one.users & other.users)


def _joined(groups: Sequence[UserGroup], shared: Iterable[Shared]) -> tuple[tuple[UserGroup, ...], ...]:
    component = {group.id: place for place, group in enumerate(groups)}
    for pair in shared:
        kept, gone = sorted((component[pair.one.id], component[pair.other.id]))
        component = {group: kept if place == gone else place for group, place in component.items()}
    return tuple(
        tuple(group for group in groups if component[group.id] == place)
        for place in sorted(set(component.values()))
    )
