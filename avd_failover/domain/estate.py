"""What exists in Azure, as frozen values: the nouns that snapshots, actions and decisions share.

Each value holds only what a decision needs, except the role assignment, which is complete: it is the image
that a revoke must be able to restore (safety S10). People are their object ids. Principal names are the only
way to tell whose session is whose; they live in memory here, are left out of every ``repr``, and no action or
event has a place for them (safety J11).
"""

from datetime import datetime
from enum import Enum
from typing import Any

from msgspec import Struct

from avd_failover.domain.ids import (
    ApplicationGroupId,
    AssignmentId,
    GroupId,
    HostPoolId,
    MachineId,
    PrincipalId,
    ReservationGroupId,
    ScalingPlanId,
    ScheduleId,
    Scope,
    SessionHostId,
    UserId,
    UserSessionId,
    WorkspaceId,
    name_of,
)
from avd_failover.domain.owners import OwnerMark

DESKTOP_VIRTUALIZATION_USER = "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"
"""Built-in role that lets a principal use an application group (azure-facts section 5)."""

USE_APPLICATIONS = "microsoft.desktopvirtualization/applicationgroups/useapplications/action"
"""The data action that opens an application group to a user, in lower case."""


class PoolKind(Enum):
    """How a host pool hands out desktops."""

    POOLED = "pooled"
    PERSONAL = "personal"


class RoleAssignment(Struct, frozen=True, kw_only=True):
    """One role assignment with every property that a restore must bring back."""

    id: AssignmentId
    name: str
    scope: Scope
    principal_id: PrincipalId
    principal_type: str
    role_definition_id: str
    condition: str | None = None
    condition_version: str | None = None
    description: str | None = None

    @property
    def role(self) -> str:
        """The role's GUID; the id in front of it names whatever subscription was asked."""
        return name_of(self.role_definition_id)


class RoleDefinition(Struct, frozen=True, kw_only=True):
    """A role, reduced to what decides whether it opens application groups."""

    id: str
    name: str
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


class HostPool(Struct, frozen=True, kw_only=True):
    """A host pool and the settings that decide who can land on it."""

    id: HostPoolId
    location: str
    kind: PoolKind
    max_sessions_per_host: int
    start_on_connect: bool


class ApplicationGroup(Struct, frozen=True, kw_only=True):
    """An application group and the pool and workspace it belongs to."""

    id: ApplicationGroupId
    host_pool: HostPoolId
    workspace: WorkspaceId | None = None


class HostStatus(Enum):
    """What the broker says of a session host. Not a liveness signal by itself (azure-facts section 4)."""

    AVAILABLE = "Available"
    UNAVAILABLE = "Unavailable"
    SHUTDOWN = "Shutdown"
    DISCONNECTED = "Disconnected"
    UPGRADING = "Upgrading"
    UPGRADE_FAILED = "UpgradeFailed"
    NO_HEARTBEAT = "NoHeartbeat"
    NOT_JOINED_TO_DOMAIN = "NotJoinedToDomain"
    DOMAIN_TRUST_LOST = "DomainTrustRelationshipLost"
    STACK_NOT_READY = "SxSStackListenerNotReady"
    FSLOGIX_NOT_HEALTHY = "FSLogixNotHealthy"
    NEEDS_ASSISTANCE = "NeedsAssistance"
    UNKNOWN = "Unknown"


class SessionHost(Struct, frozen=True, kw_only=True):
    """A session host: its registration in the pool, and the machine behind it."""

    id: SessionHostId
    machine: MachineId | None
    status: HostStatus
    allows_new_sessions: bool
    sessions: int = 0
    assigned_user: OwnerMark | None = None
    """Whose personal desktop it is, as a mark; None while it is nobody's."""
    last_heartbeat: datetime | None = None
    """Written rarely and no sign of life; its age tells whether the agent's token still works."""


class SessionState(Enum):
    """State of a user session. Every one of them holds the user's profile container."""

    UNKNOWN = "Unknown"
    ACTIVE = "Active"
    DISCONNECTED = "Disconnected"
    PENDING = "Pending"
    LOG_OFF = "LogOff"
    PROFILE_DISK_MOUNTED = "UserProfileDiskMounted"


class UserSession(Struct, frozen=True, kw_only=True):
    """A user's session on a host. Azure tells the user's principal name; ``domain.whose`` finds the id."""

    id: UserSessionId
    state: SessionState
    user: UserId | None = None
    name: str | None = None
    """Principal name in lower case; never shown, never written down."""

    def __repr__(self) -> str:
        """Return everything but the name."""
        return f"UserSession(id={self.id!r}, state={self.state!r}, user={self.user!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for tracebacks that show values."""
        return [("id", self.id), ("state", self.state), ("user", self.user)]


class PowerState(Enum):
    """Power state of a virtual machine, from the instance view."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    UNKNOWN = "unknown"


class Machine(Struct, frozen=True, kw_only=True):
    """A virtual machine and whether it runs."""

    id: MachineId
    location: str
    power: PowerState
    size: str = ""
    """Size as Azure writes it, such as Standard_D8s_v5; empty where it is not told."""
    zones: tuple[str, ...] = ()
    reservation_group: ReservationGroupId | None = None
    """Capacity reservation group that keeps a place for it."""
    agent_ready: bool = False
    """Whether Azure's agent inside says that it is ready; of a machine powered off, what it said last."""


class PoolReference(Struct, frozen=True, kw_only=True):
    """A scaling plan's hold on one host pool."""

    host_pool: HostPoolId
    enabled: bool


class ScalingPlan(Struct, frozen=True, kw_only=True):
    """A scaling plan and the pools it acts on, as one list that is only ever replaced whole."""

    id: ScalingPlanId
    references: tuple[PoolReference, ...]

    def acts_on(self, pool: HostPoolId) -> bool:
        """Tell whether autoscale may start and stop hosts of this pool."""
        return any(ref.host_pool == pool and ref.enabled for ref in self.references)


class ScheduleFloor(Struct, frozen=True, kw_only=True):
    """The part of a pooled schedule that decides how many hosts stay up: percentages, 0 to 100."""

    ramp_up_minimum_hosts_pct: int
    ramp_up_capacity_threshold_pct: int
    ramp_down_minimum_hosts_pct: int
    ramp_down_capacity_threshold_pct: int


class PooledSchedule(Struct, frozen=True, kw_only=True):
    """One pooled schedule of a scaling plan."""

    id: ScheduleId
    floor: ScheduleFloor


RULE_PENDING = "the rule of a dynamic group is not worked off"


class Membership(Struct, frozen=True, kw_only=True):
    """Everyone in a group at one moment, directly or through nested groups.

    ``complete`` is false when any page or nested group could not be read; decisions then treat the group
    as overlapping with every other (safety S5).
    """

    group: GroupId
    users: frozenset[UserId]
    nested: frozenset[GroupId] = frozenset()
    complete: bool = True
    read_at: datetime | None = None
    names: tuple[tuple[str, UserId], ...] = ()
    """Principal name, in lower case, and object id of each user whose name was shown, in order of names."""
    gap: str = ""
    """Why it is not complete, where that was told."""

    def __repr__(self) -> str:
        """Return how much there is, and no name."""
        whole = "complete" if self.complete else "incomplete"
        return f"Membership(group={self.group!r}, users={len(self.users)}, {whole})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for tracebacks that show values."""
        return [("group", self.group), ("users", len(self.users)), ("complete", self.complete)]
