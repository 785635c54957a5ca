"""Starting session hosts until the plan's seats exist: in waves, the first choice first (safety S9, L6)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from msgspec import Struct, structs

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves, Skipped, StartMachine
from avd_failover.domain.estate import HostPool, Machine, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.ids import MachineId, name_of
from avd_failover.domain.ladder import (
    Choice,
    Rung,
    Standing,
    choose,
    hopeless,
    ladder,
    outlook,
    suffices,
)
from avd_failover.domain.plan import Capacity, End
from avd_failover.domain.seats import Seats, seats
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Base, Blocked, Bound, Memory, NotYet, Proven, Verdict
from avd_failover.operations.demand import demand
from avd_failover.operations.efforts import COME_UP_WITHIN, Efforts, Tried
from avd_failover.operations.hostwatch import HostWatch, machines_asleep

LOOK_AGAIN_S = 10.0
"""How soon hosts that come up are looked at again."""

CHOICES = (
    "retry the step when there is room again; skip it, and the proof of the seats, to go on with fewer seats;"
    " or abort, which stops what the run started"
)


class PoolSeen(Struct, frozen=True, kw_only=True):
    """A pool, its hosts, the machines behind those that are not Available, and what was tried with them."""

    pool: HostPool
    hosts: Reading[SessionHost]
    machines: tuple[Machine, ...]
    tried: Tried = Tried()

    @property
    def seats(self) -> Seats:
        """What the pool can seat now, and could."""
        return seats(self.pool, self.hosts.items)

    def rungs(self, capacity: Capacity) -> tuple[Rung, ...]:
        """Return the capacity ladder."""
        at, trials = self.hosts.read_at, self.tried.trials
        return ladder(self.pool, self.hosts.items, self.machines, capacity, read_at=at, trials=trials)


async def see_pool(cloud: Reads, watch: HostWatch, pool: HostPool, memory: Memory) -> PoolSeen:
    """Read the hosts of a pool and the machines of those that are not Available."""
    hosts = await watch.look(cloud, memory.now_s)
    return PoolSeen(pool=pool, hosts=hosts, machines=await machines_asleep(cloud, hosts.items))


class StartHosts(Base):
    """Start hosts until the plan's seats exist, and no more; the needed share is enough, not the last host.

    Fallbacks of the plan are started when the hosts before them do not suffice: Azure refused them, or they
    run for long without becoming Available. Each machine is tried once; when nothing is left to try or to
    wait for, the step ends at once with a finding ``capacity`` and the choices there are.
    """

    spec: ClassVar = OperationSpec(
        name="hosts.start",
        summary="Start the machines of session hosts until the plan's seats are Available.",
        ends=(End.TARGET, End.SOURCE),
        settings={"come_up_within": COME_UP_WITHIN},
        changes=("machine.start",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)
        self._capacity = self.route.plan.capacity
        """What is needed as of the last look: in a partial run it follows the members of the moved groups."""
        self._efforts = Efforts(self._capacity.wave, bound.step.settings.get("come_up_within"))

    async def observe(self, cloud: Reads, memory: Memory) -> PoolSeen:
        """Read pool, hosts and machines, and how many seats are needed."""
        self._capacity = await demand(cloud, self.route)
        pool = await cloud.pools.get(self.side.host_pool)
        seen = await see_pool(cloud, self._watch, pool, memory)
        started = memory.targets(self.bound.step.id)
        tried = self._efforts.seen(seen.hosts.items, seen.machines, started, memory.now_s)
        return structs.replace(seen, tried=tried)

    def plan(self, seen: PoolSeen) -> Moves:
        """Start the next wave of the hosts that lack for seats and wanted share."""
        rungs = seen.rungs(self._capacity)
        choice = choose(rungs, self._capacity)
        actions = tuple(self._start(one) for one in next_wave(choice.chosen, seen.tried, self._capacity))
        left = [one for one in rungs if one not in choice.chosen]
        skipped = (Skipped(target=one.host, because=_spared(one)) for one in sorted(left, key=_by_host))
        return Moves(actions=actions, skipped=tuple(skipped))

    def prove(self, looks: Sequence[PoolSeen]) -> Verdict:
        """Hold when the Available hosts have the plan's seats, and enough of the wanted hosts came up."""
        seen = looks[-1]
        if not seen.hosts.complete:
            return NotYet(because=f"host listing incomplete: {seen.hosts.gap}")
        rungs = seen.rungs(self._capacity)
        choice = choose(rungs, self._capacity)
        if hopeless(rungs, self._capacity):
            return self._short(seen, rungs, choice)
        later = [one for one in choice.chosen if one.machine not in seen.tried.started]
        if later and self._capacity.wave is not None:
            return _waved(len(later), seen)
        if not suffices(rungs, self._capacity, choice.minimum):
            return _too_few(seen, self._capacity, choice)
        return seats_verdict(looks, self._capacity)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others when Azure has no room for this machine."""
        return self._efforts.refused(MachineId(action.target), refusal)

    def _start(self, rung: Rung) -> StartMachine:
        reason = f"{self._capacity.seats} seats are needed on {self.side.side.value}"
        if rung.rank:
            fallback = self._capacity.fallbacks[rung.rank - 1]
            reason = f"{reason}, and what comes before fallback {fallback.name} does not suffice"
        return StartMachine(machine=MachineId(str(rung.machine)), reason=reason)

    def _short(self, seen: PoolSeen, rungs: Sequence[Rung], choice: Choice) -> Blocked:
        said = f"{seen.seats.sentence(self._capacity)}{_minimum(choice)}"
        told = "; ".join(_told(rungs, seen.tried, self._capacity))
        finding = Finding(
            code="capacity", subject=name_of(seen.pool.id), detail=f"{told}. Choices: {CHOICES}"
        )
        return Blocked(because=f"{said}, and nothing is left to try: {told}", findings=(finding,))


def next_wave(chosen: Sequence[Rung], tried: Tried, capacity: Capacity) -> tuple[Rung, ...]:
    """Return what is due now: what was told before and sleeps all the same, and as many more as one wave."""
    if capacity.wave is None:
        return tuple(chosen)
    again = tuple(one for one in chosen if one.machine in tried.started)
    fresh = tuple(one for one in chosen if one.machine not in tried.started)
    return again if tried.next_wave_in_s > 0 else again + fresh[: capacity.wave.size]


def seats_verdict(looks: Sequence[PoolSeen], capacity: Capacity) -> Verdict:
    """Judge whether the Available hosts of the last look seat what is needed."""
    seen = looks[-1]
    if not seen.hosts.complete:
        return NotYet(because=f"host listing incomplete: {seen.hosts.gap}")
    said = seen.seats.sentence(capacity)
    if not seen.seats.fits(capacity):
        return NotYet(because=said, look_again_s=LOOK_AGAIN_S)
    return Proven(because=said, facts=_facts(seen, capacity), idle=looks[0].seats.fits(capacity))


def _facts(seen: PoolSeen, capacity: Capacity) -> dict[str, Setting]:
    view = outlook(seen.rungs(capacity), capacity)
    return {
        "seats": seen.seats.now,
        "needed": capacity.seats,
        "hosts": seen.seats.open_hosts,
        "seats_soon": view.soon,
        "soon_minutes": view.minutes,
        "seats_guaranteed": view.guaranteed,
    }


def _waved(left: int, seen: PoolSeen) -> NotYet:
    in_s = seen.tried.next_wave_in_s
    because = f"{counted(left, 'more host')} to start, the next wave in {in_s:.0f} s"
    return NotYet(because=because, look_again_s=min(LOOK_AGAIN_S, max(1.0, in_s)))


def _too_few(seen: PoolSeen, capacity: Capacity, choice: Choice) -> NotYet:
    said = seen.seats.sentence(capacity)
    if seen.seats.fits(capacity):
        said = f"{said}{_minimum(choice)}"
    return NotYet(because=said, look_again_s=LOOK_AGAIN_S)


def _minimum(choice: Choice) -> str:
    return f"; {counted(choice.minimum, 'host')} must be Available" if choice.minimum else ""


def _spared(rung: Rung) -> str:
    if rung.standing is Standing.OPEN:
        return "Available already"
    return rung.because or f"{name_of(rung.host)} is not needed for the seats"


def _told(rungs: Sequence[Rung], tried: Tried, capacity: Capacity) -> Iterator[str]:
    """Say of the first choice and of each fallback what became of it."""
    for rank in range(len(capacity.fallbacks) + 1):
        mine = [one for one in rungs if one.rank == rank]
        name = f"fallback {capacity.fallbacks[rank - 1].name}" if rank else "first choice"
        up = sum(one.standing is Standing.OPEN for one in mine)
        refused_as = tried.trials.refused
        codes = Counter(refused_as[one.machine] for one in mine if one.machine and one.machine in refused_as)
        refused = [f"{number} refused with {code}" for code, number in sorted(codes.items())]
        yield ", ".join((f"{name}: {up} of {counted(len(mine), 'host')} up", *refused))


def _by_host(rung: Rung) -> str:
    return rung.host
