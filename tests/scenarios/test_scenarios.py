"""Every scenario that comes with the project, run by the real engine, held to what it expects of a run."""

from functools import cache
from pathlib import Path

import pytest

from avd_failover.cli.rehearsing import rehearse
from avd_failover.cli.request import Asked, read
from avd_failover.simulator.scenario import Scenario, load_scenario

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "scenarios").glob("*.yaml"))
NAMES = [path.stem for path in FILES]
SLOW = {"large"}
"""Run with one seed here; ``benchmarks.rehearsals`` runs them with more."""


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(ROOT / "scenarios" / f"{name}.yaml")


@cache
def plan(name: str) -> Asked:
    return read(str(ROOT / "plans" / f"{name}.yaml"))


def cases() -> list[object]:
    return [
        pytest.param(name, later, id=f"{name}-{later}")
        for name in NAMES
        for later in range(1 if name in SLOW else 2)
    ]


@pytest.mark.parametrize(("name", "later"), cases())
def test_a_run_against_the_scenario_is_sound(name, later):
    found = scenario(name)
    if found.plan is None:
        pytest.skip("it names no plan: nothing moves this workload yet")
    run = rehearse(plan(found.plan), found, found.seed + later)
    missed = [f"{one.expected}: {one.found}" for one in run.held if not one.met]
    assert (run.broken, missed) == ((), []), f"failover rehearse --scenario {name} --seed {run.seed}"


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_called_as_its_file(name):
    assert scenario(name).scenario == name


@pytest.mark.parametrize("name", [name for name in NAMES if scenario(name).plan])
def test_a_scenario_expects_an_end_a_placement_and_the_invariants(name):
    wanted = scenario(name).expect
    assert sum(one.ends is not None for one in wanted) == 1
    assert sum(one.access_on is not None for one in wanted) == 1
    assert {"no-violation", "journal-verifies"} <= {one.proves for one in wanted}
    assert any(one.untouched for one in wanted)


@pytest.mark.parametrize("name", [name for name in NAMES if scenario(name).plan])
def test_what_does_not_complete_has_its_reason_and_what_completes_bounds_the_gap(name):
    wanted = scenario(name).expect
    end = next(one for one in wanted if one.ends)
    if end.ends == "completed":
        assert any(one.access_gap_within for one in wanted) or any(one.recovery_within for one in wanted)
    else:
        assert end.at
        granted = [one.exactly for one in wanted if one.count == "granted"]
        assert granted == [0] or any("everything" in (one.untouched or ()) for one in wanted)


def test_faults_are_what_tells_disasters_apart():
    told = [scenario(name).summary for name in NAMES]
    assert len(set(told)) == len(told)
