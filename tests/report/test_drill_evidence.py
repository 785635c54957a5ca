"""The evidence of a drill: what supervisors and auditors ask for, from data and not by assertion."""

from datetime import timedelta

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from avd_failover.domain.actions import RevokeAssignment
from avd_failover.domain.plan import End
from avd_failover.domain.states import RunStatus
from avd_failover.report.account_text import account_text
from avd_failover.report.drill_account import DrillEvidence
from avd_failover.report.gap import access_gap
from avd_failover.report.html import page
from avd_failover.report.turning import recovered_at
from tests.report import histories as h
from tests.report import purposes as p
from tests.report.builders import T0, Story
from tests.report.histories import account
from tests.report.test_html import Page


def evidence(story: Story) -> DrillEvidence:
    found = account(story).drill
    assert found is not None
    return found


def test_only_a_drill_has_evidence_of_one() -> None:
    assert [one.__name__ for one in h.ALL + p.ALL if account(one()).drill] == [
        "drilled",
        "drilling",
        "failed_drill",
    ]


def test_how_long_the_other_side_carried_the_testers() -> None:
    found = evidence(p.drilled())
    assert found.there_at == T0 + timedelta(seconds=697.5)
    assert found.left_at is not None
    assert found.carried_s == (found.left_at - found.there_at).total_seconds() == pytest.approx(1201)
    assert found.returned_at is not None
    assert found.left_at < found.returned_at < (found.ended_at or T0)


def test_a_drill_that_is_on_carries_until_what_is_known() -> None:
    found = evidence(p.drilling().after(60).wait("testing", "testers are at work"))
    assert (found.result, found.left_at, found.returned_at) == ("not ended", None, None)
    assert found.carried_s == pytest.approx(60.5)


@pytest.mark.parametrize(
    ("history", "result", "due"),
    [(p.drilled, "pass", True), (p.failed_drill, "fail", False), (p.drilling, "not ended", False)],
)
def test_the_result_is_that_of_the_testers_and_only_a_success_moves_the_next_date(
    history, result: str, due: bool
) -> None:
    found = evidence(history())
    assert found.result == result
    assert (found.next_due_at is not None) is due
    if due and found.ended_at:
        assert found.next_due_at == found.ended_at + timedelta(days=183)


def test_the_objectives_of_a_drill_are_measured_on_the_way_that_they_are_about() -> None:
    story = p.drilled()
    rto, gap, rpo = account(story).objectives
    assert rto.measured_s == (recovered_at(story.state) - T0).total_seconds() == pytest.approx(697.5)  # type: ignore[operator]
    assert gap.measured_s is not None
    assert gap.measured_s < 720, "the testers' time on the other side is no gap"
    assert (rto.kept, gap.kept, rpo.measured_s) == (True, True, None)
    live = access_gap(story.state, story.at)
    assert live is not None
    assert (live.open, round(live.seconds)) == (False, round(gap.measured_s))


def test_while_testers_have_the_other_side_nobody_is_without_access() -> None:
    gap = access_gap(p.drilling().state, T0 + timedelta(hours=9))
    assert gap is not None
    assert not gap.open


def test_on_its_way_back_a_drill_is_without_access_again() -> None:
    story = p.drilling().tell(p.ended("testing", "pass")).begin("withdraw")
    story.do("withdraw", p.moves(End.TARGET, RevokeAssignment))
    gap = access_gap(story.state, story.after(60).at)
    assert gap is not None
    assert (gap.open, gap.pairs) == (True, 3)


def test_no_rule_is_broken_by_giving_testers_their_start_or_by_the_way_back() -> None:
    verdicts = {one.rule: one.holds for one in account(p.drilled()).checks}
    assert verdicts["All revoked before any granted"] is True
    assert verdicts["Barrier before grant"] is True
    assert verdicts["All withdrawn before any restored"] is True
    assert verdicts["Closing reading"] is True
    assert False not in verdicts.values()


def test_the_way_back_is_marked_as_such_and_so_are_its_ends() -> None:
    steps = {one.id: one for one in account(p.drilled()).steps}
    assert [name for name, one in steps.items() if one.back] == [
        "withdraw",
        "barrier-back",
        "restore",
        "reconcile",
    ]
    assert (steps["withdraw"].region, steps["revoke"].region) == ("westeurope", "northeurope")


@pytest.mark.parametrize(
    ("history", "verdicts"),
    [
        (p.drilled, [True, True, True]),
        (p.failed_drill, [True, False, False]),
        (p.drilling, [True, None, None]),
    ],
)
def test_invariants_are_judged_from_data_and_unknown_where_there_is_none(history, verdicts) -> None:
    found = evidence(history()).invariants
    assert [one.name for one in found] == [
        "single-side access",
        "no production session touched",
        "production bit-identical",
    ]
    assert [one.holds for one in found] == verdicts


def test_how_an_invariant_was_counted_stands_beside_it() -> None:
    _, touched, same = evidence(p.failed_drill()).invariants
    assert touched.counted.startswith("1 messages and log-offs in this journal to users who are not")
    assert same.counted.startswith("34 things read whole before the first change and after the last")


