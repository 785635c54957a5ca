"""Replicated machines of Azure Site Recovery, Azure to Azure, as frozen values.

Words of the service that decide nothing by themselves stay text; what decides is an enum with a member for
"said something else", on which callers wait (azure-facts section 7: ``protectionState`` is a free string).
"""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from avd_failover.domain.ids import (
    ContainerId,
    MachineId,
    ProtectedItemId,
    RecoveryJobId,
    RecoveryPointId,
    ReplicationPolicyId,
    ReservationGroupId,
    container_of,
)

AZURE_TO_AZURE = "A2A"
"""The one provider that replicates Azure machines between regions (contract 119)."""


class Health(Enum):
    """Health of a replication, in the service's words."""

    NONE = "None"
    NORMAL = "Normal"
    WARNING = "Warning"
    CRITICAL = "Critical"
    UNKNOWN = "Unknown"


class Phase(Enum):
    """Where a replicated item stands; ``OTHER`` is under way or not known: wait and read again."""

    REPLICATING = "first replication under way"
    PROTECTED = "protected"
    COMMIT_PENDING = "failed over, not committed"
    COMMITTED = "failed over and committed"
    FAILED = "failover failed"
    OTHER = "under way"


class Location(Enum):
    """On which side the machine of an item is the one in use."""

    PRIMARY = "Primary"
    RECOVERY = "Recovery"
    UNKNOWN = "Unknown"


class Allowed(Enum):
    """Operations that an item may list; others that Azure lists are kept out, nothing asks for them."""

    FAIL_OVER = "UnplannedFailover"
    COMMIT = "Commit"
    CHANGE_POINT = "ChangePit"
    SWITCH_PROTECTION = "SwitchProtection"
    REVERSE_REPLICATE = "ReverseReplicate"
    REPAIR = "RepairReplication"
    TEST_FAILOVER = "TestFailover"
    CLEAN_UP_TEST = "TestFailoverCleanup"
    DISABLE = "DisableProtection"


class Direction(Enum):
    """What a failover says of its direction. Which one a reversed item takes is not verified: a setting."""

    PRIMARY_TO_RECOVERY = "PrimaryToRecovery"
    RECOVERY_TO_PRIMARY = "RecoveryToPrimary"


class PointKind(Enum):
    """How consistent a recovery point is."""

    CRASH_CONSISTENT = "CrashConsistent"
    APP_CONSISTENT = "AppConsistent"
    UNKNOWN = "Unknown"


class HealthError(Struct, frozen=True, kw_only=True):
    """One thing that Azure finds wrong with an item.

    ``level`` and ``category`` are Azure's words; errors of category ``TestFailover`` complain that none was
    run, which for session hosts is as it must be (contract 125).
    """

    code: str
    message: str
    level: str = ""
    category: str = ""
    since: datetime | None = None


class ReplicatedDisk(Struct, frozen=True, kw_only=True):
    """A managed disk of an item; ids as Azure spells them. ``recovered`` exists after a failover."""

    source: str
    recovered: str = ""
    staging_account: str = ""
    recovery_group: str = ""
    replica_sku: str = ""
    target_sku: str = ""
    encryption_set: str = ""
    needs_resync: bool = False


