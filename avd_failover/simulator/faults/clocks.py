"""Faults of clocks: the engine's own, wall and monotonic apart, and Azure's.

No wall clock is an input to a safety decision (safety S17), and no clock of ours measures a date of Azure's:
these faults find out. Leap seconds and time zones are jumps of a wall clock.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import Weather, called

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

Direction = Literal["ahead", "back"]


class EngineClock(Weather):
    """The engine's clocks are wrong: they jump, run fast or slow, stand still, or come and go (a strobe)."""

    fault: Literal["engine-clock"] = called("engine-clock")
    which: Literal["wall", "monotonic", "both"] = Field(default="wall", description="Which clock.")
    jump: Duration = Field(default=0.0, description="How far it jumps at the start; back again at the end.")
    direction: Direction = Field(default="ahead", description="Where a wall clock jumps to.")
    rate: float = Field(
        default=1.0, ge=0, le=2, description="Its seconds in a true second; 0 for a wall clock that stands."
    )
    strobe: Duration | None = Field(
        default=None, description="A wall clock is wrong for that long, right for that long, and so on."
    )

    def physics(self) -> dict[str, Any]:
        """Change nothing in Azure."""
        return {}

    def check(self, world: "World") -> None:
        """Find out whether a monotonic clock is asked for what none does."""
        super().check(world)
        steady = self.direction == "ahead" and self.rate > 0 and self.strobe is None
        if self.which != "wall" and not steady:
            raise ValueError(f"{self.fault}: only a wall clock goes back, stands still or strobes")

    def wall_error_s(self, since_s: float) -> float:
        """Return how far a wall clock is off after so many seconds of the fault."""
        if self.which == "monotonic" or (self.strobe and int(since_s // self.strobe) % 2):
            return 0.0
        jumped_s = self.jump if self.direction == "ahead" else -self.jump
        return jumped_s + since_s * (self.rate - 1.0)

    def monotonic_error_s(self, since_s: float) -> float:
        """Return how far a monotonic clock has gained after so many seconds of the fault."""
        return 0.0 if self.which == "wall" else self.jump + since_s * (self.rate - 1.0)


class AzureClock(Weather):
    """Azure's clocks are ahead or behind: its `Date`, dates in Retry-After, and the ends of its tokens."""

    fault: Literal["azure-clock"] = called("azure-clock")
    by: Duration = Field(default=300.0, description="How far.")
    direction: Direction = Field(default="ahead", description="Ahead, or back.")

    def physics(self) -> dict[str, Any]:
        """Change no duration."""
        return {}

    @property
    def error_s(self) -> float:
        """How far they are off, in seconds."""
        return self.by if self.direction == "ahead" else -self.by
