"""Shadows, bystanders and users of both sides (safety S3, S6; scenario matrix rows 4 and 24)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.access import paths
from avd_failover.domain.exposure import Exposure, both_sides, exposure, plan_users
from avd_failover.domain.ids import Scope
from avd_failover.domain.plan import Side
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    GRP1,
    GRP2,
    GRP3,
    MANAGEMENT_GROUP,
    OTHER_ROLE,
    RAG_NEU,
    RAG_WEU,
    ROOT,
    STRAY_WEU,
    SUBSCRIPTION_SCOPE,
    assignment,
    gid,
    group,
    members,
    plan,
    resource_group,
    role,
    route,
    user,
    users,
)

GROUPS = (DAG_WEU, RAG_WEU, DAG_NEU, RAG_NEU, STRAY_WEU)
STAFF = [members(1, 1, 2), members(2, 2, 3), members(3, 4)]
OUTSIDERS = members(4, 8, 9)
INSIDERS = members(5, 3, 9)
PLAN_USERS = users(1, 2, 3, 4)
NAMES = {one.id: one.name for one in (GRP1, GRP2, GRP3, group(4), group(5))}


def sort(held, *, memberships=(*STAFF, OUTSIDERS, INSIDERS), roles=None, whom=PLAN_USERS, run=None):
    found = paths(GROUPS, held, roles or [role()], memberships, NAMES)
    return exposure(run or route(), found, whom)


def heap_of(sorted_paths: Exposure) -> set[str]:
    return {heap for heap in Exposure.__struct_fields__ if getattr(sorted_paths, heap)}


OWN = [
    ("source", assignment(DAG_WEU, GRP1.id)),
    ("target", assignment(DAG_NEU, GRP1.id)),
    ("second application group", assignment(RAG_WEU, GRP3.id)),
    ("role id in capitals", assignment(DAG_WEU, GRP1.id, role="1D18FFF3-A72A-46B5-B4A9-0B38A3CD7E63")),
    ("under a condition", assignment(DAG_WEU, GRP1.id, condition="true", condition_version="2.0")),
]

SHADOWS = [
    ("row 4: inherited from the subscription", assignment(SUBSCRIPTION_SCOPE, GRP1.id)),
    ("inherited from the resource group", assignment(resource_group("neu"), GRP1.id)),
    ("inherited from a management group", assignment(MANAGEMENT_GROUP, GRP1.id)),
    ("inherited from the root", assignment(ROOT, user(1), kind="User")),
    ("another role with the data action", assignment(DAG_WEU, GRP1.id, role=OTHER_ROLE)),
    ("a user of the plan directly", assignment(DAG_WEU, user(2), kind="User")),
    ("a group with a member in common", assignment(DAG_WEU, gid(5))),
    ("a group nobody could read", assignment(DAG_WEU, gid(6))),
    ("a principal of an unknown type", assignment(DAG_WEU, gid(6), kind="Swarm")),
    ("an application group the plan does not name", assignment(STRAY_WEU, GRP1.id)),
    ("a plan group on an application group that is not its own", assignment(DAG_WEU, GRP3.id)),
]

BYSTANDERS = [
    ("a group with nobody in common", assignment(DAG_WEU, gid(4))),
    ("the same group, inherited", assignment(SUBSCRIPTION_SCOPE, gid(4))),
    ("the same group, elsewhere in the pool", assignment(STRAY_WEU, gid(4))),
    ("a user outside the plan", assignment(DAG_WEU, user(9), kind="User")),
    ("an application", assignment(DAG_WEU, user(1), kind="ServicePrincipal")),
]


def cases(table):
    return pytest.mark.parametrize("held", [case[1] for case in table], ids=[case[0] for case in table])


@cases(OWN)
def test_the_plan_s_own_assignments_are_its_own(held):
    assert heap_of(sort([held])) == {"own"}


@cases(SHADOWS)
def test_another_way_in_for_a_user_of_the_plan_is_a_shadow(held):
    assert heap_of(sort([held], roles=[role(), role("*", guid=OTHER_ROLE)])) == {"shadows"}


@cases(SHADOWS)
def test_a_shadow_that_the_plan_lists_is_accepted(held):
    listing = route(plan=plan(accepted_paths=(held.id.upper(),)))
    assert heap_of(sort([held], run=listing)) == {"accepted"}


@cases(BYSTANDERS)
def test_a_way_in_for_other_people_is_a_bystander(held):
    assert heap_of(sort([held])) == {"bystanders"}


@cases(BYSTANDERS[:4])
def test_nobody_is_a_bystander_while_the_plan_s_users_are_unknown(held):
    assert heap_of(sort([held], whom=None)) == {"shadows"}


def test_an_application_lets_nobody_in_even_while_the_plan_s_users_are_unknown():
    assert heap_of(sort([BYSTANDERS[-1][1]], whom=None)) == {"bystanders"}


def test_accepting_one_assignment_accepts_no_other():
    listing = route(plan=plan(accepted_paths=(assignment(DAG_WEU, gid(5)).id,)))
    assert heap_of(sort([assignment(RAG_WEU, gid(5))], run=listing)) == {"shadows"}


def test_accepting_an_assignment_never_hides_one_of_the_plan_s_own():
    held = assignment(DAG_WEU, GRP1.id)
    assert heap_of(sort([held], run=route(plan=plan(accepted_paths=(held.id,))))) == {"own"}


def test_an_inherited_path_of_a_plan_group_is_a_shadow_even_while_the_group_is_empty():
    empty = [members(1), members(2), members(3)]
    assert heap_of(sort([assignment(SUBSCRIPTION_SCOPE, GRP1.id)], memberships=empty, whom=users())) == {
        "shadows"
    }


def test_only_the_nested_group_that_meets_the_plan_is_a_shadow():
    outer = [*STAFF, members(4, 3, 8, nested=[5]), members(5, 3)]
    found = sort([assignment(DAG_WEU, gid(4))], memberships=outer)
    assert [path.via_group.name for path in found.shadows] == ["GRP5"]
    assert [path.via_group.name for path in found.bystanders] == ["GRP4"]


def test_what_the_plan_calls_its_own_is_the_same_in_both_directions():
    held = [case[1] for case in OWN]
    for run in (route(), route(leaving=Side.SECONDARY)):
        assert heap_of(sort(held, run=run)) == {"own"}


def test_in_a_cohort_own_is_what_moves_and_a_group_that_stays_is_a_bystander():
    run = route(groups=("GRP3",))
    held = [assignment(RAG_WEU, GRP3.id), assignment(DAG_WEU, GRP1.id)]
    found = sort(held, whom=users(4), run=run)
    assert [path.via_group for path in found.own] == [GRP3]
    assert [path.via_group for path in found.bystanders] == [GRP1]
    assert not found.shadows


def test_in_a_cohort_a_group_that_stays_is_a_shadow_once_it_shares_a_user_who_moves():
    run = route(groups=("GRP3",))
    found = sort([assignment(DAG_WEU, GRP1.id)], whom=users(1, 4), run=run)
    assert heap_of(found) == {"shadows"}


def test_a_verdict_without_shadows_says_so():
    held = [assignment(DAG_WEU, GRP1.id), assignment(DAG_WEU, gid(4))]
    assert sort(held).sentence == "no way in besides the plan's own (1 path)"


def test_a_verdict_with_shadows_tells_how_many_and_the_first():
    found = sort([assignment(resource_group("neu"), GRP1.id)])
    assert found.sentence == (
        "2 ways in besides the plan's own: 2 users on dag-neu through GRP1,"
        " by Desktop Virtualization User inherited from resource group rg-avd-neu"
    )


WHO = [
    ("everyone in every group once", STAFF, PLAN_USERS),
    ("groups outside the plan do not count", [*STAFF, OUTSIDERS], PLAN_USERS),
    ("one group missing", STAFF[:2], None),
    ("one group read in part", [*STAFF[:2], members(3, 4, complete=False)], None),
    ("nothing read", [], None),
]


@pytest.mark.parametrize(
    ("memberships", "expected"), [case[1:] for case in WHO], ids=[case[0] for case in WHO]
)
def test_the_plan_s_users_are_known_only_when_every_group_is(memberships, expected):
    assert plan_users(route(), memberships) == expected


def test_a_cohort_concerns_its_own_users_only():
    assert plan_users(route(groups=("GRP1",)), STAFF) == users(1, 2)


def test_a_cohort_does_not_need_the_members_of_those_who_stay():
    assert plan_users(route(groups=("GRP1",)), STAFF[:1]) == users(1, 2)


def test_a_drill_concerns_the_testers_only():
    run = route(plan=plan(test_group=group(5)), test=True)
    assert plan_users(run, [*STAFF, INSIDERS]) == users(3, 9)


def reach(*held, memberships=(*STAFF, OUTSIDERS)):
    return paths(GROUPS, held, [role()], memberships, NAMES)


def test_row_24_a_user_assigned_on_both_sides_is_found_with_both_paths():
    (found,) = both_sides(
        reach(assignment(DAG_WEU, user(7), kind="User")), reach(assignment(DAG_NEU, user(7), kind="User"))
    )
    assert found.user == user(7)
    assert found.sentence == (
        f"user {user(7)} on dag-weu directly, by Desktop Virtualization User assigned there and also"
        f" user {user(7)} on dag-neu directly, by Desktop Virtualization User assigned there"
    )


BOTH = [
    ("nobody twice", [assignment(DAG_WEU, GRP1.id)], [assignment(DAG_NEU, GRP3.id)], []),
    ("a shared member", [assignment(DAG_WEU, GRP1.id)], [assignment(DAG_NEU, GRP2.id)], [user(2)]),
    ("the same group", [assignment(DAG_WEU, GRP1.id)], [assignment(RAG_NEU, GRP1.id)], [user(1), user(2)]),
    ("anyone on the target", [assignment(DAG_WEU, GRP3.id)], [assignment(DAG_NEU, gid(6))], [user(4)]),
    ("anyone on the source", [assignment(DAG_WEU, gid(6))], [assignment(DAG_NEU, GRP3.id)], [user(4)]),
    ("anyone on both", [assignment(DAG_WEU, gid(6))], [assignment(DAG_NEU, gid(6))], [None]),
    ("nobody at all", [], [], []),
]


@pytest.mark.parametrize(
    ("source", "target", "expected"), [case[1:] for case in BOTH], ids=[case[0] for case in BOTH]
)
def test_users_of_both_sides_are_found_one_by_one(source, target, expected):
    assert [found.user for found in both_sides(reach(*source), reach(*target))] == expected


def test_a_search_among_some_users_finds_only_those():
    source, target = reach(assignment(DAG_WEU, GRP1.id)), reach(assignment(DAG_NEU, GRP1.id))
    assert [found.user for found in both_sides(source, target, users(2, 9))] == [user(2)]
    unknown = reach(assignment(DAG_NEU, gid(6)))
    assert [found.user for found in both_sides(source, unknown, users(2, 9))] == [user(2)]


def test_unknown_users_on_both_sides_are_told_without_an_id():
    anyone = reach(assignment(DAG_WEU, gid(6)))
    (found,) = both_sides(anyone, anyone)
    assert found.sentence.count("an unknown number of users") == 2


holders = st.one_of(
    st.tuples(st.integers(1, 6).map(gid), st.just("Group")),
    st.tuples(st.integers(1, 9).map(user), st.sampled_from(["User", "ServicePrincipal"])),
)
scopes = st.sampled_from([*GROUPS, resource_group("weu"), SUBSCRIPTION_SCOPE, MANAGEMENT_GROUP])
held_many = st.lists(
    st.builds(
        lambda at, holder, guid: assignment(Scope(at), holder[0], kind=holder[1], role=guid),
        scopes,
        holders,
        st.sampled_from([OTHER_ROLE, "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"]),
    ),
    max_size=8,
)


@given(held_many)
def test_every_path_lands_in_exactly_one_heap(held):
    found = paths(GROUPS, held, [role()], [*STAFF, OUTSIDERS, INSIDERS], NAMES)
    heaps = exposure(route(), found, PLAN_USERS)
    landed = [path for heap in Exposure.__struct_fields__ for path in getattr(heaps, heap)]
    assert sorted(map(repr, landed)) == sorted(map(repr, found))


@given(held_many)
def test_without_shadows_no_user_of_the_plan_has_a_way_in_but_the_plan_s(held):
    found = paths(GROUPS, held, [role()], [*STAFF, OUTSIDERS, INSIDERS], NAMES)
    heaps = exposure(route(), found, PLAN_USERS)
    meeting = [path for path in found if path.users is None or path.users & PLAN_USERS]
    assert heaps.shadows or set(meeting) <= set(heaps.own)


@given(held_many)
def test_knowing_less_about_the_plan_s_users_never_hides_a_shadow(held):
    found = paths(GROUPS, held, [role()], [*STAFF, OUTSIDERS, INSIDERS], NAMES)
    assert set(exposure(route(), found, PLAN_USERS).shadows) <= set(exposure(route(), found, None).shadows)


@given(held_many)
def test_a_user_found_on_both_sides_is_in_a_path_of_each(held):
    found = paths(GROUPS, held, [role()], [*STAFF, OUTSIDERS, INSIDERS], NAMES)
    source = [path for path in found if path.application_group.endswith("-weu")]
    target = [path for path in found if path.application_group.endswith("-neu")]
    twice = {one.user for one in both_sides(source, target)}
    for number in range(1, 10):
        here, there = (any(p.users and user(number) in p.users for p in side) for side in (source, target))
        assert not (here and there) or user(number) in twice
