"""What one durable step costs: the real engine and the real SQLite journal, with operations that do nothing.

usage: python -m benchmarks [--runs 5] [--work FOLDER] [--json]

Three shapes: a chain of 200 steps, a fan-out of 1000 between a root and a join, and 50 ranks of 20 with a
barrier between them. Beside each stands the naive floor, in the same run and on the same disk: the same
shape as a bare loop that commits the start and the finish of every step to SQLite (WAL, synchronous=FULL).
Ratios are taken round by round, so that a machine that drifts does not decide; medians are printed.
"""

import argparse
import asyncio
import json
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avd_failover.cloud import Accepted, Reads
from avd_failover.domain.actions import Action, Moves, SetLogons
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.ids import (
    SessionHostId,
    application_group_id,
    group_id,
    host_pool_id,
    name_of,
    workspace_id,
)
from avd_failover.domain.plan import (
    ApplicationGroupPair,
    Capacity,
    Objectives,
    Plan,
    Side,
    SidePlan,
    UserGroup,
)
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock
from avd_failover.engine.run import Run
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.events import SCHEMA, Holder, RunPinned
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.base import AfterRefusal, AnyOperation, Bound, Memory, NotYet, Proven, Verdict

Levels = list[list[int]]

SHAPES: dict[str, Callable[[], Levels]] = {
    "chain-200": lambda: [[n] for n in range(200)],
    "fanout-1000": lambda: [[0], list(range(1, 1001)), [1001]],
    "layered-50x20": lambda: [list(range(rank * 20, rank * 20 + 20)) for rank in range(50)],
}


class NoOp:
    """One action a step, which changes nothing but that it was done."""

    def __init__(self, bound: Bound, done: set[str]) -> None:
        self.step = bound.step.id
        self.host = SessionHostId(f"{bound.side.host_pool}/sessionhosts/{self.step}")
        self.done = done

    async def observe(self, cloud: Reads, memory: Memory) -> bool:
        return self.step in self.done

    def plan(self, seen: bool) -> Moves:  # noqa: FBT001
        drain = SetLogons(host=self.host, allowed=False, before=True, reason="benchmark")
        return Moves() if seen else Moves(actions=(drain,))

    def prove(self, looks: Sequence[bool]) -> Verdict:
        return Proven(because="done") if looks[-1] else NotYet(because="not done")

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        return AfterRefusal.STOP


class NoCloud:
    """Takes every request at once."""

    def __init__(self, entered: Callable[[str], None]) -> None:
        self.done: set[str] = set()
        self.entered = entered

    @property
    def hosts(self) -> "NoCloud":
        return self

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        self.entered(name_of(host))
        self.done.add(name_of(host))
        return Accepted(at=T0)


T0 = datetime(2026, 1, 1, tzinfo=UTC)


def graph_of(levels: Levels) -> StepGraph:
    """Chain ranks by a need of every step on every step of the rank before."""
    steps: list[Step] = []
    before: tuple[str, ...] = ()
    for rank in levels:
        steps += [Step(id=f"s{n}", uses="no-op", needs=before) for n in rank]
        before = tuple(f"s{n}" for n in rank)
    return StepGraph(runbook="benchmark", summary="", pool=PoolKind.POOLED, steps=tuple(steps))


def pinned_for(graph: StepGraph) -> RunPinned:
    """Pin a small plan; nothing of it is used but its size."""
    return RunPinned(
        run="benchmark-20260101-000000-0000",
        schema=SCHEMA,
        engine="benchmark",
        route=Route(plan=_plan()),
        graph=graph,
        plan_sha256="0" * 64,
        runbook_sha256="0" * 64,
        arm_endpoint="http://127.0.0.1",
        graph_endpoint="http://127.0.0.1",
        simulated=None,
        holder=Holder(host="here", pid=1),
    )


