"""Graph beyond reading members: what can be made, what refuses, what lags, what it costs, and many in one."""

from typing import Any

import pytest

from avd_failover.simulator.http.graph_costs import cost
from avd_failover.simulator.http.wire import Ask, Call
from tests.simulator.http.estate import AGROUP, DEFINITION, G1, INNER, PLAIN, ROLES, Wire, a_world

GROUP = f"/v1.0/groups/{G1}"
NEST = f"/v1.0/groups/{INNER}"
NAME = "11111111-2222-4333-8444-555555555555"
KEPT = "6a000000-0000-4000-8000-0000000000c1"
NEW_GROUP = {"displayName": "Cohort", "mailEnabled": False, "mailNickname": "cohort", "securityEnabled": True}
NEW_USER = {
    "displayName": "Ada", "userPrincipalName": "ada@contoso.example", "mailNickname": "ada",
    "accountEnabled": True, "passwordProfile": {"password": "not kept"},
}  # fmt: skip


def reference(principal: str) -> dict[str, Any]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{principal}"}


def ids(wire: Wire, path: str) -> set[Any]:
    return {one["id"] for one in wire.get(path).body["value"]}


def first_user(wire: Wire) -> str:
    return str(wire.get(NEST + "/members").body["value"][0]["id"])


def test_a_group_is_made_with_members_and_taken_away_with_its_memberships():
    wire = Wire()
    user = first_user(wire)
    made = wire.ask(
        "POST", "/v1.0/groups", NEW_GROUP | {"members@odata.bind": [reference(user)["@odata.id"]]}
    )
    assert (made.status, made.body["displayName"]) == (201, "Cohort")
    path = f"/v1.0/groups/{made.body['id']}"
    assert ids(wire, path + "/members") == {user}
    assert wire.ask("POST", GROUP + "/members/$ref", reference(made.body["id"])).status == 204
    assert wire.ask("DELETE", path).status == 204
    assert wire.get(path).status == 404
    wire.world.advance(30)
    assert made.body["id"] not in ids(wire, GROUP + "/members")
    assert wire.ask("DELETE", path).status == 404


def test_a_user_is_made_found_by_name_and_taken_out_of_every_group():
    wire = Wire()
    made = wire.ask("POST", "/v1.0/users", NEW_USER)
    assert made.status == 201
    assert "password" not in str(made.body)
    found = wire.get("/v1.0/users?$filter=userPrincipalName eq 'ada@contoso.example'").body["value"]
    assert [one["id"] for one in found] == [made.body["id"]]
    wire.ask("POST", GROUP + "/members/$ref", reference(made.body["id"]))
    assert wire.ask("DELETE", f"/v1.0/users/{made.body['id']}").status == 204
    assert wire.get(f"/v1.0/users/{made.body['id']}").status == 404
    wire.world.advance(30)
    assert made.body["id"] not in ids(wire, GROUP + "/transitiveMembers")
    assert (
        wire.ask("POST", "/v1.0/users", NEW_USER | {"userPrincipalName": "inner-01@contoso.example"}).status
        == 400
    )


def test_a_role_cannot_be_given_to_a_group_that_is_minutes_old():
    wire = Wire()
    made = wire.ask("POST", "/v1.0/groups", NEW_GROUP).body["id"]
    sent = {"properties": {"roleDefinitionId": DEFINITION, "principalId": made, "principalType": "Group"}}
    path = f"{AGROUP}/{ROLES}/{NAME}"
    assert wire.ask("PUT", path, sent).code == "PrincipalNotFound"
    wire.world.advance(200)
    assert wire.ask("PUT", path, sent).status == 201


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1.0/groups", {}),
        ("/v1.0/groups", NEW_GROUP | {"mailNickname": None}),
        ("/v1.0/groups", NEW_GROUP | {"displayName": 5}),
        ("/v1.0/users", {"displayName": "x"}),
        ("/v1.0/users", NEW_USER | {"accountEnabled": None}),
    ],
)
def test_what_is_not_whole_is_not_made(path, sent):
    wire = Wire()
    before = wire.world.history.next_sequence
    assert wire.ask("POST", path, sent).status == 400
    assert wire.world.history.next_sequence == before


