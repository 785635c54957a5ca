"""Autoscale: looks at a pool every few minutes and starts or deallocates hosts after the schedule in force.

It acts only through a reference that is enabled. Hosts that somebody drained, and machines with the
exclusion tag, are left alone. Peak and off-peak have no percentages of their own: they inherit those of
ramp-up and ramp-down (azure-facts section 4). Hosts are taken down in ramp-down and off-peak only, and only
without sessions, unless ramp-down forces users off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from avd_failover.simulator.core import Core
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.records import (
    HostPool,
    Machine,
    Message,
    PooledSchedule,
    ScalingPlan,
    SessionHost,
    UserSession,
    key,
)
from avd_failover.simulator.scaling import Scaling
from avd_failover.simulator.sessions import Sessions

ACTOR = "autoscale:plan"
Phase = Literal["ramp_up", "peak", "ramp_down", "off_peak"]
PHASES: tuple[Phase, ...] = ("ramp_up", "peak", "ramp_down", "off_peak")
UP = {"running", "starting"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What autoscale sees of a pool at one moment: its own hosts, and the rule in force."""

    pool: HostPool
    schedule: PooledSchedule
    phase: Phase
    hosts: tuple[tuple[SessionHost, Machine, tuple[UserSession, ...]], ...]

    @property
    def up(self) -> "list[tuple[SessionHost, Machine, tuple[UserSession, ...]]]":
        """Hosts whose machine runs or is about to."""
        return [row for row in self.hosts if row[1].power in UP]

    @property
    def shrinking(self) -> bool:
        """Whether hosts may be taken down in this phase."""
        return self.phase in {"ramp_down", "off_peak"}

    @property
    def minimum_hosts(self) -> int:
        """How many hosts the schedule keeps up."""
        schedule = self.schedule
        low = schedule.ramp_down_minimum_hosts_pct if self.shrinking else schedule.ramp_up_minimum_hosts_pct
        return math.ceil(low * len(self.hosts) / 100)

    def fits(self, hosts_up: int) -> bool:
        """Tell whether that many hosts carry today's sessions below the capacity threshold."""
        schedule = self.schedule
        threshold = (
            schedule.ramp_down_capacity_threshold_pct
            if self.shrinking
            else schedule.ramp_up_capacity_threshold_pct
        )
        used = sum(len(sessions) for _, _, sessions in self.hosts)
        return used * 100 <= threshold * hosts_up * self.pool.max_session_limit


def phase_at(schedules: Sequence[PooledSchedule], local: datetime) -> tuple[PooledSchedule, Phase] | None:
    """Return the schedule and phase in force at a local time: the latest that began yesterday or today."""
    begun: list[tuple[datetime, PooledSchedule, Phase]] = []
    for back in (1, 0):
        day = local - timedelta(days=back)
        for schedule in schedules:
            if day.strftime("%A") in schedule.days_of_week:
                begun += [(_begins(schedule, phase, day), schedule, phase) for phase in PHASES]
    past = [row for row in begun if row[0] <= local]
    if not past:
        return None
    _, schedule, phase = max(past, key=lambda row: row[0])
    return schedule, phase


