"""Progress for logs, pipes and screen readers: one line on stderr for each thing that matters.

A line is never taken back, so counts and waits are told when they have moved and some time has passed, on
the run's clock. Nothing here raises: when stderr is gone, so is the progress, and the run goes on.
"""

import re
import sys
from collections.abc import Hashable
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.clock import Clock
from avd_failover.domain.words import NOTHING_TO_DO, counted
from avd_failover.engine.tools import UNDER_WAY
from avd_failover.journal.events import (
    ActionEnded,
    Entry,
    OperatorSaid,
    Outcome,
    RunEnded,
    RunPinned,
    RunResumed,
    RunSwitched,
    RunTurned,
    StepEnded,
    StepStarted,
    StepWaiting,
)
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.gap import GapWatch, gap_words
from avd_failover.report.tale import said_words
from avd_failover.report.tally import tally, under_way
from avd_failover.report.words import Names, duration, journey, marked, screen, stopwatch, travel

EVERY_S = 10.0
"""Between two lines of the same kind about one step, on the run's clock: a guess at what can be read."""

WAIT_EVERY_S = 30.0
"""The same for a wait whose reason changed in its numbers only."""

_NUMBERS = re.compile(r"\d+")


class Plain:
    """A Progress that writes lines."""

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream: TextIO | None = stream or sys.stderr
        self._state: RunState | None = None
        self._told_s: dict[Hashable, float] = {}
        self._waits: dict[str, str] = {}
        self._gap = GapWatch()

    def entry(self, entry: Entry, state: RunState) -> None:
        """Write a line if the entry matters to a person."""
        self._state = state
        match entry.event:
            case RunPinned() | RunResumed() | RunEnded() as event:
                self._run(event, state)
            case OperatorSaid() | RunTurned() | RunSwitched() as event:
                self.say(said_words(event))
            case StepStarted() | StepEnded() as event:
                self._step(event, state)
            case StepWaiting() as event:
                self.waiting(event.step, event.because, event.until)
            case ActionEnded() as event:
                self._action(event, state.attempts[event.n], state)
            case _:
                pass

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Write what a step waits for when that changes; where only its numbers do, twice a minute."""
        if self._gap.open and self._due("gap"):
            self._told_s["gap"] = self._clock.monotonic()
            self._look_at_gap()
        before = self._waits.get(step, "")
        counts_on = _NUMBERS.sub("#", because) == _NUMBERS.sub("#", before)
        if because == before or (counts_on and not self._due((step, "wait"), WAIT_EVERY_S)):
            return
        self._waits[step] = because
        self._told_s[step, "wait"] = self._clock.monotonic()
        left = (until - self._clock.now()).total_seconds()
        self.say(f"{step}: waits: {because} (at most {duration(left)} more)")

    def say(self, line: str) -> None:
        """Write a line of one's own, with the run's time in front."""
        state = self._state
        if state is None:
            return self._write(screen(line))
        at = stopwatch((self._clock.now() - state.started_at).total_seconds())
        return self._write(marked(screen(f"[{at:>8}] {line}"), state.pinned.simulated))

    def close(self) -> None:
        """Write no more. Twice is harmless."""
        self._stream = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, event: RunPinned | RunResumed | RunEnded, state: RunState) -> None:
        match event:
            case RunPinned():
                self.say(
                    f"{travel(event.route)} of {event.route.plan.name}, {journey(event.route)}: {event.run}"
                )
            case RunResumed():
                self.say(f"{state.run} goes on, by process {event.holder.pid} on {event.holder.host}")
            case RunEnded():
                self._look_at_gap()
                self._ended(event, state)

    def _ended(self, event: RunEnded, state: RunState) -> None:
        """Tell the end; a reason that the last line gave already is not given twice."""
        said = any(step.because == event.because for step in state.steps.values())
        self.say(f"run {event.status.value}" + ("" if said else f": {event.because}"))
        for finding in event.findings:
            self.say(f"  {finding.code} {finding.subject}: {finding.detail}")

    def _step(self, event: StepStarted | StepEnded, state: RunState) -> None:
        if isinstance(event, StepStarted):
            self._told_s[event.step, "count"] = self._clock.monotonic()
            return self.say(f"{event.step}: started")
        self._waits.pop(event.step, None)
        self._look_at_gap()
        step = state.steps[event.step]
        if event.because == NOTHING_TO_DO and step.started_at is None:
            return None  # the run's own end says it once for all of them
        took = (
            f" after {duration((self._clock.now() - step.started_at).total_seconds())}"
            if step.started_at
            else ""
        )
        return self.say(f"{event.step}: {event.status.value}{took}: {event.because}")

    def _action(self, event: ActionEnded, attempt: Attempt, state: RunState) -> None:
        if isinstance(attempt.action, RevokeAssignment | GrantAssignment):
            self._look_at_gap()
        if event.outcome in {Outcome.APPLIED, Outcome.VOID}:
            if self._due((attempt.step, "count")):
                self._told_s[attempt.step, "count"] = self._clock.monotonic()
                more = under_way(state) >= UNDER_WAY
                self.say(f"{attempt.step}: {tally(state.steps[attempt.step], more=more)}")
        elif self._due((attempt.step, event.outcome)):
            self._told_s[attempt.step, event.outcome] = self._clock.monotonic()
            sentence = Names(state.pinned.route).sentence(attempt.action)
            self.say(f"{attempt.step}: {event.outcome.value}: {sentence}: {event.detail}")

    def _look_at_gap(self) -> None:
        state = self._state
        if state is None or (gap := self._gap.look(state, self._clock.now())) is None:
            return
        if gap.open and not gap.over:
            pairs = counted(gap.pairs, "group assignment")
            self.say(f"ACCESS GAP begins: {pairs} in transit, budget {duration(gap.budget_s)}")
        else:
            self.say(f"{'ALARM: access gap' if gap.open else 'access gap ended:'} {gap_words(gap)}")

    def _due(self, key: Hashable, every_s: float = EVERY_S) -> bool:
        told_s = self._told_s.get(key)
        return told_s is None or self._clock.monotonic() - told_s >= every_s

    def _write(self, line: str) -> None:
        stream = self._stream
        if stream is None:
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            stream.flush()
        except (OSError, ValueError):  # a pipe that nobody reads any more, or a closed file
            self._stream = None
