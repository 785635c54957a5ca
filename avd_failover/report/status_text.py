"""Where a run stands, on one screen, for somebody who was asleep: what happened, what is safe, what next."""

from collections.abc import Iterator
from datetime import datetime

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.plan import End
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.advice import advice
from avd_failover.report.aim import asked_lines, idle, sentence
from avd_failover.report.chapters_text import gate_lines
from avd_failover.report.gap import access_gap
from avd_failover.report.moved import Place, at, places
from avd_failover.report.people import gates, items
from avd_failover.report.status import because, counts, standing
from avd_failover.report.turning import comes_back, moves_anybody, recovery_s
from avd_failover.report.words import duration, journey, marked, screen

FINDINGS_SHOWN = 5
"""More than these do not help at this hour; the report has them all."""

_MARKS = {
    StepStatus.PENDING: "  ",
    StepStatus.RUNNING: "->",
    StepStatus.DONE: "ok",
    StepStatus.SKIPPED: "--",
    StepStatus.DEBT: "!!",
    StepStatus.HELD: "!!",
    StepStatus.FAILED: "!!",
}


def status_text(state: RunState, now: datetime, *, alive: bool) -> str:
    """Return the status for people, every line marked when the run is simulated.

    ``now`` is on the run's clock; ``alive`` as for ``status_data``.
    """
    text = "\n".join(screen(line.rstrip()) for line in _lines(state, now, alive=alive))
    return marked(text, state.pinned.simulated)


def _lines(state: RunState, now: datetime, *, alive: bool) -> Iterator[str]:
    yield from _headline(state, alive=alive)
    yield from _quarantine(state, now, alive=alive)
    yield ""
    yield from _steps(state, now, alive=alive)
    yield ""
    yield from _people(state, now)
    yield from _findings(state)
    yield from _safety(state, alive=alive)
    stands = standing(state, alive=alive)
    for place, command in enumerate(_next(state, stands)):
        yield ("next:   " if place == 0 else "        ") + command


def _next(state: RunState, stands: RunStatus) -> list[str]:
    """Leave out what shows this screen again, and what only an auditor asks for."""
    beside = (f"failover status {state.run}", f"failover journal verify {state.run}")
    return [command for command in advice(state, stands) if not command.startswith(beside)]


def _headline(state: RunState, *, alive: bool) -> Iterator[str]:
    route, stands = state.pinned.route, standing(state, alive=alive)
    yield f"run:    {state.run}"
    yield f"what:   {state.pinned.graph.runbook} of plan {route.plan.name}, {route.mode.value}, {route.scope}"
    yield f"way:    {journey(route)}"
    since = state.finished_at or (state.last_at if stands is RunStatus.INTERRUPTED else state.started_at)
    reason = because(state, alive=alive)
    yield f"state:  {stands.value.upper()} since {since:%Y-%m-%d %H:%M:%S} UTC" + (reason and f": {reason}")
    yield from (f"        {line}" for line in asked_lines(state))
    yield f"result: {sentence(state)}"
    if (taken_s := recovery_s(state)) is not None:
        yield f"times:  recovered after {duration(taken_s)}" + _gap(state)


def _gap(state: RunState) -> str:
    gap = access_gap(state, state.last_at)
    return f", without access for {duration(gap.seconds)} at most" if gap and not gap.open else ""


def _quarantine(state: RunState, now: datetime, *, alive: bool) -> Iterator[str]:
    """Say that nothing is sent yet, and why (safety S18)."""
    until = state.quarantined_until
    if alive and until is not None and now < until:
        left = duration((until - now).total_seconds())
        yield (
            f"waits:  taken over; nothing is sent until {until:%H:%M:%S} UTC ({left} more), when nothing that"
            " the process before sent can take effect any more"
        )


def _people(state: RunState, now: datetime) -> Iterator[str]:
    """Tell what people said of steps that wait for them, and what to type where somebody is missing."""
    for gate in gates(state, now):
        if gate.command:
            yield from (f"people: {line}" for line in gate_lines(gate))
    for one in items(state):
        yield f"item:   {one.step}  {one.item}: {one.state}" + (f"; asked: {one.asked}" if one.asked else "")


def _steps(state: RunState, now: datetime, *, alive: bool) -> Iterator[str]:
    """Tell every step; those that a run never came to, since it had nothing to do, only by their number."""
    rest = [step for step in state.steps.values() if step.started_at is None] if idle(state) else []
    yield from (_step_line(step, now, alive=alive) for step in state.steps.values() if step not in rest)
    if rest:
        yield f"-- and {_many(len(rest), 'more step')}, with nothing to do"


def _step_line(step: StepState, now: datetime, *, alive: bool) -> str:
    head = f"{_MARKS[step.status]} {step.step.id:<24} {step.status.value:<8}"
    return " ".join(part for part in (head, _tally(step, alive=alive), _why(step, now)) if part)


def _tally(step: StepState, *, alive: bool) -> str:
    tally = counts(step, alive=alive)
    if not tally["planned"]:
        return ""
    rest = [f"{tally[key]} {key}" for key in ("unknown", "failed") if tally[key]]
    return f"{tally['applied']}/{tally['planned']}" + (f" ({', '.join(rest)})" if rest else "")


def _why(step: StepState, now: datetime) -> str:
    if step.waits_until is not None and step.status is StepStatus.RUNNING:
        left = (step.waits_until - now).total_seconds()
        return f"{step.because} (at most {duration(left)} more)"
    return "" if step.status in {StepStatus.DONE, StepStatus.PENDING} else step.because


def _findings(state: RunState) -> Iterator[str]:
    for finding in state.findings[:FINDINGS_SHOWN]:
        yield f"found:  {finding.code} {finding.subject}: {finding.detail}"
    if len(state.findings) > FINDINGS_SHOWN:
        yield f"found:  and {len(state.findings) - FINDINGS_SHOWN} more: failover report {state.run}"


def _safety(state: RunState, *, alive: bool) -> Iterator[str]:
    if not state.changed:
        yield "safe:   nothing was changed in Azure"
        return
    if moves_anybody(state.pinned.route):
        yield f"access: {_access(state)}"
    open_ones = sum(counts(step, alive=alive)["unknown"] for step in state.steps.values())
    if open_ones:
        yield (
            f"safe:   {_many(open_ones, 'request')} sent without a known answer; resume reads Azure before"
            " it sends anything again"
        )
    elif not alive and standing(state, alive=alive) is not RunStatus.COMPLETED:
        yield "safe:   nothing is under way; resume reads Azure first, so typing it twice does no harm"


def _access(state: RunState) -> str:
    route = state.pinned.route
    if comes_back(state):
        return _pairs(state)
    revoked = {at.action.target for at in state.applied() if isinstance(at.action, RevokeAssignment)}
    granted = {at.action.target for at in state.applied() if isinstance(at.action, GrantAssignment)}
    source, target = (f"{end.value} ({route.side(end).region})" for end in (End.SOURCE, End.TARGET))
    words = (
        f"{_many(len(revoked), 'assignment')} removed on the {source}, {len(granted)} created on the {target}"
    )
    return words + ("; users wait for access until the run goes on" if len(granted) < len(revoked) else "")


def _pairs(state: RunState) -> str:
    """Say where the pairs are of a run that comes back: what it removed and created undoes itself."""
    found = places(state)
    told = [(place.value, len(at(place, found))) for place in Place]
    return (
        "of "
        + _many(len(found), "pair")
        + ", "
        + ", ".join(f"{many} {where}" for where, many in told if many)
    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
