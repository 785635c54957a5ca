"""aiohttp's protocol with answers of Azure's form for what never becomes a request.

aiohttp itself answers bytes that are no HTTP in plain text, and writes a traceback of its parser to the log.
Here that is one more 400; only a defect of ours is logged.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

Told = Callable[[web.BaseRequest, int, str], web.Response]


class Handler(RequestHandler):
    """One connection."""

    __slots__ = ("_told",)

    def __init__(self, manager: web.Server, told: Told) -> None:
        super().__init__(manager, loop=asyncio.get_running_loop(), access_log=None)  # type: ignore[arg-type]
        self._told = told

    def log_exception(self, *args: object, **kw: Any) -> None:  # noqa: ANN401 - as in aiohttp
        """Write down a defect of ours; a body that cannot be read is its sender's, and was answered."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be parsed (400), or a defect of ours (500)."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer is sent already")
        if status >= 500:
            self.log_exception("a request met a defect of the simulated Azure", exc_info=exc)
            return self._told(request, 500, "The server encountered an internal error.")
        why = (message or "").splitlines()
        if not isinstance(exc, HttpProcessingError) or not why:
            return self._told(request, status, "The request could not be understood.")
        return self._told(request, status, f"The request could not be understood: {why[0].rstrip(':')}.")
