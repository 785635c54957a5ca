"""One step's loop: what is sent, what is written, and when it ends."""

from collections import deque

import pytest

from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from avd_failover.domain.graph import IfUnreachable, OnFailure
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.codec import decode
from avd_failover.journal.events import ActionEnded, ActionIntended, Outcome
from avd_failover.operations.base import AfterRefusal
from tests.engine.lamps import Lamps, Stage, SwitchOn, lamp_step, make_graph


def one_step(lamps: Lamps, names: str = "a", **changes: object) -> Stage:
    return Stage(make_graph(lamp_step("light", names, **changes)), lamps)


def test_a_step_sends_what_it_planned_and_ends_when_a_reading_proves_it() -> None:
    stage = one_step(Lamps(), "a b")
    assert stage.drive() is RunStatus.COMPLETED
    step = stage.state.steps["light"]
    assert (step.status, step.facts, step.planned) == (StepStatus.DONE, {"lit": 2}, 2)
    assert sorted(stage.lamps.sent) == ["a", "b"]


def test_a_step_with_nothing_to_do_is_skipped_and_says_why() -> None:
    lamps = Lamps()
    lamps.on = {"a"}
    stage = one_step(lamps)
    stage.drive()
    step = stage.state.steps["light"]
    assert step.status is StepStatus.SKIPPED
    assert step.skipped["a"].because == "is on"
    assert lamps.sent == []


def test_an_intent_is_durable_before_its_request_leaves() -> None:
    lamps = Lamps()
    stage = one_step(lamps, "a b c")

    def check(machine: str) -> None:
        events = [decode(seq, line).event for seq, line in enumerate(stage.store.lines, 1)]
        intents = [event.action.target for event in events if isinstance(event, ActionIntended)]
        assert machine in intents

    lamps.before_send = check
    stage.drive()
    assert len(lamps.sent) == 3


def test_intents_of_one_step_share_a_commit() -> None:
    stage = one_step(Lamps(), " ".join(f"lamp{n}" for n in range(50)))
    stage.drive()
    assert stage.state.steps["light"].planned == 50
    assert stage.store.commits < 10


def test_a_transient_refusal_is_sent_again_only_after_another_look() -> None:
    lamps = Lamps()
    lamps.faults["a"] = deque([TransientError("throttled", wait_s=30.0), None])
    stage = one_step(lamps)
    looks: list[int] = []
    lamps.before_send = lambda _: looks.append(lamps.reads)
    assert stage.drive() is RunStatus.COMPLETED
    assert lamps.sent == ["a", "a"]
    assert looks[1] > looks[0], "the second request came without a reading in between"
    assert stage.took_s >= 30.0, "Retry-After was not waited for"


def test_an_answer_that_was_lost_is_settled_by_reading_and_not_sent_again() -> None:
    lamps = Lamps()
    lamps.lost["a"] = deque([UnknownError("connection reset")])
    stage = one_step(lamps)
    assert stage.drive() is RunStatus.COMPLETED
    assert lamps.sent == ["a"]
    outcomes = [(event.outcome, event.by) for event in stage.events("action.ended")]
    assert outcomes == [(Outcome.UNKNOWN, "answer"), (Outcome.APPLIED, "reading")]


def test_a_request_that_was_lost_is_found_not_done_and_sent_again() -> None:
    lamps = Lamps()
    lamps.faults["a"] = deque([UnknownError("connection reset"), None])
    stage = one_step(lamps)
    assert stage.drive() is RunStatus.COMPLETED
    assert lamps.sent == ["a", "a"]
    ended: list[ActionEnded] = stage.events("action.ended")
    assert [event.outcome for event in ended] == [Outcome.UNKNOWN, Outcome.VOID, Outcome.APPLIED]


@pytest.mark.parametrize(
    ("tolerance", "status", "sends"),
    [
        (AfterRefusal.STOP, RunStatus.HELD, 1),
        (AfterRefusal.LEAVE, RunStatus.HELD, 1),
        (AfterRefusal.AGAIN, RunStatus.COMPLETED, 2),
    ],
)
def test_what_a_refusal_means_is_the_operations_to_say(
    tolerance: AfterRefusal, status: RunStatus, sends: int
) -> None:
    lamps = Lamps()
    lamps.faults["a"] = deque([RefusedError("no", code="Conflict", status=409), None])
    stage = one_step(lamps, proof_within_s=200.0)
    stage.operations = lambda bound: SwitchOn(bound, tolerate=tolerance)
    assert stage.drive() is status
    assert len(lamps.sent) == sends


