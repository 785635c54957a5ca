"""The barrier as a step: look at the source until it is proven empty and closed (safety S4, S6, S7)."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Action, Moves
from avd_failover.domain.barrier import Holds, judge
from avd_failover.domain.closure import closure
from avd_failover.domain.estate import Machine, PowerState, SessionHost, UserSession
from avd_failover.domain.exposure import Exposure
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import SessionHostId, host_of
from avd_failover.domain.plan import BarrierProof, End, Policies
from avd_failover.domain.source_look import HostLook, SourceLook
from avd_failover.domain.words import listed
from avd_failover.operations.assignments import PairSeen, see_pairs
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Blocked,
    Bound,
    Memory,
    NotYet,
    Proven,
    Verdict,
    in_order,
)
from avd_failover.operations.entry import see_entry
from avd_failover.operations.hostwatch import HostWatch, machines_asleep
from avd_failover.operations.occupants import occupants, unresolved_block
from avd_failover.operations.sessions import log_off_moves

LOOK_EVERY_S = 30.0
LIST_EVERY_S = 10.0
"""A host that is new shows in a listing only, so every look lists (safety S7); one look in 30 s keeps to
Azure's 10 listings in 5 minutes. The look that follows log-offs at once trusts the listing before them."""


class BarrierSeen(Struct, frozen=True, kw_only=True):
    """One look at the source, and the ways in that were left when nobody was there any more."""

    look: SourceLook
    sessions: tuple[UserSession, ...]
    """Sessions on hosts that are not known to be off; the others are ghosts."""
    pairs: tuple[PairSeen, ...] = ()
    ways: Exposure | None = None
    """Read only when the source looks empty; None while it does not."""
    overlap: str = ""
    """Why users would span both sides, as members are now; empty when nobody would (safety S5)."""
    unresolved: tuple[UserSession, ...] = ()
    """Sessions of nobody knows whom, in a partial run; neither counted nor touched."""