class Autoscale:
    """Acts for every pool it was told to watch."""

    def __init__(
        self, core: Core, hosts: Hosts, sessions: Sessions, scaling: Scaling, machines: Machines
    ) -> None:
        self._core = core
        self._hosts = hosts
        self._sessions = sessions
        self._scaling = scaling
        self._machines = machines

    def watch_pool(self, pool: str) -> None:
        """Look at a pool from now on, every few minutes."""
        self._core.after(
            self._core.draw("autoscale", self._core.physics.autoscale_every_s), lambda: self._again(pool)
        )

    def look(self, pool: str) -> None:
        """Look once and act; nothing happens while no enabled plan refers to the pool."""
        seen = self._observe(self._core.get(HostPool, pool))
        if seen is None:
            return
        missing = max(0, seen.minimum_hosts - len(seen.up)) or int(not seen.fits(len(seen.up)))
        if missing:
            self._start(seen, missing)
        elif seen.shrinking:
            self._shrink(seen)

    def _again(self, pool: str) -> None:
        self.look(pool)
        self.watch_pool(pool)

    def _observe(self, pool: HostPool) -> Look | None:
        plan = next((plan for plan in self._scaling.of_pool(pool.id) if _enabled(plan, pool)), None)
        if plan is None or not self._core.is_up(plan.location, "control"):
            return None
        local = self._core.at().astimezone(ZoneInfo(plan.time_zone)).replace(tzinfo=None)
        rule = phase_at(self._scaling.schedules(plan.id), local)
        if rule is None:
            return None
        rows = []
        for host in self._hosts.of_pool(pool.id):
            machine = self._core.get(Machine, host.machine)
            if host.allow_new_session and plan.exclusion_tag not in dict(machine.tags):
                rows.append((host, machine, tuple(self._sessions.alive_on_host(host.id))))
        return Look(pool=pool, schedule=rule[0], phase=rule[1], hosts=tuple(rows))

    def _start(self, seen: Look, count: int) -> None:
        asleep = [machine for _, machine, _ in seen.hosts if machine.power in {"stopped", "deallocated"}]
        for machine in asleep[:count]:
            self._machines.attempt(ACTOR, "start", machine)

    def _shrink(self, seen: Look) -> None:
        left = len(seen.up)
        for _host, machine, sessions in sorted(seen.up, key=lambda row: len(row[2])):
            if machine.power != "running" or left <= seen.minimum_hosts or not seen.fits(left - 1):
                continue
            if _empty(seen, sessions):
                self._machines.attempt(ACTOR, "deallocate", machine)
                left -= 1
            elif seen.phase == "ramp_down" and seen.schedule.ramp_down_force_logoff_users:
                self._force_out(seen, _host, sessions)
                return

    def _force_out(self, seen: Look, host: SessionHost, sessions: tuple[UserSession, ...]) -> None:
        self._core.change(ACTOR, "drain", host, allow_new_session=False, drained_by_autoscale=True)
        for session in sessions:
            message_id = f"{session.id}#{self._core.history.next_sequence}"
            body = seen.schedule.ramp_down_notification_message
            message = Message(
                id=message_id, session=session.id, user=session.user, title="Sign out", body=body
            )
            self._core.write(ACTOR, "send-message", message)
        wait_s = seen.schedule.ramp_down_wait_time_minutes * 60.0
        self._core.after(wait_s, lambda: self._log_all_off(seen.pool.id, host.id))

    def _log_all_off(self, pool: str, host: str) -> None:
        if not self._still_ours(pool, host):
            return
        for session in self._sessions.alive_on_host(host):
            self._sessions.end(ACTOR, session)
        self._core.after(120.0, lambda: self._take_down(pool, host))

    def _take_down(self, pool: str, host: str) -> None:
        if not self._still_ours(pool, host):
            return
        found = self._core.get(SessionHost, host)
        machine = self._core.get(Machine, found.machine)
        if machine.power == "running" and not self._sessions.alive_on_host(host):
            self._machines.attempt(ACTOR, "deallocate", machine)
        found = self._core.get(SessionHost, host)
        self._core.change(ACTOR, "undrain", found, allow_new_session=True, drained_by_autoscale=False)

    def _still_ours(self, pool: str, host: str) -> bool:
        found = self._core.find(SessionHost, host)
        record = self._core.get(HostPool, pool)
        if found is None:
            return False
        return found.drained_by_autoscale and any(_enabled(p, record) for p in self._scaling.of_pool(pool))


def _enabled(plan: ScalingPlan, pool: HostPool) -> bool:
    return any(ref.enabled and key(ref.host_pool) == key(pool.id) for ref in plan.references)


def _empty(seen: Look, sessions: tuple[UserSession, ...]) -> bool:
    if seen.schedule.ramp_down_stop_hosts_when == "ZeroActiveSessions":
        return all(session.state == "Disconnected" for session in sessions)
    return not sessions


def _begins(schedule: PooledSchedule, phase: Phase, day: datetime) -> datetime:
    start = getattr(schedule, f"{phase}_start_time")
    return day.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
