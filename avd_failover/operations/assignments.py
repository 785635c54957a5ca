"""Revoking and granting access: role assignments of the plan's groups on its application groups."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, GrantAssignment, Moves, RevokeAssignment, Skipped
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import ApplicationGroupId, assignment_at, assignment_name, subscription_of
from avd_failover.domain.plan import End
from avd_failover.domain.route import Pair, Route
from avd_failover.domain.words import counted
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Memory,
    NotYet,
    Proven,
    Verdict,
    in_order,
)

SETTLING_CODES = frozenset({"PrincipalNotFound"})
"""Refusals that pass by themselves: a fresh group is not known everywhere yet (azure-facts section 5)."""


class PairSeen(Struct, frozen=True, kw_only=True):
    """A pair and the assignments that hold it at one end.

    ``held`` were confirmed by a read by id just now; ``listed_only`` stand in the listing, which lags, while
    the read by id says that they are gone or that the id names another assignment now.
    """

    pair: Pair
    held: tuple[RoleAssignment, ...] = ()
    listed_only: tuple[RoleAssignment, ...] = ()


class AssignmentsSeen(Struct, frozen=True, kw_only=True):
    """Every pair of the route at one end. ``gaps`` name what could not be read whole."""

    pairs: tuple[PairSeen, ...]
    gaps: tuple[str, ...] = ()
    images: tuple[RoleAssignment, ...] = ()
    """Where granting takes conditions and descriptions from: the assignments at the source."""


async def see_pairs(cloud: Reads, route: Route, end: End) -> tuple[tuple[PairSeen, ...], tuple[str, ...]]:
    """Read who of the plan's groups is assigned at one end; each hit is confirmed by id (safety S15)."""
    listings = await listings_of(cloud, route.application_groups(end))
    pairs = [await _see_pair(cloud, route, pair, end, listings) for pair in route.pairs]
    return tuple(pairs), gaps_in(listings.values())


async def listings_of(
    cloud: Reads, groups: Iterable[ApplicationGroupId]
) -> dict[ApplicationGroupId, Reading[RoleAssignment]]:
    """List the assignments at and above each application group."""
    return {group: await cloud.assignments.at_or_above(group) for group in groups}


def gaps_in(readings: Iterable[Reading[Any]]) -> tuple[str, ...]:
    """Return what incomplete readings say they lack."""
    return tuple(reading.gap for reading in readings if not reading.complete)


async def _see_pair(
    cloud: Reads,
    route: Route,
    pair: Pair,
    end: End,
    listings: dict[ApplicationGroupId, Reading[RoleAssignment]],
) -> PairSeen:
    listed = in_order(item for item in listings[pair.at(end)].items if holds(item, route, pair, end))
    now = [await cloud.assignments.get(item.id) for item in listed]
    held = tuple(item for item in now if item is not None and holds(item, route, pair, end))
    standing = {item.id for item in held}
    return PairSeen(
        pair=pair, held=held, listed_only=tuple(item for item in listed if item.id not in standing)
    )


def holds(assignment: RoleAssignment, route: Route, pair: Pair, end: End) -> bool:
    """Tell whether an assignment is the pair's own at one end: scope, principal and role, exactly."""
    return (
        assignment.scope == pair.at(end)
        and assignment.principal_id == pair.group.id
        and assignment.role == route.plan.role
    )


