"""Messages to users: two placeholders, and when which session is to be told again.

``{minutes}`` and ``{plan}`` are replaced by us, word for word, in one pass. Nothing else in braces is
allowed, so that a slip of the pen is found when the plan is read and not on ten thousand screens.
"""

import math
import re
from collections.abc import Iterator, Sequence

PLACES = ("{minutes}", "{plan}")
APART_S = 60.0
"""Reminders are at least this far apart: one session is not sent the same kind of action more often."""

_PLACE = re.compile(r"\{[^{}]*\}")


def worded(text: str, *, left_s: float, plan: str) -> str:
    """Return the text with its placeholders filled; minutes are whole, rounded up, and at least 1."""
    values = {"{minutes}": str(max(1, math.ceil(left_s / 60.0))), "{plan}": plan}
    return _PLACE.sub(lambda found: values.get(found[0], found[0]), text)


def strange_places(text: str) -> Iterator[str]:
    """Yield what stands in braces and is no placeholder, in the order of the text."""
    yield from (found for found in _PLACE.findall(text) if found not in PLACES)


def mark(marks_s: Sequence[float], left_s: float) -> float:
    """Return the last mark of the countdown that was passed, in seconds before the moment announced.

    ``marks_s`` are in falling order and begin with the whole time; what is left is never more than that.
    """
    return min((one for one in marks_s if one >= left_s), default=marks_s[0])


def next_mark_in(marks_s: Sequence[float], left_s: float) -> float:
    """Return the seconds until the next mark, or until the moment itself."""
    return left_s - max((one for one in marks_s if one < left_s), default=0.0)
