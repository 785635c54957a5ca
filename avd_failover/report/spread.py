"""Figures of many runs: median, 95th percentile, worst."""

import math
from collections.abc import Iterable

from msgspec import Struct


class Spread(Struct, frozen=True, kw_only=True):
    """What many runs took, in seconds; percentiles are values that occurred (nearest rank)."""

    median: float
    p95: float
    worst: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return the spread of the values that are known; None when none is."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return Spread(median=_rank(known, 0.5), p95=_rank(known, 0.95), worst=round(known[-1], 3))


def _rank(ordered: list[float], share: float) -> float:
    return round(ordered[max(1, math.ceil(share * len(ordered))) - 1], 3)
