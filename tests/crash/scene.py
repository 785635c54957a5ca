"""A whole run on a simulated Azure that can be cut, resumed here or elsewhere, or turned back.

Real engine, operations, plan and runbook; the direct face, virtual time, a journal in memory. Plans and
scenarios are read once, so that a run costs some ten milliseconds.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from avd_failover.cli.request import Asked, Wish, of, read
from avd_failover.cli.standing import following
from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, kind_of
from avd_failover.domain.states import RunStatus
from avd_failover.engine import orders
from avd_failover.engine.clock import LoopClock
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.progress import Silent
from avd_failover.engine.virtual_loop import VirtualLoop
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Holder, RunResumed
from avd_failover.journal.ledger import ledger_of
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter, Observer
from avd_failover.operations.registry import CATALOGUE, operation_for
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.scenario import Scenario, load_scenario
from avd_failover.simulator.world import World
from tests.crash.cuts import CutStore, Knife, let_arrive, sharpen
from tests.crash.stage import _NOWHERE, ROOT, access, settings
from tests.crash.ways import STALE, Faults, Going

ESSENTIAL = tuple(name for name, spec in CATALOGUE.items() if spec.essential)
COARSE_S = 20.0
"""Between two looks for requests of people: they are not what is measured, and virtual hours are long."""

LEASE_S = 60.0
IN_FLIGHT_S = 360.0
"""The plans' ``in_flight``: how long a request of a dead process may still take effect."""


@cache
def asked(plan: str) -> Asked:
    """Read a plan once."""
    return read(str(ROOT / "plans" / f"{plan}.yaml"))


@cache
def scenario(name: str) -> Scenario:
    """Read a scenario once."""
    return load_scenario(ROOT / "scenarios" / f"{name}.yaml")


