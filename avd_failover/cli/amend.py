"""``failover amend``: a held run goes on with an edited plan, as a run of its own (safety O3).

``resume`` never reads a plan or a runbook again, so an edited file changes nothing by itself. Amending does
it on purpose: what nobody knows the end of is settled by reading, the old run ends as amended and names its
successor, and the new run pins the edited plan with everything that the old one did: it counts as its own.
"""

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, NoReturn

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.cli.request import Asked
    from avd_failover.cli.run import Manner
    from avd_failover.cli.wiring import Simulation, Wired
    from avd_failover.domain.blobs import Blobs
    from avd_failover.journal.events import RunEnded, RunPinned
    from avd_failover.journal.home import Home
    from avd_failover.journal.state import RunState
    from avd_failover.journal.tenure import Tenure
    from avd_failover.journal.writer import JournalWriter


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--plan", required=True, metavar="NAME|PATH", help="The edited plan.")
@click.option("--by", required=True, metavar="NAME", help="Who amends: your name.")
@click.option("--reason", required=True, help="Why; goes into both journals and the report.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of progress and logs."
)
def amend(*, run: str, plan: str, by: str, reason: str, output: str, log_format: str) -> None:
    """End RUN, which is held, and go on with an edited plan where it stands.

    Refused when the edited plan names other pools or exchanges its sides, or no longer names a pair that the
    run moved. Typed again after an interruption, it goes on where it was.
    """
    from avd_failover.cli.failures import failures
    from avd_failover.cli.logs import configure
    from avd_failover.cli.run import Manner

    if not by.strip():
        raise Quit(ExitCode.BAD_INPUT, "--by names nobody; an amendment is a person's decision")
    configure(log_format)
    with failures():
        manner = Manner(output=output, log_format=log_format, yes=True)
        code = asyncio.run(_amend(run, plan, by.strip(), reason, manner))
    raise Quit(code, "")


async def _amend(wanted: str, plan: str, by: str, reason: str, manner: "Manner") -> ExitCode:
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from avd_failover.cli.run import pinned_place
    from avd_failover.cli.tenancy import take
    from avd_failover.cli.wiring import wire
    from avd_failover.cli.witness import witness_of
    from avd_failover.domain.states import RunStatus
    from avd_failover.journal.events import RunEnded
    from avd_failover.journal.home import Home, new_run_id

    home = Home.of(os.environ)
    old = _amendable(home, wanted)
    asked = _edited(plan, old, by)
    run = old.successor or new_run_id(datetime.now(UTC), asked.route.plan.name)
    lock = old.pinned.lock
    async with (
        wire(pinned_place(old.pinned), _same_world(home, old.run, run)) as wired,
        witness_of(asked.route.plan, wired) as blobs,
    ):
        if not old.successor:
            because = f"amended by {by}: {reason}; {run} goes on"
            end = RunEnded(status=RunStatus.AMENDED, because=because, successor=run)
            async with take(home, lock, old.route.plan, old.run, wired, blobs=blobs) as tenure:
                old = await _end(home, end, wired, tenure, blobs)
        async with take(home, lock, asked.route.plan, run, wired, blobs=blobs) as tenure:
            pinned = asked.pin(run, wired.where, wired.simulated, tenure.lease.holder)
            pinned = replace(pinned, amends=old.run, carried=old.effects, images=old.pinned.images)
            return await _go_on(
                home=home, pinned=pinned, wired=wired, tenure=tenure, manner=manner, blobs=blobs
            )


def _amendable(home: "Home", wanted: str) -> "RunState":
    """Return a run at rest whose plan may be edited, or one whose successor was never begun."""
    from avd_failover.cli.reading import alive, replayed
    from avd_failover.domain.states import RunStatus

    state = replayed(home, home.find(wanted)).state
    if state.status is RunStatus.AMENDED and not home.path_of(state.successor).exists():
        return state
    if state.status.final:
        next_step = (
            f"failover resume {state.successor}" if state.successor else f"failover report {state.run}"
        )
        raise Quit(ExitCode.REFUSED, f"{state.run} is {state.status.value}", next_step=next_step)
    if alive(home, state):
        raise Quit(
            ExitCode.REFUSED, f"{state.run} is running", next_step=f"failover pause {state.run}   first"
        )
    if state.turned:
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} is on its way back, and ends that way with the plan it has",
            next_step=f"failover resume {state.run}",
        )
    return state


