"""Messages to users: two placeholders, one pass, and who is due at which mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.notices import mark, next_mark_in, strange_places, worded

MARKS = (900.0, 300.0, 60.0)


@pytest.mark.parametrize(
    ("text", "left_s", "says"),
    [
        ("Save your work: {minutes} min left", 900, "Save your work: 15 min left"),
        ("{minutes}", 61, "2"),
        ("{minutes}", 60, "1"),
        ("{minutes}", 3, "1"),
        ("{plan}: {minutes}, {plan}", 120, "pooled-eu: 2, pooled-eu"),
        ("no placeholder", 60, "no placeholder"),
        ("{minutes.__class__} {0} {} %s ${plan}", 60, "{minutes.__class__} {0} {} %s $pooled-eu"),
        ("{{minutes}}", 60, "{1}"),
    ],
)
def test_only_the_two_placeholders_are_replaced(text: str, left_s: float, says: str) -> None:
    assert worded(text, left_s=left_s, plan="pooled-eu") == says


def test_what_is_put_in_is_not_looked_at_again() -> None:
    assert worded("{plan}", left_s=60, plan="{minutes}") == "{minutes}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{minutes} {plan}", []),
        ("{Minutes}", ["{Minutes}"]),
        ("{user} and {0.__class__}", ["{user}", "{0.__class__}"]),
        ("{}", ["{}"]),
        ("{ minutes }", ["{ minutes }"]),
        ("a } b { c", []),
    ],
)
def test_anything_else_in_braces_is_found(text: str, found: list[str]) -> None:
    assert list(strange_places(text)) == found


@pytest.mark.parametrize(
    ("left_s", "passed", "next_s"),
    [
        (900, 900, 600),
        (899, 900, 599),
        (301, 900, 1),
        (300, 300, 240),
        (61, 300, 1),
        (60, 60, 60),
        (5, 60, 5),
    ],
)
def test_the_last_mark_passed_and_the_next_one(left_s: float, passed: float, next_s: float) -> None:
    assert mark(MARKS, left_s) == passed
    assert next_mark_in(MARKS, left_s) == next_s


@given(st.floats(0.1, 900))
def test_looking_at_the_next_mark_always_finds_it_passed(left_s: float) -> None:
    later = left_s - next_mark_in(MARKS, left_s)
    assert later <= left_s
    assert later == 0 or mark(MARKS, later) == later
