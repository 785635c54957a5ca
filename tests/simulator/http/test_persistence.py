"""A killed simulated Azure comes back with the same world at the same time, or says why it cannot."""

import json

import pytest

from avd_failover.simulator.http.persistence import ForeignMemoryError, Memory, restore
from tests.simulator.http.estate import (
    AGROUP,
    DEFINITION,
    G1,
    HOST,
    PLAN,
    POOL,
    ROLES,
    SCHEDULE,
    STOPPED,
    Wire,
    a_world,
)

NAME = "11111111-2222-4333-8444-555555555555"
WEST = AGROUP.replace("North", "West")
GRANT = {"properties": {"roleDefinitionId": DEFINITION, "principalId": G1, "principalType": "Group"}}


def remembered(path):
    world = a_world()
    memory = Memory(world, path)
    world.log.on_request = memory.note
    return Wire(world), memory


def live(wire):
    """Do a bit of everything that changes the world, at different moments."""
    assignment = wire.get(f"{AGROUP}/{ROLES}").body["value"][0]["id"]
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}})
    wire.world.advance(40.125)
    wire.ask("DELETE", assignment)
    wire.ask("PUT", f"{WEST}/{ROLES}/{NAME}", GRANT)
    wire.ask("PUT", f"{WEST}/{ROLES}/{NAME}x", GRANT)
    wire.ask("POST", STOPPED + "/start")
    wire.world.advance(95.0)
    for session in wire.get(POOL + "/userSessions").body["value"]:
        wire.ask("DELETE", session["id"])
    wire.ask("PATCH", POOL, {"properties": {"startVMOnConnect": True}})
    wire.ask(
        "PATCH",
        SCHEDULE,
        {"properties": {"rampUpStartTime": {"hour": 5, "minute": 1}, "daysOfWeek": ["Sunday"]}},
    )
    wire.ask(
        "PATCH",
        PLAN,
        {"properties": {"hostPoolReferences": [{"hostPoolArmPath": POOL, "scalingPlanEnabled": False}]}},
    )
    wire.world.advance(777.5)


def test_a_restored_world_is_the_same_world_at_the_same_time(tmp_path):
    path = tmp_path / "deep" / "world.jsonl"
    wire, memory = remembered(path)
    live(wire)
    memory.close()
    again = a_world()
    restore(again, path)
    assert again.now_s == wire.world.now_s == 777.5
    assert again.history.dump() == wire.world.history.dump()
    assert again.snapshot() == wire.world.snapshot()


def test_a_world_killed_without_a_goodbye_is_never_earlier_than_what_it_showed(tmp_path):
    path = tmp_path / "world.jsonl"
    wire, memory = remembered(path)
    live(wire)
    memory.mark(800.0)
    again = a_world()
    restore(again, path)
    assert again.now_s == 800.0
    wire.world.advance(800.0)
    assert again.history.dump() == wire.world.history.dump()


def test_a_restored_world_goes_on_in_the_same_file(tmp_path):
    path = tmp_path / "world.jsonl"
    wire, memory = remembered(path)
    live(wire)
    memory.close()
    second = a_world()
    restore(second, path)
    memory = Memory(second, path)
    second.log.on_request = memory.note
    Wire(second).ask("PATCH", HOST, {"properties": {"allowNewSession": True}})
    second.advance(900.0)
    memory.close()
    third = a_world()
    restore(third, path)
    assert third.history.dump() == second.history.dump()
    assert third.now_s == 900


@pytest.mark.parametrize("torn", [b"{", b'{"at_s":1e9}', b'{"at_s":50,"verb":"roles.put","argu'])
def test_a_torn_last_line_is_dropped_and_written_over(tmp_path, torn):
    path = tmp_path / "world.jsonl"
    wire, memory = remembered(path)
    live(wire)
    memory.close()
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    again = a_world()
    restore(again, path)
    assert again.now_s == 777.5
    Memory(again, path).close()
    assert path.read_bytes() == whole + b'{"at_s":777.5}\n'


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda lines: [lines[0].replace(b'"seed":7', b'"seed":8'), *lines[1:]], "another world"),
        (lambda lines: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]], "another world"),
        (lambda lines: [b"hello", *lines[1:]], "not the memory"),
        (lambda lines: [lines[0], b"rubbish", *lines[1:]], ":2: damaged"),
        (lambda lines: [lines[0], b'{"at_s":1,"what":2}', *lines[1:]], ":2: damaged"),
    ],
)
def test_the_memory_of_something_else_is_refused(tmp_path, spoil, words):
    path = tmp_path / "world.jsonl"
    wire, memory = remembered(path)
    live(wire)
    memory.close()
    path.write_bytes(b"\n".join(spoil(path.read_bytes().split(b"\n"))))
    with pytest.raises(ForeignMemoryError, match=words):
        restore(a_world(), path)


def test_another_seed_cannot_write_into_this_memory(tmp_path):
    path = tmp_path / "world.jsonl"
    remembered(path)[1].close()
    with pytest.raises(ForeignMemoryError, match="another world"):
        Memory(a_world(seed=8), path)


def test_an_empty_file_is_a_memory_of_nothing(tmp_path):
    path = tmp_path / "world.jsonl"
    path.write_bytes(b"")
    world = a_world()
    restore(world, path)
    assert world.now_s == 0
    Memory(world, path).close()
    assert json.loads(path.read_text().splitlines()[0])["seed"] == 7


def test_a_request_is_on_file_before_it_acts(tmp_path):
    path = tmp_path / "world.jsonl"
    wire, _ = remembered(path)
    seen = []
    wire.world.core.watch(type(wire.world.hosts.get(HOST)), lambda *_: seen.append(path.read_text()))
    wire.ask("PATCH", HOST, {"properties": {"allowNewSession": False}})
    assert '"verb":"hosts.set_logons"' in seen[0]
