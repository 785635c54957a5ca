"""Draining session hosts of the side that is left."""

from collections.abc import Sequence
from typing import ClassVar

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves, SetLogons, Skipped
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Base, Bound, Memory, NotYet, Proven, Verdict, in_order
from avd_failover.operations.hostwatch import HostWatch


class Drain(Base):
    """Refuse new sessions on every host of the pool, stopped ones too, so that nothing can land."""

    spec: ClassVar = OperationSpec(
        name="hosts.drain",
        summary="Refuse new sessions on every session host of the pool; open sessions stay.",
        ends=(End.SOURCE, End.TARGET),
        changes=("host.logons",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)

    async def observe(self, cloud: Reads, memory: Memory) -> Reading[SessionHost]:
        """Read every host."""
        return await self._watch.look(cloud, memory.now_s)

    def plan(self, seen: Reading[SessionHost]) -> Moves:
        """Drain each host that still takes sessions."""
        return drain_moves(seen, reason="the pool is being left")

    def prove(self, looks: Sequence[Reading[SessionHost]]) -> Verdict:
        """Hold when a whole listing shows no host that takes sessions."""
        seen = looks[-1]
        if not seen.complete:
            return NotYet(because=f"host listing incomplete: {seen.gap}")
        open_hosts = [host for host in seen.items if host.allows_new_sessions]
        if open_hosts:
            total = counted(len(seen.items), "host")
            return NotYet(because=f"{len(open_hosts)} of {total} still take sessions")
        return Proven(
            because=f"all {counted(len(seen.items), 'host')} refuse new sessions",
            facts={"hosts": len(seen.items)},
            idle=not any(host.allows_new_sessions for host in looks[0].items),
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Look again when the host was taken out of the pool meanwhile."""
        return AfterRefusal.AGAIN if refusal.status == 404 else AfterRefusal.STOP


def drain_moves(seen: Reading[SessionHost], *, reason: str) -> Moves:
    """Plan to drain each host that still takes sessions."""
    hosts = in_order(seen.items)
    return Moves(
        whole=seen.complete,
        actions=tuple(
            SetLogons(host=host.id, allowed=False, before=True, reason=reason)
            for host in hosts
            if host.allows_new_sessions
        ),
        skipped=tuple(
            Skipped(target=host.id, because="refuses new sessions already")
            for host in hosts
            if not host.allows_new_sessions
        ),
    )
