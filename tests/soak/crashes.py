"""The soak's crashes: the matrix of every run, cuts in the recovery of a cut, and cuts beside faults."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.crash.journeys import JOURNEYS
from tests.crash.matrix import Case, cases, census, goings, play, points
from tests.crash.twice import NAME, beside, doubles, play_beside, play_double

OFTEN = ("small", "desks", "desks-home")
"""Played twice as often as the others: the smallest one, and personal desktops there and home."""

ORDER = (*JOURNEYS, *OFTEN)
TWICE = ("small", "home", "dark", "desks")


def crashed(until_s: float, first: int) -> dict[str, Any]:
    """Play cases of the crash matrix until the time is over or every case was played."""
    every = {name: points(name) for name in JOURNEYS}
    streams = {name: _shuffled(name, every[name], first) for name in every}
    wrong: dict[str, list[str]] = {}
    runs: Counter[str] = Counter()
    covered: dict[str, set[int]] = {name: set() for name in every}
    while time.monotonic() < until_s and streams:
        for name in ORDER:
            case = next(streams[name], None) if name in streams else None
            if case is None:
                streams.pop(name, None)
                continue
            runs[name] += 1
            covered[name].add(case.point.n)
            if found := play(name, case):
                wrong[f"{name}: {case}"] = found
    return {
        "cut_points": {name: census(found) for name, found in every.items()},
        "cut_points_in_all": {name: len(found) for name, found in every.items()},
        "cut_points_covered": {name: len(found) for name, found in covered.items()},
        "cases_in_all": {name: 3 * len(goings(name)) * len(found) for name, found in every.items()},
        "runs": dict(runs),
        "wrong": wrong,
    }


def twice(until_s: float, first: int) -> dict[str, Any]:
    """Draw double cuts and cuts beside faults until the time is over; they have no end."""
    second = {name: doubles(name, random.Random(f"twice:{name}:{first}")) for name in TWICE}
    faults = beside(NAME, random.Random(f"beside:{first}"))
    wrong: dict[str, list[str]] = {}
    runs: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    while time.monotonic() < until_s:
        for name, stream in second.items():
            case = next(stream)
            came = play_double(name, case)
            runs[f"{name}: died twice" if came.died > 1 else f"{name}: died once"] += 1
            if came.found:
                wrong[f"{name}: {case}"] = came.found
        cut = next(faults)
        came = play_beside(cut)
        runs["beside a fault"] += 1
        hits[cut.fault] += came.struck
        if came.found:
            wrong[f"beside {cut}"] = came.found
    return {"runs": dict(sorted(runs.items())), "hits": dict(sorted(hits.items())), "wrong": wrong}


def _shuffled(name: str, every: list[Any], first: int) -> Iterator[Case]:
    whole = list(cases(every, goings(name)))
    random.Random(f"{name}:{first}").shuffle(whole)
    return iter(whole)
