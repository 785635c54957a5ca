"""``failover pause``, ``abort`` and ``skip``: what people ask of a run, from any terminal of this machine."""

import os
import platform
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TypeVar

import click
import msgspec

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.reading import alive
from avd_failover.engine.orders import Order, Words
from avd_failover.journal.chain import replay
from avd_failover.journal.home import Home
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState

Command = TypeVar("Command", bound=Callable[..., None])


def _who(command: Command) -> Command:
    by = click.option("--by", metavar="NAME", help="Who asks.  [default: somebody on this machine]")
    reason = click.option("--reason", default="", help="Why; goes into the journal and the report.")
    return by(reason(command))


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@_who
def pause(run: str | None, by: str | None, reason: str) -> None:
    """Hold RUN at its next safe point; what is under way ends first."""
    home, state = _found(run)
    if not alive(home, state):
        raise Quit(ExitCode.REFUSED, f"{state.run} is not running; it is {state.status.value}")
    _ask(home, state, Order.PAUSE, Words(by=_name(by), reason=reason))
    click.echo(f"{state.run} stops at its next safe point; go on with: failover resume {state.run}")


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--rollback", is_flag=True, help="Return every pair to where it was, through the barrier.")
@_who
def abort(run: str | None, rollback: bool, by: str | None, reason: str) -> None:  # noqa: FBT001 - click's call
    """Stop RUN safely where it stands, or with --rollback bring everything back to where it was."""
    home, state = _found(run)
    running = alive(home, state)
    if state.status.final:
        raise Quit(ExitCode.REFUSED, f"{state.run} is {state.status.value}; there is nothing to abort")
    if not rollback and not running:
        raise Quit(ExitCode.REFUSED, f"{state.run} is not running; it is {state.status.value} as it stands")
    order = Order.ROLLBACK if rollback else Order.ABORT
    _ask(home, state, order, Words(by=_name(by), reason=reason))
    if running:
        end = "is turned back" if rollback else "is held where it stands"
        click.echo(f"{state.run} stops at its next safe point and {end}; watch: failover status {state.run}")
        return
    from avd_failover.cli.run import resume_run

    resume_run(state.run)


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@click.option("--by", metavar="NAME", help="Who asks.  [default: somebody on this machine]")
@click.option("--reason", required=True, help="Why; goes into the journal and the report.")
def skip(run: str, step: str, by: str | None, reason: str) -> None:
    """Skip STEP of RUN, with a reason. Steps that safety rests on cannot be skipped."""
    from avd_failover.operations.registry import CATALOGUE

    home, state = _found(run)
    known = {one.id: one.uses for one in state.graph.steps}
    if step not in known:
        raise Quit(ExitCode.BAD_INPUT, f"{state.run} has no step {step!r}; it has {', '.join(known)}")
    if CATALOGUE[known[step]].essential:
        raise Quit(ExitCode.REFUSED, f"safety rests on {step} ({known[step]}); it cannot be skipped")
    if state.steps[step].status.ended:
        raise Quit(ExitCode.REFUSED, f"{step} is {state.steps[step].status.value} already")
    _ask(home, state, Order.SKIP, Words(by=_name(by), reason=reason, step=step))
    after = "" if alive(home, state) else f", once the run goes on: failover resume {state.run}"
    click.echo(f"{step} is skipped{after}")


def _found(wanted: str | None) -> tuple[Home, RunState]:
    from avd_failover.cli.failures import failures

    home = Home.of(os.environ)
    with failures(), closing(SqliteStore.read_only(home.path_of(home.find(wanted)))) as store:
        return home, replay(store).state


def _ask(home: Home, state: RunState, order: Order, words: Words) -> None:
    from avd_failover.cli.failures import failures

    body = msgspec.json.encode(words).decode()
    with failures(), closing(SqliteStore.for_requests(home.path_of(state.run))) as store:
        store.append_request(datetime.now(UTC), order.value, body)


def _name(by: str | None) -> str:
    return by or f"somebody on {platform.node() or 'this machine'}"
