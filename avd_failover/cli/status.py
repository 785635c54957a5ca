"""``failover status`` and ``failover runs``: where runs stand, read from their journals alone."""

import json
from typing import TYPE_CHECKING

import click

from avd_failover.cli.reading import alive, home, known_runs, replayed, wanted_run

if TYPE_CHECKING:
    from datetime import datetime

    from avd_failover.journal.home import Home
    from avd_failover.journal.state import RunState
    from avd_failover.report.runs import Listed

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For whom."
)


@click.command()
@click.argument("run", required=False)
@output_option
def status(run: str | None, output: str) -> None:
    """Say where a run stands, what is safe, and what to type next.

    RUN is a run's id, a beginning of it that no other has, or "latest", which is the default.
    """
    from avd_failover.report.status import status_data
    from avd_failover.report.status_text import status_text

    place = home()
    found = replayed(place, wanted_run(place, run))
    driven = alive(place, found.state)
    if output == "json":
        click.echo(json.dumps(status_data(found.state, found.head, alive=driven), indent=2))
    else:
        click.echo(status_text(found.state, _now(found.state), alive=driven))


@click.command()
@output_option
def runs(output: str) -> None:
    """List the runs of this machine, the one written last first."""
    from avd_failover.report.runs import runs_data, runs_text

    place = home()
    listed = [_listed(place, run) for run in known_runs(place)]
    click.echo(json.dumps(runs_data(listed), indent=2) if output == "json" else runs_text(listed))


def _listed(place: "Home", run: str) -> "Listed":
    from avd_failover.journal.chain import replay
    from avd_failover.journal.disk import UnfitPlaceError
    from avd_failover.journal.sqlite_store import SqliteStore
    from avd_failover.journal.store import JournalError
    from avd_failover.report.runs import Listed

    try:
        store = SqliteStore.read_only(place.path_of(run))
        try:
            state = replay(store).state
        finally:
            store.close()
    except (JournalError, UnfitPlaceError, FileNotFoundError) as error:
        return Listed(run=run, damage=str(error))
    return Listed(run=run, state=state, alive=alive(place, state))


def _now(state: "RunState") -> "datetime":
    """Return the time on the run's clock; a simulated world's is as far as its journal tells."""
    from datetime import UTC, datetime

    return datetime.now(UTC) if state.pinned.simulated is None else state.last_at
