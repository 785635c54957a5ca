"""``failover check`` and ``failover drills``: whether a run could begin now, and when a drill is due."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cli.check import _following
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Wish, ask
from avd_failover.cli.wiring import Simulation
from avd_failover.cli.worlds import looked_at
from avd_failover.domain.findings import Finding
from avd_failover.domain.plan import HALF_YEAR_S
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Event, RunEnded, RunPinned
from avd_failover.report.checked import Checked, Drilled, checked_data, checked_text, drill_due
from tests.cli.runs_at_hand import Shell
from tests.crash.stage import ROOT
from tests.journal.builders import RUN, whole_run

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DAY_S = 86_400.0
PLAN = str(ROOT / "plans" / "pooled-eu.yaml")


def drilled(days_ago: float | None, state: str = "completed") -> Drilled:
    at = None if days_ago is None else NOW - timedelta(days=days_ago)
    return Drilled(run="D", state=state, because="", finished_at=at)


DUE = [
    ("there was none", (), "no drill of this plan succeeded yet"),
    ("one of yesterday", (drilled(1),), None),
    ("one of today's limit", (drilled(90),), None),
    ("one that is too old", (drilled(91),), "the last drill was"),
    ("an old one and one of yesterday", (drilled(1), drilled(400)), None),
    ("a new one that failed, and an old one", (drilled(1, "failed"), drilled(400)), "the last drill was"),
    ("one that was refused", (drilled(1, "refused"),), "no drill of this plan succeeded yet"),
    ("one that still goes on", (drilled(None, "running"),), "no drill of this plan succeeded yet"),
]


@pytest.mark.parametrize(("drills", "because"), [row[1:] for row in DUE], ids=[row[0] for row in DUE])
def test_a_drill_is_due(drills, because) -> None:
    found = drill_due(drills, 90 * DAY_S, NOW)
    assert (found is None) == (because is None)
    if found is not None:
        assert found.code == "drill-overdue"
        assert because in found.detail


SHORT = Finding(code="capacity-short", subject="hp-weu", detail="could seat 3, the plan needs 10")
DRILL = Finding(code="drill-overdue", subject="drill", detail="no drill of this plan succeeded yet")


def checked(**changes: Any) -> Checked:
    usual = Checked(
        plan="small",
        simulated=None,
        at=NOW,
        users_are_on="primary",
        because="all pairs on source",
        blockers=(),
        warnings=(DRILL,),
    )
    return replace(usual, **changes)


def test_warnings_leave_a_plan_ready_and_blockers_do_not() -> None:
    assert checked().ready
    assert not checked(blockers=(SHORT,)).ready


def test_a_check_tells_people_everything_at_once() -> None:
    assert checked_text(checked(blockers=(SHORT,))).splitlines() == [
        "NOT READY: small, users are on primary",
        "  all pairs on source",
        "  BLOCKER  capacity-short  hp-weu: could seat 3, the plan needs 10",
        "  warning  drill-overdue  drill: no drill of this plan succeeded yet",
    ]
    assert checked_text(checked()).startswith("READY: small")


def test_every_line_about_a_simulated_azure_says_so() -> None:
    lines = checked_text(checked(simulated="small", blockers=(SHORT,))).splitlines()
    assert [line for line in lines if "SIMULATED" not in line] == []


def test_a_check_tells_scripts_in_fields_that_stay() -> None:
    assert checked_data(checked(blockers=(SHORT,), simulated="small")) == {
        "plan": "small",
        "simulated": True,
        "at": "2026-03-02T03:00:00+00:00",
        "ready": False,
        "users_are_on": "primary",
        "because": "all pairs on source",
        "findings": [
            {
                "code": "capacity-short",
                "severity": "blocker",
                "subject": "hp-weu",
                "detail": "could seat 3, the plan needs 10",
            },
            {
                "code": "drill-overdue",
                "severity": "warning",
                "subject": "drill",
                "detail": "no drill of this plan succeeded yet",
            },
        ],
    }


def test_a_simulated_azure_is_checked_and_nothing_is_left_of_it(shell: Shell) -> None:
    code = shell.type("check", "--plan", "small", "--simulate", "small", "--output", "json")
    found = json.loads(shell.out)
    assert (code, found["ready"], found["simulated"]) == (ExitCode.DONE, True, True)
    assert (found["plan"], found["users_are_on"]) == ("small", "primary")
    assert list(shell.home.runs()) == []


def test_what_blocks_is_told_with_its_code_and_the_exit_says_so(shell: Shell) -> None:
    code = shell.type("check", "--plan", "pooled-eu", "--simulate", "shadow-access", "--output", "json")
    found = json.loads(shell.out)
    assert (code, found["ready"]) == (ExitCode.REFUSED, False)
    blockers = {one["code"] for one in found["findings"] if one["severity"] == "blocker"}
    assert "shadow-access" in blockers
    assert "Next: " in shell.err


def drill(run: str, *, days_ago: float, status: RunStatus = RunStatus.COMPLETED) -> list[Event]:
    """A drill of the plan that ended so long before now; whatever it did between is of no concern here."""
    asked = ask(Wish(plan=PLAN, purpose=Purpose.DRILL))
    first, *rest = whole_run(run)
    first = replace(first, route=asked.route)
    return [first, *rest[:-1], RunEnded(status=status, because=f"ended {days_ago:.0f} days ago")]


def test_where_there_was_no_drill_one_is_due(shell: Shell) -> None:
    assert shell.type("drills", "--plan", PLAN) == ExitCode.DONE
    assert shell.out.strip() == "a drill is due: no drill of this plan succeeded yet"
    shell.type("drills", "--plan", PLAN, "--output", "json")
    assert json.loads(shell.out) == {
        "drills": [],
        "due": True,
        "why": "no drill of this plan succeeded yet",
    }


def test_drills_are_listed_with_how_they_ended_and_other_runs_are_not(shell: Shell) -> None:
    shell.record("pooled-eu-20260301-000000-0001", drill("pooled-eu-20260301-000000-0001", days_ago=1))
    shell.record(RUN, whole_run())
    shell.type("drills", "--plan", PLAN, "--output", "json")
    found = json.loads(shell.out)
    (one,) = found["drills"]
    assert (one["run"], one["state"]) == ("pooled-eu-20260301-000000-0001", "completed")
    assert one["finished_at"].startswith("2026-03-02T02:56")
    shell.type("drills", "--plan", PLAN)
    assert "2026-03-02 02:56 UTC" in shell.out


def test_drills_of_another_plan_are_not_this_one_s(shell: Shell) -> None:
    shell.record("pooled-eu-20260301-000000-0001", drill("pooled-eu-20260301-000000-0001", days_ago=1))
    shell.type("drills", "--plan", str(ROOT / "plans" / "small.yaml"), "--output", "json")
    assert json.loads(shell.out)["drills"] == []


def test_a_drill_is_due_twice_a_year_unless_the_plan_says_otherwise() -> None:
    assert 180 * DAY_S <= HALF_YEAR_S <= 184 * DAY_S


def test_desktops_whose_extensions_nobody_wrote_down_are_warned_of_and_block_nothing(shell: Shell) -> None:
    arguments = ("check", "--plan", "personal-eu", "--simulate", "personal-small", "--output", "json")
    assert shell.type(*arguments) == ExitCode.DONE
    (found,) = json.loads(shell.out)["findings"]
    assert (found["code"], found["severity"]) == ("images-stale", "warning")
    assert "those of 3 of 3 desktops were not written down within 7 d (pd-neu-0" in found["detail"]
    assert "failover run personal-images --plan personal-eu" in found["detail"]


def test_desktops_whose_extensions_were_written_down_lately_are_not(shell: Shell) -> None:
    record = ("run", "personal-images", "--plan", "personal-eu", "--simulate", "personal-small", "--yes")
    assert shell.type(*record) == ExitCode.DONE
    assert "SIMULATED COMPLETED: upkeep of personal-eu" in shell.out
    shell.type("check", "--plan", "personal-eu", "--simulate", "personal-small", "--output", "json")
    assert json.loads(shell.out)["findings"] == []


def test_upkeep_that_writes_down_extensions_is_done_whether_or_not_anything_changed(shell: Shell) -> None:
    record = ("run", "personal-images", "--plan", "personal-eu", "--simulate", "personal-small", "--yes")
    assert [shell.type(*record) for _ in range(2)] == [ExitCode.DONE] * 2
    assert len(list(shell.home.runs())) == 2


def test_drills_on_a_simulated_azure_are_listed_and_said_not_to_count(shell: Shell) -> None:
    run = "pooled-eu-20260301-000000-0001"
    first, *rest = drill(run, days_ago=1)
    assert isinstance(first, RunPinned)
    shell.record(run, [replace(first, simulated="small"), *rest])
    shell.type("drills", "--plan", PLAN)
    assert shell.out.splitlines()[-1].endswith("; drills on a simulated Azure do not count")


def test_what_only_looks_goes_on_in_the_world_left_and_adds_nothing(shell: Shell) -> None:
    asked = ask(Wish(plan=PLAN))
    first, *rest = whole_run()
    assert isinstance(first, RunPinned)
    assert looked_at(shell.home, asked, None) is None
    fresh = looked_at(shell.home, asked, "pooled-eu")
    assert fresh is not None
    assert fresh.memory is None
    shell.record(RUN, [replace(first, route=asked.route, simulated="pooled-eu"), *rest])
    world = shell.home.path / "simulated" / f"{RUN}.jsonl"
    world.parent.mkdir()
    world.write_text("")
    left = looked_at(shell.home, asked, "pooled-eu")
    assert left == Simulation(scenario=world.with_suffix(".yaml"), memory=world, remembers=False)


def test_a_check_names_what_to_type_about_an_earlier_run_that_stands_in_the_way(shell: Shell) -> None:
    found = checked(blockers=(SHORT,), remedy="failover settle --plan small")
    assert _following(found) == "failover settle --plan small"
    assert _following(checked(blockers=(SHORT,))).startswith("failover check --plan small")
