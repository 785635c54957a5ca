"""What the runs in this home left standing, and what may therefore begin."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from msgspec.structs import replace

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Asked, this_person
from avd_failover.domain.hold_down import held_down_s
from avd_failover.domain.plan import Plan
from avd_failover.domain.route import Purpose
from avd_failover.domain.settling import settling
from avd_failover.journal.chain import links, replay
from avd_failover.journal.events import RunPinned, lock_of
from avd_failover.journal.home import Home
from avd_failover.journal.ledger import Ledger, debts, ledger_of
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.state import RunState
from avd_failover.journal.store import Damage, DamagedJournalError


def ledger(home: Home, plan: Plan, simulated: str | None) -> Ledger:
    """Return what the runs of a plan's pool pair left standing, in Azure or in one simulated world.

    Raises:
        DamagedJournalError: One of its journals is damaged: nobody can say what that run did.
    """
    return ledger_of(_states(home, lock_of(plan, simulated)))


def states(home: Home) -> Iterator[RunState]:
    """Yield every run whose journal can be read, newest first."""
    for _, state in _runs(home, None):
        yield state


def run_of_key(home: Home, key: str) -> str | None:
    """Return the newest run that was asked for under a run key."""
    for run in home.runs():
        first = _first(home, run)
        if first is not None and first.key == key:
            return run
    return None


def may_begin(asked: Asked, standing: Ledger, now: datetime) -> None:
    """Refuse what must not begin after what stands (contract 172, 173; safety S20).

    Raises:
        Quit: With the run that stands in the way, and what to type about it.
    """
    if (state := standing.unfinished) is not None:
        raise Quit(
            ExitCode.LOCKED,
            f"{state.run} of this pool pair was started {state.started_at:%Y-%m-%d %H:%M:%S} UTC and is not"
            f" finished; only one run may hold a pair",
            next_step=f"failover resume {state.run}",
        )
    if asked.route.purpose is not Purpose.SETTLE and (state := standing.owing) is not None:
        owed = ", ".join(step.id for step in debts(state))
        raise Quit(
            ExitCode.REFUSED,
            f"{state.run} owes what it could not do while its source was dark: {owed};"
            " nothing else may run on this pool pair before that is settled",
            next_step=f"failover settle --plan {asked.route.plan.name}",
        )
    if asked.key and (left_s := _held_down_s(asked, standing, now)) > 0:
        raise Quit(
            ExitCode.REFUSED,
            f"the way back is held down for another {left_s / 60:.0f} min: going back so soon needs a person,"
            " and a run key stands for none",
            next_step="the same command without --run-key",
        )


def following(asked: Asked, standing: Ledger) -> Asked:
    """Return what was asked with what it takes up: a failback its failovers, a settling its debts.

    Whatever it is, it knows what earlier runs wrote down of personal desktops.
    """
    asked = replace(asked, images=standing.images)
    match asked.route.purpose:
        case Purpose.FAILBACK:
            return _returning(asked, standing)
        case Purpose.SETTLE:
            if standing.owing is None:
                name = asked.route.plan.name
                raise Quit(ExitCode.DONE, f"no run of {name} owes anything: nothing to settle")
            return _settling(asked, standing.owing)
    return asked


def _returning(asked: Asked, standing: Ledger) -> Asked:
    """Take back what is away: everything, or exactly the cohorts that were moved."""
    away = standing.away
    moved = [state.route for state in away if state.route.purpose is Purpose.FAILOVER]
    scopes = {(route.groups, route.app_groups) for route in moved}
    if len(scopes) > 1:
        told = "; ".join(f"{state.run}: {state.route.scope}" for state in away)
        raise Quit(
            ExitCode.REFUSED,
            f"several runs moved different users, and one run returns one of them: {told}",
            next_step=f"failover --plan {asked.route.plan.name} first, so that everybody is on one side",
        )
    groups, app_groups = next(iter(scopes), (None, None))
    return replace(
        asked,
        route=replace(asked.route, groups=groups, app_groups=app_groups),
        follows=tuple(state.run for state in away),
        inherited=standing.inherited,
    )


def _settling(asked: Asked, state: RunState) -> Asked:
    """Pay the debts of a run along its own route, now that its source is to answer again."""
    route, pinned = state.route, state.pinned
    inherited = Ledger(away=(state,)).inherited
    return replace(
        asked,
        route=replace(route, purpose=Purpose.SETTLE, mode=asked.route.mode, forced=""),
        graph=settling(state.graph, debts(state), route.plan.pool),
        plan_sha256=pinned.plan_sha256,
        runbook_sha256=pinned.runbook_sha256,
        initiator=asked.initiator or this_person(),
        follows=(state.run,),
        inherited=(*pinned.inherited, *inherited),
    )


def _held_down_s(asked: Asked, standing: Ledger, now: datetime) -> float:
    last = standing.last
    if last is None or last.finished_at is None:
        return 0.0
    since_s = (now - last.finished_at).total_seconds()
    return held_down_s(last.route, since_s, asked.route, hold_down_s=asked.route.plan.policies.hold_down_s)


def _states(home: Home, lock: str) -> Iterator[RunState]:
    for _, state in _runs(home, lock):
        yield state


def _runs(home: Home, lock: str | None) -> Iterator[tuple[str, RunState]]:
    """Yield runs, newest first; a journal in which nothing was ever recorded sent nothing either."""
    for run in home.runs():
        with closing(SqliteStore.read_only(home.path_of(run))) as store:
            try:
                first = next(links(store), None)
                if first is None or not isinstance(first[0].event, RunPinned):
                    continue
                if lock is None or first[0].event.lock == lock:
                    yield run, replay(store).state
            except DamagedJournalError as fault:
                if fault.damage is not Damage.EMPTY and lock is not None:
                    raise


def _first(home: Home, run: str) -> RunPinned | None:
    with closing(SqliteStore.read_only(home.path_of(run))) as store:
        try:
            first = next(links(store), None)
        except DamagedJournalError:
            return None
    event = first[0].event if first else None
    return event if isinstance(event, RunPinned) else None
