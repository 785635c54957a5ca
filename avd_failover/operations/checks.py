"""The readiness gate: every interlock that must let a run pass before it changes anything (safety I9)."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.accepted import digest_of, rule_for
from avd_failover.domain.actions import Moves, SetLogons
from avd_failover.domain.approvals import Judgement, Rejected, Waiting, judge
from avd_failover.domain.estate import HostPool, PoolKind, SessionHost
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.ids import AssignmentId, SessionHostId, name_of, subscription_of
from avd_failover.domain.ladder import forgotten
from avd_failover.domain.placement import (
    AllOnSource,
    AllOnTarget,
    Latch,
    Mixed,
    Placement,
    Unread,
    latch,
    place,
)
from avd_failover.domain.plan import End
from avd_failover.domain.seats import seats
from avd_failover.domain.words import counted
from avd_failover.operations.base import Base, Blocked, Bound, Memory, Moot, NotYet, Proven, Verdict
from avd_failover.operations.demand import needed
from avd_failover.operations.entry import EntrySeen, see_entry, strays, unreadable
from avd_failover.operations.hostwatch import HostWatch
from avd_failover.operations.occupants import moved_users
from avd_failover.operations.partial import PartialSeen, partial_findings, see_partial, stays_in_plan

PER_OBJECT, PER_SUBSCRIPTION = 200, 4000
"""Role assignments that Azure allows on one AVD object and in one subscription (azure-facts section 8)."""


class ReadinessSeen(Struct, frozen=True, kw_only=True):
    """Both ends as they are before anything is changed."""

    source: HostPool
    target: HostPool
    target_hosts: Reading[SessionHost]
    entry: EntrySeen
    latch: Latch
    target_assignments: Reading[AssignmentId]
    """Every role assignment in the target's subscription."""
    opened_again: frozenset[SessionHostId] = frozenset()
    """Hosts that the runs before this one drained, and this one opens again."""
    placement: Placement = Placement(places=())
    partial: PartialSeen | None = None
    """What a run that leaves somebody behind depends on besides; None for one that moves everybody."""
    under_way: bool = False
    """The run granted access before: it goes on to its end also where everything stands on the target."""
    accepted: bool = False
    """A person accepted exactly this placement as the starting point, though no journal explains it."""
    approval: Judgement | None = None
    """What others said of that, where the plan asks for more than one person's word."""


