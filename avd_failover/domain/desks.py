"""Personal desktops as one snapshot shows them: session host, replicated item, jobs, and where each stands.

A desktop keeps its session host and its name; what moves is the machine. So what is matched is the machine
behind the host: an item that replicates it, or that a failover made it from. Which way an item replicates is
told by the region it starts from. What is not understood is under way: wait and look again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct

from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.ids import MachineId, machine_in, name_of
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.replication import Phase, ProtectedItem


class Stand(Enum):
    """Where a desktop stands on its way from the source to the target of a run."""

    UNPROTECTED = "is not replicated"
    REPLICATING = "first replication is under way"
    READY = "can be failed over"
    FAILING_OVER = "failover is under way"
    FAILED = "failover failed"
    PENDING = "failed over, not committed"
    CHANGING = "another recovery point is under way"
    COMMITTING = "commit is under way"
    COMMITTED = "committed, not protected"
    REVERSING = "reprotect is under way"
    REVERSED = "protected the other way"
    STUCK = "a job is stuck"
    BUSY = "something else is under way"

    @property
    def moved(self) -> bool:
        """Whether the machine in use is the one on the target."""
        return self in _MOVED

    @property
    def kept(self) -> bool:
        """Whether the failover is committed, so that there is no way back but another failover."""
        return self in _KEPT

    @property
    def unprotected(self) -> bool:
        """Whether the loss of the region that it runs in now would lose it."""
        return self in _BARE


_KEPT = frozenset({Stand.COMMITTED, Stand.REVERSING, Stand.REVERSED})
_MOVED = _KEPT | {Stand.PENDING, Stand.CHANGING, Stand.COMMITTING}
_BARE = frozenset({Stand.PENDING, Stand.COMMITTING, Stand.COMMITTED, Stand.REVERSING, Stand.UNPROTECTED})

_LEAVING = {
    Phase.REPLICATING: Stand.REPLICATING,
    Phase.PROTECTED: Stand.READY,
    Phase.COMMIT_PENDING: Stand.PENDING,
    Phase.COMMITTED: Stand.COMMITTED,
    Phase.FAILED: Stand.FAILED,
}
"""Items that replicate away from the source."""

_RETURNING = {
    Phase.REPLICATING: Stand.REVERSING,
    Phase.PROTECTED: Stand.REVERSED,
    Phase.COMMITTED: Stand.UNPROTECTED,
}
"""Items that replicate towards the source; what was committed there runs there, and is not replicated yet.
One whose failover back is not committed is under way, and somebody else's."""

_WORKING = {
    jobs.FAILOVER: Stand.FAILING_OVER,
    jobs.COMMIT: Stand.COMMITTING,
    jobs.CHANGE_POINT: Stand.CHANGING,
    jobs.SWITCH_PROTECTION: Stand.REVERSING,
}


class Desk(Struct, frozen=True, kw_only=True):
    """One desktop. ``job`` works on the item now; ``history`` are all jobs about it, newest first."""

    name: str
    host: SessionHost
    stand: Stand
    turned: bool = False
    """Whether its item replicates towards the source: what it ran on there is the standby now."""
    item: ProtectedItem | None = None
    job: RecoveryJob | None = None
    history: tuple[RecoveryJob, ...] = ()

    @property
    def left(self) -> MachineId | None:
        """The machine on the source that it ran on, once it runs on the target; None before."""
        if self.item is None or not self.stand.moved:
            return None
        if not self.turned:
            return self.item.machine
        return machine_in(self.item.recovery_group, self.item.recovery_name)

    @property
    def key(self) -> str:
        """What actions on it are about: the item, or the host where there is none."""
        return self.item.id if self.item is not None else self.host.id

    @property
    def item_name(self) -> str:
        """Name of its item, on whichever side it lies, in lower case; the machine's where there is none."""
        return name_of(self.item.id).lower() if self.item is not None else self.name

    def called(self, name: str) -> bool:
        """Tell whether a person means this one: by machine or by session host, with or without domain."""
        host = name_of(self.host.id).lower()
        return name.strip().lower() in {self.name, host, host.partition(".")[0]}

    def last(self, scenario: str) -> RecoveryJob | None:
        """Return the newest job of a kind about it."""
        return next((job for job in self.history if job.scenario == scenario), None)


def desks_of(
    hosts: Iterable[SessionHost],
    items: Sequence[ProtectedItem],
    history: Sequence[RecoveryJob],
    *,
    source_region: str,
    now: datetime,
    stuck_after_s: float,
) -> tuple[Desk, ...]:
    """Return the desktops of a pool, by name; ``history`` is newest first."""
    by_machine = {item.recovered: item for item in items if item.recovered is not None}
    by_machine |= {item.machine: item for item in items if item.machine is not None}
    by_id = {job.id: job for job in history}
    found = []
    for host in hosts:
        item = by_machine.get(host.machine) if host.machine is not None else None
        job = by_id.get(item.job) if item is not None and item.job is not None else None
        found.append(
            Desk(
                name=name_of(host.machine or host.id).lower(),
                host=host,
                turned=item is not None and item.primary_region.lower() != source_region.lower(),
                stand=stand_of(item, job, source_region=source_region, now=now, stuck_after_s=stuck_after_s),
                item=item,
                job=job,
                history=tuple(one for one in history if item is not None and one.about(item)),
            )
        )
    return tuple(sorted(found, key=lambda desk: (desk.name, desk.host.id)))


def stand_of(
    item: ProtectedItem | None,
    job: RecoveryJob | None,
    *,
    source_region: str,
    now: datetime,
    stuck_after_s: float,
) -> Stand:
    """Say where a desktop stands; ``job`` is the one that its item names, if the list had it."""
    if item is None:
        return Stand.UNPROTECTED
    leaving = item.primary_region.lower() == source_region.lower()
    if item.job is not None:
        return _working(item, job, leaving=leaving, now=now, stuck_after_s=stuck_after_s)
    return (_LEAVING if leaving else _RETURNING).get(item.phase, Stand.BUSY)


def _working(
    item: ProtectedItem, job: RecoveryJob | None, *, leaving: bool, now: datetime, stuck_after_s: float
) -> Stand:
    if job is not None and job.stuck(now, stuck_after_s):
        return Stand.STUCK
    if not leaving:
        return Stand.REVERSING if item.phase is Phase.REPLICATING else Stand.BUSY
    return _WORKING.get(job.scenario if job is not None else item.scenario, Stand.BUSY)
