"""Reading the session hosts of a pool within Azure's budget.

Azure allows 10 listings of a pool's hosts in 5 minutes, while a read of one host is an ordinary read
(recorded headers ``X-Rate-Limit-Limit: 5m``). So a step lists once a minute at most and reads the hosts that
it knows one by one in between.
"""

import asyncio

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.ids import HostPoolId

LIST_EVERY_S = 60.0


class HostWatch:
    """Looks at the hosts of one pool again and again."""

    def __init__(self, pool: HostPoolId, *, list_every_s: float = LIST_EVERY_S) -> None:
        self._pool = pool
        self._list_every_s = list_every_s
        self._listed_s: float | None = None
        self._last: Reading[SessionHost] | None = None

    async def look(self, cloud: Reads, now_s: float) -> Reading[SessionHost]:
        """Read every host, by a listing when one is due: that alone shows hosts that are new."""
        due = self._listed_s is None or now_s - self._listed_s >= self._list_every_s
        if self._last is None or not self._last.complete or due:
            self._last, self._listed_s = await cloud.hosts.list(self._pool), now_s
            return self._last
        hosts = await asyncio.gather(*(cloud.hosts.get(host.id) for host in self._last.items))
        return Reading(items=tuple(hosts), read_at=self._last.read_at)