class Readiness(Base):
    """Let a run pass only when plan and world agree and the target could seat everybody."""

    spec: ClassVar = OperationSpec(
        name="checks.readiness",
        summary="Check placement, shadow access, capacity and limits before anything is changed.",
        essential=True,
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.route.side(End.TARGET).host_pool)

    async def observe(self, cloud: Reads, memory: Memory) -> ReadinessSeen:
        """Read both ends."""
        source, target = self.route.side(End.SOURCE), self.route.side(End.TARGET)
        pools = await asyncio.gather(cloud.pools.get(source.host_pool), cloud.pools.get(target.host_pool))
        entry = await see_entry(cloud, self.route, (End.SOURCE, End.TARGET))
        placement = place(self.route, entry.assignments, entry.gaps)
        accepted = memory.accepted
        stands = latch(placement, memory.revoked, memory.granted)
        agreed = (
            accepted is not None and isinstance(stands, Mixed) and accepted.digest == digest_of(placement)
        )
        return ReadinessSeen(
            source=pools[0],
            target=pools[1],
            target_hosts=await self._watch.look(cloud, memory.now_s),
            entry=entry,
            latch=latch(placement, accepted_by=accepted.by) if accepted and agreed else stands,
            approval=self._approval(memory) if agreed else None,
            accepted=agreed,
            under_way=bool(memory.granted),
            target_assignments=await cloud.assignments.count(subscription_of(target.host_pool)),
            opened_again=frozenset(one.host for one in memory.inherited if isinstance(one, SetLogons)),
            placement=placement,
            partial=await see_partial(cloud, self.route, entry),
        )

    def plan(self, seen: ReadinessSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[ReadinessSeen]) -> Verdict:
        """Let pass, refuse with every reason at once, or find that all is done already."""
        seen = looks[-1]
        gaps = [one.gap for one in (seen.target_hosts, seen.target_assignments) if not one.complete]
        gaps += seen.partial.gaps if seen.partial else ()
        if seen.entry.gaps or gaps:
            return NotYet(because="could not be read whole: " + "; ".join((*seen.entry.gaps, *gaps)))
        findings = tuple(finding for check in self._checks() for finding in check(seen))
        done = isinstance(seen.latch, AllOnTarget) and not seen.under_way
        if done and not self.route.test and not findings:
            return Moot(because=seen.latch.because)
        if findings:
            return Blocked(because=f"{findings[0].subject}: {findings[0].detail}", findings=findings)
        if (unapproved := self._unapproved(seen.approval)) is not None:
            return unapproved
        facts: dict[str, Setting] = {"pairs": len(self.route.pairs), "seats_possible": self._seats(seen)}
        said = seen.latch.because
        if seen.partial is not None:
            facts["users"] = many = len(moved_users(self.route, seen.partial.memberships)[0])
            said = f"{counted(many, 'user')} of {self.route.scope} share no group with anybody who stays"
        return Proven(
            because=f"{said}; no other way in; the target can seat {self._seats(seen)}",
            facts=facts,
        )

    def _approval(self, memory: Memory) -> Judgement | None:
        rule = rule_for(self.route.plan.policies)
        if rule is None:
            return None
        return judge(memory.approvals(self.bound.step.id), rule, memory.initiator, memory.now_at)

    def _unapproved(self, approval: Judgement | None) -> Verdict | None:
        """Return what stands between an accepted placement and the run: a second person's word."""
        match approval:
            case Rejected(by=by, reason=reason):
                told = f"{by} rejected this starting point{f': {reason}' if reason else ''}"
                found = Finding(code="placement-rejected", subject="role assignments", detail=told)
                return Blocked(because=told, findings=(found,))
            case Waiting(lacking=lacking):
                ask = f"failover approve {self.bound.run} {self.bound.step.id} --by NAME"
                wanted = counted(lacking, "approval")
                return NotYet(
                    because=f"no journal explains where the pairs stand: waits for {wanted} of this"
                    f" starting point by somebody else than who began the run: {ask}"
                )
        return None

    def _checks(self) -> tuple[Callable[[ReadinessSeen], Iterator[Finding]], ...]:
        every = (self._pools, self._groups, self._placement, self._entrances, self._capacity, self._limits)
        return (self._partial, *every)

    def _partial(self, seen: ReadinessSeen) -> Iterator[Finding]:
        if seen.partial is not None:
            yield from partial_findings(self.route, seen.partial, seen.placement)

    def _pools(self, seen: ReadinessSeen) -> Iterator[Finding]:
        for end, pool in ((End.SOURCE, seen.source), (End.TARGET, seen.target)):
            if pool.kind is not self.route.plan.pool:
                detail = f"is a {pool.kind.value} pool, the plan says {self.route.plan.pool.value}"
                yield Finding(code="pool-kind", subject=name_of(pool.id), detail=detail)
            if pool.kind is PoolKind.POOLED and pool.max_sessions_per_host < 1:
                yield Finding(code="pool-limit", subject=name_of(pool.id), detail="lets no session on a host")
            for stray in strays(seen.entry, self.route, end):
                detail = f"does not belong to host pool {name_of(pool.id)}"
                yield Finding(code="group-stray", subject=name_of(stray), detail=detail)

    def _groups(self, seen: ReadinessSeen) -> Iterator[Finding]:
        names = {group.id: group.name for group in self.route.plan.groups}
        for group in unreadable(seen.entry):
            if group in names:
                detail = "its members could not be read, so nobody can say whom it lets in"
                yield Finding(code="group-unreadable", subject=names[group], detail=detail)

    def _placement(self, seen: ReadinessSeen) -> Iterator[Finding]:
        if self.route.test and not isinstance(seen.latch, Unread):
            return  # testers may be assigned on the source already, or be about to be: see partial_findings
        if isinstance(seen.latch, Mixed) and not seen.latch.explained:
            yield Finding(code="placement-mixed", subject="role assignments", detail=seen.latch.because)
        elif not isinstance(seen.latch, AllOnSource | AllOnTarget | Mixed):
            yield Finding(code="placement-unread", subject="role assignments", detail=seen.latch.because)

    def _entrances(self, seen: ReadinessSeen) -> Iterator[Finding]:
        for path in seen.entry.exposure(self.route).shadows:
            if stays_in_plan(self.route, path.assignment.scope, path.assignment.principal_id):
                continue  # told as an overlap, by the groups that share users
            yield Finding(code="shadow-access", subject=path.assignment.id, detail=path.sentence)

    def _leaves(self, seen: ReadinessSeen) -> bool:
        """Whether everybody is still to go: what the target must hold then is not there yet."""
        return self.route.test or seen.accepted or isinstance(seen.latch, AllOnSource)

    def _capacity(self, seen: ReadinessSeen) -> Iterator[Finding]:
        wanted = needed(self.route, seen.entry.memberships).seats
        if self._leaves(seen) and self._seats(seen) < wanted:
            detail = f"could seat {self._seats(seen)} with every usable host up, the plan needs {wanted}"
            yield Finding(code="capacity-short", subject=name_of(seen.target.id), detail=detail)

    def _limits(self, seen: ReadinessSeen) -> Iterator[Finding]:
        if not self._leaves(seen):
            return
        total = len(seen.target_assignments.items) + len(self.route.pairs)
        if total > PER_SUBSCRIPTION:
            detail = f"would hold {total} role assignments, Azure allows {PER_SUBSCRIPTION}"
            yield Finding(code="assignment-limit", subject="target subscription", detail=detail)
        for group in self.route.application_groups(End.TARGET):
            held = sum(one.startswith(f"{group}/") for one in seen.target_assignments.items)
            more = sum(pair.target == group for pair in self.route.pairs)
            if held + more > PER_OBJECT:
                detail = f"would hold {held + more} role assignments, Azure allows {PER_OBJECT}"
                yield Finding(code="assignment-limit", subject=name_of(group), detail=detail)

    def _seats(self, seen: ReadinessSeen) -> int:
        ours = seen.opened_again
        read = seen.target_hosts
        registered = [host for host in read.items if not forgotten(host, read.read_at)]
        usable = [host for host in registered if host.allows_new_sessions or host.id in ours]
        return seats(seen.target, usable).at_most
