"""The last screen: each way a run can end, what is proven, what is owed, what is unknown, what to type."""

import msgspec
import pytest

from avd_failover.domain.findings import Finding
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import NOTHING_TO_DO
from avd_failover.journal.events import ActionEnded, Outcome
from avd_failover.report.gap import GapWatch, access_gap, gap_words
from avd_failover.report.moved import Place, at, places
from avd_failover.report.status_text import status_text
from avd_failover.report.summary import summary_data, summary_text
from tests.report.builders import PLAN, RUN, Story, cut, grants, host, moved, revokes, warmed

SHADOW = Finding(code="SHADOW-PATH", subject=PLAN.application_groups[0].primary, detail="GRP9 reaches it")


def completed(simulated: str | None = None) -> Story:
    return moved(Story(simulated=simulated))


def moot() -> Story:
    story = Story().begin("readiness").end("readiness", "already there", StepStatus.SKIPPED)
    return story.close(RunStatus.COMPLETED, "nothing to do: all 9 pairs are on secondary already")


def held() -> Story:
    story = cut(Story()).end("log-off-source", "40 of 45 sessions logged off", StepStatus.HELD)
    return story.close(RunStatus.HELD, "40 of 45 sessions logged off (not within 900 s)")


def refused() -> Story:
    story = Story().begin("readiness").end("readiness", "1 finding", StepStatus.HELD)
    return story.close(RunStatus.REFUSED, "1 finding stands against it", SHADOW)


def failed() -> Story:
    story = warmed(Story()).begin("revoke-source")
    story.answer(story.intend("revoke-source", revokes()[:1]), Outcome.REFUSED, "403 no right")
    story.end("revoke-source", "Azure refused assignment.revoke", StepStatus.FAILED)
    return story.close(RunStatus.FAILED, "Azure refused assignment.revoke")


def interrupted() -> Story:
    return cut(Story(), logged_off=12).close(RunStatus.INTERRUPTED, "stopped by SIGINT")


def indebted() -> Story:
    story = Story().begin("readiness").end("readiness", "ready").begin("drain-source")
    story.after(300).end("drain-source", "no answer within 300 s: northeurope is dark", StepStatus.DEBT)
    return story.close(RunStatus.HELD, "a person must say that the source is dark")


ENDS = [completed, moot, held, refused, failed, interrupted, indebted]


@pytest.mark.parametrize(
    ("story", "headline"),
    [
        (completed, "COMPLETED"),
        (moot, "NOTHING TO DO"),
        (held, "HELD"),
        (refused, "REFUSED"),
        (failed, "FAILED"),
        (interrupted, "INTERRUPTED"),
    ],
)
def test_the_first_word_is_how_the_run_ended(story, headline: str) -> None:
    first, second, *_ = summary_text(story().state).splitlines()
    assert first == f"{headline}: failover of pooled-eu"
    assert second == "  way         primary (northeurope) -> secondary (westeurope), planned, all"


@pytest.mark.parametrize(
    ("story", "line"),
    [
        (completed, "  moved       9 of 9 group assignments: GRP1, GRP2 and GRP3"),
        (completed, "  sessions    45 logged off"),
        (completed, "  hosts       8 started"),
        (completed, "  recovery    4 min 12 s of 30 min allowed: kept"),
        (completed, "  access gap  53 s at most; in budget"),
        (completed, "  skipped     tell-users: the plan has no notice"),
        (
            completed,
            "  skipped     drain-source left alone: avd-neu-7 and avd-neu-8 (refuses new sessions already)",
        ),
        (moot, "  because     nothing to do: all 9 pairs are on secondary already"),
        (moot, "  changed     nothing in Azure"),
        (held, "  because     40 of 45 sessions logged off (not within 900 s)"),
        (held, "  moved       0 of 9 group assignments"),
        (held, "  NO ACCESS   GRP1, GRP2 and GRP3: 9 revoked, not granted yet"),
        (held, "  sessions    0 proven logged off, 45 log-offs accepted but not proven"),
        (held, "  recovery    not yet; 3 min 37 s of 30 min used"),
        (held, "  access gap  18 s and RUNNING, 9 group assignments; budget 21 min"),
        (refused, "  changed     nothing in Azure"),
        (refused, "  SHADOW-PATH  DAG1 (northeurope): GRP9 reaches it"),
        (failed, "  because     Azure refused assignment.revoke"),
        (indebted, "  OWED        drain-source, to be settled before any later run: no answer within 300 s:"),
        (
            interrupted,
            "  UNKNOWN     33 requests without a known end; resume reads before it sends: log off session",
        ),
        (interrupted, f"  run         {RUN}"),
    ],
)
def test_the_screen_says(story, line: str) -> None:
    assert any(shown.startswith(line) for shown in summary_text(story().state).splitlines())