def test_up_to_twenty_members_are_added_at_once_all_or_none():
    wire = Wire()
    made = wire.ask("POST", "/v1.0/groups", NEW_GROUP).body["id"]
    path = f"/v1.0/groups/{made}"
    users = [reference(one["id"])["@odata.id"] for one in wire.get("/v1.0/users").body["value"]]
    missing = {"members@odata.bind": [users[0], reference(NAME)["@odata.id"]]}
    assert wire.ask("PATCH", path, missing).status == 404
    assert wire.get(path + "/members").body["value"] == []
    assert wire.ask("PATCH", path, {"members@odata.bind": users}).status == 204
    wire.world.advance(10)
    assert len(wire.get(path + "/members").body["value"]) == len(users)
    assert wire.ask("PATCH", path, {"members@odata.bind": users[:1]}).code == "Request_BadRequest"
    assert wire.ask("PATCH", path, {"members@odata.bind": users[:1] * 21}).status == 400
    assert wire.ask("PATCH", path, {"displayName": "x"}).status == 501


@pytest.mark.parametrize(
    ("kind", "status", "code", "shown"),
    [
        ("dynamic", 400, "Request_BadRequest", {"groupTypes": ["DynamicMembership"]}),
        ("synced", 400, "Request_BadRequest", {"onPremisesSyncEnabled": True}),
        ("role-assignable", 403, "Authorization_RequestDenied", {"isAssignableToRole": True}),
        ("assigned", 204, "", {"groupTypes": [], "onPremisesSyncEnabled": None}),
    ],
)
def test_only_an_assigned_group_lets_its_members_be_changed(kind, status, code, shown):
    groups = [*PLAIN["groups"], {"name": "KEPT", "id": KEPT, "users": 1, "kind": kind}]
    wire = Wire(a_world(groups=groups))
    path = f"/v1.0/groups/{KEPT}"
    body = wire.get(path).body
    assert {name: body[name] for name in shown} == shown
    answer = wire.ask("POST", path + "/members/$ref", reference(first_user(wire)))
    assert answer.status == status
    if code:
        assert answer.code == code
        member = wire.get(path + "/members").body["value"][0]["id"]
        assert wire.ask("DELETE", f"{path}/members/{member}/$ref").status == status


def test_lists_show_a_change_of_members_only_after_a_while_and_counts_later_still():
    wire = Wire()
    user = first_user(wire)
    wire.ask("POST", GROUP + "/members/$ref", reference(user))
    assert user not in ids(wire, GROUP + "/members")
    wire.world.advance(5)
    assert user in ids(wire, GROUP + "/members")
    wire.ask("DELETE", f"{NEST}/members/{user}/$ref")
    wire.ask("DELETE", f"{GROUP}/members/{user}/$ref")
    assert user in ids(wire, GROUP + "/transitiveMembers")
    wire.world.advance(40)
    assert user not in ids(wire, GROUP + "/transitiveMembers")


def test_access_follows_the_truth_and_not_the_list():
    wire = Wire()
    world = wire.world
    user = first_user(wire)
    wire.ask("DELETE", f"{NEST}/members/{user}/$ref")
    assert user in ids(wire, NEST + "/members")
    assert world.access.application_groups(user) == []


def test_what_a_user_and_a_group_are_in_is_listed_directly_and_through_nesting():
    wire = Wire()
    user = first_user(wire)
    assert ids(wire, f"/v1.0/users/{user}/memberOf") == {INNER}
    assert ids(wire, f"/v1.0/users/{user}/transitiveMemberOf") == {INNER, G1}
    assert ids(wire, f"/v1.0/users/{user}/transitiveMemberOf/microsoft.graph.group") == {INNER, G1}
    assert ids(wire, NEST + "/memberOf") == {G1}
    asked = {"groupIds": [G1, NAME]}
    assert wire.ask("POST", f"/v1.0/users/{user}/checkMemberGroups", asked).body["value"] == [G1]
    assert wire.ask("POST", f"/v1.0/users/{user}/checkMemberGroups", {"groupIds": [G1] * 21}).status == 400
    assert wire.get(f"/v1.0/users/{NAME}/memberOf").status == 404


