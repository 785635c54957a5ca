"""Who is where afterwards: user groups by application groups, of the whole plan, after one run (contract 44).

A run knows its own pairs from its journal. The plan's other pairs are where the runs before it brought them,
where their journals are at hand; of what no journal speaks, it says no more than that it was not moved.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from avd_failover.domain.plan import ApplicationGroupPair, End, Plan, UserGroup
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.words import counted
from avd_failover.journal.state import RunState
from avd_failover.report.chapters import Holding, Matrix
from avd_failover.report.moved import Place, places

LEFT = "not moved"
"""Of a pair that the run was not about: it stayed where it was."""

_Hold = tuple[str, str]
"""Names of a user group and of an application group."""

_Sides = Mapping[_Hold, str]


def matrix(state: RunState, others: Sequence[RunState] = ()) -> Matrix | None:
    """Return who is where; None where nobody is moved, or where desktops belong to one person each.

    ``others`` are runs of the same pool pair, in any order.
    """
    route = state.pinned.route
    if not places(state):
        return None
    earlier = sorted((one for one in others if _before(one, state)), key=lambda one: one.started_at)
    sides = {hold: side for one in (*earlier, state) for hold, side in _sides(one)}
    own = {hold for hold, _ in _sides(state)}
    plan = route.plan
    groups = list(plan.groups)
    if route.test and plan.test_group is not None:
        groups.append(plan.test_group)
    return Matrix(
        application_groups=tuple(twin.name for twin in plan.application_groups),
        holdings=tuple(_holding(group, plan, sides, own) for group in groups),
        partial=route.partial,
        back=_back(state),
    )


def _before(one: RunState, state: RunState) -> bool:
    """Whether a run tells where pairs stood: it changed something, and began before this one did."""
    same = one.pinned.lock == state.pinned.lock and one.run != state.run
    return same and one.changed and one.started_at < state.started_at


def _sides(state: RunState) -> Iterator[tuple[_Hold, str]]:
    for pair, place in places(state):
        yield (pair.group.name, pair.name), _side(place, state.pinned.route)


def _holding(group: UserGroup, plan: Plan, sides: _Sides, own: Collection[_Hold]) -> Holding:
    twins = plan.application_groups
    return Holding(
        group=group.name,
        sides=tuple(sides.get((group.name, twin.name)) or _left(group, twin) for twin in twins),
        moved=tuple((group.name, twin.name) in own for twin in twins),
    )


def _left(group: UserGroup, twin: ApplicationGroupPair) -> str:
    return LEFT if any(one.id == group.id for one in twin.groups) else ""


def _side(place: Place, route: Route) -> str:
    ends = {Place.SOURCE: End.SOURCE, Place.TARGET: End.TARGET}
    return route.side(ends[place]).side.value if place in ends else place.value


def _back(state: RunState) -> str:
    """Say whom the way home of this run would return: exactly those whom it moved."""
    route = state.pinned.route
    if route.purpose is not Purpose.FAILOVER or state.turned is not None:
        return ""
    moved = [pair.label for pair, place in places(state) if place is Place.TARGET]
    if not moved:
        return ""
    whom = f"exactly these, {route.scope}" if route.partial else "everybody"
    return f"failover back --plan {route.plan.name} returns {whom}: {counted(len(moved), 'group assignment')}"
