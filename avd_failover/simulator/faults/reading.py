"""Faults of readings: stale replicas, pages that do not fit together, front ends that do not agree."""

import random
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.records import RoleAssignment
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World


class StaleRead(RequestFault):
    """Reads are answered from replicas that lag behind; several replicas make time jump to and fro."""

    fault: Literal["stale-read"] = called("stale-read")
    low: Duration = Field(default=30.0, description="Least staleness of a replica.")
    high: Duration = Field(default=600.0, description="Most staleness of a replica.")
    replicas: int = Field(default=1, ge=1, le=9, description="How many replicas answer in turn, by chance.")

    def matches(self, sent: Sent) -> bool:
        """Tell whether a request reads; what an operation says of itself is never stale."""
        return not sent.mutates and sent.route != "machines.poll" and super().matches(sent)

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Ask one of the replicas."""
        if "lags" not in stage.memory:
            stage.memory["lags"] = [chance.uniform(self.low, self.high) for _ in range(self.replicas)]
        return Ruling(staleness_s=round(chance.choice(stage.memory["lags"]), 3))

    def check(self, world: "World") -> None:
        """Find out whether the range is one."""
        super().check(world)
        if self.high < self.low:
            raise ValueError(f"{self.fault}: high ({self.high:g} s) is below low ({self.low:g} s)")


class PageSkew(RequestFault):
    """Pages of a list do not fit together."""

    fault: Literal["page-skew"] = called("page-skew")
    route: str = Field(default="*.list", description="Which lists.")
    how: Literal["repeat", "omit", "loop", "foreign-host"] = Field(
        default="omit",
        description="An item comes twice; an item is left out; the next link leads back; it leads elsewhere.",
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Skew the list."""
        return Ruling(page=self.how) if sent.route.endswith(".list") else Ruling()


class PageError(RequestFault):
    """A list breaks off: a page after the first is answered with an error."""

    fault: Literal["page-error"] = called("page-error")
    route: str = Field(default="*.list", description="Which lists.")
    status: Literal[429, 500, 502, 503, 504] = Field(default=503, description="The status.")

    def matches(self, sent: Sent) -> bool:
        """Tell whether a request continues a list; where a list is one request, it strikes that."""
        return sent.continues is not False and super().matches(sent)

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer with the error."""
        return Ruling(refusal=ArmRefusal(self.status, "ServiceUnavailable", "The page could not be read."))


class FrontEnds(RequestFault):
    """Front ends answer an identical PUT of a role assignment differently: 200, 201, or 409."""

    fault: Literal["front-ends"] = called("front-ends")
    route: str = Field(default="assignments.create", description="Which requests.")
    answers: tuple[Literal[200, 201, 409], ...] = Field(
        default=(200, 201, 409), min_length=1, description="What they answer, by chance."
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 409 only where the assignment exists: a new one is created, whoever is asked."""
        status = chance.choice(self.answers)
        exists = stage.world.core.find(RoleAssignment, sent.target) is not None
        if status != 409:
            return Ruling(status=status)
        if exists:
            return Ruling(
                refusal=ArmRefusal(409, "RoleAssignmentExists", "The role assignment already exists.")
            )
        return Ruling()
