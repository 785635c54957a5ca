"""Expectations: each kind met and missed, wrong ones refused, what `untouched` and `access_on` look at."""

from typing import Any

import pytest
from pydantic import ValidationError

from avd_failover.simulator.expectations import Evidence, Expectation, judge
from avd_failover.simulator.placement import standing
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.touched import touched
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_B,
    KIOSK,
    POOL_A,
    assignment_of,
    drain,
    grant,
    machine,
    small,
    small_world,
)

GOOD: dict[str, Any] = {
    "ends": "completed",
    "because": "every step ended",
    "at": (),
    "recovery_s": 400.0,
    "access_gap_s": 100.0,
    "counts": {"revoked": 7, "granted": 7, "unknown": 0, "changes": 30},
    "violations": 0,
    "journal_fault": "",
    "rerun": "",
}
HELD = {"ends": "held", "because": "no answer from northeurope", "at": ("barrier",), "recovery_s": None}


def verdict(wanted: dict[str, Any], **changes: Any) -> bool:
    evidence = Evidence(**(GOOD | changes))
    return judge(Expectation.model_validate(wanted), evidence, small_world()).met


@pytest.mark.parametrize(
    ("wanted", "changes", "met"),
    [
        ({"ends": "completed"}, {}, True),
        ({"ends": "completed"}, HELD, False),
        ({"ends": "held"}, HELD, True),
        ({"ends": "held", "at": "barrier"}, HELD, True),
        ({"ends": "held", "at": "readiness"}, HELD, False),
        ({"ends": "held", "because": ("NorthEurope", "no answer")}, HELD, True),
        ({"ends": "held", "because": ("northeurope", "westeurope")}, HELD, False),
        ({"recovery_within": "400s"}, {}, True),
        ({"recovery_within": "399s"}, {}, False),
        ({"recovery_within": "9h"}, HELD, False),
        ({"access_gap_within": "100s"}, {}, True),
        ({"access_gap_within": "99s"}, {}, False),
        ({"access_gap_within": "1s"}, {"access_gap_s": None}, True),
        ({"count": "revoked", "exactly": 7}, {}, True),
        ({"count": "revoked", "exactly": 6}, {}, False),
        ({"count": "changes", "at_least": 30}, {}, True),
        ({"count": "changes", "at_least": 31}, {}, False),
        ({"count": "changes", "at_most": 30}, {}, True),
        ({"count": "changes", "at_most": 29}, {}, False),
        ({"count": "changes", "at_least": 20, "at_most": 29}, {}, False),
        ({"count": "unknown", "exactly": 0}, {}, True),
        ({"proves": "no-violation"}, {}, True),
        ({"proves": "no-violation"}, {"violations": 1}, False),
        ({"proves": "journal-verifies"}, {}, True),
        ({"proves": "journal-verifies"}, {"journal_fault": "entry 7: broken chain"}, False),
        ({"proves": "rerun-sends-nothing"}, {}, True),
        ({"proves": "rerun-sends-nothing"}, {"rerun": "completed after 3 requests"}, False),
    ],
)
def test_an_expectation_is_met_or_missed(wanted, changes, met):
    assert verdict(wanted, **changes) is met


