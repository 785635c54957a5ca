"""The seam between the engine and any Azure, real or simulated: typed verbs, snapshots and outcomes.

Reads return a ``Reading`` that says when it was taken and whether it is whole, or raise a fault of
``domain.faults``; a gap is never an empty list. Writes return ``Accepted`` and nothing more: the cloud
took the request, whether it came true is for a read to tell. Long-running writes (``start``,
``deallocate``) are followed to their end first. Nothing behind the seam retries a write.

``Reads`` is the half that operations are given, ``Cloud`` the whole; only ``engine.send`` calls a write.
Both faces of the simulator and the adapters in ``azure`` pass one contract suite (``tests/contract``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from avd_failover.domain.actions import CallWebhook, RunCommand
from avd_failover.domain.estate import (
    ApplicationGroup,
    HostPool,
    Machine,
    Membership,
    PooledSchedule,
    PoolReference,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    ScheduleFloor,
    SessionHost,
    UserSession,
)
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.ids import (
    ApplicationGroupId,
    AssignmentId,
    GroupId,
    HostPoolId,
    MachineId,
    ProtectedItemId,
    RecoveryJobId,
    RecoveryPlanId,
    RecoveryPointId,
    ReservationGroupId,
    ScalingPlanId,
    ScheduleId,
    Scope,
    SessionHostId,
    SubscriptionId,
    UserSessionId,
    VaultId,
)
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.replication import (
    ContainerMapping,
    Direction,
    ProtectedItem,
    RecoveryPoint,
    Reversal,
)
from avd_failover.domain.reservations import ReservationGroup

T = TypeVar("T")


class Reading(Struct, Generic[T], frozen=True, kw_only=True):
    """One enumeration: every item of every page, or ``complete`` is false and ``gap`` says what lacks."""

    items: tuple[T, ...]
    read_at: datetime
    complete: bool = True
    gap: str = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """The cloud took a write. Not yet that anything became true."""

    at: datetime
    request_id: str = ""
    detail: str = ""
    """What the journal notes besides, such as an exit code; never anything that was sent or answered."""
    job: RecoveryJobId | None = None
    """The job of Site Recovery that an operation became, where that is told: follow it by reads."""


class AssignmentReads(Protocol):
    """Role assignments and definitions (Microsoft.Authorization 2022-04-01)."""

    async def at_or_above(self, scope: Scope) -> Reading[RoleAssignment]:
        """List assignments at a scope and at every scope above it. May lag behind writes by minutes."""
        ...

    async def get(self, assignment: AssignmentId) -> RoleAssignment | None:
        """Read one assignment by id, up to date; None when there is none."""
        ...

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        """List the ids of every assignment in a subscription, for the limit of 4,000."""
        ...

    async def definitions(self, scope: Scope) -> Reading[RoleDefinition]:
        """List the roles that can be assigned at a scope."""
        ...


class Assignments(AssignmentReads, Protocol):
    """The same, and creating and deleting them."""

    async def create(self, assignment: RoleAssignment) -> Accepted:
        """Create an assignment under the name it carries.

        Refused with code ``RoleAssignmentExists`` when the same triple exists under another name.
        """
        ...

    async def delete(self, assignment: AssignmentId) -> Accepted:
        """Delete an assignment; accepted as well when there is none (204)."""
        ...


class Directory(Protocol):
    """Groups and their members (Microsoft Graph v1.0)."""

    async def members(self, group: GroupId) -> Membership:
        """Read everyone in a group, nested groups resolved. Refused with status 404 for no such group."""
        ...


class HostPoolReads(Protocol):
    """Host pools and application groups (Microsoft.DesktopVirtualization 2024-04-03)."""

    async def get(self, pool: HostPoolId) -> HostPool:
        """Read one host pool."""
        ...

    async def application_group(self, group: ApplicationGroupId) -> ApplicationGroup:
        """Read one application group."""
        ...

    async def application_groups(self, pool: HostPoolId) -> Reading[ApplicationGroup]:
        """List the application groups of a pool, among those of the pool's subscription."""
        ...


