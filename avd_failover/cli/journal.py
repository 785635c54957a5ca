"""``failover journal``: the record itself, told, verified, or as it stands."""

import click

from avd_failover.cli.reading import home, opened, replayed, wanted_run


@click.group()
def journal() -> None:
    """Show, verify or export the record of a run.

    RUN is a run's id, a beginning of it that no other has, or "latest", which is the default.
    """


@journal.command()
@click.argument("run", required=False)
def show(run: str | None) -> None:
    """Tell a run entry by entry: time, number, step, what."""
    from avd_failover.journal.chain import links
    from avd_failover.report.tale import tale

    place = home()
    with opened(place, wanted_run(place, run)) as store:
        for line in tale(entry for entry, _ in links(store)):
            click.echo(line)


@journal.command()
@click.argument("run", required=False)
def verify(run: str | None) -> None:
    """Check every link of a run's journal; exit 1 names the first break."""
    place = home()
    found = wanted_run(place, run)
    whole = replayed(place, found)
    click.echo(f"the journal of {found} is whole: {whole.state.seq} entries, head {whole.head}")


@journal.command()
@click.argument("run", required=False)
def export(run: str | None) -> None:
    """Write a run's journal as JSON lines, byte for byte as they are chained.

    The SHA-256 of each line, without its line feed, is the next line's "prev".
    """
    place = home()
    with opened(place, wanted_run(place, run)) as store:
        for line in store.read():
            click.echo(line)
