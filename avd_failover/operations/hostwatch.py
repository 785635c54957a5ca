"""Reading the session hosts of a pool within Azure's budget.

Azure allows 10 listings of a pool's hosts in 5 minutes, while a read of one host is an ordinary read
(recorded headers ``X-Rate-Limit-Limit: 5m``). So a step lists once a minute at most, twice while listings
come incomplete, and reads the hosts that it knows one by one in between.
"""

import asyncio

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import HostPoolId, SessionHostId

LIST_EVERY_S = 60.0
MEND_EVERY_S = 30.0
"""How soon an incomplete listing is asked for again: any sooner would use up the budget."""


class HostWatch:
    """Looks at the hosts of one pool again and again."""

    def __init__(self, pool: HostPoolId, *, list_every_s: float = LIST_EVERY_S) -> None:
        self._pool = pool
        self._list_every_s = list_every_s
        self._listed_s: float | None = None
        self._last: Reading[SessionHost] | None = None

    async def look(self, cloud: Reads, now_s: float) -> Reading[SessionHost]:
        """Read every host, by a listing when one is due: that alone shows hosts that are new."""
        last = self._last
        if last is None or self._due(last, now_s):
            self._last, self._listed_s = await cloud.hosts.list(self._pool), now_s
            return self._last
        hosts = await asyncio.gather(*(_read(cloud, host.id) for host in last.items))
        return Reading(
            items=tuple(host for host in hosts if host is not None),
            read_at=last.read_at,
            complete=last.complete,
            gap=last.gap,
        )

    def _due(self, last: Reading[SessionHost], now_s: float) -> bool:
        every_s = self._list_every_s if last.complete else min(self._list_every_s, MEND_EVERY_S)
        return self._listed_s is None or now_s - self._listed_s >= every_s


async def _read(cloud: Reads, host: SessionHostId) -> SessionHost | None:
    """Read one host; None when it was taken out of the pool since the listing, which is no fault."""
    try:
        return await cloud.hosts.get(host)
    except RefusedError as refusal:
        if refusal.status == 404:
            return None
        raise
