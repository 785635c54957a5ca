"""Outages of a region: its control plane, its compute, or both; in full, in part, flapping, and returning.

The global endpoint of ARM keeps answering, role assignments and the directory with it; what the region's own
providers serve does not (azure-facts section 10). Hosts of a dark region lose their heartbeat and are shown
Unavailable after a few minutes; while nobody can ask, sessions stay listed that are not there any more.
"""

import random
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import LastingDeed, RequestFault, called
from avd_failover.simulator.faults.names import Stage, check_region
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.records import Machine, Region, key
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

OUTAGE = "azure:outage"


class RegionOutage(LastingDeed):
    """A region goes dark, whole: 503 from its providers, no compute, or both; it returns after `lasts`."""

    fault: Literal["region-outage"] = called("region-outage")
    region: str = Field(description="Name of the region.")
    plane: Literal["control", "compute", "both"] = Field(
        default="both", description="Its providers (control), its machines (compute), or both."
    )
    hosts: Literal["lost", "isolated"] = Field(
        default="lost",
        description="Compute: machines lose power and their sessions with it, or run on unreached.",
    )
    flaps: Duration | None = Field(
        default=None, description="Up for that long and down for that long in turn, until it is over."
    )

    def act(self, stage: Stage) -> None:
        """Let it go dark."""
        stage.memory["dark"] = True
        self._darken(stage)
        if self.flaps is not None:
            stage.world.core.after(self.flaps, lambda: self._flap(stage))

    def undo(self, stage: Stage) -> None:
        """Let it return."""
        stage.memory["dark"] = False
        self._lighten(stage)

    def check(self, world: "World") -> None:
        """Find out whether the region exists."""
        super().check(world)
        check_region(world, self.region)
        if self.plane == "control" and "hosts" in self.model_fields_set:
            raise ValueError(f"{self.fault}: hosts goes with plane compute or both")

    def _flap(self, stage: Stage) -> None:
        if self.flaps is None or not stage.memory["dark"]:
            return
        region = stage.world.core.get(Region, self.region)
        up = region.control_plane_up and region.compute_up
        (self._darken if up else self._lighten)(stage)
        stage.world.core.after(self.flaps, lambda: self._flap(stage))

    def _darken(self, stage: Stage) -> None:
        stage.hit("goes-dark", self.region)
        self._set(stage, up=False)
        if self.plane != "control":
            for machine in _machines(stage.world, self.region):
                stage.world.machines.lose(OUTAGE, machine, keeps_running=self.hosts == "isolated")

    def _lighten(self, stage: Stage) -> None:
        stage.hit("returns", self.region)
        self._set(stage, up=True)
        if self.plane != "control":
            for machine in _machines(stage.world, self.region):
                stage.world.machines.find_again(OUTAGE, machine)

    def _set(self, stage: Stage, *, up: bool) -> None:
        core = stage.world.core
        region = core.get(Region, self.region)
        control = region.control_plane_up if self.plane == "compute" else up
        compute = region.compute_up if self.plane == "control" else up
        core.change(OUTAGE, "region", region, control_plane_up=control, compute_up=compute)


class RegionBrownout(RequestFault):
    """A region's providers answer in part: no reads, no writes, or only some of both."""

    fault: Literal["region-brownout"] = called("region-brownout")
    region: str = Field(description="Name of the region.")
    fails: Literal["reads", "writes", "both"] = Field(default="both", description="What is answered 503.")
    p: float = Field(default=0.5, ge=0, le=1, description="Share of these requests that fails.")
    applied: bool = Field(default=False, description="Whether failed writes took effect all the same.")

    def matches(self, sent: Sent) -> bool:
        """Tell whether a request goes to the region's providers and is of the failing kind."""
        kind = "writes" if sent.mutates else "reads"
        return sent.regional and self.fails in {"both", kind} and super().matches(sent)

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 503."""
        text = f"The service in '{self.region}' is temporarily unavailable."
        error = ArmRefusal(503, "ServiceUnavailable", text)
        return Ruling(answer=error) if self.applied and sent.mutates else Ruling(refusal=error)


def _machines(world: "World", region: str) -> list[Machine]:
    found = world.core.table(Machine).values()
    return [machine for machine in found if key(machine.location) == key(region)]
