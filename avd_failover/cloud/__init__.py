"""The seam between the engine and any Azure, real or simulated: typed verbs, snapshots and outcomes.

Reads return a ``Reading`` that says when it was taken and whether it is whole, or raise a fault of
``domain.faults``; a gap is never an empty list. Writes return ``Accepted`` and nothing more: the cloud
took the request, whether it came true is for a read to tell. Long-running writes (``start``,
``deallocate``) are followed to their end first. Nothing behind the seam retries a write.

``Reads`` is the half that operations are given, ``Cloud`` the whole; only ``engine.send`` calls a write.
Both faces of the simulator and the adapters in ``azure`` pass one contract suite (``tests/contract``).
"""

from typing import Protocol

from avd_failover.cloud.access import AssignmentReads, Assignments, Directory
from avd_failover.cloud.answers import Accepted, Reading
from avd_failover.cloud.machines import MachineReads, Machines, ReservationReads
from avd_failover.cloud.outside import Answered, Outside, OutsideReads, Question
from avd_failover.cloud.pools import (
    HostPoolReads,
    HostPools,
    ScalingPlanReads,
    ScalingPlans,
    SessionHostReads,
    SessionHosts,
    UserSessionReads,
    UserSessions,
)
from avd_failover.cloud.recovery import SiteRecovery, SiteRecoveryReads

__all__ = [
    "Accepted",
    "Answered",
    "AssignmentReads",
    "Assignments",
    "Cloud",
    "Directory",
    "HostPoolReads",
    "HostPools",
    "MachineReads",
    "Machines",
    "Outside",
    "OutsideReads",
    "Question",
    "Reading",
    "Reads",
    "ReservationReads",
    "ScalingPlanReads",
    "ScalingPlans",
    "SessionHostReads",
    "SessionHosts",
    "SiteRecovery",
    "SiteRecoveryReads",
    "UserSessionReads",
    "UserSessions",
]


class Reads(Protocol):
    """Everything that can be read. Operations are given this and nothing else."""

    @property
    def assignments(self) -> AssignmentReads: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def pools(self) -> HostPoolReads: ...
    @property
    def hosts(self) -> SessionHostReads: ...
    @property
    def sessions(self) -> UserSessionReads: ...
    @property
    def scaling(self) -> ScalingPlanReads: ...
    @property
    def machines(self) -> MachineReads: ...
    @property
    def recovery(self) -> SiteRecoveryReads: ...
    @property
    def reservations(self) -> ReservationReads: ...
    @property
    def outside(self) -> OutsideReads: ...


class Cloud(Protocol):
    """Everything the engine can reach. ``aclose`` releases connections; no verb works after it."""

    @property
    def assignments(self) -> Assignments: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def pools(self) -> HostPools: ...
    @property
    def hosts(self) -> SessionHosts: ...
    @property
    def sessions(self) -> UserSessions: ...
    @property
    def scaling(self) -> ScalingPlans: ...
    @property
    def machines(self) -> Machines: ...
    @property
    def recovery(self) -> SiteRecovery: ...
    @property
    def reservations(self) -> ReservationReads: ...
    @property
    def outside(self) -> Outside: ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
