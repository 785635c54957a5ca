"""The status of a run: every field, from the journal alone."""

import json
from collections.abc import Sequence

import pytest

from avd_failover.domain.actions import Skipped
from avd_failover.domain.findings import Finding
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import (
    ActionEnded,
    Event,
    Holder,
    Outcome,
    RunEnded,
    RunResumed,
    StepEnded,
    StepSkips,
    StepWaiting,
)
from avd_failover.report.status import StatusReport, StepReport, status_data
from tests.journal.builders import (
    RUN,
    T0,
    applied,
    began,
    done,
    grant,
    intended,
    make_pinned,
    make_state,
    revoke,
    whole_run,
)

HEAD = "c" * 64


def report(events: Sequence[Event], *, alive: bool = True) -> StatusReport:
    return status_data(make_state(events), HEAD, alive=alive)


def step(events: Sequence[Event], name: str = "revoke-source", *, alive: bool = True) -> StepReport:
    return next(step for step in report(events, alive=alive)["steps"] if step["id"] == name)


def test_a_completed_run_is_told_with_every_field() -> None:
    told = report(whole_run())
    assert {key: told[key] for key in told if key != "steps"} == {  # type: ignore[literal-required]
        "run": RUN,
        "plan": "pooled-eu",
        "runbook": "pooled-failover",
        "direction": "primary->secondary",
        "mode": "planned",
        "scope": "all",
        "state": "completed",
        "simulated": None,
        "started_at": "2026-03-02T02:55:00Z",
        "finished_at": "2026-03-02T02:56:50Z",
        "recovery_s": 100.0,
        "access_gap_s": 40.0,
        "journal_head": HEAD,
        "because": "every step ended",
        "resume": None,
        "findings": [],
        "purpose": "failover",
        "sentence": "1 of 1 group assignment on secondary (northeurope)",
        "initiator": None,
        "run_key": None,
        "forced": None,
        "follows": [],
        "mode_now": "planned",
        "quarantined_until": None,
        "gates": [],
        "items": [],
        "debts": [],
    }
    assert told["steps"][1] == {
        "id": "revoke-source",
        "uses": "assignments.revoke",
        "state": "done",
        "started_at": "2026-03-02T02:55:30Z",
        "finished_at": "2026-03-02T02:56:00Z",
        "reason": "proven",
        "waits_until": None,
        "actions": {"planned": 1, "applied": 1, "skipped": 0, "unknown": 0, "failed": 0},
    }


def test_the_status_is_json_as_it_stands() -> None:
    told = report(whole_run())
    assert json.loads(json.dumps(told)) == told


def test_steps_come_in_the_runbooks_order_begun_or_not() -> None:
    told = report([make_pinned()])
    assert [(step["id"], step["state"]) for step in told["steps"]] == [
        ("readiness", "pending"),
        ("revoke-source", "pending"),
        ("grant-target", "pending"),
    ]
    assert (told["recovery_s"], told["access_gap_s"], told["finished_at"]) == (None, None, None)


def test_the_name_of_the_scenario_is_told() -> None:
    assert report(whole_run(simulated="region-dark"))["simulated"] == "region-dark"


BEFORE_END: list[Event] = [make_pinned(), began("readiness")]
RESUME = f"failover resume {RUN}"
STANDINGS: dict[str, tuple[list[Event], bool, str, str | None]] = {
    "driven": (BEFORE_END, True, "running", None),
    "killed": (BEFORE_END, False, "interrupted", RESUME),
    "interrupted": (
        [*BEFORE_END, RunEnded(status=RunStatus.INTERRUPTED, because="")],
        False,
        "interrupted",
        RESUME,
    ),
    "held": ([*BEFORE_END, RunEnded(status=RunStatus.HELD, because="")], False, "held", RESUME),
    "failed": ([*BEFORE_END, RunEnded(status=RunStatus.FAILED, because="")], False, "failed", RESUME),
    "refused": ([*BEFORE_END, RunEnded(status=RunStatus.REFUSED, because="")], False, "refused", None),
    "completed": (whole_run(), False, "completed", None),
    "killed after it was resumed": (
        [
            *BEFORE_END,
            RunEnded(status=RunStatus.HELD, because=""),
            RunResumed(holder=Holder(host="desk", pid=7), engine="0.1.0"),
        ],
        False,
        "interrupted",
        RESUME,
    ),
}


@pytest.mark.parametrize(("events", "alive", "state", "resume"), STANDINGS.values(), ids=STANDINGS.keys())
def test_where_a_run_stands_and_whether_it_can_go_on(
    events: list[Event], alive: bool, state: str, resume: str | None
) -> None:
    told = report(events, alive=alive)
    assert (told["state"], told["resume"]) == (state, resume)


