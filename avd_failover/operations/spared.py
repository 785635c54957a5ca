"""What a run that leaves somebody in a pool does instead of closing it: nothing (contract 154).

Draining hosts, holding autoscale and forbidding Start VM on Connect concern whoever uses the pool. So
whatever runbook a cohort or a drill is run with, its steps that would close a pool leave it as it is; the
barrier waits for removed access to settle and does not count on them.
"""

from collections.abc import Sequence
from typing import ClassVar

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves, Skipped
from avd_failover.domain.graph import OperationSpec
from avd_failover.operations.base import Base, Memory, Proven, Verdict

CLOSES = frozenset({"hosts.drain", "scaling.suspend", "pool.start-on-connect"})
"""Operations that close a pool for everybody."""

BECAUSE = "others work in this pool, so it stays open"


class Spared(Base):
    """Stands in for an operation of ``CLOSES`` in a partial run. No runbook names it."""

    spec: ClassVar = OperationSpec(name="spared", summary="Leave a pool open in which others work.")

    async def observe(self, cloud: Reads, memory: Memory) -> None:
        """Nothing needs to be read."""

    def plan(self, seen: None) -> Moves:
        """Change nothing."""
        return Moves(skipped=(Skipped(target=self.side.host_pool, because=BECAUSE),))

    def prove(self, looks: Sequence[None]) -> Verdict:
        """Hold at once."""
        return Proven(because=BECAUSE, idle=True)
