"""A test failover begun during a run: what ran runs on, nothing is begun beside it, the run goes on later."""

from collections import Counter
from functools import cache

from avd_failover.cli.rehearsing import Played, play_all
from avd_failover.cli.request import read
from avd_failover.simulator.recovery_records import Job
from avd_failover.simulator.scenario import load_scenario
from tests.scenarios.test_scenarios import ROOT

FIRST_WAVE = 6
DESKTOPS = 20


@cache
def played(name: str) -> Played:
    found = load_scenario(ROOT / "scenarios" / f"{name}.yaml")
    return play_all(read(str(ROOT / "plans" / "personal-eu.yaml")), found, found.seed)[-1]


def jobs(run: Played) -> Counter[str]:
    return Counter(job.scenario for job in run.world.core.table(Job).values())


def test_no_failover_is_begun_after_the_test_was_seen():
    run = played("personal-test-during")
    assert jobs(run) == {"UnplannedFailover": FIRST_WAVE, "TestFailover": 1}
    assert [one.code for one in run.journal.state.findings] == ["test-failover"]


def test_once_the_twin_is_gone_the_run_ends_with_one_failover_for_each_desktop():
    run = played("personal-test-cleaned")
    assert run.journal.state.resumed > 0
    found = jobs(run)
    assert (found["UnplannedFailover"], found["CommitFailover"]) == (DESKTOPS, DESKTOPS)
    assert found["TestFailoverCleanup"] == found["TestFailover"] == 1


def test_nobody_but_the_stranger_ever_asked_for_a_test():
    for name in ("personal-test-during", "personal-test-cleaned"):
        asked = [job for job in played(name).world.core.table(Job).values() if "Test" in job.scenario]
        kinds = {action.action.__class__.__name__ for action in played(name).journal.state.attempts.values()}
        assert asked
        assert not [kind for kind in kinds if "Test" in kind]
