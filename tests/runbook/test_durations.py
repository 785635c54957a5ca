"""Durations carry a unit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from avd_failover.runbook.durations import Duration, MalformedDurationError, seconds
from avd_failover.runbook.render import duration_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", 300),
        ("90s", 90),
        ("1h30m", 5400),
        ("2h", 7200),
        ("90d", 7_776_000),
        ("1d2h3m4s", 93_784),
        ("80ms", 0.08),
        ("1s500ms", 1.5),
        ("0s", 0),
    ],
)
def test_units_add_up(text, expected):
    assert seconds(text) == pytest.approx(expected)


BAD = ["", "5", "m", "5 m", " 5m", "5m ", "5M", "5min", "1.5h", "-5m", "30m1h", "5m5m", "PT5M", "5m\n", "٣m"]


@pytest.mark.parametrize("text", [*BAD, "1" * 10 + "s", None, True, [], {}])
def test_anything_else_is_no_duration(text):
    with pytest.raises(MalformedDurationError):
        seconds(text)


@pytest.mark.parametrize("number", [5, 0, 1.5])
def test_a_bare_number_is_told_that_durations_carry_a_unit(number):
    with pytest.raises(MalformedDurationError) as caught:
        seconds(number)
    assert caught.value.hint == f"durations carry a unit: {number}s or {number}m?"


@given(st.integers(0, 10**6))
def test_a_duration_written_out_is_read_back_the_same(whole):
    assert seconds(duration_text(whole)) == whole


def test_the_schema_accepts_exactly_what_the_reader_accepts():
    pattern = TypeAdapter(Duration).json_schema()["pattern"]
    for text in ["5m", "1h30m", "80ms"]:
        assert re.search(pattern, text)
    for text in [text for text in BAD if text != "5m\n"]:
        assert not re.search(pattern, text)
