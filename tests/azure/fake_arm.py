"""A scripted Azure on loopback: answers in the order given, remembers every request that arrived."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HERE = "{here}"
"""Stands for the server's own URL in bodies and headers."""


@dataclass(frozen=True)
class Answer:
    """One scripted answer: ``drop`` hangs up without a word, ``cut`` in the middle, ``wait`` is silent."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False
    wait: bool = False


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


class FakeArm:
    """Serves what ``on`` scripts; the last answer of a script repeats. An unscripted request is a 418."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.url = ""
        self._scripts: list[tuple[str, re.Pattern[str], list[Answer]]] = []
        self._runner: web.AppRunner | None = None

    def on(self, method: str, ending: str, *answers: Answer) -> None:
        """Script the answers to requests whose path and query match this pattern at the end."""
        self._scripts.append((method, re.compile(f"{ending}$", re.IGNORECASE), list(answers)))

    def sent(self, method: str) -> list[Seen]:
        """Return the requests of a method, in order of arrival."""
        return [seen for seen in self.seen if seen.method == method]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        self.seen.append(Seen(request.method, request.path, request.query, request.headers, body))
        answer = self._next(request.method, request.path_qs)
        transport = request.transport
        assert transport is not None
        if answer.wait:
            await asyncio.sleep(30)
        if answer.drop:
            transport.abort()
        headers = {name: value.replace(HERE, self.url) for name, value in answer.headers.items()}
        if answer.cut:
            response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Length": "500"})
            await response.prepare(request)
            await response.write(b'{"value": [')
            transport.close()
            return response
        if isinstance(answer.body, bytes):
            return web.Response(status=answer.status, headers=headers, body=answer.body)
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        told = json.dumps(answer.body).replace(HERE, self.url)
        return web.Response(status=answer.status, headers=headers, text=told, content_type="application/json")

    def _next(self, method: str, path: str) -> Answer:
        for wanted, pattern, answers in self._scripts:
            bare = re.sub(r"[?&]api-version=[^&]*", "", path)
            if wanted == method and pattern.search(bare):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return Answer(418, {"error": {"code": "Unscripted", "message": f"{method} {path}"}})


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    """Return an error the way Azure Resource Manager words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"code": code, "message": message}}, named)


def listed(*values: object, then: str | None = None) -> Answer:
    """Return one page of a list."""
    return Answer(200, {"value": list(values), "nextLink": then})
