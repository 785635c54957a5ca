"""A plan seen from a run: sides become source and target, and only what is in scope moves."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER
from avd_failover.domain.plan import BarrierProof, End, Mode, Plan, Policies, Side
from avd_failover.domain.route import Route
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    GRP1,
    GRP2,
    GRP3,
    RAG_NEU,
    RAG_WEU,
    plan,
    pool,
    route,
)


def test_each_side_has_one_other():
    assert Side.PRIMARY.other is Side.SECONDARY
    assert Side.SECONDARY.other is Side.PRIMARY


def test_a_plan_and_its_application_groups_answer_by_side():
    whole = plan()
    assert whole.on(Side.PRIMARY).host_pool == pool("weu")
    assert whole.on(Side.SECONDARY).host_pool == pool("neu")
    assert [twin.on(Side.PRIMARY) for twin in whole.application_groups] == [DAG_WEU, RAG_WEU]
    assert [twin.on(Side.SECONDARY) for twin in whole.application_groups] == [DAG_NEU, RAG_NEU]


def test_a_group_of_several_application_groups_is_one_group_of_the_plan():
    assert plan().groups == (GRP1, GRP2, GRP3)


def test_the_lock_of_a_pool_pair_is_the_same_in_both_directions():
    there = plan()
    back = msgspec.structs.replace(there, primary=there.secondary, secondary=there.primary)
    assert there.pool_pair == back.pool_pair == f"{pool('neu')}+{pool('weu')}"


def test_the_numbers_of_the_safety_case_are_those_of_its_text():
    assert Policies() == Policies(
        barrier=BarrierProof.FASTEST,
        propagation_s=600 + 60,
        zero_looks=2,
        zero_apart_s=30,
        request_timeout_s=30,
        in_flight_s=2 * 30 + 300,
    )


def test_a_plan_grants_the_desktop_virtualization_user_role_and_accepts_no_other_path_by_itself():
    assert plan().role == DESKTOP_VIRTUALIZATION_USER
    assert plan().accepted_paths == ()


def test_a_plan_survives_the_journal():
    assert msgspec.json.decode(msgspec.json.encode(plan()), type=Plan) == plan()
    assert msgspec.json.decode(msgspec.json.encode(route(groups=("GRP1",))), type=Route) == route(
        groups=("GRP1",)
    )


DIRECTIONS = [
    (Side.PRIMARY, "primary->secondary", ("weu", "neu"), (DAG_WEU, DAG_NEU)),
    (Side.SECONDARY, "secondary->primary", ("neu", "weu"), (DAG_NEU, DAG_WEU)),
]


@pytest.mark.parametrize(("leaving", "words", "regions", "groups"), DIRECTIONS)
def test_a_run_leaves_one_side_for_the_other(leaving, words, regions, groups):
    run = route(leaving=leaving)
    assert tuple(run.side(end).region for end in End) == regions
    assert run.direction == words
    assert tuple(run.pairs[0].at(end) for end in End) == groups
    assert tuple(run.application_groups(end)[0] for end in End) == groups


COHORTS = [
    (None, "all", ["GRP1 on DAG", "GRP2 on DAG", "GRP2 on RAG", "GRP3 on RAG"]),
    (("GRP2",), "groups GRP2", ["GRP2 on DAG", "GRP2 on RAG"]),
    (("GRP3", "GRP1"), "groups GRP3, GRP1", ["GRP1 on DAG", "GRP3 on RAG"]),
    (("GRP9",), "groups GRP9", []),
]


@pytest.mark.parametrize(("cohort", "words", "labels"), COHORTS)
def test_a_cohort_narrows_what_moves_and_keeps_the_plan_s_order(cohort, words, labels):
    run = route(groups=cohort)
    assert run.scope == words
    assert [pair.label for pair in run.pairs] == labels


def test_a_cohort_still_sees_every_application_group():
    assert route(groups=("GRP1",)).application_groups(End.SOURCE) == (DAG_WEU, RAG_WEU)


def test_a_run_is_planned_unless_said_otherwise():
    assert Route(plan=plan()).mode is Mode.PLANNED
    assert Route(plan=plan()).leaving is Side.PRIMARY


@given(st.sampled_from(Side), st.sets(st.sampled_from(["GRP1", "GRP2", "GRP3"])))
def test_the_way_back_moves_the_same_pairs_with_their_ends_swapped(leaving, cohort):
    there = route(leaving=leaving, groups=tuple(sorted(cohort)))
    back = msgspec.structs.replace(there, leaving=leaving.other)
    assert [(pair.group, pair.source, pair.target) for pair in there.pairs] == [
        (pair.group, pair.target, pair.source) for pair in back.pairs
    ]


@given(st.sets(st.sampled_from(["GRP1", "GRP2", "GRP3"])))
def test_a_cohort_and_the_rest_are_the_whole(cohort):
    rest = {"GRP1", "GRP2", "GRP3"} - cohort
    parts = [pair for names in (cohort, rest) for pair in route(groups=tuple(names)).pairs]
    assert sorted(pair.label for pair in parts) == sorted(pair.label for pair in route().pairs)
