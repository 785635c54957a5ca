"""Who can use which application group, and by which path (contract 31, 42, 167; safety S6, ``Decl``).

Everything unknown counts as open: a role that could not be read opens every door, a group that could not be
read holds everyone, a condition on an assignment is taken as met, and an assignment at a management group
reaches every application group (it was listed because it lies above one of them).
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from avd_failover.domain.estate import USE_APPLICATIONS, Membership, RoleAssignment, RoleDefinition
from avd_failover.domain.ids import ApplicationGroupId, GroupId, Scope, UserId, name_of
from avd_failover.domain.plan import UserGroup
from avd_failover.domain.words import counted

Users = frozenset[UserId] | None
"""Users by object id, or None when nobody can say who they are: then it may be anyone."""

_MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/"


class AccessPath(Struct, frozen=True, kw_only=True):
    """One way in: an assignment, who holds it, and how it comes to bear on an application group."""

    application_group: ApplicationGroupId
    assignment: RoleAssignment
    role_name: str | None
    """None when the role could not be read."""
    users: Users
    via_group: UserGroup | None = None
    """The group whose members these users are; None for a principal that is no group."""
    nested_in: UserGroup | None = None
    """The group that holds the assignment, when ``via_group`` is only nested in it."""
    inherited_from: Scope | None = None
    """The scope above the application group that carries the assignment; None when it is on the group."""
    gap: str = ""
    """Why its users are not known, where that was told."""

    @property
    def sentence(self) -> str:
        """The path in words, with the number of users."""
        who = "an unknown number of users" if self.users is None else counted(len(self.users), "user")
        gap = f" (members unread: {self.gap})" if self.gap else ""
        return f"{who} on {name_of(self.application_group)} {self._way}{gap}"

    def counter_example(self, user: UserId) -> str:
        """Return the path in words for one user, by object id."""
        return f"user {user} on {name_of(self.application_group)} {self._way}"

    @property
    def _way(self) -> str:
        role = self.role_name or f"a role that could not be read ({self.assignment.role})"
        origin = f"inherited from {told(self.inherited_from)}" if self.inherited_from else "assigned there"
        condition = ", its condition taken as met" if self.assignment.condition else ""
        return f"{self._holder}, by {role} {origin}{condition}"

    @property
    def _holder(self) -> str:
        if self.via_group is None:
            kind = self.assignment.principal_type
            return "directly" if kind.lower() == "user" else f"as a principal of type {kind or 'unknown'}"
        nested = f" nested in {self.nested_in.name}" if self.nested_in else ""
        return f"through {self.via_group.name}{nested}"


class _Holder(Struct, frozen=True):
    users: Users
    via: UserGroup | None = None
    nested_in: UserGroup | None = None
    gap: str = ""


class _Role(Struct, frozen=True):
    name: str | None
    opens: bool


_UNREADABLE = _Role(None, opens=True)


def opens(role: RoleDefinition) -> bool:
    """Tell whether a role lets its holder use an application group, by Azure's rules for wildcards.

    ``*`` stands for any characters anywhere in a data action, case does not matter, and what
    ``notDataActions`` matches is taken away again. A role of several permission blocks is given as one
    ``RoleDefinition`` per block: ``paths`` counts it as opening when any of them does.
    """
    given = any(_matches(pattern, USE_APPLICATIONS) for pattern in role.data_actions)
    return given and not any(_matches(pattern, USE_APPLICATIONS) for pattern in role.not_data_actions)


def paths(
    application_groups: Iterable[ApplicationGroupId],
    assignments: Iterable[RoleAssignment],
    roles: Iterable[RoleDefinition],
    memberships: Iterable[Membership],
    names: Mapping[GroupId, str] | None = None,
) -> tuple[AccessPath, ...]:
    """Return every path to every application group, by group, then scope, then principal.

    ``assignments`` are those at or above the application groups; ``memberships`` those of every group that
    holds one, and of nested groups where the path should name them. ``names`` are the groups' names where
    known; a group without one is called by its object id. The order of the arguments changes nothing.
    """
    known, members, called = _known(roles), _by_group(memberships), names or {}
    at = _by_scope(one for one in set(assignments) if _role(one, known).opens)
    holders = {
        (one.principal_id, one.principal_type): tuple(_holders(one, members, called))
        for found in at.values()
        for one in found
    }
    return tuple(
        _path(group, one, _role(one, known), holder)
        for group in sorted(set(application_groups))
        for one in _reaching(group, at)
        for holder in holders[one.principal_id, one.principal_type]
    )


def told(scope: Scope) -> str:
    """Return a scope as people say it, such as ``resource group rg-avd-neu``."""
    if scope == "/":
        return "the root scope"
    if scope.startswith(_MANAGEMENT_GROUP):
        return f"management group {name_of(scope)}"
    kinds = {3: "subscription", 5: "resource group"}
    return f"{kinds.get(len(scope.split('/')), 'scope')} {name_of(scope)}"


def _matches(pattern: str, action: str) -> bool:
    first, *rest = pattern.strip().lower().split("*")
    if not rest:
        return first == action
    place = len(first)
    for part in rest[:-1]:
        found = action.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return action.startswith(first) and action.endswith(rest[-1]) and len(action) - len(rest[-1]) >= place


def _known(roles: Iterable[RoleDefinition]) -> dict[str, _Role]:
    known: dict[str, _Role] = {}
    for role in sorted(roles, key=lambda role: (role.name, role.id)):
        guid = name_of(role.id).lower()
        before = known.get(guid, _Role(role.name, opens=False))
        known[guid] = _Role(before.name, opens=before.opens or opens(role))
    return known


def _by_group(memberships: Iterable[Membership]) -> dict[str, Membership]:
    merged: dict[str, Membership] = {}
    for one in memberships:
        other = merged.get(one.group, one)
        merged[one.group] = Membership(
            group=one.group,
            users=one.users | other.users,
            nested=one.nested | other.nested,
            complete=one.complete and other.complete,
            gap=one.gap or other.gap,
        )
    return merged


def _role(assignment: RoleAssignment, known: Mapping[str, _Role]) -> _Role:
    return known.get(assignment.role.lower(), _UNREADABLE)


def _by_scope(assignments: Iterable[RoleAssignment]) -> dict[str, list[RoleAssignment]]:
    at: dict[str, list[RoleAssignment]] = {}
    for assignment in sorted(assignments, key=_order):
        at.setdefault(assignment.scope, []).append(assignment)
    return at


def _order(one: RoleAssignment) -> tuple[str, ...]:
    rest = (one.name, one.condition or "", one.condition_version or "", one.description or "")
    return (one.principal_id, one.id, one.role_definition_id, one.principal_type, *rest)


def _reaching(group: ApplicationGroupId, at: Mapping[str, list[RoleAssignment]]) -> Iterator[RoleAssignment]:
    steps = group.split("/")
    above = ["/", *sorted(scope for scope in at if scope.startswith(_MANAGEMENT_GROUP))]
    for scope in (*above, *("/".join(steps[:end]) for end in range(2, len(steps) + 1))):
        yield from at.get(scope, ())


def _path(group: ApplicationGroupId, assignment: RoleAssignment, role: _Role, holder: _Holder) -> AccessPath:
    return AccessPath(
        application_group=group,
        assignment=assignment,
        role_name=role.name,
        users=holder.users,
        via_group=holder.via,
        nested_in=holder.nested_in,
        gap=holder.gap,
        inherited_from=None if assignment.scope == group else assignment.scope,
    )


def _holders(
    assignment: RoleAssignment, members: Mapping[str, Membership], names: Mapping[GroupId, str]
) -> Iterator[_Holder]:
    principal, kind = assignment.principal_id, assignment.principal_type.lower()
    if kind in {"group", "foreigngroup"} or principal in members:
        yield from _group_holders(GroupId(principal), members, names)
    elif kind == "user":
        yield _Holder(frozenset({UserId(principal)}))
    elif kind == "serviceprincipal":
        yield _Holder(frozenset())
    else:
        yield _Holder(None)


def _group_holders(
    group: GroupId, members: Mapping[str, Membership], names: Mapping[GroupId, str]
) -> Iterator[_Holder]:
    holder = UserGroup(name=names.get(group, group), id=group)
    whole = members.get(group)
    if whole is None:
        yield _Holder(None, holder)
        return
    nested = [members[one] for one in sorted(whole.nested - {group}) if one in members]
    nested = [one for one in nested if one.complete]
    direct = whole.users.difference(*(one.users for one in nested)) if whole.complete else None
    if direct is None or direct or not nested:
        yield _Holder(direct, holder, gap=whole.gap)
    for one in nested:
        yield _Holder(one.users, UserGroup(name=names.get(one.group, one.group), id=one.group), holder)
