"""People beside the engine, and personal desktops: a test failover that somebody begins, one given away."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.faults.admin import ADMIN
from avd_failover.simulator.faults.base import Deed, called
from avd_failover.simulator.faults.names import Stage, named
from avd_failover.simulator.records import SessionHost
from avd_failover.simulator.recovery_records import ProtectedItem
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World


class AdminTestsFailover(Deed):
    """Somebody begins Site Recovery's test failover of a desktop: never to be done with session hosts."""

    fault: Literal["admin-tests-failover"] = called("admin-tests-failover")
    item: str = Field(description="Name of the protected item.")
    cleans_up: bool = Field(
        default=False, description="Whether it is the cleanup of such a test failover instead."
    )

    def act(self, stage: Stage) -> None:
        """Begin it, unless its state forbids that."""
        item = named(stage.world, ProtectedItem, self.item).id
        items = stage.world.recovery.items
        verb = items.clean_up_test if self.cleans_up else items.test_failover
        try:
            verb(ADMIN, item)
        except ArmRefusal:
            return
        stage.hit("cleans-up" if self.cleans_up else "tests", item)

    def check(self, world: "World") -> None:
        """Find out whether the item exists."""
        super().check(world)
        named(world, ProtectedItem, self.item)


class AdminReassignsDesktop(Deed):
    """An admin gives a personal desktop to somebody else, or to nobody."""

    fault: Literal["admin-reassigns-desktop"] = called("admin-reassigns-desktop")
    host: str = Field(description="Name of the session host.")
    user: str | None = Field(default=None, description="Principal name of its new user; nobody when absent.")

    def act(self, stage: Stage) -> None:
        """Give it away, by force as the portal does."""
        host = named(stage.world, SessionHost, self.host).id
        stage.hit("reassigns", host)
        stage.world.hosts.patch(ADMIN, host, {"assigned_user": self.user}, force=True)

    def check(self, world: "World") -> None:
        """Find out whether the host exists."""
        super().check(world)
        named(world, SessionHost, self.host)
