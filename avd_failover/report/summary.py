"""The last screen of a run: what happened, what is owed or unknown, and what to type next.

The fields of the data form are a contract with scripts: they are added to, never renamed. Durations are
seconds; what is not known, or did not happen, is null.
"""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from avd_failover.domain.actions import GrantAssignment, LogOff, RevokeAssignment, StartMachine
from avd_failover.domain.plan import End
from avd_failover.domain.route import Pair, Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import counted, listed
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState, StepState
from avd_failover.report.advice import advice
from avd_failover.report.aim import asked_lines, idle, sentence
from avd_failover.report.drill_story import HOLD, PROVE, RECORD
from avd_failover.report.gap import access_gap, gap_words
from avd_failover.report.lists import FindingData, findings_data, findings_text, left_alone
from avd_failover.report.moved import Place, at, places
from avd_failover.report.people import gates
from avd_failover.report.redaction import redact
from avd_failover.report.turning import moves_anybody, recovery_s
from avd_failover.report.words import Names, duration, journey, marked, screen, travel

SHOWN = 5
"""Of each list; the journal has them all."""


_TITLES = {Purpose.DRILL: "testers", Purpose.SETTLE: "settled", Purpose.UPKEEP: "did"}
_TOLD = {HOLD: "testing", PROVE: "production", "drill.verdict": "result"}


class SummaryData(TypedDict):
    """The end of a run, or where it stands."""

    run: str
    plan: str
    direction: str
    mode: str
    scope: str
    simulated: str | None
    state: str
    because: str
    changed: bool
    moved: list[str]
    in_transit: list[str]
    sessions_ended: int
    """Proven to be gone."""
    hosts_started: int
    recovery_s: float | None
    rto_s: float
    access_gap_s: float | None
    access_gap_open: bool
    debts: list[str]
    unknown: int
    findings: list[FindingData]
    journal: str | None
    next: list[str]
    purpose: str
    """A word of ``Purpose``."""
    sentence: str
    """What became of that purpose."""
    initiator: str | None
    run_key: str | None
    forced: str | None
    follows: list[str]
    waits_for: list[str]
    """Commands that answer what waits for people."""


def summary_data(state: RunState, journal: str | None = None) -> SummaryData:
    """Return the summary as data; ``journal`` is where the journal lies."""
    route, found = state.pinned.route, places(state)
    gap = access_gap(state, state.last_at)
    return {
        "run": state.run,
        "plan": route.plan.name,
        "direction": route.direction,
        "mode": route.mode.value,
        "scope": route.scope,
        "simulated": state.pinned.simulated,
        "state": state.status.value,
        "because": redact(state.because),
        "changed": state.changed,
        "moved": [pair.label for pair in at(Place.TARGET, found)],
        "in_transit": [pair.label for pair in at(Place.TRANSIT, found)],
        "sessions_ended": _sessions_ended(state),
        "hosts_started": _done(state, StartMachine),
        "recovery_s": recovery_s(state),
        "rto_s": route.plan.objectives.rto_s,
        "access_gap_s": gap.seconds if gap else None,
        "access_gap_open": gap is not None and gap.open,
        "debts": [step.step.id for step in _steps(state, StepStatus.DEBT)],
        "unknown": len(_unknown(state)),
        "findings": findings_data(state.findings),
        "journal": journal,
        "next": [command.split("    ")[0] for command in advice(state)],
        "purpose": route.purpose.value,
        "sentence": redact(sentence(state)),
        "initiator": redact(state.pinned.initiator) or None,
        "run_key": redact(state.pinned.key) or None,
        "forced": redact(route.forced) or None,
        "follows": list(state.pinned.follows),
        "waits_for": [gate.command for gate in gates(state) if gate.command],
    }


def summary_text(state: RunState, journal: str | None = None, report: str | None = None) -> str:
    """Return the summary for people; every line says SIMULATED where the Azure is simulated."""
    return marked("\n".join(_lines(state, journal, report)), state.pinned.simulated)


def _lines(state: RunState, journal: str | None, report: str | None) -> Iterator[str]:
    names = Names(state.pinned.route)
    yield from _headline(state)
    yield from findings_text(state.findings, names)
    if not state.changed:
        yield "  changed     nothing in Azure"
    else:
        yield from _changes(state)
        yield from _times(state) if moves_anybody(state.pinned.route) else ()
    yield from _waits(state)
    yield from _left(state, names)
    yield from _owed(state)
    yield from _unknowns(state, names)
    yield screen(f"  run         {state.run}")
    if journal is not None:
        yield screen(f"  journal     {journal}")
    if report is not None:
        yield screen(f"  report      {report}")
    for command in advice(state):
        yield screen(f"  next        {command}")


def _headline(state: RunState) -> Iterator[str]:
    route = state.pinned.route
    word = state.status.value.upper()
    if idle(state):
        word = "NOTHING TO DO"
    yield screen(f"{word}: {travel(route)} of {route.plan.name}")
    yield screen(f"  way         {journey(route)}, {route.mode.value}, {route.scope}")
    yield from (screen(f"  {line}") for line in asked_lines(state))
    if state.because and not _usual(state):
        yield screen(f"  because     {state.because}")


