"""Answers against recorded ones: status, header names, and the path and type of every JSON value.

What a recording has and a simulated answer has not is listed in ``ABSENT`` with the reason.
"""

import json
from typing import Any

import pytest

from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    GROUP,
    HOST,
    MACHINE,
    MACHINES,
    PLAN,
    POOL,
    ROLES,
    SCHEDULE,
    SHARED,
    STOPPED,
    SUBSCRIPTION,
    WORKSPACE,
    Wire,
)
from tests.simulator.http.test_fleet import VERSION, imaged
from tests.simulator.http.test_neighbours import around

RECORDINGS = SHARED / "azure-recordings"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not on this machine")

NAME = "11111111-2222-4333-8444-555555555555"
WEST = AGROUP.replace("North", "West")
GRANT = {"properties": {"roleDefinitionId": DEFINITION, "principalId": G1, "principalType": "Group"}}
NOBODY = {"properties": {"roleDefinitionId": DEFINITION, "principalId": NAME, "principalType": "Group"}}
NEW_KEY = {
    "properties": {
        "registrationInfo": {"registrationTokenOperation": "Update", "expirationTime": "2026-03-03T03:00:00Z"}
    }
}
REGION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/northeurope"
SCRIPT = {"commandId": "RunPowerShellScript", "script": ["whoami"]}
ROOT = f"/subscriptions/{SUBSCRIPTION}"
PROVIDER = ROOT + "/providers/Microsoft.Compute"
FILTER = "?api-version=2022-04-01&$filter="
AVD = "/providers/Microsoft.DesktopVirtualization"

ABSENT = {
    "migrationRequest": "older api-versions only",
    "resetToken": "older api-versions only",
    "activeSessions": "later api-versions only",
    "disconnectedSessions": "later api-versions only",
    "pendingSessions": "later api-versions only",
    "sessionHostConfiguration": "later api-versions only",
    "scalingMethod": "later api-versions only",
    "createDelete": "later api-versions only",
    "properties.name": "later api-versions only",
    "ssoClientId": "set by the recorded caller",
    "ssoClientSecretKeyVaultPath": "set by the recorded caller",
    "ssoSecretType": "set by the recorded caller",
    "tags": "set by the recorded caller",
    "imageReference": "depends on how the machine was made",
    "linuxConfiguration": "the recorded machine runs Linux",
    "vhd": "unmanaged disk of the recorded machine",
    "resources": "extensions of the recorded machine",
    "networkProfile": "no network is simulated",
}

NOT_SENT = {
    "accept-ranges", "connection", "content-length", "server", "set-cookie", "transfer-encoding", "vary",
    "x-cache", "x-msedge-ref", "x-ms-operation-identifier", "x-ms-ratelimit-remaining-resource",
    "x-ms-served-by", "azure-asyncnotification", "retry-after", "location",
}  # fmt: skip
"""Headers of front ends and of one recorded day; what matters of them has tests of its own."""

