"""Messages to users: two placeholders, when the moment announced comes, and who is to be told again.

Thousands of messages take minutes (Azure takes ten writes a second), and whoever is told last was promised
as long as whoever was told first. So the time that a notice announces counts from the end of the first round.

``{minutes}`` and ``{plan}`` are replaced by us, word for word, in one pass. Nothing else in braces is
allowed, so that a slip of the pen is found when the plan is read and not on ten thousand screens.
"""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

PLACES = ("{minutes}", "{plan}")
APART_S = 60.0
"""Reminders are at least this far apart: one session is not sent the same kind of action more often."""

ROUND_S = 20.0
"""Longest pause within the first round of messages: less than the time between two looks at the sessions, and
a guess at what throttling makes of the tenth of a second that one message is behind the other."""

_PLACE = re.compile(r"\{[^{}]*\}")


def worded(text: str, *, left_s: float, plan: str) -> str:
    """Return the text with its placeholders filled; minutes are whole, rounded up, and at least 1."""
    values = {"{minutes}": str(max(1, math.ceil(left_s / 60.0))), "{plan}": plan}
    return _PLACE.sub(lambda found: values.get(found[0], found[0]), text)


def strange_places(text: str) -> Iterator[str]:
    """Yield what stands in braces and is no placeholder, in the order of the text."""
    yield from (found for found in _PLACE.findall(text) if found not in PLACES)


def round_end(first_told: Sequence[datetime]) -> datetime:
    """Return when the first round ended; ``first_told`` is when each session was told first, and not empty.

    Messages of one round follow one another within ``ROUND_S``. Who signs in later is told at a later look,
    and has no part in when the moment comes.
    """
    told = sorted(first_told)
    return next((at for at, later in pairwise(told) if later - at > timedelta(seconds=ROUND_S)), told[-1])


def mark(marks_s: Sequence[float], left_s: float) -> float:
    """Return the last mark of the countdown that was passed, in seconds before the moment announced.

    ``marks_s`` are in falling order and begin with the whole time; what is left is never more than that.
    """
    return min((one for one in marks_s if one >= left_s), default=marks_s[0])


def next_mark_in(marks_s: Sequence[float], left_s: float) -> float:
    """Return the seconds until the next mark, or until the moment itself."""
    return left_s - max((one for one in marks_s if one < left_s), default=0.0)
