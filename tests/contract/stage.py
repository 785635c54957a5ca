"""Two stages for one play: the direct face, and the adapters on the HTTP face. Time moves only by waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import connect
from avd_failover.cloud import Cloud
from avd_failover.domain.clock import Clock
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.http.server import serve
from avd_failover.simulator.world import World
from tests.contract.spec import Recorder
from tests.permits import with_permits

STANDSTILL = 1e-9
"""Speed of a served world that only jumps: real time, and with it the machine's load, does not count."""


class WorldClock:
    """A clock that moves when somebody sleeps on it, and the world with it."""

    def __init__(self, world: World, moved: Callable[[float], None]) -> None:
        self._started_at = world.at()
        self._moved = moved
        self.passed = 0.0

    def now(self) -> datetime:
        return self._started_at + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 0.0)
        self._moved(max(seconds, 0.0))
        await asyncio.sleep(0)


class Stage(Struct, frozen=True, kw_only=True):
    """One cloud over one world."""

    face: str
    cloud: Cloud
    clock: Clock
    world: World
    port: int = 0


@asynccontextmanager
async def direct(world: World) -> AsyncIterator[Stage]:
    """The simulator's direct face."""
    clock = WorldClock(world, lambda _: None)
    cloud = DirectCloud(world, clock)
    yield Stage(face="direct", cloud=cloud, clock=clock, world=world)
    await cloud.aclose()


@asynccontextmanager
async def wire(
    world: World, recorder: Recorder | None = None, pages: Pages | None = None
) -> AsyncIterator[Stage]:
    """The adapters on the simulator's HTTP face, over a loopback socket, in small pages."""
    pages = pages or Pages(arm=2, graph=2)
    async with serve(world, speed=STANDSTILL, pages=pages) as server:
        if recorder is not None:
            recorder.watch(server.azure)
        clock = WorldClock(world, server._pace.jump)
        cloud = with_permits(connect(Endpoints(arm=server.url, graph=server.url), clock))
        try:
            yield Stage(face="wire", cloud=cloud, clock=clock, world=world, port=server.port)
        finally:
            await cloud.aclose()
