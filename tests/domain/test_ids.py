"""Ids fold to one spelling where they enter, and nothing else enters."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain import ids
from tests.domain.builders import AVD, SUBSCRIPTION

BASE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-Avd/providers"
KINDS = [
    (ids.host_pool_id, f"{BASE}/{AVD}/hostPools/HP1"),
    (ids.session_host_id, f"{BASE}/{AVD}/hostPools/HP1/sessionHosts/VM-0.contoso.com"),
    (ids.user_session_id, f"{BASE}/{AVD}/hostPools/HP1/sessionHosts/VM-0.contoso.com/userSessions/3"),
    (ids.application_group_id, f"{BASE}/{AVD}/applicationGroups/DAG1"),
    (ids.workspace_id, f"{BASE}/{AVD}/workspaces/WS"),
    (ids.scaling_plan_id, f"{BASE}/{AVD}/scalingPlans/SP"),
    (ids.schedule_id, f"{BASE}/{AVD}/scalingPlans/SP/pooledSchedules/weekdays"),
    (ids.machine_id, f"{BASE}/Microsoft.Compute/virtualMachines/VM-0"),
]
NAMES = [fold.__name__ for fold, _ in KINDS]


@pytest.mark.parametrize(("fold", "text"), KINDS, ids=NAMES)
def test_every_spelling_of_an_id_is_one_id(fold, text):
    assert fold(text) == fold(text.lower()) == fold(text.upper()) == fold(f"  {text}\n") == text.lower()


@pytest.mark.parametrize(
    ("fold", "other"), [(fold, other) for (fold, own), (_, other) in permutations(KINDS, 2) if own != other]
)
def test_an_id_of_another_kind_is_refused(fold, other):
    with pytest.raises(ids.MalformedIdError) as caught:
        fold(other)
    assert repr(other) in str(caught.value)


HOSTILE = [
    "",
    "HP1",
    "{id}/",
    "{id}/..",
    "{id}/../hp2",
    "{id}?api-version=2024-04-03",
    "{id}#x",
    "{id}%2f..",
    "{id}\\x",
    "{id} x",
    "{id}\n{id}",
    "{id}\x00",
    "x{id}",
    "/{id}",
    "https://management.azure.com{id}",
]


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize(("fold", "text"), KINDS, ids=NAMES)
def test_anything_around_an_id_is_refused(fold, text, shape):
    with pytest.raises(ids.MalformedIdError):
        fold(shape.replace("{id}", text))


BROKEN_PARTS = [
    ("no GUID for a subscription", SUBSCRIPTION, "production"),
    ("a GUID in braces", SUBSCRIPTION, f"{{{SUBSCRIPTION}}}"),
    ("an empty resource group", "rg-Avd", ""),
    ("a resource group with a slash", "rg-Avd", "rg/avd"),
    ("a resource group too long", "rg-Avd", "r" * 91),
    ("another provider", AVD, "Microsoft.Compute"),
    ("an empty name", "HP1", ""),
    ("a name that begins with a dot", "HP1", ".hp"),
    ("a name in another script", "HP1", "hр1"),  # noqa: RUF001
]


@pytest.mark.parametrize(
    ("part", "instead"), [case[1:] for case in BROKEN_PARTS], ids=[case[0] for case in BROKEN_PARTS]
)
def test_every_part_of_an_id_is_checked(part, instead):
    with pytest.raises(ids.MalformedIdError):
        ids.host_pool_id(f"{BASE}/{AVD}/hostPools/HP1".replace(part, instead))


def test_the_refusal_shows_the_text_and_the_shape_wanted():
    with pytest.raises(ids.MalformedIdError) as caught:
        ids.session_host_id("VM-0")
    assert str(caught.value) == (
        "not the id of a sessionhosts resource: 'VM-0'; wanted /subscriptions/<guid>/resourceGroups/<name>"
        "/providers/microsoft.desktopvirtualization/hostpools/<name>/sessionhosts/<name>"
    )


@given(st.text(max_size=60))
def test_any_text_is_folded_or_refused_and_nothing_else(text):
    for fold, _ in KINDS:
        with pytest.raises(ids.MalformedIdError):
            fold(text)


SCOPES = [
    ("/", "/"),
    ("", "/"),
    (f"/subscriptions/{SUBSCRIPTION}/", f"/subscriptions/{SUBSCRIPTION}"),
    (f"subscriptions/{SUBSCRIPTION.upper()}", f"/subscriptions/{SUBSCRIPTION}"),
    (
        "/providers/Microsoft.Management/managementGroups/Contoso",
        "/providers/microsoft.management/managementgroups/contoso",
    ),
]


@pytest.mark.parametrize(("text", "folded"), SCOPES)
def test_a_scope_has_one_leading_slash_and_no_other_at_its_ends(text, folded):
    assert ids.scope(text) == folded


@pytest.mark.parametrize("text", ["/a/../b", "/a//b", "/a%2fb", ".."])
def test_a_scope_that_could_lead_elsewhere_is_refused(text):
    with pytest.raises(ids.MalformedIdError, match="not a scope"):
        ids.scope(text)


@pytest.mark.parametrize("fold", [ids.guid, ids.group_id, ids.user_id])
def test_object_ids_are_guids_without_braces(fold):
    assert fold(f" {SUBSCRIPTION.upper()} ") == SUBSCRIPTION
    for wrong in (
        "",
        "GRP1",
        f"{{{SUBSCRIPTION}}}",
        SUBSCRIPTION[:-1],
        SUBSCRIPTION + "0",
        SUBSCRIPTION.replace("-", ""),
    ):
        with pytest.raises(ids.MalformedIdError, match="not a GUID"):
            fold(wrong)


def test_an_assignment_id_may_lie_at_any_scope():
    for at in ("", f"/subscriptions/{SUBSCRIPTION}", f"{BASE}/{AVD}/applicationGroups/DAG1"):
        text = f"{at}/providers/Microsoft.Authorization/roleAssignments/ABC"
        assert ids.assignment_id(f" {text}") == text.lower()
        assert ids.assignment_at(ids.scope(at), "abc") == text.lower()
    with pytest.raises(ids.MalformedIdError, match="role assignment"):
        ids.assignment_id(f"{BASE}/{AVD}/applicationGroups/DAG1")


def test_the_parts_of_an_id_can_be_told():
    session = ids.user_session_id(KINDS[2][1])
    assert ids.name_of(session) == "3"
    assert ids.name_of(session + "/") == "3"
    assert ids.host_of(session) == ids.session_host_id(KINDS[1][1])
    assert ids.pool_of(ids.host_of(session)) == ids.host_pool_id(KINDS[0][1])
    assert ids.subscription_of(session) == SUBSCRIPTION
    assert ids.resource_group_of(session) == "rg-avd"


@pytest.mark.parametrize("above", ["/", "/providers/microsoft.management/managementgroups/contoso"])
def test_a_scope_above_subscriptions_lies_in_none(above):
    assert ids.subscription_of(above) == ""


@pytest.mark.parametrize("text", ["/", f"/subscriptions/{SUBSCRIPTION}", "/a/b/c/d/e", "vm-0"])
def test_what_lies_in_no_resource_group_says_so(text):
    with pytest.raises(ids.MalformedIdError, match="lies in no resource group"):
        ids.resource_group_of(text)


WITHIN = [
    ("/a/b", "/", True),
    ("/a/b", "/a/b", True),
    ("/a/b/c", "/a/b", True),
    ("/a/bc", "/a/b", False),
    ("/a", "/a/b", False),
    ("/", "/", True),
    ("/", "/a", False),
]


@pytest.mark.parametrize(("inner", "outer", "expected"), WITHIN)
def test_a_scope_holds_itself_and_what_lies_below(inner, outer, expected):
    assert ids.within(inner, outer) is expected


NAMED: dict[str, Any] = {"run": "r1", "epoch": 1, "at": "/a", "principal": "p", "role": "x"}


@pytest.mark.parametrize(
    "change", [{"run": "r2"}, {"epoch": 2}, {"at": "/b"}, {"principal": "q"}, {"role": "y"}]
)
def test_an_assignment_s_name_depends_on_run_epoch_scope_principal_and_role(change):
    assert ids.assignment_name(**NAMED) == ids.assignment_name(**NAMED)
    assert ids.assignment_name(**{**NAMED, **change}) != ids.assignment_name(**NAMED)


def test_an_assignment_s_name_is_the_same_for_ever():
    assert ids.assignment_name(**NAMED) == "b8820e1a-fd16-5e75-9eae-a631d160f141"
    assert ids.guid(ids.assignment_name(**NAMED)) == ids.assignment_name(**NAMED)