def test_a_refusal_that_stops_the_step_names_action_target_and_reason() -> None:
    lamps = Lamps()
    lamps.faults["a"] = deque([RefusedError("the scope is locked", code="ScopeLocked", status=409)])
    stage = one_step(lamps)
    stage.drive()
    assert "machine.start on a: the scope is locked" in stage.state.because


@pytest.mark.parametrize(
    ("policy", "status"), [(OnFailure.HOLD, RunStatus.HELD), (OnFailure.STOP, RunStatus.FAILED)]
)
def test_a_proof_that_does_not_come_in_time_follows_the_failure_policy(
    policy: OnFailure, status: RunStatus
) -> None:
    stage = one_step(Lamps(), on_failure=policy, proof_within_s=60.0)
    stage.operations = lambda bound: SwitchOn(bound, lag=10**6)
    assert stage.drive() is status
    assert "not within 60 s" in stage.state.because
    assert stage.took_s <= 61.0


@pytest.mark.parametrize(
    ("mode", "policy", "step", "run"),
    [
        (Mode.UNPLANNED, IfUnreachable.DEBT, StepStatus.DEBT, RunStatus.COMPLETED),
        (Mode.PLANNED, IfUnreachable.DEBT, StepStatus.HELD, RunStatus.HELD),
        (Mode.UNPLANNED, IfUnreachable.HOLD, StepStatus.HELD, RunStatus.HELD),
        (Mode.PLANNED, IfUnreachable.STOP, StepStatus.FAILED, RunStatus.FAILED),
    ],
)
def test_a_dark_side_becomes_debt_only_where_the_runbook_and_the_mode_say_so(
    mode: Mode, policy: IfUnreachable, step: StepStatus, run: RunStatus
) -> None:
    lamps = Lamps()
    lamps.read_faults = deque([TransientError("no route to host")] * 1000)
    stage = Stage(make_graph(lamp_step("light", if_unreachable=policy, proof_within_s=120.0)), lamps, mode)
    assert stage.drive() is run
    assert stage.state.steps["light"].status is step
    assert "no route to host" in stage.state.steps["light"].because
    assert lamps.sent == []


def test_waits_between_failing_reads_grow_and_stay_bounded() -> None:
    lamps = Lamps()
    lamps.read_faults = deque([TransientError("busy")] * 12)
    stage = one_step(lamps, proof_within_s=3600.0)
    assert stage.drive() is RunStatus.COMPLETED
    assert lamps.reads >= 13
    assert 300.0 < stage.took_s < 12 * 61.0


def test_an_accepted_action_is_not_sent_again_while_it_may_still_show() -> None:
    class Slow(Lamps):
        async def start(self, machine):
            accepted = await super().start(machine)
            self.on.discard(machine)
            if len(self.sent) > 1:
                self.on.add(machine)
            return accepted

    lamps = Slow()
    stage = one_step(lamps, proof_within_s=600.0)
    assert stage.drive() is RunStatus.COMPLETED
    assert lamps.sent == ["a", "a"]
    assert stage.took_s >= 60.0, "the second request did not wait for the first one to show"


def test_a_wait_is_written_down_once_for_each_reason() -> None:
    stage = one_step(Lamps(), proof_within_s=300.0)
    stage.operations = lambda bound: SwitchOn(bound, lag=12)
    stage.drive()
    waits = [event.because for event in stage.events("step.waiting")]
    assert waits == ["dark: "]


@pytest.mark.parametrize(
    ("side", "fault", "waited_s"),
    [
        (End.SOURCE, TransientError("no route to host", status=503), 600.0),
        (None, TransientError("no route to host"), 600.0),
        (End.TARGET, TransientError("no route to host"), 3600.0),
        (End.SOURCE, TransientError("throttled", status=429, wait_s=30.0), 3600.0),
    ],
    ids=["a dark source", "both ends", "a dark target", "a source that throttles"],
)
def test_a_source_that_does_not_answer_is_waited_for_ten_minutes_and_then_a_person_is_asked(
    side: End | None, fault: TransientError, waited_s: float
) -> None:
    lamps = Lamps()
    lamps.read_faults = deque([fault] * 1000)
    stage = one_step(lamps, side=side, proof_within_s=3600.0)
    assert stage.drive() is RunStatus.HELD
    assert waited_s - 61.0 <= stage.took_s <= waited_s


def test_an_answer_in_between_starts_the_wait_anew() -> None:
    lamps = Lamps()
    dark: list[Exception | None] = [TransientError("dark")] * 12
    lamps.read_faults = deque([*dark, None, *dark])
    stage = one_step(lamps, side=End.SOURCE, proof_within_s=3600.0)
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.took_s > 600.0
