"""The command line's front: which commands there are, and what every end of the process says.

Commands live in modules of their own and are imported when they are called, so that ``--help`` costs little
more than Python itself. The words shown there stand in this file for the same reason.
"""

import importlib
import sys
from typing import Any

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

COMMANDS: dict[str, tuple[str, str, str]] = {
    "back": ("purposes", "back", "Return users to the primary side."),
    "drill": ("purposes", "drill", "Move the testers there and back; production stays untouched."),
    "drills": ("check", "drills", "List the drills of a plan, and tell whether one is due."),
    "check": ("check", "check", "Tell whether a run could begin now, and what stands in its way."),
    "settle": ("purposes", "settle", "Pay what a run owes since its source was dark."),
    "run": ("purposes", "run", "Run a runbook that moves nobody, such as host-keepalive."),
    "resume": ("run", "resume", "Go on with a run that was interrupted, killed or held."),
    "pause": ("orders", "pause", "Hold a run at its next safe point."),
    "abort": ("orders", "abort", "Stop a run where it stands, or turn it back with --rollback."),
    "skip": ("orders", "skip", "Skip a step of a run, with a reason."),
    "amend": ("amend", "amend", "Go on with a held run under an edited plan, as a run of its own."),
    "retry": ("orders", "retry", "Enter a held step of a run again, or one item of it."),
    "choose": ("orders", "choose", "Choose another value for one item of a step."),
    "approve": ("orders", "approve", "Approve what a step of a run waits for, or reject it."),
    "unplanned": ("orders", "unplanned", "Go on with a run without its source, which went dark."),
    "watch": ("watch", "watch", "Follow a run from another terminal."),
    "status": ("status", "status", "Tell where a run stands, why, and what to type next."),
    "runs": ("status", "runs", "List every run, newest first."),
    "report": ("report", "report", "Tell a run from its journal: text, JSON, or one HTML file."),
    "observe": ("observe", "observe", "Rebuild from the cloud where everything stands; for a lost journal."),
    "adopt": ("observe", "adopt", "Begin a run from a placement that no journal explains."),
    "journal": ("journal", "journal", "Show, verify or export the journal of a run."),
    "validate": ("files", "validate", "Check plans, runbooks and scenarios; tell all faults at once."),
    "schema": ("files", "schema", "Print the JSON Schema of a file format, for an editor."),
    "permissions": ("permissions", "permissions", "Print the exact roles that an identity needs for a plan."),
    "graph": ("files", "graph", "Draw the steps of a runbook as text or Mermaid."),
    "simulate": ("simulate", "simulate", "Serve a simulated Azure until stopped."),
    "rehearse": ("rehearse", "rehearse", "Run a plan against a simulated disaster, in virtual time."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None for a name that the table does not have."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        found: click.Command = getattr(importlib.import_module(f"avd_failover.cli.{module}"), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed; a word that is none is refused with the nearest one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row[2]) for name, row in COMMANDS.items()])


EPILOG = """Exit codes: 0 done or nothing to do · 1 failed · 2 bad usage, plan, runbook or scenario ·
3 held, waiting for a person · 4 refused by an interlock, nothing changed · 5 another run holds the lock ·
130 interrupted, resumable · 70 our bug."""


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--plan", metavar="NAME|PATH", help="Plan to fail over: a path, or a name in plans/.")
@click.option(
    "--mode",
    type=click.Choice(["planned", "unplanned"]),
    default="planned",
    show_default=True,
    help="Whether the source answers, or may be dark.",
)
@click.option("--groups", metavar="G,..", help="Move these user groups only.")
@click.option("--app-groups", metavar="A,..", help="Move these application groups only.")
@click.option("--force", default="", metavar="REASON", help="Leave a healthy source as if it were dark.")
@click.option(
    "--simulate", metavar="SCENARIO", help="Run against this simulated Azure instead of the real one."
)
@click.option(
    "--speed", type=click.FloatRange(0.1, 10_000), help="Pace of the simulated Azure.  [default: 60]"
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--run-key", default="", metavar="KEY", help="Name of this start: asked again, the run goes on."
)
@click.option("--by", default="", metavar="NAME", help="Who asks.  [default: the user of this machine]")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of progress and logs."
)
@click.version_option(package_name="avd-failover", prog_name="failover")
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Fail over an Azure Virtual Desktop workload to its other region.

    \b
    failover --plan pooled-eu                        fail over, after asking
    failover --plan pooled-eu --dry-run              show what would change
    failover --plan pooled-eu --simulate pooled-eu   the same on a simulated Azure
    """
    if ctx.invoked_subcommand is not None:
        if options["plan"]:
            raise click.UsageError(f"--plan belongs to a failover, not to {ctx.invoked_subcommand!r}")
        return
    if not options["plan"]:
        raise click.UsageError("nothing to do: name a plan with --plan, or a command (see --help)")
    from avd_failover.cli.purposes import begin, names

    begin(
        "failover",
        options,
        mode=options["mode"],
        forced=options["force"],
        groups=names(options["groups"]),
        app_groups=names(options["app_groups"]),
    )


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; every end of it passes here.

    Returns: The exit code, after the message and the next command to try were written to stderr.
    """
    try:
        cli.main(arguments, prog_name="failover", standalone_mode=False)
    except Quit as end:
        return _say(end.code, end.message, end.next_step or _help_of(end, arguments))
    except click.UsageError as fault:
        return _usage(fault)
    except click.ClickException as fault:
        return _say(ExitCode.FAILED, fault.format_message(), "failover --help")
    except (click.Abort, KeyboardInterrupt):
        return _say(ExitCode.INTERRUPTED, "interrupted", "failover runs")
    except click.exceptions.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.FAILED
    except Exception as bug:  # noqa: BLE001 - the one handler that turns our defects into a report
        return _report_bug(bug, arguments)
    return ExitCode.DONE


def _say(code: ExitCode, message: str, next_step: str) -> int:
    if message:
        click.echo(message, err=True)
    if next_step:
        click.echo(f"Next: {next_step}", err=True)
    return code


def _help_of(end: Quit, arguments: list[str]) -> str:
    """Name the help of the command that was typed, where an end knows nothing better to type."""
    if end.code is ExitCode.DONE or not end.message:
        return ""
    command = next((word for word in arguments if word in COMMANDS), "")
    return " ".join(part for part in ("failover", command, "--help") if part)


def _usage(fault: click.UsageError) -> int:
    """Say what was wrong with the words typed, in the form of every other end, and where the words stand."""
    where = fault.ctx.command_path if fault.ctx else "failover"
    return _say(ExitCode.BAD_INPUT, " ".join(fault.format_message().split()), f"{where} --help")


def _report_bug(bug: Exception, arguments: list[str]) -> int:
    from avd_failover.cli.bug import write_report

    path = write_report(bug, arguments)
    message = f"This is our defect, not yours: {type(bug).__name__}: {bug}"
    where = f"attach {path} to a report" if path else "run it again with PYTHONFAULTHANDLER=1 and report it"
    return _say(ExitCode.OUR_BUG, message, where)


if __name__ == "__main__":
    main()
