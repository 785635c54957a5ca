"""A host on loopback that answers as scripted and remembers what arrived."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Says:
    """One answer; ``drop`` hangs up, ``silent`` says nothing for long."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    silent: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Listener:
    """The last answer of the script repeats."""

    def __init__(self, *script: Says) -> None:
        self.script = list(script) or [Says()]
        self.heard: list[Heard] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.method, request.path_qs, headers, await request.read()))
        says = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if says.silent:
            await asyncio.sleep(600)
        if says.drop and request.transport is not None:
            request.transport.close()
        return web.Response(status=says.status, body=says.body, headers=dict(says.headers))


@asynccontextmanager
async def listening(*script: Says, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener(*script)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", listener.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        listener.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield listener
    finally:
        await runner.cleanup()
