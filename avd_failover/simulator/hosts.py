"""Session hosts of host pools (Microsoft.DesktopVirtualization 2024-04-03)."""

from collections.abc import Sequence

from avd_failover.simulator.core import Core
from avd_failover.simulator.pools import Pools
from avd_failover.simulator.records import SessionHost, key
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
        if after is not None:
            self._by_pool.setdefault(key(after.host_pool), {})[key(after.id)] = None
            self._by_machine[key(after.machine)] = key(after.id)
