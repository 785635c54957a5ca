"""The time line of a run as data: where each bar, break and shade lies, before anything is drawn.

Time in which no process drove the run may be days, and what matters minutes; so such a pause is drawn as a
break of one width, whatever its length, and the rest keeps one scale.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from avd_failover.report.account import Account, Span, StepAccount, Turn

BREAK, BREAKS = 0.04, 0.4
"""Shares of the whole width: what one pause is given, and what all of them may have together."""

LEAST_PAUSE_S = 60.0
"""A shorter time without a process is drawn as it is."""

TICKS = 9
"""At most so many marks on the axis."""

_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


class Scale:
    """Maps moments to places between 0 and 1, pauses drawn together."""

    def __init__(self, start: datetime, end: datetime, pauses: Sequence[Span]) -> None:
        self.start = start
        self.end = end
        self.pauses = tuple(pauses)
        paused_s = sum(pause.seconds for pause in self.pauses)
        self.driven_s = max(1.0, (end - start).total_seconds() - paused_s)
        self._break = min(BREAK, BREAKS / max(1, len(self.pauses)))
        self._width = 1.0 - self._break * len(self.pauses)

    def at(self, moment: datetime) -> float:
        """Return the place of a moment; what lies outside the run is put at its edge."""
        moment = min(max(moment, self.start), self.end)
        driven_s, broken = (moment - self.start).total_seconds(), 0.0
        for pause in self.pauses:
            if moment > pause.since:
                passed_s = (min(moment, pause.until) - pause.since).total_seconds()
                driven_s -= passed_s
                broken += self._break * passed_s / pause.seconds
        return min(1.0, driven_s / self.driven_s * self._width + broken)

    def ticks(self) -> Iterator[tuple[float, datetime]]:
        """Yield round times after the start that were driven, each with its place."""
        every_s = next((step for step in _TICKS_S if self.driven_s / step <= TICKS), _TICKS_S[-1])
        last = -1.0
        moment = self.start
        for _ in range(2000):
            if moment > self.end:
                return
            place = self.at(moment)
            if not self._paused(moment) and place - last >= 0.5 / TICKS:
                last = place
                yield place, moment
            moment = self._skip(moment + timedelta(seconds=every_s), every_s)

    def _paused(self, moment: datetime) -> bool:
        return any(pause.since < moment < pause.until for pause in self.pauses)

    def _skip(self, moment: datetime, every_s: int) -> datetime:
        """Return the first round time at or after a moment that no pause covers."""
        for pause in self.pauses:
            if pause.since < moment < pause.until:
                steps = -((self.start - pause.until).total_seconds() // every_s)
                return self.start + timedelta(seconds=steps * every_s)
        return moment


def scale_of(account: Account) -> Scale:
    """Return the scale of a run, from its first entry to its last."""
    drives = account.drives
    pauses = [
        Span(since=one.until, until=following.since)
        for one, following in pairwise(drives)
        if one.until and (following.since - one.until).total_seconds() >= LEAST_PAUSE_S
    ]
    return Scale(account.ending.started_at, account.ending.as_of, pauses)


def in_order(steps: Sequence[StepAccount]) -> list[StepAccount]:
    """Return the steps as they began; those that did not come last, as the runbook has them."""
    begun = [(one.started_at, place, one) for place, one in enumerate(steps) if one.started_at]
    return [one for _, _, one in sorted(begun, key=lambda row: row[:2])] + [
        one for one in steps if one.started_at is None
    ]


def span(turn: Turn, scale: Scale) -> tuple[float, float]:
    """Return the place and the width of a turn; one without an end reaches to the edge."""
    left = scale.at(turn.started_at)
    return left, scale.at(turn.ended_at or scale.end) - left


def shades(account: Account, scale: Scale) -> list[tuple[float, float]]:
    """Return place and width of each time in which somebody was without access."""
    return [(scale.at(span.since), scale.at(span.until) - scale.at(span.since)) for span in account.gaps]
