"""Properties of AVD objects that a readiness check compares, and what can be changed of them."""

import json
from typing import Any

import pytest

from tests.simulator.http.estate import (
    AGROUP,
    GROUP,
    HOST,
    PLAIN,
    PLAN,
    POOL,
    SCHEDULE,
    WORKSPACE,
    Wire,
    a_world,
)

WEST = POOL.replace("North", "West")
APPS = AGROUP.replace("dag-", "app-")
WEST_GROUP = AGROUP.replace("North", "West")
AVD = "providers/Microsoft.DesktopVirtualization"
PERSONAL = f"{PLAN}/personalSchedules/away"
PHASE = {"on_disconnect": "Deallocate", "minutes_after_disconnect": 30}
DETAILS = {
    "friendly_name": "Desktop (North)",
    "rdp_properties": "audiomode:i:0;",
    "validation_environment": True,
    "tags": {"tier": "1"},
    "agent_update_windows": [{"day": "Sunday", "hour": 2}],
    "registration_key_hours": 48,
}


def detailed() -> Wire:
    """Build the small world with everything that a scenario may say of the northern pool."""
    pools = json.loads(json.dumps(PLAIN["host_pools"]))
    north = pools[0]
    north |= DETAILS
    north["hosts"] |= {"failing_checks": ["FSLogixHealthCheck"], "off_for_days": 70, "zones": ["1", "2"]}
    north["application_groups"][0] |= {"friendly_name": "Work", "show_in_feed": False}
    north["application_groups"][1]["applications"] = [
        {"name": "Word", "path": "C:\\Office\\winword.exe", "friendly_name": "Word", "arguments": "/q",
         "argument_setting": "Require"},
        {"name": "Excel", "path": "C:\\Office\\excel.exe"},
    ]  # fmt: skip
    north["scaling_plan"]["personal_schedules"] = [
        {
            "name": "away", "days": ["Monday"], "auto_start": "WithAssignedUser",
            "ramp_up": {"at": "06:00", **PHASE}, "peak": {"at": "08:00"},
            "ramp_down": {"at": "18:00", "start_on_connect": False}, "off_peak": {"at": "20:00"},
        }
    ]  # fmt: skip
    return Wire(a_world(host_pools=pools))


def properties(wire: Wire, path: str) -> dict[str, Any]:
    found: dict[str, Any] = wire.get(path).body["properties"]
    return found


def test_a_pool_shows_what_the_scenario_says_of_it():
    wire = detailed()
    body = wire.get(POOL).body
    shown = body["properties"]
    assert body["tags"] == {"tier": "1"}
    assert shown["friendlyName"] == "Desktop (North)"
    assert shown["customRdpProperty"] == "audiomode:i:0;"
    assert shown["validationEnvironment"] is True
    assert shown["agentUpdate"] == {
        "type": "Scheduled",
        "useSessionHostLocalTime": False,
        "maintenanceWindowTimeZone": "UTC",
        "maintenanceWindows": [{"hour": 2, "dayOfWeek": "Sunday"}],
    }
    assert properties(wire, WEST)["agentUpdate"] is None


def test_applications_and_desktops_are_listed_and_read_alone():
    wire = detailed()
    apps = wire.get(APPS + "/applications").body["value"]
    assert [app["name"] for app in apps] == ["app-North/Excel", "app-North/Word"]
    word = wire.get(APPS + "/applications/word").body
    assert word["type"] == "Microsoft.DesktopVirtualization/applicationgroups/applications"
    assert word["properties"]["commandLineSetting"] == "Require"
    assert word["properties"]["commandLineArguments"] == "/q"
    assert wire.get(AGROUP + "/applications").body["value"] == []
    assert wire.get(APPS + "/desktops").body["value"] == []
    assert wire.get(AGROUP + "/desktops/sessiondesktop").body["name"] == "dag-North/SessionDesktop"


