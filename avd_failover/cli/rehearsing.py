"""The one function that puts a world in virtual time behind the engine, and judges what came of it.

The engine, its operations, the plan and the runbook are the ones of a real run. The cloud is the direct face
of a simulated Azure, the clock jumps, the journal is in memory: equal inputs give equal journals and
histories, byte for byte, on any machine.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from avd_failover.azure.endpoints import Endpoints
from avd_failover.cli.request import Asked
from avd_failover.domain.actions import Action, kind_of
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.run import Run
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Holder
from avd_failover.journal.home import new_run_id
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.store import DamagedJournalError
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import operation_for
from avd_failover.report.gap import access_gap
from avd_failover.report.rehearsal import Broken, Held, Rehearsed, rehearsed
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.expectations import Count, Evidence, judge
from avd_failover.simulator.history import Change
from avd_failover.simulator.pacing import Pace
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.world import World

HOLDER = Holder(host="rehearsal", pid=1)
NOWHERE = Endpoints(arm="https://rehearsal.invalid", graph="https://rehearsal.invalid")
"""Pinned in the journals of rehearsals: no endpoint was asked."""

AFTER_S = 900.0
"""How long the world goes on after the run, so that what takes effect late is seen: above the 10 minutes
that a change of an assignment may take (azure-facts section 5)."""

_COUNTED: dict[str, Count] = {
    "assignment.revoke": "revoked",
    "assignment.grant": "granted",
    "session.message": "users_told",
    "session.logoff": "sessions_ended",
    "machine.start": "hosts_started",
    "host.logons": "hosts_drained",
}


class Played(Struct, frozen=True, kw_only=True):
    """One run against one world, over: what the journal says, and the world as it was left."""

    seed: int
    journal: JournalWriter
    store: MemoryStore
    world: World


def rehearse(asked: Asked, scenario: Scenario, seed: int) -> Rehearsed:
    """Run a plan against a scenario with one seed, and judge it."""
    played = play(asked, scenario, seed)
    played.world.advance(played.world.now_s + AFTER_S)
    broken = [_broken(violation) for violation in audit(played.world)["violations"]]
    evidence = _evidence(played, len(broken), _rerun(asked, scenario, played))
    judged = [judge(one, evidence, played.world) for one in scenario.expect]
    held = [Held(expected=one.expected, met=one.met, found=one.found) for one in judged]
    return rehearsed(seed, played.journal.state, broken, held)


def _broken(violation: Mapping[str, Any]) -> Broken:
    return Broken(**{field: violation[field] for field in Broken.__struct_fields__})


def play(asked: Asked, scenario: Scenario, seed: int) -> Played:
    """Run a plan against a scenario with one seed, in virtual time, to the end of the run."""
    world = build(scenario.model_copy(update={"seed": seed}))
    return _drive(asked, scenario, world, seed, suffix="0001")


def _drive(asked: Asked, scenario: Scenario, world: World, seed: int, suffix: str) -> Played:
    store = MemoryStore(new_run_id(world.at(), asked.route.plan.name, suffix))

    async def main() -> JournalWriter:
        clock = LoopClock(world.at())
        cloud = DirectCloud(world, clock, seed=seed, pace=Pace(clock))
        pinned = asked.pin(store.run, NOWHERE, scenario.scenario, HOLDER)
        journal = JournalWriter.create(store, clock, pinned)
        run = Run(journal=journal, cloud=cloud, clock=clock, operations=operation_for, stop=StopSignal())
        await run.drive()
        return journal

    return Played(seed=seed, journal=run_virtually(main()), store=store, world=world)


def _rerun(asked: Asked, scenario: Scenario, played: Played) -> str:
    """Run the same plan once more if that is asked for; return what it did, empty for nothing (L11)."""
    if all(one.proves != "rerun-sends-nothing" for one in scenario.expect):
        return ""
    before = played.world.history.next_sequence
    state = _drive(asked, scenario, played.world, played.seed, suffix="0002").journal.state
    entries = played.world.history.entries[before:]
    changes = [one for one in entries if isinstance(one, Change) and one.actor_kind == "engine"]
    if state.attempts or changes or state.status is not RunStatus.COMPLETED:
        return f"{state.status.value} after {len(state.attempts)} requests: {state.because}"
    return ""


def _evidence(played: Played, violations: int, rerun: str) -> Evidence:
    state = played.journal.state
    gap = access_gap(state, state.last_at)
    stuck = {StepStatus.HELD, StepStatus.FAILED}
    return Evidence(
        ends=state.status.value,
        because=state.because,
        at=tuple(name for name, step in state.steps.items() if step.status in stuck),
        recovery_s=state.recovery_s,
        access_gap_s=gap.seconds if gap else None,
        counts=_counts(state),
        violations=violations,
        journal_fault=_journal_fault(played),
        rerun=rerun,
    )


def _counts(state: RunState) -> dict[Count, int]:
    """Count targets, each once however often it was tried; ``changes`` and ``unknown`` count requests."""
    done: set[tuple[str, str]] = {_key(attempt.action) for attempt in state.applied()}
    kinds = Counter(_COUNTED.get(kind) for kind, _ in done)
    counts: dict[Count, int] = {name: kinds[name] for name in _COUNTED.values()}
    counts["unknown"] = sum(attempt.open for attempt in state.attempts.values())
    counts["changes"] = sum(1 for _ in state.applied()) + counts["unknown"]
    return counts


def _key(action: Action) -> tuple[str, str]:
    return kind_of(action), action.target


def _journal_fault(played: Played) -> str:
    try:
        found = replay(played.store)
    except DamagedJournalError as damage:
        return str(damage)
    return "" if found.head == played.journal.head else "the journal read back ends elsewhere"
