"""Last screen, status and list of runs, for every purpose: who asked, what came of it, who is missing."""

import json
from datetime import timedelta

import pytest

from avd_failover.domain.actions import Skipped
from avd_failover.report.runs import Listed, runs_data, runs_text
from avd_failover.report.status import status_data
from avd_failover.report.status_text import status_text
from avd_failover.report.summary import summary_data, summary_text
from tests.report import histories as h
from tests.report import purposes as p
from tests.report.builders import RUN
from tests.report.histories import HEAD


@pytest.mark.parametrize(
    ("history", "line"),
    [
        (p.drilled, "COMPLETED: drill of pooled-eu"),
        (p.drilled, "  asked by    Dora, run key half-year"),
        (
            p.drilled,
            "  testers     GRP-TEST: 3 of 3 group assignments moved to secondary, 3 of 3 on primary now",
        ),
        (p.drilled, "  testing     Tess said pass"),
        (p.drilled, "  production  production is as it was"),
        (p.drilled, "  result      the testers' result is pass"),
        (p.drilled, "  recovery    11 min 38 s of 30 min allowed: kept"),
        (p.drilled, "  access gap  11 min 32 s at most; in budget"),
        (p.settling, "COMPLETED: settling of pooled-eu"),
        (p.settling, f"  pays for    {p.DARK}"),
        (p.settling, f"  settled     paid what {p.DARK} owed; moved nobody"),
        (p.upkeep, "COMPLETED: upkeep of pooled-eu"),
        (p.upkeep, "  did         moved nobody; 2 of 2 woken hosts registered"),
        (p.home, "COMPLETED: failback of pooled-eu"),
        (p.home, "  takes back  run-1 and run-2"),
        (p.home, "  asked by    Dora, run key ticket-7"),
        (lambda: p.fenced(forced="a flood is near"), "  forced      a flood is near"),
        (p.fenced, "  moved       9 of 9 group assignments: GRP1, GRP2 and GRP3"),
        (p.waiting, f"  WAITS       barrier for 1 approval: failover approve {RUN} barrier --by NAME"),
    ],
)
def test_the_last_screen_says(history, line: str) -> None:
    shown = summary_text(history().state).splitlines()
    assert line in shown, "\n".join(shown)


@pytest.mark.parametrize("history", [p.settling, p.upkeep])
@pytest.mark.parametrize("words", ["recovery ", "access gap", "moved  ", "NO ACCESS"])
def test_a_run_that_moves_nobody_is_not_told_as_if_it_did(history, words: str) -> None:
    assert words not in summary_text(history().state)


def test_what_a_drill_wrote_down_of_production_is_no_list_of_things_left_alone() -> None:
    story = p.drilled()
    story.state.steps["record"].skipped = {
        str(n): Skipped(target=str(n), because=f"words {n}") for n in range(40)
    }
    assert "record left alone" not in summary_text(story.state)


@pytest.mark.parametrize(
    ("history", "line"),
    [
        (p.drilled, "        asked by    Dora, run key half-year"),
        (p.drilled, "result: GRP-TEST: 3 of 3 group assignments moved to secondary, 3 of 3 on primary now"),
        (p.drilled, "times:  recovered after 11 min 38 s, without access for 11 min 32 s at most"),
        (p.drilled, "access: of 3 pairs, 3 source"),
        (p.drilling, "access: of 3 pairs, 3 target"),
        (p.drilled, "item:   testing  sign-in: pass by Tess; asked: choose pass by Tess"),
        (p.home, "        takes back  run-1 and run-2"),
        (p.waiting, "people: barrier (held): 2 approvals needed, 1 missing"),
        (p.waiting, "people:   03:01:39 Ann approves"),
        (p.waiting, f"people:   type: failover approve {RUN} barrier --by NAME"),
        (p.gated, "people:   not counted: Ben: came without evidence"),
    ],
)
def test_the_status_says(history, line: str) -> None:
    story = history()
    shown = status_text(story.state, story.at, alive=False).splitlines()
    assert line in shown, "\n".join(shown)


