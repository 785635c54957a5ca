"""What a Recovery Services vault holds: the records of Site Recovery, Azure to Azure.

An item is where its replication starts from: after a reprotect it is another record, below the other
region's container. ``phase`` is our word; ``recovery_states`` has Azure's.
"""

from dataclasses import dataclass
from typing import Literal

from avd_failover.simulator.records import Record

Direction = Literal["PrimaryToRecovery", "RecoveryToPrimary"]
Phase = Literal[
    "initial", "protected", "failing-over", "commit-pending", "committing", "committed", "failover-failed"
]
JobState = Literal["NotStarted", "InProgress", "Succeeded", "Failed", "Cancelled", "Suspended", "Other"]
TestState = Literal["None", "WaitingForCleanup"]
Mischief = Literal["fails", "suspends", "stalls", "lost"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vault(Record):
    """A Recovery Services vault. ``failback_direction`` is what a failover of a reversed item must say.

    ``locked``: a lock refuses that protection is disabled.
    """

    location: str
    failback_direction: Direction = "PrimaryToRecovery"
    locked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Fabric(Record):
    """A region, as a vault sees it."""

    location: str
    display_name: str
    guid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Container(Record):
    """A protection container of a fabric."""

    guid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerMapping(Record):
    """The way from the container it lies below to ``target``: without it nothing replicates there."""

    target: str
    policy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy(Record):
    """A replication policy; minutes. Crash-consistent points come every 5 minutes, whatever it says."""

    guid: str
    point_history_min: int = 1_440
    app_consistent_min: int = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtectedItem(Record):
    """A machine that is replicated, and where to.

    ``lost_s``: since when nothing arrives any more (source dark, or replication broken). ``job``: the job
    that works on it. ``recovery_machine``: the machine that a failover made. ``nics`` is JSON.
    """

    machine: str
    guid: str
    phase: Phase
    policy: str
    recovery_container: str
    recovery_group: str
    recovery_vm_name: str
    recovery_vm_size: str
    staging_account: str
    initial_primary: str
    initial_recovery: str
    recovery_zone: str | None = None
    capacity_group: str = ""
    network: str = ""
    test_vm_name: str = ""
    nics: str = "[]"
    since_s: float = 0.0
    ready_s: float = 0.0
    lost_s: float | None = None
    broken: bool = False
    job: str = ""
    recovery_machine: str = ""
    failover_point: str = ""
    failed_over_s: float | None = None
    test_state: TestState = "None"
    test_machine: str = ""
    tested_s: float | None = None

    @property
    def container(self) -> str:
        """The container it lies below."""
        return self.id.rsplit("/", 2)[0]

    @property
    def fabric(self) -> str:
        """The fabric it lies below."""
        return self.id.rsplit("/", 4)[0]

    @property
    def vault(self) -> str:
        """The vault it lies in."""
        return self.id.rsplit("/", 6)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobError:
    """What went wrong in a job, in the service's words."""

    code: str
    message: str
    causes: str
    action: str
    at_s: float
    task: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A task of a job; one of a recovery plan has children, one per machine, each with a job of its own."""

    id: str
    name: str
    friendly_name: str
    state: JobState = "NotStarted"
    start_s: float | None = None
    end_s: float | None = None
    errors: tuple[JobError, ...] = ()
    group: str = ""
    children: tuple["Task", ...] = ()
    job: str = ""
    target: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job(Record):
    """A job of a vault. ``subject``: the item or plan it works on; ``made``: the item a switch made."""

    scenario: str
    friendly_name: str
    subject: str
    subject_guid: str
    subject_kind: Literal["ProtectionEntity", "RecoveryPlan"]
    details: str
    activity: str
    start_s: float
    state: JobState = "InProgress"
    tasks: tuple[Task, ...] = ()
    errors: tuple[JobError, ...] = ()
    allowed: tuple[str, ...] = ("Cancel",)
    end_s: float | None = None
    made: str = ""

    @property
    def vault(self) -> str:
        """The vault it belongs to."""
        return self.id.rsplit("/", 2)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryPlan(Record):
    """A recovery plan: groups of items, started one group after another."""

    guid: str
    primary_fabric: str
    recovery_fabric: str
    groups: tuple[tuple[str, ...], ...]
    job: str = ""
    failed_over_s: float | None = None

    @property
    def vault(self) -> str:
        """The vault it lies in."""
        return self.id.rsplit("/", 2)[0]

    @property
    def items(self) -> tuple[str, ...]:
        """Every item, group by group."""
        return tuple(item for group in self.groups for item in group)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mishap(Record):
    """Something in store for the next jobs of a scenario about an item (or any, when ``item`` is empty)."""

    item: str
    on: str
    how: Mischief
    left: int
    code: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension(Record):
    """An extension of a machine; its id lies below the machine's. ``settings`` is JSON."""

    location: str
    publisher: str
    type: str
    version: str
    auto_upgrade: bool
    settings: str
    state: Literal["Creating", "Updating", "Deleting", "Succeeded"] = "Succeeded"


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacityGroup(Record):
    """A capacity reservation group."""

    location: str
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation(Record):
    """A capacity reservation of a group: so many machines of one size, in one zone."""

    location: str
    size: str
    capacity: int
    zone: str = ""

    @property
    def group(self) -> str:
        """The group it lies below."""
        return self.id.rsplit("/", 2)[0]
