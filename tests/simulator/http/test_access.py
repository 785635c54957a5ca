"""Scopes above, locks, denials and what a caller may do."""

import pytest

from avd_failover.simulator.http.guard import deed_of
from avd_failover.simulator.http.tokens import simulated_token
from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    GROUP,
    HOST,
    MACHINE,
    POOL,
    ROLES,
    STOPPED,
    SUBSCRIPTION,
    TENANT,
    USER_ROLE,
    Wire,
    a_world,
)

NAME = "11111111-2222-4333-8444-555555555555"
WEST = AGROUP.replace("North", "West")
GRANT = {"properties": {"roleDefinitionId": DEFINITION, "principalId": G1, "principalType": "Group"}}
LOCKS = "providers/Microsoft.Authorization/locks"
DENIES = "providers/Microsoft.Authorization/denyAssignments"
PERMISSIONS = "providers/Microsoft.Authorization/permissions"
ABOVE = "/providers/Microsoft.Management/managementGroups"
OTHER = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e00aa"
ROBOT = "6a000000-0000-4000-8000-0000000000e1"
DENY = "6a000000-0000-4000-8000-0000000000d1"

TREE = {
    "subscriptions": [{"id": SUBSCRIPTION, "name": "avd-test"}, {"id": OTHER, "name": "other"}],
    "management_groups": [
        {"name": "mg-top"},
        {"name": "mg-avd", "parent": "mg-top", "subscriptions": [SUBSCRIPTION]},
        {"name": "mg-else", "parent": "mg-top", "subscriptions": [OTHER]},
    ],
}


def granted(**scope):
    return [{"principal": "G1", **scope}]


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ({"management_group": "mg-avd"}, True),
        ({"management_group": "mg-top"}, True),
        ({"management_group": TENANT}, True),
        ({"management_group": "mg-else"}, False),
        ({"root": True}, True),
        ({"subscription": OTHER}, False),
        ({"subscription": SUBSCRIPTION}, True),
        ({"resource_group": "rg-North"}, True),
        ({"resource_group": "rg-West"}, False),
    ],
)
def test_what_is_assigned_above_is_listed_at_the_scope_and_opens_it_only_where_it_covers(scope, holds):
    world = a_world(**TREE, assignments=granted(**scope))
    wire = Wire(world)
    listed = wire.get(f"{AGROUP}/{ROLES}?api-version=2022-04-01&$filter=atScope()").body["value"]
    assert bool(listed) is holds
    user = world.directory.transitive_members(G1)[0]
    opened = [group.id for group in world.access.application_groups(user.id)]
    assert (AGROUP in opened) is holds


def test_a_root_assignment_is_read_at_the_root():
    wire = Wire(a_world(**TREE, assignments=granted(root=True)))
    (held,) = wire.get(f"/{ROLES}?api-version=2022-04-01&$filter=atScope()").body["value"]
    assert held["properties"]["scope"] == "/"
    assert held["id"].startswith("/providers/Microsoft.Authorization/roleAssignments/")
    assert wire.get(held["id"]).status == 200


def test_the_tree_of_management_groups_is_told():
    wire = Wire(a_world(**TREE))
    assert [one["name"] for one in wire.get(ABOVE).body["value"]] == [TENANT, "mg-avd", "mg-else", "mg-top"]
    top = wire.get(f"{ABOVE}/mg-top?api-version=2020-05-01&$expand=children&$recurse=true").body["properties"]
    assert top["details"]["parent"]["name"] == TENANT
    assert [child["name"] for child in top["children"]] == ["mg-avd", "mg-else"]
    assert [one["name"] for one in top["children"][0]["children"]] == [SUBSCRIPTION]
    below = wire.get(f"{ABOVE}/mg-top/descendants").body["value"]
    assert {one["name"] for one in below} == {"mg-avd", "mg-else", SUBSCRIPTION, OTHER}
    assert wire.get(f"{ABOVE}/none").code == "NotFound"


LOCKED = {"locks": [{"name": "keep", "level": "CanNotDelete", "resource_group": "rg-North", "notes": "prod"}]}
FROZEN = {"locks": [{"name": "frozen", "level": "ReadOnly", "subscription": SUBSCRIPTION}]}


