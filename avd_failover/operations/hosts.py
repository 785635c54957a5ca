"""Draining session hosts of the side that is left, starting those of the side that is gone to."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves, SetLogons, Skipped, StartMachine
from avd_failover.domain.estate import HostPool, HostStatus, Machine, PowerState, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import Capacity, End
from avd_failover.domain.seats import Seats, seats
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Base, Bound, Memory, NotYet, Proven, Verdict, in_order
from avd_failover.operations.hostwatch import HostWatch, machines_asleep

NO_CAPACITY = frozenset(
    {
        "AllocationFailed",
        "ZonalAllocationFailed",
        "OverconstrainedAllocationRequest",
        "OverconstrainedZonalAllocationRequest",
        "SkuNotAvailable",
        "OperationNotAllowed",
    }
)
"""Azure has no room for this machine now; others may still start (azure-facts section 6)."""

COMING = frozenset(
    {
        HostStatus.SHUTDOWN,
        HostStatus.UNAVAILABLE,
        HostStatus.NO_HEARTBEAT,
        HostStatus.DISCONNECTED,
        HostStatus.UPGRADING,
        HostStatus.UNKNOWN,
    }
)
"""What a host may say of itself while its machine comes up; every other status needs a person."""


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


class PoolSeen(Struct, frozen=True, kw_only=True):
    """A pool, its hosts, and the machines behind them."""

    pool: HostPool
    hosts: Reading[SessionHost]
    machines: tuple[Machine, ...]

    @property
    def seats(self) -> Seats:
        """What the pool can seat now, and could."""
        return seats(self.pool, self.hosts.items)

    def power(self, host: SessionHost) -> PowerState:
        """Return the power state of a host's machine; unknown where it has none."""
        return next((one.power for one in self.machines if one.id == host.machine), PowerState.UNKNOWN)


async def see_pool(cloud: Reads, watch: HostWatch, pool: HostPool, memory: Memory) -> PoolSeen:
    """Read the hosts of a pool and the machines of those that are not Available."""
    hosts = await watch.look(cloud, memory.now_s)
    return PoolSeen(pool=pool, hosts=hosts, machines=await machines_asleep(cloud, hosts.items))


class StartHosts(Base):
    """Start hosts until the plan's seats exist; the needed share is enough, not the last host."""

    spec: ClassVar = OperationSpec(
        name="hosts.start",
        summary="Start the machines of session hosts until the plan's seats are Available.",
        ends=(End.TARGET, End.SOURCE),
        changes=("machine.start",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)

    async def observe(self, cloud: Reads, memory: Memory) -> PoolSeen:
        """Read pool, hosts and machines."""
        pool = await cloud.pools.get(self.side.host_pool)
        return await see_pool(cloud, self._watch, pool, memory)

    def plan(self, seen: PoolSeen) -> Moves:
        """Start every stopped machine whose host would take sessions, up to the wanted share of the pool."""
        actions: list[Action] = []
        skipped: list[Skipped] = []
        wanted = self._wanted(seen)
        up = sum(_up(seen, host) for host in seen.hosts.items)
        for host in in_order(seen.hosts.items):
            because = _left_alone(seen, host, enough=up >= wanted)
            if host.machine is None or because:
                skipped.append(Skipped(target=host.id, because=because))
            else:
                reason = f"{self.route.plan.capacity.seats} seats are needed on {self.side.side.value}"
                actions.append(StartMachine(machine=host.machine, reason=reason))
                up += 1
        return Moves(actions=tuple(actions), skipped=tuple(skipped))

    def prove(self, looks: Sequence[PoolSeen]) -> Verdict:
        """Hold when the Available hosts have the plan's seats."""
        return seats_verdict(looks, self.route.plan.capacity)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others when Azure has no room for this machine."""
        return AfterRefusal.LEAVE if refusal.code in NO_CAPACITY else AfterRefusal.STOP

    def _wanted(self, seen: PoolSeen) -> int:
        capacity = self.route.plan.capacity
        share = -(-len(seen.hosts.items) * capacity.minimum_hosts_pct // 100)
        return max(share, seen.seats.open_hosts + (seen.seats.needs(capacity) or 0))


def seats_verdict(looks: Sequence[PoolSeen], capacity: Capacity) -> Verdict:
    """Judge whether the Available hosts of the last look seat what is needed."""
    seen = looks[-1]
    if not seen.hosts.complete:
        return NotYet(because=f"host listing incomplete: {seen.hosts.gap}")
    said = seen.seats.sentence(capacity)
    if not seen.seats.fits(capacity):
        return NotYet(because=said, look_again_s=10.0)
    return Proven(
        because=said,
        facts={"seats": seen.seats.now, "needed": capacity.seats, "hosts": seen.seats.open_hosts},
        idle=looks[0].seats.fits(capacity),
    )


def _up(seen: PoolSeen, host: SessionHost) -> bool:
    """Tell whether a host seats users, or will without anybody's help."""
    if host.status is HostStatus.AVAILABLE or not host.allows_new_sessions:
        return host.allows_new_sessions
    return host.status in COMING and seen.power(host) in {PowerState.STARTING, PowerState.RUNNING}


def _asleep(seen: PoolSeen, host: SessionHost) -> bool:
    return seen.power(host) in {PowerState.STOPPED, PowerState.DEALLOCATED}


def _left_alone(seen: PoolSeen, host: SessionHost, *, enough: bool) -> str:
    if host.status is HostStatus.AVAILABLE:
        return "Available already"
    if not host.allows_new_sessions:
        return "drained, so it would seat nobody"
    if host.machine is None:
        return "its machine is not known"
    if not _asleep(seen, host):
        return f"machine is {seen.power(host).value}"
    return f"{name_of(host.id)} is not needed for the seats" if enough else ""
