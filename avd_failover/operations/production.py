"""Production during a drill: written down before anything is done, compared when all is back (contract 154).

What is written down is everything that is not the testers': the other role assignments at the application
groups of both pools, every session host with its drain flag, the pools' settings, autoscale, its schedules.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain import production
from avd_failover.domain.actions import Action, LogOff, Moves, Skipped, TellUser
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting, SettingSpec
from avd_failover.domain.ids import UserId, assignment_id, name_of
from avd_failover.domain.plan import End
from avd_failover.domain.production import Words
from avd_failover.domain.route import Route
from avd_failover.domain.words import counted
from avd_failover.operations.assignments import gaps_in
from avd_failover.operations.base import Base, Blocked, Memory, NotYet, Proven, Verdict
from avd_failover.operations.entry import members_of
from avd_failover.operations.occupants import moved_users

AGAIN_S = 30.0
"""A difference counts when two looks this far apart show it: listings lag."""


class ProductionSeen(Struct, frozen=True, kw_only=True):
    """Production now, and as it was written down."""

    now: Words
    recorded: Words
    gaps: tuple[str, ...] = ()
    told: tuple[int, int] = (0, 0)
    """Messages that this run sent to testers, and to anybody else."""
    ended: tuple[int, int] = (0, 0)
    """Sessions that this run logged off, of testers and of anybody else."""


class Record(Base):
    """Write production down, thing by thing; what an earlier process wrote of it stays as it is."""

    spec: ClassVar = OperationSpec(
        name="production.record",
        summary="Write down everything that is not the testers', thing by thing, with a digest.",
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ProductionSeen:
        """Read production at both ends."""
        now, gaps = await see_production(cloud, self.route)
        return ProductionSeen(now=now, recorded=memory.left_alone(self.bound.step.id), gaps=gaps)

    def plan(self, seen: ProductionSeen) -> Moves:
        """Change nothing; each thing is written down as left alone."""
        if seen.gaps:
            return Moves()
        things = (Skipped(target=target, because=words) for target, words in sorted(seen.now.items()))
        return Moves(skipped=tuple(things))

    def prove(self, looks: Sequence[ProductionSeen]) -> Verdict:
        """Hold when everything was read."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.gaps))
        things = {**seen.now, **seen.recorded}
        facts: dict[str, Setting] = {}
        for category, number, digest in production.in_figures(things):
            facts |= {f"{category}s": number, f"{category}s_sha256": digest}
        return Proven(because=f"{counted(len(things), 'thing')} of production written down", facts=facts)


