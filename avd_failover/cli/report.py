"""``failover report``: the account of a run, for a terminal, for scripts, or as one HTML file to keep."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.reading import alive, home, opened, wanted_run
from avd_failover.cli.status import output_option

if TYPE_CHECKING:
    from avd_failover.report.account import Account


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report as one HTML file, for its owner alone.",
)
@output_option
def report(run: str | None, html: Path | None, output: str) -> None:
    """Tell a run from its journal: timeline, times against objectives, evidence, what is owed or unknown.

    RUN is a run's id, a beginning of it that no other has, or "latest", which is the default. A run that
    goes on is told so far. Nothing is asked of Azure, so the report is the same a year later.

    JSON: format, identity, ending, drives, decisions, objectives, moments, gaps, placement, machines,
    steps, barrier, checks, changes, owed, unknown, trouble, findings, missing, assumptions, journal, resume,
    aim, switches, take_overs, gates, items, fence, settled, matrix, drill.
    """
    account = _account(run)
    if html is not None:
        _write(account, html, output)
    if output == "json":
        from avd_failover.report.account import account_data

        click.echo(json.dumps(account_data(account), indent=2))
    elif html is None:
        from avd_failover.report.account_text import account_text

        click.echo(account_text(account))


def _account(run: str | None) -> "Account":
    from avd_failover.cli.related import related
    from avd_failover.report.story import read

    place = home()
    with opened(place, wanted_run(place, run)) as store:
        return read(store, lambda state: alive(place, state), lambda state: related(place, state))


def _write(account: "Account", html: Path, output: str) -> None:
    """Write the file and say where it is: on stdout, unless that carries JSON."""
    from avd_failover.cli.report_file import UnwritableReportError, write_whole
    from avd_failover.report.html import page
    from avd_failover.report.words import marked, plain

    try:
        written = write_whole(html, page(account))
    except UnwritableReportError as error:
        hint = f"failover report {account.identity.run} --html OTHER-FILE"
        raise Quit(ExitCode.BAD_INPUT, plain(str(error)), next_step=hint) from error
    so_far = " so far" if account.ending.so_far else ""
    line = plain(f"report of {account.identity.run}{so_far}: {written}")
    click.echo(marked(line, account.identity.simulated), err=output == "json")
