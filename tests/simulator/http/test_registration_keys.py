"""Registration keys: made, shown where Azure shows them, and nowhere else; and who needs one again."""

import json
from typing import Any

import pytest

from avd_failover.simulator.history import plain
from avd_failover.simulator.records import SessionHost
from tests.simulator.builders import POOL_A, host, machine, small_world
from tests.simulator.http.estate import POOL, Wire

RETRIEVE = POOL + "/retrieveRegistrationToken"
LIST = POOL + "/listRegistrationTokens"
DAY = 86_400.0


def update(until: str, operation: str = "Update") -> dict[str, Any]:
    return {
        "properties": {"registrationInfo": {"expirationTime": until, "registrationTokenOperation": operation}}
    }


def test_a_key_is_made_shown_in_the_answer_and_retrieved_and_a_get_hides_it():
    wire = Wire()
    told = wire.ask("PATCH", POOL, update("2026-03-03T03:00:00.000Z")).body["properties"]["registrationInfo"]
    assert told["registrationTokenOperation"] == "Update"
    assert told["expirationTime"] == "2026-03-03T03:00:00Z"
    assert told["token"].count(".") == 2
    assert wire.ask("POST", RETRIEVE).body == told | {"registrationTokenOperation": "None"}
    listed = wire.ask("POST", LIST).body["value"]
    assert listed == [{"expirationTime": told["expirationTime"], "token": told["token"]}]
    assert wire.get(POOL).body["properties"]["registrationInfo"] is None


def test_another_update_makes_another_secret_and_delete_takes_it_away():
    wire = Wire()
    first = wire.ask("PATCH", POOL, update("2026-03-03T03:00:00Z")).body["properties"]["registrationInfo"][
        "token"
    ]
    again = wire.ask("PATCH", POOL, update("2026-03-03T03:00:00Z")).body["properties"]["registrationInfo"][
        "token"
    ]
    assert first != again
    wire.ask("PATCH", POOL, update("2026-03-03T03:00:00Z", "None"))
    assert wire.ask("POST", RETRIEVE).body["token"] == again
    wire.ask("PATCH", POOL, update("", "Delete"))
    assert wire.ask("POST", RETRIEVE).body["token"] is None
    assert wire.ask("POST", LIST).body["value"] == []


@pytest.mark.parametrize(
    "until", ["2026-03-02T03:59:00Z", "2026-03-30T03:00:00Z", "2025-01-01T00:00:00Z", "soon", "", None, 5]
)
def test_a_key_for_less_than_an_hour_or_more_than_27_days_is_refused(until):
    wire = Wire()
    assert wire.ask("PATCH", POOL, update(until)).status == 400
    assert wire.ask("POST", RETRIEVE).body["token"] is None


def test_an_expired_key_is_shown_no_more():
    wire = Wire()
    wire.ask("PATCH", POOL, update("2026-03-02T05:00:00Z"))
    wire.world.advance(2 * 3_600)
    assert wire.ask("POST", RETRIEVE).body["token"] is None


def test_no_snapshot_and_no_history_holds_a_secret():
    wire = Wire()
    token = wire.ask("PATCH", POOL, update("2026-03-03T03:00:00Z")).body["properties"]["registrationInfo"][
        "token"
    ]
    told = json.dumps(wire.world.snapshot()) + str(
        [plain(c.after) for c in wire.world.history.changes() if c.after]
    )
    assert len(token) > 60
    assert not any(part in told for part in token.split("."))


def sleeper(world) -> SessionHost:
    found: SessionHost = world.hosts.get(host("b", 2))
    return found


@pytest.mark.parametrize(("off_days", "comes_up"), [(89, True), (91, False)])
def test_a_machine_off_for_more_than_90_days_comes_up_with_a_token_that_is_refused(off_days, comes_up):
    world = small_world()
    off = sleeper(world)
    world.core.change("scenario:x", "age", off, token_s=-off_days * DAY)
    world.machines.start("engine:x", off.machine)
    world.advance(1_800)
    assert world.hosts.get(off.id).status == ("Available" if comes_up else "Unavailable")
    assert world.machines.get(off.machine).power == "running"


def test_a_machine_that_ran_for_twenty_minutes_has_renewed_its_token_and_a_shorter_run_has_not():
    for ran_s, renewed in ((1_190, False), (1_300, True)):
        world = small_world()
        off = sleeper(world)
        world.core.change("scenario:x", "age", off, token_s=-80 * DAY)
        world.machines.start("engine:x", off.machine)
        world.advance(60 + ran_s)
        world.machines.deallocate("engine:x", off.machine)
        world.advance(3_600)
        assert (world.hosts.get(off.id).token_s > 0) is renewed


def test_a_host_registers_again_with_a_working_key_and_is_available_when_its_agent_has_started():
    world = small_world()
    target = world.hosts.get(host("b", 2))
    world.core.change("scenario:x", "age", target, token_s=-100 * DAY)
    world.machines.start("engine:x", target.machine)
    world.advance(1_000)
    vm = world.machines.get(machine("b", 2))
    assert world.registration.register(vm, ["no key in here"]) is None
    pool = target.host_pool
    world.registration.set_key("engine:x", pool, "Update", world.now_s + 2 * DAY)
    held = world.registration.key_of(pool)
    assert held is not None
    assert (
        world.registration.register(vm, [f"install.ps1 -Token {world.registration.secret(held)}"]) is not None
    )
    world.machines.agent_starts(vm)
    world.advance(world.now_s + 1_000)
    assert world.hosts.get(target.id).status == "Available"


def test_a_machine_registers_in_the_pool_whose_key_it_was_given():
    world = small_world()
    vm = world.machines.get(machine("a", 0))
    pool_b = world.hosts.get(host("b", 0)).host_pool
    world.registration.set_key("engine:x", pool_b, "Update", world.now_s + 2 * DAY)
    held = world.registration.key_of(pool_b)
    assert held is not None
    made = world.registration.register(vm, [world.registration.secret(held)])
    assert made is not None
    assert made.host_pool == pool_b
    assert made.id in [h.id for h in world.hosts.of_pool(pool_b)]
    assert host("a", 0) not in [h.id for h in world.hosts.of_pool(POOL_A)]
