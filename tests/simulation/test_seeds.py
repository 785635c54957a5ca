"""Seeds that once showed a defect, played for ever."""

import pytest

from tests.simulation.draw import Mode
from tests.simulation.play import play


@pytest.mark.parametrize(
    ("mode", "seed"),
    [
        (Mode.SAFETY, 104),  # a look that failed stood between the two looks of the barrier
        (Mode.SAFETY, 205),
        (Mode.LIVENESS, 217),
        (Mode.SAFETY, 250),  # a session took the id of another that was still there
    ],
)
def test_a_seed_that_once_showed_a_defect_shows_none(mode: Mode, seed: int) -> None:
    assert play(seed, mode).wrong == ()
