"""/_sim/faults, ``--fault``, and answers that take their time on a real socket."""

import asyncio
import json
import time
from typing import Any

import pytest
from click.testing import CliRunner

from avd_failover.cli.simulate import simulate
from avd_failover.simulator.faults.sent import ROUTES
from avd_failover.simulator.http.control import PERSON
from avd_failover.simulator.http.face import AZURE_ROUTES
from avd_failover.simulator.http.faulty import route_name
from avd_failover.simulator.http.routing import Face
from avd_failover.simulator.http.server import serve
from tests.simulator.http.estate import HOST, POOL, Wire, a_world
from tests.simulator.http.test_server import AUTH, raw

DROP = {"fault": "drop-response", "route": "hosts.patch", "nth": 1, "times": 2, "id": "lost"}


def test_faults_are_added_listed_with_their_hits_and_taken_away():
    wire = Wire()
    assert wire.get("/_sim/faults").body == {"faults": []}
    assert wire.ask("POST", "/_sim/faults", DROP).body == {"id": "lost"}
    sent = wire.world.faults.describe("hosts.patch", HOST, "engine:x")
    assert wire.world.faults.rule(sent).damage == "reset"
    [row] = wire.get("/_sim/faults").body["faults"]
    told = {
        name: row[name] for name in ("id", "fault", "in_force", "removed", "seen", "hits", "route", "times")
    }
    assert told == {
        "id": "lost", "fault": "drop-response", "in_force": True, "removed": False, "seen": 1, "hits": 1,
        "route": "hosts.patch", "times": 2,
    }  # fmt: skip
    assert wire.ask("DELETE", "/_sim/faults/lost").status == 204
    assert wire.world.faults.rule(sent).damage == "none"
    assert wire.get("/_sim/faults").body["faults"][0]["removed"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"fault": "drop-respons"}, "did you mean 'drop-response'"),
        ({}, "no fault is called"),
        ({"fault": 7}, "no fault is called"),
        ({"fault": "http-error", "status": 299}, "status"),
        ({"fault": "region-outage", "region": "mars"}, "no region is called 'mars'"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_and_nothing_is_added(body, says):
    wire = Wire()
    answer = wire.ask("POST", "/_sim/faults", body)
    assert (answer.status, answer.code) == (400, "InvalidFault")
    assert says in answer.body["error"]["message"]
    assert wire.get("/_sim/faults").body == {"faults": []}


def test_a_fault_that_is_not_there_cannot_be_taken_away():
    answer = Wire().ask("DELETE", "/_sim/faults/nothing")
    assert (answer.status, answer.code) == (404, "FaultNotFound")


def test_times_of_a_fault_added_later_count_from_then():
    wire = Wire()
    wire.world.advance(500)
    wire.ask("POST", "/_sim/faults", {"fault": "admin-drains", "hosts": "nhost-0", "starts": "60s"})
    wire.world.advance(559)
    assert wire.world.hosts.get(HOST).allow_new_session
    wire.world.advance(561)
    assert not wire.world.hosts.get(HOST).allow_new_session


def test_the_catalogue_is_told_with_what_each_fault_does():
    rows = Wire().get("/_sim/faults/catalogue").body["catalogue"]
    assert {row["name"]: row["what"] for row in rows}["drop-response"].startswith("A request takes effect")
    assert PERSON.startswith("admin:")


def test_every_operation_that_is_served_has_a_name_that_selectors_know():
    named = {route_name(r.method, r.template) for r in AZURE_ROUTES if r.face is not Face.CONTROL}
    assert named <= set(ROUTES)
    assert named >= _USED_BY_THE_ENGINE


_USED_BY_THE_ENGINE = {
    "assignments.create",
    "assignments.delete",
    "assignments.list",
    "hosts.patch",
    "machines.poll",
    "machines.start",
    "members.list",
    "plans.patch",
    "pools.patch",
    "roles.list",
    "schedules.patch",
    "sessions.log-off",
    "sessions.message",
}


async def test_the_door_itself_is_never_struck():
    world = a_world(faults=[{"fault": "drop-request", "actor": "*"}])
    async with serve(world) as server:
        status, _, body = await raw(server, "GET /_sim/clock HTTP/1.1")
        assert status == 200
        assert json.loads(body)["seed"] == 7


async def answer_to(
    fault: dict[str, Any], speed: float = 1_000.0
) -> tuple[int, dict[str, str], bytes, float]:
    world = a_world(faults=[fault])
    async with serve(world, speed=speed) as server:
        began = time.monotonic()
        status, headers, body = await raw(server, f"GET {POOL}?api-version=1 HTTP/1.1", AUTH)
        return status, headers, body, (time.monotonic() - began) * speed


async def test_a_slow_body_arrives_whole_after_its_time():
    status, headers, body, took_s = await answer_to({"fault": "slow-body", "over": "300s"})
    assert status == 200
    assert len(body) == int(headers["content-length"])
    assert json.loads(body)["name"] == "hp-North"
    assert took_s >= 290


async def test_a_delayed_request_takes_effect_only_when_it_arrives():
    world = a_world(faults=[{"fault": "delay-request", "low": "200s", "high": "200s"}])
    async with serve(world, speed=1_000) as server:
        asked = asyncio.create_task(raw(server, f"GET {POOL}?api-version=1 HTTP/1.1", AUTH))
        status, _, _ = await asked
        assert status == 200
        assert world.now_s >= 200


async def test_a_wrong_length_promises_more_than_it_sends_and_a_cut_body_less():
    _, headers, body, _ = await answer_to({"fault": "wrong-content-length"})
    assert int(headers["content-length"]) == len(body) + 64
    assert json.loads(body)
    _, headers, body, _ = await answer_to({"fault": "connection-reset", "at_byte": 10})
    assert len(body) == 10 < int(headers["content-length"])


async def test_truncated_json_is_whole_as_http():
    _, headers, body, _ = await answer_to({"fault": "truncated-json"})
    assert int(headers["content-length"]) == len(body)
    with pytest.raises(ValueError, match=r"."):
        json.loads(body)


@pytest.mark.parametrize("how", [{"how": "reset"}, {"how": "half-open", "hold": "50s"}])
async def test_a_lost_answer_is_no_answer_at_all(how):
    async with serve(a_world(faults=[{"fault": "drop-response", **how}]), speed=1_000) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"GET {POOL}?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{AUTH}\r\n\r\n"
        writer.write(head.encode())
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        finally:
            writer.close()


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("region-outige", "did you mean 'region-outage'?"),
        ("drop-response:rout=x", "did you mean 'route'?"),
        ("region-outage:region=mars", "no region is called 'mars'"),
    ],
)
def test_nonsense_after_fault_ends_the_command_with_what_is_meant(word, says):
    ended = CliRunner().invoke(simulate, ["pooled-eu", "--fault", word])
    said = ended.output + str(ended.exception)
    assert ended.exit_code != 0
    assert says in said
