"""Bytes that are no request, or a wrong one: answered in Azure's form, never with a traceback."""

import asyncio
import json
import random
import re

import pytest

from avd_failover.simulator.http.server import LARGEST_BODY, serve
from tests.simulator.http.estate import AGROUP, HOST, MACHINE, PLAN, POOL, a_world

SEED = 20_260
ROUNDS = 220
PATIENCE_S = 0.2
"""How long an answer may take; that a request is not whole shows in nothing else."""
PATHS = (POOL, HOST, PLAN, AGROUP, MACHINE, "/v1.0/groups", "/_sim/faults", "/x/oauth2/v2.0/token", "/")
METHODS = ("GET", "PATCH", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "")
ODD_HEADS = (
    b"Content-Length: -1",
    b"Content-Length: 9x",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: x, chunked",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: br",
    b"Content-Type: \xff\xfe",
    b"Host: evil.example",
    b"Host: 127.0.0.1",
    b"Bad Name: x",
    b": nameless",
    b"X: " + b"y" * 9_000,
    b"X: \x00",
    b"X: \r y",
    b"Authorization: Bearer a.b.c",
    b"Authorization: Basic eDp5",
    b"Expect: 100-continue",
    b"Expect: nonsense",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Connection: close",
    b"Range: bytes=0-4",
    b"Cookie: a=\xff",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"NaN",
    b'{"properties":{"maxSessionLimit":1e999}}',
    b"\xff\xfe{\x00",
    b"{" * 3_000,
    b'{"fault":["x"]}',
    b'{"fault":{}}',
    b'{"fault":"http-error","p":"x","nth":{}}',
    b'{"fault":"\xed\xa0\x80"}',
    b'{"properties":{"maxSessionLimit":99999999999}}',
    b'{"a":1,"a":2}',
    b"3\r\nabc\r\nzz\r\n",
    b"0\r\n\r\n",
)
AUTH = b"Authorization: Bearer simulated"


def request(rng: random.Random, port: int) -> bytes:
    """Draw one request, wrong in one or several ways."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randint(1, 400))
    body = rng.choice(BODIES)
    version = rng.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "HTP/1.1", ""])
    path = rng.choice(PATHS) + rng.choice(
        ["", "?api-version=1", "?api-version=1&$filter=%00'", "/%2e%2e", "%"]
    )
    heads = [f"Host: 127.0.0.1:{port}".encode(), AUTH]
    if body and rng.random() < 0.8:
        heads.append(f"Content-Length: {len(body)}".encode())
    heads += rng.sample(ODD_HEADS, rng.choice([0, 1, 1, 2, 3]))
    whole = f"{rng.choice(METHODS)} {path} {version}\r\n".encode() + b"\r\n".join(heads) + b"\r\n\r\n" + body
    if rng.random() < 0.2:
        at = rng.randrange(len(whole))
        return whole[:at] + rng.randbytes(rng.randint(0, 4)) + whole[at + rng.randint(0, 3) :]
    return whole


async def sent(port: int, data: bytes) -> bytes:
    """Send bytes and return the first answer; nothing where more bytes are waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: ([0-9]+)", head)
            if length is None or data.startswith(b"HEAD"):
                return head
            return head + await reader.readexactly(int(length[1]))
    except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
        return b""
    finally:
        writer.close()


def told(answer: bytes) -> None:
    """Hold an answer to the form of Azure; silence is what bytes get that never became a request."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head else 0
    assert status < 500 or status == 501, answer[:300]
    assert b"Traceback" not in answer
    if status >= 400 and body:
        assert {"code", "message"} <= set(json.loads(body)["error"])


async def test_whatever_comes_in_is_answered_and_the_log_stays_empty(caplog):
    rng = random.Random(SEED)
    async with serve(a_world()) as server:
        for _ in range(ROUNDS):
            told(await sent(server.port, request(rng, server.port)))
        calm = f"GET {POOL}?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + AUTH + b"\r\n\r\n"
        assert b" 200 OK" in await sent(server.port, calm)
    assert [one.getMessage() for one in caplog.records if one.levelname in {"ERROR", "WARNING"}] == []


@pytest.mark.parametrize(
    ("head", "body", "status", "code"),
    [
        (b"Content-Encoding: gzip", b"abcd", 400, b"InvalidRequestContent"),
        (b"Content-Encoding: deflate", b"\xff\xff\xff\xff", 400, b"InvalidRequestContent"),
        (b"X: " + b"y" * 20_000, b"", 400, b"BadRequest"),
        (b"Bad Name: x", b"", 400, b"BadRequest"),
        (b"Content-Length: 5", b"", 400, b"BadRequest"),
        (b"Transfer-Encoding: chunked", b"", 400, b"BadRequest"),
        (b"A: b", b"x" * (LARGEST_BODY + 1), 413, b"RequestContentTooLarge"),
    ],
    ids=["gzip", "deflate", "long-header", "bad-name", "two-lengths", "length-and-chunks", "too-large"],
)
async def test_a_request_that_cannot_be_read_is_refused_in_azures_words(caplog, head, body, status, code):
    length = f"Content-Length: {len(body)}".encode()
    line = f"PATCH {POOL}?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    async with serve(a_world()) as server:
        answer = await sent(server.port, line + b"\r\n".join((AUTH, length, head)) + b"\r\n\r\n" + body)
    assert int(answer.split(b" ", 2)[1]) == status
    assert code in answer
    assert b"application/json" in answer
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


async def test_a_defect_of_ours_is_a_500_of_azures_form_and_is_logged(caplog, monkeypatch):
    async with serve(a_world()) as server:
        monkeypatch.setattr(server.azure, "rule", None)
        line = f"GET {POOL}?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + AUTH + b"\r\n\r\n"
        answer = await sent(server.port, line)
    assert b" 500 " in answer.partition(b"\r\n")[0]
    assert b'"code":"InternalServerError"' in answer
    assert b"Traceback" not in answer
    assert [one.getMessage() for one in caplog.records] == ["a request met a defect of the simulated Azure"]
