"""Reads of the AVD provider: casing, names, nulls, pages, filters, and the throttle of host lists."""

import base64

import pytest

from avd_failover.simulator.http.face import Pages
from tests.simulator.http.estate import (
    AGROUP,
    GROUP,
    HOST,
    PLAN,
    POOL,
    SCHEDULE,
    SUBSCRIPTION,
    WORKSPACE,
    Wire,
    a_world,
)

PREFIX = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-North/providers/Microsoft.DesktopVirtualization"

EVERY_POOL = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DesktopVirtualization/hostPools"


@pytest.mark.parametrize(
    ("path", "name", "shown", "kind"),
    [
        (POOL, "hp-North", "hostpools/hp-North", "hostpools"),
        (HOST, "hp-North/nhost-0", "hostpools/hp-North/sessionhosts/nhost-0", "hostpools/sessionhosts"),
        (AGROUP, "dag-North", "applicationgroups/dag-North", "applicationgroups"),
        (WORKSPACE, "ws-North", "workspaces/ws-North", "workspaces"),
        (PLAN, "sp-North", "scalingplans/sp-North", "scalingplans"),
        (
            SCHEDULE,
            "sp-North/daily",
            "scalingplans/sp-North/pooledSchedules/daily",
            "scalingplans/pooledSchedules",
        ),
    ],
)
def test_ids_come_back_with_lower_case_types_whatever_was_asked(path, name, shown, kind):
    wire = Wire()
    for asked in (path, path.upper()):
        body = wire.get(asked).body
        assert body["name"] == name
        assert body["id"] == f"{PREFIX}/{shown}"
        assert body["type"] == f"Microsoft.DesktopVirtualization/{kind}"


def test_references_are_shown_in_the_same_casing_as_ids():
    wire = Wire()
    assert wire.get(AGROUP).body["properties"]["hostPoolArmPath"] == f"{PREFIX}/hostpools/hp-North"
    assert wire.get(AGROUP).body["properties"]["workspaceArmPath"] == f"{PREFIX}/workspaces/ws-North"
    groups = [f"{PREFIX}/applicationgroups/dag-North", f"{PREFIX}/applicationgroups/app-North"]
    assert wire.get(POOL).body["properties"]["applicationGroupReferences"] == groups
    assert wire.get(WORKSPACE).body["properties"]["applicationGroupReferences"] == groups


def test_what_is_not_set_is_written_out_as_null():
    host = Wire().get(HOST).body["properties"]
    assert host["assignedUser"] is None
    assert host["friendlyName"] is None
    assert host["statusTimestamp"] is None
    assert host["updateErrorMessage"] == ""


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (POOL + "/sessionHosts", 5),
        (POOL + "/userSessions", 6),
        (GROUP + "/providers/Microsoft.DesktopVirtualization/hostPools", 1),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DesktopVirtualization/hostPools", 2),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DesktopVirtualization/applicationGroups", 4),
        (GROUP + "/providers/Microsoft.DesktopVirtualization/applicationGroups", 2),
        (GROUP + "/providers/Microsoft.DesktopVirtualization/workspaces", 1),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DesktopVirtualization/workspaces", 1),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DesktopVirtualization/scalingPlans", 1),
        (GROUP + "/providers/Microsoft.DesktopVirtualization/scalingPlans", 1),
        (POOL + "/scalingPlans", 1),
        (PLAN + "/pooledSchedules", 1),
        (AGROUP + "/desktops", 1),
        (AGROUP + "/applications", 0),
        (AGROUP.replace("dag", "app") + "/desktops", 0),
    ],
)
def test_a_list_ends_with_a_null_link_and_small_pages_hold_each_item_once(path, count):
    whole = Wire().get(path).body
    assert len(whole["value"]) == count
    assert whole["nextLink"] is None
    pages = Wire(pages=Pages(arm=2)).pages(path + "?api-version=2024-04-03")
    assert all(len(page) == 2 for page in pages[:-1])
    ids = [one["id"] for page in pages for one in page]
    assert sorted(ids) == sorted(one["id"] for one in whole["value"])


def test_a_caller_may_ask_for_smaller_pages_but_not_for_larger_ones():
    wire = Wire(pages=Pages(arm=3))
    path = POOL + "/userSessions?api-version=2024-04-03&pageSize="
    assert [len(page) for page in wire.pages(path + "1")] == [1] * 6
    assert [len(page) for page in wire.pages(path + "500")] == [3, 3]
    for wrong in ("0", "-1", "x", "1e3", "²"):
        assert wire.get(path + wrong).status == 400


def test_what_vanishes_between_two_pages_hides_nothing_else():
    wire = Wire(pages=Pages(arm=2))
    first = wire.get(POOL + "/userSessions?api-version=2024-04-03").body
    everything = {one["id"] for page in Wire().pages(POOL + "/userSessions") for one in page}
    for gone in first["value"]:
        wire.ask("DELETE", gone["id"])
    wire.world.advance(600)
    link = first["nextLink"].partition("7777")[2]
    rest = {one["id"] for page in wire.pages(link) for one in page}
    seated = {one.id.lower() for one in wire.world.sessions.list(POOL)}
    expected = {one for one in everything - {gone["id"] for gone in first["value"]} if one.lower() in seated}
    assert expected
    assert expected <= rest


def test_a_skip_token_that_nobody_gave_is_refused():
    for token in ("!!", "é", "____"):
        answer = Wire().get(POOL + f"/userSessions?api-version=1&$skipToken={token}")
        assert (answer.status, answer.code) == (400, "InvalidSkipToken")