def test_a_quarantine_is_told_while_it_lasts_and_only_of_a_process_that_lives() -> None:
    story = p.taken_over()
    told = "waits:  taken over; nothing is sent until 03:11:07 UTC (5 min more)"
    assert told in status_text(story.state, story.at + timedelta(seconds=60), alive=True)
    assert "waits:" not in status_text(story.state, story.at + timedelta(seconds=361), alive=True)
    assert "waits:" not in status_text(story.state, story.at + timedelta(seconds=60), alive=False)
    assert status_data(story.state, HEAD)["quarantined_until"] == "2026-11-22T03:11:07.100000Z"
    assert status_data(h.killed_and_resumed().state, HEAD)["quarantined_until"] is None


def test_an_approval_that_expired_is_missing_again() -> None:
    story = p.waiting()
    shown = status_text(story.state, story.at + timedelta(hours=5), alive=False)
    assert "2 approvals needed, 2 missing" in shown
    assert "Ann: has expired" in shown


def test_scripts_get_who_asked_and_who_is_missing() -> None:
    data = status_data(p.waiting().state, HEAD)
    (gate,) = data["gates"]
    assert (gate["step"], gate["needed"], gate["lacking"]) == ("barrier", 2, 1)
    assert [(one["by"], one["counts"]) for one in gate["said"]] == [("Ann", True), ("dora", False)]
    assert gate["command"] == f"failover approve {RUN} barrier --by NAME"
    assert (data["purpose"], data["initiator"], data["debts"]) == ("failover", "Dora", ["drain-source"])
    assert summary_data(p.waiting().state)["waits_for"] == [gate["command"]]


def test_the_mode_that_was_pinned_and_the_one_that_holds_now_stand_side_by_side() -> None:
    data = status_data(p.switched().state, HEAD)
    assert (data["mode"], data["mode_now"]) == ("planned", "unplanned")


@pytest.mark.parametrize("history", p.ALL)
def test_every_form_is_json(history) -> None:
    state = history().state
    for data in (status_data(state, HEAD), summary_data(state), runs_data([Listed(run=RUN, state=state)])):
        assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (h.completed, "failover  primary->secondary  planned"),
        (p.home, "failback  secondary->primary  planned"),
        (p.drilled, "drill of testers GRP-TEST  primary->secondary"),
        (p.cohort, "failover of groups GRP1 on application groups DAG1, DAG2  primary->secondary"),
        (p.settling, "settling  moves nobody"),
        (p.upkeep, "upkeep  moves nobody"),
    ],
)
def test_the_list_of_runs_says_what_each_was_for(history, words: str) -> None:
    assert words in runs_text([Listed(run=RUN, state=history().state)])


def test_a_row_names_debts_and_what_a_run_follows() -> None:
    owing, paying = runs_data(
        [Listed(run="a", state=p.fenced().state), Listed(run="b", state=p.settling().state)]
    )["runs"]
    assert (owing["debts"], paying["follows"]) == (["drain-source"], [p.DARK])
    assert (paying["purpose"], paying["initiator"]) == ("settle", "Dora")


@pytest.mark.parametrize("evil", ["\x1b[2J", "password=hunter2hunter2", "anna@contoso.com"])
def test_names_and_reasons_of_people_cannot_paint_a_screen_or_carry_a_secret(evil: str) -> None:
    story = p.fenced(initiator=evil, key=evil, forced=evil, follows=(evil,))
    story.state.approvals["barrier"].clear()
    state = story.tell(p.said("choose", evil, "barrier", item=evil, value=evil, reason=evil)).state
    shown = summary_text(state) + status_text(state, story.at, alive=False)
    assert all(line.isprintable() for line in shown.splitlines())
    assert evil not in shown
