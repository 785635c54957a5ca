"""Sessions that no log-off reaches: told from those that hide by the power of their machine alone."""

import pytest

from avd_failover.domain.actions import LogOff
from avd_failover.domain.faults import RefusedError
from avd_failover.operations.base import AfterRefusal, NotYet, Proven, Verdict
from tests.operations.drive import bound_operation, see, stage_with

GONE = RefusedError("User session does not exist", code="404", status=404)


def after_a_log_off_found_nothing(*world: str) -> tuple[int, Verdict]:
    """Look, have every log-off answered 404, and look again: how many are sent then, and the verdict."""
    stage = stage_with(*world)
    operation = bound_operation(stage, "sessions.logoff")
    moves, _ = see(operation, stage)
    for action in moves.actions:
        assert isinstance(action, LogOff)
        assert operation.after(action, GONE) is AfterRefusal.AGAIN
    again, verdict = see(operation, stage)
    return len(again.actions), verdict


def test_a_session_on_a_deallocated_machine_is_left_to_azure() -> None:
    sent, verdict = after_a_log_off_found_nothing("host weu-1 Unavailable", "session weu-1/1 Active")
    assert sent == 0
    assert verdict == Proven(
        because="0 sessions logged off, none left but 1 ghost on machines that are off",
        facts={"sessions_ended": 0, "ghosts": 1},
        idle=False,
    )


@pytest.mark.parametrize(
    "host",
    ["host weu-1 Available", "host weu-1 Unavailable stopped", "host weu-1 Unavailable running"],
    ids=["works", "stopped, not deallocated", "runs without a word"],
)
def test_a_session_whose_machine_is_not_known_to_be_off_is_somebody(host: str) -> None:
    sent, verdict = after_a_log_off_found_nothing(host, "session weu-1/1 Active")
    assert sent == 1
    assert isinstance(verdict, NotYet)


def test_a_machine_that_cannot_be_read_proves_no_ghost() -> None:
    sent, verdict = after_a_log_off_found_nothing(
        "host weu-1 Unavailable", "session weu-1/1 Active", "fault machine vm-weu-1: 404"
    )
    assert sent == 1
    assert isinstance(verdict, NotYet)


def test_nobody_asks_for_machines_before_a_log_off_found_nothing() -> None:
    stage = stage_with("host weu-1 Unavailable", "session weu-1/1 Active")
    operation = bound_operation(stage, "sessions.logoff")
    moves, _ = see(operation, stage)
    assert len(moves.actions) == 1
