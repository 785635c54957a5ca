"""Beginning a run and going on with one: what stands between the words typed and the engine."""

import asyncio
import os
import shlex
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import click
import msgspec

from avd_failover import __version__
from avd_failover.azure.endpoints import Endpoints
from avd_failover.cli.answering import refuse_dark
from avd_failover.cli.drive import EXIT_OF, drive
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.failures import failures
from avd_failover.cli.logs import configure
from avd_failover.cli.report_file import UnwritableReportError, leave_report
from avd_failover.cli.request import Asked, Wish, ask, ask_plan, this_process
from avd_failover.cli.screen import screen_for
from avd_failover.cli.settings import ARM, endpoints
from avd_failover.cli.standing import following, may_begin, run_of_key
from avd_failover.cli.tenancy import take
from avd_failover.cli.wiring import Wired, wire
from avd_failover.cli.witness import brought, copied, fetch, witness_of
from avd_failover.cli.worlds import remembered, simulation_for, standing
from avd_failover.domain.plan import Plan
from avd_failover.engine.preview import Preview, preview
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.chain import Mark, replay
from avd_failover.journal.events import RunPinned, RunResumed, lock_of
from avd_failover.journal.home import Home, new_run_id
from avd_failover.journal.keys import signer_of
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState
from avd_failover.journal.tenure import Tenure
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import operation_for
from avd_failover.report.advice import advice
from avd_failover.report.preview import preview_data, preview_text
from avd_failover.report.status import status_data
from avd_failover.report.summary import summary_text


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a command talks: form of the result, form of progress, and whether it may ask."""

    output: str
    log_format: str
    yes: bool = False
    dry_run: bool = False


def start(wish: Wish, *, simulate: str | None, speed: float | None, manner: Manner) -> None:
    """Begin the run that was asked for: read it, take its pool pair, show and ask, run. Ends with Quit."""
    if speed is not None and simulate is None:
        raise Quit(
            ExitCode.BAD_INPUT,
            "--speed is the pace of a simulated Azure and goes with --simulate",
            next_step=f"the same without --speed, or with --simulate {wish.plan}",
        )
    configure(manner.log_format)
    with failures(wish.plan):
        if wish.key and (run := run_of_key(Home.of(os.environ), wish.key)) is not None:
            code = _again(run, speed, manner)
        else:
            code = asyncio.run(_start(ask(wish), simulate, speed, manner))
    raise Quit(code, "")


def _again(run: str, speed: float | None, manner: Manner) -> ExitCode:
    """Go on with the run that was asked for under the same key, or say how it ended (design section 4)."""
    home = Home.of(os.environ)
    with closing(SqliteStore.read_only(home.path_of(run))) as store:
        found = replay(store)
    if not found.state.status.final:
        return asyncio.run(_resume(run, speed, manner))
    _tell(found.state, found.head, home, "as it was left", manner)
    return EXIT_OF[found.state.status]


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option(
    "--speed", type=click.FloatRange(0.1, 10_000), help="Pace of the simulated Azure.  [default: 60]"
)
@click.option(
    "--plan", metavar="NAME|PATH", help="Fetch the journal first from this plan's witness: it ran elsewhere."
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of progress and logs."
)
def resume(*, run: str | None, speed: float | None, plan: str | None, output: str, log_format: str) -> None:
    """Go on with RUN (an id, the beginning of one, or the latest) where its journal stands.

    Everything comes from the journal: edited plans and runbooks make no difference. With --plan the journal
    is brought from the plan's witness when another machine wrote it; latest is then the pair's last run.
    """
    resume_run(run, speed, Manner(output=output, log_format=log_format), plan)


def resume_run(
    run: str | None, speed: float | None = None, manner: Manner | None = None, plan: str | None = None
) -> None:
    """Go on with a run, or turn it back if that was asked for. Ends with Quit."""
    manner = manner or Manner(output="text", log_format="text")
    configure(manner.log_format)
    with failures():
        code = asyncio.run(_resume(run, speed, manner, plan))
    raise Quit(code, "")


async def _start(asked: Asked, simulate: str | None, speed: float | None, manner: Manner) -> ExitCode:
    home, plan = Home.of(os.environ), asked.route.plan
    run = new_run_id(datetime.now(UTC), plan.name)
    simulation = simulation_for(home, run, asked, simulate, speed, keep=not manner.dry_run)
    async with wire(endpoints(), simulation) as wired, witness_of(plan, wired) as blobs:
        if manner.dry_run:
            asked = following(asked, standing(home, asked, simulate, wired))
            pinned = asked.pin(run, wired.where, wired.simulated, this_process())
            return _show(await _look(pinned, wired), pinned, manner)
        home.prepare()
        await brought(home, lock_of(plan, wired.simulated), blobs)
        async with take(home, lock_of(plan, wired.simulated), plan, run, wired, blobs=blobs) as tenure:
            await brought(home, tenure.lease.pair, blobs)
            _refuse_again(home, asked)
            left = standing(home, asked, simulate, wired)
            may_begin(asked, left, wired.clock.now())
            asked = following(asked, left)
            await refuse_dark(asked, wired)
            pinned = asked.pin(run, wired.where, wired.simulated, tenure.lease.holder)
            pinned = msgspec.structs.replace(pinned, quarantine_s=_quarantine_s(tenure, plan))
            if not manner.yes and (end := await _ask(pinned, wired, manner)) is not None:
                return end
            screen, signer = screen_for(manner.log_format, wired.clock), signer_of(home.path, os.environ)
            with closing(SqliteStore.create(home.path_of(run))) as store:
                journal = JournalWriter.create(store, wired.clock, pinned, [screen.entry], signer)
                async with copied(journal, store, blobs, screen.say):
                    await drive(journal, store, wired, screen, tenure)
                    return present(journal, store, home, manner)


async def _resume(
    wanted: str | None, speed: float | None, manner: Manner, plan: str | None = None
) -> ExitCode:
    home = Home.of(os.environ)
    if plan is not None:
        wanted, _ = await fetch(ask_plan(plan), home, wanted)
    run = home.find(wanted)
    state = _refuse_ended(home, run)
    pinned = state.pinned
    async with (
        wire(pinned_place(pinned), remembered(home, state, speed)) as wired,
        witness_of(pinned.route.plan, wired) as blobs,
        take(home, pinned.lock, pinned.route.plan, run, wired, blobs=blobs) as tenure,
    ):
        if await brought(home, pinned.lock, blobs, only=run):
            _refuse_ended(home, run)
        screen, signer = screen_for(manner.log_format, wired.clock), signer_of(home.path, os.environ)
        with closing(SqliteStore.open(home.path_of(run))) as store:
            known = remembered_mark(tenure)
            journal = JournalWriter.reopen(store, wired.clock, [screen.entry], known, signer)
            quarantine_s = _quarantine_s(tenure, pinned.route.plan)
            async with copied(journal, store, blobs, screen.say):
                journal.append(
                    RunResumed(holder=tenure.lease.holder, engine=__version__, quarantine_s=quarantine_s)
                )
                await journal.durable()
                await drive(journal, store, wired, screen, tenure)
                return present(journal, store, home, manner)


def _refuse_ended(home: Home, run: str) -> RunState:
    with closing(SqliteStore.read_only(home.path_of(run))) as store:
        state = replay(store).state
    if state.status.final:
        said = f"{run} is {state.status.value}; there is nothing to resume"
        raise Quit(ExitCode.DONE, said, next_step=_after(home, state))
    return state


def _refuse_again(home: Home, asked: Asked) -> None:
    """Refuse to begin under a run key what another machine began under it."""
    if asked.key and (run := run_of_key(home, asked.key)) is not None:
        raise Quit(
            ExitCode.LOCKED,
            f"{run} was asked for under this run key on another machine; its journal is here now",
            next_step=f"failover status {run}",
        )


def _after(home: Home, state: RunState) -> str:
    """Return what to type about a run that is over: how to go on with an amended one, or to read it."""
    if not state.successor:
        return advice(state)[0]
    if home.path_of(state.successor).exists():
        return f"failover resume {state.successor}"
    return f"failover amend {state.run} --plan EDITED --by NAME --reason WHY    {state.successor} never began"


def _quarantine_s(tenure: Tenure, plan: Plan) -> float:
    return plan.policies.in_flight_s if tenure.quarantined else 0.0


def remembered_mark(tenure: Tenure) -> Mark | None:
    """Return the line of this run's journal that the lease remembers, if the run was the pair's last one."""
    return Mark(tenure.lease.seq, tenure.lease.head) if tenure.lease.seq else None


def pinned_place(pinned: RunPinned) -> Endpoints:
    """Return the pinned endpoints; a simulated Azure may have come back on another port."""
    where, now = Endpoints(arm=pinned.arm_endpoint, graph=pinned.graph_endpoint), endpoints()
    if where.simulated and now.simulated:
        return now
    if now not in (where, Endpoints()):
        raise Quit(
            ExitCode.BAD_INPUT,
            f"{pinned.run} is pinned to {where.arm}, and {ARM} says {now.arm}",
            next_step=f"unset the variable, then: failover resume {pinned.run}",
        )
    return where


async def _look(pinned: RunPinned, wired: Wired) -> Preview:
    return await preview(
        pinned, cloud=wired.cloud, clock=wired.clock, operations=operation_for, stop=StopSignal()
    )


def _show(seen: Preview, pinned: RunPinned, manner: Manner) -> ExitCode:
    if manner.output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(preview_data(seen, pinned)), indent=2))
    else:
        click.echo(preview_text(seen, pinned))
    return ExitCode.REFUSED if seen.blocked else ExitCode.DONE


async def _ask(pinned: RunPinned, wired: Wired, manner: Manner) -> ExitCode | None:
    """Show what would change and have the plan's name typed; None means go on."""
    if not sys.stdin.isatty():
        raise Quit(
            ExitCode.BAD_INPUT,
            "there is no terminal to confirm on, and nothing was changed",
            next_step=f"{_typed()} --dry-run    to look first, then with --yes",
        )
    seen = await _look(pinned, wired)
    shown = _show(seen, pinned, manner)
    if seen.blocked or seen.moot:
        return shown
    name = pinned.route.plan.name
    with ExitStack():
        typed = await asyncio.to_thread(click.prompt, f"Type {name} to go on", default="", err=True)
    if typed.strip() != name:
        raise Quit(ExitCode.REFUSED, "not confirmed; nothing was changed", next_step=f"{_typed()} --dry-run")
    return None


def _typed() -> str:
    """Return the command as it was typed, for a shell."""
    return shlex.join(["failover", *sys.argv[1:]])


def present(journal: JournalWriter, store: SqliteStore, home: Home, manner: Manner) -> ExitCode:
    """Leave the report, say how the run ended, and return the exit code."""
    _tell(journal.state, journal.head, home, _leave_report(store, home, journal.state.run), manner)
    return EXIT_OF[journal.state.status]


def _tell(state: RunState, head: str, home: Home, report: str, manner: Manner) -> None:
    if manner.output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(status_data(state, head)), indent=2))
        if EXIT_OF[state.status] is not ExitCode.DONE:
            click.echo(f"Next: {advice(state)[0]}", err=True)
    else:
        click.echo(summary_text(state, str(home.path_of(state.run)), report))


def _leave_report(store: SqliteStore, home: Home, run: str) -> str:
    try:
        return str(leave_report(store, home, run))
    except UnwritableReportError as fault:
        return f"not written: {fault}"
