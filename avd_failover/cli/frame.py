"""One frame of the live view, as lines: a pure function of the run's state, the time and the room.

Every line fits the width; there are never more lines than the height. When steps do not all fit, those that
need a person or are under way stay, and the others are counted at either end. Marks say what colours say.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from avd_failover.cli.digest import digest
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import listed
from avd_failover.engine.tools import UNDER_WAY
from avd_failover.journal.state import RunState, StepState
from avd_failover.report.gap import AccessGap, access_gap
from avd_failover.report.tally import tally, under_way
from avd_failover.report.words import SIMULATED, Names, journey, plain, screen, stopwatch, travel

HEADER = 4
"""Lines above the steps, the rule included."""

EVENTS = 3
"""Lines below the steps that steps do not take away, with their rule, where there is any room at all."""

_RUN_STYLES = {
    RunStatus.RUNNING: "bold cyan",
    RunStatus.COMPLETED: "bold green",
    RunStatus.FAILED: "bold red",
    RunStatus.REFUSED: "bold red",
    RunStatus.HELD: "bold yellow",
    RunStatus.INTERRUPTED: "bold yellow",
}

_STYLES = {
    StepStatus.PENDING: "dim",
    StepStatus.RUNNING: "bold cyan",
    StepStatus.DONE: "green",
    StepStatus.SKIPPED: "dim green",
    StepStatus.DEBT: "bold yellow",
    StepStatus.HELD: "bold yellow",
    StepStatus.FAILED: "bold red",
}

_MARKS = dict(zip(StepStatus, "·▶✓-!!✗", strict=True))
_ASCII_MARKS = dict(zip(StepStatus, ".>+-!!x", strict=True))


class Room(Struct, frozen=True, kw_only=True):
    """How much room there is. ``height`` None: as much as it takes, and then without recent events."""

    width: int
    height: int | None = None
    ascii_only: bool = False


def frame(state: RunState, now: datetime, room: Room, said: str = "") -> list[Text]:
    """Return the lines of a frame; ``said`` is shown last where it is not empty.

    ``now`` is on the run's clock. Where the Azure is simulated, every line begins with SIMULATED.
    """
    simulated = state.pinned.simulated is not None
    gutter = Text().append(f"{SIMULATED} " if simulated else "", style="bold magenta")
    inner = max(10, room.width - len(gutter))
    lines = [*_header(state, now, inner, room), *_steps(state, now, inner, room)]
    lines += _footer(state, inner, room, len(lines), said)
    fitted = [_fit(gutter + line, room) for line in lines]
    return fitted if room.height is None else fitted[: room.height]


def _header(state: RunState, now: datetime, inner: int, room: Room) -> Iterator[Text]:
    route = state.pinned.route
    end = state.finished_at or now
    clock = stopwatch((end - state.started_at).total_seconds())
    yield _ends(Text(_title(route, inner - 9), style="bold"), Text(clock, style="bold"), inner)
    resumed = f", resumed {state.resumed}x" if state.resumed else ""
    about = Text(plain(f"{state.run}, {route.mode.value}, {route.scope}{resumed}"), style="dim")
    yield _ends(about, Text(state.status.value.upper(), style=_RUN_STYLES[state.status]), inner)
    yield _meters(state, end)
    yield _rule(inner, room)


def _title(route: Route, room: int) -> str:
    """Say what the run does; without the names of the sides where the room is short."""
    head = f"{travel(route)} of {route.plan.name}: "
    whole = plain(head + journey(route))
    if cell_len(whole) <= room:
        return whole
    return plain(head + " -> ".join(route.side(end).region for end in (End.SOURCE, End.TARGET)))


def _meters(state: RunState, now: datetime) -> Text:
    rto_s = state.pinned.route.plan.objectives.rto_s
    used_s = (now - state.started_at).total_seconds() if state.recovery_s is None else state.recovery_s
    done = "recovered in" if state.recovery_s is not None else "recovery"
    style = "bold red" if used_s > rto_s else "default"
    line = Text().append_text(_gap(access_gap(state, now))).append("   ")
    return line.append(f"{done} {stopwatch(used_s)} of {stopwatch(rto_s)}", style=style)


def _gap(gap: AccessGap | None) -> Text:
    if gap is None:
        return Text("access gap: none so far", style="dim")
    said = f"access gap {stopwatch(gap.seconds)} of {stopwatch(gap.budget_s)}"
    style = "bold red" if gap.over else "yellow" if gap.open else "green"
    if gap.over:
        said += " OVER BUDGET"
    return Text(said + (f", {gap.pairs} without access" if gap.open else ", ended"), style=style)


def _steps(state: RunState, now: datetime, inner: int, room: Room) -> Iterator[Text]:
    steps = list(state.steps.values())
    shown = _shown(steps, _step_room(len(steps), room))
    hidden = [step for step in steps if step not in shown]
    begun = sum(step.status is not StepStatus.PENDING for step in hidden)
    if begun:
        yield Text(f"  and {begun} more that ended", style="dim")
    wide = min(max(len(step.step.id) for step in steps), 24 if inner >= 60 else 14)
    more = under_way(state) >= UNDER_WAY
    for step in shown:
        yield _row(step, state, now, _Columns(id=wide, inner=inner, more=more, ascii_only=room.ascii_only))
    if len(hidden) > begun:
        yield Text(f"  and {len(hidden) - begun} more to come", style="dim")


def _step_room(steps: int, room: Room) -> int:
    if room.height is None:
        return steps
    free = room.height - HEADER
    return steps if steps <= free - 1 - EVENTS else max(1, free - 3 - EVENTS)


def _shown(steps: list[StepState], most: int) -> list[StepState]:
    """Choose the steps that matter most now; they keep their order."""
    if len(steps) <= most:
        return steps
    quiet = {StepStatus.DONE: 2, StepStatus.SKIPPED: 3, StepStatus.PENDING: 1}
    ranked = sorted(
        range(len(steps)),
        key=lambda i: (quiet.get(steps[i].status, 0), i if steps[i].status is StepStatus.PENDING else -i),
    )
    chosen = set(ranked[:most])
    return [step for i, step in enumerate(steps) if i in chosen]


class _Columns(Struct, frozen=True, kw_only=True):
    id: int
    inner: int
    more: bool
    ascii_only: bool


def _row(step: StepState, state: RunState, now: datetime, columns: _Columns) -> Text:
    marks = _ASCII_MARKS if columns.ascii_only else _MARKS
    style = _STYLES[step.status]
    line = Text().append(f"{marks[step.status]} ", style=style)
    line.append(set_cell_size(plain(step.step.id), columns.id), style=style if style != "green" else "")
    line.append(f" {_time(step, now, roomy=columns.inner >= 60)} ", style="dim")
    loud = step.status in {StepStatus.DEBT, StepStatus.HELD, StepStatus.FAILED}
    return line.append(_detail(step, state, more=columns.more), style=style if loud else "")


def _time(step: StepState, now: datetime, *, roomy: bool) -> str:
    """Show a step's time; of a running one also the most that its proof may take."""
    if step.started_at is None:
        return " " * (11 if roomy else 5)
    spent = stopwatch(((step.finished_at or now) - step.started_at).total_seconds())
    if not roomy:
        return f"{spent:>5}"
    bound = f"/{stopwatch(step.step.proof_within_s)}" if step.status is StepStatus.RUNNING else ""
    return f"{spent + bound:>11}"


