"""The table of guards stays true: what it takes out stands in the package. ``make mutations`` plays it."""

import ast
from pathlib import Path

import pytest

from tests.mutations.table import MUTATIONS, Mutation

PACKAGE = Path(__file__).parents[2] / "avd_failover"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_guard_stands_in_its_file_exactly_once_and_without_it_the_file_is_still_python(
    mutation: Mutation,
) -> None:
    text = (PACKAGE / mutation.file).read_text()
    assert text.count(mutation.old) == 1
    changed = text.replace(mutation.old, mutation.new)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text))


def test_there_are_at_least_twenty_guards_and_each_has_its_own_name() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names)) >= 20
