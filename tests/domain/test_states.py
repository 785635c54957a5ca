"""The table of moves is all there is."""

from itertools import product

import pytest

from avd_failover.domain.states import (
    RUN_MOVES,
    STEP_MOVES,
    IllegalMoveError,
    RunStatus,
    StepStatus,
    move_run,
    move_step,
)

RUN_PAIRS = list(product(RunStatus, RunStatus))
STEP_PAIRS = list(product(StepStatus, StepStatus))


@pytest.mark.parametrize(("before", "after"), RUN_PAIRS)
def test_a_run_moves_by_the_table_or_not_at_all(before, after):
    if (before, after) in RUN_MOVES:
        assert move_run(before, after) is after
    else:
        with pytest.raises(IllegalMoveError, match=f"from {before.value} to {after.value}"):
            move_run(before, after)


@pytest.mark.parametrize(("before", "after"), STEP_PAIRS)
def test_a_step_moves_by_the_table_or_not_at_all(before, after):
    if (before, after) in STEP_MOVES:
        assert move_step("drain", before, after) is after
    else:
        with pytest.raises(
            IllegalMoveError, match=f"step drain cannot go from {before.value} to {after.value}"
        ):
            move_step("drain", before, after)


@pytest.mark.parametrize("status", RunStatus)
def test_nothing_follows_a_final_state_and_something_follows_every_other(status):
    assert status.final == (not any(before is status for before, _ in RUN_MOVES))


@pytest.mark.parametrize("status", StepStatus)
def test_nothing_follows_an_ended_step_but_an_aged_proof_and_something_follows_every_other(status):
    follows = {after for before, after in STEP_MOVES if before is status}
    if status in {StepStatus.DONE, StepStatus.SKIPPED}:
        assert follows == {StepStatus.RUNNING}
    else:
        assert status.ended == (not follows)


def test_only_done_skipped_and_debt_let_the_next_step_begin():
    assert {status for status in StepStatus if status.ended} == {
        StepStatus.DONE,
        StepStatus.SKIPPED,
        StepStatus.DEBT,
    }


def test_a_killed_process_is_no_illegal_move():
    assert move_run(RunStatus.RUNNING, RunStatus.RUNNING) is RunStatus.RUNNING
    assert move_step("drain", StepStatus.RUNNING, StepStatus.RUNNING) is StepStatus.RUNNING


def reachable(moves, start):
    seen = {start}
    while more := {after for before, after in moves if before in seen} - seen:
        seen |= more
    return seen


def test_every_state_can_be_reached():
    assert reachable(RUN_MOVES, RunStatus.RUNNING) == set(RunStatus)
    assert reachable(STEP_MOVES, StepStatus.PENDING) == set(StepStatus)


@pytest.mark.parametrize("status", RunStatus)
def test_from_every_state_a_run_can_still_end(status):
    assert any(after.final for after in reachable(RUN_MOVES, status))


@pytest.mark.parametrize("status", StepStatus)
def test_from_every_state_a_step_can_still_end(status):
    assert any(after.ended for after in reachable(STEP_MOVES, status))


@pytest.mark.parametrize("reason", [*RUN_MOVES.values(), *STEP_MOVES.values()])
def test_every_move_has_a_reason(reason):
    assert len(reason.split()) > 1 or reason == "resumed"
