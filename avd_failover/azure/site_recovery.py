"""Site Recovery, Azure to Azure (Microsoft.RecoveryServices 2025-08-01): replicated items, jobs, failover.

A write is one request and returns with its answer: a 202 and the job that it leads to. No poller of the SDK
runs here, because a suspended job never ends one (azure-facts 0.7); jobs are followed by reads, from outside,
so that a resumed run follows the same job. Reprotect is ``switchprotection`` (azure-facts 0.1). Nothing in
here, or anywhere else, starts a test failover (contract 125).
"""

from azure.mgmt.recoveryservicessiterecovery import models
from msgspec import structs

from avd_failover.azure.answers import Raw, read_one
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.azure.recovery_begun import Begin, begun
from avd_failover.azure.recovery_job_values import recovery_job
from avd_failover.azure.recovery_plans import AzureRecoveryPlans
from avd_failover.azure.replication_values import container_mapping, protected_item, recovery_point
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.ids import (
    ContainerId,
    ProtectedItemId,
    RecoveryJobId,
    RecoveryPointId,
    VaultId,
)
from avd_failover.domain.recovery_jobs import RecoveryJob, jobs_newest_first
from avd_failover.domain.replication import (
    ContainerMapping,
    Direction,
    ProtectedItem,
    RecoveryPoint,
    Reversal,
    ReversedDisk,
    newest_first,
)


class AzureSiteRecovery(AzureRecoveryPlans):
    """Replicated items of a vault and its recovery plans, and what may be done to them."""

    async def items(self, vault: VaultId) -> Reading[ProtectedItem]:
        """List every replicated item of a vault (ReplicationProtectedItems_List)."""
        items = self._client(vault).replication_protected_items
        with azure_faults(vault, mutating=False):
            return await read_all(items.list(*_vault(vault)), protected_item, self._clock)

    async def item(self, item: ProtectedItemId) -> ProtectedItem:
        """Read one item (ReplicationProtectedItems_Get)."""
        items = self._client(item).replication_protected_items
        with azure_faults(item, mutating=False):
            return read_one(await items.get(*_item(item)), protected_item)

    async def recovery_points(self, item: ProtectedItemId) -> Reading[RecoveryPoint]:
        """List the recovery points of an item, the newest first (RecoveryPoints_List...)."""
        points = self._client(item).recovery_points
        with azure_faults(item, mutating=False):
            found = await read_all(
                points.list_by_replication_protected_items(*_item(item)), recovery_point, self._clock
            )
        return structs.replace(found, items=newest_first(found.items))

    async def mappings(self, vault: VaultId) -> Reading[ContainerMapping]:
        """List the ways between containers (ReplicationProtectionContainerMappings_List)."""
        mappings = self._client(vault).replication_protection_container_mappings
        with azure_faults(vault, mutating=False):
            return await read_all(mappings.list(*_vault(vault)), container_mapping, self._clock)

    async def jobs(self, vault: VaultId) -> Reading[RecoveryJob]:
        """List the jobs of a vault, the newest first (ReplicationJobs_List)."""
        jobs = self._client(vault).replication_jobs
        with azure_faults(vault, mutating=False):
            found = await read_all(jobs.list(*_vault(vault)), recovery_job, self._clock)
        return structs.replace(found, items=jobs_newest_first(found.items))

    async def job(self, job: RecoveryJobId) -> RecoveryJob:
        """Read one job with its tasks and errors (ReplicationJobs_Get)."""
        jobs = self._client(job).replication_jobs
        with azure_faults(job, mutating=False):
            return read_one(await jobs.get(*_vault(ids.vault_of(job)), ids.name_of(job)), recovery_job)

    async def fail_over(
        self,
        item: ProtectedItemId,
        *,
        direction: Direction,
        point: RecoveryPointId | None,
        shut_down_source: bool,
    ) -> Accepted:
        """Begin a failover (ReplicationProtectedItems_UnplannedFailover; A2A knows no other)."""
        begin = self._client(item).replication_protected_items.begin_unplanned_failover
        wanted = models.UnplannedFailoverInputProperties(
            failover_direction=direction.value,
            source_site_operations="Required" if shut_down_source else "NotRequired",
            provider_specific_details=models.A2AUnplannedFailoverInput(recovery_point_id=point),
        )
        return await self._begun(begin, _item(item), item, models.UnplannedFailoverInput(properties=wanted))

    async def change_recovery_point(self, item: ProtectedItemId, point: RecoveryPointId) -> Accepted:
        """Begin to bring another point (ReplicationProtectedItems_ApplyRecoveryPoint)."""
        begin = self._client(item).replication_protected_items.begin_apply_recovery_point
        wanted = models.ApplyRecoveryPointInputProperties(
            recovery_point_id=point, provider_specific_details=models.A2AApplyRecoveryPointInput()
        )
        return await self._begun(begin, _item(item), item, models.ApplyRecoveryPointInput(properties=wanted))

    async def commit_failover(self, item: ProtectedItemId) -> Accepted:
        """Begin to commit a failover (ReplicationProtectedItems_FailoverCommit)."""
        begin = self._client(item).replication_protected_items.begin_failover_commit
        return await self._begun(begin, _item(item), item)

    async def switch_protection(self, item: ProtectedItemId, reversal: Reversal) -> Accepted:
        """Begin to reprotect an item (ReplicationProtectionContainers_SwitchProtection)."""
        begin = self._client(item).replication_protection_containers.begin_switch_protection
        wanted = models.SwitchProtectionInputProperties(
            replication_protected_item_name=reversal.name, provider_specific_details=_reversed(reversal)
        )
        address = _container(ids.container_of(item))
        return await self._begun(begin, address, item, models.SwitchProtectionInput(properties=wanted))

    async def _begun(
        self, begin: Begin, address: tuple[str, ...], item: ProtectedItemId, *body: Raw
    ) -> Accepted:
        """Send a write once, and say which job it became."""

        async def working() -> RecoveryJobId | None:
            return (await self.item(item)).job

        return await begun(begin, address, item, *body, clock=self._clock, working=working)


def _vault(vault: VaultId) -> tuple[str, str]:
    return ids.resource_group_of(vault), ids.name_of(vault)


def _container(container: ContainerId) -> tuple[str, str, str, str]:
    fabric = container.rsplit("/", 2)[0]
    return (*_vault(ids.vault_of(container)), ids.name_of(fabric), ids.name_of(container))


def _item(item: ProtectedItemId) -> tuple[str, str, str, str, str]:
    return (*_container(ids.container_of(item)), ids.name_of(item))


def _reversed(wanted: Reversal) -> models.A2ASwitchProtectionInput:
    return models.A2ASwitchProtectionInput(
        recovery_container_id=wanted.recovery_container,
        policy_id=wanted.policy,
        recovery_resource_group_id=wanted.recovery_group,
        recovery_availability_zone=wanted.recovery_zone or None,
        recovery_capacity_reservation_group_id=wanted.reservation_group,
        vm_managed_disks=[_disk(one) for one in wanted.disks],
    )


def _disk(wanted: ReversedDisk) -> models.A2AVmManagedDiskInputDetails:
    return models.A2AVmManagedDiskInputDetails(
        disk_id=wanted.disk,
        primary_staging_azure_storage_account_id=wanted.staging_account,
        recovery_resource_group_id=wanted.recovery_group,
        recovery_replica_disk_account_type=wanted.replica_sku or None,
        recovery_target_disk_account_type=wanted.target_sku or None,
        recovery_disk_encryption_set_id=wanted.encryption_set or None,
    )