class HostPools(HostPoolReads, Protocol):
    """The same, and the one setting of a pool that a run changes."""

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        """Allow or forbid Start VM on Connect for a pool."""
        ...


class SessionHostReads(Protocol):
    """Session hosts of a pool."""

    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        """List every host of a pool. Azure allows 10 of these calls in 5 minutes: poll with ``get``."""
        ...

    async def get(self, host: SessionHostId) -> SessionHost:
        """Read one host."""
        ...


class SessionHosts(SessionHostReads, Protocol):
    """The same, and drain mode."""

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        """Allow or refuse new sessions on one host; open sessions stay."""
        ...


class UserSessionReads(Protocol):
    """User sessions of a pool."""

    async def list(self, pool: HostPoolId) -> Reading[UserSession]:
        """List every session on every host of a pool."""
        ...


class UserSessions(UserSessionReads, Protocol):
    """The same, ending them and talking to their users."""

    async def log_off(self, session: UserSessionId) -> Accepted:
        """End one session by force; accepted as well when it is gone already (204)."""
        ...

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        """Show a message in one session."""
        ...


class ScalingPlanReads(Protocol):
    """Scaling plans and their pooled schedules."""

    async def get(self, plan: ScalingPlanId) -> ScalingPlan:
        """Read one scaling plan with the pools it acts on."""
        ...

    async def schedules(self, plan: ScalingPlanId) -> Reading[PooledSchedule]:
        """List the pooled schedules of a scaling plan."""
        ...


class ScalingPlans(ScalingPlanReads, Protocol):
    """The same, and changing them."""

    async def set_references(self, plan: ScalingPlanId, references: Sequence[PoolReference]) -> Accepted:
        """Replace the whole list of pools a plan acts on. The API has no precondition: read before."""
        ...

    async def set_floor(self, schedule: ScheduleId, floor: ScheduleFloor) -> Accepted:
        """Set the minimum-host and threshold percentages of one schedule."""
        ...


class MachineReads(Protocol):
    """Virtual machines (Microsoft.Compute)."""

    async def get(self, machine: MachineId) -> Machine:
        """Read one machine with its power state."""
        ...

    async def extensions(self, machine: MachineId) -> Reading[InstalledExtension]:
        """List the extensions of a machine, by name."""
        ...


class Machines(MachineReads, Protocol):
    """The same, starting and stopping them, and putting extensions on them."""

    async def start(self, machine: MachineId) -> Accepted:
        """Start a machine and follow the operation to its end.

        Refused with Azure's code (``AllocationFailed`` and its kin) when the operation failed; Unknown when
        it did not end within the adapter's deadline.
        """
        ...

    async def deallocate(self, machine: MachineId) -> Accepted:
        """Deallocate a machine and follow the operation to its end."""
        ...

    async def put_extension(self, machine: MachineId, image: VmExtension, *, location: str) -> Accepted:
        """Install an extension, or change the one of that name, and follow the operation to its end.

        Refused with Azure's code when the installation failed, or the machine does not run; Unknown when it
        did not end within the adapter's deadline.
        """
        ...


class ReservationReads(Protocol):
    """Capacity reservation groups (Microsoft.Compute); nothing here changes one."""

    async def get(self, group: ReservationGroupId) -> ReservationGroup:
        """Read one group: its reservations, and how many places machines hold now."""
        ...


class SiteRecoveryReads(Protocol):
    """Replicated machines and jobs of a vault (Microsoft.RecoveryServices 2025-08-01, provider A2A)."""

    async def items(self, vault: VaultId) -> Reading[ProtectedItem]:
        """List every replicated item of a vault, whichever way it replicates."""
        ...

    async def item(self, item: ProtectedItemId) -> ProtectedItem:
        """Read one item. Refused with status 404 once a reprotect has moved it to the other container."""
        ...

    async def recovery_points(self, item: ProtectedItemId) -> Reading[RecoveryPoint]:
        """List the recovery points of an item, the newest first (Azure's order means nothing)."""
        ...

    async def mappings(self, vault: VaultId) -> Reading[ContainerMapping]:
        """List the ways that replication may take in a vault; a reprotect needs the one back."""
        ...

    async def jobs(self, vault: VaultId) -> Reading[RecoveryJob]:
        """List the jobs of a vault, the newest first: without their tasks and without what they made.

        Jobs begun elsewhere are among them: test failovers (contract 125), and those whose answer was lost.
        """
        ...

    async def job(self, job: RecoveryJobId) -> RecoveryJob:
        """Read one job with its tasks and errors."""
        ...

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        """Read one recovery plan: its machines, and the job that works on them all."""
        ...


