"""Conditions let through what the plan means, and nothing else: judged by an evaluator of its own."""

import pytest

from avd_failover.domain.conditions import condition
from avd_failover.domain.rights import ASSIGNMENT_DELETE, ASSIGNMENT_WRITE
from tests.domain.abac import compiled

ROLE, OTHER_ROLE = "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
GRP1, GRP2, STRANGER = (f"6a000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 9))
BOTH = (ASSIGNMENT_WRITE, ASSIGNMENT_DELETE)
READ = "Microsoft.Authorization/roleAssignments/read"
OURS = {"RoleDefinitionId": ROLE, "PrincipalId": GRP1, "PrincipalType": "Group"}
NOTHING: dict[str, str] = {}

CASES = [
    ("the plan's own", OURS, True),
    ("the other group", OURS | {"PrincipalId": GRP2}, True),
    ("another casing", OURS | {"PrincipalId": GRP1.upper(), "PrincipalType": "group"}, True),
    ("a stranger", OURS | {"PrincipalId": STRANGER}, False),
    ("owner for our group", OURS | {"RoleDefinitionId": OTHER_ROLE}, False),
    ("a user with a group's id", OURS | {"PrincipalType": "User"}, False),
    ("a service principal", OURS | {"PrincipalType": "ServicePrincipal"}, False),
    ("nothing is known of it", NOTHING, False),
]


@pytest.mark.parametrize(("about", "lets"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("actions", [BOTH, BOTH[:1], BOTH[1:]])
def test_only_the_plans_groups_in_the_plans_role_are_assigned_and_removed(actions, about, lets) -> None:
    test = compiled(condition(ROLE, (GRP1, GRP2), actions))
    if ASSIGNMENT_WRITE in actions:
        assert test(ASSIGNMENT_WRITE, about, NOTHING) is lets
    if ASSIGNMENT_DELETE in actions:
        assert test(ASSIGNMENT_DELETE, NOTHING, about) is lets


def test_a_write_is_judged_by_what_it_asks_for_and_a_delete_by_what_is_there() -> None:
    test = compiled(condition(ROLE, (GRP1,), BOTH))
    foreign = OURS | {"PrincipalId": STRANGER}
    assert not test(ASSIGNMENT_WRITE, foreign, OURS)
    assert not test(ASSIGNMENT_DELETE, OURS, foreign)


def test_other_actions_pass() -> None:
    assert compiled(condition(ROLE, (GRP1,), BOTH))(READ, NOTHING, NOTHING)


def test_there_is_no_condition_without_an_action_that_needs_one() -> None:
    assert condition(ROLE, (), [READ]) == ""


@pytest.mark.parametrize("actions", [BOTH, BOTH[:1], BOTH[1:]])
def test_a_condition_that_names_nobody_is_refused(actions) -> None:
    with pytest.raises(ValueError, match="no group"):
        condition(ROLE, (), actions)


@pytest.mark.parametrize("bad", ["(", "@Request[x:Y] ForAnyOfAnyValues:GuidEquals {1}", "true", "() )", "! "])
def test_the_evaluator_takes_nothing_that_it_does_not_understand(bad) -> None:
    with pytest.raises((ValueError, IndexError)):
        compiled(bad)
