"""Recovery plans of a vault (Microsoft.RecoveryServices 2025-08-01): read, failed over, committed.

As with single items, a write is one request and returns with its answer; its job is followed by reads. The
provider's part of a failover is a list here, and names a kind of recovery point (azure-facts section 7).
"""

from azure.mgmt.recoveryservicessiterecovery import models
from azure.mgmt.recoveryservicessiterecovery.aio import SiteRecoveryManagementClient

from avd_failover.azure.answers import Raw, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.recovery_begun import Begin, begun
from avd_failover.azure.recovery_plan_values import recovery_plan
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.ids import RecoveryJobId, RecoveryPlanId
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.recovery_requests import POINT_TYPES
from avd_failover.domain.replication import Direction


class AzureRecoveryPlans:
    """The recovery plans of a vault, and what may be done to them."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        """Read one recovery plan (ReplicationRecoveryPlans_Get)."""
        plans = self._client(plan).replication_recovery_plans
        with azure_faults(plan, mutating=False):
            return read_one(await plans.get(*_address(plan)), recovery_plan)

    async def fail_over_plan(
        self, plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
    ) -> Accepted:
        """Begin to fail every machine over (ReplicationRecoveryPlans_UnplannedFailover)."""
        begin = self._client(plan).replication_recovery_plans.begin_unplanned_failover
        wanted = models.RecoveryPlanUnplannedFailoverInputProperties(
            failover_direction=direction.value,
            source_site_operations="Required" if shut_down_source else "NotRequired",
            provider_specific_details=[
                models.RecoveryPlanA2AFailoverInput(recovery_point_type=POINT_TYPES[point])
            ],
        )
        return await self._taken(begin, plan, models.RecoveryPlanUnplannedFailoverInput(properties=wanted))

    async def commit_plan(self, plan: RecoveryPlanId) -> Accepted:
        """Begin to commit every machine (ReplicationRecoveryPlans_FailoverCommit)."""
        begin = self._client(plan).replication_recovery_plans.begin_failover_commit
        return await self._taken(begin, plan)

    async def _taken(self, begin: Begin, plan: RecoveryPlanId, *body: Raw) -> Accepted:
        async def working() -> RecoveryJobId | None:
            found = await self.plan(plan)
            return None if found.job_state.ended else found.job

        return await begun(begin, _address(plan), plan, *body, clock=self._clock, working=working)

    def _client(self, resource: str) -> SiteRecoveryManagementClient:
        return self._clients.recovery(resource)


def _address(plan: RecoveryPlanId) -> tuple[str, str, str]:
    vault = ids.vault_of(plan)
    return ids.resource_group_of(vault), ids.name_of(vault), ids.name_of(plan)
