"""Session hosts of a pool (Microsoft.DesktopVirtualization 2024-04-03)."""

from datetime import UTC, datetime

from azure.mgmt.desktopvirtualization import models

from avd_failover.azure.answers import Raw, Receipt, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import HostStatus, SessionHost
from avd_failover.domain.ids import HostPoolId, SessionHostId
from avd_failover.domain.owners import owner_mark

_STATUSES = {status.value.lower(): status for status in HostStatus}


class AzureSessionHosts:
    """Session hosts, in the broker's words."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        """List every host of a pool (SessionHosts_List).

        The service grants 10 of these in 5 minutes for a pool; the throttle lets 9 through and makes the
        next one wait. Poll with ``get``.
        """
        hosts = self._clients.desktops(pool).session_hosts
        with azure_faults(pool, mutating=False):
            return await read_all(
                hosts.list(ids.resource_group_of(pool), ids.name_of(pool)), _host, self._clock
            )

    async def get(self, host: SessionHostId) -> SessionHost:
        """Read one host (SessionHosts_Get)."""
        hosts = self._clients.desktops(host).session_hosts
        with azure_faults(host, mutating=False):
            return read_one(await hosts.get(*_address(host)), _host)

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        """Allow or refuse new sessions on one host (SessionHosts_Update, property allowNewSession)."""
        hosts = self._clients.desktops(host).session_hosts
        receipt = Receipt(self._clock)
        with azure_faults(host, mutating=True):
            await hosts.update(
                *_address(host),
                session_host=models.SessionHostPatch(allow_new_session=allowed),
                cls=receipt,
            )
            return receipt.accepted


def _address(host: SessionHostId) -> tuple[str, str, str]:
    return ids.resource_group_of(host), ids.name_of(ids.pool_of(host)), ids.name_of(host)


def _host(raw: Raw) -> SessionHost:
    return SessionHost(
        id=ids.session_host_id(raw.id),
        machine=ids.machine_id(raw.resource_id) if raw.resource_id else None,
        status=_STATUSES.get((raw.status or "").lower(), HostStatus.UNKNOWN),
        # Where Azure does not say, new sessions are possible: the assumption that a drain does not trust.
        allows_new_sessions=True if raw.allow_new_session is None else raw.allow_new_session,
        sessions=int(raw.sessions),
        assigned_user=owner_mark(ids.pool_of(ids.session_host_id(raw.id)), raw.assigned_user),
        last_heartbeat=_seconds(raw.last_heart_beat),
    )


def _seconds(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0)
