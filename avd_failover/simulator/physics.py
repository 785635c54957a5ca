"""The numbers of a simulated Azure: how long things take, and where its limits lie.

Every default is a figure of Azure's documentation, of recorded traffic, or an assumption that says so.
A scenario may override any of them.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Between(BaseModel):
    """A duration drawn evenly between two bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    low: Seconds = Field(description="Shortest duration, in seconds.")
    high: Seconds = Field(description="Longest duration, in seconds.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high ({self.high:g}) is below low ({self.low:g})")
        return self


def _between(low: float, high: float, description: str) -> Between:
    default: Between = Field(default=Between(low=low, high=high), description=description)
    return default


def _share(default: float, description: str) -> float:
    share: float = Field(default=default, ge=0, le=1, description=description)
    return share


class RecoveryPhysics(BaseModel):
    """Durations of Site Recovery jobs and their tasks, in seconds (recorded, or assumed where it says so)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    prerequisites_s: Between = _between(1, 6, "Check of prerequisites, as recorded.")
    synchronise_s: Between = _between(5, 20, "Processing of what is under way to the other region (assumed).")
    failover_s: Between = _between(100, 300, "A whole failover (170 to 303 recorded).")
    boot_s: Between = _between(10, 40, "Start of the machine that a failover made (assumed).")
    commit_s: Between = _between(2, 10, "Commit, as recorded.")
    change_point_s: Between = _between(60, 180, "Change of the recovery point (assumed).")
    update_s: Between = _between(2, 10, "Change of an item's settings (assumed).")
    switch_s: Between = _between(540, 700, "Reprotect; enabling took 611 s when it was recorded.")
    initial_replication_s: Between = _between(600, 1_200, "Initial replication (900 recorded).")
    finalize_s: Between = _between(1, 4, "End of initial replication, as recorded.")
    test_failover_s: Between = _between(60, 200, "Making the twin of a test failover (assumed).")
    cleanup_s: Between = _between(30, 90, "Deleting that twin (assumed).")
    extension_s: Between = _between(20, 120, "Installing or removing an extension (assumed).")


class Physics(BaseModel):
    """Durations in seconds, shares from 0 to 1, and bucket sizes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    list_lag_s: Between = _between(30, 60, "How far lists of role assignments lag behind writes (up to 600).")
    grant_effective_s: Between = _between(30, 240, "From creating an assignment to access (up to 600).")
    revoke_effective_s: Between = _between(30, 240, "From deleting an assignment to no access (up to 600).")
    member_lag_s: Between = _between(1, 5, "How far lists of direct members lag behind writes.")
    transitive_lag_s: Between = _between(2, 15, "The same for transitive members and counts.")
    principal_known_s: Seconds = Field(
        default=180.0, description="How long a new principal is refused with PrincipalNotFound."
    )
    start_s: Between = _between(30, 90, "Start of a deallocated machine, as an operation.")
    start_stopped_s: Between = _between(5, 15, "Start of a machine that is stopped but allocated.")
    power_off_s: Between = _between(8, 21, "Power off, as recorded.")
    deallocate_s: Between = _between(23, 122, "Deallocation, as recorded.")
    agent_s: Between = _between(60, 180, "From machine running to session host Available.")
    agent_slow_s: Between = _between(180, 600, "The same for a slow agent.")
    agent_slow_share: float = _share(0.05, "Share of starts with a slow agent.")
    shutdown_shown_s: Between = _between(20, 90, "From machine stopped to session host shown as Shutdown.")
    heartbeat_every_s: Between = _between(21_600, 345_600, "How rarely lastHeartBeat of a host is written.")
    token_valid_s: Seconds = Field(
        default=7_776_000.0, description="How long the token of an agent is good that does not run: 90 days."
    )
    token_renew_s: Seconds = Field(
        default=1_200.0, description="How long a machine has to run until its agent's token is renewed."
    )
    sign_in_s: Between = _between(3, 15, "From Pending to Active.")
    log_off_s: Between = _between(2, 20, "From LogOff to gone.")
    log_off_slow_s: Between = _between(60, 90, "The same when sign-out hangs on the profile container.")
    log_off_slow_share: float = _share(0.05, "Share of log-offs that hang.")
    run_command_s: Between = _between(19, 60, "Run command, as recorded for a short script.")
    bulk_machines: int = Field(
        default=100, ge=1, description="Machines in one bulk request of ComputeSchedule (commonly quoted)."
    )
    ghost_s: Between = _between(60, 300, "How long sessions of a stopped host are still listed.")
    stale_lock_s: Between = _between(60, 300, "How long a stopped host's lock on a container outlives it.")
    flush_s: Between = _between(0, 0, "From session gone to its profile container free (Cloud Cache flush).")
    heartbeat_lost_s: Between = _between(90, 300, "From a host lost to it shown as Unavailable (assumed).")
    reuse_session_ids: bool = Field(
        default=False, description="Whether a new session gets the lowest free number of its host."
    )
    retry_s: Between = _between(15, 90, "When a user who lost a session tries again.")
    return_s: Between = _between(120, 1_800, "When a user comes back to a disconnected session.")
    arrival_s: Between = _between(300, 5_400, "When a user without a session first tries to sign in.")
    leave_s: Between | None = Field(
        default=None, description="How long a session stays Active before it is left; never when absent."
    )
    autoscale_every_s: Between = _between(180, 300, "Time between two looks of autoscale at a pool.")
    assignments_per_object: int = Field(default=200, ge=1, description="Role assignments per AVD object.")
    assignments_per_subscription: int = Field(default=4_000, ge=1, description="Per subscription.")
    reads: tuple[float, float] = Field(default=(250, 25), description="Bucket of reads, refill a second.")
    writes: tuple[float, float] = Field(default=(200, 10), description="Bucket of writes, refill a second.")
    deletes: tuple[float, float] = Field(default=(200, 10), description="Bucket of deletes, refill a second.")
    global_factor: int = Field(
        default=15, ge=1, description="Buckets of all principals together, as a factor."
    )
    recovery: RecoveryPhysics = Field(default=RecoveryPhysics(), description="Durations of Site Recovery.")
    host_lists: int = Field(default=10, ge=1, description="Session host lists of one pool in one window.")
    host_list_window_s: Seconds = Field(default=300.0, description="Length of that window.")
