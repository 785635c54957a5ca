"""What a plan says besides when its desktops belong to one person each: how their machines are moved.

There is one host pool and no twin (contract 116, 117): both sides name the same one, and what tells them
apart is the region that a machine runs in. The machines move by Site Recovery, and the pool follows them.
"""

from enum import Enum

from msgspec import Struct

from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.ids import ReservationGroupId, VaultId
from avd_failover.domain.recovery_plans import PlannedTogether, named
from avd_failover.domain.replication import Direction

SAFE_TO_LOSE = (
    "microsoft.compute/jsonaddomainextension",
    "microsoft.azure.activedirectory/aadloginforwindows",
    "microsoft.powershell/dsc",
)
"""Extensions that joined a desktop once; its disk remembers what they did (contract 127)."""

WEEK_S = 7 * 86400.0


class PointPolicy(Enum):
    """Which recovery point a desktop is brought back to, unless a person chooses another one."""

    LATEST = "latest"
    """What arrived last, processed first: the least loss, and the slowest."""
    LATEST_PROCESSED = "latest_processed"
    LATEST_APPLICATION_CONSISTENT = "latest_application_consistent"


class RecoverySide(Struct, frozen=True, kw_only=True):
    """What moving machines needs of one side.

    ``cache_account`` is the storage account that replication *from* this side goes through; machines that
    are recovered *to* this side take their places from ``reservation_group``.
    """

    cache_account: str
    reservation_group: ReservationGroupId | None = None


class PersonalPlan(Struct, frozen=True, kw_only=True):
    """How the desktops of a personal pool move. ``waves``: names of machines, or beginnings with ``*``."""

    vault: VaultId
    primary: RecoverySide
    secondary: RecoverySide
    point: PointPolicy = PointPolicy.LATEST_PROCESSED
    minimum_success_pct: int = 100
    """Share of the desktops that must come through before a step lets the run go on without the others."""
    waves: tuple[tuple[str, ...], ...] = ()
    plans: tuple[PlannedTogether, ...] = ()
    """Recovery plans that move their machines together; machines in none of them are moved one by one."""
    stuck_after_s: float = 3600.0
    """How long a job of Site Recovery may run before it counts as stuck."""
    leave_out: tuple[str, ...] = SAFE_TO_LOSE
    """Extensions, as publisher/type in lower case, that are not put again after a failover."""
    extensions: tuple[VmExtension, ...] = ()
    """What to put on a desktop whose own extensions nobody could read while its region was dark."""
    images_within_s: float = WEEK_S
    """How old an image of a desktop's extensions may be that stands in when nobody can ask its machine."""
    failback_direction: Direction = Direction.PRIMARY_TO_RECOVERY
    """What a failover of a reversed item says of its direction; Azure's word for it is not verified."""

    def wave_of(self, machine: str) -> int:
        """Return the number of the first wave that names a machine; unnamed ones come after all waves."""
        name = machine.lower()
        for number, wave in enumerate(self.waves):
            if any(named(pattern, name) for pattern in wave):
                return number
        return len(self.waves)
