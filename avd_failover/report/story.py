"""The fold of a journal to the account of its run: pure, and equal for equal entries.

Nothing here asks a cloud, a clock or a file. The account reaches as far as the last entry; of a run that goes
on it is the account so far.
"""

from collections.abc import Callable, Iterable, Iterator

from avd_failover.domain.actions import (
    DeallocateMachine,
    LogOff,
    SetLogons,
    StartMachine,
    TellUser,
)
from avd_failover.domain.plan import End
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Entry
from avd_failover.journal.state import Attempt, RunState, fold
from avd_failover.journal.store import Store
from avd_failover.report.account import (
    FORMAT,
    Account,
    Changes,
    Ending,
    Found,
    Identity,
    Measure,
    PairAccount,
    Proof,
    SideAccount,
)
from avd_failover.report.aim import aim, idle
from avd_failover.report.chronicle import Chronicle
from avd_failover.report.debt_story import Others, debts, settled
from avd_failover.report.desktop_measures import RPO, recovery_point
from avd_failover.report.drill_story import Material, drill
from avd_failover.report.gap import OVER_PROPAGATION_S
from avd_failover.report.machines import MachineAccount, machine_accounts
from avd_failover.report.matrix import matrix
from avd_failover.report.pair_story import gaps, moments, pair_accounts
from avd_failover.report.people import fence, gates, items
from avd_failover.report.proofs import assumptions, barrier, checks, missing
from avd_failover.report.status import RESUMABLE, because, standing
from avd_failover.report.step_story import loose_ends, step_account, troubles
from avd_failover.report.turning import moves_anybody, recovered_at, recovery_s
from avd_failover.report.words import Names, travel

_RTO = "recovery time (RTO)"


def read(
    store: Store, alive: Callable[[RunState], bool], others: Callable[[RunState], Others] = lambda _: ()
) -> Account:
    """Verify a journal and return its account; ``alive`` tells whether a process drives that run.

    ``others`` finds other runs of the same pool pair: they tell who paid what this run owes, what the runs
    owed that this one settles, and where pairs are that it did not move.

    Raises:
        DamagedJournalError: At the first break; of a damaged journal there is no account.
        ForeignJournalError: A newer engine wrote it.
    """
    chronicle = Chronicle()
    whole = replay(store, chronicle.entry)
    return tell(whole.state, chronicle, whole.head, alive=alive(whole.state), others=others(whole.state))


def told(entries: Iterable[Entry], head: str, *, alive: bool = False, others: Others = ()) -> Account:
    """Return the account of a journal's entries, first entry first.

    ``head`` is the hash of the last line; ``alive`` whether a process drives the run at the moment;
    ``others`` are the runs that ``read`` speaks of.

    Raises:
        BrokenStoryError, IllegalMoveError: The entries contradict each other.
    """
    chronicle = Chronicle()

    def watched() -> Iterator[Entry]:
        for entry in entries:
            chronicle.entry(entry)
            yield entry

    return tell(fold(watched()), chronicle, head, alive=alive, others=others)


def tell(state: RunState, chronicle: Chronicle, head: str, *, alive: bool, others: Others = ()) -> Account:
    """Return the account of a run whose journal was folded to ``state`` while ``chronicle`` watched."""
    route, names = state.pinned.route, Names(state.pinned.route)
    pairs, stood = pair_accounts(state), barrier(state, chronicle)
    reached = moments(state, stood.proven_at if stood else None, chronicle.turned_at)
    drives = chronicle.drives(alive=alive)
    found, machines = tuple(_findings(state, chronicle)), machine_accounts(state, others)
    objectives = tuple(_objectives(state, pairs, machines))
    held = tuple(checks(state, chronicle, stood, pairs))
    told = Material(
        decisions=chronicle.decisions, drives=drives, objectives=objectives, checks=held, findings=found
    )
    return Account(
        format=FORMAT,
        identity=_identity(state),
        ending=_ending(state, alive=alive),
        drives=drives,
        decisions=tuple(chronicle.decisions),
        objectives=objectives,
        moments=reached,
        gaps=gaps(pairs),
        placement=pairs,
        steps=tuple(step_account(step, chronicle, state, alive=alive) for step in state.steps.values()),
        barrier=stood,
        checks=held,
        changes=_changes(state),
        owed=debts(state, others),
        unknown=tuple(loose_ends(state, names)),
        trouble=tuple(troubles(state, names)),
        findings=found,
        machines=machines,
        missing=tuple(missing(state, drives, pairs)),
        assumptions=tuple(assumptions(route.plan)),
        journal=_proof(state, head),
        resume=f"failover resume {state.run}" if standing(state, alive=alive) in RESUMABLE else None,
        aim=aim(state),
        switches=tuple(chronicle.switched),
        take_overs=tuple(chronicle.taken_over),
        gates=gates(state),
        items=items(state),
        fence=fence(state),
        settled=settled(state, others),
        matrix=matrix(state, others),
        drill=drill(state, told),
    )


