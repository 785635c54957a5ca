"""Which operation a path names, and what is said of a path that names none."""

import pytest

from avd_failover.simulator.http.face import AZURE_ROUTES
from avd_failover.simulator.http.routing import Face, Router
from avd_failover.simulator.http.wire import Refusal
from tests.simulator.http.estate import AGROUP, GROUP, HOST, MACHINE, POOL, ROLES, SUBSCRIPTION

ROUTER = Router(AZURE_ROUTES)
NAME = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("method", "path", "face", "params"),
    [
        ("GET", POOL, Face.DESKTOPS, {"subscription": SUBSCRIPTION, "group": "rg-North", "pool": "hp-North"}),
        ("GET", POOL.upper(), Face.DESKTOPS, {"pool": "HP-NORTH", "group": "RG-NORTH"}),
        ("GET", POOL + "/", Face.DESKTOPS, {"pool": "hp-North"}),
        ("GET", "/" + POOL, Face.DESKTOPS, {"pool": "hp-North"}),
        ("PATCH", HOST, Face.DESKTOPS, {"host": "nhost-0"}),
        ("DELETE", HOST + "/userSessions/3", Face.DESKTOPS, {"session": "3"}),
        ("POST", MACHINE + "/start", Face.COMPUTE, {"vm": "nvm-0"}),
        ("GET", f"{AGROUP}/{ROLES}", Face.AUTHORIZATION, {"scope": AGROUP}),
        ("PUT", f"{AGROUP}/{ROLES}/{NAME}", Face.AUTHORIZATION, {"scope": AGROUP, "name": NAME}),
        ("PUT", f"{GROUP}/{ROLES}/{NAME}", Face.AUTHORIZATION, {"scope": GROUP}),
        ("GET", f"/{ROLES}/{NAME}", Face.AUTHORIZATION, {"scope": "/", "name": NAME}),
        ("GET", "/v1.0/groups/x/transitiveMembers/$count", Face.GRAPH, {"group": "x", "cast": "$count"}),
        ("DELETE", "/v1.0/groups/x/members/y/$ref", Face.GRAPH, {"group": "x", "member": "y"}),
        ("POST", "/common/oauth2/v2.0/token", Face.TOKENS, {"tenant": "common"}),
        ("GET", "/subscriptions", Face.ARM, {}),
    ],
)
def test_a_path_names_its_operation_in_any_casing(method, path, face, params):
    match = ROUTER.match(method, path)
    assert match.route.face is face
    assert params.items() <= dict(match.params).items()


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        ("/", 404, "MissingSubscription", "did not have a subscription"),
        ("/providers/Microsoft.Nope", 404, "InvalidResourceType", "Microsoft.Nope"),
        (GROUP + "/providers/Microsoft.Web/sites/x", 404, "InvalidResourceType", "'sites'"),
        (POOL + "/nonsense", 404, "InvalidResourceType", "'hostPools/nonsense'"),
        (f"/subscriptions/{SUBSCRIPTION}/nothing", 404, "OperationNotFound", "nothing"),
        (POOL + "/../x", 400, "BadRequest", "not valid"),
        (POOL.replace("/hostPools", "//hostPools"), 400, "BadRequest", "not valid"),
        (
            GROUP + "/providers/Microsoft.DesktopVirtualization/hostPools/a%2fb",
            400,
            "BadRequest",
            "not valid",
        ),
        (
            GROUP + "/providers/Microsoft.DesktopVirtualization/hostPools/%2e%2e",
            400,
            "BadRequest",
            "not valid",
        ),
        (POOL + "%00", 400, "BadRequest", "not valid"),
        (POOL + "%ff", 400, "BadRequest", "not valid"),
        (POOL + "%252e", 400, "BadRequest", "not valid"),
        (POOL + "a" * 5000, 400, "BadRequest", "not valid"),
    ],
)
def test_a_path_that_names_nothing_is_refused_with_what_arm_says(path, status, code, words):
    with pytest.raises(Refusal) as refused:
        ROUTER.match("GET", path)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", POOL, "GET, PATCH"),
        ("DELETE", MACHINE, "GET, PATCH"),
        ("GET", MACHINE + "/start", "POST"),
        ("POST", f"{AGROUP}/{ROLES}/{NAME}", "DELETE, GET, PUT"),
        ("BREW", POOL, "GET, PATCH"),
    ],
)
def test_a_wrong_verb_is_405_and_names_the_right_ones(method, path, allowed):
    with pytest.raises(Refusal) as refused:
        ROUTER.match(method, path)
    assert refused.value.status == 405
    assert refused.value.headers["Allow"] == allowed


def test_no_two_rows_of_the_table_serve_the_same_operation():
    rows = [(route.method, route.template.lower()) for route in AZURE_ROUTES]
    assert len(rows) == len(set(rows))


def test_every_row_of_the_table_is_reachable():
    for route in AZURE_ROUTES:
        path = route.template.replace("{scope}", GROUP).replace("{", "").replace("}", "")
        assert ROUTER.match(route.method, path).route == route
