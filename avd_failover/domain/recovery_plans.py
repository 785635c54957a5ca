"""Recovery plans of a vault as frozen values, and what a plan file says of each.

A recovery plan moves all its machines by one request and one job. The job proves nothing of any of them:
that is for the items to tell, each for itself.
"""

from msgspec import Struct

from avd_failover.domain.ids import ProtectedItemId, RecoveryJobId, RecoveryPlanId
from avd_failover.domain.recovery_jobs import JobState
from avd_failover.domain.replication import Allowed

MOST_MACHINES = 100
"""How many machines one recovery plan takes (contract 124)."""


class RecoveryPlan(Struct, frozen=True, kw_only=True):
    """A recovery plan as the vault has it.

    ``items`` are its machines, group by group. ``primary_fabric`` and ``recovery_fabric`` are ids in lower
    case; another provider may have a word there. ``steps`` names the actions of its own that it runs between
    the groups. ``job`` is the last one about it, which may have ended; None where none is told.
    """

    id: RecoveryPlanId
    name: str
    items: tuple[ProtectedItemId, ...]
    primary_fabric: str
    recovery_fabric: str
    providers: tuple[str, ...]
    allowed: tuple[Allowed, ...] = ()
    steps: tuple[str, ...] = ()
    job: RecoveryJobId | None = None
    scenario: str = ""
    job_state: JobState = JobState.UNKNOWN

    def allows(self, operation: Allowed) -> bool:
        """Tell whether Azure lists an operation as possible now."""
        return operation in self.allowed


class PlannedTogether(Struct, frozen=True, kw_only=True):
    """What a plan file says of one recovery plan: which machines it moves, and no other.

    ``machines`` are names, or beginnings with ``*``, as in waves.
    """

    plan: RecoveryPlanId
    machines: tuple[str, ...]

    def means(self, machine: str) -> bool:
        """Tell whether a machine is one of them."""
        return any(named(pattern, machine.lower()) for pattern in self.machines)


def named(pattern: str, machine: str) -> bool:
    """Tell whether a name, or a beginning with ``*``, fits the name of a machine in lower case."""
    folded = pattern.lower()
    return machine.startswith(folded[:-1]) if folded.endswith("*") else machine == folded
