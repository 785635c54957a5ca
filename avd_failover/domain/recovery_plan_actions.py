"""Actions on recovery plans: one request that Site Recovery turns into a job over many machines.

Each carries the machines that a reading showed in the recovery plan, because the request itself does not
name them. For records, an action is also what it does to each machine (``each``).
"""

from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from avd_failover.domain.ids import MachineId, ProtectedItemId, RecoveryPlanId
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_actions import CommitFailover, FailOverMachine
from avd_failover.domain.replication import Direction

T = TypeVar("T")


class PlanMember(Struct, frozen=True, kw_only=True):
    """One machine of a recovery plan; the moments are those of ``CommitFailover``, known at a commit only."""

    item: ProtectedItemId
    machine: MachineId
    point_at: datetime | None = None
    failed_over_at: datetime | None = None


class FailOverPlan(Struct, frozen=True, kw_only=True, tag="plan.failover"):
    """Begin to bring every machine of a recovery plan up in the other region.

    A recovery plan takes no recovery point by id, only a kind of point, for every machine its own.
    """

    plan: RecoveryPlanId
    members: tuple[PlanMember, ...]
    direction: Direction
    point: PointPolicy
    shut_down: bool = True
    reason: str

    @property
    def target(self) -> str:
        """Id of the recovery plan."""
        return self.plan

    def inverse(self) -> None:
        """To give up is to fail over the other way, once the machines are replicated back."""

    def each(self) -> tuple[FailOverMachine, ...]:
        """Return what it does to each machine; which point that takes is told by its item afterwards."""
        return tuple(
            FailOverMachine(
                item=one.item,
                machine=one.machine,
                direction=self.direction,
                shut_down=self.shut_down,
                reason=self.reason,
            )
            for one in self.members
        )


class CommitPlan(Struct, frozen=True, kw_only=True, tag="plan.commit"):
    """Commit the failover of every machine of a recovery plan: their other recovery points go."""

    plan: RecoveryPlanId
    members: tuple[PlanMember, ...]
    reason: str

    @property
    def target(self) -> str:
        """Id of the recovery plan."""
        return self.plan

    def inverse(self) -> None:
        """A commit stands."""

    def each(self) -> tuple[CommitFailover, ...]:
        """Return what it does to each machine."""
        return tuple(
            CommitFailover(
                item=one.item,
                machine=one.machine,
                point_at=one.point_at,
                failed_over_at=one.failed_over_at,
                reason=self.reason,
            )
            for one in self.members
        )


PlanAction = FailOverPlan | CommitPlan
"""What is done to a recovery plan."""


def singly(action: T) -> tuple[T | FailOverMachine | CommitFailover, ...]:
    """Return what an action does to each machine; any other than on a recovery plan is one by itself."""
    return action.each() if isinstance(action, FailOverPlan | CommitPlan) else (action,)
