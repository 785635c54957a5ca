"""Keeping standby hosts alive: wake them, see them register, let them rest again (contract 67).

The token of a session host's agent is renewed while its machine runs, and refused when it did not run for
90 days: a standby that nobody wakes is lost without anybody noticing. ``lastHeartBeat`` is written rarely
and says nothing about the present (azure-facts section 4); its age is good enough to tell who is due, and
that a host registered is proven by nothing but its status Available.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves, Skipped, StartMachine
from avd_failover.domain.estate import HostStatus, Machine, PowerState, SessionHost
from avd_failover.domain.fallbacks import Wave
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Given, OperationSpec, Setting, SettingSpec
from avd_failover.domain.ids import MachineId, name_of
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Blocked,
    Bound,
    Memory,
    NotYet,
    Proven,
    Verdict,
    in_order,
)
from avd_failover.operations.efforts import COME_UP_WITHIN, Efforts, Tried
from avd_failover.operations.hostwatch import HostWatch, machines_asleep

OLDER_THAN_S = 60 * 86_400.0
"""A month before the token is refused: two runs of a monthly schedule may fail (contract 67)."""

_OFF = {PowerState.STOPPED, PowerState.DEALLOCATED}


class WakeSeen(Struct, frozen=True, kw_only=True):
    """The hosts of a pool, their machines, and which of those that the step woke have registered."""

    hosts: Reading[SessionHost]
    machines: tuple[Machine, ...]
    tried: Tried
    registered: frozenset[MachineId]

    def asleep(self, host: SessionHost) -> bool:
        """Tell whether a host's machine is off."""
        return any(one.id == host.machine and one.power in _OFF for one in self.machines)


