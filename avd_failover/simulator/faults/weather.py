"""Durations that are out of the ordinary for a while: propagation, users, log-offs, ghosts, agents."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import Weather, called
from avd_failover.simulator.physics import Between

if TYPE_CHECKING:
    from avd_failover.simulator.world import World


class _Ranged(Weather):
    """Draws durations evenly from a range."""

    low: Duration
    high: Duration

    @property
    def between(self) -> Between:
        """The range."""
        return Between(low=self.low, high=self.high)

    def check(self, world: "World") -> None:
        """Find out whether the range is one."""
        super().check(world)
        if self.high < self.low:
            raise ValueError(f"{self.fault}: high ({self.high:g} s) is below low ({self.low:g} s)")


class SlowPropagation(_Ranged):
    """Changes of role assignments reach gates and lists late; above D (11 minutes) an assumption breaks."""

    fault: Literal["slow-propagation"] = called("slow-propagation")
    low: Duration = Field(default=300.0, description="Shortest.")
    high: Duration = Field(default=600.0, description="Longest; Azure documents up to ten minutes.")
    what: Literal["grants", "revokes", "lists", "all"] = Field(
        default="all", description="What is slow: access that opens, access that closes, or lists."
    )

    def physics(self) -> dict[str, Any]:
        """Return the slow durations."""
        names = {"grants": "grant_effective_s", "revokes": "revoke_effective_s", "lists": "list_lag_s"}
        return {name: self.between for what, name in names.items() if self.what in {"all", what}}


class GhostSessions(_Ranged):
    """Sessions of stopped hosts stay listed for long, and their hold on profiles with them."""

    fault: Literal["ghost-sessions"] = called("ghost-sessions")
    low: Duration = Field(default=1_800.0, description="Shortest.")
    high: Duration = Field(default=3_600.0, description="Longest.")

    def physics(self) -> dict[str, Any]:
        """Return how long ghosts and their locks stay."""
        return {"ghost_s": self.between, "stale_lock_s": self.between}


class EagerUsers(_Ranged):
    """Users who lost a session, or left one, try again at once."""

    fault: Literal["eager-users"] = called("eager-users")
    low: Duration = Field(default=1.0, description="Shortest time between two tries.")
    high: Duration = Field(default=5.0, description="Longest time between two tries.")

    def physics(self) -> dict[str, Any]:
        """Return how soon users try."""
        return {"retry_s": self.between, "return_s": self.between, "arrival_s": self.between}


class UsersLeave(_Ranged):
    """Users leave their sessions Disconnected instead of logging off; the profile stays attached."""

    fault: Literal["users-leave"] = called("users-leave")
    low: Duration = Field(default=60.0, description="Shortest time from Active to Disconnected.")
    high: Duration = Field(default=600.0, description="Longest.")

    def physics(self) -> dict[str, Any]:
        """Return how long users stay."""
        return {"leave_s": self.between}


class LogOffSlow(_Ranged):
    """Log-offs take long: sessions stay in state LogOff."""

    fault: Literal["log-off-slow"] = called("log-off-slow")
    low: Duration = Field(default=300.0, description="Shortest.")
    high: Duration = Field(default=1_800.0, description="Longest.")

    def physics(self) -> dict[str, Any]:
        """Return how long log-offs take."""
        return {"log_off_s": self.between, "log_off_slow_share": 0.0}


class ProfileFlushBacklog(_Ranged):
    """A session is gone and its profile container still flushes: the lock stays meanwhile."""

    fault: Literal["profile-flush-backlog"] = called("profile-flush-backlog")
    low: Duration = Field(default=60.0, description="Shortest.")
    high: Duration = Field(default=600.0, description="Longest.")

    def physics(self) -> dict[str, Any]:
        """Return how long flushing takes."""
        return {"flush_s": self.between}


class HeartbeatLag(_Ranged):
    """What the broker says of hosts lags behind: up, down and lost are shown late."""

    fault: Literal["heartbeat-lag"] = called("heartbeat-lag")
    low: Duration = Field(default=300.0, description="Shortest.")
    high: Duration = Field(default=900.0, description="Longest.")

    def physics(self) -> dict[str, Any]:
        """Return how late agents are heard."""
        return {
            "agent_s": self.between,
            "agent_slow_share": 0.0,
            "shutdown_shown_s": self.between,
            "heartbeat_lost_s": self.between,
        }


class SessionIdReuse(Weather):
    """Hosts give the lowest free number to a new session, so that ids of gone sessions come back."""

    fault: Literal["session-id-reuse"] = called("session-id-reuse")

    def physics(self) -> dict[str, Any]:
        """Return the rule of numbering."""
        return {"reuse_session_ids": True}
