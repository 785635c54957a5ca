"""One step of a run: the level-triggered loop of design section 2.

Observe, plan, intents durable, apply, outcomes, prove; again until the proof holds or the deadline passes.
An attempt whose outcome nobody knows is settled by the next reading: if the plan asks for it again it did
not happen, otherwise it did. That is the same for an answer lost a second ago and for one lost with the
process that sent it, which is why resuming needs no code of its own.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

from avd_failover.domain.actions import Skipped
from avd_failover.domain.faults import CloudError, RefusedError, TransientError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import IfUnreachable, OnFailure, Step
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.states import StepStatus
from avd_failover.engine.attempts import Attempts, StuckError
from avd_failover.engine.patience import Patience
from avd_failover.engine.stop import StoppedError
from avd_failover.engine.tools import Tools
from avd_failover.engine.unhurried import unhurried
from avd_failover.journal.events import StepEnded, StepSkips, StepStarted, StepWaiting
from avd_failover.operations.base import AnyOperation, Blocked, Moot, NotYet, Proven, Stuck, Verdict

LOOKS_KEPT = 16
"""Looks handed to a proof; the barrier, which needs most, asks for two or three."""

TOLD_AFTER_S = 10.0
"""After so long without an answer a step says so, well before the half minute that may pass untold (L10)."""

DARK_S = 60.0
"""How long a source that is known to be dark may leave a step without an answer before its work is owed; a
guess, long enough for a few tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended; ``moot`` says that the whole run has nothing to do."""

    status: StepStatus
    because: str
    moot: bool = False
    blocked: bool = False
    findings: tuple[Finding, ...] = ()


class StepRunner:
    """Runs one step to its verdict and writes down everything on the way."""

    def __init__(self, step: Step, operation: AnyOperation, tools: Tools) -> None:
        self._step = step
        self._operation = operation
        self._tools = tools
        self._clock = tools.clock
        self._journal = tools.journal
        self._looks: deque[Any] = deque(maxlen=LOOKS_KEPT)
        self._deadline_s = self._clock.monotonic() + step.proof_within_s
        self._stop = tools.stop.child()
        silent_s = _silent_s(step, tools)
        self._silent_at_most_s = silent_s
        self._patience = Patience(tools.clock, self._stop, self._deadline_s, silent_s=silent_s)
        self._reads = unhurried(tools.cloud, self._patience)
        self._attempts = Attempts(step.id, operation, tools, stop=self._stop, patience=self._patience)
        self._told = ""
        self._skipped = ""

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
        except StuckError as stuck:
            return self._failed(stuck.because)

    async def _loop(self) -> StepResult:
        while True:
            verdict = await self._round()
            self._patience.calm()
            match verdict:
                case Proven():
                    self._facts = dict(verdict.facts)
                    idle = verdict.idle and not self._attempts.accepted
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
        self._attempts.settle(moves)
        self._tell_skips(moves.skipped)
        if due := [action for action in moves.actions if self._attempts.due(action)]:
            await self._attempts.make(due)
            return NotYet(because=f"{len(due)} sent, looking again", look_again_s=0.0)
        return self._operation.prove(tuple(self._looks))

    async def _look(self) -> Any:  # noqa: ANN401 - the operation knows what it saw
        """Observe. A look that fails breaks the chain: nobody saw what happened meanwhile (S4, S7)."""
        try:
            return await self._operation.observe(self._reads, self._tools.memory)
        except CloudError as fault:
            self._looks.clear()
            if self._patience.silent_s >= TOLD_AFTER_S:
                self._tell_wait(f"no answer yet ({fault.brief}), asked again", self._silent_at_most_s)
            raise

    def _tell_skips(self, skipped: tuple[Skipped, ...]) -> None:
        """Write down what was left alone, as long as nothing was sent: later it may be our own doing."""
        state = self._journal.state.steps[self._step.id]
        fresh = tuple(skip for skip in skipped if skip.target not in state.skipped)
        if fresh and not state.attempts:
            self._journal.append(StepSkips(step=self._step.id, skipped=fresh))

    async def _wait(self, verdict: NotYet) -> None:
        if verdict.look_again_s <= 0:
            return
        self._tell_wait(verdict.because, inf)
        await self._stop.sleep(self._clock, verdict.look_again_s)

    def _tell_wait(self, because: str, at_most_s: float) -> None:
        """Say what is waited for and until when at most, and write it down when it is news (safety L10)."""
        left_s = min(self._deadline_s - self._clock.monotonic(), at_most_s)
        until = self._clock.now() + timedelta(seconds=max(0.0, left_s))
        self._tools.progress.waiting(self._step.id, because, until)
        if because != self._told:
            self._told = because
            self._journal.append(StepWaiting(step=self._step.id, because=because, until=until))

    def _unreachable(self, fault: TransientError) -> StepResult:
        because = f"no answer for {self._patience.silent_s:.0f} s: {fault.message}"
        if self._step.if_unreachable is IfUnreachable.DEBT and self._tools.mode is Mode.UNPLANNED:
            return StepResult(status=StepStatus.DEBT, because=because)
        stop = self._step.if_unreachable is IfUnreachable.STOP
        return StepResult(status=StepStatus.FAILED if stop else StepStatus.HELD, because=because)

    def _failed(self, because: str) -> StepResult:
        lost = self._attempts.lost
        because = f"{because}; last answer: {lost}" if lost else because
        stop = self._step.on_failure is OnFailure.STOP
        return StepResult(status=StepStatus.FAILED if stop else StepStatus.HELD, because=because)


def _silent_s(step: Step, tools: Tools) -> float:
    """Return how long nobody may answer this step before it is of no use to ask on (safety L5).

    An unplanned run begins with a source that does not answer. What may be owed there is asked for briefly.
    """
    if step.side is End.TARGET:
        return inf
    owes = step.if_unreachable is IfUnreachable.DEBT and tools.mode is Mode.UNPLANNED
    return min(DARK_S, tools.fence_s) if owes else tools.fence_s
