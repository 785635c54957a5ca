"""The way back right after the way there needs a person's word."""

import msgspec
import pytest

from avd_failover.domain.hold_down import HOLD_DOWN_S, held_down_s
from avd_failover.domain.plan import Side
from avd_failover.domain.route import Route
from tests.domain.builders import plan

THERE = Route(plan=plan(), leaving=Side.PRIMARY)
BACK = Route(plan=plan(), leaving=Side.SECONDARY)
SWAPPED = Route(
    plan=msgspec.structs.replace(plan(), primary=plan().secondary, secondary=plan().primary),
    leaving=Side.PRIMARY,
)


@pytest.mark.parametrize(
    ("finished", "since_s", "wanted", "left_s"),
    [
        (THERE, 0.0, BACK, 3600.0),
        (THERE, 3599.0, BACK, 1.0),
        (THERE, 3600.0, BACK, 0.0),
        (THERE, 86_400.0, BACK, 0.0),
        (BACK, 60.0, THERE, 3540.0),
        (THERE, 0.0, THERE, 0.0),
        (BACK, 0.0, BACK, 0.0),
        (THERE, -50.0, BACK, 3600.0),
        (THERE, 0.0, SWAPPED, 3600.0),
        (BACK, 0.0, SWAPPED, 0.0),
    ],
)
def test_only_the_reverse_within_the_hour_needs_confirmation(
    finished: Route, since_s: float, wanted: Route, left_s: float
) -> None:
    assert held_down_s(finished, since_s, wanted) == left_s


def test_the_hold_down_is_an_hour_unless_told_otherwise() -> None:
    assert HOLD_DOWN_S == 3600.0
    assert held_down_s(THERE, 10.0, BACK, hold_down_s=60.0) == 50.0
