"""The capacity ladder: which hosts seat users now, which could in minutes, which Azure has promised (S9, L6).

Hosts that no fallback of the plan names are the first choice; the fallbacks follow in the plan's order.
Nothing is counted that was not seen: a host that sleeps is a possibility, one that was refused, that is
drained or whose registration is too old is none, and only a place that is held already is guaranteed.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct

from avd_failover.domain.estate import HostPool, HostStatus, Machine, PoolKind, PowerState, SessionHost
from avd_failover.domain.fallbacks import FallbackKind
from avd_failover.domain.ids import MachineId, SessionHostId, name_of
from avd_failover.domain.plan import Capacity

TOKEN_AGE = timedelta(days=90)
"""An agent's token is renewed while its machine runs, and refused after so long without (contract 67)."""

COME_UP_S = 270.0
"""From the start of a machine to an Available host: operation 90 s, agent 180 s (azure-facts section 6)."""

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

_OFF = {PowerState.STOPPED, PowerState.DEALLOCATED}
_UP = {PowerState.STARTING, PowerState.RUNNING}
_DOWNWARD = {PowerState.STOPPING, PowerState.DEALLOCATING}


class Standing(Enum):
    """Where a host stands on its way to seating users."""

    OPEN = "open"
    COMING = "coming"
    """Its machine runs or starts; nobody needs to do anything."""
    ASLEEP = "asleep"
    """It may be started."""
    UNSURE = "unsure"
    """Not to be counted on, but time may change that: on its way down, or ailing while it comes up."""
    OUT = "out"


class Rung(Struct, frozen=True, kw_only=True):
    """One host on the ladder; ``rank`` 0 is the first choice, 1 the first fallback of the plan."""

    host: SessionHostId
    machine: MachineId | None
    rank: int
    free: int
    """Sessions that it could take, should it become Available."""
    standing: Standing
    because: str
    reserved: bool = False
    """Whether a capacity reservation group keeps a place for its machine."""


class Trials(Struct, frozen=True, kw_only=True):
    """What became of machines that were started, as far as this process saw."""

    refused: Mapping[MachineId, str] = {}
    """Machine -> Azure's code."""
    late: frozenset[MachineId] = frozenset()
    """Machines that run for long while their host is not Available."""


UNTRIED = Trials()


class Choice(Struct, frozen=True, kw_only=True):
    """What to start, in order, and what becomes of everything else."""

    chosen: tuple[Rung, ...]
    spared: tuple[Rung, ...]
    """Hosts that could be started and need not be."""
    minimum: int
    """Hosts that must be Available for the step to go on, whatever their seats."""


class Outlook(Struct, frozen=True, kw_only=True):
    """Seats by how sure they are."""

    now: int
    soon: int
    """Seats with every host up that may come up; ``minutes`` is how long that takes."""
    minutes: int
    guaranteed: int
    """Seats on hosts that run and are Available, and on those whose place is reserved (contract 72)."""


def ladder(
    pool: HostPool,
    hosts: Iterable[SessionHost],
    machines: Iterable[Machine],
    capacity: Capacity,
    *,
    read_at: datetime,
    trials: Trials = UNTRIED,
) -> tuple[Rung, ...]:
    """Put every host on its rung: by rank, then most free seats first, then by id."""
    behind = {one.id: one for one in machines}
    refused_sizes = {behind[one].size for one in trials.refused if one in behind and behind[one].size}
    rungs = []
    for host in sorted(hosts, key=lambda one: one.id):
        machine = behind.get(host.machine) if host.machine else None
        rank = rank_of(host, capacity)
        standing, because = _standing(host, machine, read_at, trials)
        if standing is Standing.ASLEEP and machine is not None:
            because = _unfit(machine, rank, capacity, refused_sizes)
            standing = Standing.OUT if because else standing
        rungs.append(
            Rung(
                host=host.id,
                machine=host.machine,
                rank=rank,
                free=_free(pool, host),
                standing=standing,
                because=because,
                reserved=machine is not None and machine.reservation_group is not None,
            )
        )
    return tuple(sorted(rungs, key=lambda one: (one.rank, -one.free, one.host)))


def rank_of(host: SessionHost, capacity: Capacity) -> int:
    """Return 0 for a host of the first choice, otherwise the place of the first fallback that takes it."""
    places = (n for n, one in enumerate(capacity.fallbacks, 1) if one.takes(name_of(host.id)))
    return next(places, 0)


def forgotten(host: SessionHost, at: datetime) -> bool:
    """Tell whether a host was silent for so long that its token is refused (contract 67).

    A host that is Available has shown that its registration holds, whatever its heartbeat says.
    """
    if host.status is HostStatus.AVAILABLE or host.last_heartbeat is None:
        return False
    return at - host.last_heartbeat > TOKEN_AGE