CASES: list[tuple[str, int, str, str, Any]] = [
    ("avd-hostpools", 1, "GET", POOL, None),
    ("avd-hostpools", 2, "GET", POOL.rsplit("/", 1)[0], None),
    ("avd-hostpools", 4, "PATCH", POOL, {"properties": {"startVMOnConnect": True}}),
    ("avd-hostpools", 4, "PATCH", POOL, NEW_KEY),
    ("avd-hostpools", 5, "POST", POOL + "/retrieveRegistrationToken", None),
    ("avd-applicationgroups", 3, "GET", AGROUP, None),
    ("avd-applicationgroups", 6, "PATCH", AGROUP, {"properties": {"description": "d"}}),
    ("avd-workspaces", 7, "PATCH", WORKSPACE, {"tags": {"a": "b"}, "properties": {"description": "d"}}),
    ("avd-applicationgroups", 5, "GET", AGROUP.rsplit("/", 1)[0], None),
    ("avd-workspaces", 4, "GET", WORKSPACE, None),
    ("avd-workspaces", 5, "GET", WORKSPACE.rsplit("/", 1)[0], None),
    ("avd-sessionhosts", 0, "GET", HOST, None),
    ("avd-sessionhosts", 1, "GET", POOL + "/sessionHosts", None),
    ("avd-sessionhosts", 2, "PATCH", HOST, {"properties": {"allowNewSession": False}}),
    ("avd-usersessions", 0, "GET", HOST + "/userSessions/1", None),
    ("avd-usersessions", 1, "GET", HOST + "/userSessions", None),
    ("avd-usersessions", 2, "GET", POOL + "/userSessions", None),
    ("avd-usersessions", 3, "POST", HOST + "/userSessions/1/disconnect", None),
    ("avd-usersessions", 5, "POST", HOST + "/userSessions/1/sendMessage", {"messageBody": "b"}),
    ("avd-scalingplans", 1, "GET", PLAN, None),
    ("avd-scalingplans", 5, "GET", SCHEDULE, None),
    ("avd-scalingplans", 6, "GET", PLAN + "/pooledSchedules", None),
    ("compute-vm", 0, "GET", MACHINES, None),
    ("compute-vm", 1, "GET", MACHINE, None),
    ("compute-vm", 2, "GET", MACHINE + "?api-version=1&$expand=instanceView", None),
    ("compute-vm", 3, "POST", MACHINE + "/powerOff", None),
    ("compute-vm", 5, "POST", STOPPED + "/start", None),
    ("compute-vm", 9, "GET", STOPPED + "?api-version=1&$expand=instanceView", None),
    ("compute-vm", 11, "GET", MACHINE + "x", None),
    ("compute-vm-full-headers", 0, "POST", STOPPED + "/start", None),
    ("compute-vm-full-headers", 3, "POST", MACHINE + "/deallocate", None),
    ("compute-capacity-usage-gallery", 5, "GET", REGION + "/usages", None),
    ("compute-extensions-runcommand", 2, "POST", MACHINE + "/runCommand", SCRIPT),
    ("compute-extensions-runcommand", 3, "PUT", MACHINE + "/runCommands/c", {"properties": {"source": {}}}),
    ("role-assignments", 0, "GET", DEFINITION.rsplit("/", 1)[0] + FILTER + "roleName eq 'reader'", None),
    ("role-assignments", 1, "PUT", f"{WEST}/{ROLES}/{NAME}", GRANT),
    ("role-assignments", 2, "GET", f"{AGROUP}/{ROLES}{FILTER}atScope()", None),
    ("role-assignments", 7, "GET", f"{GROUP}/{ROLES}{FILTER}principalId eq '{G1}'", None),
    ("role-assignments", 8, "GET", DEFINITION.rsplit("/", 1)[0], None),
    ("role-assignments", 10, "PUT", f"{WEST}/{ROLES}/{NAME}", NOBODY),
]  # fmt: skip


NOT_OURS = ("authorization", "longitude", "latitude", "physicalLocation", "tags.")
"""Of Azure's own making and no use here: a provider's application, a region's place on the map."""


@pytest.mark.parametrize(
    ("number", "method", "path"),
    [
        (3, "GET", PROVIDER),
        (4, "POST", PROVIDER + "/register"),
        (5, "GET", PROVIDER),
        (7, "GET", GROUP),
        (8, "GET", ROOT + "/locations"),
    ],
)
def test_places_and_providers_have_the_shape_of_the_recorded_ones(number, method, path):
    exchange = recorded("arm-common", number)["response"]
    answer = around().ask(method, path)
    ours = paths(answer.body)
    assert answer.status == exchange["status"]
    for where, kinds in paths(exchange["body"]).items():
        if not any(name in where for name in NOT_OURS):
            assert ours.get(where, set()) & kinds, where


