"""Jobs of a vault: work cut into tasks that take their time, fail, hang, are cancelled, resumed, restarted.

    InProgress ──every task──> Succeeded          Failed ──restart──> InProgress
        ├──a task fails──────> Failed          Suspended ──resume───> InProgress
        ├──mishap────────────> Suspended, or one task InProgress for ever
        └──cancel────────────> Cancelled       (only before the task that cannot be taken back)

Who begins a job says what its tasks do; here is only how they follow each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from avd_failover.simulator.core import Core, under
from avd_failover.simulator.records import key
from avd_failover.simulator.recovery_mishaps import Mishaps, mishap_error
from avd_failover.simulator.recovery_records import Job, JobError, JobState, Mischief, Task, Vault
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, RequestLog, external

SERVICE = "azure:site-recovery"
RUNNING: frozenset[JobState] = frozenset({"NotStarted", "InProgress", "Suspended"})
_LOOK_AGAIN_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One task and what it does. ``begin`` false: skipped. ``until`` false: looked at again later.

    ``turning``: mishaps strike here, and from here on nothing can be cancelled any more.
    """

    task: Task
    takes_s: Callable[[], float]
    begin: Callable[[], bool] | None = None
    until: Callable[[], bool] | None = None
    end: Callable[[], JobError | None] | None = None
    turning: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A job to be begun. ``done``: every task succeeded; ``undone``: it failed or was cancelled."""

    scenario: str
    friendly_name: str
    subject: str
    subject_guid: str
    vault: str
    stages: tuple[Stage, ...]
    done: Callable[[Job], None]
    undone: Callable[[Job], None]
    mark: Callable[[Job], None]
    """Says of the subject that this job works on it; called again before a restart, which it may refuse."""
    subject_kind: str = "ProtectionEntity"
    details: str = "AsrJobDetails"


@dataclass(kw_only=True, slots=True)
class _Run:
    work: Work
    attempt: int = 0
    waiting: int | None = None
    """The task that a suspended job stands before."""


class Jobs(Part):
    """Jobs of every vault."""

    area = "recovery-jobs"

    def __init__(self, core: Core, log: RequestLog, mishaps: Mishaps) -> None:
        super().__init__(core, log)
        self._mishaps = mishaps
        self._runs: dict[str, _Run] = {}

    def get(self, job: str) -> Job:
        """Return one job with its tasks. Refused with 404 ``ResourceNotFound``."""
        found = self.core.find(Job, job)
        if found is None:
            parts = job.split("/")
            group = parts[4] if len(parts) > 4 else ""
            raise resource_missing("Microsoft.RecoveryServices/vaults/replicationJobs", parts[-1], group)
        self.core.require_up(self.core.get(Vault, found.vault).location)
        return found

    def of_vault(self, vault: str) -> Sequence[Job]:
        """Return every job of a vault."""
        return under(self.core.table(Job).values(), vault)

    @external
    def cancel(self, actor: str, job: str) -> Job:
        """Cancel a job that can still be taken back; refused with 409 otherwise."""
        found = self._permitted(job, "Cancel")
        ended = self._over(actor, "cancel-job", found, "Cancelled")
        self._runs[key(ended.id)].work.undone(ended)
        return ended

    @external
    def restart(self, actor: str, job: str) -> Job:
        """Begin a failed job anew; refused with 409 when it did not fail."""
        found = self._permitted(job, "Restart")
        run = self._runs[key(found.id)]
        run.work.mark(found)
        tasks = tuple(stage.task for stage in run.work.stages)
        again = self.core.change(
            actor, "restart-job", found, state="InProgress", tasks=tasks, errors=(), end_s=None,
            allowed=("Cancel",),
        )  # fmt: skip
        self._enter(again.id, 0)
        return again

    @external
    def resume(self, actor: str, job: str, *, comments: str = "") -> Job:
        """Let a suspended job go on; refused with 409 when it does not wait. Comments change nothing."""
        del comments
        found = self._permitted(job, "Resume")
        run = self._runs[key(found.id)]
        index = run.waiting or 0
        run.waiting = None
        self.core.change(actor, "resume-job", found, state="InProgress", allowed=())
        self._start(found.id, index)
        return self.get(found.id)

    def begin(self, actor: str, work: Work) -> Job:
        """Begin a job, whoever asks, and let it run."""
        name = self.core.guid("recovery-job")
        job = Job(
            id=f"{work.vault}/replicationJobs/{name}", scenario=work.scenario,
            friendly_name=work.friendly_name, subject=work.subject, subject_guid=work.subject_guid,
            subject_kind="RecoveryPlan" if work.subject_kind == "RecoveryPlan" else "ProtectionEntity",
            details=work.details, activity=self.core.guid("recovery-activity"), start_s=self.core.now_s,
            tasks=tuple(stage.task for stage in work.stages),
        )  # fmt: skip
        self._runs[key(job.id)] = _Run(work=work)
        self.core.write(actor, f"begin-{work.scenario}", job)
        work.mark(job)
        self._enter(job.id, 0)
        return job

    def _enter(self, job: str, index: int) -> None:
        run = self._runs[key(job)]
        if index == len(run.work.stages):
            self._succeed(job, run)
            return
        stage = run.work.stages[index]
        if stage.begin is not None and not stage.begin():
            self._mark(job, index, state="Other", start_s=self.core.now_s)
            self._enter(job, index + 1)
            return
        how = self._mishaps.peek(run.work.subject, run.work.scenario) if stage.turning else None
        if how == "suspends":
            self._suspend(job, run, index)
            return
        self._start(job, index)

    def _start(self, job: str, index: int) -> None:
        run = self._runs[key(job)]
        stage = run.work.stages[index]
        self._mark(job, index, state="InProgress", start_s=self.core.now_s)
        mishap = self._mishaps.take(run.work.subject, run.work.scenario) if stage.turning else None
        if mishap is not None and mishap.how == "stalls":
            return
        error = mishap_error(mishap, run.work.scenario, self.core.now_s) if mishap is not None else None
        attempt = run.attempt
        lost: Mischief | None = mishap.how if mishap is not None else None
        delay_s = stage.takes_s()
        self.core.after(delay_s, lambda: self._leave(job, index, attempt, error, lost))

    def _leave(
        self, job: str, index: int, attempt: int, error: JobError | None, how: Mischief | None
    ) -> None:
        run = self._runs[key(job)]
        if run.attempt != attempt:
            return
        stage = run.work.stages[index]
        if error is None and stage.until is not None and not stage.until():
            self.core.after(_LOOK_AGAIN_S, lambda: self._leave(job, index, attempt, error, how))
            return
        if how == "lost":
            self._pretend(job, run)
            return
        fault = error or (stage.end() if stage.end is not None else None)
        if fault is not None:
            self._fail(job, run, index, fault)
            return
        self._mark(job, index, state="Succeeded", end_s=self.core.now_s)
        self._enter(job, index + 1)

    def _suspend(self, job: str, run: _Run, index: int) -> None:
        run.waiting = index
        self._mishaps.take(run.work.subject, run.work.scenario)
        self._mark(job, index, state="Suspended", start_s=self.core.now_s)
        found = self.core.get(Job, job)
        self.core.change(SERVICE, "job-suspends", found, state="Suspended", allowed=("Resume", "Cancel"))

    def _pretend(self, job: str, run: _Run) -> None:
        """Say that all went well although nothing was done to the subject."""
        found = self.core.get(Job, job)
        now_s = self.core.now_s
        tasks = tuple(replace(t, state="Succeeded", end_s=now_s) for t in found.tasks)
        self._over(SERVICE, "job-ends", self.core.change(SERVICE, "task", found, tasks=tasks), "Succeeded")
        run.work.undone(self.core.get(Job, job))

    def _fail(self, job: str, run: _Run, index: int, fault: JobError) -> None:
        task = run.work.stages[index].task
        told = replace(fault, task=task.id)
        self._mark(job, index, state="Failed", end_s=self.core.now_s, errors=(told,))
        found = self.core.change(SERVICE, "task", self.core.get(Job, job), errors=(told,))
        self._over(SERVICE, "job-ends", found, "Failed", allowed=("Restart",))
        run.work.undone(self.core.get(Job, job))

    def _succeed(self, job: str, run: _Run) -> None:
        found = self.core.get(Job, job)
        run.work.done(found)
        self._over(SERVICE, "job-ends", self.core.get(Job, job), "Succeeded")

    def _over(
        self, actor: str, verb: str, job: Job, state: JobState, *, allowed: tuple[str, ...] = ()
    ) -> Job:
        run = self._runs[key(job.id)]
        run.attempt += 1
        return self.core.change(actor, verb, job, state=state, end_s=self.core.now_s, allowed=allowed)

    def _mark(self, job: str, index: int, **changes: object) -> None:
        found = self.core.get(Job, job)
        stage = self._runs[key(job)].work.stages[index]
        task = replace(found.tasks[index], **changes)  # type: ignore[arg-type]
        tasks = (*found.tasks[:index], task, *found.tasks[index + 1 :])
        allowed = () if stage.turning and task.state == "InProgress" else found.allowed
        self.core.change(SERVICE, "task", found, tasks=tasks, allowed=allowed)

    def _permitted(self, job: str, action: str) -> Job:
        found = self.get(job)
        if action not in found.allowed:
            text = f"The action '{action}' is not allowed on the job '{found.name}' in state '{found.state}'."
            raise ArmRefusal(409, "OperationNotAllowed", text)
        return found
