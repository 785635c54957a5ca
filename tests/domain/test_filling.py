"""Names in texts: a closed list, gone through once, and nothing that evaluates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.filling import NAMES, fill, strangers

VALUES = {name: f"<{name}>" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_its_value(name: str) -> None:
    assert fill(f"a ${{{name}}} b", VALUES) == f"a <{name}> b"


HOSTILE = [
    "{plan.name}", "{0.__class__}", "%(plan)s", "%s", "{{ run }}", "$run", "$(id)", "`id`", "; rm -rf /",
    "$", "$ {run}", "}{", "@file", "-x", "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_everything_else_stays_as_it_stands(text: str) -> None:
    assert fill(text, VALUES) == text
    assert list(strangers(text)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("${home}", ["${home}"]),
        ("${plan}", ["${plan}"]),
        ("${}", ["${}"]),
        ("${ run }", ["${ run }"]),
        ("${run.__class__}", ["${run.__class__}"]),
        ("${run", ["${"]),
        ("${${run}}", ["${"]),
        ("${a} ${run} ${b}", ["${a}", "${b}"]),
        ("${run:-x}", ["${run:-x}"]),
    ],
)
def test_what_looks_like_a_name_and_is_none_is_found(text: str, found: list[str]) -> None:
    assert list(strangers(text)) == found


def test_what_is_put_in_is_never_looked_at_again() -> None:
    assert fill("${plan.name}", {**VALUES, "plan.name": "${run}"}) == "${run}"


@given(st.text(max_size=60))
def test_a_text_without_strangers_can_always_be_filled(text: str) -> None:
    if not list(strangers(text)):
        assert fill(text, VALUES).count("${") == 0
