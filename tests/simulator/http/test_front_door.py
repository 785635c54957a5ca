"""What is checked before any operation: who asks, the api-version, the subscription, the budget."""

import pytest

from avd_failover.simulator.http.tokens import SIMULATED_PRINCIPAL, simulated_token
from tests.simulator.http.estate import GROUP, HOST, POOL, ROLES, SUBSCRIPTION, TENANT, Wire, a_world


@pytest.mark.parametrize("path", [POOL, "/nowhere", f"/v1.0/groups/{TENANT}", GROUP + "/providers/x/y/z"])
def test_without_a_bearer_token_everything_is_401_with_a_challenge(path):
    answer = Wire().ask("GET", path, bearer="")
    assert (answer.status, answer.code) == (401, "AuthenticationFailed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer ", "AuthenticationFailedInvalidHeader"),
        ("Bearer", "AuthenticationFailedInvalidHeader"),
        ("Bearer a b", "InvalidAuthenticationToken"),
        ("Bearer " + "x" * 5000, "InvalidAuthenticationToken"),
        ("Bearer a.b.c.d/", "InvalidAuthenticationToken"),
    ],
)
def test_a_token_that_is_none_is_401(header, code):
    answer = Wire().ask("GET", POOL, bearer="", authorization=header)
    assert (answer.status, answer.code) == (401, code)


def test_the_own_door_and_the_token_endpoint_ask_for_no_token():
    wire = Wire()
    assert wire.ask("GET", "/_sim/clock", bearer="").status == 200
    assert wire.ask("POST", f"/{TENANT}/oauth2/v2.0/token?", b"", bearer="").status == 200


def test_a_token_from_the_endpoint_stands_for_its_client():
    wire = Wire()
    form = b"grant_type=client_credentials&client_id=me&client_secret=x"
    token = wire.ask("POST", f"/{TENANT}/oauth2/v2.0/token?", form, bearer="").body
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}}, bearer=token["access_token"])
    assert wire.world.history.changes()[-1].actor == "engine:me"


def test_a_token_of_the_simulator_without_a_client_stands_for_the_fixed_principal():
    wire = Wire()
    token = simulated_token(SIMULATED_PRINCIPAL, 0)
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}}, bearer=token)
    assert wire.world.history.changes()[-1].actor == f"engine:{SIMULATED_PRINCIPAL}"


def test_the_openid_configuration_leads_back_to_the_same_host():
    body = Wire().ask("GET", "/common/v2.0/.well-known/openid-configuration?", bearer="").body
    assert body["token_endpoint"] == "http://127.0.0.1:7777/common/oauth2/v2.0/token"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (POOL + "?x=1", 400, "MissingApiVersionParameter"),
        (POOL.replace(SUBSCRIPTION, "mine"), 400, "InvalidSubscriptionId"),
        (POOL.replace(SUBSCRIPTION, TENANT), 404, "SubscriptionNotFound"),
        (f"/subscriptions/{TENANT}", 404, "SubscriptionNotFound"),
        (f"/subscriptions/{TENANT}/{ROLES}", 404, "SubscriptionNotFound"),
        (f"/subscriptions/mine/resourceGroups/x/{ROLES}", 400, "InvalidSubscriptionId"),
    ],
)
def test_arm_itself_refuses_what_lacks_a_version_or_a_subscription(path, status, code):
    answer = Wire().get(path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize("version", ["2024-04-03", "1999-01-01-preview", "soon"])
def test_any_api_version_is_taken(version):
    assert Wire().get(POOL + f"?api-version={version}").status == 200


def test_subscriptions_and_tenants_are_told():
    wire = Wire()
    one = wire.get(f"/subscriptions/{SUBSCRIPTION}").body
    assert (one["displayName"], one["tenantId"], one["state"]) == ("avd-test", TENANT, "Enabled")
    assert wire.get("/subscriptions").body == {"value": [one]}
    assert [held["tenantId"] for held in wire.get("/tenants").body["value"]] == [TENANT]


@pytest.mark.parametrize(
    ("kind", "method", "path", "body"),
    [
        ("reads", "GET", POOL, None),
        ("writes", "PATCH", HOST, {}),
        ("writes", "POST", HOST + "/userSessions/1/disconnect", None),
        ("deletes", "DELETE", HOST + "/userSessions/99", None),
    ],
)
def test_a_budget_that_is_spent_answers_429_until_its_retry_after(kind, method, path, body):
    wire = Wire(a_world(physics={kind: [2.0, 0.1]}))
    left = [
        wire.ask(method, path, body).headers[f"x-ms-ratelimit-remaining-subscription-{kind}"]
        for _ in range(2)
    ]
    assert left == ["1", "0"]
    refused = wire.ask(method, path, body)
    assert refused.status == 429
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 10
    assert wire.ask(method, path, body, bearer="somebody-else").status != 429
    wire.world.advance(wire.world.now_s + wait - 0.5)
    assert wire.ask(method, path, body).status == 429
    wire.world.advance(wire.world.now_s + 1)
    assert wire.ask(method, path, body).status != 429


def test_a_throttled_write_changes_nothing():
    wire = Wire(a_world(physics={"writes": [1.0, 0.1]}))
    wire.ask("PATCH", HOST, {})
    before = wire.world.history.next_sequence
    assert wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}}).status == 429
    assert wire.world.history.next_sequence == before


def test_request_ids_are_never_random():
    assert Wire().get(POOL).headers == Wire().get(POOL).headers
    wire = Wire()
    assert wire.get(POOL).headers["x-ms-request-id"] != wire.get(POOL).headers["x-ms-request-id"]


def test_gaps_are_counted_and_bounded():
    wire = Wire()
    for number in range(1_100):
        wire.get(f"/nowhere/{number}")
    wire.get("/nowhere/0")
    gaps = wire.get("/_sim/gaps").body["gaps"]
    assert len(gaps) == 1_000
    assert {"request": "GET /nowhere/0", "times": 2} in gaps
