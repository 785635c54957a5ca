"""``failover back``, ``drill``, ``settle`` and ``run``: runs for other purposes than a failover."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

Command = TypeVar("Command", bound=Callable[..., None])


def run_options(command: Command) -> Command:
    """Add the options that every command has which begins a run."""
    options = (
        click.option("--plan", required=True, metavar="NAME|PATH", help="Plan: a path, or a name in plans/."),
        click.option("--simulate", metavar="SCENARIO", help="Run against this simulated Azure."),
        click.option(
            "--speed", type=click.FloatRange(0.1, 10_000), help="Pace of the simulated Azure.  [default: 60]"
        ),
        click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing."),
        click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option(
            "--run-key", default="", metavar="KEY", help="Name of this start: asked again, the run goes on."
        ),
        click.option(
            "--by", default="", metavar="NAME", help="Who asks.  [default: the user of this machine]"
        ),
        click.option(
            "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result."
        ),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            help="Form of progress and logs.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@run_options
@click.option(
    "--mode",
    type=click.Choice(["planned", "unplanned"]),
    default="planned",
    show_default=True,
    help="Whether the side that users leave answers, or may be dark.",
)
@click.option(
    "--force", default="", metavar="REASON", help="Leave a side that looks healthy as if it were dark."
)
def back(mode: str, force: str, **options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Return users to the primary side, and put back what the failover had changed.

    Returns exactly whom the runs before had moved: everybody, or their cohorts.
    """
    begin("failback", options, mode=mode, forced=force)


@click.command()
@run_options
@click.option(
    "--hold", metavar="DURATION", help="How long testers have, such as 30m.  [default: the runbook's]"
)
@click.option(
    "--severity", default="", metavar="TEXT", help="How severe the scenario is; goes into the evidence."
)
@click.option("--because", default="", metavar="TEXT", help="Why it was chosen; goes into the evidence.")
def drill(hold: str | None, severity: str, because: str, **options: Any) -> None:  # noqa: ANN401 - click's call
    """Move the plan's testers to the other side and back, with production untouched and evidence of it."""
    hold_s = None if hold is None else _seconds(hold)
    begin("drill", options, hold_s=hold_s, severity=severity, chosen_because=because)


@click.command()
@run_options
def settle(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Pay what a run owes since its source was dark, now that the region answers again."""
    begin("settle", options)


@click.command()
@click.argument("runbook", metavar="RUNBOOK")
@run_options
def run(runbook: str, **options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Run a RUNBOOK that moves nobody on the plan's standby side, such as host-keepalive."""
    begin("upkeep", options, runbook=runbook)


def begin(purpose: str, options: dict[str, Any], **wished: Any) -> None:  # noqa: ANN401 - fields of Wish
    """Begin a run for a purpose from what was parsed. Ends with Quit."""
    from avd_failover.cli.request import Wish
    from avd_failover.cli.run import Manner, start
    from avd_failover.domain.plan import Mode
    from avd_failover.domain.route import Purpose

    mode = Mode(wished.pop("mode", "planned"))
    if wished.get("forced") and mode is Mode.PLANNED:
        raise Quit(
            ExitCode.BAD_INPUT,
            "--force leaves a side as if it were dark, and goes with --mode unplanned",
            next_step=f"the same with --mode unplanned, or first: failover check --plan {options['plan']}",
        )
    manner = Manner(
        output=options["output"],
        log_format=options["log_format"],
        yes=options["yes"],
        dry_run=options["dry_run"],
    )
    start(
        Wish(
            plan=options["plan"],
            purpose=Purpose(purpose),
            mode=mode,
            key=options["run_key"],
            by=options["by"],
            **wished,
        ),
        simulate=options["simulate"],
        speed=options["speed"],
        manner=manner,
    )


def names(text: str | None) -> tuple[str, ...] | None:
    """Return names given with commas between them; None when none were given."""
    if text is None:
        return None
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not found:
        raise click.BadParameter("names nothing; leave it out to move everything")
    return found


def _seconds(text: str) -> float:
    from avd_failover.runbook.durations import MalformedDurationError, seconds

    try:
        return seconds(text)
    except MalformedDurationError as fault:
        raise Quit(
            ExitCode.BAD_INPUT, f"--hold: {text!r} is not {fault}", next_step="failover drill --help"
        ) from fault
