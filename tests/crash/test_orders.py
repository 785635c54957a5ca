"""Pause, abort and skip, asked for while a run goes on."""

import pytest

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Entry, StepStarted
from avd_failover.journal.state import RunState
from tests.crash.stage import Stage


def asked_at(step: str, kind: str, /, **words: str) -> Stage:
    """Return a stage where somebody asks for something the moment a step starts."""
    stage = Stage()

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step == step and not state.said:
            stage.ask(kind, **words)

    stage.watch = watch
    return stage


@pytest.mark.parametrize("kind", ["pause", "abort"])
def test_a_run_that_is_stopped_by_a_person_is_held_with_who_and_why_and_can_go_on(kind: str) -> None:
    stage = asked_at("logoff-source", kind, reason="too many calls")
    assert stage.drive() is RunStatus.HELD
    assert "by tester: too many calls" in stage.state.because
    assert stage.state.steps["grant-target"].status is StepStatus.PENDING
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.violations() == []


def test_a_step_that_waits_can_be_skipped_and_what_needs_it_goes_on() -> None:
    stage = asked_at("tell-users", "skip", step="tell-users", reason="everybody knows")
    assert stage.drive() is RunStatus.COMPLETED
    step = stage.state.steps["tell-users"]
    assert (step.status, step.because) == (StepStatus.SKIPPED, "skipped by tester: everybody knows")


@pytest.mark.parametrize("step", ["barrier", "revoke-source", "grant-target", "logoff-source"])
def test_a_step_that_safety_rests_on_cannot_be_skipped_even_if_asked_behind_the_command(step: str) -> None:
    stage = asked_at(step, "skip", step=step, reason="hurry")
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.state.steps[step].status is StepStatus.DONE
    assert [said.kind for said in stage.state.said] == ["skip"]
    assert stage.violations() == []


def test_a_request_that_nobody_can_read_pauses_the_run() -> None:
    stage = Stage()

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step == "revoke-source" and not state.said:
            stage.store.append_request(stage.world.at(), "rollbakc", "{")

    stage.watch = watch
    assert stage.drive() is RunStatus.HELD
    assert "could not be read" in stage.state.because


def test_each_request_is_taken_up_once_even_across_a_resume() -> None:
    stage = asked_at("logoff-source", "pause")
    stage.drive()
    stage.watch = lambda _stage, _entry, _state: None
    assert stage.drive() is RunStatus.COMPLETED
    assert [said.request for said in stage.state.said] == [1]
