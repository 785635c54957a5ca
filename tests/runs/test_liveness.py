"""How soon a run asks, stops or says what it waits for: bounds of the specification, in virtual time."""

from datetime import datetime
from typing import Any

import pytest

from avd_failover.cli.request import Wish, ask
from avd_failover.domain.plan import Mode, Policies
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.codec import decode
from avd_failover.journal.events import Entry, OperatorSaid, RunEnded, StepStarted, StepWaiting
from avd_failover.journal.state import RunState, StepState
from tests.crash.stage import ROOT, Stage

POLICIES = Policies()
PLAN = str(ROOT / "plans" / "pooled-eu.yaml")
TOLD_S = 30.0
"""A wait that is longer must say what it is for (L10)."""


def entries(stage: Stage) -> list[Entry]:
    return [decode(seq, line) for seq, line in enumerate(stage.store.lines, 1)]


def at(stage: Stage, kind: type, **having: Any) -> datetime:
    """Return when the first event of a kind happened that has these properties."""
    return next(
        one.at
        for one in entries(stage)
        if isinstance(one.event, kind) and all(getattr(one.event, name) == it for name, it in having.items())
    )


def dark() -> Stage:
    stage = Stage(scenario="region-dark")
    stage.asked = ask(Wish(plan=PLAN, mode=Mode.UNPLANNED, by="dora"))
    return stage


def test_a_dark_source_is_asked_about_within_the_time_that_it_is_waited_for() -> None:
    """L5: it neither waits for ever nor goes on by itself."""
    stage = dark()
    assert stage.drive() is RunStatus.HELD
    asked = next(
        one.at
        for one in entries(stage)
        if isinstance(one.event, StepWaiting) and "must declare the source fenced" in one.event.because
    )
    assert (asked - at(stage, StepStarted, step="barrier")).total_seconds() <= POLICIES.fence_s
    assert not stage.state.steps["grant-target"].attempts


@pytest.mark.parametrize("order", ["abort", "pause"])
@pytest.mark.parametrize("step", ["start-target-hosts", "logoff-source", "barrier"])
def test_a_run_that_is_told_to_stop_stands_within_the_time_of_one_request(order: str, step: str) -> None:
    """L9, O1: wherever it is, nothing is sent after the time that a request under way may take."""
    stage = Stage()

    def watch(stage: Stage, entry: Entry, state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step == step and not state.said:
            stage.ask(order, reason="stop")

    stage.watch = watch
    assert stage.drive() is RunStatus.HELD
    took_s = (at(stage, RunEnded) - at(stage, OperatorSaid)).total_seconds()
    assert took_s <= POLICIES.request_timeout_s


def running(state: RunState) -> list[StepState]:
    return [one for one in state.steps.values() if one.status is StepStatus.RUNNING]


@pytest.mark.parametrize("make", [Stage, dark], ids=["planned", "a dark source"])
def test_no_half_minute_passes_without_a_word_on_what_is_waited_for_and_until_when(make: Any) -> None:
    """L10: where the journal is silent for longer, a step said why and until when, or a request is out."""
    stage = make()
    silent: list[str] = []
    before: list[tuple[datetime, bool]] = []

    def said(state: RunState) -> bool:
        waits = any(one.waits_until is not None and one.because for one in running(state))
        return waits or any(one.outcome is None for one in state.attempts.values())

    def watch(_stage: Stage, entry: Entry, state: RunState) -> None:
        if before and (entry.at - before[-1][0]).total_seconds() > TOLD_S and not before[-1][1]:
            silent.append(f"{entry.seq}: {entry.event}")
        before.append((entry.at, said(state)))

    stage.watch = watch
    stage.drive()
    assert silent == []
    told = [one.event for one in entries(stage) if isinstance(one.event, StepWaiting)]
    assert told
    assert all(one.because for one in told)
