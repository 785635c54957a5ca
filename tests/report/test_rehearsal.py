"""What a rehearsal says: spreads, the path that decided, violations and expectations folded over runs."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from avd_failover.domain.graph import Step
from avd_failover.journal.state import StepState
from avd_failover.report.critical import Phase, phases
from avd_failover.report.gap import AccessGap
from avd_failover.report.rehearsal import (
    Broken,
    Held,
    Rehearsal,
    Rehearsed,
    rehearsal_data,
    rehearsal_text,
)
from avd_failover.report.spread import Spread, spread

T0 = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], None),
        ([None, None], None),
        ([5.0], (5, 5, 5)),
        ([None, 5.0], (5, 5, 5)),
        ([1.0, 2.0], (1, 2, 2)),
        ([3.0, 1.0, 2.0], (2, 3, 3)),
        ([float(n) for n in range(1, 21)], (10, 19, 20)),
        ([float(n) for n in range(1, 101)], (50, 95, 100)),
    ],
)
def test_a_spread_is_of_values_that_occurred(values, wanted):
    found = spread(values)
    assert found == (None if wanted is None else Spread(median=wanted[0], p95=wanted[1], worst=wanted[2]))


def state(*steps: tuple[str, tuple[str, ...], float | None, float | None, str]) -> Any:
    """A run's state as far as phases look: id, needs, start, end, operation."""
    made = {}
    for name, needs, start, end, uses in steps:
        step = StepState(Step(id=name, uses=uses, needs=needs))
        step.started_at = None if start is None else T0 + timedelta(seconds=start)
        step.finished_at = None if end is None else T0 + timedelta(seconds=end)
        made[name] = step
    return SimpleNamespace(steps=made)


def shares(found: tuple[Phase, ...]) -> dict[str, float]:
    return {one.step: one.critical_s for one in found}


DIAMOND = (
    ("ready", (), 0.0, 1.0, "checks"),
    ("warm", ("ready",), 1.0, 61.0, "hosts"),
    ("tell", ("ready",), 1.0, 301.0, "notify"),
    ("revoke", ("warm", "tell"), 301.0, 303.0, "assignments.revoke"),
    ("grant", ("revoke",), 303.0, 310.0, "assignments.grant"),
    ("close", ("grant",), 310.0, 700.0, "reconcile"),
)


def test_the_path_leads_back_from_the_grant_through_the_need_that_ended_last():
    found = phases(state(*DIAMOND))
    assert shares(found) == {"ready": 1, "warm": 0, "tell": 300, "revoke": 2, "grant": 7, "close": 0}
    assert [one.seconds for one in found] == [1, 60, 300, 2, 7, 390]


def test_the_shares_of_the_path_add_up_to_the_recovery():
    assert sum(shares(phases(state(*DIAMOND))).values()) == 310


def test_without_a_grant_the_path_leads_back_from_what_ended_last():
    held = (*DIAMOND[:3], ("revoke", ("warm", "tell"), 301.0, None, "assignments.revoke"))
    assert shares(phases(state(*held))) == {"ready": 1, "warm": 0, "tell": 300}


def test_a_step_that_was_never_begun_is_no_phase():
    skipped = (DIAMOND[0], ("warm", ("ready",), None, 5.0, "hosts"))
    assert shares(phases(state(*skipped))) == {"ready": 1}


def test_a_run_of_which_nothing_ended_has_no_phases():
    assert phases(state(("ready", (), 0.0, None, "checks"))) == ()


def run(seed: int = 1, **changes: Any) -> Rehearsed:
    fields: dict[str, Any] = {
        "seed": seed,
        "outcome": "completed",
        "because": "every step ended",
        "recovery_s": 400.0 + seed,
        "gap": AccessGap(seconds=100.0 + seed, budget_s=1_260.0),
        "phases": (
            Phase(step="tell", seconds=300.0, critical_s=300.0),
            Phase(step="warm", seconds=60.0 + seed),
        ),
        "broken": (),
        "held": (Held(expected="ends completed", met=True, found="completed"),),
    }
    return Rehearsed(**(fields | changes))


BROKEN = Broken(invariant="S1", at_s=12.0, subject="user-1", detail="can start on both")
STUCK = {
    "outcome": "held",
    "because": "no answer",
    "recovery_s": None,
    "gap": AccessGap(seconds=900.0, budget_s=1_260.0, open=True, pairs=2),
    "held": (Held(expected="ends completed", met=False, found="held at barrier: no answer"),),
}


