"""The judge is judged: every kind of departure is seen, and the verdict agrees with ``jsonschema``'s."""

import json
from typing import Any

import jsonschema
import pytest

from avd_failover.simulator.http.face import Finished
from avd_failover.simulator.http.wire import Ask
from tests.contract.documents import DOCUMENTS, NO_SPECS, SPECS, find, read
from tests.contract.schema import check
from tests.contract.spec import Exchange, Recorder, known_deviations, route_of
from tests.contract.tour import WEST
from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    HOST,
    MACHINE,
    POOL,
    ROLES,
    STOPPED,
    SUBSCRIPTION,
    Wire,
)

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason=NO_SPECS)

AVD, ROLE, COMPUTE = "api-version=2024-04-03", "api-version=2022-04-01", "api-version=2026-04-01"
SCOPED = {"properties": {"roleDefinitionId": DEFINITION, "principalId": G1, "scope": "/"}}
GET, START = ("GET", f"{POOL}?{AVD}"), ("POST", f"{STOPPED}/start?{COMPUTE}")
MISSING = ("GET", f"{POOL}x?{AVD}")
DISCONNECT = ("POST", f"{HOST}/userSessions/1/disconnect?{AVD}")
THERE, HERE = "https://x/y", "/y"
ASYNC = "Azure-AsyncOperation"
NO_LOCATION = "header-missing VirtualMachines_Start.Location"
NAME = "11111111-2222-4333-8444-555555555555"


def exchange(method: str, target: str, body: Any = None) -> Exchange:
    """Take one exchange from the simulated Azure."""
    told = Wire().ask(method, target, body)
    ask = Ask(method=method, target=target, headers={}, body=json.dumps(body).encode() if body else b"")
    return Exchange(ask, told.status, told.headers, told.raw)


def changed(one: Exchange, **changes: Any) -> Exchange:
    """Return an exchange with parts replaced; ``edit`` changes the answer's JSON."""
    edit = changes.pop("edit", None)
    if edit is not None:
        body = json.loads(one.body)
        edit(body)
        changes["body"] = json.dumps(body).encode()
    values: dict[str, Any] = {"ask": one.ask, "status": one.status, "headers": one.headers, "body": one.body}
    return Exchange(**(values | changes))


def news(one: Exchange) -> set[str]:
    recorder = Recorder()
    recorder.see(one)
    return {told.partition(":")[0] for told in recorder.news(known_deviations())}


def properties(**values: Any) -> Any:
    return lambda body: body["properties"].update(values)


def first(**values: Any) -> Any:
    return lambda body: body["value"][0]["properties"].update(values)


def created(at: str) -> Any:
    return lambda body: body["systemData"].update(createdAt=at)


def dropped(*path: str) -> Any:
    return lambda body: (body[path[0]] if path[1:] else body).pop(path[-1])


