"""Reading every way in: who can use the application groups of a pool, by whatever path (safety S6)."""

import asyncio
from collections.abc import Iterable, Sequence, Set

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.access import opens, paths
from avd_failover.domain.estate import ApplicationGroup, Membership, RoleAssignment, RoleDefinition
from avd_failover.domain.exposure import Exposure, exposure, plan_users
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import ApplicationGroupId, AssignmentId, GroupId, PrincipalId, name_of
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.operations.assignments import gaps_in


class EntrySeen(Struct, frozen=True, kw_only=True):
    """Everything that decides who can get in at the ends that were read, and what could not be read."""

    groups: tuple[ApplicationGroup, ...]
    """Every application group of the pools, the plan's or not."""
    assignments: tuple[RoleAssignment, ...]
    """At and above them; an assignment that a read by id no longer finds is left out."""
    roles: tuple[RoleDefinition, ...]
    memberships: tuple[Membership, ...]
    gaps: tuple[str, ...]

    def exposure(self, route: Route) -> Exposure:
        """Sort every path into the plan's own, shadows, accepted ones and bystanders."""
        moved = (pair.group for pair in route.pairs)
        names = {group.id: group.name for group in (*route.plan.groups, *moved)}
        ways = paths((one.id for one in self.groups), self.assignments, self.roles, self.memberships, names)
        return exposure(route, ways, plan_users(route, self.memberships))


async def see_entry(cloud: Reads, route: Route, ends: Sequence[End]) -> EntrySeen:
    """Read application groups, assignments, roles and members for these ends of a route."""
    readings = await asyncio.gather(*(_groups_at(cloud, route, end) for end in ends))
    groups = tuple(group for reading in readings for group in reading.items)
    listings = await asyncio.gather(*(cloud.assignments.at_or_above(group.id) for group in groups))
    definitions = await asyncio.gather(*(_roles_at(cloud, reading) for reading in readings))
    roles = tuple(role for reading in definitions for role in reading.items)
    assignments = await _standing(cloud, _once(item for listing in listings for item in listing.items), roles)
    moved = (pair.group for pair in route.pairs)
    holders = _group_holders(assignments, roles) | {group.id for group in (*route.plan.groups, *moved)}
    return EntrySeen(
        groups=groups,
        assignments=assignments,
        roles=roles,
        memberships=tuple(await asyncio.gather(*(members_of(cloud, group) for group in sorted(holders)))),
        gaps=(*gaps_in(readings), *gaps_in(listings), *gaps_in(definitions)),
    )


async def _groups_at(cloud: Reads, route: Route, end: End) -> Reading[ApplicationGroup]:
    """Read the pool's application groups, and those of the plan in case they belong to another pool."""
    found = await cloud.pools.application_groups(route.side(end).host_pool)
    listed = {group.id for group in found.items}
    others = [one for one in route.application_groups(end) if one not in listed]
    strays = await asyncio.gather(*(cloud.pools.application_group(one) for one in others))
    return Reading(
        items=(*found.items, *strays), read_at=found.read_at, complete=found.complete, gap=found.gap
    )


async def _roles_at(cloud: Reads, groups: Reading[ApplicationGroup]) -> Reading[RoleDefinition]:
    if not groups.items:
        return Reading(items=(), read_at=groups.read_at)
    return await cloud.assignments.definitions(groups.items[0].id)


def _once(assignments: Iterable[RoleAssignment]) -> dict[AssignmentId, RoleAssignment]:
    return {one.id: one for one in assignments}


async def _standing(
    cloud: Reads, listed: dict[AssignmentId, RoleAssignment], roles: Sequence[RoleDefinition]
) -> tuple[RoleAssignment, ...]:
    """Keep what opens a door and still stands: listings lag, a read by id does not."""
    harmless = _harmless(roles)
    opening = [one for one in listed.values() if one.role.lower() not in harmless]
    now = await asyncio.gather(*(cloud.assignments.get(one.id) for one in opening))
    return tuple(one for one in now if one is not None)


def _harmless(roles: Sequence[RoleDefinition]) -> Set[str]:
    """Return the GUIDs of roles that open no application group; a role that could not be read may."""
    opening = {name_of(role.id).lower() for role in roles if opens(role)}
    return {name_of(role.id).lower() for role in roles} - opening


def _group_holders(assignments: Iterable[RoleAssignment], roles: Sequence[RoleDefinition]) -> set[GroupId]:
    harmless = _harmless(roles)
    return {
        GroupId(PrincipalId(one.principal_id))
        for one in assignments
        if one.principal_type.lower() == "group" and one.role.lower() not in harmless
    }


async def members_of(cloud: Reads, group: GroupId) -> Membership:
    """Read a group; one that may not be read has members nobody knows, never none (safety S5)."""
    try:
        return await cloud.directory.members(group)
    except RefusedError as refusal:
        return Membership(group=group, users=frozenset(), complete=False, gap=refusal.message)


def unreadable(seen: EntrySeen) -> tuple[GroupId, ...]:
    """Return the groups whose members are not wholly known."""
    return tuple(one.group for one in seen.memberships if not one.complete)


def strays(seen: EntrySeen, route: Route, end: End) -> tuple[ApplicationGroupId, ...]:
    """Return the plan's application groups that belong to another pool than the plan says."""
    pool, wanted = route.side(end).host_pool, set(route.application_groups(end))
    return tuple(group.id for group in seen.groups if group.id in wanted and group.host_pool != pool)
