"""What only some runs have: purpose, fence, debts, people, cohorts, take-overs; as text, JSON and HTML."""

import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from avd_failover.domain.states import RunStatus
from avd_failover.report.account import Account, account_data
from avd_failover.report.account_text import account_text
from avd_failover.report.html import page
from avd_failover.report.story import told
from tests.report import histories as h
from tests.report import purposes as p
from tests.report.builders import Story, moved
from tests.report.histories import HEAD, account
from tests.report.test_html import Page

History = Callable[[], Story]


def lines(history: History) -> list[str]:
    return account_text(account(history())).splitlines()


SETTLE = "failover settle --plan pooled-eu"

AIMS = [
    (h.completed, "failover", "9 of 9 group assignments on secondary (westeurope)"),
    (h.refused, "failover", "nothing in Azure was changed"),
    (p.home, "failback", "9 of 9 group assignments on primary (northeurope); takes back run-1 and run-2"),
    (p.drilled, "drill", "GRP-TEST: 3 of 3 group assignments moved to secondary, 3 of 3 on primary now"),
    (p.drilling, "drill", "GRP-TEST: 3 of 3 group assignments moved to secondary, 0 of 3 on primary now"),
    (p.settling, "settle", f"paid what {p.DARK} owed; moved nobody"),
    (lambda: p.settling(RunStatus.HELD), "settle", f"is to pay what {p.DARK} owed; moved nobody"),
    (p.upkeep, "upkeep", "moved nobody; 2 of 2 woken hosts registered"),
    (p.cohort, "failover", "2 of 2 group assignments on secondary (westeurope)"),
]


@pytest.mark.parametrize(("history", "purpose", "sentence"), AIMS)
def test_each_run_says_what_it_was_for_and_what_came_of_it(history, purpose: str, sentence: str) -> None:
    aim = account(history()).aim
    assert (aim.purpose, aim.sentence) == (purpose, sentence)


@pytest.mark.parametrize(
    ("history", "kind"),
    [
        (h.completed, "failover"),
        (p.home, "failback"),
        (p.drilled, "drill"),
        (p.settling, "settling"),
        (p.upkeep, "upkeep"),
    ],
)
def test_the_headline_names_the_kind_of_run(history, kind: str) -> None:
    assert lines(history)[0] == f"COMPLETED: {kind} of pooled-eu"
    assert Page(page(account(history()))).words("h1") == [f"{kind.capitalize()} of pooled-eu"]


@pytest.mark.parametrize(
    ("history", "line"),
    [
        (p.drilled, "  asked by   Dora, under the run key half-year"),
        (lambda: p.fenced(forced="a flood is near"), "  forced     a flood is near"),
        (p.home, "  follows    run-1, run-2"),
        (p.fenced, "  declared by Ann and Ben at 03:11:39 (barrier)"),
        (p.fenced, f"  evidence   outage.pdf {p.EVIDENCE}"),
        (p.fenced, "  silent     hosts: 503"),
        (p.fenced, "  silent     host pool: 503"),
        (p.fenced, "  hosts      not proven empty: 6"),
        (p.fenced, "  ways in    not read again: application groups: 503"),
        (p.fenced, "  expires    2026-11-22 07:02:39 UTC"),
        (p.fenced, "  barrier (done): 2 approvals needed"),
        (p.fenced, f"    03:02:39 Ben approves (evidence outage.pdf, SHA-256 {p.EVIDENCE})"),
        (
            p.fenced,
            f"  drain-source in northeurope: no answer for 30 s: northeurope is dark; type: {SETTLE}",
        ),
        (p.waiting, "  barrier (held): 2 approvals needed, 1 missing"),
        (p.waiting, "    not counted: dora: started the run, and somebody else must approve"),
        (p.waiting, f"    type: failover approve {Story().state.run} barrier --by NAME"),
        (p.gated, "    not counted: Ben: came without evidence"),
        (p.gated, f"    type: failover approve {Story().state.run} storage --by NAME --evidence FILE"),
        (p.settling, f"  paid  {p.DARK}  the journal of that run was not at hand"),
        (p.drilled, "  testing  sign-in: pass by Tess; asked: choose pass by Tess"),
        (p.drilled, "  testing  printers: not told"),
        (p.cohort, "  GRP1  secondary  secondary  not moved"),
        (p.cohort, "  GRP3  not moved  not moved  not moved"),
        (p.switched, "  03:03:42 unplanned from here on: the source is left as dark by Ann: it is gone"),
        (
            p.taken_over,
            "  03:05:07 taken over (epoch 2); nothing was sent until 2026-11-22 03:11:07 UTC",
        ),
    ],
)
def test_the_text_says(history, line: str) -> None:
    assert line in lines(history), "\n".join(lines(history))


