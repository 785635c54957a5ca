"""A disaster that a run survives proves something only if it struck: every fault of these scenarios did."""

import pytest

from avd_failover.cli.rehearsing import play_all
from tests.scenarios.test_scenarios import plan, scenario

SURVIVED = [
    "autoscale-fights", "fallback-hosts", "ghost-sessions", "graph-down-at-barrier", "region-returns",
    "slow-propagation", "throttle-storm",
]  # fmt: skip
"""Scenarios whose run completes all the same; the others could not end as they do without their faults."""


@pytest.mark.parametrize("name", SURVIVED)
def test_every_fault_of_a_scenario_strikes(name):
    found = scenario(name)
    assert found.faults
    assert found.plan is not None
    world = play_all(plan(found.plan), found, found.seed)[-1].world
    assert [row["id"] for row in world.faults.listed() if not row["hits"]] == []
