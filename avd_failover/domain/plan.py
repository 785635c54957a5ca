"""A plan: one protected workload as data, valid once built.

``runbook.plan_file`` builds it from YAML; the first event of a journal carries it whole, so that a resumed
run never reads an edited file (contract of the journal, J8). Durations are seconds.
"""

from enum import Enum

from msgspec import Struct

from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, PoolKind
from avd_failover.domain.fallbacks import Fallback, Wave
from avd_failover.domain.ids import ApplicationGroupId, GroupId, HostPoolId, ScalingPlanId, WorkspaceId
from avd_failover.domain.personal_plan import PersonalPlan
from avd_failover.domain.witness import Witness

HALF_YEAR_S = 183 * 86_400.0
"""How often guidance asks for a test at least (contract 131, section 2)."""


class Side(Enum):
    """The two regions of a plan; which of them a run leaves is the run's direction."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.SECONDARY if self is Side.PRIMARY else Side.PRIMARY


class Mode(Enum):
    """Whether the source answers: ``planned`` loses nothing, ``unplanned`` may meet a dark source."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"


class End(Enum):
    """The two ends of a run: what it leaves and what it goes to."""

    SOURCE = "source"
    TARGET = "target"


class Way(Enum):
    """Which way a step of a run goes. A drill goes there and comes back in one run; other runs only go."""

    THERE = "there"
    BACK = "back"


class BarrierProof(Enum):
    """Which evidence lets target access be granted (safety S4)."""

    FASTEST = "fastest"
    SETTLE = "settle"
    PHYSICAL = "physical"


class UserGroup(Struct, frozen=True, kw_only=True):
    """A directory group by the name people use and its object id."""

    name: str
    id: GroupId


class SidePlan(Struct, frozen=True, kw_only=True):
    """What a plan names on one side."""

    side: Side
    region: str
    host_pool: HostPoolId
    workspace: WorkspaceId
    scaling_plan: ScalingPlanId | None = None


class ApplicationGroupPair(Struct, frozen=True, kw_only=True):
    """An application group, its twin on the other side, and the user groups that hold it."""

    name: str
    primary: ApplicationGroupId
    secondary: ApplicationGroupId
    groups: tuple[UserGroup, ...]

    def on(self, side: Side) -> ApplicationGroupId:
        """Return the application group of one side."""
        return self.primary if side is Side.PRIMARY else self.secondary


class Capacity(Struct, frozen=True, kw_only=True):
    """What the target must offer before the source is cut.

    ``seats`` are sessions that must fit on Available hosts; ``minimum_hosts_pct`` is what the scaling
    plan of the target is told to keep up.
    """

    seats: int
    minimum_hosts_pct: int = 100
    minimum_success_pct: int = 0
    """Share of the wanted hosts that must be Available besides; 0 leaves it to the seats alone."""
    capacity_threshold_pct: int | None = None
    """Used share of the seats above which autoscale starts more hosts; None leaves the schedules' own."""
    wave: Wave | None = None
    """None starts all hosts at once."""
    fallbacks: tuple[Fallback, ...] = ()
    """Hosts of the pool that are started only when those before do not suffice, in this order."""


class Objectives(Struct, frozen=True, kw_only=True):
    """Recovery time and recovery point objectives, in seconds."""

    rto_s: float
    rpo_s: float


class Notice(Struct, frozen=True, kw_only=True):
    """What users are told, and how long before they are logged off."""

    before_s: float
    title: str
    body: str
    """Title and body may have the placeholders of ``domain.notices``."""
    reminders_s: tuple[float, ...] = ()
    """How long before the log-off they are told again, in falling order."""

    @property
    def marks_s(self) -> tuple[float, ...]:
        """Every moment at which users are told, in seconds before the log-off, the earliest first."""
        return (self.before_s, *self.reminders_s)


class Profiles(Struct, frozen=True, kw_only=True):
    """How the plan knows that profiles are whole on the side that users return to (contract 148).

    Nothing in Azure tells it, so a person confirms it before each failback, unless the plan says that
    profiles are ``mirrored``, and why that can be relied on.
    """

    mirrored: bool = False
    because: str = ""


class Policies(Struct, frozen=True, kw_only=True):
    """Numbers of the safety case. Defaults are those of safety.md; they may be raised, not lowered."""

    barrier: BarrierProof = BarrierProof.FASTEST
    propagation_s: float = 660.0
    """D: how long a removed assignment may still open a door (600 s documented, 60 s margin)."""
    zero_looks: int = 2
    zero_apart_s: float = 30.0
    request_timeout_s: float = 30.0
    in_flight_s: float = 360.0
    """T_inflight: how long after sending a request may still take effect (2 x timeout + 300 s)."""
    fence_s: float = 600.0
    """T_fence: how long a source that does not answer is waited for before a person is asked (safety L5)."""
    approvers: int = 2
    """How many different people must declare a dark source fenced (safety S8)."""
    hold_down_s: float = 3600.0
    """How long after a finished run its reverse needs a person's word (safety S20)."""
    crash_limit: int = 3
    """After how many crashes in a row at one step, without progress, a run is held (safety L3)."""


class Plan(Struct, frozen=True, kw_only=True):
    """One protected workload: two sides, application groups, user groups, capacity, policies."""

    name: str
    summary: str
    pool: PoolKind
    runbook: str
    primary: SidePlan
    secondary: SidePlan
    application_groups: tuple[ApplicationGroupPair, ...]
    capacity: Capacity
    objectives: Objectives
    role: str = DESKTOP_VIRTUALIZATION_USER
    """GUID of the role that grants access."""
    runbooks: dict[str, str] = {}
    """Runbooks for other purposes than a failover, by purpose, where not the ones that are shipped."""
    test_group: UserGroup | None = None
    drill_every_s: float = HALF_YEAR_S
    """How often a drill is due."""
    notice: Notice | None = None
    profiles: Profiles = Profiles()
    policies: Policies = Policies()
    accepted_paths: tuple[str, ...] = ()
    """Ids of role assignments outside the plan that give access and are accepted by name (safety S6)."""
    personal: PersonalPlan | None = None
    """How machines are moved, where desktops belong to one person each; both sides then name one pool."""
    witness: Witness | None = None
    """Where machines see each other's runs; without it a lease holds on one machine only."""

    def on(self, side: Side) -> SidePlan:
        """Return what the plan names on one side."""
        return self.primary if side is Side.PRIMARY else self.secondary

    @property
    def groups(self) -> tuple[UserGroup, ...]:
        """Every user group that holds an application group, once, in the plan's order."""
        seen: dict[GroupId, UserGroup] = {}
        for pair in self.application_groups:
            for group in pair.groups:
                seen.setdefault(group.id, group)
        return tuple(seen.values())

    @property
    def pool_pair(self) -> str:
        """Key of the lock: the same for both directions (safety S16); a personal pool is its own pair."""
        return "+".join(sorted({self.primary.host_pool, self.secondary.host_pool}))