@pytest.mark.parametrize(
    ("history", "section", "row", "cells"),
    [
        (p.drilled, "aim", "Asked for by", ["Dora"]),
        (p.drilled, "aim", "Run key", ["half-year"]),
        (p.home, "aim", "Takes back", ["run-1run-2"]),
        (p.settling, "aim", "Pays the debts of", [p.DARK]),
        (p.fenced, "fence", "Declared by", ["Ann and Ben"]),
        (p.fenced, "fence", "Hosts not proven empty", ["6"]),
        (p.fenced, "fence", "Other ways in not read again", ["application groups: 503"]),
        (p.fenced, "gates", "Ann", ["03:01:39", "✓ APPROVE", "yes", "outage is published", "none"]),
        (p.waiting, "gates", "dora", ["03:01:39", "! APPROVE", "no"]),
        (p.settling, "settled", "all", [p.DARK, "✓ PAID"]),
        (p.cohort, "matrix", "GRP1", ["secondary", "secondary", "where it was"]),
        (p.drilled, "items", "sign-in", ["testing", "pass by Tess", "choose pass by Tess"]),
    ],
)
def test_a_table_of_the_page_says(history, section: str, row: str, cells: list[str]) -> None:
    found = Page(page(account(history()))).rows(section)[row]
    assert all(shown.startswith(cell) for shown, cell in zip(found, cells, strict=False)), found


def test_who_comes_home_is_exactly_who_was_moved() -> None:
    found = account(p.cohort()).matrix
    assert found is not None
    assert found.partial
    assert found.back == (
        "failover back --plan pooled-eu returns exactly these, groups GRP1 on application groups DAG1, DAG2:"
        " 2 group assignments"
    )
    whole = account(h.completed()).matrix
    assert whole is not None
    assert whole.back == "failover back --plan pooled-eu returns everybody: 9 group assignments"


@pytest.mark.parametrize("history", [h.turned_back, h.refused, p.home, p.drilled])
def test_nobody_is_to_be_returned_where_nobody_is_away(history) -> None:
    found = account(history()).matrix
    assert found is not None
    assert found.back == ""


@pytest.mark.parametrize("history", [p.settling, p.upkeep])
def test_a_run_that_moves_nobody_measures_nobody(history) -> None:
    found = account(history())
    assert (found.matrix, found.placement, found.objectives, found.gaps) == (None, (), (), ())
    assert not any("data was lost" in line for line in found.missing)


def earlier() -> Story:
    """Another cohort, moved an hour before."""
    story = p.cohort()
    first = story.state.pinned
    group = replace(first.route, groups=("GRP2",), app_groups=None)
    return moved(Story(first=replace(first, run="earlier", route=group)))


def test_pairs_that_an_earlier_run_moved_are_where_it_brought_them() -> None:
    before, now = earlier(), p.cohort()
    before.state.started_at = before.state.started_at.replace(hour=1)
    found = told(now.entries, HEAD, others=[now.state, before.state]).matrix
    assert found is not None
    assert {one.group: one.sides for one in found.holdings} == {
        "GRP1": ("secondary", "secondary", "not moved"),
        "GRP2": ("secondary", "secondary", "secondary"),
        "GRP3": ("not moved", "not moved", "not moved"),
    }
    assert [any(one.moved) for one in found.holdings] == [True, False, False]


def test_a_later_run_says_nothing_of_where_people_were_then() -> None:
    later, now = earlier(), p.cohort()
    later.state.started_at = later.state.started_at.replace(hour=9)
    found = told(now.entries, HEAD, others=[later.state]).matrix
    assert found is not None
    assert found.holdings[1].sides == ("not moved",) * 3


