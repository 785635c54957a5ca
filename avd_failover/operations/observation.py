"""What a plan's two sides look like now, rebuilt from the cloud alone, for when no journal tells (J10).

Only reads. A side that does not answer is a gap, never an empty side. What looks half-done is named as it
looks; what anybody meant by it is never guessed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.estate import HostPool, HostStatus, ScalingPlan, SessionHost, UserSession
from avd_failover.domain.exposure import Exposure
from avd_failover.domain.faults import CloudError
from avd_failover.domain.findings import Finding
from avd_failover.domain.placement import Placement, Where, place
from avd_failover.domain.plan import End, Side
from avd_failover.domain.route import Route
from avd_failover.domain.words import counted
from avd_failover.operations.entry import see_entry

T = TypeVar("T")

_IMAGE_LOST = (
    "; a condition or a description that its assignment had is lost with the journal, and a run grants it"
    " anew without either"
)


class SideObserved(Struct, frozen=True, kw_only=True):
    """One side's pool: hosts and sessions counted, and what may start hosts. None is: nobody knows."""

    side: Side
    hosts: int | None = None
    available: int | None = None
    drained: int | None = None
    sessions: int | None = None
    start_on_connect: bool | None = None
    autoscale: str = "unknown"
    """``acts``, ``off``, ``none`` where the plan names no scaling plan, or ``unknown``."""
    gaps: tuple[str, ...] = ()


class Observed(Struct, frozen=True, kw_only=True):
    """Where every pair of a plan stands, seen from primary to secondary, and both sides."""

    placement: Placement
    sides: tuple[SideObserved, SideObserved]
    ways: Exposure
    """Every way in; ``shadows`` are those besides the plan's own."""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Everything that could not be read, once."""
        told = (*self.placement.gaps, *(gap for side in self.sides for gap in side.gaps))
        return tuple(dict.fromkeys(told))


async def observe(cloud: Reads, route: Route) -> Observed:
    """Read where the pairs of a route stand, and both of its sides.

    Raises CloudError where not even the assignments can be read: then there is nothing to tell.
    """
    entry = await see_entry(cloud, route, (End.SOURCE, End.TARGET))
    sides = await asyncio.gather(_side(cloud, route, End.SOURCE), _side(cloud, route, End.TARGET))
    placement = place(route, entry.assignments, entry.gaps)
    return Observed(placement=placement, sides=(sides[0], sides[1]), ways=entry.exposure(route))


def half_done(seen: Observed) -> Iterator[Finding]:
    """Name what a run that came to its end would not have left, pair by pair and side by side."""
    for placed in seen.placement.places:
        if placed.where in {Where.BOTH, Where.NEITHER}:
            code = "pair-on-both" if placed.where is Where.BOTH else "pair-on-neither"
            lost = "" if placed.where is Where.BOTH else _IMAGE_LOST
            detail = f"is assigned {placed.where.value}{lost}"
            yield Finding(code=code, subject=placed.pair.label, detail=detail)
    stand = {placed.where for placed in seen.placement.places}
    if {Where.SOURCE, Where.TARGET} <= stand:
        detail = f"some pairs stand on one side and some on the other: {seen.placement.sentence}"
        yield Finding(code="pairs-on-both-sides", subject="role assignments", detail=detail)
    for side, here in zip(seen.sides, (Where.SOURCE, Where.TARGET), strict=True):
        yield from _of_side(side, open_=bool(stand & {here, Where.BOTH}))
    for path in seen.ways.shadows:
        yield Finding(code="shadow-access", subject=path.assignment.id, detail=path.sentence)


def _of_side(side: SideObserved, *, open_: bool) -> Iterator[Finding]:
    name = side.side.value
    if side.sessions and not open_:
        detail = f"{counted(side.sessions, 'session')} where no pair of the plan is assigned"
        yield Finding(code="sessions-left", subject=name, detail=detail)
    if open_ and side.drained:
        detail = (
            f"{side.drained} of {counted(side.hosts or 0, 'host')} take no new session, and users are there"
        )
        yield Finding(code="hosts-drained", subject=name, detail=detail)
    if open_ and side.autoscale == "off":
        detail = "autoscale does not act on the pool, and users are there"
        yield Finding(code="autoscale-off", subject=name, detail=detail)


async def _side(cloud: Reads, route: Route, end: End) -> SideObserved:
    side, gaps = route.side(end), list[str]()
    pool = await _read("host pool", cloud.pools.get(side.host_pool), gaps)
    hosts = await _read("hosts", cloud.hosts.list(side.host_pool), gaps)
    sessions = await _read("sessions", cloud.sessions.list(side.host_pool), gaps)
    scaling = (
        await _read("autoscale", cloud.scaling.get(side.scaling_plan), gaps) if side.scaling_plan else None
    )
    gaps += [one.gap for one in (hosts, sessions) if one is not None and not one.complete]
    known: tuple[SessionHost, ...] | None = hosts.items if hosts and hosts.complete else None
    there: tuple[UserSession, ...] | None = sessions.items if sessions and sessions.complete else None
    return SideObserved(
        side=side.side,
        hosts=_count(known, lambda host: True),
        available=_count(known, lambda host: host.status is HostStatus.AVAILABLE),
        drained=_count(known, lambda host: not host.allows_new_sessions),
        sessions=None if there is None else len(there),
        start_on_connect=pool.start_on_connect if pool else None,
        autoscale=_autoscale(scaling, pool, named=side.scaling_plan is not None),
        gaps=tuple(f"{side.side.value}: {gap}" for gap in gaps),
    )


def _count(hosts: tuple[SessionHost, ...] | None, counts: Callable[[SessionHost], bool]) -> int | None:
    return None if hosts is None else sum(counts(host) for host in hosts)


def _autoscale(plan: ScalingPlan | None, pool: HostPool | None, *, named: bool) -> str:
    if not named:
        return "none"
    if plan is None or pool is None:
        return "unknown"
    return "acts" if plan.acts_on(pool.id) else "off"


async def _read(what: str, answer: Awaitable[T], gaps: list[str]) -> T | None:
    """Return what was read, or take note that it was not."""
    try:
        return await answer
    except CloudError as fault:
        gaps.append(f"{what}: {fault.brief}")
        return None
