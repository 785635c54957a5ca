"""A whole run on a simulated Azure without wire: real engine and operations, virtual time, memory journal."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from avd_failover.cli.request import Asked, read
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.progress import Silent
from avd_failover.journal.events import Entry, Holder, RunPinned, RunResumed
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import CATALOGUE, operation_for
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.scenario import load_scenario
from avd_failover.simulator.world import World

ROOT = Path(__file__).parents[2]
RUN = "pooled-eu-20260302-025500-0001"
Watch = Callable[["Stage", Entry, RunState], None]


def a_world(scenario: str = "pooled-eu") -> World:
    """Build the world of a scenario."""
    return build(load_scenario(ROOT / "scenarios" / f"{scenario}.yaml"))


class Stage:
    """One run of a plan on one world; driven again after a crash, on the same world and store."""

    def __init__(self, plan: str = "pooled-eu", scenario: str = "pooled-eu") -> None:
        self.asked: Asked = read(str(ROOT / "plans" / f"{plan}.yaml"))
        self.world = a_world(scenario)
        self.store = MemoryStore(RUN)
        self.watch: Watch = lambda _stage, _entry, _state: None
        self.journal: JournalWriter | None = None
        self.epoch = 0

    @property
    def state(self) -> RunState:
        assert self.journal is not None
        return self.journal.state

    def drive(self) -> RunStatus:
        """Drive in virtual time, from the start or from where the store stands."""
        return run_virtually(self._drive())

    def ask(self, kind: str, **words: str) -> None:
        """Append an operator's request."""
        self.store.append_request(self.world.at(), kind, json.dumps({"by": "tester"} | words))

    async def _drive(self) -> RunStatus:
        self.epoch += 1
        clock = LoopClock(self.world.at() + timedelta(seconds=1))
        self.journal = self._open(clock)
        cloud = DirectCloud(self.world, clock)
        conductor = Conductor(
            journal=self.journal,
            cloud=cloud,
            clock=clock,
            operations=operation_for,
            requests=self.store,
            essential=[name for name, spec in CATALOGUE.items() if spec.essential],
            progress=Silent(),
        )
        try:
            return await conductor.drive()
        finally:
            await asyncio.sleep(0)

    def _open(self, clock: LoopClock) -> JournalWriter:
        observers = [lambda entry, state: self.watch(self, entry, state)]
        holder = Holder(host="here", pid=1, epoch=self.epoch)
        if not self.store.lines:
            return JournalWriter.create(self.store, clock, self._pinned(holder), observers)
        journal = JournalWriter.reopen(self.store, clock, observers)
        journal.append(RunResumed(holder=holder, engine="0"))
        return journal

    def _pinned(self, holder: Holder) -> RunPinned:
        return self.asked.pin(RUN, _NOWHERE, "pooled-eu", holder)

    def violations(self) -> list[dict[str, Any]]:
        """Return what the world's own audit found."""
        found: list[dict[str, Any]] = audit(self.world)["violations"]
        return found


class _Nowhere:
    arm = "http://127.0.0.1:1"
    graph = "http://127.0.0.1:1"


_NOWHERE: Any = _Nowhere()


def access(world: World) -> dict[str, dict[str, Any]]:
    """Return every role assignment by folded id, field by field but for who wrote it and when.

    Those Azure sets itself; nobody can restore them.
    """
    azures = {"created_s", "updated_s", "created_by", "updated_by", "revision"}
    return {
        one["id"].lower(): {name: _folded(value) for name, value in one.items() if name not in azures}
        for one in world.snapshot()["role_assignments"]
    }


def settings(world: World) -> dict[str, Any]:
    """Return whatever a run may change besides access: drain flags, autoscale, start on connect."""
    seen = world.snapshot()
    return {
        "drains": {one["id"]: one["allow_new_session"] for one in seen["session_hosts"]},
        "pools": {one["id"]: one["start_vm_on_connect"] for one in seen["host_pools"]},
        "references": {one["id"]: _folded(one["references"]) for one in seen["scaling_plans"]},
        "schedules": {one["id"]: one for one in seen["pooled_schedules"]},
    }


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower() if value.startswith("/") else value
    return json.loads(json.dumps(value).lower()) if isinstance(value, list | dict) else value
