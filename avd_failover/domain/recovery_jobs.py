"""Jobs of Site Recovery as frozen values: every operation on a replicated item is one."""

from datetime import UTC, datetime
from enum import Enum

from msgspec import Struct

from avd_failover.domain.ids import ProtectedItemId, RecoveryJobId
from avd_failover.domain.replication import ProtectedItem

FAILOVER = "UnplannedFailover"
COMMIT = "CommitFailover"
CHANGE_POINT = "ChangePit"
SWITCH_PROTECTION = "SwitchProtection"
"""Scenario names of the jobs that a run begins; those of A2A commit, change and switch are not recorded."""

_TEST = "testfailover"
_NEVER = datetime.max.replace(tzinfo=UTC)


class JobState(Enum):
    """State of a job. ``SUSPENDED`` waits for a person for ever; ``OTHER`` is said of skipped ones."""

    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    WITH_INFORMATION = "CompletedWithInformation"
    FAILED = "Failed"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    SUSPENDED = "Suspended"
    OTHER = "Other"
    UNKNOWN = "Unknown"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of the job by itself, nor by a person's answer to it."""
        return self in _ENDED

    @property
    def succeeded(self) -> bool:
        """Whether the job says that it did what it was begun for. The item says whether it came true."""
        return self in {JobState.SUCCEEDED, JobState.WITH_INFORMATION}


_ENDED = frozenset({JobState.SUCCEEDED, JobState.WITH_INFORMATION, JobState.FAILED, JobState.CANCELLED})


class JobError(Struct, frozen=True, kw_only=True):
    """What went wrong in a job, in the service's words."""

    code: str
    message: str
    causes: str = ""
    action: str = ""


class JobTask(Struct, frozen=True, kw_only=True):
    """One task of a job."""

    name: str
    state: JobState
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RecoveryJob(Struct, frozen=True, kw_only=True):
    """A job of a vault. A list shows neither its tasks nor ``made``, the item that a reprotect made."""

    id: RecoveryJobId
    scenario: str
    state: JobState
    said: str = ""
    target_name: str = ""
    target_id: str = ""
    target_kind: str = ""
    errors: tuple[JobError, ...] = ()
    tasks: tuple[JobTask, ...] = ()
    allowed: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    made: ProtectedItemId | None = None

    @property
    def tests(self) -> bool:
        """Whether this is a test failover or its cleanup, which no run ever begins (contract 125)."""
        return _TEST in self.scenario.lower()

    def about(self, item: ProtectedItem) -> bool:
        """Tell whether the job works on an item: by name, which is all that a job tells of it."""
        names = {item.name.lower(), item.friendly_name.lower()}
        return self.target_kind in {"", "ProtectionEntity"} and self.target_name.lower() in names

    def about_plan(self, name: str) -> bool:
        """Tell whether the job works on the recovery plan of a name: on all its machines."""
        return self.target_kind == "RecoveryPlan" and self.target_name.lower() == name.lower()

    def stuck(self, now: datetime, after_s: float) -> bool:
        """Tell whether it waits for a person, or has run for longer than ``after_s`` seconds."""
        since_s = (now - self.started_at).total_seconds() if self.started_at is not None else 0.0
        return self.state is JobState.SUSPENDED or (not self.state.ended and since_s > after_s)


def jobs_newest_first(jobs: tuple[RecoveryJob, ...]) -> tuple[RecoveryJob, ...]:
    """Sort jobs by their beginning, those without one first; jobs of one moment by id."""
    return tuple(sorted(jobs, key=lambda job: (job.started_at or _NEVER, job.id), reverse=True))
