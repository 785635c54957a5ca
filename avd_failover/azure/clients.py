"""The official clients, one per service and subscription, made when first needed, over one transport."""

from collections.abc import Callable
from typing import Any, TypeVar

from azure.core.credentials_async import AsyncTokenCredential
from azure.mgmt.authorization.v2022_04_01.aio import AuthorizationManagementClient
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.desktopvirtualization.aio import DesktopVirtualizationMgmtClient
from azure.mgmt.recoveryservicessiterecovery.aio import SiteRecoveryManagementClient

from avd_failover.azure.endpoints import Endpoints, origin_of
from avd_failover.azure.pipeline import ClockedTransport, policies
from avd_failover.azure.throttle import Throttle
from avd_failover.domain.fence import UNFENCED, Checked
from avd_failover.domain.ids import SubscriptionId, subscription_of

C = TypeVar("C")


class Clients:
    """Clients of Azure Resource Manager that share a transport, a throttle and a credential."""

    def __init__(
        self,
        endpoints: Endpoints,
        credential: AsyncTokenCredential,
        throttle: Throttle,
        transport: ClockedTransport,
        fence: Checked = UNFENCED,
    ) -> None:
        self._endpoints = endpoints
        self._credential = credential
        self._throttle = throttle
        self._transport = transport
        self._fence = fence
        self._made: dict[tuple[type[Any], SubscriptionId], Any] = {}

    def desktops(self, resource: str) -> DesktopVirtualizationMgmtClient:
        """Return the Desktop Virtualization client (2024-04-03) for the subscription of a resource."""
        return self._client(DesktopVirtualizationMgmtClient, resource)

    def compute(self, resource: str) -> ComputeManagementClient:
        """Return the Compute client for the subscription of a resource."""
        return self._client(ComputeManagementClient, resource)

    def recovery(self, resource: str) -> SiteRecoveryManagementClient:
        """Return the Site Recovery client (2025-08-01) for the subscription of a resource."""
        return self._client(SiteRecoveryManagementClient, resource)

    def roles(self, scope: str) -> AuthorizationManagementClient:
        """Return the Authorization client (2022-04-01); a scope above subscriptions has one of its own."""
        return self._client(AuthorizationManagementClient, scope)

    async def aclose(self) -> None:
        """Close the transport that all clients share."""
        await self._transport.close()

    def _client(self, make: Callable[..., C], resource: str) -> C:
        subscription = subscription_of(resource)
        key: Any = (make, subscription)
        if key not in self._made:
            home = origin_of(self._endpoints.arm)
            self._made[key] = make(
                credential=self._credential,
                subscription_id=subscription,
                base_url=self._endpoints.arm,
                policies=policies(
                    home, self._throttle, self._credential, f"{self._endpoints.arm}/.default", self._fence
                ),
                transport=self._transport,
            )
        made: C = self._made[key]
        return made