def _plan() -> Plan:
    base = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers"
    avd = f"{base}/Microsoft.DesktopVirtualization"
    sides = {
        side: SidePlan(
            side=side,
            region=side.value,
            host_pool=host_pool_id(f"{avd}/hostPools/{side.value}"),
            workspace=workspace_id(f"{avd}/workspaces/ws"),
        )
        for side in Side
    }
    group = UserGroup(name="G", id=group_id("aaaaaaaa-0000-4000-8000-000000000001"))
    pair = ApplicationGroupPair(
        name="A",
        primary=application_group_id(f"{avd}/applicationGroups/p"),
        secondary=application_group_id(f"{avd}/applicationGroups/s"),
        groups=(group,),
    )
    return Plan(
        name="benchmark",
        summary="",
        pool=PoolKind.POOLED,
        runbook="benchmark",
        primary=sides[Side.PRIMARY],
        secondary=sides[Side.SECONDARY],
        application_groups=(pair,),
        capacity=Capacity(seats=1),
        objectives=Objectives(rto_s=1, rpo_s=1),
    )


class Probe:
    """Notes when the first step was entered, and the processor time from there."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.cpu = 0.0
        self.entered = 0

    def __call__(self, _: str) -> None:
        self.entered += 1
        if self.first is None:
            self.first, self.cpu = time.perf_counter(), _cpu()

    def figures(self, steps: int) -> tuple[float, float]:
        """Return wall and processor milliseconds a step since the first one was entered."""
        if self.first is None or self.entered != steps:
            raise AssertionError(f"{self.entered} of {steps} steps were entered")
        wall, cpu = time.perf_counter() - self.first, _cpu() - self.cpu
        return 1e3 * wall / steps, 1e3 * cpu / steps


def engine(levels: Levels, folder: Path) -> tuple[float, float]:
    """Run a shape through the engine; return wall and processor milliseconds a step."""
    return asyncio.run(_engine(levels, folder))


async def _engine(levels: Levels, folder: Path) -> tuple[float, float]:
    probe, clock, graph = Probe(), LoopClock(T0), graph_of(levels)
    cloud = NoCloud(probe)
    store = SqliteStore.create(folder / "benchmark-20260101-000000-0000.journal")
    journal = JournalWriter.create(store, clock, pinned_for(graph))

    def operations(bound: Bound) -> AnyOperation:
        return NoOp(bound, cloud.done)

    driven: Any = cloud
    run = Run(journal=journal, cloud=driven, clock=clock, operations=operations, stop=StopSignal())
    status = await run.drive()
    figures = probe.figures(sum(len(rank) for rank in levels))
    journal.close()
    if status is not RunStatus.COMPLETED:
        raise AssertionError(status)
    return figures


def floor(levels: Levels, folder: Path) -> tuple[float, float]:
    """Run a shape as a bare loop that commits start and finish of every step."""
    return asyncio.run(_floor(levels, folder))


async def _floor(levels: Levels, folder: Path) -> tuple[float, float]:
    probe = Probe()
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE j(step INTEGER, kind TEXT, at REAL, result TEXT, PRIMARY KEY(step, kind))")

    async def one(step: int) -> None:
        db.execute("INSERT INTO j VALUES(?,?,?,?)", (step, "start", time.time(), None))
        probe(str(step))
        result = json.dumps({"step": step, "status": "succeeded", "changed": False})
        db.execute("INSERT INTO j VALUES(?,?,?,?)", (step, "finish", time.time(), result))

    for rank in levels:
        await asyncio.gather(*(one(step) for step in rank))
    figures = probe.figures(sum(len(rank) for rank in levels))
    db.close()
    return figures


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(shape: str, runs: int, work: Path | None) -> dict[str, Any]:
    """Run engine and floor in turn; return medians and the median of the ratios."""
    levels, rows = SHAPES[shape](), []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=work, prefix="bench-") as name:
            folder = Path(name)
            folder.chmod(0o700)
            rows.append((*engine(levels, folder), *floor(levels, folder)))
    return {
        "shape": shape,
        "runs": runs,
        "engine_ms": statistics.median(row[0] for row in rows),
        "engine_cpu_ms": statistics.median(row[1] for row in rows),
        "floor_ms": statistics.median(row[2] for row in rows),
        "ratio": statistics.median(row[0] / row[2] for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--work", type=Path, help="folder on the disk to be measured; not a memory file system"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [measure(shape, given.runs, given.work) for shape in SHAPES]
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    print("| shape | engine ms/step | engine cpu ms/step | floor ms/step | engine / floor |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['shape']} | {row['engine_ms']:.3f} | {row['engine_cpu_ms']:.3f}"
            f" | {row['floor_ms']:.3f} | {row['ratio']:.2f} |"
        )


if __name__ == "__main__":
    main()
