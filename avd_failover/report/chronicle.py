"""What a report needs of a journal and ``RunState`` does not keep: who drove when, and every turn of a step.

``RunState`` says where a run stands; this keeps how it came there. It is fed entry by entry, beside the fold.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import Way
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Entry,
    Holder,
    OperatorSaid,
    Outcome,
    RunEnded,
    RunPinned,
    RunResumed,
    RunSwitched,
    RunTurned,
    StepEnded,
    StepStarted,
    StepWaiting,
)
from avd_failover.report.account import Decision, Drive, Turn, Waiting
from avd_failover.report.chapters import Switch, TakeOver
from avd_failover.report.turning import gives_start

CUT_OFF = "cut off"
"""Result of a turn whose process ended, or was stopped, before the step had its verdict."""

KILLED = "killed"


@dataclass(slots=True)
class Order:
    """Numbers of the entries whose order the safety case speaks of; None for what did not happen."""

    first_revoke: int | None = None
    last_revoke_end: int | None = None
    first_grant: int | None = None
    last_access: int | None = None
    """The last request that could move access."""
    step_ends: dict[str, int] = field(default_factory=dict)
    """Last end of each step."""


@dataclass(slots=True)
class _Driving:
    """A drive that has no end yet."""

    since: datetime
    holder: Holder
    engine: str
    how: str


_OfTheRun = RunPinned | RunResumed | RunEnded | RunTurned | RunSwitched


class Chronicle:
    """Keeps the turns of steps, the drives, the waits, the findings and the order of a journal."""

    def __init__(self) -> None:
        self.turns: dict[str, list[Turn]] = {}
        self.waits: dict[str, list[Waiting]] = {}
        self.findings: dict[tuple[Finding, str | None], datetime] = {}
        self.decisions: list[Decision] = []
        self.switched: list[Switch] = []
        self.taken_over: list[TakeOver] = []
        self.order = Order()
        self.back: Order | None = None
        """The order of the way back; None for a run that has none, or has not set out on it."""
        self.turned_at: datetime | None = None
        self._drives: list[Drive] = []
        self._drive: _Driving | None = None
        self._last_drive: _Driving | None = None
        self._open: dict[str, datetime] = {}
        self._revokes: dict[int, str] = {}
        self._steps: dict[str, Step] = {}
        self._last_at: datetime | None = None

    def entry(self, entry: Entry) -> None:
        """Take in the next entry."""
        match entry.event:
            case RunPinned() | RunResumed() | RunEnded() | RunTurned() | RunSwitched() as event:
                self._run(event, entry.at)
            case OperatorSaid() as event:
                self._decided(event, entry.at)
            case StepStarted(step=step):
                self._open[step] = entry.at
            case StepWaiting() as event:
                wait = Waiting(at=entry.at, because=event.because, until=event.until)
                self.waits.setdefault(event.step, []).append(wait)
            case StepEnded() as event:
                self._step_end(event, entry)
            case ActionIntended() as event:
                self._intent(event, entry.seq)
            case ActionEnded() as event:
                self._outcome(event, entry.seq)
        self._last_at = entry.at

    def drives(self, *, alive: bool) -> tuple[Drive, ...]:
        """Return who drove; the last one still does when ``alive``, else it was killed."""
        if self._drive is None:
            return tuple(self._drives)
        ended, until = ("", None) if alive else (KILLED, self._last_at)
        return (*self._drives, _drive(self._drive, until, ended, ""))

    def turns_of(self, step: str, *, alive: bool) -> tuple[Turn, ...]:
        """Return the turns of a step, one still open included."""
        turns = tuple(self.turns.get(step, ()))
        if step not in self._open:
            return turns
        ended = None if alive else self._last_at
        result = "running" if alive else CUT_OFF
        return (*turns, Turn(started_at=self._open[step], ended_at=ended, result=result, because=""))

    def _run(self, event: _OfTheRun, at: datetime) -> None:
        match event:
            case RunPinned():
                self._know(event.graph)
                self._quarantine(event, at)
                self._begin(_Driving(at, event.holder, event.engine, "began"))
            case RunResumed():
                self._quarantine(event, at)
                self._close(KILLED, "", self._last_at or at)
                self._begin(_Driving(at, event.holder, event.engine, "resumed"))
            case RunTurned():
                self._know(event.graph)
                self.turned_at, self.back = at, Order()
                self._go_on("turned back", at)
            case RunSwitched():
                self.switched.append(Switch(at=at, mode=event.mode.value, because=event.because))
                self._go_on("went on", at)
            case RunEnded():
                self._note(event.findings, None, at)
                self._close(event.status.value, event.because, at)

    def _quarantine(self, event: RunPinned | RunResumed, at: datetime) -> None:
        if event.quarantine_s > 0:
            until = at + timedelta(seconds=event.quarantine_s)
            self.taken_over.append(TakeOver(at=at, until=until, epoch=event.holder.epoch))

    def _go_on(self, how: str, at: datetime) -> None:
        """Begin again in the same process, unless it never stopped."""
        if self._drive is None and (last := self._last_drive) is not None:
            self._begin(_Driving(at, last.holder, last.engine, how))

    def _begin(self, drive: _Driving) -> None:
        self._drive = self._last_drive = drive

    def _decided(self, event: OperatorSaid, at: datetime) -> None:
        self.decisions.append(
            Decision(
                at=at,
                kind=event.kind,
                by=event.by,
                reason=event.reason,
                step=event.step,
                item=event.item,
                value=event.value,
                evidence_name=event.evidence_name,
                evidence_sha256=event.evidence_sha256,
            )
        )

    def _close(self, ended: str, because: str, at: datetime) -> None:
        for step, since in self._open.items():
            turn = Turn(started_at=since, ended_at=at, result=CUT_OFF, because=because)
            self.turns.setdefault(step, []).append(turn)
        self._open.clear()
        if self._drive is not None:
            self._drives.append(_drive(self._drive, at, ended, because))
        self._drive = None

    def _step_end(self, event: StepEnded, entry: Entry) -> None:
        self._order(event.step).step_ends[event.step] = entry.seq
        self._note(event.findings, event.step, entry.at)
        since = self._open.pop(event.step, None)
        if since is not None:
            turn = Turn(
                started_at=since,
                ended_at=entry.at,
                result=event.status.value,
                because=event.because,
            )
            self.turns.setdefault(event.step, []).append(turn)

    def _note(self, findings: tuple[Finding, ...], step: str | None, at: datetime) -> None:
        for finding in findings:
            told_by_step = any(known == finding for known, _ in self.findings)
            if step is not None or not told_by_step:
                self.findings.setdefault((finding, step), at)

    def _intent(self, event: ActionIntended, seq: int) -> None:
        order, step = self._order(event.step), self._steps.get(event.step)
        match event.action:
            case RevokeAssignment():
                order.first_revoke = order.first_revoke or seq
                self._revokes[event.n] = event.step
            case GrantAssignment() if step is None or not gives_start(step):
                order.first_grant = order.first_grant or seq
            case _:
                return
        order.last_access = seq

    def _outcome(self, event: ActionEnded, seq: int) -> None:
        if event.outcome is Outcome.APPLIED and event.n in self._revokes:
            self._order(self._revokes[event.n]).last_revoke_end = seq

    def _know(self, graph: StepGraph) -> None:
        self._steps.update({step.id: step for step in graph.steps})

    def _order(self, step: str) -> Order:
        """Return the order that a step's entries belong to: that of the way there, or of the way back."""
        known = self._steps.get(step)
        if self.back is None and known is not None and known.way is Way.BACK:
            self.back = Order()
        goes_back = self.turned_at is not None or (known is not None and known.way is Way.BACK)
        return self.back if goes_back and self.back is not None else self.order


def _drive(one: _Driving, until: datetime | None, ended: str, because: str) -> Drive:
    return Drive(
        host=one.holder.host,
        pid=one.holder.pid,
        epoch=one.holder.epoch,
        engine=one.engine,
        how=one.how,
        since=one.since,
        until=until,
        ended=ended,
        because=because,
    )
