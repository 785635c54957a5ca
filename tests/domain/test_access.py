"""Every path of access is found, by its kind, and what is unknown counts as open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.access import opens, paths, told
from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, Membership
from avd_failover.domain.ids import Scope, within
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    GRP1,
    GRP3,
    GRP4,
    MANAGEMENT_GROUP,
    OTHER_ROLE,
    RAG_WEU,
    ROOT,
    SUBSCRIPTION,
    SUBSCRIPTION_SCOPE,
    assignment,
    gid,
    members,
    resource_group,
    role,
    user,
    users,
)

NAMES = {group.id: group.name for group in (GRP1, GRP3)} | {GRP4.id: "GRP3-CONTRACTORS"}


def only(assignments, memberships, roles=None):
    (path,) = paths([DAG_NEU], assignments, roles or [role()], memberships, NAMES)
    return path


SENTENCES = [
    (
        "a group on the application group",
        assignment(DAG_NEU, gid(1)),
        [members(1, 1, 2, 3)],
        "3 users on dag-neu through GRP1, by Desktop Virtualization User assigned there",
    ),
    (
        "a nested group, inherited from a resource group",
        assignment(resource_group("neu"), gid(3)),
        [members(3, 4, nested=[4]), members(4, 4)],
        (
            "1 user on dag-neu through GRP3-CONTRACTORS nested in GRP3,"
            " by Desktop Virtualization User inherited from resource group rg-avd-neu"
        ),
    ),
    (
        "a user directly, inherited from the subscription",
        assignment(SUBSCRIPTION_SCOPE, user(7), kind="User"),
        [],
        (
            "1 user on dag-neu directly, by Desktop Virtualization User"
            f" inherited from subscription {SUBSCRIPTION}"
        ),
    ),
    (
        "a group at a management group",
        assignment(MANAGEMENT_GROUP, gid(1)),
        [members(1, 1)],
        (
            "1 user on dag-neu through GRP1, by Desktop Virtualization User"
            " inherited from management group contoso"
        ),
    ),
    (
        "a group nobody could read, at the root",
        assignment(ROOT, gid(1)),
        [],
        (
            "an unknown number of users on dag-neu through GRP1, by Desktop Virtualization User"
            " inherited from the root scope"
        ),
    ),
    (
        "a role nobody could read",
        assignment(DAG_NEU, gid(1), role=OTHER_ROLE),
        [members(1)],
        f"0 users on dag-neu through GRP1, by a role that could not be read ({OTHER_ROLE}) assigned there",
    ),
    (
        "a condition",
        assignment(DAG_NEU, gid(1), condition="@Resource[x] StringEquals 'y'", condition_version="2.0"),
        [members(1, 1)],
        (
            "1 user on dag-neu through GRP1, by Desktop Virtualization User assigned there,"
            " its condition taken as met"
        ),
    ),
    (
        "an application",
        assignment(DAG_NEU, gid(9), kind="ServicePrincipal"),
        [],
        (
            "0 users on dag-neu as a principal of type ServicePrincipal,"
            " by Desktop Virtualization User assigned there"
        ),
    ),
    (
        "a principal of no type",
        assignment(DAG_NEU, gid(9), kind=""),
        [],
        (
            "an unknown number of users on dag-neu as a principal of type unknown,"
            " by Desktop Virtualization User assigned there"
        ),
    ),
]


@pytest.mark.parametrize(
    ("held", "memberships", "sentence"), [case[1:] for case in SENTENCES], ids=[case[0] for case in SENTENCES]
)
def test_a_path_is_told_in_one_sentence(held, memberships, sentence):
    assert only([held], memberships).sentence == sentence


def test_a_counter_example_names_the_user_by_object_id():
    path = only([assignment(DAG_NEU, gid(1))], [members(1, 5)])
    assert path.counter_example(user(5)) == (
        f"user {user(5)} on dag-neu through GRP1, by Desktop Virtualization User assigned there"
    )


SCOPES = [
    (ROOT, "the root scope"),
    (MANAGEMENT_GROUP, "management group contoso"),
    (SUBSCRIPTION_SCOPE, f"subscription {SUBSCRIPTION}"),
    (resource_group("neu"), "resource group rg-avd-neu"),
    (Scope(DAG_NEU), "scope dag-neu"),
]


@pytest.mark.parametrize(("scope", "words"), SCOPES)
def test_a_scope_is_told_by_kind_and_name(scope, words):
    assert told(scope) == words


REACHED = [
    (DAG_NEU, [DAG_NEU]),
    (resource_group("neu"), [DAG_NEU]),
    (resource_group("weu"), [DAG_WEU, RAG_WEU]),
    (SUBSCRIPTION_SCOPE, [DAG_NEU, DAG_WEU, RAG_WEU]),
    (MANAGEMENT_GROUP, [DAG_NEU, DAG_WEU, RAG_WEU]),
    (ROOT, [DAG_NEU, DAG_WEU, RAG_WEU]),
    (Scope(f"{SUBSCRIPTION_SCOPE}/resourcegroups/rg-avd-ne"), []),
    (Scope("/subscriptions/ffffffff-1111-4222-8333-444444444444"), []),
    (Scope(f"{DAG_NEU}/applications/word"), []),
]


@pytest.mark.parametrize(("scope", "reached"), REACHED)
def test_an_assignment_reaches_its_scope_and_everything_below(scope, reached):
    found = paths([DAG_NEU, DAG_WEU, RAG_WEU], [assignment(scope, gid(1))], [role()], [members(1, 1)])
    assert [path.application_group for path in found] == reached
    assert all((path.inherited_from is None) == (path.application_group == scope) for path in found)


UNKNOWN = [
    ("a group without membership", assignment(DAG_NEU, gid(1)), []),
    ("a group read in part", assignment(DAG_NEU, gid(1)), [members(1, 1, complete=False)]),
    (
        "a group read twice, once in part",
        assignment(DAG_NEU, gid(1)),
        [members(1, 1), members(1, complete=False)],
    ),
    ("a foreign group", assignment(DAG_NEU, gid(1), kind="ForeignGroup"), []),
    ("a device", assignment(DAG_NEU, gid(1), kind="Device"), []),
    ("a kind Azure invents tomorrow", assignment(DAG_NEU, gid(1), kind="Swarm"), []),
]


@pytest.mark.parametrize(
    ("held", "memberships"), [case[1:] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN]
)
def test_holders_that_cannot_be_listed_count_as_everyone(held, memberships):
    assert only([held], memberships).users is None


KNOWN = [
    ("a user", assignment(DAG_NEU, user(3), kind="User"), [], users(3)),
    ("a user, in another case", assignment(DAG_NEU, user(3), kind="USER"), [], users(3)),
    ("an application", assignment(DAG_NEU, user(3), kind="ServicePrincipal"), [], users()),
    ("a group", assignment(DAG_NEU, gid(1)), [members(1, 1, 2)], users(1, 2)),
    ("an empty group", assignment(DAG_NEU, gid(1)), [members(1)], users()),
    ("a group read twice", assignment(DAG_NEU, gid(1)), [members(1, 1), members(1, 2)], users(1, 2)),
    ("a group whose type Azure left out", assignment(DAG_NEU, gid(1), kind=""), [members(1, 1)], users(1)),
    (
        "a foreign group that was read",
        assignment(DAG_NEU, gid(1), kind="ForeignGroup"),
        [members(1, 1)],
        users(1),
    ),
]


@pytest.mark.parametrize(
    ("held", "memberships", "expected"), [case[1:] for case in KNOWN], ids=[case[0] for case in KNOWN]
)
def test_holders_that_can_be_listed_are_counted_exactly(held, memberships, expected):
    assert only([held], memberships).users == expected


def by_group(found):
    return {
        (path.via_group.name, path.nested_in.name if path.nested_in else ""): path.users for path in found
    }


NESTED = [
    (
        "direct members stay with the group, nested ones go to the nested group",
        [members(3, 1, 2, 3, nested=[4]), members(4, 2, 3)],
        {("GRP3", ""): users(1), ("GRP3-CONTRACTORS", "GRP3"): users(2, 3)},
    ),
    (
        "a group of nested groups only has no path of its own",
        [members(3, 2, nested=[4]), members(4, 2)],
        {("GRP3-CONTRACTORS", "GRP3"): users(2)},
    ),
    (
        "a nested group that was not asked for leaves its members with the group",
        [members(3, 1, 2, nested=[4])],
        {("GRP3", ""): users(1, 2)},
    ),
    (
        "a nested group read in part names nobody",
        [members(3, 1, 2, nested=[4]), members(4, 2, complete=False)],
        {("GRP3", ""): users(1, 2)},
    ),
    (
        "a group read in part may hold anyone, its whole nested group holds whom it holds",
        [members(3, 1, nested=[4], complete=False), members(4, 2)],
        {("GRP3", ""): None, ("GRP3-CONTRACTORS", "GRP3"): users(2)},
    ),
    (
        "a group nested in itself is one group",
        [members(3, 1, nested=[3])],
        {("GRP3", ""): users(1)},
    ),
    (
        "two groups nested in each other end",
        [members(3, 1, 2, nested=[3, 4]), members(4, 1, 2, nested=[3, 4])],
        {("GRP3-CONTRACTORS", "GRP3"): users(1, 2)},
    ),
]


@pytest.mark.parametrize(
    ("memberships", "expected"), [case[1:] for case in NESTED], ids=[case[0] for case in NESTED]
)
def test_nested_groups_are_named_where_they_are_known(memberships, expected):
    found = paths([DAG_NEU], [assignment(DAG_NEU, gid(3))], [role()], memberships, NAMES)
    assert by_group(found) == expected


def test_a_group_without_a_name_is_called_by_its_object_id():
    path = only([assignment(DAG_NEU, gid(2))], [members(2, 1)])
    assert path.via_group.name == gid(2)


def test_a_role_that_opens_nothing_makes_no_path():
    assert paths([DAG_NEU], [assignment(DAG_NEU, gid(1))], [role("*/read")], [members(1, 1)]) == ()


def test_another_role_with_the_data_action_makes_a_path_under_its_own_name():
    wildcard = role("*", guid=OTHER_ROLE, name="Desktop Everything")
    path = only([assignment(DAG_NEU, gid(1), role=OTHER_ROLE)], [members(1, 1)], [role(), wildcard])
    assert path.role_name == "Desktop Everything"


def test_a_role_of_several_permission_blocks_opens_when_one_of_them_does():
    blocks = [role("*", minus=["*"]), role()]
    for given_roles in (blocks, blocks[::-1]):
        assert only([assignment(DAG_NEU, gid(1))], [members(1, 1)], given_roles).users == users(1)


def test_roles_are_the_same_whatever_the_case_of_their_ids():
    held = assignment(DAG_NEU, gid(1), role=DESKTOP_VIRTUALIZATION_USER.upper())
    assert only([held], [members(1, 1)]).role_name == "Desktop Virtualization User"


def test_paths_come_by_application_group_then_from_the_widest_scope_down():
    held = [assignment(at, gid(1)) for at in (DAG_WEU, resource_group("weu"), MANAGEMENT_GROUP, ROOT)]
    found = paths([RAG_WEU, DAG_WEU], held, [role()], [members(1, 1)])
    assert [(path.application_group, path.assignment.scope) for path in found] == [
        *((DAG_WEU, at) for at in (ROOT, MANAGEMENT_GROUP, resource_group("weu"), DAG_WEU)),
        *((RAG_WEU, at) for at in (ROOT, MANAGEMENT_GROUP, resource_group("weu"))),
    ]


scopes = st.sampled_from(
    [ROOT, MANAGEMENT_GROUP, SUBSCRIPTION_SCOPE, resource_group("neu"), DAG_NEU, DAG_WEU, RAG_WEU]
)
holders = st.one_of(
    st.tuples(st.integers(1, 4).map(gid), st.just("Group")),
    st.tuples(st.integers(1, 6).map(user), st.just("User")),
    st.tuples(st.integers(8, 9).map(gid), st.sampled_from(["ServicePrincipal", "Device"])),
)
assignments = st.builds(
    lambda at, holder, guid: assignment(at, holder[0], kind=holder[1], role=guid),
    scopes,
    holders,
    st.sampled_from([DESKTOP_VIRTUALIZATION_USER, OTHER_ROLE, "77777777-aaaa-4bbb-8ccc-dddddddddddd"]),
)
numbers = st.sets(st.integers(1, 6))
memberships = st.builds(
    lambda number, held, nested, complete: members(number, *held, nested=nested, complete=complete),
    st.integers(1, 4),
    numbers,
    st.sets(st.integers(1, 4), max_size=2),
    st.booleans(),
)
roles = st.sampled_from([(role(),), (role(), role("*/read", guid=OTHER_ROLE)), (role("*", guid=OTHER_ROLE),)])
worlds = st.tuples(st.lists(assignments, max_size=6), roles, st.lists(memberships, max_size=5))
GROUPS = (DAG_NEU, DAG_WEU, RAG_WEU)


def reach(found):
    """Who gets where: the users of each application group, None once anyone might."""
    got: dict[str, Any] = {group: frozenset() for group in GROUPS}
    for path in found:
        so_far = got[path.application_group]
        unknown = so_far is None or path.users is None
        got[path.application_group] = None if unknown else so_far | path.users
    return got


def expected_users(held, known):
    """Name the users of one assignment, by the letter of ``Decl`` and by nothing the module does."""
    mine = [one for one in known if one.group == held.principal_id]
    if mine or held.principal_type == "Group":
        whole = bool(mine) and all(one.complete for one in mine)
        nested = {inner for one in mine for inner in one.nested if inner != held.principal_id}
        for inner in sorted(nested):
            again = [one for one in known if one.group == inner]
            mine += again if again and all(one.complete for one in again) else []
        return frozenset().union(*(one.users for one in mine)) if whole else None
    return {"User": frozenset({held.principal_id}), "ServicePrincipal": frozenset()}.get(held.principal_type)


def expected_reach(held_all, known_roles, known):
    got: dict[str, Any] = {group: frozenset() for group in GROUPS}
    for group in GROUPS:
        for held in held_all:
            definitions = [one for one in known_roles if one.id.endswith(held.role)]
            closed = bool(definitions) and not any(opens(one) for one in definitions)
            above = within(group, held.scope) or held.scope == MANAGEMENT_GROUP
            if closed or not above or got[group] is None:
                continue
            more = expected_users(held, known)
            got[group] = None if more is None else got[group] | more
    return got


@given(worlds)
def test_access_is_what_the_definition_says(world):
    assert reach(paths(GROUPS, *world)) == expected_reach(*world)


@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_never_changes_the_paths(world, chance):
    shuffled = [chance.sample(part, len(part)) for part in world]
    again = chance.sample(GROUPS, len(GROUPS))
    assert paths(again, *shuffled) == paths(GROUPS, *world)


@given(worlds)
def test_reading_something_twice_never_changes_the_paths(world):
    held, known_roles, known = world
    assert paths(GROUPS * 2, held * 2, known_roles * 2, known * 2) == paths(GROUPS, *world)


def no_less(before, after):
    return all(
        after[group] is None or (before[group] is not None and before[group] <= after[group])
        for group in GROUPS
    )


@given(worlds, assignments)
def test_one_more_assignment_never_takes_access_away(world, more):
    held, known_roles, known = world
    assert no_less(reach(paths(GROUPS, *world)), reach(paths(GROUPS, [*held, more], known_roles, known)))


@given(worlds)
def test_knowing_less_never_takes_access_away(world):
    held, _, known = world
    before = reach(paths(GROUPS, *world))
    in_part = [Membership(group=one.group, users=one.users, complete=False) for one in known]
    assert no_less(before, reach(paths(GROUPS, held, (), known)))
    assert no_less(before, reach(paths(GROUPS, held, world[1], in_part)))
    assert no_less(before, reach(paths(GROUPS, held, world[1], ())))