class SiteRecovery(SiteRecoveryReads, Protocol):
    """The same, and failing over. There is no verb for a test failover: two desktops would be one host.

    A write returns as soon as Azure took it and never waits for its job, so that a resumed run follows the
    same job; ``Accepted.job`` is None only where Azure did not tell it, and the item names it as well.
    """

    async def fail_over(
        self,
        item: ProtectedItemId,
        *,
        direction: Direction,
        point: RecoveryPointId | None,
        shut_down_source: bool,
    ) -> Accepted:
        """Begin a failover to a point; None: to the latest, processing what has arrived first (slower).

        Refused with status 409 while the item does not list ``Allowed.FAIL_OVER``, 400 for a point that is
        not there or a direction that this item does not take.
        """
        ...

    async def change_recovery_point(self, item: ProtectedItemId, point: RecoveryPointId) -> Accepted:
        """Begin to bring another point to the machine of a failover that is not committed yet."""
        ...

    async def commit_failover(self, item: ProtectedItemId) -> Accepted:
        """Begin to commit a failover: its other recovery points go. Refused with 409 unless one pends."""
        ...

    async def switch_protection(self, item: ProtectedItemId, reversal: Reversal) -> Accepted:
        """Begin to reprotect a committed item: replication runs the other way round.

        When the job has ended the item lies in the other container, under the id that the job tells in
        ``made``, and its first replication goes on for a while. Refused with status 409 while the item
        does not list ``Allowed.SWITCH_PROTECTION``, 400 when mapping, policy or disks are not right.
        """
        ...

    async def fail_over_plan(
        self, plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
    ) -> Accepted:
        """Begin to fail over every machine of a recovery plan, each to its newest point of a kind.

        Refused with status 409 while the plan does not list ``Allowed.FAIL_OVER``, 400 for a direction that
        its machines do not take.
        """
        ...

    async def commit_plan(self, plan: RecoveryPlanId) -> Accepted:
        """Begin to commit every machine of a recovery plan. Refused with 409 unless all of them pend."""
        ...


class Question(Struct, frozen=True, kw_only=True):
    """What a status address outside Azure is asked: whether a field of its JSON has a value.

    ``field`` is a path of keys with dots between; the variables named are those of ``CallWebhook``.
    """

    url: str
    field: str
    wanted: str
    bearer_from: str = ""
    query_from: str = ""
    timeout_s: float = 30.0


class Answered(Struct, frozen=True, kw_only=True):
    """Whether the field has the value, and in few words what it has instead."""

    matches: bool
    found: str = ""


class OutsideReads(Protocol):
    """What lies outside Azure: asking."""

    async def ask(self, question: Question) -> Answered:
        """Read a status address once. Redirects are refused."""
        ...


class Outside(OutsideReads, Protocol):
    """The same, and doing. What was sent leaves no trace that could be read: the answer is all there is."""

    async def execute(self, command: RunCommand) -> Accepted:
        """Run a program to its end; accepted is exit code 0.

        Raises:
            RefusedError: It ended with another exit code (``status``), or cannot be started as it stands.
            UnknownError: It did not end in time, and was killed with all that it started.
        """
        ...

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Post to an address; accepted is an answer 2xx. Redirects are refused.

        Raises:
            TransientError: Not connected, or the answer says that it was not taken (429, 503).
            RefusedError: Another answer below 500, or a variable that lacks.
            UnknownError: Sent, and no answer, or one that says nothing (other 5xx).
        """
        ...


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
