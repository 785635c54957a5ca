"""A rehearsal: one plan against one scenario, many seeds; what it predicts, what it proves, what it missed.

Recovery time and access gap come from the journals, violations from the audit of what happened in the
simulated Azure. All durations are simulated seconds. The fields of the data form are a contract with
scripts: they are added to, never renamed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from avd_failover.domain.words import counted, listed
from avd_failover.journal.state import RunState
from avd_failover.report.critical import Phase, phases
from avd_failover.report.gap import AccessGap, access_gap
from avd_failover.report.spread import Spread, spread
from avd_failover.report.words import duration, marked, plain

SHOWN = 5
"""Violations, and seeds that missed an expectation; the data form has them all."""


class Broken(Struct, frozen=True, kw_only=True):
    """One violation of an invariant of safety 1.2 and 1.3, as the audit found it."""

    invariant: str
    at_s: float
    subject: str
    detail: str


class Held(Struct, frozen=True, kw_only=True):
    """One expectation held against one run."""

    expected: str
    met: bool
    found: str


class Rehearsed(Struct, frozen=True, kw_only=True):
    """One run of a rehearsal."""

    seed: int
    outcome: str
    because: str
    recovery_s: float | None
    gap: AccessGap | None
    phases: tuple[Phase, ...]
    broken: tuple[Broken, ...]
    held: tuple[Held, ...]

    @property
    def sound(self) -> bool:
        """Whether it broke no invariant and met every expectation."""
        return not self.broken and all(one.met for one in self.held)


class Rehearsal(Struct, frozen=True, kw_only=True):
    """All runs of one plan against one scenario."""

    scenario: str
    plan: str
    rto_s: float
    runs: tuple[Rehearsed, ...]

    @property
    def sound(self) -> bool:
        """Whether every run was."""
        return all(run.sound for run in self.runs)

    @property
    def recovery(self) -> Spread | None:
        """Time from the start until users had the other side, of the runs that came so far."""
        return spread(run.recovery_s for run in self.runs)

    @property
    def rto_kept(self) -> int:
        """How many runs recovered within the plan's objective."""
        return sum(run.recovery_s is not None and run.recovery_s <= self.rto_s for run in self.runs)

    @property
    def access_gap(self) -> Spread | None:
        """Time without access, of the runs that took it away; open ones up to the end of their run."""
        return spread(run.gap.seconds if run.gap else None for run in self.runs)


def rehearsed(seed: int, state: RunState, broken: Sequence[Broken], held: Sequence[Held] = ()) -> Rehearsed:
    """Return what is kept of one run."""
    return Rehearsed(
        seed=seed,
        outcome=state.status.value,
        because=state.because,
        recovery_s=state.recovery_s,
        gap=access_gap(state, state.last_at),
        phases=phases(state),
        broken=tuple(broken),
        held=tuple(held),
    )


