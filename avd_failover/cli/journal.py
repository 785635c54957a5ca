"""``failover journal``: the record itself, told, verified, or as it stands."""

import os
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.failures import failures
from avd_failover.cli.reading import home, opened, replayed, wanted_run

if TYPE_CHECKING:
    from avd_failover.journal.seals import SealCheck

SHOWN = 16
"""Digits of a key that people compare at a glance; the whole key is what is checked."""


@click.group()
def journal() -> None:
    """Show, verify or export the record of a run, or print the key that signs it.

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
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PUBLIC",
    help="Trust this public key only: its digits, or a file. May be given twice, for a run that moved.",
)
def verify(run: str | None, keys: tuple[str, ...]) -> None:
    """Check every link and every signed checkpoint of a run's journal; exit 1 names the first break.

    Works offline. Without --key the journal's own key and this machine's are trusted, which shows that a
    journal was rewritten, but not that it was rewritten together with its key: keep the public key elsewhere.
    """
    from avd_failover.journal.chain import links
    from avd_failover.journal.keys import public_of
    from avd_failover.journal.seals import check_seals

    place = home()
    found = wanted_run(place, run)
    named = {_named(key) for key in keys}
    with failures():
        ours = public_of(place.path, os.environ)
    whole = replayed(place, found)
    with opened(place, found) as store:
        seals = check_seals(entry for entry, _ in links(store))
        seals.refuse()
    click.echo(f"the journal of {found} is whole: {whole.state.seq} entries, head {whole.head}")
    _tell_seals(seals, whole.state.seq, ours)
    if why := _distrusted(seals, named or {seals.pinned or ours, ours}, asked=bool(named)):
        raise Quit(ExitCode.FAILED, why, next_step="failover journal key    on the machine that wrote it")


@journal.command()
@click.argument("run", metavar="RUN")
@click.option("--head", required=True, help="Head of the journal at hand, as journal verify prints it.")
@click.option("--by", required=True, metavar="NAME", help="Who decides: your name.")
@click.option("--reason", required=True, help="Why it is the right one; goes into the journal, signed.")
def choose(run: str, head: str, by: str, reason: str) -> None:
    """Decide that RUN's journal at hand is the right one, though it is not the one that was driven last.

    For a run that refuses to go on since its journal went another way, or an older copy was put back. First
    look for the right one, and put it in its place; choose only where it is lost. Sends nothing; the next
    resume waits until nothing that the other journal's process sent can take effect any more.
    """
    import asyncio

    from avd_failover.cli.choosing import choose_journal

    if not by.strip() or not reason.strip():
        raise Quit(ExitCode.BAD_INPUT, "a choice between two journals is a person's word: --by and --reason")
    asyncio.run(choose_journal(run, head, by.strip(), reason))
    raise Quit(ExitCode.DONE, "", next_step=f"failover resume {run}")


@journal.command()
@click.option("--plan", required=True, metavar="NAME|PATH", help="The plan whose witness has them.")
def fetch(plan: str) -> None:
    """Bring the journals of a plan's runs here that other machines wrote, from the plan's witness.

    Each is verified first. Then status, report and journal tell of them as of runs of this machine.
    """
    import asyncio

    from avd_failover.cli.failures import failures
    from avd_failover.cli.reading import home
    from avd_failover.cli.request import ask_plan
    from avd_failover.cli.witness import fetch as fetched

    with failures():
        last, grown = asyncio.run(fetched(ask_plan(plan), home(), None))
    for run in grown:
        click.echo(f"brought {run}")
    click.echo(f"the last run is {last}; see: failover status {last}")


@journal.command()
def key() -> None:
    """Print the public key that signs this machine's journals. Keep it elsewhere, for verify --key."""
    from avd_failover.journal.keys import signer_of

    place = home()
    with failures():
        place.prepare()
        click.echo(signer_of(place.path, os.environ).public)


def _named(key: str) -> str:
    """Return a public key as it was typed; what is none is a fault of the words, not of the journal."""
    from avd_failover.journal.keys import UnfitKeyError, read_public
    from avd_failover.report.words import plain

    try:
        return read_public(key)
    except UnfitKeyError as fault:
        next_step = "failover journal key    on the machine that wrote it prints one"
        raise Quit(ExitCode.BAD_INPUT, f"--key: {plain(str(fault))}", next_step=next_step) from fault


def _tell_seals(seals: "SealCheck", entries: int, ours: str) -> None:
    if seals.unsigned:
        click.echo("unsigned: no checkpoint vouches for it")
        return
    for one in seals.checkpoints:
        click.echo(f"checkpoint {one.at}: holds for entries 1 to {one.seq}, by key {one.key[:SHOWN]}")
    whose = "this machine's" if seals.pinned == ours else "not this machine's"
    begun = f"by key {seals.pinned[:SHOWN]}, {whose}" if seals.pinned else "unsigned"
    last = seals.checkpoints[-1].at
    click.echo(f"begun {begun}; {entries - last} of {entries} entries stand behind the last checkpoint")


def _distrusted(seals: "SealCheck", keys: set[str], *, asked: bool) -> str:
    """Say why a journal whose seals hold is not believed; empty when it is."""
    if seals.unsigned or not seals.checkpoints:
        return "a key was named, and nothing of this journal is signed" if asked else ""
    if strange := seals.untrusted(keys):
        told = ", ".join(str(one.at) for one in strange)
        return f"signed by a key that is not trusted: checkpoint {told} (key {strange[0].key[:SHOWN]})"
    return ""


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
