"""What a run would do, without doing it: observe and plan, for every step, on the world as it is now.

This is the dry run, and the plan of changes that a person confirms before a run. It sends reads only (O5).
Steps late in the graph are planned against today's world: what earlier steps would change is not there yet.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from avd_failover.cloud import Cloud
from avd_failover.domain.actions import Moves
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import TransientError
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import Mode
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.patience import Patience
from avd_failover.engine.run import Operations
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.events import RunPinned
from avd_failover.journal.state import RunState
from avd_failover.operations.base import Blocked, Bound, Moot, NotYet, Verdict

PREVIEW_WITHIN_S = 300.0
DARK_WITHIN_S = 20.0


class StepPreview(Struct, frozen=True, kw_only=True):
    """What one step would do now.

    ``verdict`` is what its proof says of the world as it is; None for a step that waits for changes, because
    only after those does its proof mean anything.
    """

    step: Step
    moves: Moves
    verdict: Verdict | None


class Preview(Struct, frozen=True, kw_only=True):
    """What a run would do now, steps in file order."""

    steps: tuple[StepPreview, ...]

    @property
    def blocked(self) -> Blocked | None:
        """The first interlock that would refuse, if any."""
        return next((one.verdict for one in self.steps if isinstance(one.verdict, Blocked)), None)

    @property
    def moot(self) -> Moot | None:
        """Why there is nothing to do, if so."""
        return next((one.verdict for one in self.steps if isinstance(one.verdict, Moot)), None)

    @property
    def changes(self) -> int:
        """How many actions are planned."""
        return sum(len(one.moves.actions) for one in self.steps)


async def preview(
    pinned: RunPinned, *, cloud: Cloud, clock: Clock, operations: Operations, stop: StopSignal
) -> Preview:
    """Observe and plan every step that applies to the run's mode.

    Raises the last fault of a read when it could not be had within five minutes. Of an unplanned run, whose
    source may be dark, a step that cannot be read says so instead, and sooner.
    """
    memory = RunMemory(RunState(pinned, clock.now()), clock)
    within_s = PREVIEW_WITHIN_S if pinned.route.mode is Mode.PLANNED else DARK_WITHIN_S
    deadline_s = clock.monotonic() + within_s

    async def look(step: Step) -> StepPreview:
        bound = Bound.to(step, pinned.route, run=pinned.run, epoch=pinned.holder.epoch)
        operation = operations(bound)
        try:
            seen: Any = await Patience(clock, stop, deadline_s).with_(
                lambda: operation.observe(cloud, memory)
            )
        except TransientError as fault:
            if pinned.route.mode is Mode.PLANNED:
                raise
            unread = NotYet(because=f"cannot be read now: {fault.brief}")
            return StepPreview(step=step, moves=Moves(whole=False), verdict=unread)
        return StepPreview(step=step, moves=operation.plan(seen), verdict=operation.prove((seen,)))

    steps = [step for step in pinned.graph.steps if pinned.route.mode in step.modes]
    looks = await asyncio.gather(*(look(step) for step in steps))
    return Preview(steps=_judged(pinned.graph, looks))


def _judged(graph: StepGraph, looks: Sequence[StepPreview]) -> tuple[StepPreview, ...]:
    """Take back the verdict of every step that waits for changes of another, directly or through others."""
    planned = {one.step.id: one for one in looks}
    waiting: set[str] = set()
    for step in (step for rank in graph.levels() for step in rank):
        needs = [planned[need] for need in step.needs if need in planned]
        if any(one.step.id in waiting or one.moves.actions for one in needs):
            waiting.add(step.id)
    return tuple(structs.replace(one, verdict=None) if one.step.id in waiting else one for one in looks)