class Barrier(Base):
    """Log off whoever comes back, and let the run pass once nobody is there and nobody can come.

    In a partial run that is said of the users who move. The source stays open for the others, so that
    nothing but the settle time can prove that no removed assignment opens a door any more.
    """

    spec: ClassVar = OperationSpec(
        name="barrier",
        summary="Prove that no session and no way in is left on the source; nothing is granted before.",
        changes=("session.logoff",),
        essential=True,
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self.side = self.route.side(End.SOURCE)
        self._watch = HostWatch(self.side.host_pool, list_every_s=LIST_EVERY_S)
        self._first_s: float | None = None

    async def observe(self, cloud: Reads, memory: Memory) -> BarrierSeen:
        """Read hosts, machines and settings, then the sessions, then the ways in."""
        hosts = await self._watch.look(cloud, memory.now_s)
        machines: dict[str, Machine] = {one.id: one for one in await machines_asleep(cloud, hosts.items)}
        pool = await cloud.pools.get(self.side.host_pool)
        plan = await cloud.scaling.get(self.side.scaling_plan) if self.side.scaling_plan else None
        began_s = memory.now_s
        sessions = await cloud.sessions.list(self.side.host_pool)
        ended_s = memory.now_s
        self._first_s = began_s if self._first_s is None else self._first_s
        looks = tuple(_look(host, machines) for host in in_order(hosts.items))
        there = await occupants(cloud, self.route, End.SOURCE, sessions.items)
        live = _on_live_hosts(there.moved, looks)
        strangers = _on_live_hosts(there.unresolved, looks)
        look = SourceLook(
            at_s=began_s,
            until_s=ended_s,
            hosts=looks,
            live_sessions=len(live) + len(strangers),
            ghost_sessions=len(there.moved) - len(live) + len(there.unresolved) - len(strangers),
            start_on_connect=pool.start_on_connect,
            autoscale_acts=plan is not None and plan.acts_on(self.side.host_pool),
            last_revoke_s=self._first_s if memory.last_revoke_s is None else memory.last_revoke_s,
            hosts_complete=hosts.complete,
            sessions_complete=sessions.complete,
            gaps=(*(one.gap for one in (hosts, sessions) if not one.complete), *there.gaps),
        )
        if live or strangers:
            return BarrierSeen(look=look, sessions=live, unresolved=strangers)
        return await self._with_ways(cloud, look)

    async def _with_ways(self, cloud: Reads, look: SourceLook) -> BarrierSeen:
        entry = await see_entry(cloud, self.route, (End.SOURCE,))
        pairs, gaps = await see_pairs(cloud, self.route, End.SOURCE)
        return BarrierSeen(
            look=_with_gaps(look, (*entry.gaps, *gaps)),
            sessions=(),
            pairs=pairs,
            ways=entry.exposure(self.route),
            overlap=closure(self.route, entry.memberships).refusal if self.route.partial else "",
        )

    def plan(self, seen: BarrierSeen) -> Moves:
        """Log off whoever is there; what others changed on hosts and settings is never overwritten here."""
        return log_off_moves(
            seen.sessions, reason="came back before the barrier stood", whole=not seen.look.gaps
        )

    def prove(self, looks: Sequence[BarrierSeen]) -> Verdict:
        """Hold when the source is proven empty and every way in is gone, in reads by id and in listings.

        A way in blocks only when everything was read: with a gap, a role that is harmless looks like one.
        """
        seen = looks[-1]
        if not seen.look.gaps and (blocked := self._blocked(seen)):
            return blocked
        verdict = judge([one.look for one in looks], self._policies)
        if not isinstance(verdict, Holds):
            return NotYet(because=verdict.because, look_again_s=max(LOOK_EVERY_S, verdict.look_again_s))
        lagging = [pair.pair.label for pair in seen.pairs if pair.listed_only]
        if lagging or seen.ways is None:
            said = f"the listing still shows {listed(lagging)}, the read by id does not"
            return NotYet(because=said, look_again_s=LOOK_EVERY_S)
        return Proven(
            because=verdict.sentence,
            facts={"proof": verdict.proof.value, "looks": len(verdict.looks), "ghosts": verdict.ghosts},
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Look again when Azure finds no such session: it left by itself, or its machine is gone."""
        return AfterRefusal.AGAIN if refusal.status == 404 else AfterRefusal.STOP

    @property
    def _policies(self) -> Policies:
        policies = self.route.plan.policies
        return replace(policies, barrier=BarrierProof.SETTLE) if self.route.partial else policies

    def _blocked(self, seen: BarrierSeen) -> Blocked | None:
        if seen.unresolved and not seen.sessions:
            return unresolved_block(seen.unresolved)
        if seen.ways is None:
            return None
        if seen.overlap:
            found = Finding(code="overlap", subject="user groups", detail=seen.overlap)
            return Blocked(because=f"users would be on both sides: {seen.overlap}", findings=(found,))
        left = (*seen.ways.shadows, *seen.ways.own)
        findings = tuple(
            Finding(code="access-left", subject=path.assignment.id, detail=path.sentence) for path in left
        )
        if not findings:
            return None
        return Blocked(because=f"a way in is left on the source: {findings[0].detail}", findings=findings)


def _look(host: SessionHost, machines: dict[str, Machine]) -> HostLook:
    machine = machines.get(host.machine or "")
    return HostLook(
        host=host.id,
        status=host.status,
        drained=not host.allows_new_sessions,
        power=machine.power if machine else None,
    )


def _on_live_hosts(sessions: Sequence[UserSession], hosts: Sequence[HostLook]) -> tuple[UserSession, ...]:
    off: set[SessionHostId] = {host.host for host in hosts if host.power is PowerState.DEALLOCATED}
    return tuple(session for session in sessions if host_of(session.id) not in off)


def _with_gaps(look: SourceLook, gaps: tuple[str, ...]) -> SourceLook:
    return replace(look, gaps=(*look.gaps, *gaps)) if gaps else look
