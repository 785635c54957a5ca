"""Microsoft Graph on the wire."""

import pytest

from avd_failover.simulator.http.face import Pages
from tests.simulator.http.estate import BASE, G1, INNER, TENANT, Wire

GROUP = f"/v1.0/groups/{G1}"


def test_a_group_is_read_with_its_context_and_selected_properties():
    wire = Wire()
    whole = wire.get(GROUP)
    assert whole.body["displayName"] == "G1"
    assert whole.body["@odata.context"] == f"{BASE}/v1.0/$metadata#groups/$entity"
    assert set(wire.get(GROUP + "?$select=id,displayName").body) == {"@odata.context", "id", "displayName"}


@pytest.mark.parametrize(
    ("path", "users", "groups"),
    [("/members", 5, 1), ("/transitiveMembers", 7, 1)],
)
def test_members_carry_their_kind_and_nested_groups_are_resolved(path, users, groups):
    found = Wire().get(GROUP + path).body["value"]
    kinds = [one["@odata.type"] for one in found]
    assert kinds.count("#microsoft.graph.user") == users
    assert kinds.count("#microsoft.graph.group") == groups


@pytest.mark.parametrize(
    ("cast", "count"),
    [("microsoft.graph.user", 7), ("microsoft.graph.group", 1), ("Microsoft.Graph.User", 7)],
)
def test_a_cast_keeps_one_kind(cast, count):
    assert len(Wire().get(f"{GROUP}/transitiveMembers/{cast}").body["value"]) == count


def test_pages_are_small_and_linked_and_top_decides_their_size():
    wire = Wire(pages=Pages(graph=3))
    assert [len(page) for page in wire.pages(GROUP + "/transitiveMembers")] == [3, 3, 2]
    pages = wire.pages(GROUP + "/transitiveMembers?$top=5&$select=id")
    assert [len(page) for page in pages] == [5, 3]
    assert all(set(one) == {"@odata.type", "id"} for page in pages for one in page)
    assert len({one["id"] for page in pages for one in page}) == 8


def test_a_last_page_has_no_link_and_count_may_be_asked_for():
    body = Wire().get(GROUP + "/members?$count=true").body
    assert "@odata.nextLink" not in body
    assert body["@odata.count"] == 6


def test_the_count_alone_is_text_and_wants_eventual_consistency():
    wire = Wire()
    answer = wire.get(GROUP + "/transitiveMembers/$count", consistencylevel="eventual")
    assert (answer.raw, answer.headers["Content-Type"]) == (b"8", "text/plain; charset=utf-8")
    assert wire.get(GROUP + "/transitiveMembers/$count").status == 400


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1.0/groups/{TENANT}", 404, "Request_ResourceNotFound"),
        (f"/v1.0/groups/{TENANT}/members", 404, "Request_ResourceNotFound"),
        (f"/v1.0/users/{G1}", 404, "Request_ResourceNotFound"),
        (GROUP + "/members?$top=1000", 400, "Request_UnsupportedQuery"),
        (GROUP + "/members?$top=0", 400, "Request_UnsupportedQuery"),
        (GROUP + "/members?$filter=x", 400, "Request_UnsupportedQuery"),
        (GROUP + "/members?$skiptoken=!", 400, "InvalidSkipToken"),
        (GROUP + "/members/microsoft.graph.device", 400, "BadRequest"),
        ("/v1.0/me", 400, "BadRequest"),
        (GROUP + "/owners", 400, "BadRequest"),
    ],
)
def test_refusals_have_graphs_form(path, status, code):
    answer = Wire().get(path)
    assert (answer.status, answer.code) == (status, code)
    assert "request-id" in answer.body["error"]["innerError"]
    assert "request-id" in answer.headers


def test_members_are_added_and_removed_by_reference():
    wire = Wire()
    user = wire.get(f"/v1.0/groups/{INNER}/members").body["value"][0]["id"]
    path = GROUP + "/members/$ref"
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
    assert wire.ask("POST", path, reference).status == 204
    assert wire.ask("POST", path, reference).code == "Request_BadRequest"
    assert wire.ask("DELETE", f"{GROUP}/members/{user}/$ref").status == 204
    assert wire.ask("DELETE", f"{GROUP}/members/{user}/$ref").status == 404
    assert wire.ask("POST", path, {}).status == 400


def test_users_and_groups_are_listed_and_a_user_is_read_by_id():
    wire = Wire()
    users = wire.get("/v1.0/users").body["value"]
    assert len(users) == 7
    assert wire.get(f"/v1.0/users/{users[0]['id']}?$select=userPrincipalName").body["userPrincipalName"]
    assert {one["displayName"] for one in wire.get("/v1.0/groups").body["value"]} == {"G1", "INNER"}


def test_graph_draws_on_no_budget_of_arm_and_needs_no_api_version():
    wire = Wire()
    assert not [name for name in wire.get(GROUP).headers if "ratelimit" in name]