class Wake(Base):
    """Start the machines of hosts that were silent for long, in waves, and see each host Available.

    Drained hosts are woken too: their token ages like any other. A host that Azure has no room for, or that
    does not come up in time, is told in the facts and keeps nobody else from being woken and put to rest;
    ``hosts.registered`` raises the alarm once everything is off again.
    """

    spec: ClassVar = OperationSpec(
        name="hosts.wake",
        summary="Start the machines of hosts that were silent for long, and see each host Available.",
        ends=(End.TARGET, End.SOURCE),
        settings={
            "older_than": SettingSpec(kind="duration", summary="Least age of the last heartbeat; 60d."),
            "all": SettingSpec(kind="flag", summary="Wake every host that is off, however young; false."),
            "wave": SettingSpec(kind="integer", summary="How many at a time; all at once when left out."),
            "every": SettingSpec(kind="duration", summary="How long after a wave the next begins; 5m."),
            "come_up_within": COME_UP_WITHIN,
        },
        changes=("machine.start",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        settings = bound.step.settings
        self._watch = HostWatch(self.side.host_pool)
        self._older_than = timedelta(seconds=_number(settings.get("older_than"), OLDER_THAN_S))
        self._all = settings.get("all") is True
        size = int(_number(settings.get("wave"), 0.0))
        self._wave = Wave(size=size, every_s=_number(settings.get("every"), 300.0)) if size > 0 else None
        self._efforts = Efforts(self._wave, settings.get("come_up_within"))
        self._registered: set[MachineId] = set()

    async def observe(self, cloud: Reads, memory: Memory) -> WakeSeen:
        """Read hosts and machines; a host that was woken and reports Available has registered."""
        hosts = await self._watch.look(cloud, memory.now_s)
        machines = await machines_asleep(cloud, hosts.items)
        started = memory.targets(self.bound.step.id)
        self._registered |= {one.machine for one in hosts.items if one.machine in started and _available(one)}
        return WakeSeen(
            hosts=hosts,
            machines=machines,
            tried=self._efforts.seen(hosts.items, machines, started, memory.now_s),
            registered=frozenset(self._registered),
        )

    def plan(self, seen: WakeSeen) -> Moves:
        """Start the next wave of the hosts that are due."""
        hosts = in_order(seen.hosts.items)
        due = [one for one in hosts if not self._left_alone(seen, one)]
        now = due
        if self._wave is not None:
            again = [one for one in due if one.machine in seen.tried.started]
            fresh = [one for one in due if one.machine not in seen.tried.started]
            now = again if seen.tried.next_wave_in_s > 0 else [*again, *fresh[: self._wave.size]]
        return Moves(
            actions=tuple(self._start(one) for one in now),
            skipped=tuple(
                Skipped(target=one.id, because=because)
                for one in hosts
                if (because := self._left_alone(seen, one))
            ),
        )

    def prove(self, looks: Sequence[WakeSeen]) -> Verdict:
        """Hold when every host that was due has been Available, was refused, or was waited for in vain."""
        seen = looks[-1]
        if not seen.hosts.complete:
            return NotYet(because=f"host listing incomplete: {seen.hosts.gap}")
        due = sum(not self._left_alone(seen, one) for one in seen.hosts.items)
        if due:
            in_s = seen.tried.next_wave_in_s
            because = f"{counted(due, 'host')} still to be woken, the next wave in {in_s:.0f} s"
            return NotYet(because=because, look_again_s=min(30.0, max(1.0, in_s)))
        woken = [one for one in in_order(seen.hosts.items) if one.machine in seen.tried.started]
        silent = [one for one in woken if one.machine not in seen.registered]
        waited = [one for one in silent if one.machine not in seen.tried.trials.late]
        if waited:
            up = f"{len(woken) - len(silent)} of {counted(len(woken), 'woken host')} Available"
            return NotYet(because=up, look_again_s=15.0)
        return self._woken(seen, woken, silent)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others when Azure has no room for this machine."""
        return self._efforts.refused(MachineId(action.target), refusal)

    def _woken(self, seen: WakeSeen, woken: Sequence[SessionHost], silent: Sequence[SessionHost]) -> Proven:
        refused = [one for one in in_order(seen.hosts.items) if one.machine in seen.tried.trials.refused]
        facts: dict[str, Setting] = {"woken": len(woken), "registered": len(woken) - len(silent)}
        said = f"{counted(len(woken) - len(silent), 'woken host')} registered"
        for fact, hosts, what in (("silent", silent, "never Available"), ("refused", refused, "no room for")):
            if hosts:
                facts[fact] = " ".join(name_of(one.id) for one in hosts)
                said = f"{said}; {what}: {listed([name_of(one.id) for one in hosts])}"
        return Proven(because=said, facts=facts, idle=not woken and not refused)

    def _start(self, host: SessionHost) -> StartMachine:
        since = f"since {host.last_heartbeat:%Y-%m-%d}" if host.last_heartbeat else "for an unknown time"
        reason = f"silent {since}; the host's token is renewed while it runs"
        return StartMachine(machine=MachineId(str(host.machine)), reason=reason)

    def _left_alone(self, seen: WakeSeen, host: SessionHost) -> str:
        if _available(host):
            return "Available, so its token is renewed"
        if host.machine is None:
            return "its machine is not known"
        if host.machine in seen.registered:
            return "has registered"
        if host.machine in seen.tried.trials.refused:
            return f"Azure refused it: {seen.tried.trials.refused[host.machine]}"
        if not seen.asleep(host):
            return "its machine is not off"
        age = seen.hosts.read_at - host.last_heartbeat if host.last_heartbeat else None
        young = age is not None and age < self._older_than and not self._all
        return f"was heard of {age.days} days ago" if young and age is not None else ""


def _available(host: SessionHost) -> bool:
    return host.status is HostStatus.AVAILABLE


def _number(given: Given | None, usual: float) -> float:
    return float(given) if isinstance(given, int | float) else usual


class RegisteredSeen(Struct, frozen=True, kw_only=True):
    """What the step that woke hosts had to say of those that did not come up."""

    silent: tuple[str, ...]
    refused: tuple[str, ...]
    registered: int


class Registered(Base):
    """Raise the alarm about hosts that were woken and did not register; everything is off again by then."""

    spec: ClassVar = OperationSpec(
        name="hosts.registered",
        summary="Hold the run when a host that was woken did not register, or could not be started.",
        settings={
            "woken_by": SettingSpec(kind="text", summary="Id of the step that woke them.", required=True)
        },
    )

    async def observe(self, cloud: Reads, memory: Memory) -> RegisteredSeen:
        """Take in what the earlier step found; nothing is read."""
        facts = memory.facts(str(self.bound.step.settings.get("woken_by", "")))
        return RegisteredSeen(
            silent=tuple(str(facts.get("silent", "")).split()),
            refused=tuple(str(facts.get("refused", "")).split()),
            registered=int(facts.get("registered", 0)),
        )

    def plan(self, seen: RegisteredSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[RegisteredSeen]) -> Verdict:
        """Hold when every host that was due registered."""
        seen = looks[-1]
        lost = tuple(
            Finding(code="registration", subject=name, detail=detail)
            for names, detail in (
                (
                    seen.silent,
                    "was woken and is not Available: register it again with a key of its pool",
                ),
                (seen.refused, "could not be started: wake it before its token is 90 days old"),
            )
            for name in names
        )
        if lost:
            because = (
                f"{counted(len(lost), 'host')} did not register: {listed([one.subject for one in lost])}"
            )
            return Blocked(because=because, findings=lost)
        said = counted(seen.registered, "woken host")
        return Proven(because=f"{said} registered", facts={"registered": seen.registered})
