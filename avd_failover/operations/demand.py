"""How many seats a run needs: the plan's when everybody moves, and one for each user who moves otherwise."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.estate import Membership
from avd_failover.domain.plan import Capacity
from avd_failover.domain.route import Route
from avd_failover.operations.entry import members_of
from avd_failover.operations.occupants import moved_users


async def demand(cloud: Reads, route: Route) -> Capacity:
    """Return the capacity that the run needs; reads the members of the moved groups in a partial run only."""
    if not route.partial:
        return route.plan.capacity
    groups = sorted({pair.group.id for pair in route.pairs})
    return needed(route, await asyncio.gather(*(members_of(cloud, group) for group in groups)))


def needed(route: Route, memberships: Sequence[Membership]) -> Capacity:
    """Scale the plan's capacity down to the users who move, never up; whole while they are not all known.

    The share of hosts that autoscale is told to keep up shrinks as the seats do, rounded up.
    """
    capacity = route.plan.capacity
    users, known = moved_users(route, memberships)
    if not route.partial or not known:
        return capacity
    seats = max(1, min(capacity.seats, len(users)))
    share = -(-capacity.minimum_hosts_pct * seats // max(1, capacity.seats))
    return replace(capacity, seats=seats, minimum_hosts_pct=share)