def _identity(state: RunState) -> Identity:
    pinned, route = state.pinned, state.pinned.route
    return Identity(
        run=state.run,
        kind=travel(route),
        plan=route.plan.name,
        plan_summary=route.plan.summary,
        plan_sha256=pinned.plan_sha256,
        runbook=pinned.graph.runbook,
        runbook_sha256=pinned.runbook_sha256,
        engine=pinned.engine,
        direction=route.direction,
        mode=route.mode.value,
        scope=route.scope,
        source=_side(state, End.SOURCE),
        target=_side(state, End.TARGET),
        arm_endpoint=pinned.arm_endpoint,
        graph_endpoint=pinned.graph_endpoint,
        simulated=pinned.simulated,
    )


def _side(state: RunState, end: End) -> SideAccount:
    side = state.pinned.route.side(end)
    return SideAccount(side=side.side.value, region=side.region, host_pool=side.host_pool)


def _ending(state: RunState, *, alive: bool) -> Ending:
    stands = standing(state, alive=alive)
    return Ending(
        state=stands.value,
        so_far=not stands.final,
        because=because(state, alive=alive),
        changed=state.changed,
        idle=idle(state),
        started_at=state.started_at,
        ended_at=state.finished_at if state.status is not RunStatus.RUNNING else None,
        as_of=state.last_at,
        lasted_s=(state.last_at - state.started_at).total_seconds(),
    )


def _objectives(
    state: RunState, pairs: tuple[PairAccount, ...], machines: tuple[MachineAccount, ...]
) -> Iterator[Measure]:
    plan = state.pinned.route.plan
    if not moves_anybody(state.pinned.route):
        return
    yield _recovery(state, plan.objectives.rto_s)
    if plan.personal is not None:
        yield recovery_point(machines, plan.objectives.rpo_s)
        return
    spans, open_ = gaps(pairs), any(pair.gap_open for pair in pairs)
    drill = state.pinned.route.purpose is Purpose.DRILL
    seconds = (max if drill else sum)(span.seconds for span in spans) if spans else None
    budget_s = plan.policies.propagation_s + OVER_PROPAGATION_S
    yield Measure(
        name="access gap",
        declared_s=budget_s,
        measured_s=seconds,
        open=open_,
        kept=_kept(seconds, budget_s, open_=open_),
        how="while any group was without access, by Azure's answers; declared is the budget"
        + ("; the longer of the two ways" if drill else ""),
    )
    yield Measure(
        name=RPO,
        declared_s=plan.objectives.rpo_s,
        measured_s=None,
        open=False,
        kept=None,
        how="not measured: the journal holds no reading of profile replication",
    )


def _recovery(state: RunState, rto_s: float) -> Measure:
    if state.turned is not None:
        return Measure(
            name=_RTO,
            declared_s=rto_s,
            measured_s=None,
            open=False,
            kept=None,
            how="not measured: turned back",
        )
    waiting = recovered_at(state) is None and state.restored_at is None and state.changed
    used_s: float | None = (
        (state.last_at - state.started_at).total_seconds() if waiting else recovery_s(state)
    )
    return Measure(
        name=_RTO,
        declared_s=rto_s,
        measured_s=used_s,
        open=waiting,
        kept=_kept(used_s, rto_s, open_=waiting),
        how=f"from the run's first entry to the proof of the last step that {_gave(state)}",
    )


def _gave(state: RunState) -> str:
    return "let users in again" if state.pinned.route.plan.personal is not None else "granted access"


def _kept(seconds: float | None, allowed_s: float, *, open_: bool) -> bool | None:
    if seconds is None:
        return None
    if seconds > allowed_s:
        return False
    return None if open_ else True


def _changes(state: RunState) -> Changes:
    done = list(state.applied())
    proven = {step.step.id for step in state.steps.values() if step.status is StepStatus.DONE}
    ended = _targets(done, LogOff, proven)
    return Changes(
        sessions_ended=len(ended),
        sessions_unproven=len(_targets(done, LogOff) - ended),
        users_told=len(_targets(done, TellUser)),
        machines_started=len(_targets(done, StartMachine)),
        machines_stopped=len(_targets(done, DeallocateMachine)),
        hosts_drained=len({one.action.target for one in done if _drains(one)}),
    )


def _targets(done: Iterable[Attempt], kind: type, steps: set[str] | None = None) -> set[str]:
    return {
        one.action.target
        for one in done
        if isinstance(one.action, kind) and (steps is None or one.step in steps)
    }


def _drains(attempt: Attempt) -> bool:
    return isinstance(attempt.action, SetLogons) and not attempt.action.allowed


def _findings(state: RunState, chronicle: Chronicle) -> Iterator[Found]:
    standing_now = {*state.findings, *(one for step in state.steps.values() for one in step.findings)}
    for (finding, step), at in chronicle.findings.items():
        yield Found(
            code=finding.code,
            subject=finding.subject,
            detail=finding.detail,
            step=step,
            at=at,
            stands=finding in standing_now,
        )


def _proof(state: RunState, head: str) -> Proof:
    return Proof(
        entries=state.seq,
        head=head,
        schema=state.pinned.schema,
        verify=f"failover journal verify {state.run}",
        export=f"failover journal export {state.run}",
    )
