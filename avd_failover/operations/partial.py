"""What must be so before a run moves some users and leaves others: the readiness of cohorts and of drills.

Nobody may end up on both sides (safety S5; contract 45, 137), and whoever stays must not notice (154). A
drill besides needs testers whom no production group knows (149, 150, 169), on the ground they start from.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.closure import closure
from avd_failover.domain.estate import Membership, UserSession
from avd_failover.domain.findings import Finding
from avd_failover.domain.placement import Placement, Where
from avd_failover.domain.plan import BarrierProof, End, Mode
from avd_failover.domain.route import Route
from avd_failover.domain.words import counted, listed
from avd_failover.operations.entry import EntrySeen
from avd_failover.operations.occupants import moved_users, sorted_out, unresolved_findings


class PartialSeen(Struct, frozen=True, kw_only=True):
    """What a partial run depends on besides what every run does."""

    memberships: tuple[Membership, ...]
    unresolved: tuple[UserSession, ...]
    """Sessions on the source of nobody knows whom."""
    ahead: int
    """Sessions on the target of users who are to move there."""
    gaps: tuple[str, ...] = ()


async def see_partial(cloud: Reads, route: Route, entry: EntrySeen) -> PartialSeen | None:
    """Read the sessions of both ends; None for a run that moves everybody."""
    if not route.partial:
        return None
    source = await cloud.sessions.list(route.side(End.SOURCE).host_pool)
    target = await cloud.sessions.list(route.side(End.TARGET).host_pool)
    return PartialSeen(
        memberships=entry.memberships,
        unresolved=sorted_out(route, source.items, entry.memberships).unresolved,
        ahead=len(sorted_out(route, target.items, entry.memberships).moved),
        gaps=tuple(one.gap for one in (source, target) if not one.complete),
    )


def partial_findings(route: Route, seen: PartialSeen, placement: Placement) -> Iterator[Finding]:
    """Yield everything that keeps a run from moving just these users."""
    if not route.pairs:
        detail = "no group of the plan holds any application group of the scope" if not route.test else ""
        yield Finding(code="scope-empty", subject=route.scope, detail=detail or "the plan has no test group")
        return
    if refusal := closure(route, seen.memberships).refusal:
        yield Finding(code="overlap", subject="user groups", detail=refusal)
    if route.plan.policies.barrier is BarrierProof.PHYSICAL:
        detail = "is physical, which would close the pool to those who stay; a partial run needs settle"
        yield Finding(code="barrier-physical", subject="policy barrier", detail=detail)
    yield from unresolved_findings(seen.unresolved)
    if route.test:
        yield from _drill(route, seen, placement)


def _drill(route: Route, seen: PartialSeen, placement: Placement) -> Iterator[Finding]:
    name = route.pairs[0].group.name
    users, known = moved_users(route, seen.memberships)
    if route.mode is not Mode.PLANNED:
        detail = "an outage is no time to rehearse: a drill is planned"
        yield Finding(code="drill-unplanned", subject=name, detail=detail)
    if not known:
        detail = "does not exist or could not be read, so nobody can say who the testers are"
        yield Finding(code="testers-unreadable", subject=name, detail=detail)
    elif not users:
        yield Finding(code="testers-missing", subject=name, detail="has no members: nobody would test")
    if ahead := [pair.label for where in (Where.TARGET, Where.BOTH) for pair in placement.at(where)]:
        detail = f"is on the target already ({listed(ahead)}); return it to the source first"
        yield Finding(code="testers-ahead", subject=name, detail=detail)
    if seen.ahead:
        detail = f"{counted(seen.ahead, 'session')} of testers on the target; testers start at the source"
        yield Finding(code="testers-ahead", subject=name, detail=detail)


def stays_in_plan(route: Route, scope: str, principal: str) -> bool:
    """Tell whether an assignment is one of the plan's own that the run leaves where it is."""
    everything: Sequence[tuple[str, str]] = [
        (pair.at(end), pair.group.id) for pair in Route(plan=route.plan).pairs for end in End
    ]
    return route.partial and (scope, principal) in everything
