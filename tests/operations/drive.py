"""One step on one stage, without an engine: look, send what was planned, look again."""

import asyncio
import copy
from typing import Any

from avd_failover.domain.actions import Action, Moves
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.engine.confined import Confined
from avd_failover.engine.send import send
from avd_failover.operations.base import AnyOperation, Bound, Verdict
from avd_failover.operations.registry import CATALOGUE, operation_for
from tests.operations.estate import Estate
from tests.operations.places import make_route
from tests.operations.staging import STEP, Stage

WAY_BACK = frozenset(
    {"assignments.withdraw", "assignments.restore", "restore", "restore.earlier", "hosts.rest"}
)
"""Operations that undo what a run did: what they do depends on its journal, which no world of ours has."""
AUTHORED = frozenset({"command", "webhook", "gate", "profiles.confirm", "hosts.registered"})
"""Operations that do what settings or people say, outside Azure or not at all: see test_custom, test_gates,
test_profiles."""
REPLICATED = frozenset(name for name in CATALOGUE if name.startswith("personal."))
"""Operations on machines that Site Recovery moves: they need a vault, and this estate has none."""
DRILLS = frozenset({"production.record", "production.prove", "drill.hold", "drill.verdict"})
"""Operations that only a drill has: see test_production, test_hold."""
THERE = tuple(sorted(set(CATALOGUE) - WAY_BACK - AUTHORED - DRILLS - REPLICATED))
"""Every other operation: what it does depends on the world alone."""
WITH_CASES = (*THERE, "hosts.rest", "hosts.registered")
"""Operations that ``tests/cases`` has rows of: those two depend on deeds that cases can state."""

ENDS = {
    "scaling.raise": End.TARGET,
    "hosts.start": End.TARGET,
    "hosts.wake": End.TARGET,
    "capacity.prove": End.TARGET,
    "assignments.grant": End.TARGET,
    "checks.readiness": None,
    "barrier": None,
    "reconcile": None,
}
"""The end that each operation acts on in the shipped runbook; the source where it is not named."""


def bound_operation(stage: Stage, uses: str, *, end: End | None = None, epoch: int = 1) -> AnyOperation:
    """Make the operation as the engine does; ``end`` where the usual one is not wanted."""
    step = Step(id=STEP, uses=uses, side=end or ENDS.get(uses, End.SOURCE))
    return operation_for(Bound(run="run-1", epoch=epoch, route=stage.route, step=step))


async def look(operation: AnyOperation, stage: Stage) -> tuple[Moves, Verdict]:
    seen: Any = await operation.observe(stage.estate, stage.memory)
    return operation.plan(seen), operation.prove((seen,))


def see(operation: AnyOperation, stage: Stage) -> tuple[Moves, Verdict]:
    """Take one look and plan from it."""
    return asyncio.run(look(operation, stage))


def planned(stage: Stage, uses: str, **changes: Any) -> tuple[Action, ...]:
    """Return what a fresh process would do about the stage."""
    return see(bound_operation(stage, uses, **changes), stage)[0].actions


def perform(stage: Stage, *actions: Action) -> None:
    """Send actions through the engine's one sending place; the run remembers them."""
    confined = confined_to(stage)

    async def perform_all() -> None:
        for action in actions:
            await send(confined, action)
            stage.memory.remember(STEP, action)

    asyncio.run(perform_all())


def confined_to(stage: Stage) -> Confined:
    """Confine sending to the stage's plan, with every host of the stage seen already."""
    confined = Confined(stage.estate, Confinement.of(stage.route))
    for host in stage.world.hosts.values():
        confined.saw(host)
    return confined


def fork(stage: Stage) -> Stage:
    """Return an independent copy of a stage."""
    other = Stage(stage.route)
    other.memory = copy.deepcopy(stage.memory)
    other.estate = Estate(stage.world.copy(), copy.deepcopy(stage.script))
    other.world, other.script = other.estate.world, other.estate.script
    return other


def stage_with(*lines: str, **plan: Any) -> Stage:
    """Return a stage on which these lines were carried out."""
    stage = Stage(make_route(**plan))
    for line in lines:
        stage.change(line)
    return stage