def rehearsal(*runs: Rehearsed) -> Rehearsal:
    return Rehearsal(scenario="calm", plan="pooled-eu", rto_s=402.0, runs=runs)


def test_the_data_has_the_documented_fields():
    data = rehearsal_data(rehearsal(run(1), run(2), run(3)))
    assert data["scenario"] == "calm"
    assert data["plan"] == "pooled-eu"
    assert (data["runs"], data["seeds"], data["sound"], data["simulated"]) == (3, [1, 2, 3], True, True)
    assert data["outcomes"] == {"completed": 3}
    assert data["reasons"] == {"completed: every step ended": 3}
    assert data["recovery_s"] == {"median": 402.0, "p95": 403.0, "worst": 403.0}
    assert data["access_gap_s"] == {"median": 102.0, "p95": 103.0, "worst": 103.0}
    assert (data["access_gaps_open"], data["rto_s"], data["rto_kept"]) == (0, 402.0, 2)
    assert data["violations"] == []
    assert data["phases"][0] == {
        "step": "tell",
        "median_s": 300.0,
        "p95_s": 300.0,
        "worst_s": 300.0,
        "critical_s": 300.0,
        "critical_runs": 3,
    }
    assert data["phases"][1]["critical_runs"] == 0


def test_what_no_run_came_to_is_null():
    data = rehearsal_data(rehearsal(run(recovery_s=None, gap=None, phases=())))
    assert (data["recovery_s"], data["access_gap_s"], data["phases"], data["rto_kept"]) == (None, None, [], 0)


def test_an_expectation_is_met_only_when_every_run_met_it():
    data = rehearsal_data(rehearsal(run(1), run(2, **STUCK), run(3)))
    assert data["expectations"] == [
        {
            "expected": "ends completed",
            "met": False,
            "found": "held at barrier: no answer",
            "missed_seeds": [2],
        }
    ]
    assert (data["sound"], data["access_gaps_open"]) == (False, 1)


def test_a_violation_makes_a_rehearsal_unsound_even_when_nothing_was_expected():
    found = rehearsal(run(1, held=()), run(2, held=(), broken=(BROKEN,)))
    assert not found.sound
    assert rehearsal_data(found)["violations"] == [
        {"seed": 2, "invariant": "S1", "at_s": 12.0, "subject": "user-1", "detail": "can start on both"}
    ]


def test_every_line_for_people_says_simulated():
    text = rehearsal_text(rehearsal(run(1), run(2, broken=(BROKEN,), **STUCK)))
    assert all(line.startswith("SIMULATED ") for line in text.split("\n"))


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        ((run(1), run(2)), "SOUND: 2 runs of pooled-eu against calm"),
        ((run(1),), "SOUND: 1 run of pooled-eu against calm"),
        ((run(1, **STUCK),), "NOT SOUND: 1 run of"),
        ((run(1),), "recovery    median 6 min 41 s, p95 6 min 41 s, worst 6 min 41 s; allowed 6 min 42 s"),
        ((run(1, **STUCK),), "recovery    no run got so far"),
        ((run(1, **STUCK),), "still open at the end of 1 run"),
        ((run(1, gap=None),), "access gap  nobody lost access"),
        ((run(1),), "5 min  5 min in 1 run"),
        ((run(1),), "violations  none"),
        ((run(3, broken=(BROKEN,)),), "S1 seed 3, 12 s in: user-1 can start on both"),
        ((run(1),), "met         ends completed"),
        (
            (run(4, **STUCK),),
            "MISSED      ends completed; found held at barrier: no answer (seed 4)",
        ),
        ((run(1), run(2), run(3, **STUCK)), "2 x     completed: every step ended"),
    ],
)
def test_the_text_tells_it(runs, says):
    assert says in rehearsal_text(rehearsal(*runs))


def test_what_a_scenario_wrote_cannot_act_on_a_terminal():
    text = rehearsal_text(rehearsal(run(1, because="\x1b[2Jgone\nNOT SIMULATED")))
    assert "\x1b" not in text
    assert all(line.startswith("SIMULATED ") for line in text.split("\n"))


def test_many_violations_are_counted_and_the_first_shown():
    many = tuple(Broken(invariant="S1", at_s=float(n), subject=f"u{n}", detail="d") for n in range(9))
    text = rehearsal_text(rehearsal(run(1, broken=many)))
    assert "violations  9" in text
    assert "u4 d" in text
    assert "u5 d" not in text
