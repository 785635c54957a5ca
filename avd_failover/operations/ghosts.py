"""Ghosts: sessions that the broker still lists on machines that are off.

Nobody works in them and no log-off reaches them; Azure forgets them by itself after a while (contract 142).
A session counts as a ghost only on the word of its machine's power, never because a log-off found nothing.
"""

import asyncio
from collections.abc import Iterable

from avd_failover.cloud import Reads
from avd_failover.domain.estate import PowerState, UserSession
from avd_failover.domain.ids import SessionHostId, UserSessionId, host_of
from avd_failover.operations.hostwatch import found


async def ghosts_among(cloud: Reads, sessions: Iterable[UserSession]) -> frozenset[UserSessionId]:
    """Return those of the sessions whose machine is deallocated; reads each host and machine once."""
    suspects = tuple(sessions)
    hosts = sorted({host_of(one.id) for one in suspects})
    off = await asyncio.gather(*(_off(cloud, host) for host in hosts))
    dead = {host for host, is_off in zip(hosts, off, strict=True) if is_off}
    return frozenset(one.id for one in suspects if host_of(one.id) in dead)


async def _off(cloud: Reads, host: SessionHostId) -> bool:
    seen = await found(cloud.hosts.get(host))
    if seen is None or seen.machine is None:
        return False
    machine = await found(cloud.machines.get(seen.machine))
    return machine is not None and machine.power is PowerState.DEALLOCATED