@pytest.mark.parametrize(
    "path",
    [
        APPS + "/applications/none",
        AGROUP + "/desktops/none",
        APPS + "/desktops/SessionDesktop",
        PERSONAL + "x",
    ],
)
def test_what_does_not_exist_is_told_in_the_providers_words(path):
    answer = detailed().get(path)
    assert (answer.status, answer.code) == (404, "404")
    assert "does not exist" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (WEST, {"maxSessionLimit": 12}),
        (WEST, {"friendlyName": "x", "description": "y"}),
        (WEST, {"customRdpProperty": "use multimon:i:1;"}),
        (WEST, {"loadBalancerType": "DepthFirst"}),
        (WEST, {"validationEnvironment": True, "ring": 1}),
        (WEST, {"preferredAppGroupType": "RailApplications"}),
        (WEST, {"publicNetworkAccess": "EnabledForClientsOnly"}),
        (WEST, {"ssoClientId": "c", "ssoClientSecretKeyVaultPath": "v", "ssoSecretType": "SharedKey"}),
        (WEST, {"vmTemplate": "{}", "ssoadfsAuthority": "https://adfs"}),
        (WEST, {"startVMOnConnect": True}),
        (AGROUP, {"showInFeed": False}),
        (AGROUP, {"friendlyName": "f", "description": "d"}),
        (AGROUP + "/desktops/SessionDesktop", {"friendlyName": "Work"}),
        (WORKSPACE, {"friendlyName": "f", "publicNetworkAccess": "Disabled"}),
        (HOST, {"friendlyName": "mine"}),
        (PLAN, {"description": "d", "friendlyName": "f", "exclusionTag": "keep"}),
        (PERSONAL, {"rampUpActionOnLogoff": "Deallocate", "rampUpMinutesToWaitOnLogoff": 5}),
        (PERSONAL, {"peakStartVMOnConnect": "Disable", "daysOfWeek": ["Friday"]}),
        (SCHEDULE, {"rampUpMinimumHostsPct": 5}),
    ],
)  # fmt: skip
def test_a_patch_sets_what_was_sent_and_nothing_else(path, sent):
    wire = detailed()
    before = properties(wire, path)
    answer = wire.ask("PATCH", path, {"properties": sent})
    assert answer.status == 200
    assert properties(wire, path) == before | sent
    assert answer.body["properties"] == (
        before | sent | {"registrationInfo": answer.body["properties"].get("registrationInfo")}
        if "registrationInfo" in before
        else before | sent
    )


@pytest.mark.parametrize("path", [WEST, AGROUP, WORKSPACE, PLAN])
def test_tags_are_replaced_whole(path):
    wire = detailed()
    assert wire.ask("PATCH", path, {"tags": {"a": "1", "b": "2"}}).body["tags"] == {"a": "1", "b": "2"}
    assert wire.ask("PATCH", path, {"tags": {"c": "3"}}).body["tags"] == {"c": "3"}
    assert wire.ask("PATCH", path, {"tags": {"c": 3}}).status == 400
    assert wire.get(path).body["tags"] == {"c": "3"}


def test_agent_updates_are_replaced_whole_and_their_hours_checked():
    wire = detailed()
    window = {"type": "Scheduled", "maintenanceWindows": [{"hour": 3, "dayOfWeek": "Monday"}]}
    wire.ask("PATCH", WEST, {"properties": {"agentUpdate": window}})
    assert properties(wire, WEST)["agentUpdate"]["maintenanceWindows"] == window["maintenanceWindows"]
    late = {"type": "Scheduled", "maintenanceWindows": [{"hour": 24, "dayOfWeek": "Monday"}]}
    assert wire.ask("PATCH", WEST, {"properties": {"agentUpdate": late}}).status == 400
    assert wire.ask("PATCH", WEST, {"properties": {"agentUpdate": {"type": "Never"}}}).status == 400


def test_a_workspace_takes_a_whole_list_and_links_its_groups():
    wire = detailed()
    sent = {
        "applicationGroupReferences": [WEST_GROUP, AGROUP.upper().replace("/SUBSCRIPTIONS", "/subscriptions")]
    }
    told = wire.ask("PATCH", WORKSPACE, {"properties": sent}).body["properties"]
    assert [one.rsplit("/", 1)[-1] for one in told["applicationGroupReferences"]] == ["dag-West", "dag-North"]
    assert properties(wire, WEST_GROUP)["workspaceArmPath"].endswith("/workspaces/ws-North")
    assert properties(wire, APPS)["workspaceArmPath"] is None


@pytest.mark.parametrize("group", [AGROUP + "x", "x", 5])
def test_a_workspace_refuses_a_group_that_it_cannot_show_and_keeps_its_list(group):
    wire = detailed()
    before = wire.get(WORKSPACE).body
    answer = wire.ask("PATCH", WORKSPACE, {"properties": {"applicationGroupReferences": [group]}})
    assert answer.status == 400
    assert wire.get(WORKSPACE).body == before


def test_a_group_of_another_workspace_is_refused():
    spaces = [
        PLAIN["workspaces"][0],
        {
            "name": "ws-2",
            "resource_group": "rg-West",
            "region": "westeurope",
            "application_groups": ["dag-West"],
        },
    ]
    wire = Wire(a_world(workspaces=spaces))
    answer = wire.ask("PATCH", WORKSPACE, {"properties": {"applicationGroupReferences": [WEST_GROUP]}})
    assert answer.status == 400
    assert "registered in another workspace" in answer.body["error"]["message"]


@pytest.mark.parametrize("shown", [True, False])
def test_a_group_that_the_feed_hides_offers_nothing_to_those_who_may_open_it(shown):
    world = a_world()
    user = next(one for one in world.directory.users() if not world.sessions.of_user(one.id))
    for group in (AGROUP, APPS):
        world.pools.patch_application_group("admin:x", group, {"show_in_feed": shown})
    world.broker.connect(user.id)
    assert bool(world.sessions.of_user(user.id)) is shown


def test_failing_checks_are_shown_and_make_the_host_need_assistance():
    wire = detailed()
    shown = properties(wire, HOST)
    results = {c["healthCheckName"]: c["healthCheckResult"] for c in shown["sessionHostHealthCheckResults"]}
    assert shown["status"] == "NeedsAssistance"
    assert results.pop("FSLogixHealthCheck") == "HealthCheckFailed"
    assert set(results.values()) == {"HealthCheckSucceeded"}
    assert properties(wire, HOST.replace("nhost-0", "nhost-4"))["status"] == "Shutdown"


