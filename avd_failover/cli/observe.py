"""``failover observe`` and ``adopt``: where everything stands when no journal tells, and the way on.

Observing only reads, and never guesses what a lost run had meant. Its result names the placement by a
digest; adopting begins an ordinary run that may start from exactly that placement, and from no other mix.
"""

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.purposes import begin, run_options

if TYPE_CHECKING:
    from avd_failover.cli.request import Asked
    from avd_failover.cli.wiring import Wired
    from avd_failover.domain.placement import Placement
    from avd_failover.engine.preview import Preview
    from avd_failover.journal.events import RunPinned
    from avd_failover.report.observed import Choice, Observation

PURPOSES = {"secondary": "failover", "primary": "failback"}
"""What a run towards a side is for."""


@click.command()
@click.option("--plan", required=True, metavar="NAME|PATH", help="Plan: a path, or a name in plans/.")
@click.option("--simulate", metavar="SCENARIO", help="Observe this simulated Azure.")
@click.option("--steps", is_flag=True, help="Show what each way on would do, step by step.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def observe(plan: str, simulate: str | None, steps: bool, output: str) -> None:  # noqa: FBT001 - click's call
    """Rebuild from the cloud where every pair stands, for when a journal is lost. Only reads.

    JSON: plan, simulated, digest, unfinished, pairs (pair, where, primary, secondary), sides (side, hosts,
    available, drained, sessions, start_on_connect, autoscale), gaps, findings (code, subject, detail),
    ways_on (towards, blocked, nothing_to_do, command, preview).
    """
    from avd_failover.cli.failures import failures
    from avd_failover.cli.logs import configure
    from avd_failover.report.observed import observation_data, observation_text, previews_text

    configure()
    with failures(plan):
        found = asyncio.run(_observe(plan, simulate))
    if output == "json":
        click.echo(json.dumps(observation_data(found), indent=2))
        return
    click.echo(observation_text(found))
    if steps and found.choices:
        click.echo(f"\n{previews_text(found)}")


@click.command()
@run_options
@click.option(
    "--towards",
    type=click.Choice(list(PURPOSES)),
    required=True,
    help="The side where everybody is to be afterwards.",
)
@click.option(
    "--observed", required=True, metavar="DIGEST", help="The placement to begin from, as observe names it."
)
@click.option("--mode", type=click.Choice(["planned", "unplanned"]), default="planned", show_default=True)
def adopt(towards: str, observed: str, mode: str, **options: Any) -> None:  # noqa: ANN401 - click hands it over
    """Begin a run from a placement that no journal explains, once it was observed and accepted by name.

    The run refuses any other placement than the one named. Where the plan's policies ask for two approvers,
    somebody else than --by must approve before anything is sent: failover approve RUN readiness --by NAME.
    """
    if not options["by"].strip():
        raise Quit(ExitCode.BAD_INPUT, "--by names nobody; accepting a placement is a person's word")
    if len(observed) != 64:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"--observed: {observed!r} is not the digest of a placement",
            next_step=f"failover observe --plan {options['plan']}",
        )
    begin(PURPOSES[towards], options, mode=mode, accepted=observed.lower())


async def _observe(plan: str, simulate: str | None) -> "Observation":
    from avd_failover.cli.request import Wish, ask
    from avd_failover.cli.settings import endpoints
    from avd_failover.cli.standing import ledger
    from avd_failover.cli.wiring import wire
    from avd_failover.cli.worlds import looked_at
    from avd_failover.domain.accepted import digest_of
    from avd_failover.journal.home import Home
    from avd_failover.operations.observation import half_done
    from avd_failover.operations.observation import observe as look
    from avd_failover.report.observed import Observation

    there = ask(Wish(plan=plan))
    home = Home.of(os.environ)
    async with wire(endpoints(), looked_at(home, there, simulate)) as wired:
        seen = await look(wired.cloud, there.route)
        digest = digest_of(seen.placement)
        left = ledger(home, there.route.plan, wired.simulated)
        unfinished = left.unfinished.run if left.unfinished else ""
        whole = not unfinished and not seen.placement.gaps
        return Observation(
            plan=there.route.plan.name,
            simulated=wired.simulated,
            seen=seen,
            digest=digest,
            findings=tuple(half_done(seen)),
            unfinished=unfinished,
            choices=await _choices(plan, seen.placement, wired) if whole else (),
        )


async def _choices(plan: str, placement: "Placement", wired: "Wired") -> "tuple[Choice, ...]":
    from avd_failover.cli.request import Wish, ask
    from avd_failover.domain.accepted import digest_of
    from avd_failover.domain.route import Purpose
    from avd_failover.report.observed import Choice

    found, digest = [], digest_of(placement)
    for towards, purpose in PURPOSES.items():
        asked = ask(Wish(plan=plan, purpose=Purpose(purpose), accepted=digest))
        pinned, seen = await _look(asked, wired)
        command = _command(towards, plan, digest, placement)
        found.append(Choice(towards=asked.route.leaving.other, pinned=pinned, preview=seen, command=command))
    return tuple(found)


async def _look(asked: "Asked", wired: "Wired") -> "tuple[RunPinned, Preview]":
    from avd_failover.cli.request import this_process
    from avd_failover.engine.preview import preview
    from avd_failover.engine.stop import StopSignal
    from avd_failover.operations.registry import operation_for

    pinned = asked.pin("observe", wired.where, wired.simulated, this_process())
    seen = await preview(
        pinned, cloud=wired.cloud, clock=wired.clock, operations=operation_for, stop=StopSignal()
    )
    return pinned, seen


def _command(towards: str, plan: str, digest: str, placement: "Placement") -> str:
    """Return what to type: an ordinary run where everything stands on the other side, else an adoption."""
    from avd_failover.domain.placement import Where

    left = Where.SOURCE if towards == "secondary" else Where.TARGET
    if all(one.where is left for one in placement.places):
        return f"failover {'back ' if towards == 'primary' else ''}--plan {plan}"
    return f"failover adopt --plan {plan} --towards {towards} --observed {digest} --by NAME"
