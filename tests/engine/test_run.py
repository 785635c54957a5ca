"""A run: order, concurrency, stopping, and how each end is told."""

import asyncio
from collections import deque

import pytest

from avd_failover.domain.faults import TransientError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import Mode
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.operations.base import AnyOperation, Blocked, Bound, Moot, Proven
from tests.engine.lamps import Fixed, Stage, SwitchOn, lamp_step, make_graph

DIAMOND = make_graph(
    lamp_step("root"),
    lamp_step("left", "left", "root"),
    lamp_step("right", "right", "root"),
    lamp_step("join", "join", "left", "right"),
)


def test_steps_begin_when_their_needs_ended_and_not_before() -> None:
    stage = Stage(DIAMOND)
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.lamps.sent == ["root", "left", "right", "join"]


def test_steps_that_do_not_need_each_other_run_at_the_same_time() -> None:
    stage = Stage(make_graph(*(lamp_step(f"s{n}") for n in range(20))))
    stage.lamps.takes_s = 100.0
    stage.drive()
    assert stage.took_s < 150.0


def test_a_steps_outcome_and_the_intents_it_enables_are_one_commit() -> None:
    graph = make_graph(*(lamp_step(f"s{n}", f"s{n}", *([f"s{n - 1}"] if n else [])) for n in range(30)))
    stage = Stage(graph)
    stage.drive()
    per_step = stage.store.commits / 30
    assert per_step <= 2.2, f"{per_step:.1f} commits a step"


def test_a_step_of_another_mode_is_skipped_with_the_reason_and_its_followers_run() -> None:
    graph = make_graph(lamp_step("tell", modes=(Mode.PLANNED,)), lamp_step("go", "go", "tell"))
    stage = Stage(graph, mode=Mode.UNPLANNED)
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.state.steps["tell"].because == "applies to planned runs only"
    assert stage.lamps.sent == ["go"]


def guarded(*verdicts: object) -> Stage:
    """Return a stage whose first step is a check with these verdicts and whose second switches a lamp on."""
    stage = Stage(make_graph(Step(id="check", uses="check"), lamp_step("go", "go", "check")))

    def operations(bound: Bound) -> AnyOperation:
        return Fixed(*verdicts) if bound.step.id == "check" else SwitchOn(bound)  # type: ignore[arg-type]

    stage.operations = operations
    return stage


def test_an_interlock_that_blocks_before_any_change_refuses_the_run() -> None:
    finding = Finding(code="shadow-access", subject="somebody", detail="another way in")
    stage = guarded(Blocked(because="another way in", findings=(finding,)))
    assert stage.drive() is RunStatus.REFUSED
    assert stage.state.findings == (finding,)
    assert stage.lamps.sent == []


def test_an_interlock_that_blocks_after_a_change_holds_the_run() -> None:
    stage = Stage(make_graph(lamp_step("go"), Step(id="check", uses="check", needs=("go",))))
    stage.operations = lambda bound: (
        SwitchOn(bound) if bound.step.id == "go" else Fixed(Blocked(because="something moved"))
    )
    assert stage.drive() is RunStatus.HELD
    assert stage.state.because == "something moved"


def test_a_run_whose_goal_holds_already_does_nothing_and_completes() -> None:
    stage = guarded(Moot(because="all on the target"))
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.state.because == "nothing to do: all on the target"
    assert {step.status for step in stage.state.steps.values()} == {StepStatus.SKIPPED}
    assert stage.lamps.sent == []


def test_nothing_new_begins_once_a_step_holds_the_run_but_what_runs_ends() -> None:
    slow, after = lamp_step("slow"), lamp_step("after", "after", "slow")
    stage = Stage(make_graph(Step(id="check", uses="check"), slow, after))
    stage.lamps.takes_s = 50.0
    stage.operations = lambda bound: (
        Fixed(Blocked(because="no")) if bound.step.id == "check" else SwitchOn(bound)
    )
    assert stage.drive() is RunStatus.HELD
    assert stage.state.steps["slow"].status is StepStatus.DONE
    assert stage.lamps.sent == ["slow"]


def stop_when_sent(stage: Stage, name: str) -> None:
    """Ask the stage's run to stop the moment this lamp's request is sent."""

    def check(machine: str) -> None:
        if machine == name:
            assert stage.stop is not None
            stage.stop.ask("stopped by SIGINT")

    stage.lamps.before_send = check


def test_a_stop_request_lets_what_is_under_way_end_and_be_written_down() -> None:
    stage = Stage(DIAMOND)
    stop_when_sent(stage, "root")
    assert stage.drive() is RunStatus.INTERRUPTED
    assert stage.state.because == "stopped by SIGINT"
    assert stage.lamps.sent == ["root"]
    assert [attempt.outcome for attempt in stage.state.attempts.values()] == [Outcome.APPLIED]


def test_a_request_that_outlasts_the_grace_is_left_open_and_settled_on_resume() -> None:
    stage = Stage(DIAMOND)
    stage.lamps.takes_s = 500.0
    stop_when_sent(stage, "root")
    assert stage.drive() is RunStatus.INTERRUPTED
    assert stage.state.attempts[1].open
    stage.lamps.on.add("root")
    stage.lamps.before_send = lambda _: None
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.lamps.sent == ["root", "left", "right", "join"]


def test_a_stop_request_ends_a_wait_at_once() -> None:
    stage = Stage(make_graph(lamp_step("slow", proof_within_s=10_000.0)))
    stage.operations = lambda bound: SwitchOn(bound, lag=10**6)

    def ask_soon(machine: str) -> None:
        assert stage.stop is not None
        asyncio.get_running_loop().call_later(123.0, stage.stop.ask, "stopped by SIGTERM")

    stage.lamps.before_send = ask_soon
    assert stage.drive() is RunStatus.INTERRUPTED
    assert stage.took_s == pytest.approx(123.0, abs=1.0)


def test_resuming_an_interrupted_run_ends_as_if_nothing_had_happened() -> None:
    stage = Stage(DIAMOND)
    stop_when_sent(stage, "right")
    assert stage.drive() is RunStatus.INTERRUPTED
    stage.lamps.before_send = lambda _: None
    assert stage.drive() is RunStatus.COMPLETED
    assert sorted(stage.lamps.sent) == ["join", "left", "right", "root"]
    assert stage.state.resumed == 1


def test_a_held_run_goes_on_after_the_cause_is_mended() -> None:
    stage = Stage(make_graph(lamp_step("light", proof_within_s=100.0)))
    stage.lamps.read_faults = deque([TransientError("down")] * 1000)
    assert stage.drive() is RunStatus.HELD
    stage.lamps.read_faults.clear()
    assert stage.drive() is RunStatus.COMPLETED


def test_a_defect_of_an_operation_ends_the_run_without_an_end_in_the_journal() -> None:
    class Broken(Fixed):
        def prove(self, looks):
            raise ZeroDivisionError

    stage = Stage(make_graph(Step(id="check", uses="check"), lamp_step("slow")))
    stage.operations = lambda bound: (
        Broken(Proven(because="")) if bound.step.id == "check" else SwitchOn(bound)
    )
    with pytest.raises(ZeroDivisionError):
        stage.drive()
    assert stage.events("run.ended") == []
    stage.operations = lambda bound: (
        Fixed(Proven(because="fine")) if bound.step.id == "check" else SwitchOn(bound)
    )
    assert stage.drive() is RunStatus.COMPLETED


def test_equal_runs_write_equal_journals_byte_for_byte() -> None:
    one, other = Stage(DIAMOND), Stage(DIAMOND)
    one.drive()
    other.drive()
    assert one.store.lines == other.store.lines
