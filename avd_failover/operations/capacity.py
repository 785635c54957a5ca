"""Proving that the target can seat everybody, before the source is cut and again before the grant (S9)."""

from collections.abc import Sequence
from typing import ClassVar

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.plan import End
from avd_failover.operations.base import Base, Bound, Memory, Verdict
from avd_failover.operations.demand import demand
from avd_failover.operations.hostwatch import HostWatch
from avd_failover.operations.starting import PoolSeen, seats_verdict, see_pool


class ProveSeats(Base):
    """Read the seats of Available hosts and compare them with what the plan needs."""

    spec: ClassVar = OperationSpec(
        name="capacity.prove",
        summary="Prove that Available hosts have the seats that the plan needs.",
        ends=(End.TARGET, End.SOURCE),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)
        self._capacity = self.route.plan.capacity
        """What is needed as of the last look: in a partial run it follows the members of the moved groups."""

    async def observe(self, cloud: Reads, memory: Memory) -> PoolSeen:
        """Read pool, hosts and machines, and how many seats are needed."""
        self._capacity = await demand(cloud, self.route)
        pool = await cloud.pools.get(self.side.host_pool)
        return await see_pool(cloud, self._watch, pool, memory)

    def plan(self, seen: PoolSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[PoolSeen]) -> Verdict:
        """Hold when the seats are there."""
        return seats_verdict(looks, self._capacity)
