"""What a run is for, whom it moves, and that every way has exactly one way back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.plan import End, Mode, Side, Way
from avd_failover.domain.route import Pair, Purpose, Route
from tests.domain.builders import group, plan, route

TESTERS = group(4)
PLAN = plan(test_group=TESTERS)
GROUPS, APP_GROUPS = ("GRP1", "GRP2", "GRP3"), ("DAG", "RAG")


def some(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.sets(st.sampled_from(names), min_size=1).map(lambda found: tuple(sorted(found)))


routes = st.builds(
    Route,
    plan=st.just(PLAN),
    leaving=st.sampled_from(Side),
    mode=st.sampled_from(Mode),
    groups=some(GROUPS),
    app_groups=some(APP_GROUPS),
    purpose=st.sampled_from(Purpose),
    test=st.booleans(),
)


def labels(run: Route) -> list[str]:
    return [pair.label for pair in run.pairs]


SCOPES = [
    ({}, "all", False, ["GRP1 on DAG", "GRP2 on DAG", "GRP2 on RAG", "GRP3 on RAG"]),
    ({"groups": ("GRP2",)}, "groups GRP2", True, ["GRP2 on DAG", "GRP2 on RAG"]),
    ({"app_groups": ("RAG",)}, "application groups RAG", True, ["GRP2 on RAG", "GRP3 on RAG"]),
    (
        {"groups": ("GRP1", "GRP2"), "app_groups": ("RAG",)},
        "groups GRP1, GRP2 on application groups RAG",
        True,
        ["GRP2 on RAG"],
    ),
    ({"groups": ("GRP1",), "app_groups": ("RAG",)}, "groups GRP1 on application groups RAG", True, []),
    ({"test": True}, "testers GRP4", True, ["GRP4 on DAG", "GRP4 on RAG"]),
    ({"test": True, "app_groups": ("DAG",)}, "testers GRP4", True, ["GRP4 on DAG"]),
    ({"test": True, "groups": ("GRP1",)}, "testers GRP4", True, ["GRP4 on DAG", "GRP4 on RAG"]),
]


@pytest.mark.parametrize(("narrowed", "words", "partial", "moved"), SCOPES)
def test_what_moves_is_what_was_asked_for_in_the_plan_s_order(narrowed, words, partial, moved) -> None:
    run = route(plan=PLAN, **narrowed)
    assert (run.scope, run.partial, labels(run)) == (words, partial, moved)


def test_a_plan_without_testers_tests_nobody() -> None:
    assert route(test=True).pairs == ()
    assert route(test=True).scope == "testers"


@pytest.mark.parametrize(
    ("purpose", "moves"),
    [
        (Purpose.FAILOVER, True),
        (Purpose.FAILBACK, True),
        (Purpose.DRILL, False),
        (Purpose.SETTLE, False),
        (Purpose.UPKEEP, False),
    ],
)
def test_users_of_production_are_elsewhere_only_after_a_failover_or_a_failback(purpose, moves) -> None:
    assert purpose.moves_users is moves


def test_every_purpose_has_its_row() -> None:
    assert {one.value for one in Purpose} == {"failover", "failback", "drill", "settle", "upkeep"}


@given(routes)
def test_the_reverse_of_the_reverse_is_the_route(run) -> None:
    assert run.reverse.reverse == run
    assert run.reverse != run


@given(routes)
def test_a_step_there_sees_the_route_and_a_step_back_its_reverse(run) -> None:
    assert run.towards(Way.THERE) == run
    assert run.towards(Way.BACK) == run.reverse
    for way in Way:
        assert run.towards(way).towards(way) == run


@given(routes)
def test_the_reverse_swaps_both_ends_and_nothing_else(run) -> None:
    back = run.reverse
    assert [back.side(end) for end in End] == [run.side(end) for end in (End.TARGET, End.SOURCE)]
    assert [(one.label, one.source, one.target) for one in back.pairs] == [
        (one.label, one.target, one.source) for one in run.pairs
    ]
    assert msgspec.structs.replace(back, leaving=run.leaving) == run


@given(routes)
def test_what_moves_is_always_part_of_what_the_plan_holds_or_of_the_testers(run) -> None:
    def key(one: Pair) -> tuple[str, str, str]:
        return one.label, one.source, one.target

    whole = msgspec.structs.replace(run, groups=None, app_groups=None)
    known = [key(pair) for pair in whole.pairs]
    assert [one for one in known if one in {key(pair) for pair in run.pairs}] == [
        key(pair) for pair in run.pairs
    ]
    assert all((pair.group == TESTERS) is run.test for pair in run.pairs)


@given(routes)
def test_both_narrowings_together_move_what_both_would_move(run) -> None:
    production = msgspec.structs.replace(run, test=False)
    by_group = labels(msgspec.structs.replace(production, app_groups=None))
    by_app_group = labels(msgspec.structs.replace(production, groups=None))
    assert labels(production) == [one for one in by_group if one in by_app_group]


@given(routes)
def test_testers_and_cohorts_are_partial_and_nobody_else(run) -> None:
    assert run.partial == (run.test or run.groups is not None or run.app_groups is not None)
    assert run.scope != "all" or not run.partial


@given(routes)
def test_a_route_survives_the_journal(run) -> None:
    assert msgspec.json.decode(msgspec.json.encode(run), type=Route) == run
