"""Failover and failback in one world, again and again: nothing of it stays behind."""

from functools import cache
from typing import Any

import pytest

from avd_failover.cli.rehearsing import Played, play_all
from avd_failover.cli.request import Asked, read
from avd_failover.domain.states import RunStatus
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.records import Machine
from avd_failover.simulator.scenario import Scenario, load_scenario
from avd_failover.simulator.scenario_runs import RunSpec
from tests.crash.stage import ROOT, access, settings

CYCLES = 10
NIGHT = "1h"


@cache
def plan(name: str) -> Asked:
    return read(str(ROOT / "plans" / f"{name}.yaml"))


def scenario(name: str, *runs: RunSpec, **changes: Any) -> Scenario:
    found = load_scenario(ROOT / "scenarios" / f"{name}.yaml")
    return found.model_copy(update={"runs": runs or found.runs, **changes})


@cache
def cycles(name: str, count: int) -> tuple[Played, ...]:
    there = RunSpec.model_validate({"after": NIGHT})
    back = RunSpec.model_validate({"purpose": "failback", "after": NIGHT})
    found = scenario(name, *[there, back] * count)
    return play_all(plan(name), found, found.seed)


def fields(assignments: dict[str, dict[str, Any]]) -> list[str]:
    """Every assignment in all its fields but the name, which is a new one for each grant (safety S14)."""
    return sorted(
        repr({field: value for field, value in one.items() if field not in {"id", "name"}})
        for one in assignments.values()
    )


def test_ten_times_there_and_back_every_run_completes():
    played = cycles("small", CYCLES)
    assert len(played) == 2 * CYCLES
    assert {one.journal.state.status for one in played} == {RunStatus.COMPLETED}


def test_ten_times_there_and_back_leave_every_assignment_equal_field_by_field():
    before, after = build(scenario("small")), cycles("small", CYCLES)[-1].world
    assert fields(access(after)) == fields(access(before))


def test_ten_times_there_and_back_leave_drains_autoscale_schedules_and_pools_as_they_were():
    before, after = build(scenario("small")), cycles("small", CYCLES)[-1].world
    assert settings(after) == settings(before)


def test_ten_times_there_and_back_leave_the_standby_machines_stopped_again():
    before, after = build(scenario("small")), cycles("small", CYCLES)[-1].world
    for machine in before.core.table(Machine).values():
        if "weu" in machine.id:
            assert after.core.get(Machine, machine.id).power == machine.power, machine.id


def test_nobody_was_ever_on_both_sides_in_ten_cycles():
    found = audit(cycles("small", CYCLES)[-1].world)
    assert found["violations"] == []
    assert all(found["evaluated"][number] > 0 for number in ("S1", "S2", "S3", "S10", "S12"))


def test_a_failback_knows_the_run_that_it_takes_back_and_what_that_run_changed():
    there, back = cycles("small", CYCLES)[:2]
    pinned, changed = back.journal.state.pinned, [one.action for one in there.journal.state.applied()]
    assert pinned.follows == (there.journal.state.run,)
    assert [one for one in pinned.inherited if one not in changed] == []
    assert len(pinned.inherited) >= len(changed)


def test_a_second_failback_has_nothing_to_do():
    found = scenario("small", RunSpec(), RunSpec(purpose="failback"), RunSpec(purpose="failback"))
    last = play_all(plan("small"), found, found.seed)[-1].journal.state
    assert (last.status, len(last.attempts)) == (RunStatus.COMPLETED, 0)
    assert "nothing to do" in last.because


def test_a_failback_before_any_failover_has_nothing_to_do():
    found = scenario("small", RunSpec(purpose="failback"))
    (only,) = play_all(plan("small"), found, found.seed)
    assert (only.journal.state.status, len(only.journal.state.attempts)) == (RunStatus.COMPLETED, 0)


@pytest.mark.parametrize("at", ["0s", "30s", "4m", "12m"])
def test_an_aborted_failback_leaves_users_where_they_were(at):
    turn = {"at": at, "order": "rollback", "by": "Ann", "reason": "not yet"}
    back = RunSpec.model_validate({"purpose": "failback", "after": NIGHT, "people": (turn,)})
    found = scenario("small", RunSpec(), back)
    there, turned = play_all(plan("small"), found, found.seed)
    assert turned.journal.state.status is RunStatus.ROLLED_BACK, turned.journal.state.because
    assert audit(turned.world)["violations"] == []
    assert there.journal.state.status is RunStatus.COMPLETED
