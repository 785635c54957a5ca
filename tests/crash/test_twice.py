"""A crash in the recovery of a crash, and a crash beside each fault that heals: a fixed sample (T2)."""

import random
from itertools import islice

import pytest

from tests.crash.twice import NAME, Double, beside, doubles, play_beside, play_double
from tests.crash.ways import Going
from tests.simulation.draw import HEALING

DOUBLES = {NAME: 18, "home": 6, "dark": 6}
"""Double cuts in an ordinary run; the soak draws on."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DOUBLES)
def test_a_run_killed_again_on_its_way_ends_as_it_had_to(name):
    cases = list(islice(doubles(name, random.Random(f"twice:{name}")), DOUBLES[name]))
    played = {str(case): play_double(name, case) for case in cases}
    assert {case: one.found for case, one in played.items() if one.found} == {}
    twice = sum(one.died == 2 for one in played.values())
    assert 2 * twice >= len(cases), f"{twice} of {len(cases)} died twice"


@pytest.mark.timeout(300)
def test_a_run_killed_beside_each_fault_that_heals_ends_as_it_had_to():
    cases = list(islice(beside(NAME, random.Random("beside")), len(HEALING)))
    played = {str(case): play_beside(case) for case in cases}
    assert {case: one.found for case, one in played.items() if one.found} == {}
    assert {case.fault for case in cases} == set(HEALING)
    assert sum(one.died for one in played.values()) >= 0.75 * len(cases), "most died"
    assert sum(one.struck for one in played.values()) >= 0.6 * len(cases), "most faults struck"


LATE = 654
"""A boundary of the closing reconcile, the last step: whoever goes on from there has little left to do."""


@pytest.mark.parametrize("second", range(1, 11))
def test_an_order_to_turn_back_that_was_written_down_is_obeyed_whoever_goes_on(second):
    assert play_double(NAME, Double(LATE, second, Going.BACK)).found == []