def _detail(step: StepState, state: RunState, *, more: bool) -> str:
    if step.status is StepStatus.PENDING:
        left = [need for need in step.step.needs if not state.steps[need].status.ended]
        return plain(f"after {listed(left, 3)}") if left else "ready"
    if step.status is StepStatus.RUNNING:
        return _doing(step, more=more)
    word = "" if step.status is StepStatus.DONE else f"{step.status.value}: "
    return screen(word + step.because)


def _doing(step: StepState, *, more: bool) -> str:
    done = tally(step, more=more)
    sending = any(attempt.outcome is None for attempt in step.attempts[-UNDER_WAY:])
    if sending or not step.because:
        return done or "looking"
    return screen(f"waits: {step.because}")


def _footer(state: RunState, inner: int, room: Room, used: int, said: str) -> list[Text]:
    last = [Text(screen(line), style="bold yellow") for line in _last_words(state, said)]
    if room.height is None:
        return last
    free = room.height - used - len(last) - 1
    events = digest(state, Names(state.pinned.route), most=free)
    told = [
        Text().append(f"{stopwatch(event.after_s):>8} ", style="dim").append(event.text, style=event.style)
        for event in events
    ]
    return ([_rule(inner, room), *told] if told else []) + last


def _last_words(state: RunState, said: str) -> Iterator[str]:
    if state.status is not RunStatus.RUNNING:
        yield f"{state.status.value}: {state.because}"
    if said:
        yield said


def _rule(inner: int, room: Room) -> Text:
    return Text(("-" if room.ascii_only else "─") * inner, style="dim")


def _ends(left: Text, right: Text, inner: int) -> Text:
    """Put two texts at the two ends of a line; the left one gives way."""
    room = max(0, inner - cell_len(right.plain) - 1)
    left = left.copy()
    left.truncate(room, overflow="ellipsis", pad=True)
    return Text().append_text(left).append(" ").append_text(right)


def _fit(line: Text, room: Room) -> Text:
    if room.ascii_only:
        line = Text(line.plain.encode("ascii", "backslashreplace").decode("ascii").replace("\\u2026", "."))
        line.truncate(room.width, overflow="crop")
    else:
        line.truncate(room.width, overflow="ellipsis")
    line.no_wrap = True
    return line
