"""``failover simulate``: serve a simulated Azure until stopped."""

import asyncio
import json
import signal
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.simulator.http.server import Server
    from avd_failover.simulator.scenario import Scenario
    from avd_failover.simulator.world import World


@click.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1.  [default: a free one]"
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 10_000),
    default=60.0,
    show_default=True,
    help="Seconds of the world in a real second.",
)
@click.option("--seed", type=click.IntRange(0), help="Seed of its chance.  [default: the scenario's]")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def simulate(scenario: str, port: int, speed: float, seed: int | None, output: str) -> None:
    """Serve SCENARIO (a path, or a name in scenarios/) as Azure on this machine until Ctrl-C.

    One line on stdout says where: paste it into the shell that is to use this Azure.
    """
    from avd_failover.simulator.http.server import PortInUseError

    found = _read(scenario, seed)
    world = _built(found, scenario)
    try:
        asyncio.run(_serve(world, found, port, speed, output))
    except PortInUseError as taken:
        next_step = f"failover simulate {scenario} --port 0"
        raise Quit(ExitCode.FAILED, str(taken), next_step=next_step) from taken


def _read(name: str, seed: int | None) -> "Scenario":
    from avd_failover.runbook.faults import FileFaults
    from avd_failover.runbook.find import NotFoundError, find_scenario
    from avd_failover.simulator.scenario import load_scenario

    try:
        found = load_scenario(find_scenario(name))
    except FileFaults as faults:
        raise Quit(ExitCode.BAD_INPUT, str(faults), next_step=f"failover validate {name}") from faults
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    return found if seed is None else found.model_copy(update={"seed": seed})


def _built(scenario: "Scenario", name: str) -> "World":
    from avd_failover.simulator.building import build

    try:
        return build(scenario)
    except ValueError as fault:
        text = f"{name}: {fault}"
        raise Quit(ExitCode.BAD_INPUT, text, next_step=f"failover validate {name}") from fault


async def _serve(world: "World", scenario: "Scenario", port: int, speed: float, output: str) -> None:
    from avd_failover.simulator.http.server import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serve(world, port=port, speed=speed, scenario=scenario.scenario) as server:
        click.echo(announcement(server, scenario, speed, output))
        await stop.wait()


def announcement(server: "Server", scenario: "Scenario", speed: float, output: str) -> str:
    """Return the one line that says where it is served; Graph's endpoint is the same root as ARM's."""
    variables = {"AVD_FAILOVER_ARM_ENDPOINT": server.url, "AVD_FAILOVER_GRAPH_ENDPOINT": server.url}
    if output == "json":
        told = {
            "simulated": True,
            "scenario": scenario.scenario,
            "seed": scenario.seed,
            "speed": speed,
            "arm_endpoint": server.url,
            "graph_endpoint": server.url,
            "environment": variables,
        }
        return json.dumps(told)
    exported = " ".join(f"{name}={value}" for name, value in variables.items())
    return f"export {exported}  # SIMULATED {scenario.scenario}, seed {scenario.seed}, speed {speed:g}"
