"""One step of a run: the level-triggered loop of design section 2.

Observe, plan, intents durable, apply, outcomes, prove; again until the proof holds or the deadline passes.
An attempt whose outcome nobody knows is settled by the next reading: if the plan asks for it again it did
not happen, otherwise it did. That is the same for an answer lost a second ago and for one lost with the
process that sent it, which is why resuming needs no code of its own.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Any

from avd_failover.cloud import Cloud
from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    Moves,
    RunCommand,
    Skipped,
    kind_of,
    subject_of,
)
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import (
    CloudError,
    OutsidePlanError,
    RefusedError,
    TransientError,
    UnknownError,
)
from avd_failover.domain.fence import UNFENCED, Fence, FencedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import IfUnreachable, OnFailure, Step
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.states import StepStatus
from avd_failover.engine.confined import Confined
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.patience import Patience
from avd_failover.engine.progress import Progress
from avd_failover.engine.send import send
from avd_failover.engine.stop import StoppedError, StopSignal
from avd_failover.engine.unhurried import unhurried
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Outcome,
    StepEnded,
    StepSkips,
    StepStarted,
    StepWaiting,
)
from avd_failover.journal.state import Attempt
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import (
    AfterRefusal,
    AnyOperation,
    Blocked,
    Moot,
    NotYet,
    Proven,
    Stuck,
    Verdict,
)

LOOKS_KEPT = 16
"""Looks handed to a proof; the barrier, which needs most, asks for two or three."""

UNDER_WAY = 128
"""Actions of a step that are under way at once; requests are bounded further by the throttle."""

PATIENCE_S = 60.0
"""How long an accepted action may take to show before it is sent again (safety S22)."""

DARK_S = 60.0
"""How long a source that is known to be dark may leave a step without an answer before its work is owed; a
guess, long enough for a few tries."""

DOUBT_S = 2.0
"""How long after a lost answer the same action may be sent again, where a reading says that it did not
happen; doubled with each answer lost in a row, up to PATIENCE_S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every step of a run shares."""

    confined: Confined
    clock: Clock
    journal: JournalWriter
    memory: RunMemory
    progress: Progress
    stop: StopSignal
    mode: Mode
    fence_s: float = inf
    """How long a source that does not answer is waited for (safety L5)."""
    self_fence: Fence = UNFENCED
    window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UNDER_WAY))

    @property
    def cloud(self) -> Cloud:
        """What is read and written."""
        return self.confined.cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended; ``moot`` says that the whole run has nothing to do."""

    status: StepStatus
    because: str
    moot: bool = False
    blocked: bool = False
    findings: tuple[Finding, ...] = ()


