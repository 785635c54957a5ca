"""Putting to rest what this run woke: nothing that ran before it, and nothing that somebody works on."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, DeallocateMachine, Moves, SetLogons, Skipped, StartMachine
from avd_failover.domain.estate import Machine, PowerState, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Base, Bound, Memory, NotYet, Proven, Verdict, in_order
from avd_failover.operations.hostwatch import HostWatch, machines_of

AWAKE_S = 7200.0
"""Guidance asks for a few hours (contract 67)."""

_OFF = {PowerState.DEALLOCATED, PowerState.DEALLOCATING}


class RestSeen(Struct, frozen=True, kw_only=True):
    """The hosts of the pool whose machines this run started, and how long they have to stay awake."""

    hosts: Reading[SessionHost]
    machines: tuple[Machine, ...]
    awake_left_s: float
    drained: frozenset[str] = frozenset()
    """Hosts that this step drained, and did not open again."""
    refused: frozenset[str] = frozenset()
    """Hosts and machines that Azure did not let it change."""

    def power(self, host: SessionHost) -> PowerState:
        """Return the power of a host's machine; unknown where it is gone."""
        return next((one.power for one in self.machines if one.id == host.machine), PowerState.UNKNOWN)


class Rest(Base):
    """Deallocate the machines that this run started, once they were awake for long enough.

    A host is drained first, so that nobody signs in between the look that finds it empty and its end; one
    with sessions is left to its users, and is no failure. What was drained takes sessions again once its
    machine is off, or if it stays on after all. A machine that does not stop costs money and nothing else.
    """

    spec: ClassVar = OperationSpec(
        name="hosts.rest",
        summary="Deallocate the machines that this run started, unless somebody works there.",
        ends=(End.TARGET, End.SOURCE),
        settings={
            "awake_for": SettingSpec(kind="duration", summary="How long they stay on before; 2h."),
        },
        changes=("host.logons", "machine.deallocate"),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)
        stated = bound.step.settings.get("awake_for")
        self._awake_s = float(stated) if isinstance(stated, int | float) else AWAKE_S
        self._refused: set[str] = set()

    async def observe(self, cloud: Reads, memory: Memory) -> RestSeen:
        """Read the hosts, and the machines that this run started behind them."""
        ours = {one.machine for one in memory.changed if isinstance(one, StartMachine)}
        found = await self._watch.look(cloud, memory.now_s)
        mine = Reading(
            items=tuple(one for one in found.items if one.machine in ours),
            read_at=found.read_at,
            complete=found.complete,
            gap=found.gap,
        )
        left_s = self._awake_left_s(memory)
        machines = await machines_of(cloud, mine.items) if left_s <= 0 else ()
        return RestSeen(
            hosts=mine,
            machines=machines,
            awake_left_s=left_s,
            drained=self._drained(memory),
            refused=frozenset(self._refused),
        )

    def plan(self, seen: RestSeen) -> Moves:
        """Drain what is on and empty, deallocate what is still empty then, open what was drained here."""
        if seen.awake_left_s > 0:
            return Moves()
        hosts = in_order(seen.hosts.items)
        return Moves(
            whole=seen.hosts.complete,
            actions=tuple(action for one in hosts if (action := _next(seen, one))),
            skipped=tuple(
                Skipped(target=one.id, because=because) for one in hosts if (because := _stays(seen, one))
            ),
        )

    def prove(self, looks: Sequence[RestSeen]) -> Verdict:
        """Hold when everything that the run started is off, or has sessions."""
        seen = looks[-1]
        if not seen.hosts.complete:
            return NotYet(because=f"host listing incomplete: {seen.hosts.gap}")
        total = counted(len(seen.hosts.items), "host")
        if seen.awake_left_s > 0:
            because = f"{total} to stay awake for {seen.awake_left_s:.0f} s more"
            return NotYet(because=because, look_again_s=min(300.0, seen.awake_left_s))
        on = [one for one in seen.hosts.items if not _stays(seen, one)]
        if on:
            return NotYet(because=f"{len(on)} of {total} still on", look_again_s=10.0)
        if shut := sum(_reopens(seen, one) for one in seen.hosts.items):
            return NotYet(because=f"{counted(shut, 'host')} to take sessions again", look_again_s=1.0)
        used = sum(seen.power(one) not in _OFF and one.sessions > 0 for one in seen.hosts.items)
        beside = f", {counted(used, 'host')} left on with sessions" if used else ""
        rested = len(seen.hosts.items) - used - sum(_refuses(seen, one) for one in seen.hosts.items)
        return Proven(
            because=f"{counted(rested, 'host')} at rest again{beside}",
            facts={"rested": rested, "in_use": used},
            idle=not seen.hosts.items,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Never hold a run because a machine does not stop: it costs money, not access."""
        self._refused.add(action.target)
        return AfterRefusal.LEAVE

    def _drained(self, memory: Memory) -> frozenset[str]:
        here = memory.targets(self.bound.step.id)
        last = {one.host: one.allowed for one in memory.changed if isinstance(one, SetLogons)}
        return frozenset(host for host, allowed in last.items() if host in here and not allowed)

    def _awake_left_s(self, memory: Memory) -> float:
        """Count from the last start that ended in the steps before, so that a resumed run waits no longer."""
        ended = [
            one.ended_at
            for need in self.bound.step.needs
            for one in memory.tried(need)
            if one.ended == "applied" and one.ended_at is not None
        ]
        if not ended:
            return 0.0
        return max(0.0, self._awake_s - (memory.now_at - max(ended)).total_seconds())


def _stays(seen: RestSeen, host: SessionHost) -> str:
    """Say why a host is left as it is; empty when its machine is to be stopped."""
    if seen.power(host) in _OFF:
        return "is off already"
    if seen.power(host) is PowerState.UNKNOWN:
        return "its machine is gone, or tells no power"
    if _refuses(seen, host):
        return "Azure does not let it be stopped"
    return f"{counted(host.sessions, 'session')} on it" if host.sessions else ""


def _next(seen: RestSeen, host: SessionHost) -> Action | None:
    if _reopens(seen, host):
        reason = "it was drained only to be stopped"
        return SetLogons(host=host.id, allowed=True, before=False, reason=reason)
    if _stays(seen, host) or host.machine is None:
        return None
    if host.allows_new_sessions:
        return SetLogons(host=host.id, allowed=False, before=True, reason="nobody is to sign in as it stops")
    return DeallocateMachine(machine=host.machine, reason="the run started it to renew the host's token")


def _reopens(seen: RestSeen, host: SessionHost) -> bool:
    """Say whether a host that was drained here is to take sessions again; others stay as they were found."""
    closed = host.id in seen.drained and not host.allows_new_sessions
    return closed and host.id not in seen.refused and bool(_stays(seen, host))


def _refuses(seen: RestSeen, host: SessionHost) -> bool:
    return seen.power(host) not in _OFF and (host.id in seen.refused or host.machine in seen.refused)