def assignment(wire: Wire) -> str:
    return str(wire.get(f"{AGROUP}/{ROLES}").body["value"][-1]["id"])


def test_a_locked_scope_keeps_its_role_assignments():
    wire = Wire(a_world(**LOCKED))
    held = assignment(wire)
    refused = wire.ask("DELETE", held)
    assert (refused.status, refused.code) == (409, "ScopeLocked")
    assert "cannot perform delete operation" in refused.body["error"]["message"]
    assert wire.get(held).status == 200
    assert wire.ask("PUT", f"{AGROUP}/{ROLES}/{NAME}", GRANT).code == "RoleAssignmentExists"
    assert wire.ask("PUT", f"{WEST}/{ROLES}/{NAME}", GRANT).status == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"{WEST}/{ROLES}/{NAME}", GRANT),
        ("PATCH", HOST, {"properties": {"allowNewSession": False}}),
        ("POST", STOPPED + "/start", None),
        ("DELETE", HOST + "/userSessions/1", None),
    ],
)
def test_a_read_only_lock_lets_nothing_be_changed_below_it(method, path, body):
    wire = Wire(a_world(**FROZEN))
    before = wire.world.snapshot()
    answer = wire.ask(method, path, body)
    assert (answer.status, answer.code) == (409, "ScopeLocked")
    assert wire.world.snapshot() == before
    assert wire.get(HOST).status == 200
    assert Wire().ask(method, path, body).status < 300


def test_a_lock_is_put_listed_read_and_taken_away():
    wire = Wire()
    path = f"{GROUP}/{LOCKS}/mine"
    assert wire.ask("PUT", path, {"properties": {"level": "CanNotDelete", "notes": "n"}}).status == 201
    assert wire.ask("PUT", path, {"properties": {"level": "ReadOnly"}}).status == 200
    assert wire.get(path).body["properties"] == {"level": "ReadOnly"}
    assert [one["name"] for one in wire.get(f"/subscriptions/{SUBSCRIPTION}/{LOCKS}").body["value"]] == [
        "mine"
    ]
    inherited = wire.get(f"{AGROUP}/{LOCKS}?api-version=1&$filter=atScope()").body["value"]
    assert [one["name"] for one in inherited] == ["mine"]
    assert wire.get(f"{AGROUP}/{LOCKS}").body["value"] == []
    assert wire.ask("DELETE", path).status == 200
    assert wire.ask("DELETE", path).status == 204
    assert wire.get(path).code == "LockNotFound"
    assert wire.ask("PUT", path, {"properties": {"level": "Soft"}}).status == 400


DENIED = {
    "deny_assignments": [
        {
            "id": DENY, "name": "managed", "resource_group": "rg-North", "excluded": ["INNER"],
            "data_actions": ["Microsoft.DesktopVirtualization/*"],
        }
    ]
}  # fmt: skip


def test_a_deny_assignment_is_listed_and_takes_out_what_roles_allow():
    world = a_world(**DENIED)
    wire = Wire(world)
    (held,) = wire.get(f"{AGROUP}/{DENIES}").body["value"]
    assert held["properties"]["principals"] == [
        {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
    ]
    assert held["properties"]["excludePrincipals"][0]["type"] == "Group"
    assert wire.get(f"{AGROUP}/{DENIES}/{DENY}").body == held
    assert wire.get(f"{WEST}/{DENIES}").body["value"] == []
    assert wire.get(f"{WEST}/{DENIES}/{DENY}").status == 404
    members = {user.display_name: user.id for user in world.directory.users()}
    assert world.access.application_groups(members["g1-01"]) == []
    assert world.access.application_groups(members["inner-01"]) != []


HELD = {
    "service_principals": [{"name": "robot", "id": ROBOT, "app_id": ROBOT}],
    "assignments": [
        {"principal": "robot", "role": "Reader", "subscription": SUBSCRIPTION},
        {
            "principal": "robot",
            "role": "Desktop Virtualization Session Host Operator",
            "resource_group": "rg-North",
        },
    ],
}


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("GET", POOL, None, True),
        ("GET", MACHINE, None, True),
        ("GET", f"{AGROUP}/{ROLES}", None, True),
        ("PATCH", HOST, {"properties": {"allowNewSession": False}}, True),
        ("PATCH", HOST.replace("North", "West").replace("nhost", "whost"), {}, False),
        ("PATCH", POOL, {}, False),
        ("POST", STOPPED + "/start", None, False),
        ("PUT", f"{WEST}/{ROLES}/{NAME}", GRANT, False),
        ("DELETE", HOST + "/userSessions/1", None, True),
    ],
)
def test_a_caller_that_the_directory_knows_is_held_to_its_roles(method, path, body, allowed):
    wire = Wire(a_world(**HELD))
    answer = wire.ask(method, path, body, bearer=simulated_token(ROBOT, 0))
    if allowed:
        assert answer.status < 300
    else:
        assert (answer.status, answer.code) == (403, "AuthorizationFailed")
        assert answer.headers["x-ms-failure-cause"] == "gateway"
        assert ROBOT in answer.body["error"]["message"]