def test_sessions_of_a_pool_have_no_system_data_and_those_of_a_host_have():
    wire = Wire()
    pool = wire.get(POOL + "/userSessions").body["value"]
    host = wire.get(HOST + "/userSessions").body["value"]
    assert {one["systemData"] for one in pool} == {None}
    assert host[0]["systemData"]["createdBy"] is None
    assert wire.get(host[0]["id"]).body == host[0]
    assert host[0]["name"] == f"hp-North/nhost-0/{host[0]['id'].rsplit('/', 1)[-1]}"


@pytest.mark.parametrize(
    ("asked", "state", "count"),
    [
        ("sessionstate eq 'Disconnected'", "Disconnected", 2),
        ("SessionState eq 'active'", "Active", 4),
        ("sessionstate eq 'Pending'", "", 0),
    ],
)
def test_sessions_are_filtered_by_state(asked, state, count):
    found = Wire().get(POOL + f"/userSessions?api-version=2024-04-03&$filter={asked}").body["value"]
    assert [one["properties"]["sessionState"] for one in found] == [state] * count


def test_sessions_are_filtered_by_user_and_state_together():
    wire = Wire()
    one = wire.get(POOL + "/userSessions").body["value"][0]
    name, state = one["properties"]["userPrincipalName"], one["properties"]["sessionState"]
    path = POOL + f"/userSessions?api-version=1&$filter=userprincipalname eq '{name}' and sessionstate eq "
    assert wire.get(path + f"'{state}'").body["value"] == [one]
    assert wire.get(path + "'Pending'").body["value"] == []


def test_application_groups_are_filtered_by_kind():
    path = GROUP + "/providers/Microsoft.DesktopVirtualization/applicationGroups?api-version=1&$filter="
    found = Wire().get(path + "applicationGroupType eq 'RemoteApp'").body["value"]
    assert [one["name"] for one in found] == ["app-North"]


def test_a_filter_that_is_not_simulated_is_refused_rather_than_ignored():
    answer = Wire().get(POOL + "/userSessions?api-version=1&$filter=contains(userprincipalname,'x')")
    assert (answer.status, answer.code) == (400, "400")


@pytest.mark.parametrize(
    ("path", "code", "gateway"),
    [
        (POOL + "x", "ResourceNotFound", True),
        (POOL + "x/sessionHosts", "ResourceNotFound", True),
        (AGROUP + "x", "ResourceNotFound", True),
        (PLAN + "x", "ResourceNotFound", True),
        (HOST + "x", "404", False),
        (HOST + "/userSessions/99", "404", False),
        (SCHEDULE + "x", "404", False),
    ],
)
def test_a_missing_resource_is_told_by_arm_and_a_missing_child_by_the_provider(path, code, gateway):
    answer = Wire().get(path)
    assert (answer.status, answer.code) == (404, code)
    assert (answer.headers.get("x-ms-failure-cause") == "gateway") is gateway
    if not gateway:
        activity = answer.headers["x-ms-correlation-id"]
        assert answer.body["error"]["message"].startswith(f"ActivityId: {activity} Error: ")


def test_headers_are_those_of_the_recordings():
    answer = Wire().get(HOST, x_ms_client_request_id="mine")
    assert answer.headers["x-ms-request-id"] == "mine"
    assert answer.headers["x-ms-correlation-id"] != answer.headers["x-ms-correlation-request-id"]
    assert answer.headers["X-Rate-Limit-Limit"] == "0"
    assert answer.headers["X-Rate-Limit-Remaining"] == "9223372036854775807"
    assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert base64.b64decode(answer.headers["x-ms-opsarmpath64"]).decode() == HOST


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (POOL + "/sessionHosts", POOL),
        (HOST + "/userSessions", HOST),
        (EVERY_POOL, f"/subscriptions/{SUBSCRIPTION}"),
        (GROUP + "/providers/Microsoft.DesktopVirtualization/hostPools", GROUP),
    ],
)  # fmt: skip
def test_the_path_header_of_a_list_names_the_parent(path, about):
    assert base64.b64decode(Wire().get(path).headers["x-ms-opsarmpath64"]).decode() == about


def test_the_eleventh_list_of_session_hosts_in_five_minutes_is_refused():
    wire = Wire()
    left = [wire.get(POOL + "/sessionHosts").headers["X-Rate-Limit-Remaining"] for _ in range(10)]
    assert left == [str(n) for n in range(9, -1, -1)]
    refused = wire.get(POOL + "/sessionHosts")
    assert (refused.status, refused.code) == (429, "429")
    assert refused.headers["Retry-After"] == "300"
    assert refused.headers["X-Rate-Limit-Limit"] == "5m"
    assert wire.get(HOST).status == 200
    assert wire.get(POOL.replace("North", "West") + "/sessionHosts").status == 200
    wire.world.advance(301)
    assert wire.get(POOL + "/sessionHosts").status == 200


def test_pages_after_the_first_belong_to_the_list_they_continue():
    wire = Wire(pages=Pages(arm=1))
    assert len(wire.pages(POOL + "/sessionHosts?api-version=1")) == 5
    assert wire.get(POOL + "/sessionHosts").headers["X-Rate-Limit-Remaining"] == "8"


def test_a_dark_region_answers_503_for_its_own_pools_only():
    regions = [
        {"name": "northeurope", "display_name": "North Europe", "control_plane_up": False},
        {"name": "westeurope", "display_name": "West Europe"},
    ]
    wire = Wire(a_world(regions=regions))
    dark = wire.get(HOST)
    assert (dark.status, dark.code) == (503, "ServiceUnavailable")
    assert wire.get(POOL.replace("North", "West")).status == 200