class Prove(Base):
    """Compare production with what was written down; any difference holds the run, named as what it is."""

    spec: ClassVar = OperationSpec(
        name="production.prove",
        summary="Prove that nothing but the testers' own differs from what was written down before.",
        settings={
            "record": SettingSpec(kind="text", summary="step that wrote production down", required=True)
        },
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ProductionSeen:
        """Read production at both ends, and what this run did to sessions."""
        recorded = memory.left_alone(str(self.bound.step.settings["record"]))
        now, gaps = await see_production(cloud, self.route, recorded)
        groups = sorted({pair.group.id for pair in self.route.pairs})
        members = await asyncio.gather(*(members_of(cloud, group) for group in groups))
        testers, known = moved_users(self.route, members)
        return ProductionSeen(
            now=now,
            recorded=recorded,
            gaps=gaps if known else (*gaps, "the members of the test group could not be read"),
            told=_by_whose(memory.changed, TellUser, testers),
            ended=_by_whose(memory.changed, LogOff, testers),
        )

    def plan(self, seen: ProductionSeen) -> Moves:
        """Change nothing: what differs is somebody else's doing, and theirs to explain."""
        return Moves()

    def prove(self, looks: Sequence[ProductionSeen]) -> Verdict:
        """Hold when everything is as it was, and no session but testers' was touched."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.gaps), look_again_s=AGAIN_S)
        if findings := tuple(self._findings(seen)):
            if len(looks) < 2 or not any(self._findings(looks[-2])):
                return NotYet(because=f"to be seen again: {findings[0].detail}", look_again_s=AGAIN_S)
            many = counted(len(findings), "difference")
            return Blocked(because=f"{many} in production: {findings[0].detail}", findings=findings)
        facts = self._facts(seen)
        compared = f"{facts['assignments']} assignments and {facts['hosts']} hosts compared"
        return Proven(because=f"production is as it was: {compared}, no session touched", facts=facts)

    def _findings(self, seen: ProductionSeen) -> Iterator[Finding]:
        if not seen.recorded:
            yield Finding(code="production-unrecorded", subject="record", detail="nothing was written down")
            return
        for one in production.differences(seen.recorded, seen.now):
            yield Finding(code="production-changed", subject=name_of(one.target), detail=one.sentence)
        if touched := seen.told[1] + seen.ended[1]:
            detail = f"{counted(touched, 'session')} of others than testers told or logged off by this run"
            yield Finding(code="production-touched", subject="sessions", detail=detail)

    def _facts(self, seen: ProductionSeen) -> dict[str, Setting]:
        facts: dict[str, Setting] = {}
        before = {category: digest for category, _, digest in production.in_figures(seen.recorded)}
        for category, number, digest in production.in_figures(seen.now):
            facts |= {
                f"{category}s": number,
                f"{category}s_sha256_before": before[category],
                f"{category}s_sha256_after": digest,
            }
        return facts | {
            "testers_told": seen.told[0],
            "tester_sessions_ended": seen.ended[0],
            "production_sessions_touched": seen.told[1] + seen.ended[1],
        }


async def see_production(
    cloud: Reads, route: Route, recorded: Iterable[str] = ()
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read everything that is not the testers', and what could not be read whole.

    Listings of assignments lag, so each one listed or recorded is confirmed by its id.
    """
    parts = await asyncio.gather(*(_at(cloud, route, end, frozenset(recorded)) for end in End))
    things = {target: words for found, _ in parts for target, words in found.items()}
    return things, tuple(gap for _, gaps in parts for gap in gaps)


async def _at(
    cloud: Reads, route: Route, end: End, recorded: frozenset[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    side = route.side(end)
    pool = await cloud.pools.get(side.host_pool)
    hosts = await cloud.hosts.list(side.host_pool)
    found = {str(pool.id): production.of_pool(pool)}
    found |= {str(host.id): production.of_host(host) for host in hosts.items}
    assignments, gaps = await _assignments(cloud, route, end, recorded)
    found |= {str(one.id): production.of_assignment(one) for one in assignments}
    if side.scaling_plan is not None:
        plan = await cloud.scaling.get(side.scaling_plan)
        schedules = await cloud.scaling.schedules(side.scaling_plan)
        found |= {str(plan.id): production.of_scaling(plan)}
        found |= {str(one.id): production.of_schedule(one) for one in schedules.items}
        return found, (*gaps, *gaps_in([hosts, schedules]))
    return found, (*gaps, *gaps_in([hosts]))


async def _assignments(
    cloud: Reads, route: Route, end: End, recorded: frozenset[str]
) -> tuple[list[RoleAssignment], tuple[str, ...]]:
    groups = await cloud.pools.application_groups(route.side(end).host_pool)
    scopes = sorted({*(group.id for group in groups.items), *route.application_groups(end)})
    listings = await asyncio.gather(*(cloud.assignments.at_or_above(scope) for scope in scopes))
    listed = {one.id for reading in listings for one in reading.items if one.scope in scopes}
    here = tuple(f"{scope}/" for scope in scopes)
    earlier = {assignment_id(one) for one in recorded if one.startswith(here)}
    now = await asyncio.gather(*(cloud.assignments.get(one) for one in sorted(listed | earlier)))
    moved = {pair.group.id for pair in route.pairs}
    standing = [one for one in now if one is not None and one.principal_id not in moved]
    return standing, gaps_in([groups, *listings])


def _by_whose(
    changed: Sequence[Action], kind: type[TellUser | LogOff], testers: frozenset[UserId]
) -> tuple[int, int]:
    """Count the targets of a kind of action, by whether its user is a tester; one unknown is not."""
    mine = {one.target for one in changed if isinstance(one, kind) and one.user in testers}
    others = {one.target for one in changed if isinstance(one, kind) and one.user not in testers}
    return len(mine), len(others)