@pytest.mark.parametrize(
    ("target", "edit", "key"),
    [
        (POOL, dropped("properties", "hostPoolType"), "required HostPoolProperties.hostPoolType"),
        (POOL, properties(maxSessionLimit="8"), "type HostPoolProperties.maxSessionLimit"),
        (POOL, properties(maxSessionLimit=True), "type HostPoolProperties.maxSessionLimit"),
        (POOL, properties(startVMOnConnect=1), "type HostPoolProperties.startVMOnConnect"),
        (POOL, properties(hostPoolType=None), "type HostPoolProperties.hostPoolType"),
        (POOL, properties(loadBalancerType="Random"), "enum-open HostPoolProperties.loadBalancerType"),
        (POOL, properties(ours=1), "undocumented-property HostPoolProperties.ours"),
        (POOL, properties(friendlyName=None), "null HostPoolProperties.friendlyName"),
        (POOL, properties(publicNetworkAccess="Open"), "enum-open HostPoolProperties.publicNetworkAccess"),
        (POOL, dropped("location"), "required HostPool.location"),
        (POOL, created("yesterday"), "format systemData.createdAt"),
        (POOL, created("2026-02-30T00:00:00Z"), "format systemData.createdAt"),
        (POOL, created("2026-03-02T03:00:00"), "datetime-zone systemData.createdAt"),
        (POOL + "/sessionHosts", lambda body: body.update(value={}), "type SessionHostList.value"),
        (POOL + "/sessionHosts", first(sessions="1"), "type SessionHostProperties.sessions"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_seen_and_told_by_definition_and_property(target, edit, key):
    right = exchange("GET", f"{target}?{AVD}")
    assert news(right) == set()
    assert news(changed(right, edit=edit)) == {key}


@pytest.mark.parametrize(
    ("method", "target", "body", "key"),
    [
        ("GET", f"{POOL}?api-version=2023-09-05", None, "api-version HostPools_Get"),
        ("GET", f"{POOL}?{AVD}&colour=red", None, "undocumented-parameter HostPools_Get.colour"),
        ("GET", f"{POOL}/userSessions?{AVD}&pageSize=2.0", None, ""),
        ("PATCH", f"{HOST}?{AVD}&force=maybe", {}, ""),
        ("PATCH", f"{HOST}?{AVD}", {"mine": 1}, "undocumented-property SessionHostPatch.mine"),
        ("GET", f"{POOL}?{AVD}", {"a": 1}, "body-undocumented HostPools_Get request"),
        ("PUT", f"{WEST}/{ROLES}/{NAME}?{ROLE}", SCOPED, "read-only-sent RoleAssignmentProperties.scope"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_seen(method, target, body, key):
    assert news(exchange(method, target, body)) == ({key} if key else set())


@pytest.mark.parametrize(
    ("right", "changes", "key"),
    [
        (GET, {"status": 206}, "undocumented-status HostPools_Get 206"),
        (GET, {"body": b""}, "body-missing HostPools_Get 200"),
        (MISSING, {"body": b""}, "error-form HostPools_Get 404"),
        (MISSING, {"body": b'{"error":{"code":404,"message":"x"}}'}, "error-form HostPools_Get 404"),
        (DISCONNECT, {"body": b"{}"}, "body-undocumented UserSessions_Disconnect 200"),
        (START, {"headers": {"Location": THERE}}, f"header-missing VirtualMachines_Start.{ASYNC}"),
        (
            START,
            {"headers": {"Location": HERE, ASYNC: THERE}},
            "header-missing VirtualMachines_Start.Location",
        ),
    ],
)
def test_a_wrong_status_body_or_header_is_seen(right, changes, key):
    one = exchange(*right)
    assert news(one) == set()
    assert news(changed(one, **changes)) == {key}


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("GET", POOL.upper(), "HostPools_Get"),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/{ROLES}", "RoleAssignments_ListForSubscription"),
        ("GET", f"{AGROUP}/{ROLES}", "RoleAssignments_ListForScope"),
        ("DELETE", f"{AGROUP}/{ROLES}/{NAME}", "RoleAssignments_Delete"),
        ("GET", f"/{ROLES}/{NAME}", "RoleAssignments_Get"),
        ("POST", f"{MACHINE}/start", "VirtualMachines_Start"),
        ("GET", "/v1.0/groups/x/members", "groups_members_list"),
    ],
)
def test_a_path_finds_its_operation(method, target, operation):
    found = find(method, target, "")
    assert found is not None
    if target == f"{AGROUP}/{ROLES}":  # two documented paths fit a resource below a resource group
        assert found.operation.id in {operation, "RoleAssignments_ListForResource"}
    else:
        assert found.operation.id == operation


def test_of_several_versions_the_one_asked_for_is_taken_and_else_the_newest():
    versions = [
        find("POST", f"{MACHINE}/start", asked) for asked in ("2024-03-01", "2026-04-01", "2001-01-01")
    ]
    assert [one and one.operation.document.version for one in versions] == [
        "2024-03-01",
        "2026-04-01",
        "2026-04-01",
    ]


@pytest.mark.parametrize("target", ["/nowhere", "/common/oauth2/v2.0/token", "/metadata/endpoints"])
def test_what_is_not_served_as_azure_is_not_counted(target):
    assert route_of(Ask(method="POST", target=target, headers={})) is None
    recorder = Recorder()
    recorder.see(Exchange(Ask(method="POST", target=target, headers={}), 200, {}, b"{}"))
    assert (recorder.validated, recorder.routes) == (0, {})


def test_a_watched_azure_answers_as_before_and_is_counted():
    wire, recorder = Wire(), Recorder()
    before = wire.azure.answer(
        Ask(method="GET", target=f"{POOL}?{AVD}", headers={"authorization": "Bearer x"})
    )
    recorder.watch(wire.azure)
    told = wire.get(f"{POOL}?{AVD}")
    assert isinstance(before, Finished)
    assert told.raw == before.body
    assert (recorder.validated, recorder.operations["HostPools_Get"]) == (1, 1)
    twice = Recorder()
    twice.add(recorder)
    twice.add(recorder)
    assert twice.told().startswith("1 documented operations covered, 2 exchanges validated, ")


def test_a_departure_that_is_listed_twice_is_refused(tmp_path):
    listed = tmp_path / "deviations.yaml"
    listed.write_text("[{kind: type, reason: x, at: [A.b]}, {kind: type, reason: y, at: [A.b]}]")
    with pytest.raises(ValueError, match=r"listed twice .*type A\.b"):
        known_deviations(listed)


def test_every_document_that_is_used_is_there_and_says_its_version():
    assert len({read((SPECS / name).resolve()).version for name in DOCUMENTS}) >= 5


SCHEMA = {
    "type": "object",
    "required": ["a"],
    "additionalProperties": False,
    "properties": {
        "a": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
        "b": {"type": "integer", "minimum": 0, "maximum": 10},
        "c": {"type": "array", "items": {"type": "boolean"}},
        "d": {"type": "object", "additionalProperties": {"type": "number"}},
        "e": {"type": "string", "enum": ["x", "y"]},
    },
}


def with_a(more: Any) -> dict[str, Any]:
    return {"a": "ab", **more}


@pytest.mark.parametrize(
    "value",
    [
        {"a": "ab"}, {"a": "a"}, {"a": "abcd"}, {"a": "AB"}, {"a": 1}, {}, [], "x", 1, True,
        *map(with_a, (
            {"z": 1}, {"b": 0}, {"b": 11}, {"b": -1}, {"b": True}, {"b": 1.5}, {"c": []}, {"c": [True]},
            {"c": [1]}, {"c": {}}, {"d": {"x": 1.5}}, {"d": {"x": "1"}}, {"d": {"x": True}}, {"e": "x"},
            {"e": "z"},
        )),
    ],
)  # fmt: skip
def test_the_verdict_on_plain_schemas_is_that_of_jsonschema(value):
    ours = list(check(read((SPECS / DOCUMENTS[0]).resolve()), SCHEMA, value, at="It"))
    theirs = list(jsonschema.Draft7Validator(SCHEMA).iter_errors(value))
    assert bool(ours) == bool(theirs), (ours, theirs)
