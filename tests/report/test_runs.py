"""The list of runs: none is hidden, and a damaged one stands in nobody's way."""

import json

from avd_failover.report.runs import Listed, runs_data, runs_text
from tests.journal.builders import RUN, make_state, whole_run

OTHER = "pooled-eu-20260302-101500-0b1c"
LISTED = [
    Listed(run=OTHER, state=make_state(whole_run(OTHER, simulated="region-dark")[:4]), alive=True),
    Listed(run="torn", damage="entry 3: gap: the next entry there is has number 4\x1b[2J"),
    Listed(run=RUN, state=make_state(whole_run()[:4])),
    Listed(run=RUN, state=make_state(whole_run())),
]


def test_runs_keep_the_order_they_are_given_in() -> None:
    told = runs_data(LISTED)["runs"]
    assert [(row["run"], row["state"]) for row in told] == [
        (OTHER, "running"),
        ("torn", "damaged"),
        (RUN, "interrupted"),
        (RUN, "completed"),
    ]


def test_a_run_is_told_in_short() -> None:
    assert runs_data(LISTED)["runs"][3] == {
        "run": RUN,
        "plan": "pooled-eu",
        "runbook": "pooled-failover",
        "state": "completed",
        "started_at": "2026-03-02T02:55:00Z",
        "finished_at": "2026-03-02T02:56:50Z",
        "simulated": None,
        "direction": "primary->secondary",
        "mode": "planned",
        "because": "every step ended",
        "purpose": "failover",
        "scope": "all",
        "initiator": None,
        "run_key": None,
        "follows": [],
        "debts": [],
    }


def test_a_damaged_run_is_told_with_its_reason_and_without_guesses() -> None:
    row = runs_data(LISTED)["runs"][1]
    assert row["because"].startswith("entry 3: gap")
    unknown = ("plan", "runbook", "started_at", "finished_at", "simulated", "direction", "mode")
    assert {row[key] for key in unknown} == {None}  # type: ignore[literal-required]


def test_every_row_has_the_same_fields_and_is_json() -> None:
    told = runs_data(LISTED)
    assert len({tuple(row) for row in told["runs"]}) == 1
    assert json.loads(json.dumps(told)) == told


def test_for_people_each_run_is_one_line() -> None:
    lines = runs_text(LISTED).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(
        f"SIMULATED running      {OTHER}  2026-03-02 02:55 UTC  failover  primary->secondary"
    )
    assert lines[1].startswith("damaged      torn  entry 3: gap")
    assert "\x1b" not in lines[1]
    assert lines[2].startswith("interrupted ")
    assert "ended without a word" in lines[2]
    assert lines[3].endswith("every step ended")


def test_no_runs_are_said_to_be_none() -> None:
    assert runs_text([]) == "no runs yet"
    assert runs_data([]) == {"runs": []}
