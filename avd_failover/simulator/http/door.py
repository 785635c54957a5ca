"""The door of a served Azure: its port, and what becomes of each new connection before a byte is read.

    accepted ──obstacle?──> handshake with a flawed certificate, an old version, or a reset
        └── else ──(TLS)──> aiohttp's protocol

While the name leads nowhere (``dns-failure``) nothing listens: callers are refused. A stale address under
TLS is somebody else's machine, so that one keeps listening and shows another name's certificate.
"""

import asyncio
import errno
import ssl
from collections.abc import Callable, Mapping

from aiohttp.web_protocol import RequestHandler

from avd_failover.simulator.faults.obstacles import Obstacle

OLD_SERVER_HELLO = bytes.fromhex("160302002a020000260302") + bytes(32) + bytes.fromhex("00c01300")
"""What a server says first that knows nothing newer than TLS 1.1 (RFC 4346): version 3.2, one cipher."""

_CERTIFIED: dict[Obstacle, str] = {"stale-address": "wrong-host"}
Contexts = Mapping[str, ssl.SSLContext]
"""What a connection is wrapped in: ``sound``, or a flaw of the certificate."""


class PortInUseError(Exception):
    """Another process listens on the port; the message says what to do."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use: stop what listens there, or take port 0 for a free one")
        self.port = port


class Door:
    """Listens on one port, and lets each connection in or not."""

    def __init__(
        self,
        handlers: Callable[[], RequestHandler],
        obstacle: Callable[[], Obstacle | None],
        contexts: Contexts | None,
    ) -> None:
        self.port = 0
        self._handlers = handlers
        self._obstacle = obstacle
        self._contexts = contexts
        self._listening: asyncio.Server | None = None
        self._greeting: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> None:
        """Listen. Raises ``PortInUseError``."""
        try:
            loop = asyncio.get_running_loop()
            self._listening = await loop.create_server(lambda: _Threshold(self), host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(port) from error
            raise
        self.port = int(self._listening.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no longer; connections that are open stay."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def heed(self, host: str, unreachable: Obstacle | None) -> None:
        """Listen or not, as the name leads here or not."""
        shut = unreachable == "unresolved" or (unreachable is not None and self._contexts is None)
        if shut:
            self.close()
        elif self._listening is None:
            await self.open(host, self.port)

    def greet(self, transport: asyncio.Transport) -> None:
        """Let a connection in, or let it fail."""
        obstacle = self._obstacle()
        if self._contexts is None:
            self._enter(transport) if obstacle is None else transport.abort()
        elif obstacle in {"reset", "downgrade"}:
            transport.set_protocol(_Rude(transport, b"" if obstacle == "reset" else OLD_SERVER_HELLO))
        else:
            name = "sound" if obstacle is None else _CERTIFIED.get(obstacle, obstacle)
            transport.pause_reading()  # the first bytes are for the handshake
            task = asyncio.create_task(self._secured(transport, self._contexts[name]))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    def _enter(self, transport: asyncio.Transport) -> None:
        handler = self._handlers()
        transport.set_protocol(handler)
        handler.connection_made(transport)

    async def _secured(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        handler = self._handlers()
        loop = asyncio.get_running_loop()
        try:
            wrapped = await loop.start_tls(transport, handler, context, server_side=True)
        except (OSError, asyncio.IncompleteReadError):
            return  # the caller did not like what it saw
        if wrapped is None:
            return  # it left in the middle
        handler.connection_made(wrapped)


class _Threshold(asyncio.Protocol):
    """Stands in for aiohttp until it is known what becomes of the connection."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet a connection that was accepted."""
        if isinstance(transport, asyncio.Transport):
            self._door.greet(transport)


class _Rude(asyncio.Protocol):
    """Answers the first bytes of a handshake with something of its own, or with a reset."""

    def __init__(self, transport: asyncio.Transport, answer: bytes) -> None:
        self._transport = transport
        self._answer = answer

    def data_received(self, data: bytes) -> None:
        """Answer once, and hang up."""
        if not self._answer:
            self._transport.abort()
            return
        self._transport.write(self._answer)
        self._transport.close()
