"""Machines that Site Recovery replicates: their items, points and jobs, and failing them over."""

from typing import Protocol

from avd_failover.cloud.answers import Accepted, Reading
from avd_failover.domain.ids import ProtectedItemId, RecoveryJobId, RecoveryPlanId, RecoveryPointId, VaultId
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.replication import (
    ContainerMapping,
    Direction,
    ProtectedItem,
    RecoveryPoint,
    Reversal,
)


class SiteRecoveryReads(Protocol):
    """Replicated machines and jobs of a vault (Microsoft.RecoveryServices 2025-08-01, provider A2A)."""

    async def items(self, vault: VaultId) -> Reading[ProtectedItem]:
        """List every replicated item of a vault, whichever way it replicates."""
        ...

    async def item(self, item: ProtectedItemId) -> ProtectedItem:
        """Read one item. Refused with status 404 once a reprotect has moved it to the other container."""
        ...

    async def recovery_points(self, item: ProtectedItemId) -> Reading[RecoveryPoint]:
        """List the recovery points of an item, the newest first (Azure's order means nothing)."""
        ...

    async def mappings(self, vault: VaultId) -> Reading[ContainerMapping]:
        """List the ways that replication may take in a vault; a reprotect needs the one back."""
        ...

    async def jobs(self, vault: VaultId) -> Reading[RecoveryJob]:
        """List the jobs of a vault, the newest first: without their tasks and without what they made.

        Jobs begun elsewhere are among them: test failovers (contract 125), and those whose answer was lost.
        """
        ...

    async def job(self, job: RecoveryJobId) -> RecoveryJob:
        """Read one job with its tasks and errors."""
        ...

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        """Read one recovery plan: its machines, and the job that works on them all."""
        ...


class SiteRecovery(SiteRecoveryReads, Protocol):
    """The same, and failing over. There is no verb for a test failover: two desktops would be one host.

    A write returns as soon as Azure took it and never waits for its job, so that a resumed run follows the
    same job; ``Accepted.job`` is None only where Azure did not tell it, and the item names it as well.
    """

    async def fail_over(
        self,
        item: ProtectedItemId,
        *,
        direction: Direction,
        point: RecoveryPointId | None,
        shut_down_source: bool,
    ) -> Accepted:
        """Begin a failover to a point; None: to the latest, processing what has arrived first (slower).

        Refused with status 409 while the item does not list ``Allowed.FAIL_OVER``, 400 for a point that is
        not there or a direction that this item does not take.
        """
        ...

    async def change_recovery_point(self, item: ProtectedItemId, point: RecoveryPointId) -> Accepted:
        """Begin to bring another point to the machine of a failover that is not committed yet."""
        ...

    async def commit_failover(self, item: ProtectedItemId) -> Accepted:
        """Begin to commit a failover: its other recovery points go. Refused with 409 unless one pends."""
        ...

    async def switch_protection(self, item: ProtectedItemId, reversal: Reversal) -> Accepted:
        """Begin to reprotect a committed item: replication runs the other way round.

        When the job has ended the item lies in the other container, under the id that the job tells in
        ``made``, and its first replication goes on for a while. Refused with status 409 while the item
        does not list ``Allowed.SWITCH_PROTECTION``, 400 when mapping, policy or disks are not right.
        """
        ...

    async def fail_over_plan(
        self, plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
    ) -> Accepted:
        """Begin to fail over every machine of a recovery plan, each to its newest point of a kind.

        Refused with status 409 while the plan does not list ``Allowed.FAIL_OVER``, 400 for a direction that
        its machines do not take.
        """
        ...

    async def commit_plan(self, plan: RecoveryPlanId) -> Accepted:
        """Begin to commit every machine of a recovery plan. Refused with 409 unless all of them pend."""
        ...
