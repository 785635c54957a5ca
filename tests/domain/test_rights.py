"""The table from our words to Azure's: complete, without wildcards, and true to what actions undo."""

import inspect
import re
from typing import get_args

import pytest

from avd_failover import cloud
from avd_failover.domain.actions import Action, kind_of
from avd_failover.domain.rights import CHANGES, GRAPH, READS, UNDOES, Place, Right
from tests.domain.test_actions import ACTIONS

TAGS = {str(kind.__struct_config__.tag) for kind in get_args(Action)}
ROWS = [(name, right) for table in (READS, CHANGES) for name, rights in table.items() for right in rights]
SHAPE = re.compile(r"Microsoft\.[A-Za-z]+(/[A-Za-z]+)+/(read|write|delete|[A-Za-z]+/action)")
FORBIDDEN = {
    "microsoft.authorization/roledefinitions/write",
    "microsoft.authorization/locks/write",
    "microsoft.authorization/locks/delete",
    "microsoft.desktopvirtualization/hostpools/retrieveregistrationtoken/action",
    "microsoft.desktopvirtualization/applicationgroups/write",
    "microsoft.desktopvirtualization/applicationgroups/delete",
    "microsoft.desktopvirtualization/hostpools/sessionhosts/usersessions/disconnect/action",
    "microsoft.compute/virtualmachines/write",
    "microsoft.compute/virtualmachines/delete",
    "microsoft.compute/virtualmachines/runcommand/action",
    "microsoft.keyvault/vaults/secrets/read",
}
"""What safety 4.2 names as absent, and holds still."""


def seam_reads() -> set[str]:
    """``service.verb`` of everything that can be read through the seam."""
    found = set()
    for service, prop in inspect.getmembers(cloud.Reads, lambda one: isinstance(one, property)):
        kind = inspect.get_annotations(prop.fget, eval_str=True)["return"]
        found |= {f"{service}.{verb}" for verb, _ in inspect.getmembers(kind, callable) if verb[0] != "_"}
    return found


def test_every_kind_of_action_has_a_row() -> None:
    assert sorted(TAGS - set(CHANGES)) == []


def test_every_verb_that_reads_has_a_row_and_no_row_is_left_over() -> None:
    assert set(READS) == seam_reads()
    assert set(GRAPH) <= set(READS)


def test_a_verb_takes_rights_in_azure_or_in_the_directory_unless_it_leaves_both_alone() -> None:
    assert {verb for verb, rights in READS.items() if not rights and not GRAPH.get(verb)} == {"outside.ask"}


@pytest.mark.parametrize(("name", "right"), ROWS, ids=[f"{name}:{right.action}" for name, right in ROWS])
def test_a_row_names_one_exact_action_that_nobody_forbids(name: str, right: Right) -> None:
    assert SHAPE.fullmatch(right.action), f"{name}: not an exact action"
    assert right.action.lower() not in FORBIDDEN


def test_reading_takes_reads_only_and_every_change_is_one() -> None:
    assert all(right.reads for rights in READS.values() for right in rights)
    for tag, rights in CHANGES.items():
        assert not rights or any(not right.reads for right in rights), tag


def test_role_assignments_are_changed_at_application_groups_and_nowhere_else() -> None:
    places = {right.place for _, right in ROWS if "roleAssignments" in right.action and not right.reads}
    assert places == {Place.GROUPS}


@pytest.mark.parametrize(("tag", "action"), [(tag, action) for tag, _, action in ACTIONS])
def test_what_undoes_an_action_is_what_its_inverse_is(tag: str, action: Action) -> None:
    inverse = action.inverse()
    assert UNDOES.get(tag) == (None if inverse is None else kind_of(inverse))
