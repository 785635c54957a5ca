"""Requests whose answer was lost: not sent in a storm, and never let in behind a run that was turned back."""

import pytest

from avd_failover.domain.states import RunStatus
from avd_failover.engine.attempts import PATIENCE_S
from avd_failover.journal.events import Entry, StepEnded, StepStarted
from avd_failover.journal.state import RunState
from tests.crash.nth import TROUBLES, Requests
from tests.crash.scene import IN_FLIGHT_S, Scene

NEVER_APPLIED = next(one for one in TROUBLES if one.name == "unknown and not applied")


def test_a_request_whose_answer_is_always_lost_is_sent_at_growing_distances() -> None:
    scene = Scene()
    lost = Requests(lambda _n, route: NEVER_APPLIED if route == "sessions.log-off" else None)
    scene.hooks.append(lost.hook)
    assert scene.drive() is RunStatus.HELD
    sent = [one.intended_at for one in scene.state.steps["logoff-source"].attempts]
    per_session = len(sent) / 3
    assert per_session < 3600 / PATIENCE_S + 10, "a storm instead of patience"
    assert per_session > 10, "and yet it is tried again"


def turned_back_after(step: str, faults: list[dict[str, object]]) -> Scene:
    """Return a scene that is turned back once a step began and everything under way has left."""
    scene = Scene(faults=faults)

    def watch(entry: Entry, state: RunState) -> None:
        event = entry.event
        if isinstance(event, StepStarted | StepEnded) and event.step == step and not state.said:
            scene.ask("rollback", reason="a person looked")

    scene.observers.append(watch)
    return scene


@pytest.mark.parametrize("after_s", [5, 100, 300, int(IN_FLIGHT_S) - 1])
def test_a_grant_that_arrives_late_never_meets_the_access_that_a_turned_back_run_restored(
    after_s: int,
) -> None:
    late = {
        "fault": "late-apply",
        "route": "assignments.create",
        "nth": 2,
        "low": f"{after_s}s",
        "high": f"{after_s}s",
    }
    scene = turned_back_after("grant-target", [late])
    assert scene.drive() is RunStatus.ROLLED_BACK, scene.state.because
    scene.later(2 * IN_FLIGHT_S)
    assert scene.faults_found() == []


@pytest.mark.parametrize("after_s", [30, 200, int(IN_FLIGHT_S) - 1])
def test_a_delete_that_arrives_late_takes_nothing_that_a_turned_back_run_restored(after_s: int) -> None:
    late = {"fault": "late-apply", "route": "assignments.delete", "nth": 1, "low": f"{after_s}s"}
    scene = turned_back_after("revoke-source", [late | {"high": f"{after_s}s"}])
    assert scene.drive() is RunStatus.ROLLED_BACK, scene.state.because
    scene.later(2 * IN_FLIGHT_S)
    assert scene.faults_found() == []


@pytest.mark.parametrize("route", ["hosts.patch", "pools.patch", "plans.patch"])
def test_a_setting_that_changes_late_is_put_back_before_a_run_counts_as_rolled_back(route: str) -> None:
    late = {"fault": "late-apply", "route": route, "nth": 1, "low": "200s", "high": "200s"}
    scene = turned_back_after("drain-source", [late])
    assert scene.drive() is RunStatus.ROLLED_BACK, scene.state.because
    scene.later(2 * IN_FLIGHT_S)
    assert scene.faults_found() == []
