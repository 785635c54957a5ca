"""Answers that do not arrive as they were sent: cut, doubtful, slow, or not at all. Real sockets only."""

import asyncio

from aiohttp import web

from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.http.face import Finished

CHUNKS = 10
"""In how many parts a slow body comes."""

PORTAL = "https://portal.invalid/sign-in"
PORTAL_PAGE = "<!DOCTYPE html><html><head><title>Sign in to this network</title></head><body></body></html>"
PORTAL_STATUS = {"page": 200, "redirect": 302, "sign-in": 511}
"""What a captive portal answers with; 511 is made for them (RFC 6585)."""


async def deliver(
    request: web.BaseRequest, answer: Finished, ruling: Ruling, speed: float
) -> web.StreamResponse:
    """Send an answer as a ruling damages it. Durations are the world's, ``speed`` of its seconds a second.

    The connection is gone afterwards, unless the answer went out whole.
    """
    match ruling.damage:
        case "none":
            return whole(answer)
        case "half-open":
            await asyncio.sleep(ruling.over_s / speed)
            return _hung_up(request)
        case "cut":
            return await _part(request, answer, keep=ruling.at_byte, missing=0)
        case "wrong-length":
            return await _part(request, answer, keep=len(answer.body), missing=64)
        case "truncated-json" | "gzip":
            return _garbled(answer, ruling)
        case "portal":
            return _portal(ruling)
        case "slow":
            return await _slow(request, answer, ruling.over_s / speed)
    return _hung_up(request)


def whole(answer: Finished, *, close: bool = False) -> web.Response:
    """Return an answer that goes out as it is."""
    response = web.Response(status=answer.status, headers=answer.headers, body=answer.body or None)
    if close:
        response.force_close()
    return response


def _garbled(answer: Finished, ruling: Ruling) -> web.Response:
    """Cut the JSON, or say that it is compressed."""
    gzip = ruling.damage == "gzip"
    body = answer.body if gzip else answer.body[: len(answer.body) // 2]
    more = {"Content-Encoding": "gzip"} if gzip and body else {}
    return web.Response(status=answer.status, headers={**answer.headers, **more}, body=body or None)


def _portal(ruling: Ruling) -> web.Response:
    """Answer as a network does that wants people to sign in first."""
    heads = {"Location": PORTAL} if ruling.portal == "redirect" else {}
    status = PORTAL_STATUS[ruling.portal]
    return web.Response(status=status, headers=heads, text=PORTAL_PAGE, content_type="text/html")


def _hung_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _part(request: web.BaseRequest, answer: Finished, *, keep: int, missing: int) -> web.StreamResponse:
    """Promise the whole body, and ``missing`` bytes more; send ``keep`` bytes of it and hang up."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = max(len(answer.body) + missing, keep + 1)
    await response.prepare(request)
    await response.write(answer.body[:keep])
    # The bytes have to leave before the connection does.
    await asyncio.sleep(0.01)
    if request.transport is not None:
        request.transport.close()
    return response


async def _slow(request: web.BaseRequest, answer: Finished, over_s: float) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    size = max(1, -(-len(answer.body) // CHUNKS))
    for start in range(0, len(answer.body), size):
        await asyncio.sleep(over_s / CHUNKS)
        await response.write(answer.body[start : start + size])
    await response.write_eof()
    return response
