"""``failover permissions``: the exact roles that an identity needs, derived from plan and runbooks."""

from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.domain.graph import Step
    from avd_failover.domain.ids import Scope
    from avd_failover.domain.needs import Wish
    from avd_failover.domain.permissions import Permissions
    from avd_failover.domain.route import Purpose

DIRECTIONS = ("primary-to-secondary", "back", "both")


@click.command()
@click.option("--plan", required=True, metavar="NAME|PATH", help="Plan that the identity is for.")
@click.option("--runbook", metavar="NAME|PATH", help="Runbook instead of those that the plan names.")
@click.option(
    "--direction",
    type=click.Choice(DIRECTIONS),
    default="both",
    show_default=True,
    help="Which way its runs may go: an identity can be given one direction only.",
)
@click.option("--no-rollback", is_flag=True, help="Without what 'abort --rollback' needs to turn a run back.")
@click.option("--testers", is_flag=True, help="For drills: it may assign the test group and nobody else.")
@click.option("--reads-only", is_flag=True, help="For checks and --dry-run: it may change nothing.")
@click.option(
    "--machines",
    multiple=True,
    metavar="SIDE=ID",
    help="Resource group of the session hosts' machines, where not that of the host pool. Repeatable.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "arm", "bicep"]),
    default="text",
    show_default=True,
    help="Form of the result; arm and bicep are templates for a deployment at a subscription.",
)
def permissions(
    *,
    plan: str,
    runbook: str | None,
    direction: str,
    no_rollback: bool,
    testers: bool,
    reads_only: bool,
    machines: tuple[str, ...],
    output: str,
) -> None:
    """Print the exact roles, scopes, condition and Graph permissions that an identity needs for a plan.

    No wildcards, no data actions. Asks no cloud.

    JSON: plan, purpose, roles (id, name, summary, actions, not_actions, data_actions, not_data_actions,
    assignable_scopes, assigned with scope, condition and condition_version), graph, notes.
    """
    from avd_failover.domain.needs import Wish
    from avd_failover.domain.plan import Side
    from avd_failover.domain.route import Purpose

    purposes = [Purpose.DRILL] if testers else _purposes(direction)
    if testers and direction != "both":
        raise Quit(ExitCode.BAD_INPUT, "--testers: a drill goes there and back, so there is no --direction")
    wish = Wish(
        jobs=(),
        rollback=not (no_rollback or reads_only),
        reads_only=reads_only,
        machines={side: _machines(machines, side.value) for side in Side},
    )
    _known_sides(machines, [side.value for side in Side])
    click.echo(_shown(_derived(plan, runbook, purposes, wish), output))


def _purposes(direction: str) -> "list[Purpose]":
    from avd_failover.domain.route import Purpose

    return {
        "primary-to-secondary": [Purpose.FAILOVER],
        "back": [Purpose.FAILBACK],
        "both": [Purpose.FAILOVER, Purpose.FAILBACK],
    }[direction]


def _refuse_foreign(steps: "list[Step]") -> None:
    """Refuse to guess: what another package's operation reads is known to that package only."""
    if steps:
        step = steps[0]
        message = f"what {step.uses} of {step.provided_by} asks Azure is not known here (step {step.id})"
        raise Quit(ExitCode.BAD_INPUT, message, next_step="name a runbook without it: --runbook NAME")


def _derived(plan: str, runbook: str | None, purposes: "list[Purpose]", wish: "Wish") -> "Permissions":
    from msgspec.structs import replace

    from avd_failover.cli import request
    from avd_failover.domain.needs import Job, Needs
    from avd_failover.domain.permissions import permissions as derive
    from avd_failover.operations.asks import ASKS
    from avd_failover.operations.registry import CATALOGUE

    asked = [request.ask(request.Wish(plan=plan, purpose=one, runbook=runbook)) for one in purposes]
    _refuse_foreign([step for one in asked for step in one.graph.steps if step.provided_by])
    jobs = tuple(Job(route=one.route, graph=one.graph) for one in asked)
    return derive(asked[0].route.plan, Needs(CATALOGUE, ASKS), replace(wish, jobs=jobs))


def _machines(told: tuple[str, ...], side: str) -> "tuple[Scope, ...]":
    from avd_failover.domain.ids import MalformedIdError, scope

    try:
        found = [scope(one.partition("=")[2]) for one in told if one.partition("=")[0] == side]
    except MalformedIdError as fault:
        raise Quit(ExitCode.BAD_INPUT, f"--machines: {fault}") from fault
    for one in found:
        if one.count("/") != 4 or "/resourcegroups/" not in one:
            raise Quit(
                ExitCode.BAD_INPUT,
                f"--machines: {one!r} is no resource group; allowed:"
                f" {side}=/subscriptions/<guid>/resourceGroups/<name>",
            )
    return tuple(found)


def _known_sides(told: tuple[str, ...], sides: list[str]) -> None:
    for one in told:
        if one.partition("=")[0] not in sides:
            raise Quit(ExitCode.BAD_INPUT, f"--machines: {one!r} names no side; allowed: {', '.join(sides)}")


def _shown(found: "Permissions", output: str) -> str:
    import json

    if output == "text":
        from avd_failover.report.permissions import permissions_text

        return permissions_text(found)
    if output == "bicep":
        from avd_failover.report.permissions_bicep import permissions_bicep

        return permissions_bicep(found).rstrip("\n")
    if output == "arm":
        from avd_failover.report.permissions_arm import permissions_arm

        return json.dumps(permissions_arm(found), indent=2)
    from avd_failover.report.permissions import permissions_data

    return json.dumps(permissions_data(found), indent=2)