def test_members_of_one_kind_are_counted():
    wire = Wire()
    heads = {"consistencylevel": "eventual"}
    users = wire.get(GROUP + "/transitiveMembers/microsoft.graph.user/$count", **heads)
    groups = wire.get(GROUP + "/transitiveMembers/microsoft.graph.group/$count", **heads)
    assert (users.raw, groups.raw) == (b"7", b"1")
    assert wire.get(GROUP + "/transitiveMembers/microsoft.graph.user/$count").status == 400


def batch(wire: Wire, *requests: dict[str, Any]) -> dict[str, Any]:
    told = wire.ask("POST", "/v1.0/$batch", {"requests": list(requests)})
    assert told.status == 200
    return {one["id"]: one for one in told.body["responses"]}


def test_a_batch_answers_each_request_by_itself():
    wire = Wire()
    told = batch(
        wire,
        {"id": "1", "method": "GET", "url": f"/groups/{G1}?$select=id"},
        {"id": "2", "method": "GET", "url": f"/groups/{NAME}"},
        {"id": "3", "method": "GET", "url": f"groups/{G1}/transitiveMembers/$count",
         "headers": {"ConsistencyLevel": "eventual"}},
        {"id": "4", "method": "POST", "url": "/groups", "body": NEW_GROUP,
         "headers": {"Content-Type": "application/json"}},
        {"id": "5", "method": "GET", "url": "/nothing"},
    )  # fmt: skip
    assert [one["status"] for one in told.values()] == [200, 404, 200, 201, 400]
    assert told["1"]["body"]["id"] == G1
    assert told["2"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert told["3"]["body"] == "8"
    assert wire.get(f"/v1.0/groups/{told['4']['body']['id']}").status == 200


def test_a_request_of_a_batch_waits_for_those_it_depends_on():
    wire = Wire()
    told = batch(
        wire,
        {"id": "a", "method": "GET", "url": f"/groups/{NAME}"},
        {"id": "b", "method": "DELETE", "url": f"/groups/{INNER}", "dependsOn": ["a"]},
        {"id": "c", "method": "GET", "url": f"/groups/{G1}", "dependsOn": ["later"]},
    )
    assert [one["status"] for one in told.values()] == [404, 424, 400]
    assert wire.get(NEST).status == 200


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"id": str(n), "method": "GET", "url": "/users"} for n in range(21)],
        [{"id": "1", "method": "GET", "url": "/users"}] * 2,
        ["x"],
        [{"method": "GET", "url": "/users"}],
    ],
)
def test_a_batch_that_is_not_whole_is_refused(requests):
    assert Wire().ask("POST", "/v1.0/$batch", {"requests": requests}).status == 400


def call(method: str, target: str) -> Call:
    ask = Ask(method=method, target=target, headers={})
    return Call(ask=ask, actor="", params={}, query=ask.query, number=1, page=1)


@pytest.mark.parametrize(
    ("method", "target", "units"),
    [
        ("GET", GROUP, 1),
        ("GET", GROUP + "/members", 3),
        ("GET", GROUP + "/members?$select=id", 2),
        ("GET", GROUP + "/members?$select=id&$top=5", 1),
        ("GET", GROUP + "/transitiveMembers", 5),
        ("GET", GROUP + "/transitiveMembers/microsoft.graph.user", 5),
        ("GET", "/v1.0/users", 2),
        ("GET", f"/v1.0/users/{NAME}?$select=id", 1),
        ("POST", GROUP + "/members/$ref", 1),
    ],
)
def test_a_request_costs_what_graph_documents(method, target, units):
    assert cost(call(method, target)) == units


def test_an_application_that_asks_too_much_is_told_why_and_until_when():
    wire = Wire()
    told = [wire.get(GROUP + "/transitiveMembers") for _ in range(701)]
    assert [answer.status for answer in told].count(200) == 700
    assert told[0].headers["x-ms-resource-unit"] == "5"
    assert "x-ms-throttle-limit-percentage" not in told[0].headers
    assert told[699].headers["x-ms-throttle-limit-percentage"] == "1.0"
    refused = told[700]
    assert (refused.status, refused.code) == (429, "TooManyRequests")
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert wire.ask("GET", GROUP, bearer="another").status == 200
    wire.world.advance(int(refused.headers["Retry-After"]))
    assert wire.get(GROUP).status == 200
