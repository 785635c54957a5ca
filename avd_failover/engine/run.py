"""A run: steps begin as soon as their needs allow, until all ended or one must not be passed."""

import asyncio
from collections.abc import Callable

from avd_failover.cloud import Cloud
from avd_failover.domain.clock import Clock
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.fence import UNFENCED, Fence
from avd_failover.domain.graph import Step
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import NOTHING_TO_DO
from avd_failover.engine.aged import aged
from avd_failover.engine.confined import Confined
from avd_failover.engine.frontier import Frontier
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.progress import Progress, Silent
from avd_failover.engine.steps import StepResult, StepRunner
from avd_failover.engine.stop import StoppedError, StopSignal
from avd_failover.engine.tools import Tools
from avd_failover.journal.events import ActionEnded, Outcome, RunEnded, StepEnded
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import AnyOperation, Bound

Operations = Callable[[Bound], AnyOperation]
"""Makes the operation that a step uses."""

AT_REST = frozenset({StepStatus.HELD, StepStatus.FAILED})
"""States of a step that a resumed run would enter again."""

GRACE_S = 30.0
"""How long requests under way may take to end after a stop request; what is left is settled on resume."""


class Run:
    """Drives one run from where its journal stands."""

    def __init__(
        self,
        *,
        journal: JournalWriter,
        cloud: Cloud,
        clock: Clock,
        operations: Operations,
        stop: StopSignal,
        progress: Progress | None = None,
        self_fence: Fence = UNFENCED,
    ) -> None:
        self._journal = journal
        self._state: RunState = journal.state
        self._operations = operations
        self._tools = Tools(
            confined=Confined(cloud, Confinement.of(journal.state.route, journal.state.graph.steps)),
            clock=clock,
            journal=journal,
            memory=RunMemory(journal.state, clock),
            progress=progress or Silent(),
            stop=stop,
            mode=journal.state.route.mode,
            self_fence=self_fence,
            fence_s=journal.state.route.plan.policies.fence_s,
        )
        self._frontier = Frontier(self._state.graph)
        self._runners: dict[str, StepRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._verdict: StepResult | None = None
        self._idle = asyncio.Event()
        self._bug: BaseException | None = None

    async def drive(self) -> RunStatus:
        """Run until every step ended, one holds the run, or somebody asks to stop; the end is durable.

        Raises whatever is our own defect, after everything under way has ended; the journal then says
        nothing of an end, and the run can be resumed.
        """
        self._frontier = Frontier(self._state.graph, self._ended())
        for step in self._frontier.first():
            self._begin(step)
        if self._tasks:
            await self._until_idle()
        if self._bug is not None:
            raise self._bug
        if self._verdict and self._verdict.moot:
            self._skip_rest()
        status, because = self._end()
        if status is RunStatus.ROLLED_BACK:
            self._close_open_attempts()
        findings = self._verdict.findings if self._verdict else ()
        self._journal.append(RunEnded(status=status, because=because, findings=findings))
        await self._journal.concluded()
        return status

    def skip(self, step: str, because: str) -> None:
        """Skip a step that runs, at its next safe point, or one that a resumed run would enter again."""
        if step in self._runners:
            self._runners[step].skip(because)
        elif step in self._state.steps and self._state.steps[step].status in AT_REST:
            self._journal.append(StepEnded(step=step, status=StepStatus.SKIPPED, because=because))

    def _ended(self) -> list[str]:
        again = aged(self._state, self._tools.clock.now())
        ended = [step.id for step in self._state.graph.steps if self._state.steps[step.id].status.ended]
        return [step for step in ended if step not in again]

    async def _until_idle(self) -> None:
        asked = asyncio.ensure_future(self._tools.stop.asked_for())
        idle = asyncio.ensure_future(self._idle.wait())
        await asyncio.wait({asked, idle}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not idle.done():
            grace = asyncio.ensure_future(self._tools.clock.sleep(GRACE_S))
            await asyncio.wait({idle, grace}, return_when=asyncio.FIRST_COMPLETED)
            grace.cancel()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        idle.cancel()

    def _begin(self, step: Step) -> None:
        task = asyncio.ensure_future(self._run_from(step))
        self._tasks.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) and not isinstance(fault, StoppedError):
            self._bug = self._bug or fault
            self._tools.stop.ask("a defect of the engine")
        if not self._tasks:
            self._idle.set()

    async def _run_from(self, step: Step) -> None:
        """Run a step and, in the same task, one of the steps that it enables; others get their own."""
        following: Step | None = step
        while following is not None:
            following = await self._run_step(following)

    async def _run_step(self, step: Step) -> Step | None:
        if self._tools.mode not in step.modes:
            because = f"applies to {' and '.join(mode.value for mode in step.modes)} runs only"
            self._journal.append(StepEnded(step=step.id, status=StepStatus.SKIPPED, because=because))
            return self._follow(step)
        state = self._state
        bound = Bound.to(step, state.route, run=state.run, epoch=state.holder.epoch)
        runner = self._runners[step.id] = StepRunner(step, self._operations(bound), self._tools)
        try:
            result = await runner.run()
        finally:
            del self._runners[step.id]
        if result.moot or not result.status.ended:
            self._verdict = self._verdict or result
            return None
        return self._follow(step)

    def _follow(self, step: Step) -> Step | None:
        """Begin what this step enables, but for the first one, which is returned to be run by the caller."""
        ready = self._frontier.ended(step.id)
        if self._verdict is not None or self._tools.stop.asked:
            return None
        for follower in ready[1:]:
            self._begin(follower)
        return ready[0] if ready else None

    def _close_open_attempts(self) -> None:
        """Settle what nobody knew the end of when the run was turned back: now it is known to be undone."""
        for attempt in [one for one in self._state.attempts.values() if one.open]:
            undone = "the way back left everything as before"
            self._journal.append(ActionEnded(n=attempt.n, outcome=Outcome.VOID, by="reading", detail=undone))

    def _skip_rest(self) -> None:
        skipped = StepStatus.SKIPPED
        for step, state in self._state.steps.items():
            if state.status is StepStatus.PENDING:
                self._journal.append(StepEnded(step=step, status=skipped, because=NOTHING_TO_DO))

    def _end(self) -> tuple[RunStatus, str]:
        verdict = self._verdict
        if verdict is None:
            if self._tools.stop.asked:
                held = RunStatus.HELD if self._tools.stop.held else RunStatus.INTERRUPTED
                return held, self._tools.stop.because
            if self._state.turned:
                what = "desktop" if self._state.route.plan.pool is PoolKind.PERSONAL else "pair"
                return RunStatus.ROLLED_BACK, f"every {what} is where it was"
            return RunStatus.COMPLETED, "every step ended"
        if verdict.moot:
            return RunStatus.COMPLETED, f"nothing to do: {verdict.because}"
        if verdict.status is StepStatus.FAILED:
            return RunStatus.FAILED, verdict.because
        if verdict.blocked and not self._state.changed:
            return RunStatus.REFUSED, verdict.because
        return RunStatus.HELD, verdict.because
