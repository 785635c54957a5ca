"""A run from where its journal stands to its end, and the people who may stop it or turn it back."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from avd_failover.cloud import Cloud
from avd_failover.domain.clock import Clock
from avd_failover.domain.fence import UNFENCED, Fence
from avd_failover.domain.plan import Mode
from avd_failover.domain.rollback import no_way_back, way_back
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.amended import unapproved
from avd_failover.engine.crash_loop import crash_loop
from avd_failover.engine.orders import Order, Orders
from avd_failover.engine.progress import Progress
from avd_failover.engine.run import Operations, Run
from avd_failover.engine.stop import StoppedError, StopSignal
from avd_failover.journal.events import OperatorSaid, RunEnded, RunSwitched, RunTurned, StepEnded
from avd_failover.journal.store import Requests
from avd_failover.journal.writer import JournalWriter


class Conductor:
    """Drives a run and turns it back when somebody asks for that."""

    def __init__(
        self,
        *,
        journal: JournalWriter,
        cloud: Cloud,
        clock: Clock,
        operations: Operations,
        requests: Requests,
        essential: Collection[str],
        progress: Progress,
        self_fence: Fence = UNFENCED,
    ) -> None:
        self._journal = journal
        self._cloud = cloud
        self._clock = clock
        self._operations = operations
        self._requests = requests
        self._essential = frozenset(essential)
        self._progress = progress
        self._self_fence = self_fence
        self._stop = StopSignal()

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop and is on its way."""
        return self._stop.asked

    def stop(self, because: str, *, held: bool = False) -> None:
        """Ask the run to stop at its next safe point, to be resumed; ``held``: a person has to look first."""
        self._stop.ask(because, held=held)

    async def drive(self) -> RunStatus:
        """Drive to the end, and take the turns that people ask for on the way; the end is durable."""
        self._take_turn()  # asked of a process that died before it could turn
        status = await self._drive()
        while not status.final and self._take_turn():
            self._stop = StopSignal()
            status = await self._drive()
        return status

    def _take_turn(self) -> bool:
        """Turn if that was asked for and not done yet."""
        turn = self._asked_for()
        if isinstance(turn, RunTurned):
            self._leave(turn.because)
        if turn is not None:
            self._journal.append(turn)
        return turn is not None

    def _leave(self, because: str) -> None:
        """End what the way there left under way: it stopped where it stood, and is not entered again."""
        left = f"left where it stood: {because}"
        for name, step in self._journal.state.steps.items():
            if step.status is StepStatus.RUNNING:
                self._journal.append(StepEnded(step=name, status=StepStatus.SKIPPED, because=left))

    async def _drive(self) -> RunStatus:
        run = Run(
            journal=self._journal,
            cloud=self._cloud,
            clock=self._clock,
            operations=self._operations,
            stop=self._stop,
            progress=self._progress,
            self_fence=self._self_fence,
        )
        orders = Orders(self._requests, self._journal, self._stop, lambda *said: self._skip(run, *said))
        orders.take_up()
        listening = asyncio.ensure_future(orders.listen())
        try:
            state = self._journal.state
            if because := crash_loop(state) or unapproved(state, self._clock.now()):
                return await self._hold(because)
            with suppress(StoppedError):  # the run then stops at its first safe point
                await self._quarantine()
            return await run.drive()
        finally:
            listening.cancel()

    async def _hold(self, because: str) -> RunStatus:
        self._journal.append(RunEnded(status=RunStatus.HELD, because=because))
        await self._journal.concluded()
        return RunStatus.HELD

    async def _quarantine(self) -> None:
        """Wait until nothing that the holder before us sent can take effect any more (safety S18).

        On the run's clock, since the bound is the cloud's, and in full from now on: a moment of the old term,
        on another clock, would not tell how much of it has passed. Every reading of the run comes after it.
        """
        if self._self_fence.quarantined:
            await self._stop.sleep(self._clock, self._journal.state.route.plan.policies.in_flight_s)
            self._self_fence.waited_out()

    def _skip(self, run: Run, step: str, because: str) -> None:
        """Skip, unless safety rests on the step: then the request is on record and nothing follows."""
        known = self._journal.state.steps.get(step)
        if known is not None and known.step.uses not in self._essential:
            run.skip(step, because)

    def _asked_for(self) -> RunTurned | RunSwitched | None:
        """Return the turn that a person asked for and the run has not taken yet; back goes before on."""
        state = self._journal.state
        asked = {said.kind: said for said in reversed(state.said)}
        if state.turned is not None:
            return None
        if (said := asked.get(Order.ROLLBACK.value)) and not no_way_back(state.effects):
            return self._turn(said)
        if state.route.mode is Mode.PLANNED and (said := asked.get(Order.UNPLANNED.value)):
            because = f"the source is left as dark by {said.by}: {said.reason}"
            return RunSwitched(mode=Mode.UNPLANNED, because=because)
        return None

    def _turn(self, said: OperatorSaid) -> RunTurned:
        """Compose the way back from what may have taken effect; nobody needs to know more than that."""
        state = self._journal.state
        return RunTurned(
            route=state.route.reverse,
            graph=way_back(
                state.graph,
                state.effects,
                partial=state.route.partial,
                homeward=state.route.purpose is Purpose.FAILBACK,
            ),
            because=f"turned back by {said.by}: {said.reason}",
        )
