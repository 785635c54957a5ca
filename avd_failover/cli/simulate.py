"""``failover simulate``: serve a simulated Azure until stopped."""

import asyncio
import json
import shlex
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.simulator.http.certificates import Certificates
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
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Something that goes wrong, such as drop-response:route=assignments.delete,nth=2. Repeatable.",
)
@click.option("--tls", is_flag=True, help="Speak https, with certificates made now (the az CLI needs it).")
@click.option(
    "--tls-directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the certificates go; implies --tls.  [default: a temporary directory]",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def simulate(
    *,
    scenario: str,
    port: int,
    speed: float,
    seed: int | None,
    faults: tuple[str, ...],
    tls: bool,
    tls_directory: Path | None,
    output: str,
) -> None:
    """Serve SCENARIO (a path, or a name in scenarios/) as Azure on this machine until Ctrl-C.

    One line on stdout says where: paste it into the shell that is to use this Azure.
    """
    from avd_failover.simulator.http.door import PortInUseError

    found = _with_faults(_read(scenario, seed), faults)
    world = _built(found, scenario)
    with ExitStack() as stack:
        made = _certificates(stack, tls_directory) if tls or tls_directory else None
        try:
            asyncio.run(_serve(world, found, port=port, speed=speed, made=made, output=output))
        except PortInUseError as taken:
            next_step = f"failover simulate {scenario} --port 0"
            raise Quit(ExitCode.FAILED, str(taken), next_step=next_step) from taken


def _certificates(stack: ExitStack, directory: Path | None) -> "Certificates":
    from avd_failover.simulator.http.certificates import make_certificates

    if directory is None:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="simulated-azure-")))
    try:
        return make_certificates(directory.absolute(), datetime.now(UTC))
    except OSError as fault:
        text = f"cannot write certificates to {directory}: {fault.strerror}"
        next_step = "failover simulate --tls, which takes a temporary directory"
        raise Quit(ExitCode.FAILED, text, next_step=next_step) from fault


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


def _with_faults(scenario: "Scenario", faults: tuple[str, ...]) -> "Scenario":
    from avd_failover.simulator.faults.command_line import parse_fault

    parsed = []
    for text in faults:
        try:
            parsed.append(parse_fault(text))
        except ValueError as wrong:
            next_step = "failover simulate SCENARIO --fault 'http-error:route=sessions.list,status=503,nth=1'"
            raise Quit(ExitCode.BAD_INPUT, f"--fault {text}: {wrong}", next_step=next_step) from wrong
    return scenario.model_copy(update={"faults": (*scenario.faults, *parsed)}) if parsed else scenario


def _built(scenario: "Scenario", name: str) -> "World":
    from avd_failover.simulator.building import build

    try:
        return build(scenario)
    except ValueError as fault:
        text = f"{name}: {fault}"
        raise Quit(ExitCode.BAD_INPUT, text, next_step=f"failover validate {name}") from fault


async def _serve(
    world: "World",
    scenario: "Scenario",
    *,
    port: int,
    speed: float,
    made: "Certificates | None",
    output: str,
) -> None:
    from avd_failover.simulator.http.server import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tls = made.contexts() if made else None
    async with serve(world, port=port, speed=speed, scenario=scenario.scenario, tls=tls) as server:
        variables = environment(server, made)
        click.echo(announcement(server, scenario, speed, variables, output))
        await stop.wait()


def environment(server: "Server", made: "Certificates | None") -> dict[str, str]:
    """Return the variables that lead a shell to the served Azure.

    Graph's endpoint is the same root as ARM's. Under TLS, two more make clients trust its authority:
    ``REQUESTS_CA_BUNDLE`` for requests (az), ``SSL_CERT_FILE`` for everything that asks OpenSSL (failover).
    """
    variables = {"AVD_FAILOVER_ARM_ENDPOINT": server.url, "AVD_FAILOVER_GRAPH_ENDPOINT": server.url}
    if made:
        trusted = str(made.authority)
        variables |= {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
    return variables


def announcement(
    server: "Server", scenario: "Scenario", speed: float, variables: Mapping[str, str], output: str
) -> str:
    """Return the one line that says where it is served."""
    if output == "json":
        told = {
            "simulated": True,
            "scenario": scenario.scenario,
            "seed": scenario.seed,
            "speed": speed,
            "arm_endpoint": server.url,
            "graph_endpoint": server.url,
            "environment": dict(variables),
        }
        return json.dumps(told)
    exported = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return f"export {exported}  # SIMULATED {scenario.scenario}, seed {scenario.seed}, speed {speed:g}"