def test_a_host_that_is_off_has_an_old_heartbeat_and_a_running_one_beats_on():
    wire = detailed()
    off = HOST.replace("nhost-0", "nhost-4")
    assert properties(wire, off)["lastHeartBeat"] < "2025-12-23"
    west = HOST.replace("North", "West").replace("nhost", "whost")
    first = properties(wire, west)["lastHeartBeat"]
    wire.world.advance(5 * 86_400)
    assert properties(wire, west)["lastHeartBeat"] > max(first, "2026-03-03")
    assert properties(wire, off)["lastHeartBeat"] < "2025-12-23"


def test_a_personal_host_is_assigned_and_reassigned_only_by_force():
    world = a_world()
    pool = world.pools.get(POOL)
    world.core.change("admin:x", "make-personal", pool, host_pool_type="Personal")
    wire = Wire(world)
    assert properties(wire, POOL)["loadBalancerType"] == "Persistent"
    assert wire.ask("PATCH", HOST, {"properties": {"assignedUser": "a@b.c"}}).status == 200
    refused = wire.ask("PATCH", HOST, {"properties": {"assignedUser": "d@b.c"}})
    assert refused.status == 400
    assert properties(wire, HOST)["assignedUser"] == "a@b.c"
    forced = HOST + "?api-version=2024-04-03&force=true"
    assert wire.ask("PATCH", forced, {"properties": {"assignedUser": "d@b.c"}}).status == 200
    assert wire.ask("PATCH", forced, {"properties": {"assignedUser": ""}}).status == 200
    assert properties(wire, HOST)["assignedUser"] is None


def test_a_host_with_sessions_leaves_its_pool_only_by_force_and_frees_its_users():
    wire = detailed()
    world = wire.world
    users = [session.user for session in world.sessions.on_host(HOST)]
    assert wire.ask("DELETE", HOST).status == 400
    assert wire.ask("DELETE", HOST + "?api-version=1&force=true").status == 200
    assert wire.ask("DELETE", HOST).status == 204
    assert wire.get(HOST).code == "404"
    assert users
    assert all(world.sessions.of_user(user) == [] for user in users)
    world.advance(7_200)


def test_schedules_of_a_plan_are_replaced_whole():
    wire = detailed()
    held = properties(wire, PLAN)["schedules"][0]
    sent = [held | {"name": "weekdays", "rampUpMinimumHostsPct": 10}]
    told = wire.ask("PATCH", PLAN, {"properties": {"schedules": sent}}).body["properties"]["schedules"]
    assert [(one["name"], one["rampUpMinimumHostsPct"]) for one in told] == [("weekdays", 10)]
    assert wire.get(SCHEDULE).status == 404
    assert properties(wire, SCHEDULE.replace("daily", "weekdays"))["rampUpMinimumHostsPct"] == 10


@pytest.mark.parametrize("zone", ["W. Europe Standard Time", "Eastern Standard Time"])
def test_the_time_zone_of_a_plan_changes_what_autoscale_goes_by(zone):
    wire = detailed()
    wire.ask("PATCH", PLAN, {"properties": {"timeZone": zone}})
    assert properties(wire, PLAN)["timeZone"] == zone
    assert "/" in wire.world.scaling.get(PLAN).time_zone


def test_personal_schedules_are_listed_in_the_wires_words():
    wire = detailed()
    (shown,) = wire.get(PLAN + "/personalSchedules").body["value"]
    assert shown["name"] == "sp-North/away"
    assert shown["properties"]["rampUpStartVMOnConnect"] == "Enable"
    assert shown["properties"]["rampDownStartVMOnConnect"] == "Disable"
    assert shown["properties"]["rampUpMinutesToWaitOnDisconnect"] == 30
    assert shown["properties"]["offPeakStartTime"] == {"hour": 20, "minute": 0}


@pytest.mark.parametrize(
    "sent",
    [
        {"peakActionOnDisconnect": "Explode"},
        {"peakMinutesToWaitOnLogoff": -1},
        {"peakMinutesToWaitOnLogoff": "1"},
        {"peakStartTime": {"hour": 25, "minute": 0}},
        {"daysOfWeek": "Monday"},
    ],
)
def test_a_personal_schedule_refuses_what_it_cannot_hold(sent):
    wire = detailed()
    before = wire.get(PERSONAL).body
    assert wire.ask("PATCH", PERSONAL, {"properties": sent}).status == 400
    assert wire.get(PERSONAL).body == before


def test_plans_of_a_pool_are_those_that_refer_to_it():
    wire = detailed()
    assert [one["name"] for one in wire.get(POOL + "/scalingPlans").body["value"]] == ["sp-North"]
    assert wire.get(WEST + "/scalingPlans").body["value"] == []
    assert wire.get(f"{GROUP}/{AVD}/hostPools/none/scalingPlans").status == 404
