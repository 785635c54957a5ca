"""What the AVD provider lets one change, and how it answers."""

import pytest

from tests.simulator.http.estate import HOST, PLAN, POOL, SCHEDULE, Wire

WEST = POOL.replace("North", "West")


def test_a_drain_changes_only_the_flag_and_the_time_of_change():
    wire = Wire()
    wire.world.advance(30)
    before = wire.get(HOST).body
    answer = wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}})
    after = answer.body
    assert answer.status == 200
    assert after["properties"] == before["properties"] | {"allowNewSession": False}
    assert after["properties"]["status"] == "Available"
    assert after["systemData"]["lastModifiedAt"] == "2026-03-02T03:00:30Z"
    assert wire.get(HOST).body == after


def test_start_on_connect_is_patched_on_the_pool():
    wire = Wire()
    answer = wire.ask("PATCH", WEST, {"properties": {"startVMOnConnect": True}})
    assert answer.body["properties"]["startVMOnConnect"] is True
    assert wire.get(WEST).body["properties"]["startVMOnConnect"] is True


@pytest.mark.parametrize("path", [HOST, WEST, PLAN, SCHEDULE])
@pytest.mark.parametrize("body", [{}, {"properties": {}}, {"properties": None}])
def test_a_patch_of_nothing_changes_nothing(path, body):
    wire = Wire()
    before = wire.world.history.next_sequence
    assert wire.ask("PATCH", path, body).body == wire.get(path).body
    assert wire.world.history.next_sequence == before


@pytest.mark.parametrize(
    ("path", "properties", "status"),
    [
        (HOST, {"allowNewSession": "false"}, 400),
        (HOST, {"allowNewSession": 0}, 400),
        (HOST, {"assignedUser": "x"}, 400),
        (HOST, {"updateState": "x"}, 501),
        (WEST, {"startVMOnConnect": "yes"}, 400),
        (WEST, {"maxSessionLimit": 0}, 400),
        (WEST, {"maxSessionLimit": "3"}, 400),
        (WEST, {"loadBalancerType": "Random"}, 400),
        (WEST, {"objectId": "x"}, 501),
        (PLAN, {"hostPoolReferences": {}}, 400),
        (PLAN, {"hostPoolReferences": ["x"]}, 400),
        (PLAN, {"hostPoolReferences": [{}]}, 400),
        (PLAN, {"hostPoolReferences": [{"hostPoolArmPath": "x"}]}, 400),
        (PLAN, {"hostPoolReferences": [{"hostPoolArmPath": WEST, "scalingPlanEnabled": "no"}]}, 400),
        (PLAN, {"timeZone": "Mars Standard Time"}, 501),
        (PLAN, {"hostPoolType": "Personal"}, 501),
        (PLAN, {"schedules": [{"name": "half"}]}, 400),
        (SCHEDULE, {"rampUpMinimumHostsPct": 101}, 400),
        (SCHEDULE, {"rampUpMinimumHostsPct": "5"}, 400),
        (SCHEDULE, {"rampUpMinimumHostsPct": True}, 400),
        (SCHEDULE, {"rampUpCapacityThresholdPct": 0}, 400),
        (SCHEDULE, {"rampUpStartTime": {"hour": 24, "minute": 0}}, 400),
        (SCHEDULE, {"rampUpStartTime": {"hour": 6}}, 400),
        (SCHEDULE, {"daysOfWeek": [1]}, 400),
        (SCHEDULE, {"plan": "x"}, 501),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(path, properties, status):
    wire = Wire()
    before = wire.world.snapshot()
    assert wire.ask("PATCH", path, {"properties": properties}).status == status
    assert wire.world.snapshot() == before


def test_what_is_not_simulated_is_noted_as_a_gap():
    wire = Wire()
    wire.ask("PATCH", WEST, {"properties": {"objectId": "x"}})
    wire.ask("PUT", WEST, {})
    wire.ask("PUT", WEST, {})
    gaps = wire.get("/_sim/gaps").body["gaps"]
    assert gaps == [{"request": f"PATCH {WEST}", "times": 1}, {"request": f"PUT {WEST}", "times": 2}]


def test_references_of_a_scaling_plan_are_replaced_whole_and_shown_in_azures_casing():
    wire = Wire()
    sent = [
        {"hostPoolArmPath": POOL.upper(), "scalingPlanEnabled": False},
        {"hostPoolArmPath": WEST, "scalingPlanEnabled": True},
    ]
    answer = wire.ask("PATCH", PLAN, {"properties": {"hostPoolReferences": sent}})
    shown = answer.body["properties"]["hostPoolReferences"]
    assert [one["scalingPlanEnabled"] for one in shown] == [False, True]
    assert shown[1]["hostPoolArmPath"].endswith(
        "/providers/Microsoft.DesktopVirtualization/hostpools/hp-West"
    )
    assert len(wire.get(WEST + "/scalingPlans").body["value"]) == 1
    cleared = wire.ask("PATCH", PLAN, {"properties": {"hostPoolReferences": []}})
    assert cleared.body["properties"]["hostPoolReferences"] == []
    assert wire.get(WEST + "/scalingPlans").body["value"] == []


def test_a_schedule_is_merged_at_the_first_level_and_shown_in_its_plan_too():
    wire = Wire()
    sent = {
        "rampUpMinimumHostsPct": 100,
        "rampDownForceLogoffUsers": True,
        "rampUpStartTime": {"hour": 5, "minute": 45},
        "daysOfWeek": ["Sunday"],
        "rampDownNotificationMessage": "bye",
    }
    before = wire.get(SCHEDULE).body["properties"]
    after = wire.ask("PATCH", SCHEDULE, {"properties": sent}).body["properties"]
    assert after == before | sent
    assert wire.get(PLAN).body["properties"]["schedules"][0] == {"name": "daily", **after}


def first_session(wire):
    return wire.get(POOL + "/userSessions").body["value"][0]["id"]


def test_a_log_off_answers_200_without_a_body_and_204_once_the_session_is_gone():
    wire = Wire()
    session = first_session(wire)
    answer = wire.ask("DELETE", session + "?force=true&api-version=2024-04-03")
    assert (answer.status, answer.raw) == (200, b"")
    assert "Content-Type" not in answer.headers
    assert wire.get(session).body["properties"]["sessionState"] == "LogOff"
    wire.world.advance(600)
    assert wire.get(session).status == 404
    assert wire.ask("DELETE", session).status == 204


def test_a_disconnect_leaves_the_session_and_may_be_repeated():
    wire = Wire()
    session = first_session(wire)
    for _ in range(2):
        answer = wire.ask("POST", session + "/disconnect")
        assert (answer.status, answer.raw) == (200, b"")
    assert wire.get(session).body["properties"]["sessionState"] == "Disconnected"


def test_a_message_is_taken_with_title_and_body():
    wire = Wire()
    session = first_session(wire)
    answer = wire.ask("POST", session + "/sendMessage", {"messageTitle": "Soon", "messageBody": "Save"})
    assert (answer.status, answer.raw) == (200, b"")
    last = wire.get("/_sim/history").body[-1]
    assert (last["after"]["title"], last["after"]["body"], last["actor"]) == (
        "Soon",
        "Save",
        "engine:simulated",
    )
    assert wire.ask("POST", session + "/sendMessage", {"messageTitle": 3}).status == 400


def test_a_person_beside_the_engine_is_told_apart_by_the_token():
    wire = Wire()
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}}, bearer="admin:portal")
    assert wire.world.history.changes()[-1].actor == "admin:portal"
