"""Putting to rest what this run woke: nothing that ran before it, and nothing that somebody works on."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, DeallocateMachine, Moves, Skipped, StartMachine
from avd_failover.domain.estate import Machine, PowerState, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.domain.ids import MachineId
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

    def power(self, host: SessionHost) -> PowerState:
        """Return the power of a host's machine; unknown where it is gone."""
        return next((one.power for one in self.machines if one.id == host.machine), PowerState.UNKNOWN)


class Rest(Base):
    """Deallocate the machines that this run started, once they were awake for long enough.

    Sessions are counted in the same look that decides: a host with one is left to its users, and is no
    failure. A machine that does not stop is left too; it costs money and nothing else.
    """

    spec: ClassVar = OperationSpec(
        name="hosts.rest",
        summary="Deallocate the machines that this run started, unless somebody works there.",
        ends=(End.TARGET, End.SOURCE),
        settings={
            "awake_for": SettingSpec(kind="duration", summary="How long they stay on before; 2h."),
        },
        changes=("machine.deallocate",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)
        stated = bound.step.settings.get("awake_for")
        self._awake_s = float(stated) if isinstance(stated, int | float) else AWAKE_S
        self._left: set[str] = set()

    async def observe(self, cloud: Reads, memory: Memory) -> RestSeen:
        """Read the hosts, and the machines that this run started behind them."""
        ours = {one.machine for one in memory.changed if isinstance(one, StartMachine)} - self._left
        found = await self._watch.look(cloud, memory.now_s)
        mine = Reading(
            items=tuple(one for one in found.items if one.machine in ours),
            read_at=found.read_at,
            complete=found.complete,
            gap=found.gap,
        )
        left_s = self._awake_left_s(memory)
        machines = await machines_of(cloud, mine.items) if left_s <= 0 else ()
        return RestSeen(hosts=mine, machines=machines, awake_left_s=left_s)

    def plan(self, seen: RestSeen) -> Moves:
        """Deallocate what is on and empty."""
        if seen.awake_left_s > 0:
            return Moves()
        hosts = in_order(seen.hosts.items)
        reason = "the run started it to renew the host's token"
        return Moves(
            whole=seen.hosts.complete,
            actions=tuple(
                DeallocateMachine(machine=one.machine, reason=reason)
                for one in hosts
                if one.machine and not _stays(seen, one)
            ),
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
        used = sum(seen.power(one) not in _OFF and one.sessions > 0 for one in seen.hosts.items)
        beside = f", {counted(used, 'host')} left on with sessions" if used else ""
        rested = len(seen.hosts.items) - used
        return Proven(
            because=f"{counted(rested, 'host')} at rest again{beside}",
            facts={"rested": rested, "in_use": used},
            idle=not seen.hosts.items,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Never hold a run because a machine does not stop: it costs money, not access."""
        self._left.add(MachineId(action.target))
        return AfterRefusal.LEAVE

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
    return f"{counted(host.sessions, 'session')} on it" if host.sessions else ""
