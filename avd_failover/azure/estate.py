"""The real side of the cloud seam, wired: one principal, two endpoints, nine services."""

from azure.core.credentials_async import AsyncTokenCredential

from avd_failover.azure.clients import Clients
from avd_failover.azure.credentials import Identity, credential_for
from avd_failover.azure.directory import AzureDirectory
from avd_failover.azure.endpoints import Endpoints, origin_of
from avd_failover.azure.graph import Graph
from avd_failover.azure.host_pools import AzureHostPools
from avd_failover.azure.machines import AzureMachines
from avd_failover.azure.no_outside import NoOutside
from avd_failover.azure.pipeline import ANSWER_TIMEOUT_S, ClockedTransport
from avd_failover.azure.polling import DEADLINE_S
from avd_failover.azure.reservations import AzureReservations
from avd_failover.azure.role_assignments import AzureRoleAssignments
from avd_failover.azure.scaling_plans import AzureScalingPlans
from avd_failover.azure.session_hosts import AzureSessionHosts
from avd_failover.azure.site_recovery import AzureSiteRecovery
from avd_failover.azure.throttle import Throttle
from avd_failover.azure.user_sessions import AzureUserSessions
from avd_failover.cloud import Outside
from avd_failover.domain.clock import Clock
from avd_failover.domain.fence import UNFENCED, Checked


class AzureCloud:
    """Everything the engine can reach in Azure (``cloud.Cloud``)."""

    def __init__(
        self,
        clients: Clients,
        graph: Graph,
        credential: AsyncTokenCredential,
        clock: Clock,
        *,
        operation_deadline_s: float = DEADLINE_S,
        outside: Outside | None = None,
    ) -> None:
        self.assignments = AzureRoleAssignments(clients, clock)
        self.directory = AzureDirectory(graph, clock)
        self.pools = AzureHostPools(clients, clock)
        self.hosts = AzureSessionHosts(clients, clock)
        self.sessions = AzureUserSessions(clients, clock)
        self.scaling = AzureScalingPlans(clients, clock)
        self.machines = AzureMachines(clients, clock, deadline_s=operation_deadline_s)
        self.recovery = AzureSiteRecovery(clients, clock)
        self.reservations = AzureReservations(clients, clock)
        self.outside: Outside = outside or NoOutside()
        self._closing = (clients.aclose, graph.aclose, credential.close)

    async def aclose(self) -> None:
        """Release connections and forget tokens; no verb works afterwards."""
        for close in self._closing:
            await close()


def connect(
    endpoints: Endpoints,
    clock: Clock,
    *,
    credential: AsyncTokenCredential | None = None,
    identity: Identity | None = None,
    client_id: str = "",
    throttle: Throttle | None = None,
    fence: Checked = UNFENCED,
    answer_timeout_s: float = ANSWER_TIMEOUT_S,
    operation_deadline_s: float = DEADLINE_S,
    outside: Outside | None = None,
) -> AzureCloud:
    """Wire the services of one principal; nothing is sent and no token asked for until a verb is used.

    ``credential`` wins over ``identity`` and ``client_id`` (see ``credential_for``); it is closed with the
    cloud. A ``throttle`` handed in is shared with whoever else acts as the same principal.
    Steps that run programs or call addresses do so through ``outside``; without one they are refused.
    The ``fence`` is asked before every request that changes something leaves.
    """
    holder = credential or credential_for(endpoints, clock, identity, client_id=client_id)
    budget = throttle or Throttle(clock)
    transport = ClockedTransport(clock, origin_of(endpoints.arm), answer_timeout_s=answer_timeout_s)
    return AzureCloud(
        Clients(endpoints, holder, budget, transport, fence),
        Graph(endpoints, holder, budget),
        holder,
        clock,
        operation_deadline_s=operation_deadline_s,
        outside=outside,
    )