class Scene:
    """One run on one world."""

    ways: tuple[Going, ...] = tuple(Going)
    """How it can go on once it was killed."""
    stale: Faults = STALE
    """What makes its readings stale."""

    def __init__(
        self, name: str = "small", *, seed: int | None = None, faults: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self.name = name
        whole = scenario(name)
        self.asked = asked(whole.plan or name)
        self.world: World = build(whole if seed is None else whole.model_copy(update={"seed": seed}))
        self.seed = seed or 0
        self.run = f"{name}-20260401-021000-0001"
        self.store = MemoryStore(self.run)
        self.before = access(self.world)
        self.around = settings(self.world)
        self.epoch = 0
        self.host = "here"
        self.journal: JournalWriter | None = None
        self.knife = Knife(self.world)
        self.observers: list[Observer] = []
        self.evaluated: Counter[str] = Counter()
        """How often the audit looked at each invariant; kept by ``faults_found``."""
        self.hooks: list[Callable[[DirectCloud], None]] = []
        for fault in faults:
            self.world.faults.add("tester", fault)

    @property
    def state(self) -> RunState:
        """The fold of the run."""
        assert self.journal is not None
        return self.journal.state

    def drive(self, kill_at: int | None = None) -> RunStatus:
        """Drive from the start or from where the store stands; raises KilledError at the chosen boundary."""
        self.knife = Knife(self.world, kill_at)
        requests = self.store._requests
        self.store = CutStore(self.run, self.knife, self.store.lines)
        self.store._requests = requests
        return self.drive_as_is()

    def ends(self, going: Going) -> RunStatus:
        """Say how the killed run must end that goes on like this, as its journal stands."""
        return RunStatus.ROLLED_BACK if going is Going.BACK else RunStatus.COMPLETED

    def turn_back(self) -> RunStatus:
        """Ask for the way back, and drive to the end."""
        self.ask("rollback", reason="the matrix says so")
        return self.drive()

    def heal(self) -> None:
        """End what is wrong with the world, where something is."""

    def follow(self, first: "Scene", wish: Wish, after_s: float) -> None:
        """Become the run that follows another in its world, a while after it completed."""
        if first.drive() is not RunStatus.COMPLETED:
            raise AssertionError(f"the run before {first.state.status.value}: {first.state.because}")
        self.asked = following(of(wish, first.asked), ledger_of([first.state]))
        self.world = first.world
        self.later(after_s)
        self.run = f"{self.name}-20260401-050000-0002"
        self.store = MemoryStore(self.run)
        self.knife = Knife(self.world)
        self.before, self.around = access(self.world), settings(self.world)

    def drive_as_is(self) -> RunStatus:
        """Drive on the store as it is."""
        look, orders.LOOK_EVERY_S = orders.LOOK_EVERY_S, COARSE_S
        try:
            with asyncio.Runner(loop_factory=self._loop) as runner:
                return runner.run(self._drive())
        finally:
            orders.LOOK_EVERY_S = look
            self._bury()

    def final(self) -> bool:
        """Whether the journal says that nothing can follow; the state is then the journal's."""
        if not replay(self.store).state.status.final:
            return False
        self.journal = JournalWriter.reopen(self.store, LoopClockAt(self.world))
        return True

    def ask(self, kind: str, **words: str) -> None:
        """Append a request of an operator."""
        self.store.append_request(self.world.at(), kind, json.dumps({"by": "tester"} | words))

    def later(self, seconds: float) -> None:
        """Let the world go on without the engine."""
        self.world.advance(self.world.now_s + seconds)

    def move(self) -> None:
        """Go on from another machine, after lease and in-flight time are over (safety S18)."""
        self.host = "elsewhere"
        self.later(LEASE_S + IN_FLIGHT_S)

    def arrive_late(self) -> None:
        """Let what the dead process had under way take effect within the in-flight time."""
        let_arrive(self.world, list(self.knife.flights.values()), (2.0, 45.0, 300.0))

    def _loop(self) -> VirtualLoop:
        """Make a loop that does not complain of the tasks that died with the process."""
        loop, knife = VirtualLoop(), self.knife
        loop.set_exception_handler(
            lambda loop, context: None if knife.dead else loop.default_exception_handler(context)
        )
        return loop

    def _bury(self) -> None:
        if self.knife.dead:
            requests = self.store._requests
            self.store = MemoryStore(self.run, self.knife.durable)
            self.store._requests = requests

    async def _drive(self) -> RunStatus:
        self.epoch += 1
        clock = LoopClock(self.world.at() + timedelta(seconds=1))
        observers = [self.knife.entry, *self.observers]
        self.journal = self._open(clock, observers)
        cloud = DirectCloud(self.world, clock, seed=self.seed * 100 + self.epoch)
        sharpen(cloud, self.knife)
        for hook in self.hooks:
            hook(cloud)
        conductor = Conductor(
            journal=self.journal,
            cloud=cloud,
            clock=clock,
            operations=operation_for,
            requests=self.store,
            essential=ESSENTIAL,
            progress=Silent(),
        )
        return await conductor.drive()

    def _open(self, clock: LoopClock, observers: list[Observer]) -> JournalWriter:
        holder = Holder(host=self.host, pid=self.epoch, epoch=self.epoch)
        if not self.store.lines:
            pinned = self.asked.pin(self.run, _NOWHERE, self.name, holder)
            return JournalWriter.create(self.store, clock, pinned, observers)
        journal = JournalWriter.reopen(self.store, clock, observers)
        journal.append(RunResumed(holder=holder, engine="0"))
        return journal

    def unsafe(self, *, by: str = "") -> list[str]:
        """Return every invariant that the world's own audit finds broken, by actors whose name begins so."""
        judged = audit(self.world)
        self.evaluated.update(judged["evaluated"])
        broken = [one for one in judged["violations"] if one["actor"].startswith(by)]
        return [f"audit: {one['invariant']} {one['detail']}" for one in broken]

    def faults_found(self) -> list[str]:
        """Return every way in which a finished run is not as safety demands; empty is right."""
        found = self.unsafe()
        state = replay(self.store).state
        if state.seq != self.state.seq or state.status is not self.state.status:
            found.append("the journal tells another story than the run")
        found += [f"attempt {one.n} left open" for one in state.attempts.values() if one.open]
        after = access(self.world)
        if state.status is RunStatus.ROLLED_BACK:
            found += _differences("access", self.before, after)
            found += _differences("settings", self.around, settings(self.world))
        if state.status is RunStatus.COMPLETED:
            found += self._misplaced(after)
        return found

    def _misplaced(self, after: dict[str, dict[str, Any]]) -> list[str]:
        """Compare every assignment of the world with what a completed run must have left."""
        route = self.asked.route
        moves = {(str(p.source), str(p.group.id)): str(p.target) for p in route.pairs}
        role = route.plan.role
        wanted = []
        for one in self.before.values():
            to = moves.get((one["scope"].lower(), one["principal_id"].lower()))
            plan_role = one["role_definition_id"].lower().endswith(str(role).lower())
            wanted.append(_essence(one, to if to and plan_role else None))
        have = [_essence(one, None) for one in after.values()]
        lost = [one for one in wanted if one not in have]
        extra = [one for one in have if one not in wanted]
        return [f"lost: {one}" for one in lost] + [f"not wanted: {one}" for one in extra]


class LoopClockAt:
    """A clock that stands where a world stands, for reading a journal outside any loop."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """Return the world's time."""
        return self._world.at()

    def monotonic(self) -> float:
        """Return the world's seconds."""
        return self._world.now_s

    async def sleep(self, seconds: float) -> None:
        """Nobody waits on it."""
        raise AssertionError("a journal is only read here")


def _essence(one: dict[str, Any], scope: str | None) -> tuple[Any, ...]:
    role = one["role_definition_id"].lower().rsplit("/", 1)[-1]
    rest = ("principal_id", "principal_type", "condition", "condition_version", "description")
    return ((scope or one["scope"]).lower(), role, *(str(one[name]).lower() for name in rest))


def _differences(what: str, before: Any, after: Any) -> list[str]:
    if before == after:
        return []
    keys = sorted({*before, *after})
    changed = [key for key in keys if before.get(key) != after.get(key)]
    return [f"{what} of {key} changed: {before.get(key)} -> {after.get(key)}" for key in changed]


def identity(action: Action) -> tuple[str, ...]:
    """Return what makes two actions the same mutation: kind, target, and what it is set to."""
    if isinstance(action, RevokeAssignment | GrantAssignment):
        return kind_of(action), action.target
    wanted = {name: value for name, value in _fields(action).items() if name not in {"reason", "before"}}
    return kind_of(action), str(wanted)


def _fields(action: Action) -> dict[str, Any]:
    return {name: getattr(action, name) for name in action.__struct_fields__}
