"""Groups that share users move together (safety S5; scenario matrix rows 1 to 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.overlap import overlaps
from tests.domain.builders import GRP1, GRP2, GRP3, GRP4, group, members

GROUPS = (GRP1, GRP2, GRP3, GRP4)
APART = [members(1, 1), members(2, 2), members(3, 3), members(4, 4)]


def parts(found):
    return [[one.name for one in component] for component in found.components]


ROW_1 = [members(1, 1), members(2, 1), *APART[2:]]
ALL = [["GRP1", "GRP2", "GRP3", "GRP4"]]
NONE = [["GRP1"], ["GRP2"], ["GRP3"], ["GRP4"]]

COMPONENTS = [
    ("nobody shared", APART, NONE),
    (
        "row 1: one user in two groups",
        [members(1, 1), members(2, 1), *APART[2:]],
        [["GRP1", "GRP2"], ["GRP3"], ["GRP4"]],
    ),
    (
        "a chain joins its ends",
        [members(1, 1), members(2, 1, 2), members(3, 2), members(4, 4)],
        [["GRP1", "GRP2", "GRP3"], ["GRP4"]],
    ),
    (
        "two components in the order of their first groups",
        [members(1, 1), members(2, 2), members(3, 2), members(4, 1)],
        [["GRP1", "GRP4"], ["GRP2", "GRP3"]],
    ),
    (
        "two components bridged by a later group",
        [members(1, 1), members(2, 2), members(3, 2), members(4, 1, 2)],
        ALL,
    ),
    (
        "a group read in part joins everything",
        [*APART[:3], members(4, complete=False)],
        ALL,
    ),
    ("a group not read joins everything", APART[1:], ALL),
    ("nothing read joins everything", [], ALL),
    (
        "empty groups share nobody",
        [members(n) for n in (1, 2, 3, 4)],
        [["GRP1"], ["GRP2"], ["GRP3"], ["GRP4"]],
    ),
    (
        "groups outside the plan do not count",
        [*APART, members(5, 1, 2)],
        [["GRP1"], ["GRP2"], ["GRP3"], ["GRP4"]],
    ),
]


@pytest.mark.parametrize(
    ("memberships", "expected"), [case[1:] for case in COMPONENTS], ids=[case[0] for case in COMPONENTS]
)
def test_components_are_what_shares_a_user(memberships, expected):
    assert parts(overlaps(GROUPS, memberships)) == expected


def test_a_single_group_is_a_component_even_when_nobody_could_read_it():
    assert parts(overlaps([GRP1], [])) == [["GRP1"]]


def test_row_1_a_full_run_never_splits_a_component():
    found = overlaps(GROUPS, [])
    assert found.split_by([one.name for one in GROUPS]) == ()
    assert found.refusal([one.name for one in GROUPS]) == ""


def test_row_2_a_cohort_that_splits_a_component_is_refused_with_the_names_of_its_groups():
    found = overlaps(GROUPS, [members(1, 1, 2), members(2, 1, 2), *APART[2:]])
    assert found.split_by(["GRP1"]) == ("GRP1", "GRP2")
    assert found.refusal(["GRP1"]) == "GRP1 and GRP2 must move together: GRP1 and GRP2 share 2 users"


def test_row_2_a_cohort_of_its_own_may_move_alone():
    found = overlaps(GROUPS, [members(1, 1), members(2, 1), *APART[2:]])
    assert found.split_by(["GRP3"]) == ()
    assert found.split_by(["GRP1", "GRP2"]) == ()
    assert found.refusal(["GRP1", "GRP2", "GRP4"]) == ""


def test_row_3_a_user_added_to_a_second_group_shows_in_the_next_reading():
    cohort = ["GRP1"]
    assert overlaps(GROUPS, APART).split_by(cohort) == ()
    assert overlaps(GROUPS, [members(1, 1, 4), *APART[1:]]).split_by(cohort) == ("GRP1", "GRP4")


def test_the_refusal_names_the_overlaps_inside_split_components_only():
    found = overlaps(GROUPS, [members(1, 1), members(2, 1, 2), members(3, 7, 8), members(4, 7)])
    assert found.refusal(["GRP2"]) == "GRP1 and GRP2 must move together: GRP1 and GRP2 share 1 user"


def test_the_refusal_of_unreadable_groups_names_them():
    found = overlaps(GROUPS, [*APART[:2], members(3, complete=False)])
    assert [one.name for one in found.unreadable] == ["GRP3", "GRP4"]
    assert found.refusal(["GRP1"]) == (
        "members of GRP3 and GRP4 could not be read whole, so that any groups may share users"
    )


def test_the_matrix_counts_shared_users_and_says_where_it_cannot():
    found = overlaps([GRP1, GRP2, GRP3], [members(1, 1, 2, 3), members(2, 2, 3), members(3, complete=False)])
    assert [pair.sentence for pair in found.shared] == [
        "GRP1 and GRP2 share 2 users",
        "GRP1 and GRP3 share an unknown number of users",
        "GRP2 and GRP3 share an unknown number of users",
    ]


def test_no_user_is_ever_named():
    found = overlaps(GROUPS, [members(1, 1), members(2, 1), *APART[2:]])
    assert "00000001-0000-4000-8000-0000000000aa" not in found.refusal(["GRP1"])


memberships = st.lists(
    st.builds(
        lambda number, held, complete: members(number, *held, complete=complete),
        st.integers(1, 6),
        st.sets(st.integers(1, 8), max_size=3),
        st.sampled_from([True, True, True, True, False]),
    ),
    max_size=8,
)
SIX = tuple(group(number) for number in range(1, 7))


def joined(known, one, other):
    """Whether two groups are in one component, by walking shared users and nothing the module does."""
    whole = {number: [m for m in known if m.group == number] for number in (g.id for g in SIX)}
    if any(not found or not all(m.complete for m in found) for found in whole.values()):
        return True
    held = {number: frozenset().union(*(m.users for m in found)) for number, found in whole.items()}
    seen, edge = {one.id}, [one.id]
    while edge:
        here = edge.pop()
        for there, whom in held.items():
            if there not in seen and held[here] & whom:
                seen.add(there)
                edge.append(there)
    return other.id in seen


@given(memberships)
def test_components_are_exactly_what_can_be_walked_from_user_to_user(known):
    known = [*known, *(members(number) for number in range(1, 7))]
    found = overlaps(SIX, known)
    together = {(a.name, b.name) for component in found.components for a in component for b in component}
    assert together == {(a.name, b.name) for a in SIX for b in SIX if joined(known, a, b)}


@given(memberships, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_never_changes_the_answer(known, chance):
    assert overlaps(SIX, chance.sample(known, len(known))) == overlaps(SIX, known)


@given(memberships)
def test_components_part_the_groups_and_keep_their_order(known):
    found = overlaps(SIX, known)
    assert sorted(one.name for part in found.components for one in part) == [one.name for one in SIX]
    assert all([one.name for one in part] == sorted(one.name for one in part) for part in found.components)
    firsts = [part[0].name for part in found.components]
    assert firsts == sorted(firsts)


@given(memberships, st.sets(st.sampled_from([one.name for one in SIX])))
def test_a_cohort_is_refused_exactly_when_it_is_no_union_of_components(known, cohort):
    found = overlaps(SIX, known)
    union = {one.name for part in found.components if {g.name for g in part} <= cohort for one in part}
    assert (found.split_by(cohort) == ()) == (union == cohort)
    assert bool(found.refusal(cohort)) == bool(found.split_by(cohort))


@given(st.lists(st.sets(st.integers(1, 8), max_size=3), min_size=6, max_size=6), st.integers(0, 5))
def test_losing_a_reading_joins_everything(held, which):
    known = [members(place + 1, *some) for place, some in enumerate(held)]
    assert len(overlaps(SIX, known[:which] + known[which + 1 :]).components) == 1
