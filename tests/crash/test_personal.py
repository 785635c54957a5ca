"""Personal desktops killed around each accepted failover, and turned back at every step."""

import pytest

from avd_failover.domain.ids import recovery_job_id
from avd_failover.domain.recovery_actions import FailOverMachine
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import ActionEnded, Entry, StepStarted
from avd_failover.journal.state import RunState
from avd_failover.simulator.recovery_records import Job
from tests.crash.cuts import Boundary
from tests.crash.desks import DESKTOPS, Desks, There, Unplanned
from tests.crash.matrix import Case, play
from tests.crash.scene import asked
from tests.crash.ways import Going, Weather

NAME = "desks-unplanned"
STEPS = [step.id for step in asked("personal-eu").graph.steps]
UNTIL_FAILOVER = STEPS[: STEPS.index("failover")]
PLANNED = [step for step in STEPS if step != "stop-left"]


def ended(one: Desks) -> list[ActionEnded]:
    """Return how each attempt ended that got an answer, in the journal's order."""
    entries: list[Entry] = []
    replay(one.store, entries.append)
    return [
        entry.event
        for entry in entries
        if isinstance(entry.event, ActionEnded) and entry.event.by == "answer"
    ]


def around_failovers(kind: Boundary) -> list[Case]:
    """Return the cases at the boundaries of one kind that are nearest to the answer to each failover."""
    clean = Unplanned()
    clean.drive()
    attempts, seen = replay(clean.store).state.attempts, clean.knife.points
    answers = [point for point in seen if point.kind is Boundary.ANSWERED]
    found = set()
    for answer, end in zip(answers, ended(clean), strict=True):
        if isinstance(attempts[end.n].action, FailOverMachine):
            before = [point for point in seen if point.kind is kind and point < answer]
            after = [point for point in seen if point.kind is kind and point >= answer]
            found.add(before[-1] if kind is Boundary.APPLIED else after[0])
    goings = {False: (Going.HERE, Weather.FRESH), True: (Going.ELSEWHERE, Weather.AMBIGUOUS)}
    return [Case(point, *goings[bool(point.n % 2)]) for point in sorted(found)]


AROUND_THE_ANSWER = {
    Boundary.APPLIED: "accepted, answer lost",
    Boundary.ANSWERED: "accepted, outcome lost",
    Boundary.AFTER_OUTCOME: "accepted, outcome durable",
}


@pytest.mark.parametrize("kind", AROUND_THE_ANSWER, ids=AROUND_THE_ANSWER.get)
def test_a_failover_that_was_accepted_is_gone_on_with_and_never_begun_again(kind):
    cases = around_failovers(kind)
    assert cases
    assert {str(case): found for case in cases if (found := play(NAME, case))} == {}


def test_the_journal_names_each_job_that_a_run_began():
    clean = Unplanned()
    clean.drive()
    named = [end.job for end in ended(clean) if end.job]
    jobs = list(clean.world.core.table(Job).values())
    assert sorted(named) == sorted(recovery_job_id(job.id) for job in jobs if job.scenario in clean.once)
    assert {job.scenario for job in jobs} - set(clean.once) <= {"PrimaryIrCompletion"}, "the vault's own jobs"
    assert len(named) == DESKTOPS * len(clean.once)


def turned_back_at(step: str) -> There:
    """Return a scene whose run somebody turns back the moment a step starts."""
    scene = There()

    def watch(entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step == step and not state.said:
            scene.ask("rollback", reason="a person looked")

    scene.observers.append(watch)
    return scene


@pytest.mark.parametrize("step", UNTIL_FAILOVER)
def test_a_run_turned_back_before_a_desktop_moved_leaves_everything_as_it_was(step):
    scene = turned_back_at(step)
    assert scene.drive() is RunStatus.ROLLED_BACK, scene.state.because
    assert scene.state.because == "every desktop is where it was"
    assert scene.faults_found() == []
    assert scene.jobs() == {}


@pytest.mark.parametrize("step", [step for step in PLANNED if step not in UNTIL_FAILOVER][:-1])
def test_a_run_that_moved_a_desktop_rests_with_the_reason_and_goes_on(step):
    scene = turned_back_at(step)
    assert scene.drive() is RunStatus.HELD
    assert "3 desktops failed over, or about to: no failover is undone" in scene.state.because
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    assert scene.faults_found() == []