@pytest.mark.parametrize(
    ("wanted", "changes", "says"),
    [
        ({"ends": "completed"}, HELD, "held at barrier: no answer from northeurope"),
        ({"recovery_within": "1s"}, HELD, "not recovered"),
        ({"recovery_within": "1s"}, {}, "400 s"),
        ({"count": "revoked", "exactly": 1}, {}, "7"),
        ({"proves": "journal-verifies"}, {"journal_fault": "entry 7"}, "entry 7"),
    ],
)
def test_a_missed_expectation_says_what_was_found_instead(wanted, changes, says):
    judged = judge(Expectation.model_validate(wanted), Evidence(**(GOOD | changes)), small_world())
    assert judged.found == says


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"ends": "held", "at": "barrier", "because": ("GRP1",)}, "ends held at barrier, because of 'GRP1'"),
        ({"recovery_within": "2m"}, "recovery within 120 s"),
        ({"access_gap_within": "2m"}, "access gap within 120 s"),
        ({"count": "hosts_started", "exactly": 2}, "hosts started: exactly 2"),
        ({"count": "hosts_started", "at_least": 2}, "hosts started: at least 2"),
        ({"count": "changes", "at_least": 2, "at_most": 4}, "changes: at least 2 and at most 4"),
        ({"access_on": "neither"}, "access in the end on neither"),
        ({"untouched": ("GRP1", "hp-a")}, "untouched: GRP1, hp-a"),
        ({"proves": "no-violation"}, "proves no-violation"),
    ],
)
def test_an_expectation_has_a_sentence(wanted, sentence):
    assert Expectation.model_validate(wanted).sentence == sentence


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({}, "give one of ends"),
        ({"ends": "held", "proves": "no-violation"}, "give one of ends"),
        ({"ends": "stopped"}, "Input should be"),
        ({"proves": "no-violation", "because": ("x",)}, "because goes beside ends, not beside proves"),
        ({"ends": "held", "exactly": 0}, "exactly goes beside count, not beside ends"),
        ({"count": "revoked"}, "give exactly, at_least or at_most"),
        ({"count": "sheep", "exactly": 1}, "Input should be"),
        ({"count": "revoked", "exactly": -1}, "greater than or equal to 0"),
        ({"recovery_within": 60}, "duration"),
        ({"untouched": ()}, "at least 1"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_an_expectation_that_says_nothing_or_two_things_is_refused(wanted, says):
    with pytest.raises(ValidationError, match=says):
        Expectation.model_validate(wanted)


def test_a_scenario_refuses_to_leave_untouched_what_it_does_not_have():
    with pytest.raises(ValidationError, match="no group, host pool or application group is called 'hp-x'"):
        small(expect=[{"untouched": ["hp-x"]}])
    assert isinstance(small(expect=[{"untouched": ["everything", "hp-a", "KIOSK", "ag-a"]}]), Scenario)


def deeds(world: Any) -> dict[str, Any]:
    """One change of each kind that an engine can make."""
    kiosk = assignment_of(world, principal=KIOSK)
    return {
        "kiosk": lambda: world.roles.delete(ENGINE, kiosk),
        "drain": lambda: drain(world, "a"),
        "start": lambda: world.machines.start(ENGINE, machine("b", 1)),
        "pool": lambda: world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False),
        "grant": lambda: grant(world),
    }


@pytest.mark.parametrize(
    ("deed", "touches"),
    [
        ("kiosk", {"KIOSK", "ag-a", "everything"}),
        ("drain", {"hp-a", "everything"}),
        ("start", {"hp-b", "everything"}),
        ("pool", {"hp-a", "everything"}),
        ("grant", {"STAFF", "ag-b", "everything"}),
    ],
)
def test_untouched_looks_at_all_that_belongs_to_a_name(deed, touches):
    world = small_world()
    names = ["KIOSK", "STAFF", "hp-a", "hp-b", "ag-a", "ag-b", "everything"]
    assert not any(touched(world, name) for name in names)
    deeds(world)[deed]()
    assert {name for name in names if touched(world, name)} == touches


def test_what_others_do_is_not_the_engines():
    world = small_world()
    world.roles.delete(ADMIN, assignment_of(world, principal=KIOSK))
    assert touched(world, "everything") == []


def test_untouched_is_judged_on_the_history_and_names_what_was_done():
    world = small_world()
    world.roles.delete(ENGINE, assignment_of(world, principal=KIOSK))
    judged = judge(Expectation(untouched=("KIOSK",)), Evidence(**GOOD), world)
    assert (judged.met, judged.found.split(" on ")[0]) == (False, "delete-assignment")


def test_access_stands_on_primary_then_on_neither_then_on_secondary():
    world = small_world()
    assert standing(world)[0] == "primary"
    world.roles.delete(ENGINE, assignment_of(world))
    assert standing(world) == ("neither", "0 on primary, 0 on secondary, 1 at the start")
    grant(world, description="staff desktop")
    assert standing(world)[0] == "secondary"


@pytest.mark.parametrize("changes", [{}, {"description": "another"}, {"condition": "true"}])
def test_a_grant_that_is_no_mirror_is_not_conserved(changes):
    world = small_world()
    world.roles.delete(ENGINE, assignment_of(world))
    grant(world, **changes)
    assert standing(world)[0] == "neither"


def test_access_on_both_sides_is_neither():
    world = small_world()
    grant(world, description="staff desktop", scope=GROUP_B)
    assert standing(world)[0] == "neither"
    assert not judge(Expectation(access_on="primary"), Evidence(**GOOD), world).met