@pytest.mark.parametrize(
    ("story", "commands"),
    [
        (completed, [f"failover report {RUN}", f"failover journal verify {RUN}"]),
        (held, [f"failover resume {RUN}", f"failover status {RUN}"]),
        (failed, [f"failover resume {RUN}", f"failover status {RUN}"]),
        (interrupted, [f"failover resume {RUN}"]),
        (refused, ["failover --plan pooled-eu --dry-run"]),
    ],
)
def test_every_end_names_the_exact_next_command(story, commands: list[str]) -> None:
    state = story().state
    assert summary_data(state)["next"] == commands
    for command in commands:
        assert f"  next        {command}" in summary_text(state)


def test_the_journal_is_named_where_its_place_is_known() -> None:
    state = completed().state
    assert "  journal     /state/run.sqlite" in summary_text(state, "/state/run.sqlite").splitlines()
    assert "journal  " not in summary_text(state)


def test_a_missed_objective_is_told_by_how_much() -> None:
    story = cut(Story()).after(2000).end("log-off-source", "45 sessions logged off")
    story.begin("barrier").end("barrier", "x").begin("seats-again").end("seats-again", "x")
    story.begin("grant-target").do("grant-target", grants()).end("grant-target", "9 pairs")
    assert "MISSED by 7 min 0" in summary_text(story.state)


def test_a_gap_over_its_budget_is_called_so() -> None:
    story = cut(Story()).after(1300)
    story.wait("log-off-source", "40 of 45 sessions logged off")
    assert "OVER its budget of 21 min" in summary_text(story.state)


@pytest.mark.parametrize("story", ENDS)
def test_simulated_stands_on_every_line(story) -> None:
    state = story().state
    state.pinned = msgspec.structs.replace(state.pinned, simulated="pooled-eu")
    assert all(line.startswith("SIMULATED") for line in summary_text(state, "/j").splitlines())


@pytest.mark.parametrize("story", ENDS)
def test_the_data_form_is_json_and_agrees_with_the_state(story) -> None:
    state = story().state
    data = msgspec.json.decode(msgspec.json.encode(summary_data(state, "/j")))
    assert data["run"] == RUN
    assert data["state"] == state.status.value
    assert data["changed"] is state.changed
    assert data["journal"] == "/j"


def test_scripts_get_figures() -> None:
    data = summary_data(completed().state)
    assert len(data["moved"]) == 9
    assert data["moved"][0] == "GRP1 on DAG1"
    assert (data["in_transit"], data["sessions_ended"], data["hosts_started"]) == ([], 45, 8)
    assert data["recovery_s"] == pytest.approx(252.5)
    assert data["access_gap_s"] == pytest.approx(53, abs=1)
    assert data["access_gap_open"] is False
    cut_off = summary_data(held().state)
    assert (len(cut_off["in_transit"]), cut_off["access_gap_open"]) == (9, True)
    assert summary_data(interrupted().state)["unknown"] == 33
    assert summary_data(indebted().state)["debts"] == ["drain-source"]
    assert summary_data(refused().state)["findings"] == [
        {"code": "SHADOW-PATH", "subject": SHADOW.subject, "detail": "GRP9 reaches it"}
    ]


def test_what_the_cloud_says_cannot_paint_the_screen_or_name_a_person() -> None:
    story = Story().begin("readiness")
    story.close(RunStatus.REFUSED, "client anna@contoso.com said \x1b[2J\nCOMPLETED: all is well")
    text = summary_text(story.state)
    assert r"[name-withheld] said \x1b[2J\nCOMPLETED" in text
    assert "\x1b" not in text


def test_many_reasons_are_cut_short_with_the_command_that_has_them_all() -> None:
    story = Story().begin("drain-source")
    for n in range(9):
        story.skip("drain-source", f"reason {n}", f"host-{n}")
    assert f"and 4 more reasons: failover status {RUN}" in summary_text(story.state)


def test_what_a_step_did_itself_is_not_told_as_left_alone() -> None:
    story = warmed(Story()).begin("revoke-source").do("revoke-source", revokes())
    story.skip("drain-source", "refuses new sessions already", *(host("neu", n) for n in range(1, 7)))
    story.skip("revoke-source", "no assignment of it stands here", "GRP1 on DAG1", "GRP9 on DAG1")
    text = summary_text(story.state)
    assert "drain-source left alone: avd-neu-7 and avd-neu-8 (refuses new sessions already)" in text
    assert "revoke-source left alone: GRP9 on DAG1 (no assignment of it stands here)" in text