def rehearsal_data(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the rehearsal for scripts; what no run came to is null."""
    return {
        "simulated": True,
        "scenario": rehearsal.scenario,
        "plan": rehearsal.plan,
        "runs": len(rehearsal.runs),
        "seeds": [run.seed for run in rehearsal.runs],
        "sound": rehearsal.sound,
        "outcomes": dict(Counter(run.outcome for run in rehearsal.runs)),
        "reasons": dict(Counter(f"{run.outcome}: {run.because}" for run in rehearsal.runs)),
        "recovery_s": to_builtins(rehearsal.recovery),
        "access_gap_s": to_builtins(rehearsal.access_gap),
        "access_gaps_open": _open_gaps(rehearsal),
        "rto_s": rehearsal.rto_s,
        "rto_kept": rehearsal.rto_kept,
        "phases": [_phase_data(row) for row in _phase_rows(rehearsal)],
        "violations": [
            {"seed": run.seed, **to_builtins(one)} for run in rehearsal.runs for one in run.broken
        ],
        "expectations": _expectations(rehearsal),
    }


def rehearsal_text(rehearsal: Rehearsal) -> str:
    """Return the rehearsal for people; every line says SIMULATED."""
    return marked("\n".join(_lines(rehearsal)), rehearsal.scenario)


def _open_gaps(rehearsal: Rehearsal) -> int:
    return sum(run.gap is not None and run.gap.open for run in rehearsal.runs)


class _Row(Struct, frozen=True, kw_only=True):
    step: str
    seconds: Spread
    critical: Spread
    on_path: int


def _phase_rows(rehearsal: Rehearsal) -> list[_Row]:
    by_step: dict[str, list[Phase]] = {}
    for run in rehearsal.runs:
        for phase in run.phases:
            by_step.setdefault(phase.step, []).append(phase)
    rows = []
    for step, found in by_step.items():
        seconds, critical = spread(one.seconds for one in found), spread(one.critical_s for one in found)
        if seconds and critical:
            on_path = sum(one.critical_s > 0 for one in found)
            rows.append(_Row(step=step, seconds=seconds, critical=critical, on_path=on_path))
    return rows


def _phase_data(row: _Row) -> dict[str, Any]:
    return {
        "step": row.step,
        "median_s": row.seconds.median,
        "p95_s": row.seconds.p95,
        "worst_s": row.seconds.worst,
        "critical_s": row.critical.median,
        "critical_runs": row.on_path,
    }


def _expectations(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """Fold each expectation over all runs: met when it was met in every one."""
    found = []
    for index, one in enumerate(rehearsal.runs[0].held if rehearsal.runs else ()):
        missed = [run for run in rehearsal.runs if not run.held[index].met]
        shown = (missed or rehearsal.runs)[0].held[index].found
        row = {"expected": one.expected, "met": not missed, "found": shown}
        found.append(row | {"missed_seeds": [run.seed for run in missed]})
    return found


def _lines(rehearsal: Rehearsal) -> Iterator[str]:
    runs = rehearsal.runs
    verdict = "SOUND" if rehearsal.sound else "NOT SOUND"
    yield plain(f"{verdict}: {counted(len(runs), 'run')} of {rehearsal.plan} against {rehearsal.scenario}")
    for reason, many in Counter(f"{run.outcome}: {run.because}" for run in runs).most_common(SHOWN):
        yield plain(f"  {many:>4} x     {reason}")
    yield from _times(rehearsal)
    yield from _phase_lines(rehearsal)
    yield from _violation_lines(rehearsal)
    yield from _expectation_lines(rehearsal)


def _times(rehearsal: Rehearsal) -> Iterator[str]:
    rto = duration(rehearsal.rto_s)
    yield f"  recovery    {_told(rehearsal.recovery, 'no run got so far')}; allowed {rto}"
    still = _open_gaps(rehearsal)
    tail = f"; still open at the end of {counted(still, 'run')}" if still else ""
    yield f"  access gap  {_told(rehearsal.access_gap, 'nobody lost access')}{tail}"


def _told(found: Spread | None, none: str) -> str:
    if found is None:
        return none
    return f"median {duration(found.median)}, p95 {duration(found.p95)}, worst {duration(found.worst)}"


def _phase_lines(rehearsal: Rehearsal) -> Iterator[str]:
    rows = _phase_rows(rehearsal)
    if not rows:
        return
    width = max(len(row.step) for row in rows)
    yield f"  {'step':<{width}}  {'median':>12}  {'worst':>12}  decides recovery by"
    for row in rows:
        decides = f"{duration(row.critical.median)} in {counted(row.on_path, 'run')}" if row.on_path else "-"
        median, worst = duration(row.seconds.median), duration(row.seconds.worst)
        yield plain(f"  {row.step:<{width}}  {median:>12}  {worst:>12}  {decides}")


def _violation_lines(rehearsal: Rehearsal) -> Iterator[str]:
    found = [(run.seed, one) for run in rehearsal.runs for one in run.broken]
    yield f"  violations  {len(found) or 'none'}"
    for seed, one in found[:SHOWN]:
        yield plain(f"    {one.invariant} seed {seed}, {one.at_s:.0f} s in: {one.subject} {one.detail}")


def _expectation_lines(rehearsal: Rehearsal) -> Iterator[str]:
    for one in _expectations(rehearsal):
        if one["met"]:
            yield plain(f"  met         {one['expected']}")
            continue
        seeds = listed([str(seed) for seed in one["missed_seeds"]], SHOWN)
        yield plain(f"  MISSED      {one['expected']}; found {one['found']} (seed {seeds})")