def _waits(state: RunState) -> Iterator[str]:
    for gate in gates(state):
        if gate.command:
            many = counted(gate.lacking, "approval")
            yield screen(f"  WAITS       {gate.step} for {many}: {gate.command}")


def _usual(state: RunState) -> bool:
    return state.status is RunStatus.COMPLETED and not idle(state)


def _changes(state: RunState) -> Iterator[str]:
    found = places(state)
    moved, transit = at(Place.TARGET, found), at(Place.TRANSIT, found)
    names = f": {_groups(moved)}" if moved else ""
    if state.pinned.route.purpose.moves_users and found:
        yield screen(f"  moved       {len(moved)} of {counted(len(found), 'group assignment')}{names}")
    else:
        yield from _otherwise(state)
    if transit:
        yield screen(f"  NO ACCESS   {_groups(transit)}: {len(transit)} revoked, not granted yet")
    yield from _sessions(state)
    yield f"  hosts       {_done(state, StartMachine)} started"


def _otherwise(state: RunState) -> Iterator[str]:
    """Tell what came of a run that moved nobody of production, or no assignments."""
    yield screen(f"  {_TITLES.get(state.pinned.route.purpose, 'moved'):<11} {sentence(state)}")
    for step in state.steps.values():
        if step.step.uses in _TOLD and step.because:
            yield screen(f"  {_TOLD[step.step.uses]:<11} {step.because}")


def _sessions(state: RunState) -> Iterator[str]:
    """Tell what is proven apart from what was merely accepted."""
    ended, accepted = _sessions_ended(state), _done(state, LogOff)
    if accepted > ended:
        yield f"  sessions    {ended} proven logged off, {accepted - ended} log-offs accepted but not proven"
    else:
        yield f"  sessions    {ended} logged off"


def _sessions_ended(state: RunState) -> int:
    proven = [step for step in state.steps.values() if step.status is StepStatus.DONE]
    attempts = (attempt for step in proven for attempt in step.attempts)
    ended = (one for one in attempts if one.outcome is Outcome.APPLIED and isinstance(one.action, LogOff))
    return len({one.action.target for one in ended})


def _groups(pairs: Sequence[Pair]) -> str:
    return listed(list(dict.fromkeys(pair.group.name for pair in pairs)), SHOWN)


def _times(state: RunState) -> Iterator[str]:
    rto_s = state.pinned.route.plan.objectives.rto_s
    if (taken_s := recovery_s(state)) is not None:
        kept = "kept" if taken_s <= rto_s else f"MISSED by {duration(taken_s - rto_s)}"
        yield f"  recovery    {duration(taken_s)} of {duration(rto_s)} allowed: {kept}"
    else:
        used = duration((state.last_at - state.started_at).total_seconds())
        not_yet = f"not yet; {used} of {duration(rto_s)} used"
        yield f"  recovery    {f'turned back, {used} in all' if state.turned else not_yet}"
    if (gap := access_gap(state, state.last_at)) is not None:
        yield f"  access gap  {gap_words(gap)}"


def _left(state: RunState, names: Names) -> Iterator[str]:
    pairs = state.pinned.route.pairs
    labels: dict[tuple[str, str], str] = {
        (pair.group.id, pair.at(end)): pair.label for pair in pairs for end in End
    }
    steps = () if idle(state) else state.steps.values()
    lines = [line for step in steps for line in _left_by(step, names, labels)]
    yield from (f"  skipped     {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        more = counted(len(lines) - SHOWN, "more reason")
        yield screen(f"  skipped     and {more}: failover status {state.run}")


def _left_by(step: StepState, names: Names, labels: dict[tuple[str, str], str]) -> Iterator[str]:
    if step.status is StepStatus.SKIPPED:
        yield screen(f"{step.step.id}: {step.because}")
        return
    if step.step.uses == RECORD:
        return
    acted = {name for attempt in step.attempts for name in _called(attempt, labels)}
    left = [skip for skip in step.skipped.values() if skip.target not in acted]
    yield from (screen(f"{step.step.id} ") + line for line in left_alone(left, names))


def _called(attempt: Attempt, labels: dict[tuple[str, str], str]) -> Iterator[str]:
    """Yield what a skip may call the thing that this attempt was about: once done, it is as wanted."""
    yield attempt.action.target
    if isinstance(attempt.action, RevokeAssignment | GrantAssignment):
        image = attempt.action.assignment
        yield labels.get((image.principal_id, image.scope), "")


def _owed(state: RunState) -> Iterator[str]:
    for step in _steps(state, StepStatus.DEBT):
        yield screen(f"  OWED        {step.step.id}, to be settled before any later run: {step.because}")


def _unknowns(state: RunState, names: Names) -> Iterator[str]:
    unknown = _unknown(state)
    if unknown:
        such = listed([names.sentence(attempt.action) for attempt in unknown], 2)
        many = counted(len(unknown), "request")
        yield f"  UNKNOWN     {many} without a known end; resume reads before it sends: {such}"


def _done(state: RunState, kind: type[LogOff] | type[StartMachine]) -> int:
    return len({one.action.target for one in state.applied() if isinstance(one.action, kind)})


def _unknown(state: RunState) -> list[Attempt]:
    return [attempt for attempt in state.attempts.values() if attempt.open]


def _steps(state: RunState, status: StepStatus) -> list[StepState]:
    return [step for step in state.steps.values() if step.status is status]
