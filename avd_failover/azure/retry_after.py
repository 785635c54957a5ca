"""How long Azure asks to wait: the one reader of ``Retry-After``, for faults, throttle and polling.

The header may hold seconds, an HTTP date, or nonsense; Azure also sends milliseconds under names of its
own. A date is measured against the ``Date`` of the same answer, so that no clock of ours takes part.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_S = 900.0
"""Longest wait believed: a quarter of an hour. Our guess: a failover asks again rather than sleep longer."""

UNDATED_WAIT_S = 30.0
"""Wait for a date that cannot be measured, because the answer carries no ``Date``. Our guess."""

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds an answer asks to wait, or None where it asks for nothing readable.

    Clamped to 0 and ``MAX_WAIT_S``: a negative wait or a date in the past is 0, an absurd one the maximum.
    ``headers`` must look names up regardless of case, as the headers of aiohttp and httpx do.
    """
    for name in _MILLISECONDS:
        if (wait := _number(headers.get(name, ""))) is not None:
            return _clamp(wait / 1000)
    text = headers.get("retry-after", "")
    if (wait := _number(text)) is not None:
        return _clamp(wait)
    if (until := _date(text)) is None:
        return None
    sent = _date(headers.get("date", ""))
    return UNDATED_WAIT_S if sent is None else _clamp((until - sent).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _clamp(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_WAIT_S)
