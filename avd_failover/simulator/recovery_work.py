"""The jobs of Site Recovery as tables of tasks: names as recorded, what each does, and how it ends.

Task names of a failover are recorded (of Hyper-V); those of A2A commits, switches and updates are not.
"""

from collections.abc import Callable

from avd_failover.simulator.physics import Between
from avd_failover.simulator.recovery_failover import Failover, Hands, TestFailover
from avd_failover.simulator.recovery_jobs import SERVICE, Stage, Work
from avd_failover.simulator.recovery_mishaps import job_error
from avd_failover.simulator.recovery_records import Job, JobError, Phase, ProtectedItem, Task
from avd_failover.simulator.recovery_reversal import Reversal, reverse, stop_original
from avd_failover.simulator.refusals import ArmRefusal


class Works:
    """Makes the work of each operation on one item."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._core = hands.core

    def failover(self, item: ProtectedItem, *, shut_down: bool, point: str | None) -> Work:
        """Fail over: check, shut down, synchronise, make the machine, start it."""
        physics = self._hands.physics
        doing = Failover(self._hands, item.id, shut_down=shut_down, point=point)
        stages = (
            self._stage("UnplannedFailoverPreflightChecksTask", physics.prerequisites_s),
            Stage(
                task=TASKS["ShutdownVmOnPrimaryForUFO"], takes_s=lambda: 1.0,
                begin=doing.begin_shutdown, until=doing.is_shut_down,
            ),
            self._stage("PrepareForUnPlannedFailoverTask", physics.synchronise_s, begin=doing.begin_sync),
            Stage(
                task=TASKS["FailoverTask"], takes_s=doing.main_takes_s, begin=doing.begin_main,
                end=doing.end_main, turning=True,
            ),
            Stage(task=TASKS["StartVmOnSecondary"], takes_s=doing.start_takes_s, end=doing.end_start),
        )  # fmt: skip

        def done(_job: Job) -> None:
            if doing.point is not None:
                self._settle(
                    item.id, "commit-pending", failover_point=doing.point.id, failed_over_s=doing.point_s
                )

        def undone(job: Job) -> None:
            self._settle(item.id, "failover-failed" if job.state == "Failed" else item.phase)

        return self._work(
            item, "UnplannedFailover", "Failover", stages, done=done, undone=undone, during="failing-over"
        )

    def commit(self, item: ProtectedItem) -> Work:
        """Commit: the other recovery points go, and the item is protected no more."""
        stages = (self._stage("CommitFailoverTask", self._hands.physics.commit_s, turning=True),)
        return self._work(
            item, "CommitFailover", "Commit", stages, during="committing",
            done=lambda _job: self._settle(item.id, "committed"),
        )  # fmt: skip

    def change_point(self, item: ProtectedItem, point: str) -> Work:
        """Bring another point to the machine that a failover made; it starts anew."""

        def reboot() -> JobError | None:
            self._hands.machines.boot(SERVICE, item.recovery_machine)
            return None

        physics = self._hands.physics
        stages = (
            self._stage("ChangePitPreflightChecksTask", physics.prerequisites_s),
            self._stage("ChangePitTask", physics.change_point_s, turning=True, end=reboot),
        )
        return self._work(
            item, "ChangePit", "Change recovery point", stages, during=item.phase,
            done=lambda _job: self._settle(item.id, item.phase, failover_point=point),
        )  # fmt: skip

    def update(self, item: ProtectedItem, changes: dict[str, object]) -> Work:
        """Change settings of an item."""
        stages = (self._stage("UpdateVmPropertiesTask", self._hands.physics.update_s, turning=True),)
        return self._work(
            item, "UpdateReplicationProtectedItem", "Update the virtual machine", stages, during=item.phase,
            done=lambda _job: self._settle(item.id, item.phase, **changes),
        )  # fmt: skip

    def switch(self, item: ProtectedItem, reversal: Reversal, then: Callable[[ProtectedItem], None]) -> Work:
        """Reprotect: the item moves to the other container. ``then`` is told of the new item."""

        def done(job: Job) -> None:
            made = reverse(self._hands, item.id, reversal)
            self._core.change(SERVICE, "switch-protection", job, made=made.id)
            then(made)

        physics = self._hands.physics
        stages = (
            self._stage("SwitchProtectionPreflightChecksTask", physics.prerequisites_s),
            Stage(
                task=TASKS["ShutdownOriginalVmTask"], takes_s=lambda: 1.0,
                begin=lambda: stop_original(self._hands, item.id),
            ),
            self._stage("SwitchProtectionTask", physics.switch_s, turning=True),
        )  # fmt: skip
        return self._work(
            item, "SwitchProtection", "Re-protect", stages, during=item.phase, done=done,
            details="SwitchProtectionJobDetails",
        )  # fmt: skip

    def reprotect(self, item: ProtectedItem) -> Work:
        """``reProtect``, which knows unmanaged disks only: it ends with an error (azure-facts 0.1)."""

        def refuse() -> JobError | None:
            return job_error("150135", "Managed disk details not provided.", self._core.now_s)

        stages = (
            self._stage("ReprotectPreflightChecksTask", self._hands.physics.prerequisites_s),
            self._stage("ReprotectTask", self._hands.physics.commit_s, turning=True, end=refuse),
        )
        return self._work(
            item, "ReprotectVm", "Re-protect", stages, during=item.phase,
            done=lambda _job: self._settle(item.id, item.phase),
        )  # fmt: skip

    def test_failover(self, item: ProtectedItem) -> Work:
        """Make a twin beside the source, which goes on."""
        physics = self._hands.physics
        doing = TestFailover(self._hands, item.id)
        stages = (
            self._stage("TestFailoverPreflightChecksTask", physics.prerequisites_s),
            self._stage("TestFailoverTask", physics.test_failover_s, turning=True, end=doing.end_main),
            self._stage("StartTestVmTask", physics.boot_s, end=doing.end_start),
        )

        def done(_job: Job) -> None:
            twin = doing.machine.id if doing.machine is not None else ""
            self._settle(
                item.id, item.phase, test_state="WaitingForCleanup", test_machine=twin,
                tested_s=self._core.now_s,
            )  # fmt: skip

        return self._work(
            item, "TestFailover", "Test failover", stages, during=item.phase, done=done,
            details="TestFailoverJobDetails",
        )  # fmt: skip

    def clean_up(self, item: ProtectedItem) -> Work:
        """Delete the twin."""
        doing = TestFailover(self._hands, item.id)
        stages = (self._stage("TestFailoverCleanupTask", self._hands.physics.cleanup_s, end=doing.clean_up),)
        return self._work(
            item, "TestFailoverCleanup", "Test failover cleanup", stages, during=item.phase,
            done=lambda _job: self._settle(item.id, item.phase, test_state="None", test_machine=""),
        )  # fmt: skip

    def finalize(self, item: ProtectedItem) -> Work:
        """What the service does by itself when initial replication is complete (recorded)."""
        stages = (self._stage("FinalizeProtectionTask", self._hands.physics.finalize_s),)
        return self._work(
            item, "PrimaryIrCompletion", "Finalize protection on the primary virtual machine", stages,
            during=item.phase, done=lambda _job: self._settle(item.id, "protected"),
        )  # fmt: skip

    def _work(
        self, item: ProtectedItem, scenario: str, friendly: str, stages: tuple[Stage, ...], *,
        during: Phase, done: Callable[[Job], None], undone: Callable[[Job], None] | None = None,
        details: str = "AsrJobDetails",
    ) -> Work:  # fmt: skip
        def back(_job: Job) -> None:
            self._settle(item.id, item.phase)

        def mark(job: Job) -> None:
            held = self._core.find(ProtectedItem, item.id)
            if held is None or held.job or held.phase not in {item.phase, "failover-failed"}:
                text = f"The job '{job.name}' cannot be restarted: '{item.name}' has changed since."
                raise ArmRefusal(409, "OperationNotAllowed", text)
            self._core.change(SERVICE, "busy", held, job=job.id, phase=during)

        return Work(
            scenario=scenario, friendly_name=friendly, subject=item.id, subject_guid=item.guid,
            vault=item.vault, stages=stages, done=done, undone=undone or back, mark=mark, details=details,
        )  # fmt: skip

    def _stage(
        self, task: str, between: Between, *, turning: bool = False,
        begin: Callable[[], bool] | None = None, end: Callable[[], JobError | None] | None = None,
    ) -> Stage:  # fmt: skip
        return Stage(
            task=TASKS[task], takes_s=lambda: self._core.draw(f"recovery:{task}", between),
            begin=begin, end=end, turning=turning,
        )  # fmt: skip

    def _settle(self, item: str, phase: Phase, **changes: object) -> None:
        found = self._core.find(ProtectedItem, item)
        if found is not None:
            self._core.change(
                SERVICE, "settle", found, phase=phase, job="", since_s=self._core.now_s, **changes
            )


_NAMES = {
    "UnplannedFailoverPreflightChecksTask": ("VmUfoPrerequisitesCheck", "Prerequisites check for failover"),
    "ShutdownVmOnPrimaryForUFO": ("VmShutdownVmOnPrimary", "Shut down the virtual machine"),
    "PrepareForUnPlannedFailoverTask": ("VmPrepareForUnPlannedFailover", "Synchronizing the latest changes"),
    "FailoverTask": ("VmFailover", "Start failover"),
    "StartVmOnSecondary": ("VmFoStartVmOnSecondary", "Start the replica virtual machine"),
    "CommitFailoverTask": ("VmCommitFailover", "Commit"),
    "ChangePitPreflightChecksTask": ("VmChangePitPrerequisitesCheck", "Prerequisites check"),
    "ChangePitTask": ("VmChangePit", "Change recovery point"),
    "UpdateVmPropertiesTask": ("VmUpdateProperties", "Update the virtual machine properties"),
    "SwitchProtectionPreflightChecksTask": (
        "VmSwitchPrerequisitesCheck",
        "Prerequisites check for reprotect",
    ),
    "ShutdownOriginalVmTask": ("VmShutdownOriginal", "Shut down the original virtual machine"),
    "SwitchProtectionTask": ("VmSwitchProtection", "Reprotecting virtual machine"),
    "ReprotectPreflightChecksTask": ("VmReprotectPrerequisitesCheck", "Prerequisites check for reprotect"),
    "ReprotectTask": ("VmReprotect", "Reprotecting virtual machine"),
    "TestFailoverPreflightChecksTask": ("VmTfoPrerequisitesCheck", "Prerequisites check for test failover"),
    "TestFailoverTask": ("VmTestFailover", "Create test virtual machine"),
    "StartTestVmTask": ("VmStartTestVm", "Start the test virtual machine"),
    "TestFailoverCleanupTask": ("VmTestFailoverCleanup", "Clean up the test virtual machine"),
    "FinalizeProtectionTask": ("VmFinalizeProtection", "Finalize protection on the primary virtual machine"),
}
TASKS = {task: Task(id=task, name=name, friendly_name=friendly) for task, (name, friendly) in _NAMES.items()}
"""Every task by its id."""
