"""Faults of capacity and of long-running operations."""

import random
from typing import Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.fates import Fate
from avd_failover.simulator.faults.base import FateFault, RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.refusals import ArmRefusal

NO_CAPACITY = (
    "Allocation failed. We do not have sufficient capacity for the requested VM size in this region."
)


class _Starting(FateFault):
    """Strikes the starting of machines, whoever starts them."""

    succeed: int = Field(default=0, ge=0, description="How many starts succeed before the first one fails.")

    @property
    def events(self) -> tuple[str, ...]:
        """Starts."""
        return ("start-machine",)

    @property
    def first(self) -> int:
        """The first start that fails."""
        return self.nth + self.succeed


class AllocationFailed(_Starting):
    """Starting a machine is accepted, and its operation ends Failed: the region has no room."""

    fault: Literal["allocation-failed"] = called("allocation-failed")
    code: Literal["AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest"] = Field(
        default="AllocationFailed", description="Code of the failure."
    )
    late_success: Duration | None = Field(
        default=None, description="After the failure, the machine runs all the same, that much later."
    )

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Fail after a while."""
        return Fate(error=(self.code, NO_CAPACITY), late_success_s=self.late_success)


class SkuNotAvailable(_Starting):
    """Starting a machine is refused at once: the size is not offered there now."""

    fault: Literal["sku-not-available"] = called("sku-not-available")

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Refuse."""
        text = "The requested VM size is currently not available in this location."
        return Fate(refusal=ArmRefusal(409, "SkuNotAvailable", text))


class QuotaExceeded(_Starting):
    """Starting a machine is refused at once: the quota of cores is used up."""

    fault: Literal["quota-exceeded"] = called("quota-exceeded")

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Refuse."""
        text = (
            "Operation could not be completed as it results in exceeding approved Total Regional Cores quota."
        )
        return Fate(refusal=ArmRefusal(409, "OperationNotAllowed", text))


class OperationEndless(FateFault):
    """A machine's operation never ends."""

    fault: Literal["operation-endless"] = called("operation-endless")

    @property
    def events(self) -> tuple[str, ...]:
        """Starts and stops."""
        return ("start-machine", "stop-machine")

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Never end."""
        return Fate(endless=True)


class OperationFlips(FateFault):
    """A machine's operation is shown Failed, and Succeeded a while later: the machine does as it was told."""

    fault: Literal["operation-flips"] = called("operation-flips")
    after: Duration = Field(default=60.0, description="Time from Failed to Succeeded.")

    @property
    def events(self) -> tuple[str, ...]:
        """Starts."""
        return ("start-machine",)

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Fail first."""
        return Fate(error=("InternalExecutionError", "An internal error."), late_success_s=self.after)


class OperationLost(RequestFault):
    """An operation is accepted with 202, and nothing says where to follow it."""

    fault: Literal["operation-lost"] = called("operation-lost")
    route: str = Field(default="machines.*", description="Which requests.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Leave the addresses out."""
        return Ruling(followable=False) if sent.mutates else Ruling()


class OperationGone(RequestFault):
    """Polling an operation is answered 404."""

    fault: Literal["operation-gone"] = called("operation-gone")
    route: str = Field(default="machines.poll", description="Which requests.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Know nothing of it."""
        return Ruling(refusal=ArmRefusal(404, "NotFound", "The operation could not be found."))
