"""The served face over real loopback sockets: raw requests, time, memory, ports, hostile callers."""

import asyncio
import json
import socket

import pytest

from avd_failover.simulator.http.door import PortInUseError
from avd_failover.simulator.http.persistence import restore
from avd_failover.simulator.http.server import LARGEST_BODY, serve
from tests.simulator.http.estate import HOST, POOL, a_world

AUTH = "Authorization: Bearer simulated"


async def raw(server, *lines, body=b"", host="127.0.0.1"):
    """Send bytes exactly as given, as no well-behaved client would; return status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = [*lines, f"Host: {host}:{server.port}", "Connection: close", f"Content-Length: {len(body)}"]
    writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
    try:
        answer = await reader.read()
    finally:
        writer.close()
    top, _, rest = answer.partition(b"\r\n\r\n")
    status, *headers = top.decode("latin-1").split("\r\n")
    named = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in headers}
    return int(status.split()[1]), named, rest


async def test_it_answers_on_a_free_loopback_port_with_the_recorded_header_set():
    async with serve(a_world()) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        status, headers, body = await raw(server, f"GET {POOL}?api-version=1 HTTP/1.1", AUTH)
    assert status == 200
    assert json.loads(body)["name"] == "hp-North"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-ms-correlation-id"]
    assert headers["date"].startswith("Mon, 02 Mar 2026 03:0")


async def test_an_answer_without_a_body_has_a_length_of_zero_and_no_type():
    async with serve(a_world()) as server:
        request = f"POST {HOST}/userSessions/1/disconnect?api-version=1 HTTP/1.1"
        status, headers, body = await raw(server, request, AUTH)
    assert (status, body, headers["content-length"]) == (200, b"", "0")
    assert "content-type" not in headers


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (f"GET {POOL}/../hp-West?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL}/%2e%2e/x?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL}%2fsessionHosts?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL}//sessionHosts?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL}%00?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL}?api-version=1&$skipToken=%ff HTTP/1.1", 200, ""),
        (f"GET {POOL}/userSessions?api-version=1&$skipToken=%ff HTTP/1.1", 400, "InvalidSkipToken"),
        (f"GET {POOL}/userSessions?api-version=1&pageSize=99999999999999999999 HTTP/1.1", 200, ""),
        (f"GET {POOL}/userSessions?api-version=1&$filter=%00' HTTP/1.1", 400, "400"),
        ("GET / HTTP/1.1", 404, "MissingSubscription"),
        ("GET /?? HTTP/1.1", 404, "MissingSubscription"),
        ("GET /%F0%9F%92%A9 HTTP/1.1", 404, "MissingSubscription"),
        ("OPTIONS / HTTP/1.1", 404, "MissingSubscription"),
        (f"PUT {POOL}?api-version=1 HTTP/1.1", 405, "MethodNotAllowed"),
        (f"BREW {POOL}?api-version=1 HTTP/1.1", 400, "BadRequest"),
        (f"GET {POOL} HTTP/1.1", 400, "MissingApiVersionParameter"),
        (f"GET {POOL}?api-version= HTTP/1.1", 400, "MissingApiVersionParameter"),
        (f"GET {POOL}?&&=&api-version HTTP/1.1", 400, "MissingApiVersionParameter"),
        (f"GET {POOL}?&&=&api-version=x HTTP/1.1", 200, ""),
        (f"GET {POOL}?api-version=1 HTTP/9.9", 400, "BadRequest"),
        ("GARBAGE", 400, "BadRequest"),
    ],
)
async def test_hostile_requests_are_answered_as_arm_would_and_the_server_lives_on(line, status, code):
    async with serve(a_world()) as server:
        answered, _, body = await raw(server, line, AUTH)
        assert answered == status
        assert not code or json.loads(body)["error"]["code"] == code
        assert b"Traceback" not in body
        assert (await raw(server, "GET /_sim/clock HTTP/1.1"))[0] == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidRequestContent"),
        (b"\xff" * 10, "InvalidRequestContent"),
        (b"null", "InvalidRequestContent"),
        (b'{"properties":{"allowNewSession":"no"}}', "InvalidRequestContent"),
        (b"[" * 100_000, "InvalidRequestContent"),
        (b'{"a":' * 50_000, "InvalidRequestContent"),
    ],
)
async def test_a_body_that_is_no_json_of_ours_is_400(body, code):
    async with serve(a_world()) as server:
        status, _, answer = await raw(server, f"PATCH {HOST}?api-version=1 HTTP/1.1", AUTH, body=body)
    assert (status, json.loads(answer)["error"]["code"]) == (400, code)


async def test_a_body_beyond_arms_limit_is_413():
    async with serve(a_world()) as server:
        body = b" " * (LARGEST_BODY + 1)
        status, _, answer = await raw(server, f"PATCH {HOST}?api-version=1 HTTP/1.1", AUTH, body=body)
        assert (status, json.loads(answer)["error"]["code"]) == (413, "RequestContentTooLarge")
        assert (await raw(server, "GET /_sim/clock HTTP/1.1"))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
async def test_a_foreign_name_for_this_machine_is_refused(host):
    async with serve(a_world()) as server:
        status, _, _ = await raw(server, "GET /_sim/state HTTP/1.1", host=host)
    assert status == 421


async def test_links_lead_back_to_the_name_the_caller_used():
    async with serve(a_world()) as server:
        request = f"GET {POOL}/userSessions?api-version=1&pageSize=1 HTTP/1.1"
        _, _, body = await raw(server, request, AUTH, host="localhost")
    assert json.loads(body)["nextLink"].startswith(f"http://localhost:{server.port}{POOL}/userSessions?")


async def test_the_world_moves_by_itself_and_a_request_sees_its_own_moment():
    world = a_world()
    async with serve(world, speed=1_000.0) as server:
        first = json.loads((await raw(server, "GET /_sim/clock HTTP/1.1"))[2])
        while world.now_s < first["now_s"] + 100:
            await asyncio.sleep(0.01)
        body = json.dumps({"seconds": 50_000}).encode()
        jumped = json.loads((await raw(server, "POST /_sim/advance HTTP/1.1", body=body))[2])
    assert first["speed"] == 1_000.0
    assert jumped["now_s"] >= first["now_s"] + 50_100


async def test_a_port_in_use_is_a_typed_error_that_says_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} is in use.*port 0") as error:
            async with serve(a_world(), port=port):
                pass
    assert error.value.port == port


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "::"])
async def test_it_is_served_on_loopback_only(host):
    with pytest.raises(ValueError, match="loopback only"):
        async with serve(a_world(), host=host):
            pass


async def test_a_port_is_free_again_when_the_block_ends():
    async with serve(a_world()) as server:
        port = server.port
    async with serve(a_world(), port=port) as again:
        assert again.port == port


async def test_a_restarted_server_shows_the_same_world_and_no_earlier_time(tmp_path):
    path = tmp_path / "world.jsonl"
    first = a_world()
    async with serve(first, speed=500.0, log_to=path) as server:
        body = b'{"properties":{"allowNewSession":false}}'
        assert (await raw(server, f"PATCH {HOST}?api-version=1 HTTP/1.1", AUTH, body=body))[0] == 200
        shown = json.loads((await raw(server, "GET /_sim/clock HTTP/1.1"))[2])["now_s"]
        killed = path.read_bytes()
    late = tmp_path / "killed.jsonl"
    late.write_bytes(killed)
    for memory in (path, late):
        second = a_world()
        restore(second, memory)
        assert second.now_s >= shown
        async with serve(second, speed=500.0, log_to=memory) as server:
            answer = json.loads((await raw(server, f"GET {HOST}?api-version=1 HTTP/1.1", AUTH))[2])
        assert answer["properties"]["allowNewSession"] is False


async def test_requests_are_remembered_only_while_it_is_served(tmp_path):
    world = a_world()
    async with serve(world, log_to=tmp_path / "world.jsonl"):
        assert world.log.on_request is not None
    assert world.log.on_request is None
