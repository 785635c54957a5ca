"""Where bars, breaks and shades lie."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.report.account import Span
from avd_failover.report.timeline import (
    BREAK,
    BREAKS,
    LEAST_PAUSE_S,
    TICKS,
    Scale,
    in_order,
    scale_of,
    shades,
    span,
)
from tests.report import histories as h
from tests.report.builders import T0, Story
from tests.report.histories import ALL, account


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def scale(end_s: float, *pauses: tuple[float, float]) -> Scale:
    return Scale(T0, at(end_s), [Span(since=at(since), until=at(until)) for since, until in pauses])


@pytest.mark.parametrize(
    ("moment_s", "place"), [(-5, 0.0), (0, 0.0), (25, 0.25), (50, 0.5), (100, 1.0), (500, 1.0)]
)
def test_without_a_pause_time_is_drawn_to_one_scale(moment_s: float, place: float) -> None:
    assert scale(100).at(at(moment_s)) == pytest.approx(place)


@pytest.mark.parametrize("pause_s", [600, 86400, 30 * 86400])
def test_a_pause_takes_one_width_however_long_it_was(pause_s: float) -> None:
    drawn = scale(100 + pause_s, (50, 50 + pause_s))
    assert drawn.at(at(50)) == pytest.approx((1 - BREAK) / 2)
    assert drawn.at(at(50 + pause_s)) == pytest.approx((1 + BREAK) / 2)
    assert drawn.at(at(100 + pause_s)) == pytest.approx(1.0)


def test_a_hundred_pauses_leave_room_for_what_was_done() -> None:
    drawn = scale(100_000, *((n * 1000 + 500, n * 1000 + 1000) for n in range(100)))
    assert drawn.at(at(500)) == pytest.approx((1 - BREAKS) / 100)


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=9), st.lists(st.integers(-10, 100_000), min_size=2)
)
def test_places_keep_the_order_of_time_and_stay_in_the_drawing(spans: list[int], moments: list[int]) -> None:
    edges = [sum(spans[:n]) for n in range(len(spans) + 1)]
    pauses = [(edges[n], edges[n + 1]) for n in range(1, len(spans), 2)]
    drawn = scale(edges[-1], *pauses)
    places = [drawn.at(at(moment)) for moment in sorted(moments)]
    assert all(0.0 <= place <= 1.0 for place in places)
    assert all(before <= after + 1e-9 for before, after in pairwise(places))


@pytest.mark.parametrize("seconds", [1, 7, 61, 600, 3599, 7200, 86_400, 900_000])
def test_the_axis_has_some_marks_and_not_too_many(seconds: float) -> None:
    ticks = list(scale(seconds).ticks())
    assert ticks[0] == (0.0, T0)
    assert 1 <= len(ticks) <= 2 * TICKS + 1
    places = [place for place, _ in ticks]
    assert places == sorted(places)


def test_the_axis_has_no_mark_within_a_pause() -> None:
    drawn = scale(8000, (500, 7500))
    assert all(not at(500) < moment < at(7500) for _, moment in drawn.ticks())
    assert any(moment >= at(7500) for _, moment in drawn.ticks())


@pytest.mark.parametrize("history", ALL)
def test_every_turn_of_every_history_lies_in_the_drawing(history: Callable[[], Story]) -> None:
    found = account(history())
    drawn = scale_of(found)
    for step in found.steps:
        for turn in step.turns:
            left, width = span(turn, drawn)
            assert 0 <= left <= left + width <= 1 + 1e-9


def test_the_time_between_two_processes_is_a_pause() -> None:
    (pause,) = scale_of(account(h.killed_and_resumed())).pauses
    assert pause.seconds == 3600
    assert scale_of(account(h.completed())).pauses == ()


def test_a_process_taken_over_at_once_leaves_no_pause() -> None:
    story = h.killed().after(LEAST_PAUSE_S - 1).resume()
    assert scale_of(account(story)).pauses == ()


@pytest.mark.parametrize("history", [h.moot, h.begun, h.failed])
def test_without_a_gap_there_is_no_shade(history) -> None:
    found = account(history())
    assert shades(found, scale_of(found)) == []


def test_the_shade_reaches_from_the_first_revoke_to_the_last_grant() -> None:
    found = account(h.completed())
    drawn = scale_of(found)
    (shaded,) = shades(found, drawn)
    assert found.moments.first_revoke_at is not None
    assert found.moments.last_grant_at is not None
    left, right = drawn.at(found.moments.first_revoke_at), drawn.at(found.moments.last_grant_at)
    assert shaded == pytest.approx((left, right - left))


def test_a_gap_that_runs_is_shaded_to_the_edge() -> None:
    found = account(h.interrupted())
    (shaded,) = shades(found, scale_of(found))
    assert sum(shaded) == pytest.approx(1.0)


def test_steps_come_as_they_began_and_those_that_did_not_last() -> None:
    begun = in_order(account(h.interrupted()).steps)
    starts = [step.started_at for step in begun if step.started_at]
    assert starts == sorted(starts)
    assert [step.id for step in begun[-4:]] == ["barrier", "seats-again", "grant-target", "reconcile"]
