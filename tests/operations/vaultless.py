"""The half of the seam that a pooled estate has nothing behind: no vault, no reservation, no extension."""

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain.ids import (
    ProtectedItemId,
    RecoveryJobId,
    RecoveryPlanId,
    RecoveryPointId,
    ReservationGroupId,
    VaultId,
)
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
from avd_failover.domain.reservations import ReservationGroup
from tests.operations.world import absent


class Vaultless:
    """Site Recovery where there is no vault: every question is answered that nothing is there."""

    async def items(self, vault: VaultId) -> Reading[ProtectedItem]:
        raise absent(vault)

    async def item(self, item: ProtectedItemId) -> ProtectedItem:
        raise absent(item)

    async def recovery_points(self, item: ProtectedItemId) -> Reading[RecoveryPoint]:
        raise absent(item)

    async def mappings(self, vault: VaultId) -> Reading[ContainerMapping]:
        raise absent(vault)

    async def jobs(self, vault: VaultId) -> Reading[RecoveryJob]:
        raise absent(vault)

    async def job(self, job: RecoveryJobId) -> RecoveryJob:
        raise absent(job)

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        raise absent(plan)

    async def fail_over_plan(
        self, plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
    ) -> Accepted:
        raise absent(plan)

    async def commit_plan(self, plan: RecoveryPlanId) -> Accepted:
        raise absent(plan)

    async def fail_over(
        self,
        item: ProtectedItemId,
        *,
        direction: Direction,
        point: RecoveryPointId | None,
        shut_down_source: bool,
    ) -> Accepted:
        raise absent(item)

    async def change_recovery_point(self, item: ProtectedItemId, point: RecoveryPointId) -> Accepted:
        raise absent(item)

    async def commit_failover(self, item: ProtectedItemId) -> Accepted:
        raise absent(item)

    async def switch_protection(self, item: ProtectedItemId, reversal: Reversal) -> Accepted:
        raise absent(item)


class Unreserved:
    """Reservation groups where there are none."""

    async def get(self, group: ReservationGroupId) -> ReservationGroup:
        raise absent(group)