class Revoke(Base):
    """Remove the plan's groups from the application groups of one end, images first."""

    spec: ClassVar = OperationSpec(
        name="assignments.revoke",
        summary="Remove the user groups from the application groups; each assignment is kept as an image.",
        ends=(End.SOURCE, End.TARGET),
        changes=("assignment.revoke",),
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> AssignmentsSeen:
        """Read the pairs at this end, and by id what this run granted here, which listings show late."""
        pairs, gaps = await see_pairs(cloud, self.route, self.bound.end)
        whole = [await self._with_own(cloud, item, memory.granted) for item in pairs]
        return AssignmentsSeen(pairs=tuple(whole), gaps=gaps)

    async def _with_own(self, cloud: Reads, item: PairSeen, granted: Sequence[RoleAssignment]) -> PairSeen:
        seen = {one.id for one in (*item.held, *item.listed_only)}
        mine = [one for one in granted if holds(one, self.route, item.pair, self.bound.end)]
        now = [await cloud.assignments.get(one.id) for one in mine if one.id not in seen]
        own = [one for one in now if one is not None and holds(one, self.route, item.pair, self.bound.end)]
        return PairSeen(pair=item.pair, held=(*item.held, *own), listed_only=item.listed_only)

    def plan(self, seen: AssignmentsSeen) -> Moves:
        """Revoke everything that still stands."""
        actions: list[Action] = []
        skipped: list[Skipped] = []
        for item in seen.pairs:
            reason = f"{item.pair.label} leaves {self.side.side.value}"
            actions += [RevokeAssignment(assignment=held, reason=reason) for held in item.held]
            if not item.held:
                skipped.append(Skipped(target=item.pair.label, because="no assignment of it stands here"))
        return Moves(actions=tuple(actions), skipped=tuple(skipped), whole=not seen.gaps)

    def prove(self, looks: Sequence[AssignmentsSeen]) -> Verdict:
        """Hold when no read by id finds an assignment and every listing was whole."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="listing incomplete: " + "; ".join(seen.gaps))
        standing = [item.pair.label for item in seen.pairs if item.held]
        if standing:
            return NotYet(because="still assigned: " + ", ".join(standing))
        total = len(seen.pairs)
        return Proven(
            because=f"none of {counted(total, 'pair')} is assigned on {self.side.side.value} any more",
            facts={"pairs": total},
            idle=not any(item.held for look in looks for item in look.pairs),
        )


class Grant(Base):
    """Give the plan's groups the application groups of one end, as a mirror of what they had."""

    spec: ClassVar = OperationSpec(
        name="assignments.grant",
        summary="Assign the user groups to the application groups; needs a barrier before it.",
        ends=(End.TARGET, End.SOURCE),
        changes=("assignment.grant",),
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> AssignmentsSeen:
        """Read the pairs at this end, our own by name where the listing lags, and the images."""
        pairs, gaps = await see_pairs(cloud, self.route, self.bound.end)
        own = [await self._own(cloud, item, memory.granted) for item in pairs]
        images = memory.revoked or await self._standing(cloud)
        return AssignmentsSeen(pairs=tuple(own), gaps=gaps, images=tuple(images))

    def plan(self, seen: AssignmentsSeen) -> Moves:
        """Grant every pair that nobody holds yet."""
        actions: list[Action] = []
        skipped: list[Skipped] = []
        for item in seen.pairs:
            if item.held:
                skipped.append(Skipped(target=item.pair.label, because="assigned here already"))
            else:
                wanted = self._wanted(item.pair, seen.images)
                reason = f"{item.pair.label} goes to {self.side.side.value}"
                actions.append(GrantAssignment(assignment=wanted, reason=reason))
        return Moves(actions=tuple(actions), skipped=tuple(skipped))

    def prove(self, looks: Sequence[AssignmentsSeen]) -> Verdict:
        """Hold when a read by id finds every pair."""
        lacking = [item.pair.label for item in looks[-1].pairs if not item.held]
        if lacking:
            return NotYet(because="not assigned yet: " + ", ".join(lacking))
        total = len(looks[-1].pairs)
        return Proven(
            because=f"{counted(total, 'pair')} assigned on {self.side.side.value}",
            facts={"pairs": total},
            idle=all(item.held for item in looks[0].pairs),
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Take an existing twin for what it is, and wait for a group that is not known everywhere yet."""
        if refusal.code == "RoleAssignmentExists":
            return AfterRefusal.LEAVE
        return AfterRefusal.AGAIN if refusal.code in SETTLING_CODES else AfterRefusal.STOP

    async def _own(self, cloud: Reads, item: PairSeen, granted: Sequence[RoleAssignment]) -> PairSeen:
        if item.held:
            return item
        earlier = [one.id for one in granted if holds(one, self.route, item.pair, self.bound.end)]
        for name in [*earlier, self._wanted(item.pair, ()).id]:
            mine = await cloud.assignments.get(name)
            if mine is not None and holds(mine, self.route, item.pair, self.bound.end):
                return PairSeen(pair=item.pair, held=(mine,), listed_only=item.listed_only)
        return item

    async def _standing(self, cloud: Reads) -> list[RoleAssignment]:
        other = End.SOURCE if self.bound.end is End.TARGET else End.TARGET
        pairs, _ = await see_pairs(cloud, self.route, other)
        return [held for item in pairs for held in item.held]

    def _wanted(self, pair: Pair, images: Sequence[RoleAssignment]) -> RoleAssignment:
        scope, role = pair.at(self.bound.end), self.route.plan.role
        name = assignment_name(self.bound.run, self.bound.epoch, scope, pair.group.id, role)
        image = next((one for one in images if _is_image(one, pair)), None)
        subscription = subscription_of(scope)
        return RoleAssignment(
            id=assignment_at(scope, name),
            name=name,
            scope=scope,
            principal_id=pair.group.id,
            principal_type=image.principal_type if image else "Group",
            role_definition_id=(
                f"/subscriptions/{subscription}/providers/microsoft.authorization/roledefinitions/{role}"
            ),
            condition=image.condition if image else None,
            condition_version=image.condition_version if image else None,
            description=image.description if image else None,
        )


def _is_image(one: RoleAssignment, pair: Pair) -> bool:
    return one.principal_id == pair.group.id and one.scope in {pair.source, pair.target}
