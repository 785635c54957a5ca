"""The simulator's own door."""

import pytest

from avd_failover.simulator.http.pacing import Pace
from tests.simulator.http.estate import HOST, STOPPED, Wire


def test_the_clock_tells_the_worlds_time_and_which_world_it_is():
    wire = Wire()
    wire.world.advance(90.5)
    assert wire.get("/_sim/clock").body == {
        "now": "2026-03-02T03:01:30.500000+00:00",
        "now_s": 90.5,
        "speed": 0.0,
        "scenario": "wire",
        "seed": 7,
    }


def test_a_jump_lets_everything_happen_that_is_due_on_the_way():
    wire = Wire()
    wire.ask("POST", STOPPED + "/start")
    assert wire.ask("POST", "/_sim/advance", {"seconds": 1200}).body["now_s"] == 1200
    assert wire.get(HOST[:-1] + "4").body["properties"]["status"] == "Available"


@pytest.mark.parametrize("seconds", [-1, "5", None, True, 1e12, [], {}])
def test_a_jump_that_cannot_be_is_refused(seconds):
    wire = Wire()
    assert wire.ask("POST", "/_sim/advance", {"seconds": seconds}).status == 400
    assert wire.world.now_s == 0


def test_state_history_and_audit_are_told_as_json():
    wire = Wire()
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}})
    assert wire.get("/_sim/state").body == wire.world.snapshot()
    history = wire.get("/_sim/history").body
    assert len(history) == wire.world.history.next_sequence
    assert history[-1]["verb"] == "patch-session-host"
    assert wire.get("/_sim/audit").body["violations"] == []


def test_a_pace_maps_real_to_world_seconds_and_never_goes_back():
    pace = Pace(speed=60, real_s=100.0, world_s=5.0)
    assert pace.world_s(100.0) == 5.0
    assert pace.world_s(101.5) == 95.0
    assert pace.world_s(99.0) == 5.0
    pace.jump(10)
    assert pace.world_s(101.5) == 105.0
    pace.jump(-50)
    assert pace.world_s(101.5) == 105.0


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_pace_that_stands_still_is_refused(speed):
    with pytest.raises(ValueError, match="above 0"):
        Pace(speed=speed, real_s=0, world_s=0)