@pytest.mark.parametrize(
    ("history", "same"), [(p.drilled, True), (p.failed_drill, False), (p.drilling, None)]
)
def test_production_is_compared_kind_by_kind(history, same: bool | None) -> None:
    found = evidence(history()).production
    assert [(one.kind, one.things, one.same) for one in found] == [(*kind, same) for kind in p.KINDS]


def test_people_and_processes_have_their_parts() -> None:
    found = [(one.role, one.who) for one in evidence(p.drilled()).people]
    assert found == [
        ("started", "Dora"),
        ("asked", "Tess"),
        ("approved", "Tess"),
        ("executed", "process 4711 on laptop"),
        ("informed", "testers in 1 session"),
    ]


def test_third_parties_are_the_regions_azure_and_the_directory() -> None:
    assert [one.name for one in evidence(p.drilled()).third_parties] == [
        "northeurope (primary)",
        "westeurope (secondary)",
        "https://management.azure.com",
        "https://graph.microsoft.com",
    ]


def test_files_of_evidence_are_named_with_their_digests() -> None:
    (file,) = evidence(p.drilled()).files
    assert (file.name, file.sha256, file.by, file.step) == ("screens.zip", p.EVIDENCE, "Tess", "testing")


def test_deficiencies_leave_owner_date_and_retest_to_people() -> None:
    assert evidence(p.drilled()).deficiencies == ()
    found = evidence(p.failed_drill()).deficiencies
    assert [one.code for one in found] == ["tester-found", "step-failed"]
    assert {(one.owner, one.due, one.retest) for one in found} == {(None, None, None)}


def test_testers_who_say_nothing_leave_something_to_be_mended() -> None:
    story = p.returned(p.tested(Story(first=p.first(p.DRILL, *p.DRILL_STEPS))), "not told")
    story.end("verdict", "the testers' result is not told").close(RunStatus.COMPLETED, "every step ended")
    found = evidence(story)
    assert (found.result, [one.code for one in found.deficiencies]) == ("not told", ["result-not-told"])


def test_a_missed_objective_is_a_deficiency() -> None:
    story = p.tested(Story(first=p.first(p.DRILL, *p.DRILL_STEPS)).after(1800))
    found = evidence(story).deficiencies
    assert [(one.code, one.where) for one in found] == [("objective-missed", "objectives")]
    assert "declared" in found[0].what


FIELDS = (
    "result test_type scope scenario severity chosen_because began_at ended_at duration_s there_at left_at"
    " carried_s returned_at testers_told heard notes people third_parties invariants production files"
    " deficiencies next_due_at every_s"
)


def test_fields_of_the_evidence_are_added_to_and_never_renamed() -> None:
    assert list(to_builtins(evidence(p.drilled()))) == FIELDS.split()


@pytest.mark.parametrize(
    "line",
    [
        "  result     pass: all good",
        "  carried    the other side carried the testers for 20 min 01 s, from 03:11:37 until 03:31:38",
        "  heard      sign-in: pass by Tess",
        f"  production assignment: 8, the same, {p.DIGEST} -> {p.DIGEST}",
        "  person     started   03:00:00 Dora: the drill",
        "  took part  Azure region: westeurope (secondary)",
        f"  file       screens.zip  SHA-256 {p.EVIDENCE}, by Tess at testing",
        "  to mend    nothing found",
        "  next due   2027-05-24 03:49:11 UTC (every 183 d 00 h)",
    ],
)
def test_the_text_says(line: str) -> None:
    shown = account_text(account(p.drilled())).splitlines()
    assert line in shown, "\n".join(shown)


def test_the_text_leaves_room_for_what_people_fill_in() -> None:
    shown = account_text(account(p.failed_drill()))
    assert "  to mend    tester-found (drill.hold): sign-in: fail by Tess" in shown.splitlines()
    assert "owner ____________  due ____________  retest ____________" in shown
    assert "signed off ____________" in shown


def test_the_page_has_the_evidence_and_room_to_sign() -> None:
    seen = Page(page(account(p.failed_drill())))
    assert "drill" in [attrs["id"] for attrs in seen.all("section")]
    assert seen.rows("drill")["Result"] == ["✗ FAIL all good"]
    for words in ("Sign-off by management", "Lessons, changes of the plan", "Retest", "differs".upper()):
        assert words in seen.shown
    blanks = [attrs for attrs in seen.all("span") if attrs.get("class") == "blank"]
    assert len(blanks) == 3 + 2 * 3 + 2


def test_severity_and_reason_are_those_that_were_given_and_lines_to_fill_in_else() -> None:
    pinned = replace(p.first(p.DRILL, *p.DRILL_STEPS), severity="high", chosen_because="a flood")
    given = p.tested(Story(first=pinned))
    assert "severity high   chosen because a flood" in account_text(account(given))
    assert (evidence(given).severity, evidence(given).chosen_because) == ("high", "a flood")
    blank = "severity ____________   chosen because ____________"
    assert blank in account_text(account(p.drilled()))
