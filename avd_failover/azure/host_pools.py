"""Host pools and application groups (Microsoft.DesktopVirtualization 2024-04-03)."""

from azure.mgmt.desktopvirtualization import models

from avd_failover.azure.answers import Raw, Receipt, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import ApplicationGroup, HostPool, PoolKind
from avd_failover.domain.ids import ApplicationGroupId, HostPoolId

_PERSONAL = "personal"


class AzureHostPools:
    """Host pools and the application groups in front of them."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def get(self, pool: HostPoolId) -> HostPool:
        """Read one host pool (HostPools_Get)."""
        pools = self._clients.desktops(pool).host_pools
        with azure_faults(pool, mutating=False):
            return read_one(await pools.get(ids.resource_group_of(pool), ids.name_of(pool)), _pool)

    async def application_group(self, group: ApplicationGroupId) -> ApplicationGroup:
        """Read one application group (ApplicationGroups_Get)."""
        groups = self._clients.desktops(group).application_groups
        with azure_faults(group, mutating=False):
            return read_one(await groups.get(ids.resource_group_of(group), ids.name_of(group)), _group)

    async def application_groups(self, pool: HostPoolId) -> Reading[ApplicationGroup]:
        """List the application groups of a pool (ApplicationGroups_ListBySubscription, filtered here)."""
        groups = self._clients.desktops(pool).application_groups
        with azure_faults(pool, mutating=False):
            return await read_all(groups.list_by_subscription(), lambda raw: _of(pool, raw), self._clock)

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        """Allow or forbid Start VM on Connect (HostPools_Update, property startVMOnConnect)."""
        pools = self._clients.desktops(pool).host_pools
        receipt = Receipt(self._clock)
        with azure_faults(pool, mutating=True):
            await pools.update(
                ids.resource_group_of(pool),
                ids.name_of(pool),
                models.HostPoolPatch(start_vm_on_connect=allowed),
                cls=receipt,
            )
            return receipt.accepted


def _pool(raw: Raw) -> HostPool:
    return HostPool(
        id=ids.host_pool_id(raw.id),
        location=(raw.location or "").lower(),
        kind=PoolKind.PERSONAL if (raw.host_pool_type or "").lower() == _PERSONAL else PoolKind.POOLED,
        max_sessions_per_host=raw.max_session_limit or 0,
        start_on_connect=bool(raw.start_vm_on_connect),
    )


def _group(raw: Raw) -> ApplicationGroup:
    workspace = raw.workspace_arm_path
    return ApplicationGroup(
        id=ids.application_group_id(raw.id),
        host_pool=ids.host_pool_id(raw.host_pool_arm_path),
        workspace=ids.workspace_id(workspace) if workspace else None,
    )


def _of(pool: HostPoolId, raw: Raw) -> ApplicationGroup | None:
    group = _group(raw)
    return group if group.host_pool == pool else None