def test_a_killed_run_names_the_process_that_died_last() -> None:
    resumed = RunResumed(holder=Holder(host="desk", pid=7), engine="0.1.0")
    assert (
        report([*BEFORE_END, resumed], alive=False)["because"]
        == "its process (7 on desk) ended without a word"
    )


def test_a_run_that_is_driven_again_has_not_finished() -> None:
    events, _, _, _ = STANDINGS["killed after it was resumed"]
    told = report(events)
    assert (told["state"], told["finished_at"], told["because"]) == ("running", None, "")


def test_a_waiting_step_says_for_what_and_until_when() -> None:
    events = [*BEFORE_END, StepWaiting(step="readiness", because="hosts register", until=T0)]
    told = step(events, "readiness")
    assert (told["state"], told["reason"], told["waits_until"]) == (
        "running",
        "hosts register",
        "2026-03-02T02:55:00Z",
    )
    assert step([*events, done("readiness")], "readiness")["waits_until"] is None


def ended(n: int, outcome: Outcome) -> ActionEnded:
    return ActionEnded(n=n, outcome=outcome)


TRIED: list[Event] = [make_pinned(), began("readiness"), done("readiness"), began("revoke-source")]
COUNTS: dict[str, tuple[list[Event], bool, dict[str, int]]] = {
    "nothing": ([], True, {}),
    "one applied": (
        [intended("revoke-source", 1, revoke(1)), applied(1)],
        True,
        {"planned": 1, "applied": 1},
    ),
    "under way": ([intended("revoke-source", 1, revoke(1))], True, {"planned": 1}),
    "under way when its process died": (
        [intended("revoke-source", 1, revoke(1))],
        False,
        {"planned": 1, "unknown": 1},
    ),
    "answer lost": (
        [intended("revoke-source", 1, revoke(1)), ended(1, Outcome.UNKNOWN)],
        True,
        {"planned": 1, "unknown": 1},
    ),
    "lost, then read": (
        [intended("revoke-source", 1, revoke(1)), ended(1, Outcome.UNKNOWN), applied(1)],
        True,
        {"planned": 1, "applied": 1},
    ),
    "refused": (
        [intended("revoke-source", 1, revoke(1)), ended(1, Outcome.REFUSED)],
        True,
        {"planned": 1, "failed": 1},
    ),
    "throttled, then applied: one target": (
        [
            intended("revoke-source", 1, revoke(1)),
            ended(1, Outcome.TRANSIENT),
            intended("revoke-source", 2, revoke(1)),
            applied(2),
        ],
        True,
        {"planned": 1, "applied": 1},
    ),
    "void": (
        [intended("revoke-source", 1, revoke(1)), ended(1, Outcome.VOID)],
        True,
        {"planned": 1, "failed": 1},
    ),
    "of everything one": (
        [
            *(intended("revoke-source", n, revoke(n)) for n in range(1, 6)),
            applied(1),
            ended(2, Outcome.REFUSED),
            ended(3, Outcome.UNKNOWN),
            ended(4, Outcome.TRANSIENT),
        ],
        True,
        {"planned": 5, "applied": 1, "failed": 2, "unknown": 1},
    ),
    "left alone": (
        [
            StepSkips(
                step="revoke-source",
                skipped=tuple(Skipped(target=f"t{n}", because="as wanted") for n in range(3)),
            )
        ],
        True,
        {"skipped": 3},
    ),
}


@pytest.mark.parametrize(("events", "alive", "wanted"), COUNTS.values(), ids=COUNTS.keys())
def test_actions_are_counted_by_what_became_of_their_targets(
    events: list[Event], alive: bool, wanted: dict[str, int]
) -> None:
    nothing = {"planned": 0, "applied": 0, "skipped": 0, "unknown": 0, "failed": 0}
    assert step([*TRIED, *events], alive=alive)["actions"] == nothing | wanted


def test_findings_are_told_once_the_runs_own_first() -> None:
    own = Finding(code="SHADOW", subject="GRP1", detail="inherited")
    other = Finding(code="SEATS", subject="hp-ne", detail="3 of 10")
    events = [
        *BEFORE_END,
        StepEnded(step="readiness", status=StepStatus.HELD, because="", findings=(other, own)),
        RunEnded(status=RunStatus.HELD, because="", findings=(own,)),
    ]
    assert report(events)["findings"] == [
        {"code": "SHADOW", "subject": "GRP1", "detail": "inherited", "step": None},
        {"code": "SEATS", "subject": "hp-ne", "detail": "3 of 10", "step": "readiness"},
    ]


def test_telling_changes_nothing() -> None:
    state = make_state(
        [*TRIED, intended("revoke-source", 1, revoke()), intended("revoke-source", 2, grant())]
    )
    assert status_data(state, HEAD) == status_data(state, HEAD)
    assert status_data(state, HEAD, alive=False)["state"] == "interrupted"
    assert state.status is RunStatus.RUNNING
