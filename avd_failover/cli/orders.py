"""``failover pause``, ``abort``, ``approve``, ``skip`` and their like: what people ask of a run.

From any terminal of this machine: requests lie in a stream beside the journal, and whoever drives the run
takes them up in order.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.reading import alive
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import Mode
from avd_failover.domain.rollback import no_way_back
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.domain.words import listed
from avd_failover.engine.orders import Order, Words
from avd_failover.engine.waivers import unwaived
from avd_failover.journal.chain import replay
from avd_failover.journal.home import Home
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState
from avd_failover.runbook.faults import nearest

Command = TypeVar("Command", bound=Callable[..., None])


def _who(command: Command) -> Command:
    by = click.option("--by", metavar="NAME", help="Who asks.  [default: the user of this machine]")
    reason = click.option("--reason", default="", help="Why; goes into the journal and the report.")
    return by(reason(command))


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@_who
def pause(run: str | None, by: str | None, reason: str) -> None:
    """Hold RUN at its next safe point; what is under way ends first."""
    home, state = _found(run)
    if not alive(home, state):
        raise Quit(
            ExitCode.REFUSED,
            f"no process drives {state.run}: {_rests(state)}; there is nothing to pause",
            next_step=f"failover status {state.run}",
        )
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
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} is {state.status.value}; there is nothing to abort",
            next_step=_home_again(state),
        )
    if rollback and (barred := no_way_back(state.effects)):
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} cannot be turned back: {barred}",
            next_step=f"failover resume {state.run}    and then: {_return(state)}",
        )
    if not rollback and not running:
        raise Quit(
            ExitCode.REFUSED,
            f"no process drives {state.run}: {_rests(state)}; it stands still already",
            next_step=f"failover abort {state.run} --rollback    to bring everything back to where it was",
        )
    order = Order.ROLLBACK if rollback else Order.ABORT
    _ask(home, state, order, Words(by=_name(by), reason=reason))
    if running:
        end = "is turned back" if rollback else "is held where it stands"
        click.echo(f"{state.run} stops at its next safe point and {end}; watch: failover watch {state.run}")
        return
    from avd_failover.cli.run import resume_run

    resume_run(state.run)


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@click.option("--item", default="", help="Skip one thing of the step only, such as one machine.")
@click.option("--by", metavar="NAME", help="Who asks.  [default: the user of this machine]")
@click.option("--reason", required=True, help="Why; goes into the journal and the report.")
def skip(run: str, step: str, item: str, by: str | None, reason: str) -> None:
    """Skip STEP of RUN, with a reason. Steps that safety rests on cannot be skipped."""
    from avd_failover.operations.registry import CATALOGUE

    home, state = _found(run)
    uses = _step(state, step).uses
    if not item and uses in CATALOGUE and CATALOGUE[uses].essential:
        raise Quit(
            ExitCode.REFUSED,
            f"safety rests on {step} ({uses}); it cannot be skipped",
            next_step=f"failover status {state.run}",
        )
    _refuse_ended(state, step)
    if not item and (why := unwaived(state, step, _name(by))):
        raise Quit(
            ExitCode.REFUSED,
            why,
            next_step=f"failover skip {state.run} {step} --by NAME --reason WHY    by somebody else",
        )
    _ask(home, state, Order.SKIP, Words(by=_name(by), reason=reason, step=step, item=item))
    after = "" if alive(home, state) else f", once the run goes on: failover resume {state.run}"
    click.echo(f"{f'{item} of {step}' if item else step} is skipped{after}")


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@click.option("--item", default="", help="Try one thing of the step again, such as one machine.")
@_who
def retry(run: str, step: str, item: str, by: str | None, reason: str) -> None:
    """Enter a held or failed STEP of RUN again, or work on one item of it again."""
    home, state = _found(run)
    _step(state, step)
    _refuse_ended(state, step)
    _ask(home, state, Order.RETRY, Words(by=_name(by), reason=reason, step=step, item=item))
    _go_on(home, state, f"{f'{item} of {step}' if item else step} is tried again")


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@click.option("--item", required=True, help="What the choice is for, such as one machine.")
@click.option("--value", required=True, help="What is chosen, such as a recovery point's name.")
@_who
def choose(*, run: str, step: str, item: str, value: str, by: str | None, reason: str) -> None:
    """Choose another value for one item of a STEP, such as another recovery point for a machine."""
    home, state = _found(run)
    known = _step(state, step)
    _refuse_ended(state, step)
    _may_choose(state, known, item, value)
    words = Words(by=_name(by), reason=reason, step=step, item=item, value=value)
    _ask(home, state, Order.CHOOSE, words)
    _go_on(home, state, f"{value} is taken for {item} of {step}")


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@click.option("--by", required=True, metavar="NAME", help="Who approves: your name.")
@click.option("--reason", default="", help="What was looked at; goes into the journal and the report.")
@click.option("--reject", is_flag=True, help="Say no instead.")
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    help="A file that shows it; its name and SHA-256 are recorded.",
)
def approve(*, run: str, step: str, by: str, reason: str, reject: bool, evidence: str | None) -> None:
    """Approve what STEP of RUN waits for, or --reject it. Whoever approves is on record by name."""
    if not by.strip():
        raise Quit(
            ExitCode.BAD_INPUT,
            "--by names nobody; an approval is a person's word",
            next_step=f"failover approve {run} {step} --by NAME",
        )
    home, state = _found(run)
    _step(state, step)
    _refuse_ended(state, step)
    name, digest = _evidence(evidence)
    words = Words(by=by.strip(), reason=reason, step=step, evidence_name=name, evidence_sha256=digest)
    _ask(home, state, Order.REJECT if reject else Order.APPROVE, words)
    said = f"{step} is {'rejected' if reject else 'approved'} by {by.strip()}"
    after = "" if alive(home, state) else f"; it is heard once the run goes on: failover resume {state.run}"
    click.echo(f"{said}{after}")
    if not reject and state.pinned.initiator.strip().casefold() == by.strip().casefold():
        click.echo(f"{by.strip()} started the run: where two people must decide, this one does not count")


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--by", metavar="NAME", help="Who asks.  [default: the user of this machine]")
@click.option("--reason", required=True, help="Why the source is left as dark; goes into the journal.")
def unplanned(run: str | None, by: str | None, reason: str) -> None:
    """Go on with RUN without its source, which went dark. There is no way back to planned mode."""
    home, state = _found(run)
    if state.status.final or state.turned:
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} is {state.status.value}; it cannot be switched",
            next_step=f"failover status {state.run}",
        )
    if state.route.mode is Mode.UNPLANNED:
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} is unplanned already",
            next_step=f"failover status {state.run}",
        )
    _ask(home, state, Order.UNPLANNED, Words(by=_name(by), reason=reason))
    _go_on(home, state, f"{state.run} goes on without its source")


def _may_choose(state: RunState, step: Step, item: str, value: str) -> None:
    """Refuse a choice that the step would never look at; of steps of other packages only they know."""
    from avd_failover.operations.registry import CATALOGUE

    if step.uses not in CATALOGUE:
        return
    choice = CATALOGUE[step.uses].choice
    if choice is None:
        open_to = [
            one.id for one in state.graph.steps if one.uses in CATALOGUE and CATALOGUE[one.uses].choice
        ]
        known = f"; {listed(open_to)} does" if open_to else ""
        raise _not_this(state, f"nothing can be chosen for an item of {step.id} ({step.uses}){known}")
    if choice.choices and value not in choice.choices:
        raise _not_this(state, f"{value!r} is none of {', '.join(map(str, choice.choices))}")
    checklist = step.settings.get("checklist")
    if isinstance(checklist, tuple) and item not in checklist:
        raise _not_this(state, f"{step.id} has no item {item!r}; it has {', '.join(map(repr, checklist))}")


def _not_this(state: RunState, message: str) -> Quit:
    return Quit(ExitCode.BAD_INPUT, message, next_step=f"failover status {state.run}")


def _go_on(home: Home, state: RunState, said: str) -> None:
    """Tell what was asked; the running process takes it up, and a run at rest is taken up here."""
    if alive(home, state):
        click.echo(f"{said}; watch: failover watch {state.run}")
        return
    from avd_failover.cli.run import resume_run

    resume_run(state.run)


def _step(state: RunState, step: str) -> Step:
    known = {one.id: one for one in state.graph.steps}
    if step not in known:
        hint = nearest(step, known)
        meant = f"; {hint}" if hint else ""
        raise _not_this(state, f"{state.run} has no step {step!r}{meant}; it has {', '.join(known)}")
    return known[step]


def _refuse_ended(state: RunState, step: str) -> None:
    if state.status.final:
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} is {state.status.value}; nothing of it can be asked for any more",
            next_step=f"failover report {state.run}",
        )
    if state.steps[step].status.ended:
        raise Quit(
            ExitCode.REFUSED,
            f"{step} is {state.steps[step].status.value} already",
            next_step=f"failover status {state.run}",
        )


def _rests(state: RunState) -> str:
    killed = state.status is RunStatus.RUNNING
    return "its process ended without a word" if killed else f"it is {state.status.value}"


def _home_again(state: RunState) -> str:
    """A failover that is over is not aborted, it is returned."""
    if state.status is RunStatus.COMPLETED and state.route.purpose is Purpose.FAILOVER:
        return f"{_return(state)}    to return the users"
    return f"failover report {state.run}"


def _return(state: RunState) -> str:
    home = state.route.purpose is Purpose.FAILBACK
    return f"failover {'' if home else 'back '}--plan {state.route.plan.name}"


def _evidence(path: str | None) -> tuple[str, str]:
    if path is None:
        return "", ""
    with Path(path).open("rb") as file:
        return Path(path).name, hashlib.file_digest(file, "sha256").hexdigest()


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
    from avd_failover.cli.request import this_person

    return by or this_person()
