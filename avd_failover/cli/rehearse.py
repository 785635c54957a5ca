"""``failover rehearse``: a plan against a simulated disaster, in virtual time, many times over."""

import json
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.cli.request import Asked
    from avd_failover.report.rehearsal import Rehearsal
    from avd_failover.simulator.scenario import Scenario


@click.command()
@click.option(
    "--plan", metavar="NAME|PATH", help="Plan to rehearse.  [default: the one the scenario is made for]"
)
@click.option("--scenario", required=True, metavar="NAME|PATH", help="Disaster to rehearse against.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the first run.  [default: the scenario's]")
@click.option(
    "--runs",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    help="How many runs, each with the next seed.",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def rehearse(plan: str | None, scenario: str, seed: int | None, runs: int, output: str) -> None:
    """Run a plan against a scenario in virtual time, and tell how long it takes and what it breaks.

    The real engine and runbook drive a simulated Azure in this process; hours pass in seconds, nothing is
    written to disk. Recovery time and access gap are given as median, 95th percentile and worst of all runs.

    Exit code 1 when a run broke a safety invariant or missed what the scenario expects, 2 for bad input.

    JSON: simulated, scenario, plan, runs, seeds, sound, outcomes, reasons, recovery_s and access_gap_s
    (median, p95, worst), access_gaps_open, rto_s, rto_kept, phases (step, median_s, p95_s, worst_s,
    critical_s, critical_runs), violations (seed, invariant, at_s, subject, detail), expectations (expected,
    met, found, missed_seeds).
    """
    from avd_failover.report.rehearsal import rehearsal_data, rehearsal_text

    asked, found = _read(plan, scenario)
    rehearsal = _all(asked, found, found.seed if seed is None else seed, runs)
    if output == "json":
        click.echo(json.dumps(rehearsal_data(rehearsal), indent=2))
    else:
        click.echo(rehearsal_text(rehearsal))
    if not rehearsal.sound:
        raise Quit(ExitCode.FAILED, "", next_step=_again(rehearsal, plan, scenario))


def _read(plan: str | None, scenario: str) -> "tuple[Asked, Scenario]":
    from avd_failover.cli.request import read
    from avd_failover.runbook.faults import FileFaults
    from avd_failover.runbook.find import NotFoundError, find_scenario
    from avd_failover.simulator.building import build
    from avd_failover.simulator.scenario import load_scenario

    try:
        found = load_scenario(find_scenario(scenario))
        build(found)  # names that only a whole world can resolve
    except FileFaults as faults:
        raise Quit(ExitCode.BAD_INPUT, str(faults), next_step=f"failover validate {scenario}") from faults
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    except ValueError as fault:
        text = f"{scenario}: {fault}"
        raise Quit(ExitCode.BAD_INPUT, text, next_step=f"failover validate {scenario}") from fault
    name = plan or found.plan
    if name is None:
        text = f"scenario {found.scenario} names no plan that it is made for"
        next_step = f"failover rehearse --scenario {scenario} --plan NAME"
        raise Quit(ExitCode.BAD_INPUT, text, next_step=next_step)
    return read(name), found


def _all(asked: "Asked", scenario: "Scenario", first: int, runs: int) -> "Rehearsal":
    from avd_failover.cli.rehearsing import rehearse as run_once
    from avd_failover.report.rehearsal import Rehearsal

    plan = asked.route.plan
    return Rehearsal(
        scenario=scenario.scenario,
        plan=plan.name,
        rto_s=plan.objectives.rto_s,
        runs=tuple(run_once(asked, scenario, seed) for seed in range(first, first + runs)),
    )


def _again(rehearsal: "Rehearsal", plan: str | None, scenario: str) -> str:
    seed = next(run.seed for run in rehearsal.runs if not run.sound)
    named = f"--plan {plan} " if plan else ""
    return f"failover rehearse {named}--scenario {scenario} --seed {seed}    one run that shows it"
