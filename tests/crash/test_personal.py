"""Personal desktops, killed at every place where a process can die: one job of each kind for each desktop."""

import os

import pytest

from avd_failover.domain.plan import Mode
from tests.crash.personal import killed, points

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
