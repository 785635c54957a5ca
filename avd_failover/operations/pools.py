"""The one setting of a host pool that a run changes."""

from collections.abc import Sequence
from typing import ClassVar

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves, SetStartOnConnect, Skipped
from avd_failover.domain.estate import HostPool
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.plan import End
from avd_failover.operations.base import Base, Memory, NotYet, Proven, Verdict


class ForbidStartOnConnect(Base):
    """Forbid that a connecting user starts a stopped host: part of the physical barrier (safety S4)."""

    spec: ClassVar = OperationSpec(
        name="pool.start-on-connect",
        summary="Switch Start VM on Connect off for the pool.",
        ends=(End.SOURCE, End.TARGET),
        changes=("pool.start-on-connect",),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> HostPool:
        """Read the pool."""
        return await cloud.pools.get(self.side.host_pool)

    def plan(self, seen: HostPool) -> Moves:
        """Switch it off if it is on."""
        if not seen.start_on_connect:
            return Moves(skipped=(Skipped(target=seen.id, because="Start VM on Connect is off already"),))
        reason = "a connecting user must not start a host of the pool that is left"
        return Moves(
            actions=(SetStartOnConnect(host_pool=seen.id, allowed=False, before=True, reason=reason),)
        )

    def prove(self, looks: Sequence[HostPool]) -> Verdict:
        """Hold when the pool says that it is off."""
        if looks[-1].start_on_connect:
            return NotYet(because="Start VM on Connect is still on")
        return Proven(because="Start VM on Connect is off", idle=len(looks) == 1)
