"""Whatever comes in, the simulated Azure answers as ARM or Graph would, and goes on."""

import json
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from avd_failover.simulator.http.face import AZURE_ROUTES
from avd_failover.simulator.http.routing import Face
from avd_failover.simulator.http.wire import Ask
from tests.simulator.http import estate
from tests.simulator.http.estate import (
    AGROUP,
    BASE,
    DEFINITION,
    G1,
    HOST,
    MACHINE,
    PLAN,
    POOL,
    ROLES,
    SCHEDULE,
    WORKSPACE,
    Wire,
)

NAME = "11111111-2222-4333-8444-555555555555"
FINAL = {"InternalServerError", "InternalError"}
FEW = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])

SEGMENTS = (
    *["hp-North", "nhost-0", "1", "dag-North", "nvm-0", "sp-North", "daily", "ws-North", "-1", "$ref"],
    *["%00", "..", "%2e%2e", "a%2fb", "%", "%zz", "'", '"', "{}", "é", "%F0%9F%92%A9"],
    *(G1, NAME, "x" * 300, ""),
)
WRITES = (
    *(("PATCH", path) for path in (POOL, HOST, PLAN, SCHEDULE, AGROUP, WORKSPACE)),
    ("PUT", f"{AGROUP}/{ROLES}/{NAME}"),
    ("POST", HOST + "/userSessions/1/sendMessage"),
    ("POST", f"/v1.0/groups/{G1}/members/$ref"),
    ("POST", "/v1.0/directoryObjects/getByIds"),
)
NAMES = [
    "properties",
    "allowNewSession",
    "startVMOnConnect",
    "hostPoolReferences",
    "hostPoolArmPath",
    "scalingPlanEnabled",
    "ids",
    "types",
    "rampUpStartTime",
    "hour",
    "minute",
    "daysOfWeek",
    "rampUpMinimumHostsPct",
    "tags",
    "principalId",
    "roleDefinitionId",
    "condition",
    "principalType",
    "messageBody",
    "@odata.id",
    "friendlyName",
    "applicationGroupReferences",
    "registrationInfo",
    "agentUpdate",
    "expirationTime",
    "maxSessionLimit",
]
OPTIONS = [
    "api-version",
    "$filter",
    "$top",
    "$skipToken",
    "$skiptoken",
    "$select",
    "$expand",
    "pageSize",
    "force",
    "monitor",
    "$count",
    "statusOnly",
    "$orderby",
]
ODD = ("atScope()", "-1", "0", "999999999999999999999", "AAAA", "eq '")

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from([G1, NAME, DEFINITION, POOL, AGROUP, "Group", "2026-13-01T00:00:00Z", "Monday"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
bodies = st.one_of(
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.just("properties"), st.dictionaries(st.sampled_from(NAMES), values, max_size=5)).map(
        lambda value: json.dumps(value).encode()
    ),
    st.binary(max_size=40),
    st.sampled_from([b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"a":1,"a":2}', b"NaN", b"[" * 5_000]),
)
queries = st.lists(
    st.tuples(st.sampled_from(OPTIONS), st.one_of(st.text(max_size=12), st.sampled_from(ODD))), max_size=4
)


def ask(method: str, target: str, body: bytes = b"") -> tuple[int, Any]:
    """Send one request to a fresh Azure; return status and decoded body."""
    wire = Wire()
    heads = {"authorization": "Bearer x", "host": "127.0.0.1:7777"}
    told = wire.azure.answer(Ask(method=method, target=target, headers=heads, body=body, base=BASE))
    is_json = told.headers.get("Content-Type", "").startswith("application/json")
    assert wire.get("/subscriptions").status == 200
    return told.status, msgspec.json.decode(told.body) if is_json else told.body


def assert_as_azure(status: int, body: Any) -> None:
    assert 200 <= status < 502
    if status >= 400:
        assert set(body["error"]) >= {"code", "message"}
        assert body["error"]["code"] not in FINAL
        assert isinstance(body["error"]["message"], str)


@FEW
@given(write=st.sampled_from(WRITES), body=bodies)
def test_any_body_is_taken_or_refused_in_the_form_of_azure(write, body):
    method, path = write
    version = "" if path.startswith("/v1.0") else "?api-version=2024-04-03"
    assert_as_azure(*ask(method, path + version, body))


@st.composite
def paths(draw):
    """A path of the routing table with any names in it, sometimes with a part lost or doubled."""
    route = draw(st.sampled_from([one for one in AZURE_ROUTES if one.face is not Face.TOKENS]))
    filled = []
    for part in route.template.strip("/").split("/"):
        if part == "{subscription}":
            filled.append(draw(st.sampled_from([estate.SUBSCRIPTION, NAME, "mine"])))
        elif part == "{scope}":
            filled.append(draw(st.sampled_from([AGROUP, POOL, "", "subscriptions", MACHINE])).strip("/"))
        else:
            filled.append(draw(st.sampled_from(SEGMENTS)) if part.startswith("{") else part)
    if draw(st.booleans()):
        filled.insert(draw(st.integers(0, len(filled))), draw(st.sampled_from(SEGMENTS)))
    return route.method, "/" + "/".join(filled)


@FEW
@given(where=paths(), query=queries, body=bodies)
def test_any_path_and_query_is_answered_in_the_form_of_azure(where, query, body):
    method, path = where
    asked = "&".join(f"{name}={value}" for name, value in query)
    assert_as_azure(*ask(method, f"{path}?{asked}", body if method != "GET" else b""))


@FEW
@given(form=st.binary(max_size=60), tenant=st.sampled_from(SEGMENTS))
def test_the_token_endpoint_takes_any_form(form, tenant):
    status, body = ask("POST", f"/{tenant}/oauth2/v2.0/token", form)
    if status == 200:
        assert body["access_token"]
    else:
        assert_as_azure(status, body)


@FEW
@given(token=st.text(max_size=60))
def test_any_token_is_somebody_or_401(token):
    answer = Wire().ask("GET", POOL, bearer="", authorization=f"Bearer {token}")
    assert answer.status in {200, 401}


@pytest.mark.parametrize("depth", [10, 1_000, 100_000])
def test_a_body_nested_however_deep_is_refused_and_not_fallen_into(depth):
    body = b'{"properties":' * depth + b"1" + b"}" * depth
    status, told = ask("PATCH", POOL + "?api-version=1", body)
    assert status == 400 or (status, told["error"]["code"]) == (501, "NotSimulated")