class _StuckError(Exception):
    """The step cannot go on by itself: refused for good."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


class StepRunner:
    """Runs one step to its verdict and writes down everything on the way."""

    def __init__(self, step: Step, operation: AnyOperation, tools: Tools) -> None:
        self._step = step
        self._operation = operation
        self._tools = tools
        self._clock = tools.clock
        self._journal = tools.journal
        self._looks: deque[Any] = deque(maxlen=LOOKS_KEPT)
        self._left: set[tuple[str, str]] = set()
        self._again_s: dict[tuple[str, str], float] = {}
        self._doubts: Counter[tuple[str, str]] = Counter()
        self._deadline_s = self._clock.monotonic() + step.proof_within_s
        self._stop = tools.stop.child()
        silent_s = _silent_s(step, tools)
        self._patience = Patience(tools.clock, self._stop, self._deadline_s, silent_s=silent_s)
        self._reads = unhurried(tools.cloud, self._patience)
        self._told = ""
        self._skipped = ""
        self._lost = ""
        """What the cloud said last when an answer was lost; empty once it answered."""

    async def run(self) -> StepResult:
        """Run to the verdict. Raises StoppedError when asked to stop, with nothing under way."""
        self._journal.append(StepStarted(step=self._step.id))
        try:
            result = await self._judge()
        finally:
            self._tools.stop.drop(self._stop)
        self._journal.append(
            StepEnded(
                step=self._step.id,
                status=result.status,
                because=result.because,
                facts=self._facts,
                findings=result.findings,
            )
        )
        return result

    def skip(self, because: str) -> None:
        """End the step at its next safe point as skipped, for a reason that a person gave."""
        self._skipped = self._skipped or because
        self._stop.ask(because)

    async def _judge(self) -> StepResult:
        self._facts: dict[str, Any] = {}
        try:
            return await self._patience.with_(self._loop)
        except StoppedError:
            if not self._skipped:
                raise
            return StepResult(status=StepStatus.SKIPPED, because=self._skipped)
        except TransientError as fault:
            return self._unreachable(fault)
        except RefusedError as fault:
            return self._failed(f"refused: {fault.message}")
        except _StuckError as stuck:
            return self._failed(stuck.because)

    async def _loop(self) -> StepResult:
        while True:
            verdict = await self._round()
            self._patience.calm()
            match verdict:
                case Proven():
                    self._facts = dict(verdict.facts)
                    idle = verdict.idle and not self._again_s
                    status = StepStatus.SKIPPED if idle else StepStatus.DONE
                    return StepResult(status=status, because=verdict.because)
                case Stuck():
                    return self._failed(verdict.because)
                case Moot():
                    return StepResult(status=StepStatus.SKIPPED, because=verdict.because, moot=True)
                case Blocked():
                    return StepResult(
                        status=StepStatus.HELD,
                        because=verdict.because,
                        blocked=True,
                        findings=verdict.findings,
                    )
                case NotYet():
                    if self._clock.monotonic() + verdict.look_again_s > self._deadline_s:
                        within = f"not within {self._step.proof_within_s:.0f} s"
                        return self._failed(f"{verdict.because} ({within})")
                    await self._wait(verdict)

    async def _round(self) -> Verdict:
        self._stop.check()
        seen = await self._look()
        moves = self._operation.plan(seen)
        self._looks.append(seen)
        self._settle(moves)
        self._tell_skips(moves.skipped)
        if due := [action for action in moves.actions if self._due(action)]:
            await self._apply(due)
            return NotYet(because=f"{len(due)} sent, looking again", look_again_s=0.0)
        return self._operation.prove(tuple(self._looks))

    async def _look(self) -> Any:  # noqa: ANN401 - the operation knows what it saw
        """Observe. A look that fails breaks the chain: nobody saw what happened meanwhile (S4, S7)."""
        try:
            return await self._operation.observe(self._reads, self._tools.memory)
        except CloudError:
            self._looks.clear()
            raise

    def _tell_skips(self, skipped: tuple[Skipped, ...]) -> None:
        """Write down what was left alone, as long as nothing was sent: later it may be our own doing."""
        state = self._journal.state.steps[self._step.id]
        fresh = tuple(skip for skip in skipped if skip.target not in state.skipped)
        if fresh and not state.attempts:
            self._journal.append(StepSkips(step=self._step.id, skipped=fresh))

    def _settle(self, moves: Moves) -> None:
        """Close the attempts that nobody knows the end of: wanted again means that it did not happen.

        That something is not wanted says that it happened only if everything was seen (safety S7).
        """
        again = {subject_of(action) for action in moves.actions}
        for attempt in self._journal.state.open_attempts(self._step.id):
            wanted = subject_of(attempt.action) in again
            if wanted or moves.whole:
                outcome = Outcome.VOID if wanted else Outcome.APPLIED
                self._journal.append(ActionEnded(n=attempt.n, outcome=outcome, by="reading"))
                self._tools.memory.sent(attempt)

    def _due(self, action: Action) -> bool:
        key = subject_of(action)
        return key not in self._left and self._clock.monotonic() >= self._again_s.get(key, -inf)

    def _be_patient(self, action: Action, seconds: float) -> None:
        self._again_s[subject_of(action)] = self._clock.monotonic() + seconds

    async def _apply(self, actions: list[Action]) -> None:
        if len(actions) == 1:
            await self._perform(actions[0])
            return
        outcomes = await asyncio.gather(
            *(self._perform(action) for action in actions), return_exceptions=True
        )
        if faults := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            raise min(faults, key=_urgency)

    async def _perform(self, action: Action) -> None:
        async with self._tools.window:
            self._stop.check()
            n = len(self._journal.state.attempts) + 1
            self._journal.append(ActionIntended(step=self._step.id, n=n, action=action))
            await self._journal.durable()
            attempt = self._journal.state.attempts[n]
            try:
                self._tools.self_fence.check()
                accepted = await send(self._tools.confined, action)
            except FencedError as fenced:  # never sent; whoever resumes settles the intent by reading
                self._tools.stop.ask(fenced.because)
                raise StoppedError(fenced.because) from fenced
            except TransientError as fault:
                self._end(attempt, Outcome.TRANSIENT, fault.message)
                raise
            except RefusedError as fault:
                self._end(attempt, Outcome.REFUSED, fault.message)
                self._refused(action, fault)
            except UnknownError as fault:
                self._doubts[subject_of(action)] += 1
                in_a_row = self._doubts[subject_of(action)]
                self._be_patient(action, min(PATIENCE_S, DOUBT_S * 2.0 ** (in_a_row - 1)))
                self._end(attempt, Outcome.UNKNOWN, fault.message)
                self._lost = fault.message
            else:
                self._lost = ""
                self._be_patient(action, PATIENCE_S)
                self._end(attempt, Outcome.APPLIED, accepted.detail, request_id=accepted.request_id)

    def _end(self, attempt: Attempt, outcome: Outcome, detail: str = "", request_id: str = "") -> None:
        self._journal.append(ActionEnded(n=attempt.n, outcome=outcome, detail=detail, request_id=request_id))
        self._tools.memory.sent(attempt)

    def _refused(self, action: Action, fault: RefusedError) -> None:
        if isinstance(fault, OutsidePlanError):
            raise _StuckError(f"{fault.code}: {fault.message}")
        match self._operation.after(action, fault):
            case AfterRefusal.STOP:
                raise _StuckError(_refusal_text(action, fault))
            case AfterRefusal.LEAVE:
                self._left.add(subject_of(action))
            case AfterRefusal.AGAIN:
                self._be_patient(action, PATIENCE_S)

    async def _wait(self, verdict: NotYet) -> None:
        if verdict.look_again_s <= 0:
            return
        left_s = self._deadline_s - self._clock.monotonic()
        until = self._clock.now() + timedelta(seconds=left_s)
        self._tools.progress.waiting(self._step.id, verdict.because, until)
        if verdict.because != self._told:
            self._told = verdict.because
            self._journal.append(StepWaiting(step=self._step.id, because=verdict.because, until=until))
        await self._stop.sleep(self._clock, verdict.look_again_s)

    def _unreachable(self, fault: TransientError) -> StepResult:
        because = f"no answer for {self._patience.silent_s:.0f} s: {fault.message}"
        if self._step.if_unreachable is IfUnreachable.DEBT and self._tools.mode is Mode.UNPLANNED:
            return StepResult(status=StepStatus.DEBT, because=because)
        stop = self._step.if_unreachable is IfUnreachable.STOP
        return StepResult(status=StepStatus.FAILED if stop else StepStatus.HELD, because=because)

    def _failed(self, because: str) -> StepResult:
        because = f"{because}; last answer: {self._lost}" if self._lost else because
        stop = self._step.on_failure is OnFailure.STOP
        return StepResult(status=StepStatus.FAILED if stop else StepStatus.HELD, because=because)


def _refusal_text(action: Action, fault: RefusedError) -> str:
    """Say who said no to what: Azure, or something outside that a step of the runbook runs or calls."""
    if isinstance(action, RunCommand | CallWebhook):
        return f"{action.target}: {fault.message}"
    return f"Azure refused {kind_of(action)} on {action.target}: {fault.message}"


def _silent_s(step: Step, tools: Tools) -> float:
    """Return how long nobody may answer this step before it is of no use to ask on (safety L5).

    An unplanned run begins with a source that does not answer. What may be owed there is asked for briefly.
    """
    if step.side is End.TARGET:
        return inf
    owes = step.if_unreachable is IfUnreachable.DEBT and tools.mode is Mode.UNPLANNED
    return min(DARK_S, tools.fence_s) if owes else tools.fence_s


def _urgency(fault: BaseException) -> tuple[int, float]:
    """Order the faults of one round: our defects first, then what ends the step, then the longest wait."""
    if isinstance(fault, TransientError):
        return 3, -fault.wait_s
    return (2 if isinstance(fault, StoppedError) else 1 if isinstance(fault, _StuckError) else 0), 0.0