def _edited(plan: str, old: "RunState", by: str) -> "Asked":
    """Return what the edited plan asks for, along the way of the run that is amended."""
    from msgspec.structs import replace

    from avd_failover.cli.request import Wish, ask
    from avd_failover.domain.amending import unfit

    route = old.route
    asked = ask(
        Wish(
            plan=plan,
            purpose=route.purpose,
            mode=route.mode,
            groups=route.groups,
            app_groups=route.app_groups,
            forced=route.forced,
            by=by,
        )
    )
    if why := unfit(route, asked.route, old.effects):
        raise Quit(ExitCode.REFUSED, why, next_step=f"failover resume {old.run}    with the plan it has")
    return replace(asked, follows=old.pinned.follows, inherited=old.pinned.inherited)


def _same_world(home: "Home", old: str, new: str) -> "Simulation | None":
    """Return the simulated world that the old run left, remembered under the new one's name."""
    from avd_failover.cli.wiring import Simulation

    world = home.path / "simulated"
    scenario = world / f"{old}.yaml"
    if not scenario.exists():
        return None
    memory = world / f"{new}.jsonl"
    shutil.copyfile(scenario, memory.with_suffix(".yaml"))
    if (left := world / f"{old}.jsonl").exists():
        shutil.copyfile(left, memory)
    return Simulation(scenario=memory.with_suffix(".yaml"), memory=memory)


async def _end(
    home: "Home", end: "RunEnded", wired: "Wired", tenure: "Tenure", blobs: "Blobs | None"
) -> "RunState":
    """End the old run: settle what is open by reading, then write down who goes on.

    Raises:
        Quit: Something could not be settled; the run is held as it was, and may be resumed or amended later.
    """
    from contextlib import closing

    from avd_failover import __version__
    from avd_failover.cli.run import remembered_mark
    from avd_failover.cli.witness import copied
    from avd_failover.engine.settle import settle
    from avd_failover.journal.events import RunResumed
    from avd_failover.journal.keys import signer_of
    from avd_failover.journal.sqlite_store import SqliteStore
    from avd_failover.journal.writer import JournalWriter
    from avd_failover.operations.registry import operation_for

    signer, known = signer_of(home.path, os.environ), remembered_mark(tenure)
    with closing(SqliteStore.open(home.path_of(tenure.lease.run))) as store:
        journal = JournalWriter.reopen(store, wired.clock, known=known, signer=signer)
        tenure.mark = lambda: (journal.durable_mark.seq, journal.durable_mark.head)
        await _wait_out(journal.state, wired, tenure)
        async with copied(journal, store, blobs, lambda line: click.echo(line, err=True)):
            journal.append(RunResumed(holder=tenure.lease.holder, engine=__version__))
            left = await settle(journal, cloud=wired.cloud, clock=wired.clock, operations=operation_for)
            if left:
                _hold(journal, left)
            journal.append(end)
            await journal.concluded()
        return journal.state


async def _wait_out(state: "RunState", wired: "Wired", tenure: "Tenure") -> None:
    """Wait until nothing that a process before us sent can take effect any more (safety S18)."""
    if tenure.quarantined:
        wait_s = state.route.plan.policies.in_flight_s
        click.echo(f"Waiting {wait_s:.0f} s until nothing sent before can take effect any more.", err=True)
        await wired.clock.sleep(wait_s)
        tenure.waited_out()


def _hold(journal: "JournalWriter", left: tuple[str, ...]) -> NoReturn:
    from avd_failover.domain.states import RunStatus
    from avd_failover.journal.events import RunEnded

    run, told = journal.state.run, f"could not be settled by reading: {', '.join(left[:3])}"
    journal.append(RunEnded(status=RunStatus.HELD, because=f"not amended: {told}"))
    journal.flush()
    raise Quit(ExitCode.HELD, f"{run} is not amended: {told}", next_step=f"failover resume {run}")


async def _go_on(
    *,
    home: "Home",
    pinned: "RunPinned",
    wired: "Wired",
    tenure: "Tenure",
    manner: "Manner",
    blobs: "Blobs | None",
) -> ExitCode:
    from contextlib import closing

    from avd_failover.cli.drive import drive
    from avd_failover.cli.run import present
    from avd_failover.cli.screen import screen_for
    from avd_failover.cli.witness import copied
    from avd_failover.journal.keys import signer_of
    from avd_failover.journal.sqlite_store import SqliteStore
    from avd_failover.journal.writer import JournalWriter

    screen, signer = screen_for(manner.log_format, wired.clock), signer_of(home.path, os.environ)
    with closing(SqliteStore.create(home.path_of(pinned.run))) as store:
        journal = JournalWriter.create(store, wired.clock, pinned, [screen.entry], signer)
        async with copied(journal, store, blobs, screen.say):
            await drive(journal, store, wired, screen, tenure)
            return present(journal, store, home, manner)
