"""The closing reconcile: nothing is declared done before a second, settled reading says so (S11, S14)."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.estate import PoolKind, UserSession
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.placement import differences, triple
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.words import counted, listed
from avd_failover.operations.assignments import PairSeen, holds, see_pairs
from avd_failover.operations.base import Base, Blocked, Memory, NotYet, Proven, Verdict
from avd_failover.operations.ghosts import ghosts_among
from avd_failover.operations.occupants import narrowed, occupants


class ReconcileSeen(Struct, frozen=True, kw_only=True):
    """Every pair at both ends, and how long ago anything was last sent."""

    source: tuple[PairSeen, ...]
    target: tuple[PairSeen, ...]
    sessions: Reading[UserSession]
    """In a partial run without those of users who certainly stay."""
    ghosts: int
    """How many of the sessions are on machines that are off."""
    silent: str = ""
    """Why a dark source could not be asked for its sessions; what is left there is owed."""
    settles_in_s: float
    """Seconds until no request of this run can take effect and no access that it removed opens a door."""
    gaps: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    """Revoked assignments that a read by id finds again."""
    altered: tuple[str, ...] = ()
    """Grants that differ from the image they mirror, with the properties that differ."""


class Reconcile(Base):
    """Wait until nothing can arrive late any more, then read every pair on both sides once more."""

    spec: ClassVar = OperationSpec(
        name="reconcile",
        summary="After the longest time a request may still take effect, read every pair on both sides.",
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ReconcileSeen:
        """Read both ends, and by id whatever this run revoked."""
        source, gaps = await see_pairs(cloud, self.route, End.SOURCE)
        target, more = await see_pairs(cloud, self.route, End.TARGET)
        target = tuple(pair for pair in target if self._ours(pair, memory))
        left = set(self.route.application_groups(End.SOURCE))
        gone = [one.id for one in memory.revoked if one.scope in left]
        back = [one for one in gone if await cloud.assignments.get(one) is not None]
        sessions, silent = await self._sessions(cloud, memory)
        return ReconcileSeen(
            source=source,
            target=target,
            sessions=sessions,
            silent=silent,
            ghosts=len(await ghosts_among(cloud, sessions.items)),
            settles_in_s=self._settles_in_s(memory),
            gaps=(*gaps, *more),
            returned=tuple(back),
            altered=tuple(_altered(target, memory)),
        )

    def _ours(self, pair: PairSeen, memory: Memory) -> bool:
        """Tell whether a pair is to be found on the target: testers may have held less when the run began."""
        moved = (*memory.revoked, *memory.granted)
        known = any(holds(one, self.route, pair.pair, End.TARGET) for one in moved)
        return known or bool(pair.held) or not self.route.test

    async def _sessions(self, cloud: Reads, memory: Memory) -> tuple[Reading[UserSession], str]:
        """Read the sessions of those who move; a source that people declared fenced need not answer (S8).

        Personal desktops have one pool, at both ends: whoever works there is where they belong.
        """
        if self.route.plan.pool is PoolKind.PERSONAL:
            return Reading(items=(), read_at=memory.now_at), ""
        try:
            sessions = await cloud.sessions.list(self.route.side(End.SOURCE).host_pool)
            there = await occupants(cloud, self.route, End.SOURCE, sessions.items)
        except RefusedError:
            raise
        except CloudError as fault:
            if self.route.mode is Mode.PLANNED:
                raise
            return Reading(items=(), read_at=memory.now_at), fault.message
        return narrowed(sessions, (*there.moved, *there.unresolved), there.gaps), ""

    def _settles_in_s(self, memory: Memory) -> float:
        """Return how long until whoever opens the source's hosts again lets nobody in by it."""
        policies = self.route.plan.policies
        ends = [
            since_s + lasts_s
            for since_s, lasts_s in (
                (memory.last_send_s, policies.in_flight_s),
                (memory.last_revoke_s, policies.propagation_s),
            )
            if since_s is not None
        ]
        return max(0.0, *(end_s - memory.now_s for end_s in ends)) if ends else 0.0

    def plan(self, seen: ReconcileSeen) -> Moves:
        """Change nothing: what is not as left is somebody else's doing, and theirs to explain."""
        return Moves()

    def prove(self, looks: Sequence[ReconcileSeen]) -> Verdict:
        """Hold when, after the settle time, every pair is on the target only and the listings agree."""
        seen = looks[-1]
        if findings := tuple(self._findings(seen)):
            return Blocked(because=f"{findings[0].subject}: {findings[0].detail}", findings=findings)
        if seen.settles_in_s > 0:
            left = f"{seen.settles_in_s:.0f} s"
            return NotYet(because=f"nothing can arrive late after {left}", look_again_s=seen.settles_in_s)
        if lacking := self._lacking(seen):
            return NotYet(because=listed(lacking), look_again_s=15.0)
        pairs = counted(len(seen.target), "pair")
        owed = f"; the source's sessions could not be read and are owed: {seen.silent}" if seen.silent else ""
        return Proven(because=f"{pairs} on {self._target} only, read after everything settled{owed}")

    @property
    def _target(self) -> str:
        return self.route.side(End.TARGET).side.value

    def _findings(self, seen: ReconcileSeen) -> list[Finding]:
        source = [(held.id, "is assigned on the source again") for pair in seen.source for held in pair.held]
        back = [(one, "was revoked and is back") for one in seen.returned]
        return [
            *(Finding(code="drift-source", subject=one, detail=detail) for one, detail in (*source, *back)),
            *(Finding(code="drift-target", subject="grant", detail=one) for one in seen.altered),
        ]

    def _lacking(self, seen: ReconcileSeen) -> list[str]:
        lagging = [pair.pair.label for pair in seen.source if pair.listed_only]
        left = len(seen.sessions.items) - seen.ghosts
        absent = [pair.pair.label for pair in seen.target if not pair.held]
        return [
            *(f"the source listing still shows {label}" for label in lagging),
            *(f"the target listing does not show {label} yet" for label in absent),
            *seen.gaps,
            *([] if seen.sessions.complete else [f"sessions: {seen.sessions.gap}"]),
            *([f"{counted(left, 'session')} on the source"] if left else []),
        ]


def _altered(target: Sequence[PairSeen], memory: Memory) -> list[str]:
    wanted = {triple(one): one for one in memory.granted}
    found = []
    for pair in target:
        for held in pair.held:
            image = wanted.get(triple(held))
            if image is not None and (fields := differences(image, held)):
                found.append(f"{pair.pair.label} differs in {listed(fields)}")
    return found
