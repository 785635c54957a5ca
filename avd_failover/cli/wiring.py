"""The one function that puts real or simulated parts behind the engine."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import connect
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.logs import mark_simulated
from avd_failover.cli.settings import actor
from avd_failover.cloud import Cloud, Outside
from avd_failover.domain.clock import Clock
from avd_failover.domain.fence import Gate
from avd_failover.engine.clock import LoopClock
from avd_failover.outside.outdoors import Outdoors

DEFAULT_SPEED = 60.0


class Simulation(Struct, frozen=True, kw_only=True):
    """A simulated Azure that lives in this process: which scenario, how fast, and where it is remembered."""

    scenario: Path
    speed: float = DEFAULT_SPEED
    memory: Path | None = None
    """Requests that changed the world, so that a resumed run meets it as it was left."""
    remembers: bool = True
    """Whether what happens now is added to it; not where a command only looks."""


class Wired(Struct, frozen=True, kw_only=True):
    """What a run drives, and the clock it runs on."""

    cloud: Cloud
    clock: Clock
    where: Endpoints
    simulated: str | None
    gate: Gate
    """Stands in the way of every request that changes something; whoever holds a lease opens it."""


class _WorldClock(Struct, frozen=True, kw_only=True):
    now: datetime
    speed: float
    scenario: str


@asynccontextmanager
async def wire(where: Endpoints, simulation: Simulation | None) -> AsyncIterator[Wired]:
    """Connect to Azure at ``where``, or start the simulated one and connect to that, over HTTP all the same.

    Raises:
        Quit: Nothing answers there.
    """
    async with AsyncExitStack() as stack:
        if simulation is not None:
            where = await stack.enter_async_context(_simulated(simulation))
        world = await asyncio.to_thread(_world_clock, where) if where.simulated else None
        clock = LoopClock(world.now, speed=world.speed) if world else LoopClock(datetime.now(UTC))
        mark_simulated(world.scenario if world else None)
        who = actor()
        gate = Gate()
        outside = _outside(clock, simulated=world is not None)
        cloud = connect(
            where, clock, identity=who.identity, client_id=who.client_id, fence=gate, outside=outside
        )
        stack.push_async_callback(cloud.aclose)
        yield Wired(
            cloud=cloud, clock=clock, where=where, simulated=world.scenario if world else None, gate=gate
        )


def _outside(clock: Clock, *, simulated: bool) -> Outside:
    """Return the way out of Azure; against a simulated one nothing real is run or called."""
    if simulated:
        from avd_failover.simulator.direct_outside import RehearsedOutside

        return RehearsedOutside(clock)
    return Outdoors(clock, os.environ)


@asynccontextmanager
async def _simulated(simulation: Simulation) -> AsyncIterator[Endpoints]:
    from avd_failover.simulator.building import build
    from avd_failover.simulator.http.persistence import restore
    from avd_failover.simulator.http.server import serve
    from avd_failover.simulator.scenario import load_scenario

    scenario = load_scenario(simulation.scenario)
    world = build(scenario)
    if simulation.memory is not None and simulation.memory.exists():
        restore(world, simulation.memory)
    async with serve(
        world,
        speed=simulation.speed,
        log_to=simulation.memory if simulation.remembers else None,
        scenario=scenario.scenario,
    ) as server:
        yield Endpoints(arm=server.url, graph=server.url)


def _world_clock(where: Endpoints) -> _WorldClock | None:
    """Ask a local Azure for its world's time; None when it is not a simulated one."""
    try:
        with urllib.request.urlopen(f"{where.arm}/_sim/clock", timeout=10) as answer:  # noqa: S310 - loopback
            told = json.load(answer)
    except urllib.error.HTTPError:
        return None
    except (OSError, ValueError) as fault:
        raise Quit(
            ExitCode.FAILED,
            f"nothing answers at {where.arm}: {fault}",
            next_step="start it with 'failover simulate SCENARIO', or unset AVD_FAILOVER_ARM_ENDPOINT",
        ) from fault
    return _WorldClock(
        now=datetime.fromisoformat(told["now"]), speed=float(told["speed"]), scenario=str(told["scenario"])
    )