class ProtectedItem(Struct, frozen=True, kw_only=True):
    """A machine that is replicated, and where to.

    ``name`` is spelled as Azure spells it. ``machine`` is replicated; ``recovered`` is the machine that a
    failover made, ``twin`` one that a test failover made. ``rpo_s``: age of what the other region has when
    Azure last looked (``rpo_at``); both None while nothing is known. ``job`` is the job that works on the
    item now, ``scenario`` what it does; None and empty while none does.
    """

    id: ProtectedItemId
    name: str
    friendly_name: str
    provider: str
    machine: MachineId | None
    phase: Phase
    state: str
    active: Location
    health: Health
    recovery_container: ContainerId | None
    policy: ReplicationPolicyId | None
    primary_region: str = ""
    recovery_region: str = ""
    recovered: MachineId | None = None
    twin: MachineId | None = None
    test_state: str = ""
    failover_health: Health = Health.UNKNOWN
    errors: tuple[HealthError, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    rpo_s: float | None = None
    rpo_at: datetime | None = None
    job: RecoveryJobId | None = None
    scenario: str = ""
    failed_over_at: datetime | None = None
    failover_point: RecoveryPointId | None = None
    reservation_group: ReservationGroupId | None = None
    recovery_group: str = ""
    recovery_name: str = ""
    recovery_size: str = ""
    primary_zone: str = ""
    recovery_zone: str = ""
    replicated_pct: int | None = None
    os_type: str = ""
    disks: tuple[ReplicatedDisk, ...] = ()

    @property
    def container(self) -> ContainerId:
        """The container the item lies in: that of the region it replicates from."""
        return container_of(self.id)

    @property
    def under_test(self) -> bool:
        """Whether a test failover runs, or ran and was not cleaned up."""
        return self.test_state not in {"", "None"} or self.twin is not None or "TestFailover" in self.scenario

    def allows(self, operation: Allowed) -> bool:
        """Tell whether Azure lists an operation as possible now."""
        return operation in self.allowed


class RecoveryPoint(Struct, frozen=True, kw_only=True):
    """A moment that an item can be brought back to."""

    id: RecoveryPointId
    taken_at: datetime
    kind: PointKind
    multi_machine: bool = False


class ContainerMapping(Struct, frozen=True, kw_only=True):
    """The way from one container to another: without one nothing replicates, and nothing is reversed."""

    source: ContainerId
    target: ContainerId
    policy: ReplicationPolicyId


class ReversedDisk(Struct, frozen=True, kw_only=True):
    """One managed disk of a reprotect: the disk in use now, and what its replica is to be.

    ``staging_account`` lies in the region that replication comes from; empty SKUs leave the choice to Azure.
    """

    disk: str
    staging_account: str
    recovery_group: str
    replica_sku: str = ""
    target_sku: str = ""
    encryption_set: str = ""


class Reversal(Struct, frozen=True, kw_only=True):
    """What a reprotect asks for: replication of an item the other way round (``switchprotection``).

    ``name`` is the item's as Azure spells it; ``recovery_container`` and ``policy`` are those of the mapping
    back; ``recovery_group`` is the resource group that a later failover makes the machine in.
    """

    name: str
    recovery_container: ContainerId
    policy: ReplicationPolicyId
    recovery_group: str
    disks: tuple[ReversedDisk, ...]
    recovery_zone: str = ""
    reservation_group: ReservationGroupId | None = None


_PHASES = {
    "enablingprotection": Phase.REPLICATING,
    "unprotectedstatesbegin": Phase.REPLICATING,
    "initialreplicationinprogress": Phase.REPLICATING,
    "protected": Phase.PROTECTED,
    "unplannedfailovercommitpendingstatesbegin": Phase.COMMIT_PENDING,
    "unplannedfailovercommitrequired": Phase.COMMIT_PENDING,
    "unplannedfailovercommitted": Phase.COMMITTED,
    "failovercommitted": Phase.COMMITTED,
    "unplannedfailoverfailed": Phase.FAILED,
}
"""``protectionState`` in lower case, as far as seen (azure-facts section 7)."""


def phase_of(state: str) -> Phase:
    """Read ``protectionState``; words not known are under way."""
    return _PHASES.get(state.strip().lower(), Phase.OTHER)


def newest_first(points: tuple[RecoveryPoint, ...]) -> tuple[RecoveryPoint, ...]:
    """Sort recovery points, which Azure lists in no order of time; points of one moment by id."""
    return tuple(sorted(points, key=lambda point: (point.taken_at, point.id), reverse=True))
