"""The one function that puts a world in virtual time behind the engine, and judges what came of it.

The engine, its operations, the plan and the runbook are the ones of a real run. The cloud is the direct face
of a simulated Azure, the clock jumps, the journal is in memory: equal inputs give equal journals and
histories, byte for byte, on any machine.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from avd_failover import __version__
from avd_failover.azure.endpoints import Endpoints
from avd_failover.cli.people import People
from avd_failover.cli.request import Asked, Wish, of
from avd_failover.cli.standing import following
from avd_failover.domain.actions import Action, kind_of
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.conduct import Conductor
from avd_failover.engine.progress import Silent
from avd_failover.engine.run import Run
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Holder, RunPinned, RunResumed
from avd_failover.journal.home import new_run_id
from avd_failover.journal.ledger import ledger_of
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.store import DamagedJournalError
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import CATALOGUE, operation_for
from avd_failover.report.gap import access_gap
from avd_failover.report.rehearsal import Broken, Held, Rehearsed, rehearsed
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.engine_clock import clock_of
from avd_failover.simulator.expectations import Count, Evidence, judge
from avd_failover.simulator.history import Change
from avd_failover.simulator.pacing import Pace
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.scenario_runs import RunSpec
from avd_failover.simulator.world import World

HOLDER = Holder(host="rehearsal", pid=1)
NOWHERE = Endpoints(arm="https://rehearsal.invalid", graph="https://rehearsal.invalid")
"""Pinned in the journals of rehearsals: no endpoint was asked."""

RESUMED_AFTER_S = 60.0
"""How long after it came to rest a run is resumed, where the scenario asks for it."""

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
    """Run a plan against a scenario with one seed, in every run that the scenario asks for, and judge it."""
    played = play_all(asked, scenario, seed)
    first, last = played[0], played[-1]
    last.world.advance(last.world.now_s + AFTER_S)
    broken = [_broken(violation) for violation in audit(last.world)["violations"]]
    evidence = _evidence(last, len(broken), _rerun(last, scenario))
    judged = [judge(one, evidence, last.world) for one in scenario.expect]
    held = [Held(expected=one.expected, met=one.met, found=one.found) for one in judged]
    return rehearsed(seed, first.journal.state, broken, [*_on_the_way(played, scenario), *held])


def _on_the_way(played: Sequence[Played], scenario: Scenario) -> Iterator[Held]:
    """Judge how each run but the last ended: the next one stands on it."""
    for number, (one, spec) in enumerate(zip(played, scenario.runs[:-1], strict=False), start=1):
        state = one.journal.state
        yield Held(
            expected=f"run {number}, {spec.purpose}, ends {spec.ends}",
            met=state.status.value == spec.ends,
            found=f"{state.status.value}: {state.because}",
        )


def _broken(violation: Mapping[str, Any]) -> Broken:
    return Broken(**{field: violation[field] for field in Broken.__struct_fields__})


def play(asked: Asked, scenario: Scenario, seed: int) -> Played:
    """Run a plan against a scenario with one seed, in virtual time, to the end of the first run."""
    world = build(scenario.model_copy(update={"seed": seed}))
    return _play(asked, world, scenario.runs[0], scenario=scenario.scenario, seed=seed, suffix="0001")


def play_all(asked: Asked, scenario: Scenario, seed: int) -> tuple[Played, ...]:
    """Run every run that a scenario asks for, in one world, as long as each ends as it has to."""
    played = [play(_wished(asked, scenario.runs[0]), scenario, seed)]
    world = played[0].world
    for number, spec in enumerate(scenario.runs[1:], start=2):
        if played[-1].journal.state.status.value != scenario.runs[number - 2].ends:
            break
        world.advance(world.now_s + spec.after)
        standing = ledger_of(one.journal.state for one in reversed(played))
        wished = following(_wished(asked, spec), standing)
        played.append(
            _play(wished, world, spec, scenario=scenario.scenario, seed=seed, suffix=f"{number:04}")
        )
    return tuple(played)


def _wished(asked: Asked, spec: RunSpec) -> Asked:
    """Return the run that a scenario asks for; most ask for nothing but the plan's failover."""
    if spec == RunSpec(people=spec.people, resumes=spec.resumes, ends=spec.ends):
        return asked
    wish = Wish(
        plan=asked.route.plan.name,
        purpose=Purpose(spec.purpose),
        mode=Mode(spec.mode),
        groups=spec.groups,
        app_groups=spec.app_groups,
        runbook=spec.runbook,
        hold_s=spec.hold,
        forced=spec.force,
        by=HOLDER.host,
    )
    return of(wish, asked)


def _play(asked: Asked, world: World, spec: RunSpec, *, scenario: str, seed: int, suffix: str) -> Played:
    """Drive one run, and again where it rests and the scenario resumes it."""
    store = MemoryStore(new_run_id(world.at(), asked.route.plan.name, suffix))
    pinned = asked.pin(store.run, NOWHERE, scenario, HOLDER)
    people = People(store, spec.people, world.at())
    for _ in range(spec.resumes + 1):
        journal = run_virtually(_drive(pinned, store, world, seed, people))
        if journal.state.status.final:
            break
        world.advance(world.now_s + RESUMED_AFTER_S)
    return Played(seed=seed, journal=journal, store=store, world=world)


async def _drive(
    pinned: RunPinned, store: MemoryStore, world: World, seed: int, people: People
) -> JournalWriter:
    true = LoopClock(world.at())
    cloud, clock = DirectCloud(world, true, seed=seed, pace=Pace(true)), clock_of(world, true)
    if store.lines:
        journal = JournalWriter.reopen(store, clock)
        journal.append(RunResumed(holder=HOLDER, engine=__version__))
    else:
        journal = JournalWriter.create(store, clock, pinned)
    if people.silent:  # nobody to listen to, and listening costs a tick in every half second of virtual hours
        await Run(
            journal=journal, cloud=cloud, clock=clock, operations=operation_for, stop=StopSignal()
        ).drive()
        return journal
    conductor = Conductor(
        journal=journal,
        cloud=cloud,
        clock=clock,
        operations=operation_for,
        requests=people.heard_on(true),
        essential=[name for name, known in CATALOGUE.items() if known.essential],
        progress=Silent(),
    )
    await conductor.drive()
    return journal


def _rerun(last: Played, scenario: Scenario) -> str:
    """Run the same once more if that is asked for; return what it did, empty for nothing (L11)."""
    if all(one.proves != "rerun-sends-nothing" for one in scenario.expect):
        return ""
    world, pinned = last.world, last.journal.state.pinned
    before = world.history.next_sequence
    store = MemoryStore(new_run_id(world.at(), pinned.route.plan.name, "9999"))
    again = structs.replace(pinned, run=store.run)
    state = run_virtually(_drive(again, store, world, last.seed, People(store, (), world.at()))).state
    entries = world.history.entries[before:]
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
