"""Actions on replicated machines: one request each, which Site Recovery mostly answers with a job.

None of them has an inverse. A failover is given up by failing over the other way, which is a run of its own;
``domain.actions`` has what all actions share.
"""

from datetime import datetime

from msgspec import Struct

from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.ids import MachineId, ProtectedItemId, RecoveryPointId
from avd_failover.domain.replication import Direction, Reversal


class FailOverMachine(Struct, frozen=True, kw_only=True, tag="machine.failover"):
    """Begin to bring one machine up in the other region.

    ``machine`` is the one behind the session host now. ``point`` None means the latest, whatever it is by
    then; ``point_at`` is when the point was taken: what is younger is lost.
    """

    item: ProtectedItemId
    machine: MachineId
    direction: Direction
    point: RecoveryPointId | None = None
    point_at: datetime | None = None
    shut_down: bool = True
    reason: str

    @property
    def target(self) -> str:
        """Id of the replicated item."""
        return self.item

    def inverse(self) -> None:
        """To give up is to fail over the other way, once the machine is replicated back."""


class ChangeRecoveryPoint(Struct, frozen=True, kw_only=True, tag="machine.change-point"):
    """Bring another recovery point to a machine whose failover is not committed yet; it starts anew."""

    item: ProtectedItemId
    machine: MachineId
    point: RecoveryPointId
    point_at: datetime | None = None
    before: RecoveryPointId | None = None
    reason: str

    @property
    def target(self) -> str:
        """Id of the replicated item."""
        return self.item

    def inverse(self) -> None:
        """What the machine wrote since it came up is gone; only a person may choose yet another point."""


class CommitFailover(Struct, frozen=True, kw_only=True, tag="machine.commit"):
    """Commit the failover of one machine: its other recovery points go.

    ``point_at`` is when the recovery point was taken, ``failed_over_at`` when the failover was: between the
    two lies the loss of data.
    """

    item: ProtectedItemId
    machine: MachineId
    point_at: datetime | None = None
    failed_over_at: datetime | None = None
    reason: str

    @property
    def target(self) -> str:
        """Id of the replicated item."""
        return self.item

    def inverse(self) -> None:
        """A commit stands."""


class ReprotectMachine(Struct, frozen=True, kw_only=True, tag="machine.reprotect"):
    """Let a committed machine be replicated the other way round."""

    item: ProtectedItemId
    machine: MachineId
    reversal: Reversal
    reason: str

    @property
    def target(self) -> str:
        """Id that the item had until then."""
        return self.item

    def inverse(self) -> None:
        """Replication is not taken away again: it protects the machine."""


class InstallExtension(Struct, frozen=True, kw_only=True, tag="machine.extension"):
    """Install an extension on a machine from its image: no failover takes extensions along.

    ``id`` is the one that the extension will have, below the machine's.
    """

    id: str
    machine: MachineId
    location: str
    extension: VmExtension
    reason: str

    @property
    def target(self) -> str:
        """Id that the extension will have."""
        return self.id

    def inverse(self) -> None:
        """It was there before the failover; nothing takes it away again."""


RecoveryJob = FailOverMachine | ChangeRecoveryPoint | CommitFailover | ReprotectMachine
"""What becomes a job of a vault."""

RecoveryAction = RecoveryJob | InstallExtension
"""The same, and what a machine needs once it came up."""
