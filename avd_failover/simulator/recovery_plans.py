"""Recovery plans of a vault: the same operation on many items, with one job over theirs.

A failover fails all items over at once; that their groups start one after another shows in the job's tasks.
The job of a plan succeeds when every item's job did. How a plan of A2A items reprotects is not recorded: here
it switches every item with the settings of its source.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import key
from avd_failover.simulator.recovery import Recovery
from avd_failover.simulator.recovery_jobs import RUNNING, SERVICE, Jobs, Stage, Work
from avd_failover.simulator.recovery_mishaps import job_error
from avd_failover.simulator.recovery_points import Point, latest
from avd_failover.simulator.recovery_records import (
    Direction,
    Job,
    JobError,
    ProtectedItem,
    RecoveryPlan,
    Task,
)
from avd_failover.simulator.recovery_reversal import by_default
from avd_failover.simulator.recovery_states import require
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

PointType = Literal["Latest", "LatestProcessed", "LatestCrashConsistent", "LatestApplicationConsistent"]

WorkOf = Callable[[ProtectedItem], Work]

_CHECK = Task(id="RpSrsPrerequisitesCheck", name="RpSrsPrerequisitesCheck",
              friendly_name="Prerequisites check for the recovery plan")  # fmt: skip
_ENVIRONMENT = Task(id="RpEnvironmentCreationTask", name="RpEnvironmentCreationTask",
                    friendly_name="Create the environment")  # fmt: skip
_END = Task(id="EndRecoveryPlanTask", name="EndRecoveryPlanTask",
            friendly_name="Finalizing the recovery plan")  # fmt: skip
_ALL = "FailoverAllActionGroup"


class Plans(Part):
    """Verbs on recovery plans."""

    area = "recovery-plans"

    def __init__(self, core: Core, log: RequestLog, recovery: Recovery, jobs: Jobs) -> None:
        super().__init__(core, log)
        self._recovery = recovery
        self._jobs = jobs
        core.watch(ProtectedItem, self._item_moved)

    def allowed(self, plan: RecoveryPlan) -> tuple[str, ...]:
        """Return what all items of a plan allow together, and nothing while its job runs."""
        job = self.core.find(Job, plan.job)
        if job is not None and job.state in RUNNING:
            return ()
        phases = {self.core.get(ProtectedItem, item).phase for item in plan.items}
        if phases <= {"protected", "failover-failed"}:
            return ("UnplannedFailover", "TestFailover")
        if phases == {"commit-pending"}:
            return ("Commit",)
        return ("ReverseReplicate",) if phases == {"committed"} else ()

    @external
    def unplanned_failover(
        self, actor: str, plan: str, *, direction: Direction, shut_down: bool, point_type: PointType
    ) -> Job:
        """Begin to fail over every item of a plan; refused with 409 when one of them does not allow it."""
        found = self._permitted(plan, "UnplannedFailover", "UnplannedFailover")

        def work(item: ProtectedItem) -> Work:
            require(item, "UnplannedFailover")
            point = self._point(item.id, point_type)
            return self._recovery.works.failover(item, shut_down=shut_down, point=point)

        first = self.core.get(ProtectedItem, found.items[0])
        self._recovery.check_direction(first, direction)
        return self._run(actor, found, "UnplannedFailover", "Failover", work)

    @external
    def commit(self, actor: str, plan: str) -> Job:
        """Begin to commit every item of a plan."""
        found = self._permitted(plan, "Commit", "Commit")

        def work(item: ProtectedItem) -> Work:
            require(item, "Commit")
            return self._recovery.works.commit(item)

        return self._run(actor, found, "CommitFailover", "Commit", work)

    @external
    def reprotect(self, actor: str, plan: str) -> Job:
        """Begin to reprotect every item of a plan; the plan then names the new items."""
        found = self._permitted(plan, "ReverseReplicate", "SwitchProtection")

        def work(item: ProtectedItem) -> Work:
            require(item, "SwitchProtection")
            return self._recovery.works.switch(item, by_default(self.core, item), self._recovery.replicate)

        return self._run(actor, found, "SwitchProtection", "Re-protect", work)

    def _permitted(self, plan: str, operation: str, of_items: str) -> RecoveryPlan:
        found = self._recovery.get(RecoveryPlan, plan)
        if operation not in self.allowed(found):
            for item in found.items:
                require(self.core.get(ProtectedItem, item), of_items)
            text = f"The operation '{operation}' is not allowed on the recovery plan '{found.name}' now."
            raise ArmRefusal(409, "OperationNotAllowed", text)
        return found

    def _point(self, item: str, point_type: PointType) -> str | None:
        if point_type == "Latest":
            return None
        held = list(self._recovery.points(item))
        if point_type == "LatestApplicationConsistent":
            held = [one for one in held if one.app_consistent]
        chosen: Point | None = latest(held)
        return chosen.id if chosen is not None else None

    def _run(self, actor: str, plan: RecoveryPlan, scenario: str, friendly: str, work: WorkOf) -> Job:
        children = _Children(self.core, self._jobs, actor, plan, work)
        everything = Task(
            id=_ALL, name="Unknown", friendly_name="Recovery plan failover", group="RpFailoverTask",
            children=tuple(self._child(item) for item in plan.items),
        )  # fmt: skip

        def short() -> float:
            return self.core.draw("recovery-plan", self._recovery.hands.physics.prerequisites_s)

        stages = (
            Stage(task=_CHECK, takes_s=short),
            Stage(task=_ENVIRONMENT, takes_s=short),
            Stage(
                task=everything, takes_s=short, begin=children.begin,
                until=lambda: children.are_over(self._job_of(plan)), end=children.fault, turning=True,
            ),
            *(Stage(task=task, takes_s=lambda: 1.0) for task in self._group_tasks(plan)),
            Stage(task=_END, takes_s=lambda: 1.0),
        )  # fmt: skip
        return self._jobs.begin(actor, self._work(plan, scenario, friendly, stages))

    def _work(self, plan: RecoveryPlan, scenario: str, friendly: str, stages: tuple[Stage, ...]) -> Work:
        def done(job: Job) -> None:
            held = self.core.get(RecoveryPlan, plan.id)
            if scenario == "UnplannedFailover":
                self.core.change(SERVICE, "plan", held, failed_over_s=job.start_s)

        def mark(job: Job) -> None:
            self.core.change(SERVICE, "busy", self.core.get(RecoveryPlan, plan.id), job=job.id)

        return Work(
            scenario=scenario, friendly_name=friendly, subject=plan.id, subject_guid=plan.guid,
            subject_kind="RecoveryPlan", vault=plan.vault, stages=stages, done=done, undone=lambda _job: None,
            mark=mark,
        )  # fmt: skip

    def _job_of(self, plan: RecoveryPlan) -> str:
        return self.core.get(RecoveryPlan, plan.id).job

    def _group_tasks(self, plan: RecoveryPlan) -> list[Task]:
        return [
            Task(
                id=f"Group{number}", name="Unknown", friendly_name=f"Group {number}: Start ({len(group)})",
                group="BootGroup", children=tuple(self._child(item) for item in group),
            )
            for number, group in enumerate(plan.groups, start=1)
        ]  # fmt: skip

    def _child(self, item: str) -> Task:
        held = self.core.get(ProtectedItem, item)
        return Task(id=held.guid, name="Unknown", friendly_name=held.name, target=held.guid)

    def _item_moved(self, before: ProtectedItem | None, after: ProtectedItem | None) -> None:
        """Name the new item where a plan named one that was switched."""
        if before is None or after is not None:
            return
        new = f"{before.recovery_container}/replicationProtectedItems/{before.name}"
        for plan in list(self.core.table(RecoveryPlan).values()):
            groups = tuple(
                tuple(new if key(item) == key(before.id) else item for item in group) for group in plan.groups
            )
            if groups != plan.groups:
                self.core.change(
                    SERVICE, "plan", plan, groups=groups, primary_fabric=plan.recovery_fabric,
                    recovery_fabric=plan.primary_fabric,
                )  # fmt: skip


class _Children:
    """The jobs of a plan's items, begun together."""

    def __init__(self, core: Core, jobs: Jobs, actor: str, plan: RecoveryPlan, work: WorkOf) -> None:
        self._core = core
        self._jobs = jobs
        self._actor = actor
        self._plan = plan
        self._work = work
        self._begun: dict[str, Job] = {}
        self._refused: list[str] = []

    def begin(self) -> bool:
        """Begin a job on every item; one that refuses by now fails the plan's job at the end."""
        for item in self._core.get(RecoveryPlan, self._plan.id).items:
            name = item.rsplit("/", 1)[-1]
            try:
                work = self._work(self._core.get(ProtectedItem, item))
            except ArmRefusal:
                self._refused.append(name)
            else:
                self._begun[name.lower()] = self._jobs.begin(self._actor, work)
        return True

    def are_over(self, job: str) -> bool:
        """Copy what the items' jobs say into the tasks of the plan's job; tell whether all have ended."""
        found = self._core.get(Job, job)
        tasks = tuple(
            replace(task, children=tuple(self._shown(child) for child in task.children))
            for task in found.tasks
        )
        self._core.change(SERVICE, "task", found, tasks=tasks)
        return all(one.state not in RUNNING for one in self._now())

    def fault(self) -> JobError | None:
        """Return what keeps the plan's job from succeeding."""
        failed = [one.subject.rsplit("/", 1)[-1] for one in self._now() if one.state != "Succeeded"]
        failed += self._refused
        if not failed:
            return None
        return job_error("28013", f"The operation failed for: {', '.join(failed)}.", self._core.now_s)

    def _now(self) -> list[Job]:
        return [self._core.get(Job, one.id) for one in self._begun.values()]

    def _shown(self, child: Task) -> Task:
        begun = self._begun.get(child.friendly_name.lower())
        if begun is None:
            return child
        one = self._core.get(Job, begun.id)
        return replace(child, state=one.state, start_s=one.start_s, end_s=one.end_s, job=one.id)
