"""Whole runs whose requests overtake each other, and whose groups are not worked off."""

from typing import Any

import pytest

from avd_failover.domain.states import RunStatus
from tests.crash.scene import Scene


@pytest.mark.parametrize("how", ["shuffle", "reverse"])
@pytest.mark.parametrize("window", ["1s", "2s"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_completes_safely_in_whatever_order_its_requests_take_effect(
    how: str, window: str, seed: int
) -> None:
    fault: dict[str, Any] = {"fault": "reorder-requests", "how": how, "window": window}
    scene = Scene(seed=seed, faults=[fault, {**fault, "route": "assignments.*", "id": "again"}])
    assert scene.drive() is RunStatus.COMPLETED
    scene.later(900)
    assert scene.faults_found() == []
    assert all(one["hits"] > 9 for one in scene.world.faults.listed())


@pytest.mark.parametrize("seed", [1, 2])
def test_where_every_answer_is_too_old_to_compare_by_nothing_is_deleted_and_the_run_says_why(
    seed: int,
) -> None:
    fault: dict[str, Any] = {"fault": "reorder-requests", "how": "reverse", "window": "8s"}
    scene = Scene(seed=seed, faults=[fault, {**fault, "route": "assignments.*", "id": "again"}])
    assert scene.drive() is RunStatus.HELD
    assert "took longer than 10 s" in scene.state.because
    scene.later(900)
    assert [one for one in scene.faults_found() if not one.startswith("attempt ")] == []


@pytest.mark.parametrize("starts", ["0s", "200s"])
def test_nothing_is_granted_while_the_rule_of_a_group_is_pending_and_all_is_well_after_it(
    starts: str,
) -> None:
    pending = {"fault": "group-rule-pending", "group": "GRP-OFFICE", "starts": starts, "lasts": "2h"}
    scene = Scene(faults=[pending])
    ended = scene.drive()
    scene.later(900)
    assert ended in {RunStatus.REFUSED, RunStatus.HELD, RunStatus.COMPLETED}
    assert [one for one in scene.faults_found() if not one.startswith("attempt ")] == []
    assert ended is RunStatus.COMPLETED or scene.state.because