def test_permissions_tell_what_a_caller_holds_and_everything_to_a_stranger():
    wire = Wire(a_world(**HELD))
    robot = wire.ask("GET", f"{AGROUP}/{PERMISSIONS}", bearer=simulated_token(ROBOT, 0)).body["value"]
    assert [one["actions"][0] for one in robot] == [
        "*/read",
        "Microsoft.DesktopVirtualization/hostpools/sessionhosts/*",
    ]
    west = wire.ask("GET", f"{WEST}/{PERMISSIONS}", bearer=simulated_token(ROBOT, 0)).body["value"]
    assert [one["actions"] for one in west] == [["*/read"]]
    assert wire.get(f"{AGROUP}/{PERMISSIONS}").body["value"][0]["actions"] == ["*"]


def test_a_service_principal_can_be_given_a_role():
    wire = Wire(a_world(**HELD))
    sent = {"properties": {"roleDefinitionId": DEFINITION, "principalId": ROBOT}}
    told = wire.ask("PUT", f"{WEST}/{ROLES}/{NAME}", sent)
    assert (told.status, told.body["properties"]["principalType"]) == (201, "ServicePrincipal")


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("GET", POOL, "Microsoft.DesktopVirtualization/hostPools/read", POOL),
        ("GET", POOL + "/sessionHosts", "Microsoft.DesktopVirtualization/hostPools/sessionHosts/read", POOL),
        ("POST", MACHINE + "/start", "Microsoft.Compute/virtualMachines/start/action", MACHINE),
        (
            "PUT",
            f"{AGROUP}/{ROLES}/x",
            "Microsoft.Authorization/roleAssignments/write",
            f"{AGROUP}/{ROLES}/x",
        ),
        ("GET", f"{AGROUP}/{ROLES}", "Microsoft.Authorization/roleAssignments/read", AGROUP),
        ("GET", f"/subscriptions/{SUBSCRIPTION}", "", f"/subscriptions/{SUBSCRIPTION}"),
    ],
)
def test_a_request_is_an_action_on_a_resource(method, path, action, resource):
    deed = deed_of(method, path)
    assert (deed.action, deed.resource) == (action, resource)


def test_custom_roles_are_listed_alone():
    role = {"id": NAME, "name": "Feed tester", "data_actions": ["Microsoft.DesktopVirtualization/*"]}
    wire = Wire(a_world(roles=[role]))
    base = DEFINITION.rsplit("/", 1)[0]
    found = wire.get(f"{base}?api-version=2022-04-01&$filter=type eq 'CustomRole'").body["value"]
    assert [one["properties"]["roleName"] for one in found] == ["Feed tester"]
    built_in = wire.get(f"{base}?api-version=2022-04-01&$filter=type eq 'BuiltInRole'").body["value"]
    assert USER_ROLE in {one["name"] for one in built_in}


@pytest.mark.parametrize("filter_", ["assignedTo('{0}')", "principalId eq '{0}'"])
def test_assigned_to_follows_groups_and_principal_id_does_not(filter_):
    wire = Wire()
    inner = next(user for user in wire.world.directory.users() if user.display_name == "inner-01")
    asked = f"{AGROUP}/{ROLES}?api-version=2022-04-01&$filter={filter_.format(inner.id)}"
    assert bool(wire.get(asked).body["value"]) is filter_.startswith("assignedTo")