def test_a_version_of_an_image_has_the_shape_of_the_recorded_one():
    answer = imaged().get(VERSION)
    ours = paths(answer.body)
    for where, kinds in paths(recorded("compute-capacity-usage-gallery", 6)["response"]["body"]).items():
        if "ncryption" not in where and "diskEncryptionSet" not in where and not where.endswith("source.id"):
            assert ours.get(where, set()) & kinds, where


def recorded(name: str, number: int) -> dict[str, Any]:
    exchange: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())[number]
    return exchange


def paths(value: Any, at: str = "") -> dict[str, set[str]]:
    """Return every path in a JSON value with the kinds of value seen there; items of a list share a path."""
    if isinstance(value, dict):
        items = [(f"{at}.{name}".lstrip("."), held) for name, held in value.items()]
    elif isinstance(value, list):
        items = [(f"{at}[]", held) for held in value]
    else:
        return {at: {"null" if value is None else type(value).__name__}}
    found: dict[str, set[str]] = {at: {type(value).__name__}}
    for name, held in items:
        for path, kinds in paths(held, name).items():
            found.setdefault(path, set()).update(kinds)
    return found


def excused(path: str) -> bool:
    plain = path.replace("[]", "")
    return any(f".{plain}.".find(f".{name}.") >= 0 for name in ABSENT if "." not in name) or any(
        plain.endswith(name) and "Schedule" not in name for name in ABSENT if "." in name
    )


@pytest.mark.parametrize(
    ("name", "number", "method", "path", "body"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES]
)
def test_an_answer_has_status_headers_and_shape_of_the_recorded_one(name, number, method, path, body):
    exchange = recorded(name, number)["response"]
    answer = Wire().ask(method, path, body)
    assert answer.status == exchange["status"]
    assert missing_headers(exchange["headers"], answer.headers) == set()
    assert (answer.body is None) == (exchange.get("body") is None)
    ours = paths(answer.body)
    for where, kinds in paths(exchange.get("body")).items():
        if not excused(where) and not inside_empty(where, ours):
            assert where in ours, f"{where} is recorded and not answered"
            assert ours[where] & kinds or "null" in ours[where] | kinds, f"{where}: {ours[where]} for {kinds}"


def missing_headers(recorded_headers: dict[str, Any], ours: dict[str, str]) -> set[str]:
    answered = {name.lower() for name in ours}
    return {name.lower() for name in recorded_headers} - answered - NOT_SENT


def inside_empty(where: str, ours: dict[str, set[str]]) -> bool:
    """Tell whether a path lies in a list or object that is null or empty in our answer."""
    parts = where.replace("[]", ".[]").split(".")
    heads = [".".join(parts[:n]).replace(".[]", "[]") for n in range(1, len(parts))]
    return any(
        head in ours and (ours[head] == {"null"} or (head + "[]" not in ours and ours[head] == {"list"}))
        for head in heads
    )


@pytest.mark.parametrize(
    ("name", "number", "verb"), [("compute-vm", 5, "start"), ("compute-vm", 3, "powerOff")]
)
def test_polls_of_an_operation_have_the_recorded_body_and_end_with_an_empty_200(name, number, verb):
    poll, final = recorded(name, number)["poll"][0], recorded(name, number)["poll"][-1]
    wire = Wire()
    began = wire.ask("POST", f"{STOPPED if verb == 'start' else MACHINE}/{verb}")
    wire.world.advance(600)
    told = wire.get(began.headers["Azure-AsyncOperation"].partition("7777")[2])
    assert paths(told.body) == paths(poll["body"])
    assert missing_headers(poll["headers"], told.headers) == set()
    last = wire.get(began.headers["Location"].partition("7777")[2])
    assert (last.status, last.body) == (final["status"], final["body"])


def test_the_check_can_fail():
    theirs, ours = paths({"a": [{"b": 1}], "c": None}), paths({"a": [], "c": "x"})
    assert inside_empty("a[].b", ours)
    assert "a[].b" in theirs
    assert not inside_empty("c", ours)
    assert not excused("properties.allowNewSession")
    assert excused("value[].properties.migrationRequest")
