"""Reading the session hosts of a pool within Azure's budget.

Azure allows 10 listings of a pool's hosts in 5 minutes, while a read of one host is an ordinary read
(recorded headers ``X-Rate-Limit-Limit: 5m``). So a step lists once a minute at most, twice while listings
come incomplete, and reads the hosts that it knows one by one in between.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.estate import HostStatus, Machine, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import HostPoolId

T = TypeVar("T")

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
        return Reading(
            items=await _all_found(cloud.hosts.get(host.id) for host in last.items),
            read_at=last.read_at,
            complete=last.complete,
            gap=last.gap,
        )

    def _due(self, last: Reading[SessionHost], now_s: float) -> bool:
        every_s = self._list_every_s if last.complete else min(self._list_every_s, MEND_EVERY_S)
        return self._listed_s is None or now_s - self._listed_s >= every_s


async def machines_asleep(cloud: Reads, hosts: Iterable[SessionHost]) -> tuple[Machine, ...]:
    """Read the machines of hosts that do not report Available: their power decides what they can hide.

    A machine that was deleted while its host is still registered is left out: its power is not known.
    """
    return await machines_of(cloud, (host for host in hosts if host.status is not HostStatus.AVAILABLE))


async def machines_of(cloud: Reads, hosts: Iterable[SessionHost]) -> tuple[Machine, ...]:
    """Read the machines behind hosts; one that was deleted is left out."""
    return await _all_found(cloud.machines.get(host.machine) for host in hosts if host.machine)


async def _all_found(reads: Iterable[Awaitable[T]]) -> tuple[T, ...]:
    there = await asyncio.gather(*(found(read) for read in reads))
    return tuple(one for one in there if one is not None)


async def found(read: Awaitable[T]) -> T | None:
    """Await a read by id; None when the thing was deleted, which is no fault of a step that looks on."""
    try:
        return await read
    except RefusedError as refusal:
        if refusal.status == 404:
            return None
        raise
