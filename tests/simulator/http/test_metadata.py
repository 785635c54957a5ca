"""What az and MSAL ask before they sign in, and what az looks up to name the ids it shows."""

import pytest

from tests.simulator.http.estate import BASE, G1, INNER, TENANT, Wire, a_world

ROBOT = "6a000000-0000-4000-8000-0000000000e1"
APP = "6a000000-0000-4000-8000-0000000000e2"


def test_one_cloud_leads_back_to_the_host_that_was_asked():
    cloud = Wire().ask("GET", "/metadata/endpoints?api-version=2022-09-01", bearer="").body
    assert cloud["authentication"]["loginEndpoint"] == BASE
    assert cloud["authentication"]["audiences"] == [cloud["resourceManager"]] == [f"{BASE}/"]
    assert cloud["microsoftGraphResourceId"] == f"{BASE}/"
    assert cloud["suffixes"] == {}


def test_instance_discovery_knows_this_host_and_leads_to_its_configuration():
    wire = Wire()
    found = wire.ask("GET", "/common/discovery/instance?api-version=1.1", bearer="").body
    assert [known["aliases"] for known in found["metadata"]] == [["127.0.0.1:7777"]]
    there = found["tenant_discovery_endpoint"].removeprefix(BASE)
    assert wire.ask("GET", there, bearer="").body["token_endpoint"].startswith(BASE)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/v1.0/groups?$filter=displayName eq 'g1'", [G1]),
        ("/v1.0/groups?$filter=displayName%20eq%20'INNER'", [INNER]),
        ("/v1.0/groups?$filter=displayName eq 'it''s'", []),
        ("/v1.0/users?$filter=userPrincipalName eq 'nobody@example.com'", []),
        ("/v1.0/servicePrincipals", [ROBOT]),
        ("/v1.0/servicePrincipals?$filter=displayName eq 'robot'", [ROBOT]),
        (f"/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{APP}')", [ROBOT]),
        (f"/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c: c eq '{ROBOT}')", []),
    ],
)
def test_names_are_looked_up_by_one_equality(target, expected):
    wire = Wire(a_world(service_principals=[{"name": "robot", "id": ROBOT, "app_id": APP}]))
    assert [one["id"] for one in wire.get(target).body["value"]] == expected


@pytest.mark.parametrize("words", ["startswith(displayName,'G')", "displayName eq G1", "mail eq 'x'", "'"])
def test_another_filter_is_refused_rather_than_ignored(words):
    answer = Wire().get(f"/v1.0/groups?$filter={words}")
    assert (answer.status, answer.code) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    ("sent", "kinds"),
    [
        ({"ids": [G1.upper(), TENANT]}, ["#microsoft.graph.group"]),
        ({"ids": [G1], "types": ["group"]}, ["#microsoft.graph.group"]),
        ({"ids": [G1], "types": ["user", "servicePrincipal"]}, []),
        ({"ids": [ROBOT, G1], "types": ["servicePrincipal"]}, ["#microsoft.graph.servicePrincipal"]),
        ({"ids": []}, []),
    ],
)
def test_ids_are_resolved_to_what_exists(sent, kinds):
    wire = Wire(a_world(service_principals=[{"name": "robot", "id": ROBOT, "app_id": APP}]))
    answer = wire.ask("POST", "/v1.0/directoryObjects/getByIds", sent)
    assert [one["@odata.type"] for one in answer.body["value"]] == kinds


@pytest.mark.parametrize(
    "sent", [{}, {"ids": G1}, {"ids": [1]}, {"ids": [G1], "types": [None]}, {"ids": [G1] * 1_001}]
)
def test_ids_that_are_none_are_refused(sent):
    assert Wire().ask("POST", "/v1.0/directoryObjects/getByIds", sent).status == 400


def test_members_take_no_filter_still():
    assert Wire().get(f"/v1.0/groups/{G1}/members?$filter=displayName eq 'x'").status == 400
