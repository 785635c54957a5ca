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
        (Mode.SAFETY, 1_000_268),  # an enumeration that a throttle refused stood between the two looks
        (Mode.SAFETY, 1_000_370),
        (Mode.LIVENESS, 314),  # an assignment was compared by an answer that had been under way for long
        (Mode.LIVENESS, 323),
        (Mode.PERMANENT, 1_000_209),  # a group that nobody could read was named without the reason
        (Mode.PERMANENT, 1_000_238),
        (Mode.PERMANENT, 1_000_107),  # revokes that came late and were seen: held, with the pairs in transit
        (Mode.PERMANENT, 5_000_304),
    ],
)
def test_a_seed_that_once_showed_a_defect_shows_none(mode: Mode, seed: int) -> None:
    assert play(seed, mode).wrong == ()
