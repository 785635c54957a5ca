"""The simulated Azure on a loopback port: the only module that knows aiohttp.

Real time times ``speed`` is the world's time. The world is moved before every request, and twenty times a
second besides, so that things happen while nobody asks.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from avd_failover.simulator.faults.obstacles import Obstacle
from avd_failover.simulator.faults.ruling import CLEAR
from avd_failover.simulator.http.blob_service import BlobService, blob_routes
from avd_failover.simulator.http.control import Controls, routes
from avd_failover.simulator.http.damage import deliver, whole
from avd_failover.simulator.http.door import Contexts, Door
from avd_failover.simulator.http.face import Azure, Pages
from avd_failover.simulator.http.handler import Handler
from avd_failover.simulator.http.pacing import Pace
from avd_failover.simulator.http.persistence import Memory
from avd_failover.simulator.http.wire import Ask, Refusal
from avd_failover.simulator.world import World

SHUTDOWN_S = 1.0
"""Real seconds that requests under way have when serving ends."""

TICK_S = 0.05
"""Real seconds between two looks at what is due."""

MARK_S = 0.25
"""Real seconds that a written time mark reaches ahead."""

LARGEST_BODY = 4 * 1024 * 1024
"""ARM takes no larger request (documented limit of 4 MB)."""

_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}
_PORT = re.compile(r":\d+$")
TOO_LARGE = Refusal(
    413, "RequestContentTooLarge", f"The request content exceeds the limit of {LARGEST_BODY} bytes."
)
FOREIGN_NAME = Refusal(421, "MisdirectedRequest", "A simulated Azure answers to loopback names only.")


class Server:
    """A simulated Azure being served. ``url`` is the endpoint of ARM, of Graph and of tokens alike."""

    def __init__(self, world: World, azure: Azure, pace: Pace, memory: Memory | None) -> None:
        self.world = world
        self.azure = azure
        self.url = ""
        self.port = 0
        self._pace = pace
        self._memory = memory
        self._marked_s = -1.0

    def move(self) -> None:
        """Bring the world to its time, after the mark that covers it is written."""
        now_s = self._pace.world_s(asyncio.get_running_loop().time())
        if self._memory is not None and now_s > self._marked_s:
            self._marked_s = now_s + MARK_S * self._pace.speed
            self._memory.mark(self._marked_s)
        self.world.advance(now_s)

    async def tick(self, door: Door, host: str) -> None:
        """Keep the world moving while nobody asks, and the door open while its name leads here."""
        while True:
            self.move()
            await door.heed(host, self.world.faults.unreachable)
            await asyncio.sleep(TICK_S)

    def obstacle(self) -> Obstacle | None:
        """Decide what stands in the way of a new connection."""
        self.move()
        return self.world.faults.connect()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the wire."""
        try:
            body = await request.read() if request.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(request, TOO_LARGE)
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
            return self._refuse(request, Refusal(400, "InvalidRequestContent", _unreadable(error)))
        response = await self._respond(request, body)
        if self.world.faults.obstructed:
            response.force_close()  # the next request needs a connection of its own
        return response

    def unparsed(self, request: web.BaseRequest, status: int, why: str) -> web.Response:
        """Answer what is no HTTP, or met a defect of ours, in the form of Azure."""
        code = "BadRequest" if status < 500 else "InternalServerError"
        return self._refuse(request, Refusal(status, code, why))

    def _refuse(self, request: web.BaseRequest, refusal: Refusal) -> web.Response:
        return whole(self.azure.refuse(_ask(request, b""), refusal), close=True)

    async def _respond(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        ask = _ask(request, body)
        self.move()
        if _PORT.sub("", ask.headers.get("host", "")).lower() not in _LOOPBACK_NAMES:
            return whole(self.azure.refuse(ask, FOREIGN_NAME))
        ruling = self.azure.rule(ask)
        if ruling.delay_s:
            await asyncio.sleep(ruling.delay_s / self._pace.speed)
            self.move()
        if ruling == CLEAR:
            return whole(self.azure.answer(ask))
        return await deliver(request, self.azure.answer_as_ruled(ask, ruling), ruling, self._pace.speed)


@asynccontextmanager
async def serve(
    world: World,
    *,
    port: int = 0,
    speed: float = 60.0,
    host: str = "127.0.0.1",
    log_to: Path | None = None,
    scenario: str = "",
    pages: Pages | None = None,
    tls: Contexts | None = None,
) -> AsyncIterator[Server]:
    """Serve a world until the block ends; ``port`` 0 takes a free one.

    ``log_to`` remembers what was asked (``persistence``). ``scenario`` is the name that the clock tells.
    With ``tls`` it speaks https and nothing else.

    Raises:
        PortInUseError: Somebody listens there already.
        ValueError: ``host`` is no loopback address, or ``speed`` is not above 0.
    """
    if not ip_address(host).is_loopback:
        raise ValueError(f"a simulated Azure is served on loopback only, not on {host}")
    pace = Pace(speed=speed, real_s=asyncio.get_running_loop().time(), world_s=world.now_s)
    async with AsyncExitStack() as stack:
        memory = _remembering(stack, world, log_to)
        controls = Controls(pace=pace, scenario=scenario)
        azure = Azure(world, pages=pages, more=(*routes(controls), *blob_routes(BlobService(pace=pace))))
        controls.gaps = lambda: azure.gaps
        server = Server(world, azure, pace, memory)
        door = await _listen(stack, server, host, port, tls)
        server.port = door.port
        scheme = "https" if tls else "http"
        server.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"
        stack.push_async_callback(_stopped, asyncio.create_task(server.tick(door, host)))
        yield server


def _remembering(stack: AsyncExitStack, world: World, path: Path | None) -> Memory | None:
    if path is None:
        return None
    memory = Memory(world, path)
    stack.callback(memory.close)
    world.log.on_request = memory.note
    stack.callback(setattr, world.log, "on_request", None)
    return memory


async def _listen(stack: AsyncExitStack, server: Server, host: str, port: int, tls: Contexts | None) -> Door:
    served = web.Server(server.handle, request_factory=_request)
    stack.push_async_callback(served.shutdown, SHUTDOWN_S)
    stack.callback(served.pre_shutdown)
    door = Door(lambda: Handler(served, server.unparsed), server.obstacle, tls)
    await door.open(host, port)
    stack.callback(door.close)
    return door


def _unreadable(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error).splitlines()[0]
    return f"The request content was invalid and could not be read: '{text}'."


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)


def _ask(request: web.BaseRequest, body: bytes) -> Ask:
    headers = {name.lower(): value for name, value in request.headers.items()}
    base = f"{request.scheme}://{headers.get('host', '')}"
    return Ask(method=request.method, target=request.raw_path, headers=headers, body=body, base=base)