def test_each_pair_is_in_one_place_at_every_moment_of_the_run() -> None:
    whole = completed()
    story = Story()
    for entry in whole.entries[1:]:
        story.state.apply(entry)
        found = places(story.state)
        assert sum(len(at(place, found)) for place in Place) == 9
    assert len(at(Place.TARGET, found)) == 9


def test_a_request_without_an_answer_leaves_its_pair_unknown() -> None:
    story = warmed(Story()).begin("revoke-source")
    story.intend("revoke-source", revokes()[:1])
    assert [pair.label for pair in at(Place.UNKNOWN, places(story.state))] == ["GRP1 on DAG1"]
    story.answer([len(story.state.attempts)], Outcome.UNKNOWN, "connection reset")
    assert len(at(Place.UNKNOWN, places(story.state))) == 1
    story.tell(ActionEnded(n=len(story.state.attempts), outcome=Outcome.VOID, by="reading"))
    assert len(at(Place.SOURCE, places(story.state))) == 9


def test_a_pair_that_was_granted_back_is_on_the_source_again() -> None:
    story = warmed(Story()).begin("revoke-source")
    story.do("revoke-source", revokes()[:1])
    assert len(at(Place.TRANSIT, places(story.state))) == 1
    back = revokes()[0].inverse()
    assert back is not None
    story.do("revoke-source", [back])
    assert len(at(Place.SOURCE, places(story.state))) == 9


def test_the_gap_runs_from_the_first_revoke_and_closes_with_the_last_grant() -> None:
    story = warmed(Story())
    assert access_gap(story.state, story.at) is None
    story.begin("revoke-source").do("revoke-source", revokes())
    gap = access_gap(story.state, story.after(56).at)
    assert gap is not None
    assert (gap.open, gap.pairs, gap.over, gap.budget_s) == (True, 9, False, 1260)
    assert gap.seconds == pytest.approx(60)
    story.do("grant-target", grants()[:8])
    gap = access_gap(story.state, story.at)
    assert gap is not None
    assert (gap.open, gap.pairs) == (True, 1)
    story.do("grant-target", grants()[8:])
    gap = access_gap(story.state, story.after(9999).at)
    assert gap is not None
    assert (gap.open, gap.over) == (False, False)
    assert gap_words(gap) == "1 min 04 s at most; in budget"


def test_an_unanswered_revoke_opens_the_gap_and_an_unanswered_grant_does_not_close_it() -> None:
    story = warmed(Story()).begin("revoke-source")
    story.answer(story.intend("revoke-source", revokes()[:1]), Outcome.UNKNOWN, "connection reset")
    gap = access_gap(story.state, story.at)
    assert gap is not None
    assert gap.open
    story.answer(story.intend("grant-target", grants()[:1]), Outcome.UNKNOWN, "connection reset")
    gap = access_gap(story.state, story.at)
    assert gap is not None
    assert gap.open


def test_each_turn_of_the_gap_is_told_once() -> None:
    story, watch = warmed(Story()).begin("revoke-source"), GapWatch()
    assert watch.look(story.state, story.at) is None
    story.do("revoke-source", revokes())
    turns = []
    for _ in range(4):
        turns.append(watch.look(story.state, story.at))
        story.after(600)
    assert [turn and turn.over for turn in turns] == [False, None, None, True]
    assert watch.open
    story.do("grant-target", grants())
    ended = watch.look(story.state, story.at)
    assert ended is not None
    assert not ended.open
    assert "OVER its budget" in gap_words(ended)
    assert watch.look(story.state, story.at) is None


def test_a_run_without_anything_to_do_lists_no_steps_and_claims_no_placement() -> None:
    story = Story().begin("readiness").end("readiness", "already there", StepStatus.SKIPPED)
    story.end("barrier", NOTHING_TO_DO, StepStatus.SKIPPED).end(
        "grant-target", NOTHING_TO_DO, StepStatus.SKIPPED
    )
    story.close(RunStatus.COMPLETED, "nothing to do: all 9 pairs are on secondary already")
    assert "  skipped" not in summary_text(story.state)
    shown = status_text(story.state, story.state.last_at, alive=False)
    assert "result: nothing in Azure was changed" in shown
    assert [line for line in shown.splitlines() if line.startswith("--")] == [
        "-- readiness                skipped  already there",
        f"-- and {len(story.state.steps) - 1} more steps, with nothing to do",
    ]
