"""Personal desktops, killed at every place where a process can die: one job of each kind for each desktop."""

import os
from collections import Counter

import pytest

from avd_failover.domain.ids import recovery_job_id
from avd_failover.domain.plan import Mode
from avd_failover.simulator.recovery_records import Job
from tests.crash.cuts import Boundary
from tests.crash.personal import ONCE, PersonalScene, around_failovers, ended, killed, points

EXHAUSTIVE = "CRASH_EXHAUSTIVE" in os.environ
SAMPLE = 40
"""Cut points of each mode in an ordinary run; the soak plays them all."""


@pytest.mark.timeout(3600 if EXHAUSTIVE else 300)
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_a_personal_run_killed_anywhere_ends_with_one_job_of_each_kind_for_each_desktop(mode):
    every = points(mode)
    step = 1 if EXHAUSTIVE else max(1, len(every) // SAMPLE)
    played = [(point, bool(index % 2)) for index, point in enumerate(every[::step])]
    wrong = {
        f"boundary {point.n} ({point.kind.value}), resumed {'elsewhere' if elsewhere else 'here'}": found
        for point, elsewhere in played
        if (found := killed(mode, point.n, elsewhere=elsewhere))
    }
    assert wrong == {}
    assert len(played) >= min(SAMPLE, len(every))


AROUND_THE_ANSWER = {
    Boundary.APPLIED: "accepted, answer lost",
    Boundary.ANSWERED: "accepted, outcome lost",
    Boundary.AFTER_OUTCOME: "accepted, outcome durable",
}


@pytest.mark.parametrize("kind", AROUND_THE_ANSWER, ids=AROUND_THE_ANSWER.get)
def test_a_failover_that_was_accepted_is_gone_on_with_and_never_begun_again(kind):
    cuts = around_failovers(Mode.UNPLANNED, kind)
    assert cuts
    assert {n: killed(Mode.UNPLANNED, n, elsewhere=bool(n % 2)) for n in cuts} == {n: [] for n in cuts}


def test_the_journal_names_each_job_that_a_run_began():
    clean = PersonalScene(Mode.UNPLANNED)
    clean.drive()
    named = Counter(end.job for end in ended(clean) if end.job)
    jobs = list(clean.world.core.table(Job).values())
    assert named == Counter(recovery_job_id(job.id) for job in jobs if job.scenario in ONCE)
    assert {job.scenario for job in jobs} - set(ONCE) <= {"PrimaryIrCompletion"}, "the vault's own jobs"
    assert sum(named.values()) == sum(ONCE.values())
