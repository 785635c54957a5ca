"""Who may move alone: nobody is left on both sides (safety S5, O6; contract 45, 137, 149, 169; row 2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.closure import closure
from avd_failover.domain.ids import GroupId, UserId
from avd_failover.domain.plan import ApplicationGroupPair
from avd_failover.domain.route import Pair, Route
from tests.domain.builders import GRP1, GRP2, GRP3, application_group, group, members, plan

TEST = group(9)
APART = [members(1, 1), members(2, 2), members(3, 3), members(9, 9)]
CHAIN = [members(1, 1, 2), members(2, 2, 3), members(3, 3), members(9, 9)]


def pair_of(name: str, *groups) -> ApplicationGroupPair:
    return ApplicationGroupPair(
        name=name,
        primary=application_group("neu", name),
        secondary=application_group("weu", name),
        groups=groups,
    )


def run(**scope) -> Route:
    """GRP1 and GRP2 hold the desktop, GRP2 and GRP3 an application; GRP9 tests."""
    held = (pair_of("dag", GRP1, GRP2), pair_of("app", GRP2, GRP3))
    return Route(plan=plan(application_groups=held, test_group=TEST), **scope)


CLOSED = [
    ("everything, overlap or not", {}, CHAIN),
    ("everything, and nothing could be read", {}, []),
    ("one group that shares nobody", {"groups": ("GRP1",)}, APART),
    ("all groups by name", {"groups": ("GRP1", "GRP2", "GRP3")}, CHAIN),
    ("all groups by name, unread", {"groups": ("GRP1", "GRP2", "GRP3")}, []),
    ("a whole component", {"groups": ("GRP1", "GRP2")}, [members(1, 1), members(2, 1), *APART[2:]]),
    ("all application groups by name", {"app_groups": ("dag", "app")}, CHAIN),
    ("testers apart", {"test": True}, [*CHAIN[:3], members(9, 9)]),
    ("an empty group shares nobody", {"groups": ("GRP1",)}, [members(1), *CHAIN[1:]]),
]


@pytest.mark.parametrize(("scope", "read"), [case[1:] for case in CLOSED], ids=[case[0] for case in CLOSED])
def test_a_set_that_splits_nobody_may_move(scope, read):
    found = closure(run(**scope), read)
    assert (found.closed, found.refusal) == (True, "")


OPEN = [
    (
        "row 2: a shared user",
        {"groups": ("GRP1",)},
        [members(1, 1, 2), members(2, 2), *APART[2:]],
        (
            "GRP1 and GRP2 share 1 user, and GRP2 stays;"
            " what may move alone is GRP1, GRP2, with all their application groups"
        ),
    ),
    (
        "a chain names its whole component",
        {"groups": ("GRP3",)},
        CHAIN,
        (
            "GRP3 and GRP2 share 1 user, and GRP2 stays;"
            " what may move alone is GRP1, GRP2, GRP3, with all their application groups"
        ),
    ),
    (
        "a group that would be left on an application group",
        {"app_groups": ("dag",)},
        APART,
        (
            "GRP2 would move and still be left on app;"
            " what may move alone is GRP1, GRP2, with all their application groups"
        ),
    ),
    (
        "an empty group left behind may be filled",
        {"app_groups": ("dag",), "groups": ("GRP2",)},
        [members(n) for n in (1, 2, 3, 9)],
        (
            "GRP2 would move and still be left on app;"
            " what may move alone is GRP2, with all their application groups"
        ),
    ),
    (
        "members that could not be read",
        {"groups": ("GRP1",)},
        [members(1, 1), members(2, 2, complete=False), members(3, 3)],
        (
            "GRP1 and GRP2 share an unknown number of users, and GRP2 stays;"
            " members of GRP2 could not be read whole, so that any groups may share users;"
            " what may move alone is GRP1, GRP2, GRP3, with all their application groups"
        ),
    ),
    (
        "a tester in production",
        {"test": True},
        [members(1, 1, 9), *APART[1:]],
        "GRP9 and GRP1 share 1 user, and GRP1 stays; testers have to be in no other group of the plan",
    ),
    (
        "testers nobody could read",
        {"test": True},
        APART[:3],
        (
            "GRP9 and GRP1 share an unknown number of users, and GRP1 stays;"
            " GRP9 and GRP2 share an unknown number of users, and GRP2 stays;"
            " GRP9 and GRP3 share an unknown number of users, and GRP3 stays;"
            " members of GRP9 could not be read whole, so that any groups may share users;"
            " testers have to be in no other group of the plan"
        ),
    ),
]


@pytest.mark.parametrize(
    ("scope", "read", "said"), [case[1:] for case in OPEN], ids=[case[0] for case in OPEN]
)
def test_a_set_that_splits_somebody_is_refused_by_its_groups(scope, read, said):
    assert closure(run(**scope), read).refusal == said


def test_the_refusal_names_no_user():
    read = [members(1, 1, 2), members(2, 2), *APART[2:]]
    told = closure(run(groups=("GRP1",)), read).refusal
    assert not any(user in told for one in read for user in one.users)


PEOPLE = st.sets(st.integers(1, 6), max_size=4)


def _reached(pairs: tuple[Pair, ...], who: dict[GroupId, frozenset[UserId]]) -> set[UserId]:
    return {user for pair in pairs for user in who[pair.group.id]}


@given(
    people=st.tuples(PEOPLE, PEOPLE, PEOPLE, PEOPLE),
    groups=st.none() | st.sets(st.sampled_from(["GRP1", "GRP2", "GRP3"]), min_size=1).map(sorted).map(tuple),
    app_groups=st.none() | st.sets(st.sampled_from(["dag", "app"]), min_size=1).map(sorted).map(tuple),
    test=st.booleans(),
)
def test_a_partial_run_is_allowed_exactly_when_the_moved_set_is_closed(people, groups, app_groups, test):
    """Closed: no group is parted, and no user holds something that moves and something that stays."""
    chosen = run(groups=groups, app_groups=app_groups, test=test)
    read = [members(number, *sorted(those)) for number, those in zip((1, 2, 3, 9), people, strict=True)]
    who = {one.group: one.users for one in read}
    staying = tuple(one for one in run().pairs if one not in chosen.pairs)
    parted = {one.group.id for one in chosen.pairs} & {one.group.id for one in staying}
    spans = _reached(chosen.pairs, who) & _reached(staying, who)
    assert closure(chosen, read).closed == (not parted and not spans)


@given(people=st.tuples(PEOPLE, PEOPLE, PEOPLE), start=st.sampled_from(["GRP1", "GRP2", "GRP3"]))
def test_what_a_refusal_allows_is_allowed(people, start):
    read = [members(number, *sorted(those)) for number, those in zip((1, 2, 3), people, strict=True)]
    allowed = closure(run(groups=(start,)), read).allowed
    assert start in allowed
    assert closure(run(groups=allowed), read).closed
