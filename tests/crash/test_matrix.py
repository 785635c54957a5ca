"""Killed at every place where a process can die, and gone on with in every way: the same end (safety 3.3)."""

import os
import sys
from itertools import product

import pytest

from tests.crash.journeys import JOURNEYS, scene_of
from tests.crash.matrix import Case, cases, census, distinct, goings, play, points
from tests.crash.stage import ROOT
from tests.crash.ways import Weather

EXHAUSTIVE = "CRASH_EXHAUSTIVE" in os.environ
"""Set by the soak: nine cases for every distinct state, on the reference scenario too."""

SAMPLES = {"pooled-eu": 110, "home": 20, "dark": 20}
"""Cases in an ordinary run, but for the small scenario, of which every state is played."""

READ_ONLY = {"desks-images"}
"""Runs that change nothing, and so never die around a change."""

MUTATION = 6
"""Boundaries of a change; the other four are those of commits and reads."""

FEW = 10
"""The same of every other run: each way to go on in each weather, and one more."""


@pytest.fixture(scope="module", params=JOURNEYS)
def census_of(request):
    every = points(request.param)
    return request.param, every, distinct(every)


def chosen(name: str, every: list[Case]) -> list[Case]:
    """Choose what an ordinary run plays: of the small scenario every state gone on with in every way, the
    weather in turn; of the others a fixed share of the cases, in which every way and weather comes up."""
    if EXHAUSTIVE:
        return every
    if name != "small":
        apart = max(1, len(every) // SAMPLES.get(name, FEW))
        return every[:: apart + (apart % 3 == 0)]
    weathers = list(Weather)
    ways = goings(name)
    places = {state: index for index, state in enumerate(dict.fromkeys(case.point.n for case in every))}
    return [
        case
        for case in every
        if weathers[(places[case.point.n] + ways.index(case.going)) % len(weathers)] is case.weather
    ]


@pytest.mark.timeout(3600 if EXHAUSTIVE else 300)
def test_a_run_killed_anywhere_ends_the_same_however_it_goes_on(census_of, capsys) -> None:
    name, every, states = census_of
    played = chosen(name, list(cases(states, goings(name))))
    wrong = {str(case): found for case in played if (found := play(name, case))}
    with capsys.disabled():
        kinds = ", ".join(f"{count} {kind}" for kind, count in census(every).items())
        sys.stdout.write(f"\n{name}: {len(every)} cut points ({kinds}); ")
        sys.stdout.write(f"{len(states)} distinct states, {len(played)} runs\n")
    assert wrong == {}


def test_every_kind_of_boundary_and_every_way_to_go_on_is_played(census_of) -> None:
    name, every, states = census_of
    sent = [kind for kind, count in census(every).items() if not count]
    assert (not sent) if name not in READ_ONLY else len(sent) == MUTATION, census(every)
    played = {(case.going, case.weather) for case in chosen(name, list(cases(states, goings(name))))}
    assert played == set(product(goings(name), Weather))


def test_every_runbook_that_is_shipped_is_cut_somewhere() -> None:
    cut = {scene_of(name).asked.graph.runbook for name in JOURNEYS}
    assert {path.stem for path in (ROOT / "runbooks").glob("*.yaml")} <= cut