def owing() -> Story:
    return p.fenced(run=p.DARK)


def test_debts_name_the_run_that_paid_them_and_a_settling_what_it_paid() -> None:
    dark, settling = owing(), p.settling()
    (owed,) = told(dark.entries, HEAD, others=[settling.state]).owed
    assert (owed.step, owed.paid_by, owed.settle) == ("drain-source", "settle-1", None)
    assert owed.paid_at == settling.state.finished_at
    (paid,) = told(settling.entries, HEAD, others=[dark.state]).settled
    assert (paid.run, paid.step, paid.paid) == (p.DARK, "drain-source", True)
    assert "northeurope is dark" in paid.because


def test_what_is_paid_is_owed_no_more_on_the_page() -> None:
    dark, settling = owing(), p.settling()
    before, after = (page(told(dark.entries, HEAD, others=others)) for others in ([], [settling.state]))
    assert "to be settled" in before
    assert "paid since" in after
    assert "nobody yet; type " in before
    assert "nobody yet" not in after


@pytest.mark.parametrize("others", [[], [p.settling(RunStatus.HELD).state], [h.completed().state]])
def test_a_debt_stands_until_a_settling_of_that_run_completed(others) -> None:
    (owed,) = told(owing().entries, HEAD, others=others).owed
    assert (owed.paid_by, owed.settle) == (None, "failover settle --plan pooled-eu")


def test_a_settling_that_is_held_has_paid_nothing_yet() -> None:
    (one,) = account(p.settling(RunStatus.HELD)).settled
    assert not one.paid


def test_a_plain_failover_has_none_of_these_chapters() -> None:
    found = account(h.completed())
    assert (found.fence, found.drill, found.settled, found.gates, found.items) == (None, None, (), (), ())
    ids = [attrs["id"] for attrs in Page(page(found)).all("section")]
    assert not {"fence", "drill", "settled", "gates", "items"} & set(ids)


def test_the_actor_of_a_step_is_the_process_and_the_people_who_decided_in_it() -> None:
    actors = {one.id: one.actor for one in account(p.fenced()).steps}
    assert actors["barrier"] == "process 4711 on laptop, Ann (approve), Ben (approve)"
    assert actors["tell-users"] == ""


@pytest.mark.parametrize("history", p.ALL)
def test_every_purpose_is_told_as_json_and_as_a_page_that_asks_nobody(history: History) -> None:
    found: Account = account(history())
    data = account_data(found)
    assert json.loads(json.dumps(data)) == data
    html = page(found)
    seen = Page(html)
    assert {"script", "img", "link"}.isdisjoint(name for name, _ in seen.elements)
    assert all("".join(table["caption"][0]).strip() for table in seen.tables)
    assert html == page(account(history()))


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"
SECRET = "password=hunter2hunter2"


@pytest.mark.parametrize("evil", [HOSTILE, SECRET, "anna.schmidt@contoso.com"])
def test_what_people_and_clouds_say_stays_words(evil: str) -> None:
    route = replace(p.DRILL, forced=evil)
    more = {"initiator": evil, "key": evil, "follows": (evil,)}
    story = p.tested(Story(first=p.first(route, *p.DRILL_STEPS, **more)))
    story.tell(p.said("choose", evil, "testing", item=evil, value=evil))
    story.tell(
        p.said("approve", evil, "testing", reason=evil, evidence_name=evil, evidence_sha256=p.EVIDENCE)
    )
    facts = {f"item {evil}": evil, "result": evil, "notes": evil, "proof": "fence", "approvers": evil}
    story.tell(p.ended("testing", evil, **facts, unanswered=evil, evidence=evil, expires=evil))
    found = account(story)
    html, text = page(found), account_text(found)
    assert {"script"}.isdisjoint(name for name, _ in Page(html).elements)
    assert all(line.isprintable() for line in text.splitlines())
    for secret in ("hunter2hunter2", "anna.schmidt"):
        assert secret not in html + text + json.dumps(account_data(found))
