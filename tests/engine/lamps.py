"""A world for engine tests: machines are lamps, steps switch them on, faults are scripted per request."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from avd_failover.cloud import Accepted, Cloud
from avd_failover.domain.actions import Action, Moves, Skipped, StartMachine
from avd_failover.domain.estate import HostStatus, Machine, PoolKind, PowerState, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.ids import MachineId, SessionHostId, name_of
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.run import Run
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.codec import decode
from avd_failover.journal.events import SCHEMA, Holder, RunPinned, RunResumed
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import AfterRefusal, AnyOperation, Bound, NotYet, Proven, Verdict
from tests.journal.builders import make_plan

T0 = datetime(2026, 3, 2, 2, 55, tzinfo=UTC)
RUN = "lamps-20260302-025500-0001"


class Lamps:
    """The lamps that are on, the faults still to come, and everything that was asked."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.faults: dict[str, deque[Exception | None]] = {}
        self.lost: dict[str, deque[Exception | None]] = {}
        """Faults whose request took effect all the same."""
        self.read_faults: deque[Exception | None] = deque()
        self.sent: list[str] = []
        self.reads = 0
        self.takes_s = 1.0
        self.before_send: Callable[[str], None] = lambda _: None

    @property
    def machines(self) -> "Lamps":
        return self

    @property
    def hosts(self) -> "Sockets":
        return Sockets()

    async def get(self, machine: MachineId) -> Machine:
        self.reads += 1
        if self.read_faults and (fault := self.read_faults.popleft()):
            raise fault
        power = PowerState.RUNNING if machine in self.on else PowerState.DEALLOCATED
        return Machine(id=machine, location="here", power=power)

    async def start(self, machine: MachineId) -> Accepted:
        self.sent.append(machine)
        self.before_send(machine)
        if (queue := self.faults.get(machine)) and (fault := queue.popleft()):
            raise fault
        await asyncio.sleep(self.takes_s)
        self.on.add(machine)
        if (queue := self.lost.get(machine)) and (fault := queue.popleft()):
            raise fault
        return Accepted(at=T0, request_id=f"r{len(self.sent)}")

    async def aclose(self) -> None:
        """Nothing to release."""


class Sockets:
    """The session hosts of this world: behind each of any name is the lamp of that name."""

    async def get(self, host: SessionHostId) -> SessionHost:
        return SessionHost(
            id=host, machine=MachineId(name_of(host)), status=HostStatus.SHUTDOWN, allows_new_sessions=True
        )


class LampsSeen(Struct, frozen=True):
    lamps: tuple[Machine, ...]


class SwitchOn:
    """Switch on the lamps that the step's settings name."""

    def __init__(self, bound: Bound, *, lag: int = 0, tolerate: AfterRefusal = AfterRefusal.STOP) -> None:
        self.names = str(bound.step.settings.get("lamps", "")).split()
        self.pool = bound.route.side(End.TARGET).host_pool
        self.lag = lag
        self.tolerate = tolerate

    async def observe(self, cloud: Any, memory: object) -> LampsSeen:
        for name in self.names:
            await cloud.hosts.get(SessionHostId(f"{self.pool}/sessionhosts/{name}"))
        return LampsSeen(tuple([await cloud.machines.get(MachineId(name)) for name in self.names]))

    def plan(self, seen: LampsSeen) -> Moves:
        dark = [lamp for lamp in seen.lamps if lamp.power is not PowerState.RUNNING]
        lit = [lamp for lamp in seen.lamps if lamp not in dark]
        return Moves(
            actions=tuple(StartMachine(machine=lamp.id, reason="too dark") for lamp in dark),
            skipped=tuple(Skipped(target=lamp.id, because="is on") for lamp in lit),
        )

    def prove(self, looks: Sequence[LampsSeen]) -> Verdict:
        dark = [lamp.id for lamp in looks[-1].lamps if lamp.power is not PowerState.RUNNING]
        if dark or len(looks) <= self.lag:
            return NotYet(because=f"dark: {' '.join(dark)}")
        on = len(looks[-1].lamps)
        idle = all(lamp.power is PowerState.RUNNING for lamp in looks[0].lamps)
        return Proven(because=f"{on} lit", facts={"lit": on}, idle=idle)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        return self.tolerate


class Fixed:
    """An operation whose verdict is known beforehand."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = deque(verdicts)

    async def observe(self, cloud: object, memory: object) -> None:
        return None

    def plan(self, seen: None) -> Moves:
        return Moves()

    def prove(self, looks: Sequence[None]) -> Verdict:
        return self.verdicts.popleft() if len(self.verdicts) > 1 else self.verdicts[0]

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        return AfterRefusal.STOP


def lamp_step(name: str, lamps: str = "", *needs: str, **changes: Any) -> Step:
    return Step(id=name, uses="lamps.on", needs=needs, settings={"lamps": lamps or name}, **changes)


def make_graph(*steps: Step) -> StepGraph:
    return StepGraph(runbook="lamps", summary="", pool=PoolKind.POOLED, steps=steps)


def pinned_for(graph: StepGraph, mode: Mode = Mode.PLANNED) -> RunPinned:
    return RunPinned(
        run=RUN,
        schema=SCHEMA,
        engine="0",
        route=Route(plan=make_plan(), mode=mode),
        graph=graph,
        plan_sha256="0" * 64,
        runbook_sha256="0" * 64,
        arm_endpoint="http://127.0.0.1:1",
        graph_endpoint="http://127.0.0.1:1",
        simulated=None,
        holder=Holder(host="h", pid=1),
    )


def switch_on(bound: Bound) -> AnyOperation:
    return SwitchOn(bound)


class Stage:
    """One run on one store: driven once or, after a crash, again on the same store."""

    def __init__(self, graph: StepGraph, lamps: Lamps | None = None, mode: Mode = Mode.PLANNED) -> None:
        self.lamps = lamps or Lamps()
        self.store = MemoryStore(RUN)
        self.pinned = pinned_for(graph, mode)
        self.operations: Callable[[Bound], AnyOperation] = switch_on
        self.stop: StopSignal | None = None
        self.journal: JournalWriter | None = None
        self.took_s = 0.0

    @property
    def state(self) -> RunState:
        assert self.journal is not None
        return self.journal.state

    def drive(self) -> RunStatus:
        """Drive in virtual time, from the start or from where the store stands."""
        return run_virtually(self._drive())

    async def _drive(self) -> RunStatus:
        clock = LoopClock(T0)
        if self.store.lines:
            self.journal = JournalWriter.reopen(self.store, clock)
            self.journal.append(RunResumed(holder=Holder(host="h", pid=2, epoch=2), engine="0"))
        else:
            self.journal = JournalWriter.create(self.store, clock, self.pinned)
        self.stop = StopSignal()
        cloud: Cloud = self.lamps  # type: ignore[assignment]
        run = Run(journal=self.journal, cloud=cloud, clock=clock, operations=self.operations, stop=self.stop)
        try:
            return await run.drive()
        finally:
            self.took_s = clock.monotonic()

    def events(self, kind: str) -> list[Any]:
        """Return the events of one kind that are durable, in order."""
        found = (decode(seq, line).event for seq, line in enumerate(self.store.lines, 1))
        return [event for event in found if event.__struct_config__.tag == kind]
