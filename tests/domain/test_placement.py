"""Where pairs stand, and whether a run may start from there (safety S11, S13, S15, S20)."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.placement import (
    AllOnSource,
    AllOnTarget,
    Mixed,
    Unread,
    Where,
    differences,
    latch,
    place,
    triple,
)
from avd_failover.domain.plan import Side
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    GRP1,
    GRP2,
    GRP3,
    OTHER_ROLE,
    RAG_NEU,
    RAG_WEU,
    assignment,
    gid,
    plan,
    resource_group,
    route,
    user,
)

SOURCE = [
    assignment(DAG_WEU, GRP1.id),
    assignment(DAG_WEU, GRP2.id),
    assignment(RAG_WEU, GRP2.id),
    assignment(RAG_WEU, GRP3.id),
]
TARGET = [
    assignment(DAG_NEU, GRP1.id),
    assignment(DAG_NEU, GRP2.id),
    assignment(RAG_NEU, GRP2.id),
    assignment(RAG_NEU, GRP3.id),
]
LABELS = ["GRP1 on DAG", "GRP2 on DAG", "GRP2 on RAG", "GRP3 on RAG"]


def judged(placement, revoked=(), granted=()):
    return latch(placement, revoked, granted)


def labels(pairs):
    return [pair.label for pair in pairs]


def test_each_pair_stands_where_its_assignment_is():
    found = place(route(), [SOURCE[0], TARGET[1], SOURCE[2], TARGET[2]])
    assert [placed.where for placed in found.places] == [
        Where.SOURCE,
        Where.TARGET,
        Where.BOTH,
        Where.NEITHER,
    ]
    assert [labels(found.at(where)) for where in Where] == [[label] for label in LABELS]
    assert found.sentence == (
        "1 pair on source (GRP1 on DAG), 1 pair on target (GRP2 on DAG),"
        " 1 pair on both sides (GRP2 on RAG), 1 pair on neither side (GRP3 on RAG)"
    )


OTHERS = [
    ("another role", assignment(DAG_WEU, GRP1.id, role=OTHER_ROLE)),
    ("a scope above", assignment(resource_group("weu"), GRP1.id)),
    ("another group", assignment(DAG_WEU, gid(7))),
    ("a user", assignment(DAG_WEU, user(1), kind="User")),
    ("an application group that the pair does not name", assignment(RAG_WEU, GRP1.id)),
]


@pytest.mark.parametrize("other", [case[1] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_only_the_exact_scope_group_and_role_place_a_pair(other):
    found = place(route(), [other])
    assert found.at(Where.NEITHER) == route().pairs


def test_role_ids_in_capitals_place_a_pair_too():
    capitals = assignment(DAG_WEU, GRP1.id, role="1D18FFF3-A72A-46B5-B4A9-0B38A3CD7E63")
    assert labels(place(route(), [capitals]).at(Where.SOURCE)) == ["GRP1 on DAG"]
    named = route(plan=plan(role="1D18FFF3-A72A-46B5-B4A9-0B38A3CD7E63"))
    assert labels(place(named, SOURCE[:1]).at(Where.SOURCE)) == ["GRP1 on DAG"]


def test_the_same_world_is_the_opposite_placement_in_the_other_direction():
    assert isinstance(judged(place(route(), SOURCE)), AllOnSource)
    assert isinstance(judged(place(route(leaving=Side.SECONDARY), SOURCE)), AllOnTarget)


def test_a_cohort_looks_at_its_own_pairs_only():
    found = place(route(groups=("GRP1",)), [*SOURCE, *TARGET[1:]])
    assert isinstance(judged(found), AllOnSource)
    assert labels(found.at(Where.SOURCE)) == ["GRP1 on DAG"]


VERDICTS = [
    ("everything on the source may start", SOURCE, [], [], AllOnSource, None),
    ("everything on the target is done already", TARGET, [], [], AllOnTarget, None),
    ("done by this very run is done", TARGET, SOURCE, TARGET, AllOnTarget, None),
    ("nothing anywhere, by nobody known", [], [], [], Mixed, LABELS),
    ("revoked half-way by this run", SOURCE[2:], SOURCE[:2], [], Mixed, []),
    ("revoked whole by this run", [], SOURCE, [], Mixed, []),
    ("granted half-way by this run", TARGET[:2], SOURCE, TARGET[:2], Mixed, []),
    (
        "granted by this run, not revoked by it",
        [*TARGET[:1], *SOURCE[1:]],
        [],
        TARGET[:1],
        Mixed,
        LABELS[:1],
    ),
    ("moved by somebody else", [*TARGET[:1], *SOURCE[1:]], [], [], Mixed, LABELS[:1]),
    ("revoked here, granted by somebody else", [*TARGET[:1], *SOURCE[1:]], SOURCE[:1], [], Mixed, LABELS[:1]),
    ("on both sides, by somebody else", [*SOURCE, TARGET[3]], [], [], Mixed, LABELS[3:]),
    ("on both sides, whatever the journal says", [*SOURCE, *TARGET], SOURCE, TARGET, Mixed, LABELS),
    ("one revoke not applied yet", SOURCE[:1], SOURCE, [], Mixed, []),
]


@pytest.mark.parametrize(
    ("seen", "revoked", "granted", "kind", "unexplained"),
    [case[1:] for case in VERDICTS],
    ids=[case[0] for case in VERDICTS],
)
def test_a_run_starts_or_goes_on_only_from_what_it_can_explain(seen, revoked, granted, kind, unexplained):
    verdict = judged(place(route(), seen), revoked, granted)
    assert isinstance(verdict, kind)
    if isinstance(verdict, Mixed):
        assert labels(verdict.unexplained) == unexplained
        assert verdict.explained == (not unexplained)


def test_an_assignment_granted_again_by_somebody_is_not_explained_by_our_revoke():
    again = assignment(DAG_WEU, GRP1.id, name="by-hand")
    verdict = judged(place(route(), [again]), SOURCE, [])
    assert labels(verdict.unexplained) == ["GRP1 on DAG"]
    assert "this run's journal does not account for GRP1 on DAG" in verdict.because


def test_an_assignment_restored_by_this_run_itself_is_explained():
    again = assignment(DAG_WEU, GRP1.id, name="restored")
    assert judged(place(route(), [again]), SOURCE, [again]).explained


def test_a_grant_under_another_name_is_explained_and_known_as_foreign():
    foreign = assignment(DAG_NEU, GRP1.id, name="was-there-before")
    found = place(route(), [foreign, *SOURCE[1:]])
    assert judged(found, SOURCE[:1], TARGET[:1]).explained
    assert found.foreign([one.id for one in TARGET]) == (foreign,)


def test_what_this_run_created_is_not_foreign():
    found = place(route(), TARGET)
    assert found.foreign([one.id for one in TARGET[1:]]) == (TARGET[0],)
    assert found.foreign([]) == tuple(TARGET)


def test_a_gap_makes_every_placement_unknown():
    for seen in (SOURCE, TARGET, []):
        verdict = judged(place(route(), seen, ["assignments of dag-neu: page 2 was not answered"]))
        assert isinstance(verdict, Unread)
        assert verdict.because.endswith("assignments of dag-neu: page 2 was not answered")


def test_a_run_that_moves_nothing_may_not_start():
    verdict = judged(place(route(groups=()), SOURCE))
    assert isinstance(verdict, Mixed)
    assert not verdict.explained
    assert verdict.because == "no pair of the plan is in scope"


IMAGE = assignment(
    DAG_WEU, GRP1.id, condition="a", condition_version="2.0", description="granted by the helpdesk"
)
CHANGES = [
    ("nothing", {}, ()),
    ("its name", {"id": "x", "name": "y"}, ()),
    ("the subscription in front of its role", {"role_definition_id": f"/other/{IMAGE.role.upper()}"}, ()),
    ("its scope", {"scope": DAG_NEU}, ("scope",)),
    ("its principal", {"principal_id": GRP2.id}, ("principal_id",)),
    ("its role", {"role_definition_id": OTHER_ROLE}, ("role",)),
    ("its principal's type", {"principal_type": "User"}, ("principal_type",)),
    ("its condition", {"condition": None, "condition_version": None}, ("condition", "condition_version")),
    ("its description", {"description": None}, ("description",)),
]


@pytest.mark.parametrize(
    ("changes", "named"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES]
)
def test_what_differs_from_an_image_is_named(changes, named):
    seen = msgspec.structs.replace(IMAGE, **changes)
    assert differences(IMAGE, seen) == named
    assert differences(seen, IMAGE) == named


def test_a_triple_is_what_azure_allows_once():
    again = assignment(DAG_WEU, GRP1.id, name="another", condition="x")
    assert triple(again) == triple(SOURCE[0])
    assert len({triple(one) for one in (*SOURCE, *TARGET)}) == 8


some = st.lists(st.sampled_from([*SOURCE, *TARGET, *(case[1] for case in OTHERS)]), max_size=12)
images = st.lists(st.sampled_from(SOURCE), max_size=4)
grants = st.lists(st.sampled_from(TARGET), max_size=4)


@given(some, st.randoms(use_true_random=False))
def test_order_and_repetition_of_readings_change_nothing(seen, chance):
    assert place(route(), chance.sample(seen, len(seen)) + seen) == place(route(), seen)


@given(some)
def test_every_pair_stands_in_exactly_one_place(seen):
    found = place(route(), seen)
    assert sorted(pair.label for where in Where for pair in found.at(where)) == sorted(LABELS)


@given(some, images, grants)
def test_no_run_starts_while_a_pair_has_access_at_the_target(seen, revoked, granted):
    verdict = judged(place(route(), seen), revoked, granted)
    assert isinstance(verdict, AllOnSource) == (set(SOURCE) <= set(seen) and not set(TARGET) & set(seen))
    assert isinstance(verdict, AllOnTarget) == (set(TARGET) <= set(seen) and not set(SOURCE) & set(seen))


@given(some, images, grants, st.sampled_from(SOURCE), st.sampled_from(TARGET))
def test_a_longer_journal_never_explains_less(seen, revoked, granted, more, other):
    found = place(route(), seen)
    before, after = judged(found, revoked, granted), judged(found, [*revoked, more], [*granted, other])
    if isinstance(before, Mixed):
        assert set(labels(after.unexplained)) <= set(labels(before.unexplained))
