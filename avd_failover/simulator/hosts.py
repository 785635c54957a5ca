"""Session hosts of host pools (Microsoft.DesktopVirtualization 2024-04-03)."""

import math
import random
from collections.abc import Mapping, Sequence

from avd_failover.simulator.core import Core
from avd_failover.simulator.pools import Pools
from avd_failover.simulator.records import HostPool, SessionHost, key
from avd_failover.simulator.refusals import avd_refusal
from avd_failover.simulator.requests import Part, RequestLog, external


class Hosts(Part):
    """Verbs on session hosts. The status is the broker's word; ``fleet`` moves it after the machines."""

    area = "hosts"

    def __init__(self, core: Core, log: RequestLog, pools: Pools) -> None:
        super().__init__(core, log)
        self._pools = pools
        self._by_pool: dict[str, dict[str, None]] = {}
        self._by_machine: dict[str, str] = {}
        core.watch(SessionHost, self._index)

    def list(self, pool: str) -> Sequence[SessionHost]:
        """Return every session host of a pool. The face takes it out of ``Budgets.admit_host_list`` first."""
        self._pools.get(pool)
        return self.of_pool(pool)

    def get(self, host: str) -> SessionHost:
        """Return one session host. Refused with 404 (code ``"404"``) when there is none."""
        self._pools.get(host.rsplit("/", 2)[0])
        found = self.core.find(SessionHost, host)
        if found is None:
            raise avd_refusal(404, "SessionHost does not exist")
        return found

    @external
    def set_logons(self, actor: str, host: str, *, allowed: bool) -> SessionHost:
        """Change allowNewSession of one host; sessions on it stay, and status does not change."""
        found = self.get(host)
        if found.allow_new_session == allowed:
            return found
        return self.core.change(
            actor, "patch-session-host", found, allow_new_session=allowed,
            drained_by_autoscale=False, modified_s=self.core.now_s,
        )  # fmt: skip

    @external
    def patch(
        self, actor: str, host: str, changes: Mapping[str, str | None], *, force: bool = False
    ) -> SessionHost:
        """Change friendly_name or assigned_user of one host; an empty user takes the assignment away.

        Refused with 400: a user on a pooled host, or another user than the present one without ``force``.
        """
        found = self.get(host)
        wanted = {name: value or None for name, value in changes.items()}
        if "assigned_user" in wanted:
            self._check_assignment(found, wanted["assigned_user"], force=force)
        if all(getattr(found, name) == value for name, value in wanted.items()):
            return found
        return self.core.change(actor, "patch-session-host", found, modified_s=self.core.now_s, **wanted)

    def heartbeat_s(self, host: SessionHost) -> float:
        """Return the ``lastHeartBeat`` that is shown: written rarely while a host is Available (recorded)."""
        if host.status != "Available":
            return host.last_heartbeat_s
        between = self.core.physics.heartbeat_every_s
        chance = random.Random(f"{self.core.seed}:heartbeat:{key(host.id)}")  # noqa: S311 - a simulation
        every_s = max(60.0, chance.uniform(between.low, between.high))
        beats = math.floor((self.core.now_s - host.last_heartbeat_s) / every_s)
        return host.last_heartbeat_s + beats * every_s

    def token_works(self, host: SessionHost) -> bool:
        """Tell whether the service still takes the agent's token after the machine was off."""
        return self.core.now_s - host.token_s <= self.core.physics.token_valid_s

    def _check_assignment(self, host: SessionHost, user: str | None, *, force: bool) -> None:
        if self.core.get(HostPool, host.host_pool).host_pool_type != "Personal":
            raise avd_refusal(400, "AssignedUser can only be set on a session host of a personal host pool")
        if host.assigned_user is not None and host.assigned_user != user and not force:
            raise avd_refusal(400, "SessionHost is already assigned to a user; use force to change it")

    def of_pool(self, pool: str) -> Sequence[SessionHost]:
        """Return the hosts of a pool, whatever its region does; for the world's own use."""
        return [self.core.get(SessionHost, host) for host in self._by_pool.get(key(pool), ())]

    def on_machine(self, machine: str) -> SessionHost | None:
        """Return the session host that a machine carries, or None."""
        host = self._by_machine.get(key(machine))
        return None if host is None else self.core.find(SessionHost, host)

    def _index(self, before: SessionHost | None, after: SessionHost | None) -> None:
        if before is not None and after is None:
            self._by_pool.get(key(before.host_pool), {}).pop(key(before.id), None)
            self._by_machine.pop(key(before.machine), None)
        if before is not None and after is not None and key(before.machine) != key(after.machine):
            self._by_machine.pop(key(before.machine), None)
        if after is not None:
            self._by_pool.setdefault(key(after.host_pool), {})[key(after.id)] = None
            self._by_machine[key(after.machine)] = key(after.id)
