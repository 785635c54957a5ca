"""The barrier of a run whose source may be dark: proof where it can be had, people's word where not (S8).

Silent are the region's hosts and sessions. Role assignments and the directory answer from elsewhere, so every
other way in is read at a dark barrier as at any other (S6). What of it cannot be read is said to whoever
decides, and stands in the record.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import ClassVar

from avd_failover.cloud import Reads
from avd_failover.domain.approvals import Approval
from avd_failover.domain.dead_source import Denied, Fenced, Silence, Undecided, decide
from avd_failover.domain.exposure import Exposure
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.source_look import SourceLook
from avd_failover.domain.words import listed
from avd_failover.operations.assignments import see_pairs
from avd_failover.operations.barrier import Barrier, BarrierSeen
from avd_failover.operations.base import Blocked, Memory, NotYet, Proven, Verdict
from avd_failover.operations.dark import AsThePlanSays
from avd_failover.operations.entry import see_entry


class DarkSeen(BarrierSeen, frozen=True, kw_only=True):
    """A source that does not answer, and what people say about that."""

    silence: Silence
    said: tuple[Approval, ...]
    initiator: str
    now: datetime


class BarrierOrFence(Barrier):
    """Prove the source empty and closed; in unplanned mode, take people's word where it does not answer.

    Never for some of the users only: a region that is dark is dark for everybody in it.
    """

    spec: ClassVar = Barrier.spec

    async def observe(self, cloud: Reads, memory: Memory) -> BarrierSeen:
        """Look at the source; a source that does not answer is a finding of its own in unplanned mode."""
        if self.route.mode is Mode.PLANNED or self.route.partial:
            return await super().observe(cloud, memory)
        try:
            seen = await super().observe(cloud, memory)
        except CloudError as fault:
            return await self._silent(cloud, memory, (f"hosts: {fault.brief}",), None)
        unseen = tuple(seen.look.unseen())
        if not unseen or seen.sessions:
            return seen
        silent = tuple(name_of(host.host) for host in seen.look.hosts if host.silent)
        return await self._silent(cloud, memory, unseen, silent if seen.look.hosts_complete else None)

    async def _silent(
        self,
        cloud: Reads,
        memory: Memory,
        unanswered: tuple[str, ...],
        hosts: tuple[str, ...] | None,
    ) -> BarrierSeen:
        pairs, gaps = await see_pairs(cloud, self.route, End.SOURCE)
        held = tuple(pair.pair.label for pair in pairs if pair.held)
        ways, unread = (None, ()) if held or gaps else await self._ways(cloud, memory)
        silence = Silence(
            at_s=memory.now_s,
            unanswered=(*unanswered, *await self._asked(cloud)),
            held=held,
            unread=gaps,
            ways_unread=unread,
            settles_in_s=self._settles_in_s(memory),
            hosts_unproven=hosts,
        )
        return DarkSeen(
            look=_dark(silence),
            sessions=(),
            pairs=pairs,
            ways=ways,
            silence=silence,
            said=tuple(memory.approvals(self.bound.step.id)),
            initiator=memory.initiator,
            now=memory.now_at,
        )

    async def _ways(self, cloud: Reads, memory: Memory) -> tuple[Exposure | None, tuple[str, ...]]:
        """Read every other way in, and say what of it cannot be read; with a gap nothing is concluded."""
        patient = AsThePlanSays(cloud, self.route, memory.now_at)
        try:
            entry = await see_entry(patient, self.route, (End.SOURCE,))
        except RefusedError:
            raise
        except CloudError as fault:
            return None, (*patient.silent, f"assignments and members: {fault.brief}")
        return (None if entry.gaps else entry.exposure(self.route)), (*patient.silent, *entry.gaps)

    def prove(self, looks: Sequence[BarrierSeen]) -> Verdict:
        """Hold as any barrier does, or once enough people declared a silent source fenced."""
        seen = looks[-1]
        if not isinstance(seen, DarkSeen):
            return super().prove(looks)
        if blocked := self._blocked(seen):
            return blocked
        decision = decide(seen.silence, seen.said, self.route.plan.policies, seen.initiator, seen.now)
        match decision:
            case Fenced():
                return Proven(
                    because=f"declared fenced by {listed(decision.approvers)}", facts=_facts(seen, decision)
                )
            case Denied():
                found = Finding(code="fence-denied", subject="source", detail=decision.because)
                return Blocked(because=decision.because, findings=(found,))
            case Undecided():
                ask = f": failover approve {self.bound.run} {self.bound.step.id} --by NAME"
                because = decision.because + (ask if decision.lacking else "")
                return NotYet(because=because, look_again_s=decision.look_again_s)

    def _settles_in_s(self, memory: Memory) -> float:
        """Return how long a removed assignment may open a door; from our first look on where none is ours."""
        self._first_s = memory.now_s if self._first_s is None else self._first_s
        since_s = self._first_s if memory.last_revoke_s is None else memory.last_revoke_s
        return max(0.0, since_s + self.route.plan.policies.propagation_s - memory.now_s)

    async def _asked(self, cloud: Reads) -> tuple[str, ...]:
        """Ask what else there is to ask, so that whoever decides sees all that is silent."""
        pool = self.side.host_pool
        answers = await asyncio.gather(
            _answer("host pool", cloud.pools.get(pool)), _answer("sessions", cloud.sessions.list(pool))
        )
        return tuple(answer for answer in answers if answer)


async def _answer(what: str, read: Awaitable[object]) -> str:
    try:
        await read
    except CloudError as fault:
        return f"{what}: {fault.brief}"
    return ""


def _dark(silence: Silence) -> SourceLook:
    """Return a look that proves nothing."""
    return SourceLook(
        at_s=silence.at_s,
        hosts=(),
        live_sessions=0,
        ghost_sessions=0,
        start_on_connect=True,
        autoscale_acts=True,
        last_revoke_s=None,
        hosts_complete=False,
        sessions_complete=False,
        gaps=silence.unanswered,
    )


def _facts(seen: DarkSeen, fenced: Fenced) -> dict[str, Setting]:
    """Return the fence record: who, on what evidence, what stayed unproven, and for how long it holds."""
    unproven = seen.silence.hosts_unproven
    return {
        "proof": "fence",
        "approvers": ", ".join(fenced.approvers),
        "evidence": ", ".join(fenced.evidence) or "none attached",
        "unanswered": "; ".join(seen.silence.unanswered),
        "hosts_not_proven": "not even listed" if unproven is None else ", ".join(unproven) or "none",
        "ways_in_unread": "; ".join(seen.silence.ways_unread) or "none",
        "expires": f"{fenced.until:%Y-%m-%d %H:%M:%S} UTC",
    }
