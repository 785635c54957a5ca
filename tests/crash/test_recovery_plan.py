"""Desktops that a recovery plan moves, killed where a process can die: one job for each, and one of all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain.ids import recovery_job_id, recovery_plan_id
from avd_failover.domain.plan import Mode
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan
from avd_failover.domain.recovery_plans import PlannedTogether
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Outcome
from avd_failover.report.machines import machine_accounts
from avd_failover.simulator.recovery_records import Job, Mischief, ProtectedItem
from tests.crash.cuts import Boundary, KilledError
from tests.crash.scene import Scene

NAME = "personal-small"
DESKTOPS = ("vm-pd-neu-0", "vm-pd-neu-1", "vm-pd-neu-2")
PLAN = "rp-personal-eu"
TOGETHER = ("UnplannedFailover", "CommitFailover")
SAMPLE = 12
"""Cut points around the requests on the recovery plan in an ordinary run."""


class ByPlan(Scene):
    """One unplanned failover of three desktops that the scenario's recovery plan moves."""

    def __init__(self, faults: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(NAME, faults=faults)
        route = self.asked.route
        personal = route.plan.personal
        assert personal is not None
        lies = recovery_plan_id(f"{personal.vault}/replicationRecoveryPlans/{PLAN}")
        use = PlannedTogether(plan=lies, machines=("vm-pd-neu-*",))
        plan = replace(route.plan, personal=replace(personal, plans=(use,), minimum_success_pct=100))
        self.asked = replace(self.asked, route=replace(route, plan=plan, mode=Mode.UNPLANNED))

    def arm(self, desktop: str, on: str, how: Mischief) -> None:
        """Put a mishap in store for a job of one desktop."""
        found = next(one for one in self.world.core.table(ProtectedItem).values() if one.name == desktop)
        self.world.recovery.mishaps.arm("tester", found.id, on, how)

    def jobs(self) -> Counter[tuple[str, str]]:
        """Count the jobs that the vault has seen, by kind and what they work on."""
        every = self.world.core.table(Job).values()
        return Counter((job.scenario, job.subject.rsplit("/", 1)[-1]) for job in every)

    def sent(self) -> list[str]:
        """Return what was accepted about the recovery plan, and about single machines, in order."""
        attempts = replay(self.store).state.attempts.values()
        kinds = [type(one.action).__name__ for one in attempts if one.outcome is Outcome.APPLIED]
        return [kind for kind in kinds if kind.startswith(("FailOver", "Commit"))]

    def wrong(self) -> list[str]:
        """Return everything that is not as a whole run must leave it."""
        if self.state.status is not RunStatus.COMPLETED:
            return [f"{self.state.status.value}: {self.state.because}"]
        jobs = self.jobs()
        wanted = {(kind, one): 1 for kind in TOGETHER for one in (*DESKTOPS, PLAN)}
        return [f"{jobs[one]} jobs {one}" for one in wanted if jobs[one] != 1]


def test_three_desktops_move_by_one_request_and_are_committed_by_one():
    run = ByPlan()
    assert run.drive() is RunStatus.COMPLETED, run.state.because
    assert run.wrong() == []
    assert run.sent() == ["FailOverPlan", "CommitPlan"]
    attempts = replay(run.store).state.attempts.values()
    together = [one for one in attempts if isinstance(one.action, FailOverPlan | CommitPlan)]
    jobs = [job for job in run.world.core.table(Job).values() if job.subject_kind == "RecoveryPlan"]
    assert [one.job for one in together] == [recovery_job_id(job.id) for job in jobs]
    commit = together[1].action
    assert isinstance(commit, CommitPlan)
    assert all(one.point_at for one in commit.members), "each machine's own point"


def around(kinds: frozenset[Boundary]) -> list[int]:
    """Return boundaries of a clean run, those of the wanted kinds, thinned out."""
    clean = ByPlan()
    clean.drive()
    every = [point.n for point in clean.knife.points if point.kind in kinds]
    return every[:: max(1, len(every) // SAMPLE)]


@pytest.mark.parametrize(
    "kinds",
    [frozenset({Boundary.APPLIED, Boundary.ANSWERED}), frozenset(Boundary)],
    ids=["around requests", "anywhere"],
)
def test_killed_and_resumed_there_is_one_job_for_each_machine_and_one_of_the_plan(kinds):
    wrong = {}
    for cut in around(kinds):
        run = ByPlan()
        try:
            run.drive(cut)
        except KilledError:
            if cut % 2:
                run.arrive_late()
                run.move()
            if not run.store.lines or not run.final():
                run.drive()
        if found := run.wrong():
            wrong[cut] = found
    assert wrong == {}


@pytest.mark.parametrize("verb", ["fail-over", "commit"])
@pytest.mark.parametrize("fault", ["drop-response", "drop-request"])
def test_a_request_without_an_answer_is_settled_by_reading_the_plan_and_its_jobs(verb, fault):
    run = ByPlan([{"fault": fault, "route": f"recovery-plans.{verb}", "times": 1}])
    assert run.drive() is RunStatus.COMPLETED, run.state.because
    assert run.wrong() == []


def test_one_machine_that_fails_inside_the_plan_holds_the_run_and_is_retried_by_itself():
    run = ByPlan()
    run.arm(DESKTOPS[1], "UnplannedFailover", "fails")
    assert run.drive() is RunStatus.HELD
    assert DESKTOPS[1] in run.state.because
    assert DESKTOPS[0] not in run.state.because
    assert run.sent() == ["FailOverPlan"]
    run.ask("retry", step="failover", item=DESKTOPS[1])
    assert run.drive() is RunStatus.COMPLETED, run.state.because
    assert run.sent() == ["FailOverPlan", "FailOverMachine", "CommitPlan"]
    failovers = {one: n for (kind, one), n in run.jobs().items() if kind == "UnplannedFailover"}
    assert failovers == {PLAN: 1, DESKTOPS[0]: 1, DESKTOPS[1]: 2, DESKTOPS[2]: 1}


def test_one_machine_that_is_left_out_leaves_the_others_to_be_committed_one_by_one():
    run = ByPlan()
    run.arm(DESKTOPS[1], "UnplannedFailover", "fails")
    run.drive()
    run.ask("skip", step="failover", item=DESKTOPS[1], reason="its user is away")
    assert run.drive() is RunStatus.COMPLETED, run.state.because
    assert run.sent() == ["FailOverPlan", "CommitFailover", "CommitFailover"]


def test_one_machine_that_is_stuck_inside_the_plan_is_named_and_nobody_else():
    run = ByPlan()
    run.arm(DESKTOPS[2], "UnplannedFailover", "suspends")
    assert run.drive() is RunStatus.HELD
    assert DESKTOPS[2] in run.state.because
    assert "Suspended" in run.state.because
    assert run.sent() == ["FailOverPlan"]


def test_a_run_whose_recovery_plan_was_begun_is_not_turned_back():
    run = ByPlan()
    run.arm(DESKTOPS[2], "UnplannedFailover", "fails")
    run.drive()
    run.ask("rollback", reason="second thoughts")
    assert run.drive() is RunStatus.HELD
    assert "3 desktops failed over, or about to: no failover is undone" in run.state.because


def test_the_report_tells_every_machine_that_a_recovery_plan_moved():
    run = ByPlan()
    run.drive()
    told = machine_accounts(run.state)
    assert tuple(one.name for one in told) == DESKTOPS
    for one in told:
        assert one.failed_over_at is not None
        assert one.committed_at is not None
        assert one.loss_s is not None
