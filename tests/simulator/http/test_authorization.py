"""Role assignments and definitions on the wire."""

import pytest

from avd_failover.simulator.http.face import Pages
from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    GROUP,
    INNER,
    ROLES,
    SUBSCRIPTION,
    TENANT,
    USER_ROLE,
    Wire,
)

NAME = "11111111-2222-4333-8444-555555555555"
TARGET = f"{AGROUP.replace('North', 'West')}/{ROLES}/{NAME}"


def grant(**changes):
    sent = {"roleDefinitionId": DEFINITION, "principalId": G1, "principalType": "Group"} | changes
    return {"properties": {name: value for name, value in sent.items() if value is not ...}}


def test_a_put_answers_201_without_its_creator_and_a_get_right_after_names_it():
    wire = Wire()
    put = wire.ask("PUT", TARGET, grant(description="moved"))
    got = wire.get(TARGET)
    assert (put.status, got.status) == (201, 200)
    assert put.body["properties"]["createdBy"] is None
    assert got.body["properties"]["createdBy"] == "engine:simulated"
    assert got.body["properties"]["description"] == "moved"
    assert got.body["id"].endswith(f"/{ROLES}/{NAME}")
    assert got.body["properties"]["scope"] == AGROUP.replace("North", "West")


def test_a_put_over_the_same_name_answers_201_again():
    wire = Wire()
    wire.ask("PUT", TARGET, grant())
    again = wire.ask("PUT", TARGET, grant(description="second"))
    assert (again.status, again.body["properties"]["description"]) == (201, "second")


def test_delete_answers_with_what_it_deleted_and_204_when_there_is_nothing_left():
    wire = Wire()
    wire.ask("PUT", TARGET, grant())
    first, second = wire.ask("DELETE", TARGET), wire.ask("DELETE", TARGET)
    assert (first.status, first.body["name"]) == (200, NAME)
    assert (second.status, second.raw) == (204, b"")
    assert wire.get(TARGET).status == 404


def test_the_id_of_an_answer_can_be_asked_for_as_it_is():
    wire = Wire()
    made = wire.ask("PUT", TARGET, grant()).body["id"]
    assert wire.get(made).body["id"] == made
    assert wire.get(made.lower()).body["id"] == made


def listed(wire, scope, asked):
    answer = wire.get(f"{scope}/{ROLES}?api-version=2022-04-01&$filter={asked}")
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize(
    ("scope", "asked", "principals"),
    [
        (AGROUP, "atScope()", [G1, INNER]),
        (GROUP, "atScope()", [INNER]),
        (GROUP, "", [G1, INNER, INNER]),
        (f"/subscriptions/{SUBSCRIPTION}", f"principalId eq '{INNER}'", [INNER, INNER]),
        (f"/subscriptions/{SUBSCRIPTION}", f"principalId%20eq%20%27{G1}%27", [G1]),
        (AGROUP, f"assignedTo('{G1}')", [G1]),
        (AGROUP, "principalId eq '00000000-0000-0000-0000-000000000000'", []),
    ],
)
def test_a_list_holds_what_its_filter_asks_for(scope, asked, principals):
    body = listed(Wire(), scope, asked)
    assert sorted(one["properties"]["principalId"] for one in body["value"]) == principals
    assert "nextLink" not in body


def test_a_small_page_leads_to_the_rest_by_an_absolute_link():
    wire = Wire(pages=Pages(arm=1))
    pages = wire.pages(f"{AGROUP}/{ROLES}?api-version=2022-04-01&$filter=atScope()")
    assert [len(page) for page in pages] == [1, 1]
    assert len({one["id"] for page in pages for one in page}) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "InvalidRequestContent"),
        (b"{", 400, "InvalidRequestContent"),
        (b"[]", 400, "InvalidRequestContent"),
        (b"\xff\xfe", 400, "InvalidRequestContent"),
        (b"[" * 5000, 400, "InvalidRequestContent"),
        ({}, 400, "InvalidRequestContent"),
        ({"properties": []}, 400, "InvalidRequestContent"),
        (grant(principalId=...), 400, "InvalidRequestContent"),
        (grant(principalId=7), 400, "InvalidRequestContent"),
        (grant(principalType="Robot"), 400, "InvalidRequestContent"),
        (grant(description=["x"]), 400, "InvalidRequestContent"),
        (grant(roleDefinitionId=DEFINITION[:-1] + "9"), 400, "RoleDefinitionDoesNotExist"),
        (grant(principalId=TENANT), 400, "PrincipalNotFound"),
    ],
)
def test_a_body_that_cannot_be_is_refused_and_changes_nothing(body, status, code):
    wire = Wire()
    before = wire.world.snapshot()
    answer = wire.ask("PUT", TARGET, body)
    assert (answer.status, answer.code) == (status, code)
    assert wire.world.snapshot() == before


def test_the_same_triple_under_another_name_is_409():
    wire = Wire()
    wire.ask("PUT", TARGET, grant())
    answer = wire.ask("PUT", TARGET.replace("5555", "6666"), grant())
    assert (answer.status, answer.code) == (409, "RoleAssignmentExists")


def test_a_name_that_is_no_guid_and_a_principal_with_dashes_are_told_as_azure_tells_them():
    wire = Wire()
    assert wire.ask("PUT", TARGET + "x", grant()).code == "InvalidRoleAssignmentId"
    missing = wire.ask("PUT", TARGET, grant(principalId=TENANT))
    assert TENANT.replace("-", "") in missing.body["error"]["message"]
    assert "x-ms-failure-cause" not in missing.headers


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("roleName eq 'reader'", ["Reader"]),
        ("roleName eq 'Desktop Virtualization User'", ["Desktop Virtualization User"]),
        ("type eq 'CustomRole'", []),
    ],
)
def test_role_definitions_are_found_by_name_and_carry_the_subscription_asked_for(asked, names):
    answer = Wire().get(
        f"{AGROUP}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&$filter={asked}"
    )
    assert [one["properties"]["roleName"] for one in answer.body["value"]] == names
    assert all(one["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/") for one in answer.body["value"])


def test_one_role_definition_can_be_read_and_an_unknown_filter_is_refused():
    wire = Wire()
    assert wire.get(DEFINITION).body["name"] == USER_ROLE
    refused = wire.get(f"{DEFINITION.rsplit('/', 1)[0]}?api-version=1&$filter=name startswith 'x'")
    assert (refused.status, refused.code) == (400, "BadRequestFormat")
