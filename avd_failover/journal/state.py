"""The fold: what a journal's events add up to.

``RunState`` changes in one way only, by ``apply``, which is a pure function of the state and one entry. So
status, report, resume and rollback all see the same run, whether it is live or a year old (J12).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, Skipped
from avd_failover.domain.approvals import Approval
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting, Step
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.states import RunStatus, StepStatus, move_run, move_step
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Entry,
    JournalChosen,
    JournalSealed,
    OperatorSaid,
    Outcome,
    RunEnded,
    RunPinned,
    RunResumed,
    RunSwitched,
    RunTurned,
    StepEnded,
    StepSkips,
    StepStarted,
    StepWaiting,
)

AGES = frozenset({"barrier", "capacity.prove"})
"""Operations whose proof may be taken again after it held, since access rests on it and it ages."""

OPENS = "personal.open"
"""The operation after which users have their personal desktops again."""


class BrokenStoryError(ValueError):
    """The events contradict each other: not a journal that this engine wrote."""


@dataclass(slots=True)
class Attempt:
    """One attempt at an action; ``outcome`` is None while it is under way or its process died."""

    n: int
    step: str
    action: Action
    intended_at: datetime
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    by: str = ""
    detail: str = ""
    job: str = ""
    """Id of the job of Site Recovery that it became, where Azure told one."""

    @property
    def open(self) -> bool:
        """Whether nobody knows yet if it took effect."""
        return self.outcome in {None, Outcome.UNKNOWN}


@dataclass(slots=True)
class StepState:
    """Where one step stands, and why."""

    step: Step
    status: StepStatus = StepStatus.PENDING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    because: str = ""
    waits_until: datetime | None = None
    facts: dict[str, Setting] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    skipped: dict[str, Skipped] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    def count(self, *outcomes: Outcome | None) -> int:
        """Count targets whose latest attempt ended in one of these outcomes."""
        latest = {attempt.action.target: attempt.outcome for attempt in self.attempts}
        return sum(outcome in outcomes for outcome in latest.values())

    @property
    def planned(self) -> int:
        """How many targets this step meant to change."""
        return len({attempt.action.target for attempt in self.attempts})


class RunState:
    """Everything that the journal of one run says."""

    def __init__(self, pinned: RunPinned, at: datetime) -> None:
        self.pinned = pinned
        self.status = RunStatus.RUNNING
        self.successor = ""
        """The run that goes on with what an amended one did."""
        self.because = ""
        self.findings: tuple[Finding, ...] = ()
        self.started_at = at
        self.last_at = at
        self.finished_at: datetime | None = None
        self.holder = pinned.holder
        self.resumed = 0
        self.quarantined_until = _after(at, pinned.quarantine_s)
        """Until when nothing is sent, since another process held the lease before; None where none did."""
        self.seq = 1
        self.route = pinned.route
        """Where the run goes: the pinned route, or the reverse one once it was turned back."""
        self.graph = pinned.graph
        self.turned: RunTurned | None = None
        self.said: list[OperatorSaid] = []
        self.approvals: dict[str, list[Approval]] = {}
        self.item_requests: dict[str, list[ItemRequest]] = {}
        self.steps = {step.id: StepState(step) for step in pinned.graph.steps}
        self.attempts: dict[int, Attempt] = {}
        self.chosen_over: set[tuple[int, str]] = set()
        """Lines of another journal of this run, over which a person chose this one (safety S19)."""
        self.crashes: dict[str, int] = {}
        """How often in a row the process died while requests of a step were under way, none of which was seen
        to take effect (safety L3). Dying at a mere look repeats nothing and counts for nothing."""

    @property
    def run(self) -> str:
        """The run's id."""
        return self.pinned.run

    def apply(self, entry: Entry) -> None:
        """Take in the next entry.

        Raises:
            BrokenStoryError: It speaks of a step or an attempt that the journal does not know.
            IllegalMoveError: It makes a move that the table of states does not have.
        """
        match entry.event:
            case StepStarted() | StepWaiting() | StepSkips() | StepEnded() as event:
                self._apply_step(event, entry.at)
            case ActionIntended() as event:
                self._intend(event, entry.at)
            case ActionEnded() as event:
                self._end(event, entry.at)
            case RunEnded() as event:
                self.status = move_run(self.status, event.status)
                self.because, self.findings, self.finished_at = event.because, event.findings, entry.at
                self.successor = event.successor
            case OperatorSaid() as event:
                self._hear(event, entry.at)
            case RunResumed() | RunTurned() | RunSwitched() as event:
                self._go_on(event, entry.at)
            case JournalChosen() as event:
                self.chosen_over.add((event.other_seq, event.other_head))
            case JournalSealed():
                pass  # vouches for what was said; says nothing of the run
            case RunPinned():
                raise BrokenStoryError("a second run.pinned: two journals were joined")
        self.seq, self.last_at = entry.seq, entry.at

    def open_attempts(self, step: str) -> list[Attempt]:
        """Return the attempts of a step whose effect nobody knows yet, oldest first."""
        return [attempt for attempt in self._step(step).attempts if attempt.open]

    def applied(self) -> Iterator[Attempt]:
        """Yield every attempt that took effect, in the order of their intents."""
        return (attempt for attempt in self.attempts.values() if attempt.outcome is Outcome.APPLIED)

    @property
    def changed(self) -> bool:
        """Whether this run may have changed anything in the cloud."""
        harmless = {Outcome.TRANSIENT, Outcome.REFUSED, Outcome.VOID}
        return bool(self.pinned.carried) or any(
            attempt.outcome not in harmless for attempt in self.attempts.values()
        )

    @property
    def effects(self) -> tuple[Action, ...]:
        """Every action that took effect or may have, in order, after those of the run that was amended."""
        nothing = {Outcome.TRANSIENT, Outcome.REFUSED}
        own = (attempt.action for attempt in self.attempts.values() if attempt.outcome not in nothing)
        return (*self.pinned.carried, *own)

    @property
    def access_gap_s(self) -> float | None:
        """Seconds from the first revoke to the last grant: the longest that any user was without access."""
        revoked = [at.ended_at for at in self.applied() if isinstance(at.action, RevokeAssignment)]
        granted = [at.ended_at for at in self.applied() if isinstance(at.action, GrantAssignment)]
        first = min((at for at in revoked if at), default=None)
        last = max((at for at in granted if at), default=None)
        return (last - first).total_seconds() if first and last and last > first else None

    @property
    def recovered_at(self) -> datetime | None:
        """When users had the other side: access was granted there, or desktops that moved were opened again.

        None without such a step's proof, and for a run turned back.
        """
        return None if self.turned else self._proven_at("assignments.grant") or self._proven_at(OPENS)

    @property
    def restored_at(self) -> datetime | None:
        """When the way back gave access again; None without, and for a run that was not turned."""
        return self._proven_at("assignments.restore")

    @property
    def recovery_s(self) -> float | None:
        """Seconds from the start of the run until users had the other side."""
        at = self.recovered_at
        return (at - self.started_at).total_seconds() if at else None

    def _proven_at(self, uses: str) -> datetime | None:
        steps = [self.steps[step.id] for step in self.graph.steps if step.uses == uses]
        if not steps or not all(step.status is StepStatus.DONE for step in steps):
            return None
        return max(step.finished_at for step in steps if step.finished_at)

    def _step(self, step: str) -> StepState:
        if step not in self.steps:
            raise BrokenStoryError(f"speaks of step {step!r}, which the pinned runbook does not have")
        return self.steps[step]

    def _apply_step(self, event: StepStarted | StepWaiting | StepSkips | StepEnded, at: datetime) -> None:
        state = self._step(event.step)
        match event:
            case StepStarted():
                if state.status.ended and state.step.uses not in AGES:
                    raise BrokenStoryError(
                        f"step {event.step} begins again after it was {state.status.value}"
                    )
                state.status = move_step(event.step, state.status, StepStatus.RUNNING)
                state.started_at = state.started_at or at
                state.finished_at, state.because = None, ""
            case StepWaiting():
                state.because, state.waits_until = event.because, event.until
            case StepSkips():
                state.skipped.update({skip.target: skip for skip in event.skipped})
            case StepEnded():
                self.crashes.pop(event.step, None)
                state.status = move_step(event.step, state.status, event.status)
                state.finished_at, state.waits_until = at, None
                state.because, state.facts, state.findings = event.because, event.facts, event.findings

    def _intend(self, event: ActionIntended, at: datetime) -> None:
        if event.n != len(self.attempts) + 1:
            raise BrokenStoryError(f"attempt {event.n} after {len(self.attempts)} attempts")
        step = self._step(event.step)
        attempt = Attempt(n=event.n, step=event.step, action=event.action, intended_at=at)
        self.attempts[event.n] = attempt
        step.attempts.append(attempt)

    def _end(self, event: ActionEnded, at: datetime) -> None:
        attempt = self.attempts.get(event.n)
        if attempt is None or not attempt.open:
            raise BrokenStoryError(f"an end of attempt {event.n}, which is not under way")
        attempt.outcome, attempt.ended_at = event.outcome, at
        if event.outcome is Outcome.APPLIED:
            self.crashes.pop(attempt.step, None)
        attempt.by, attempt.detail, attempt.job = event.by, event.detail, event.job

    def _hear(self, event: OperatorSaid, at: datetime) -> None:
        self.said.append(event)
        if event.step is None:
            return
        if event.kind == "retry":
            self.crashes.clear()
        match event.kind:
            case "approve" | "reject" as verdict:
                self.approvals.setdefault(event.step, []).append(
                    Approval(
                        by=event.by,
                        at=event.asked_at or at,
                        verdict=verdict,
                        reason=event.reason,
                        evidence_name=event.evidence_name,
                        evidence_sha256=event.evidence_sha256,
                    )
                )
            case "retry" | "skip" | "choose" as kind if event.item:
                self.item_requests.setdefault(event.step, []).append(
                    ItemRequest(
                        kind=kind, item=event.item, by=event.by, at=at, reason=event.reason, value=event.value
                    )
                )

    def _go_on(self, event: RunResumed | RunTurned | RunSwitched, at: datetime) -> None:
        match event:
            case RunResumed():
                self._resume(event, at)
            case RunTurned():
                self._turn(event)
            case RunSwitched():
                self._switch(event)

    def _switch(self, event: RunSwitched) -> None:
        self._run_again()
        self.route = replace(self.route, mode=event.mode)

    def _run_again(self) -> None:
        self.crashes.clear()
        if self.status is not RunStatus.RUNNING:
            self.status = move_run(self.status, RunStatus.RUNNING)
        self.finished_at, self.because, self.findings = None, "", ()

    def _turn(self, event: RunTurned) -> None:
        if self.turned is not None:
            raise BrokenStoryError("a second run.turned: a run is turned back once")
        self._run_again()
        self.turned, self.route, self.graph = event, event.route, event.graph
        self.steps.update({step.id: StepState(step) for step in event.graph.steps})

    def _resume(self, event: RunResumed, at: datetime) -> None:
        if self.status is RunStatus.RUNNING:  # whoever drove it before wrote no end: the process died
            for step, state in self.steps.items():
                if any(attempt.outcome is None for attempt in state.attempts):
                    self.crashes[step] = self.crashes.get(step, 0) + 1
        self.status = move_run(self.status, RunStatus.RUNNING)
        self.holder, self.finished_at, self.because, self.findings = event.holder, None, "", ()
        self.quarantined_until = _after(at, event.quarantine_s)
        self.resumed += 1


def _after(at: datetime, seconds: float) -> datetime | None:
    return at + timedelta(seconds=seconds) if seconds > 0 else None


def fold(entries: Iterable[Entry]) -> RunState:
    """Fold a whole journal, first entry first.

    Raises:
        BrokenStoryError: There is no first entry, or the events contradict each other.
    """
    stream = iter(entries)
    first = next(stream, None)
    if first is None or not isinstance(first.event, RunPinned):
        raise BrokenStoryError("a journal begins with run.pinned, and this one does not")
    state = RunState(first.event, first.at)
    for entry in stream:
        state.apply(entry)
    return state
