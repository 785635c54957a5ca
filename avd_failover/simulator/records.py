"""What a simulated Azure holds, as frozen records: the truth that both faces show.

Ids and names keep the casing they were made with; ``Core`` looks them up by ``key``. Moments are seconds
since the scenario's start. A record is never changed: ``Core.write`` puts another one in its place, so that
what a reader was handed stays what it was.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

Power = Literal["running", "starting", "stopping", "stopped", "deallocating", "deallocated"]
Unwell = Literal[
    "Unavailable", "Shutdown", "Disconnected", "NeedsAssistance", "NoHeartbeat", "Upgrading", "UpgradeFailed",
    "NotJoinedToDomain", "DomainTrustRelationshipLost", "SxSStackListenerNotReady", "FSLogixNotHealthy",
]  # fmt: skip
Status = Literal["Available"] | Unwell
"""What the broker says of a host, in the words of its API."""
SessionPhase = Literal["Pending", "Active", "Disconnected", "LogOff"]
Balancing = Literal["BreadthFirst", "DepthFirst"]
OperationStatus = Literal["InProgress", "Succeeded", "Failed"]


@lru_cache(maxsize=1 << 17)
def key(resource: str) -> str:
    """Fold an id for comparison: Azure ids are equal whatever their casing."""
    return "/" + resource.strip().strip("/").lower() if "/" in resource else resource.strip().lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Anything the world holds under an id."""

    id: str

    @property
    def name(self) -> str:
        """The last segment of the id, in its own casing."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def resource_group(self) -> str:
        """The resource group in the id, or empty."""
        parts = self.id.split("/")
        return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""

    @property
    def subscription(self) -> str:
        """The subscription in the id, or empty."""
        parts = self.id.split("/")
        return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, kw_only=True, slots=True)
class Region(Record):
    """A region and which of its parts answer."""

    display_name: str
    paired_with: str = ""
    geography: str = "Europe"
    control_plane_up: bool = True
    compute_up: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription(Record):
    """A subscription; its id is the bare GUID."""

    display_name: str
    tenant_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentUpdate:
    """When a pool's agents may be updated; ``windows`` are pairs of hour and day."""

    type: Literal["Default", "Scheduled"] = "Default"
    use_session_host_local_time: bool = False
    time_zone: str | None = None
    windows: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HostPool(Record):
    """A host pool (Microsoft.DesktopVirtualization/hostPools)."""

    location: str
    object_id: str
    max_session_limit: int
    load_balancer_type: Balancing | Literal["Persistent"]
    start_vm_on_connect: bool
    preferred_app_group_type: str = "Desktop"
    description: str = ""
    friendly_name: str = ""
    host_pool_type: Literal["Pooled", "Personal"] = "Pooled"
    personal_desktop_assignment_type: str | None = None
    custom_rdp_property: str = ""
    validation_environment: bool = False
    ring: int | None = None
    vm_template: str | None = None
    public_network_access: str = "Enabled"
    agent_update: AgentUpdate | None = None
    ssoadfs_authority: str | None = None
    sso_client_id: str | None = None
    sso_client_secret_key_vault_path: str | None = None
    sso_secret_type: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationGroup(Record):
    """An application group of a pool."""

    location: str
    object_id: str
    host_pool: str
    workspace: str | None
    application_group_type: Literal["Desktop", "RemoteApp"]
    description: str = ""
    friendly_name: str = ""
    show_in_feed: bool = True
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace(Record):
    """A workspace and the application groups it shows."""

    location: str
    object_id: str
    application_groups: tuple[str, ...]
    description: str = ""
    friendly_name: str = ""
    public_network_access: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionHost(Record):
    """A session host: a registration in a pool, and the machine it runs on.

    ``last_heartbeat_s`` is written rarely and says nothing about liveness, as in the recordings.
    ``drained_by_autoscale`` marks a drain that autoscale will undo itself. ``token_s`` is when the agent's
    token was last renewed: it is good for 90 days, and only a running machine renews it.
    """

    host_pool: str
    machine: str
    status: Status
    allow_new_session: bool = True
    last_heartbeat_s: float = 0.0
    status_since_s: float = 0.0
    modified_s: float = 0.0
    agent_version: str = "1.0.11814.0"
    os_version: str = "10.0.26100.4349"
    stack_version: str = "rdp-sxs250616010"
    drained_by_autoscale: bool = False
    friendly_name: str | None = None
    assigned_user: str | None = None
    token_s: float = 0.0
    failing_checks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSession(Record):
    """A session on a host. A ghost is one whose host is gone, and that the service still lists."""

    host: str
    host_pool: str
    user: str
    user_principal_name: str
    state: SessionPhase
    created_s: float
    application_type: Literal["Desktop", "RemoteApp"] = "Desktop"
    ghost: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Message(Record):
    """A message shown in a session; its id is the session's, with the moment appended."""

    session: str
    user: str
    title: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolReference:
    """A scaling plan's hold on one host pool."""

    host_pool: str
    enabled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingPlan(Record):
    """A scaling plan and the pools it acts on; ``time_zone`` is an IANA name."""

    location: str
    object_id: str
    time_zone: str
    references: tuple[PoolReference, ...]
    exclusion_tag: str = ""
    description: str = ""
    friendly_name: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DayTime:
    """A local time of day."""

    hour: int
    minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledSchedule(Record):
    """A pooled schedule of a scaling plan; percentages of hosts and of used capacity, 0 to 100."""

    plan: str
    days_of_week: tuple[str, ...]
    ramp_up_start_time: DayTime
    ramp_up_load_balancing_algorithm: Balancing
    ramp_up_minimum_hosts_pct: int
    ramp_up_capacity_threshold_pct: int
    peak_start_time: DayTime
    peak_load_balancing_algorithm: Balancing
    ramp_down_start_time: DayTime
    ramp_down_load_balancing_algorithm: Balancing
    ramp_down_minimum_hosts_pct: int
    ramp_down_capacity_threshold_pct: int
    ramp_down_force_logoff_users: bool
    ramp_down_stop_hosts_when: Literal["ZeroSessions", "ZeroActiveSessions"]
    ramp_down_wait_time_minutes: int
    ramp_down_notification_message: str
    off_peak_start_time: DayTime
    off_peak_load_balancing_algorithm: Balancing


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine(Record):
    """A virtual machine (Microsoft.Compute/virtualMachines)."""

    location: str
    vm_id: str
    vm_size: str
    computer_name: str
    power: Power
    power_since_s: float = 0.0
    zones: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    image: str | None = None
    os_disk_sku: str = "Premium_LRS"
    subnet: str | None = None
    reservation_group: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation(Record):
    """A long-running operation of Compute; its id is a bare GUID. ``end_s`` is set once it is over."""

    verb: Literal["start", "deallocate", "powerOff", "putExtension", "deleteExtension", "runCommand"]
    machine: str
    subscription_id: str
    location: str
    status: OperationStatus
    start_s: float
    end_s: float | None = None
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleAssignment(Record):
    """A role assignment with every property the wire shows.

    ``scope`` is kept as it was given; ``revision`` is the history's number of the write that made this state.
    """

    scope: str
    principal_id: str
    principal_type: str
    role_definition_id: str
    condition: str | None = None
    condition_version: str | None = None
    description: str | None = None
    created_s: float = 0.0
    updated_s: float = 0.0
    created_by: str = ""
    revision: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedAssignment(Record):
    """What lists still or already show of one assignment: behind the truth by the list lag."""

    assignment: RoleAssignment


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveGrant(Record):
    """An assignment that gates let through at this moment: behind the truth by the propagation delay."""

    scope: str
    principal_id: str
    role_definition_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleDefinition(Record):
    """A role. Its id is the bare GUID: the wire puts the asked scope in front."""

    role_name: str
    role_type: Literal["BuiltInRole", "CustomRole"] = "BuiltInRole"
    description: str = ""
    assignable_scopes: tuple[str, ...] = ("/",)
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class User(Record):
    """A user of the directory, by object id. Workload users are those whom ``broker`` lets act."""

    display_name: str
    user_principal_name: str
    created_s: float = -1e9
    account_enabled: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Group(Record):
    """A group of the directory; ``members`` are object ids of users and groups, in order."""

    display_name: str
    members: tuple[str, ...] = ()
    created_s: float = -1e9
    kind: Literal["assigned", "dynamic", "synced", "role-assignable"] = "assigned"
    description: str | None = None
    membership_rule: str | None = None
    rule_paused: bool = False
    """Of a dynamic group: whether its rule is not worked off, so that others may belong to it by now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileContainer(Record):
    """A user's profile container, by the user's object id, and the session that holds its Cloud Cache lock.

    The lock lasts from sign-in until log off is complete; a disconnect keeps it (azure-facts section 10).
    """

    held_by: str | None = None
    host: str | None = None
    host_pool: str | None = None
    attached_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LockConflict(Record):
    """A sign-in that failed with error 33: another session holds the container."""

    user: str
    wanted_by: str
    held_by: str
    error: int = 33


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultHit(Record):
    """A fault that struck: its id and a number; ``what`` is a route or an event of the world.

    ``late_s`` is how much later than usual a request takes effect, by this fault and those before it.
    """

    fault: str
    what: str
    target: str
    actor: str
    late_s: float = 0.0