def choose(rungs: Iterable[Rung], capacity: Capacity) -> Choice:
    """Choose what to start: until the seats and the wanted share are there, and no host beyond that.

    The share of hosts that autoscale keeps up is sought in the first choice only; a fallback is started
    for seats that lack, or for the plan's minimum success.
    """
    every = tuple(rungs)
    up = [one for one in every if one.standing in {Standing.OPEN, Standing.COMING}]
    seats, hosts = sum(one.free for one in up), len(up)
    asleep = [one for one in every if one.standing is Standing.ASLEEP]
    share = _share(len(every), capacity.minimum_hosts_pct)
    minimum = _share(_wanted(every, share, capacity), capacity.minimum_success_pct)
    chosen: list[Rung] = []
    spared: list[Rung] = []
    for one in asleep:
        seated = seats >= capacity.seats or one.free == 0
        if seated and hosts >= (minimum if one.rank else max(share, minimum)):
            spared.append(one)
        else:
            chosen.append(one)
            seats, hosts = seats + one.free, hosts + 1
    return Choice(chosen=tuple(chosen), spared=tuple(spared), minimum=minimum)


def suffices(rungs: Iterable[Rung], capacity: Capacity, minimum: int) -> bool:
    """Tell whether the hosts that are Available now are enough."""
    ready = [one for one in rungs if one.standing is Standing.OPEN]
    return sum(one.free for one in ready) >= capacity.seats and len(ready) >= minimum


def hopeless(rungs: Iterable[Rung], capacity: Capacity) -> bool:
    """Tell whether nothing more is to be tried or waited for, and yet too little is there (safety L6)."""
    every = tuple(rungs)
    choice = choose(every, capacity)
    pending = any(one.standing in {Standing.COMING, Standing.UNSURE} and one.free for one in every)
    return not (suffices(every, capacity, choice.minimum) or choice.chosen or pending)


def outlook(rungs: Iterable[Rung], capacity: Capacity) -> Outlook:
    """Count the seats by how sure they are."""
    every = tuple(rungs)
    now = sum(one.free for one in every if one.standing is Standing.OPEN)
    likely = [one for one in every if one.standing in {Standing.COMING, Standing.ASLEEP}]
    waves = 0
    if capacity.wave is not None:
        asleep = sum(one.standing is Standing.ASLEEP for one in likely)
        waves = max(0, math.ceil(asleep / capacity.wave.size) - 1)
    took_s = COME_UP_S + (waves * capacity.wave.every_s if capacity.wave else 0.0)
    return Outlook(
        now=now,
        soon=now + sum(one.free for one in likely),
        minutes=math.ceil(took_s / 60) if likely else 0,
        guaranteed=now + sum(one.free for one in likely if one.reserved),
    )


def _standing(
    host: SessionHost, machine: Machine | None, read_at: datetime, trials: Trials
) -> tuple[Standing, str]:
    if host.status is HostStatus.AVAILABLE:
        return (Standing.OPEN if host.allows_new_sessions else Standing.OUT), "Available already"
    if because := _barred(host):
        return Standing.OUT, because
    power = machine.power if machine else PowerState.UNKNOWN
    if power in _OFF:
        because = _spent(host, read_at, trials)
        return (Standing.OUT if because else Standing.ASLEEP), because
    said = f"machine is {power.value}"
    if power in _UP and host.machine in trials.late:
        return Standing.OUT, f"{said} for long, and the host is {host.status.value}"
    if power in _UP:
        return (Standing.COMING if host.status in COMING else Standing.UNSURE), said
    return (Standing.UNSURE if power in _DOWNWARD else Standing.OUT), said


def _barred(host: SessionHost) -> str:
    """Say why no machine makes a host seat anybody; empty when its machine decides."""
    if not host.allows_new_sessions:
        return "drained, so it would seat nobody"
    return "" if host.machine else "its machine is not known"


def _spent(host: SessionHost, read_at: datetime, trials: Trials) -> str:
    """Say why starting the machine of a host is of no use; empty when it may be."""
    refused = trials.refused.get(host.machine) if host.machine else None
    if refused:
        return f"was tried, and Azure refused it: {refused}"
    if forgotten(host, read_at):
        return f"not heard of since {host.last_heartbeat:%Y-%m-%d}, so its registration is refused"
    return ""


def _unfit(machine: Machine, rank: int, capacity: Capacity, refused_sizes: Collection[str]) -> str:
    kind = capacity.fallbacks[rank - 1].kind if rank else FallbackKind.HOSTS
    if kind is FallbackKind.RESERVATION and machine.reservation_group is None:
        return "its machine is in no capacity reservation group"
    if kind is FallbackKind.OTHER_SIZE and machine.size in refused_sizes:
        return f"of a size that Azure refused before: {machine.size}"
    return ""


def _wanted(rungs: Iterable[Rung], share: int, capacity: Capacity) -> int:
    """Return how many hosts must be up for share and seats."""
    return max(share, sum(1 for _ in _until_seated(rungs, capacity)))


def _until_seated(rungs: Iterable[Rung], capacity: Capacity) -> Iterator[Rung]:
    seats = 0
    usable = [one for one in rungs if one.standing is not Standing.OUT and one.free]
    for one in sorted(usable, key=lambda one: one.standing is not Standing.OPEN):
        if seats >= capacity.seats:
            return
        seats += one.free
        yield one


def _share(number: int, pct: int) -> int:
    return -(-number * pct // 100)


def _free(pool: HostPool, host: SessionHost) -> int:
    most = 1 if pool.kind is PoolKind.PERSONAL else max(0, pool.max_sessions_per_host)
    return max(0, most - host.sessions)
