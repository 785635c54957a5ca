"""Which hosts of a pool take new sessions, and which machine Start VM on Connect would wake.

Thousands of users ask far more often than hosts change, so the answer is kept per pool until one changes.
"""

from dataclasses import dataclass

from avd_failover.simulator.core import Core
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.records import Machine, SessionHost, key

LOAD_BALANCED = {"Available", "NeedsAssistance", "Upgrading", "UpgradeFailed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolDoors:
    """One pool's answer: open hosts by key in the pool's order, and a sleeping machine worth waking."""

    open_hosts: tuple[tuple[str, SessionHost], ...]
    to_wake: Machine | None


class Doors:
    """The doors of every pool."""

    def __init__(self, core: Core, hosts: Hosts) -> None:
        self._core = core
        self._hosts = hosts
        self._known: dict[str, PoolDoors] = {}
        core.watch(SessionHost, self._host_changed)
        core.watch(Machine, self._machine_changed)

    def of(self, pool: str) -> PoolDoors:
        """Return a pool's doors as they are now."""
        if key(pool) not in self._known:
            self._known[key(pool)] = self._look(pool)
        return self._known[key(pool)]

    def _look(self, pool: str) -> PoolDoors:
        undrained = [host for host in self._hosts.of_pool(pool) if host.allow_new_session]
        rows = [(host, self._core.get(Machine, host.machine)) for host in undrained]
        running = [host for host, machine in rows if machine.power == "running"]
        booting = any(machine.power == "starting" for _, machine in rows) or any(
            host.status == "Unavailable" for host in running
        )
        asleep = [machine for _, machine in rows if machine.power in {"stopped", "deallocated"}]
        return PoolDoors(
            open_hosts=tuple((key(host.id), host) for host in running if host.status in LOAD_BALANCED),
            to_wake=asleep[0] if asleep and not booting else None,
        )

    def _host_changed(self, before: SessionHost | None, after: SessionHost | None) -> None:
        for host in (before, after):
            if host is not None:
                self._known.pop(key(host.host_pool), None)

    def _machine_changed(self, before: Machine | None, after: Machine | None) -> None:
        machine = after or before
        host = self._hosts.on_machine(machine.id) if machine is not None else None
        if host is not None:
            self._known.pop(key(host.host_pool), None)
