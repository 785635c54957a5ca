"""Faults of Site Recovery's jobs, which are long-running operations of another kind than Compute's."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.faults.base import Deed, called
from avd_failover.simulator.faults.names import Stage, named
from avd_failover.simulator.recovery_records import ProtectedItem, Vault

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

Job = Literal[
    "UnplannedFailover", "CommitFailover", "ChangePit", "SwitchProtection", "TestFailover",
    "UpdateReplicationProtectedItem",
]  # fmt: skip


class JobMishap(Deed):
    """A job of Site Recovery fails, suspends, stalls for ever, or says Succeeded and did nothing (lost)."""

    fault: Literal["job-mishap"] = called("job-mishap")
    job: Job = Field(default="UnplannedFailover", description="Scenario of the job.")
    how: Literal["fails", "suspends", "stalls", "lost"] = Field(default="fails", description="What happens.")
    item: str | None = Field(default=None, description="Name of the protected item; any when absent.")
    jobs: int = Field(default=1, ge=1, description="How many such jobs it strikes.")
    code: str = Field(default="", description="Error code of a job that fails; a usual one when empty.")

    def act(self, stage: Stage) -> None:
        """Put it in store for the next such job."""
        item = named(stage.world, ProtectedItem, self.item).id if self.item else ""
        stage.hit("in-store", item)
        stage.world.recovery.mishaps.put(
            f"fault:{stage.fault}", item, self.job, self.how, times=self.jobs, code=self.code, message=""
        )

    def check(self, world: "World") -> None:
        """Find out whether there is a vault, and the item in it."""
        super().check(world)
        if not world.core.table(Vault):
            raise ValueError(f"{self.fault}: this scenario has no vault of Site Recovery")
        if self.item:
            named(world, ProtectedItem, self.item)
