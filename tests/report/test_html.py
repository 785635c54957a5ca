"""The HTML report, read back as a browser would."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import msgspec
import pytest

from avd_failover.domain.findings import Finding
from avd_failover.domain.plan import UserGroup
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import ActionEnded, Outcome
from avd_failover.report.html import page
from avd_failover.report.html_parts import SHOWN
from avd_failover.report.style import CSS
from tests.report import histories as h
from tests.report.builders import GROUPS, PLAN, RUN, Story, drains, log_offs
from tests.report.histories import ALL, account

VOID = {"meta", "br", "line", "rect", "path"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;\x1b[31m\x00\u202e\n{{7*7}}"


class Page(HTMLParser):
    """The tree of a page, checked for balance while it is read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.tables: list[dict[str, list[list[str]]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        assert len(named) == len(attrs), "an attribute given twice"
        self.elements.append((tag, named))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append({"caption": [[]], "rows": []})
        if tag == "tr":
            self.tables[-1]["rows"].append([])
        if tag in {"td", "th"}:
            self.tables[-1]["rows"][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        self.texts.append((inside, data))
        if "caption" in self.open:
            self.tables[-1]["caption"][0].append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1]["rows"][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def words(self, *inside: str) -> list[str]:
        return [words for tag, words in self.texts if tag in inside]

    @property
    def shown(self) -> str:
        return " ".join(words for tag, words in self.texts if tag != "style")

    def rows(self, section: str) -> dict[str, list[str]]:
        """Return the rows of the first table of a section, by their first cell."""
        ids = [attrs.get("id") for tag, attrs in self.elements if tag in {"section", "table"}]
        place = ids.index(section)
        number = sum(one is None for one in ids[:place])
        return {row[0]: row[1:] for row in self.tables[number]["rows"]}


def drawn(story: Story, *, alive: bool = False) -> Page:
    return Page(page(account(story, alive=alive)))


SECTIONS = [
    "aim",
    "identity",
    "objectives",
    "timeline",
    "placement",
    "matrix",
    "steps",
    "barrier",
    "checks",
    "changes",
    "trouble",
    "owed",
    "unknown",
    "findings",
    "drives",
    "decisions",
    "missing",
    "assumptions",
    "journal",
]


@pytest.mark.parametrize("history", ALL)
def test_every_history_gives_a_whole_page_with_every_section(history: Callable[[], Story]) -> None:
    seen = drawn(history())
    assert [attrs["id"] for attrs in seen.all("section")] == SECTIONS


@pytest.mark.parametrize("history", ALL)
def test_a_page_can_be_read_without_seeing_it(history: Callable[[], Story]) -> None:
    seen = drawn(history())
    assert seen.all("html") == [{"lang": "en"}]
    assert [len(seen.all(name)) for name in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    assert len(seen.all("h2")) == len(SECTIONS)
    ids = [attrs["id"] for _, attrs in seen.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for attrs in [*seen.all("section"), *seen.all("svg")]:
        assert set(attrs["aria-labelledby"].split()) <= set(ids)
    assert all("".join(table["caption"][0]).strip() for table in seen.tables), "a table without a caption"
    assert all(attrs.get("scope") in {"row", "col"} for attrs in seen.all("th"))
    assert [attrs["role"] for attrs in seen.all("svg")] == ["img"]


@pytest.mark.parametrize("history", ALL)
def test_a_page_runs_nothing_and_asks_nobody(history: Callable[[], Story]) -> None:
    html = page(account(history()))
    seen = Page(html)
    names = {name for name, _ in seen.elements}
    assert names.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base", "use"}
    )
    attributes = {name for _, attrs in seen.elements for name in attrs}
    assert not any(name.startswith("on") or name in {"src", "href", "style"} for name in attributes)
    assert not re.search(r"@import|url\((?!#)", html)
    (policy,) = [one["content"] for one in seen.all("meta") if "http-equiv" in one]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


@pytest.mark.parametrize("history", ALL)
def test_equal_accounts_give_equal_bytes(history: Callable[[], Story]) -> None:
    assert page(account(history())) == page(account(history()))


def test_a_state_is_told_by_a_word_and_a_mark_as_well_as_by_its_colour() -> None:
    seen = drawn(h.held_with_findings())
    rows = seen.rows("steps")
    assert next(row for name, row in rows.items() if name.startswith("barrier"))[3] == "✗ HELD"
    assert next(row for name, row in rows.items() if name.startswith("readiness"))[3] == "✓ DONE"
    assert all(words in seen.words("text") for words in ("done 12 s", "held 9 s", "pending"))


def test_a_simulated_run_cannot_be_mistaken_for_a_real_one() -> None:
    seen = drawn(h.simulated())
    assert seen.words("title")[0].startswith("SIMULATED ")
    assert seen.words("div")[0].startswith("SIMULATED: no real Azure was touched. Scenario region-dark;")
    assert len([attrs for attrs in seen.all("span") if attrs.get("class") == "sim"]) == len(SECTIONS)
    assert seen.words("strong")[-1].startswith("SIMULATED: this is no evidence")
    assert '@top-center { content: "SIMULATED"' in page(account(h.simulated()))


def test_a_real_run_never_says_that_it_was_simulated() -> None:
    assert "SIMULATED" not in page(account(h.completed()))
    assert drawn(h.completed()).rows("identity")["Simulated"] == ["no"]


@pytest.mark.parametrize(
    ("history", "section", "row", "cells"),
    [
        (h.completed, "identity", "Run", [RUN]),
        (h.completed, "identity", "Runbook", ["pooled-failover SHA-256 " + "b" * 64]),
        (h.completed, "identity", "Azure", ["https://management.azure.com and https://graph.microsoft.com"]),
        (h.completed, "objectives", "recovery time (RTO)", ["30 min", "4 min 12 s", "✓ KEPT"]),
        (h.interrupted, "objectives", "access gap", ["21 min", "8 s and running", "▶ STILL RUNNING"]),
        (h.held_then_finished, "objectives", "recovery time (RTO)", ["30 min", "2 h 04 min", "✗ MISSED BY"]),
        (h.completed, "objectives", "recovery point (RPO)", ["0 s", "none", "– NOT MEASURED"]),  # noqa: RUF001
        (
            h.completed,
            "placement",
            "GRP1 on DAG1",
            ["source", "✓ TARGET", "03:03:19", "03:04:08", "–", "49 s"],  # noqa: RUF001
        ),
        (h.turned_early, "placement", "GRP1 on DAG1", ["source", "✓ SOURCE", "03:03:19", "–", "03:03:22"]),  # noqa: RUF001
        (h.turned_back, "decisions", "rollback", ["03:05:52", "duty admin", "the run", "wrong plan"]),
        (
            h.interrupted,
            "placement",
            "GRP1 on DAG1",
            ["source", "✗ IN TRANSIT", "03:03:19", "–", "–", "8 s and running"],  # noqa: RUF001
        ),
        (h.proven, "barrier", "Looks without a session", ["2"]),
        (h.proven, "barrier", "Stood at", ["03:04:08"]),
        (h.begun, "barrier", "Proof", ["none yet"]),
        (h.completed, "barrier", "Ghost sessions", ["not recorded"]),
        (h.proven, "checks", "Barrier before grant", ["✓ HOLDS"]),
        (h.interrupted, "checks", "Every pair in one place", ["✗ BROKEN"]),
        (h.moot, "checks", "Closing reading", ["– DOES NOT APPLY"]),  # noqa: RUF001
        (h.completed, "changes", "Sessions ended", ["45, proven to be gone"]),
        (h.completed, "changes", "Machines", ["8 started, 0 deallocated"]),
        (h.bumpy, "trouble", "drain-source", ["03:00:02", "1", "refused"]),
        (h.indebted, "owed", "drain-source", ["northeurope", "no answer within 300 s: northeurope is dark"]),
        (h.unknown, "unknown", "#23", ["revoke-source", "03:03:19", "revoke GRP3 from DAG3 (northeurope)"]),
        (h.held_with_findings, "findings", "SHADOW-PATH", ["03:03:46", "! STANDS", "barrier", "dag1-neu"]),
        (h.held_then_finished, "findings", "SHADOW-PATH", ["03:03:46", "✓ SETTLED"]),
        (
            h.killed_and_resumed,
            "drives",
            "4711 on laptop, epoch 1, engine 0.1.0",
            ["began", "2026-11-22 03:00:00 UTC", "2026-11-22 03:03:27 UTC", "✗ KILLED"],
        ),
        (h.completed, "journal", "Head (SHA-256)", ["c" * 64]),
        (h.completed, "journal", "Verify", [f"failover journal verify {RUN}"]),
        (h.interrupted, "journal", "Go on with the run", [f"failover resume {RUN}"]),
    ],
)
def test_a_table_says(history, section: str, row: str, cells: list[str]) -> None:
    found = drawn(history()).rows(section)[row]
    assert all(shown.startswith(cell) for shown, cell in zip(found, cells, strict=False)), found


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (h.completed, "Nothing is owed."),
        (h.completed, "Nobody asked anything of the run while it went on."),
        (h.completed, "Nothing remains unknown: every request has an end."),
        (h.completed, "No check found anything."),
        (h.completed, "Every request was taken at the first attempt."),
        (h.completed, "Began 2026-11-22 03:00:00 UTC, ended 2026-11-22 03:04:32 UTC, after 4 min 32 s."),
        (h.interrupted, "It may go on: this is its story so far."),
        (h.killed, "told as of 2026-11-22 03:03:27 UTC, 3 min 27 s later."),
        (h.completed, "Which person started the run"),
        (h.completed, "OneDrive and other data outside the profile are out of scope."),
        (h.completed, "Keep the head in a second place"),
    ],
)
def test_the_page_says(history, words: str) -> None:
    assert words in drawn(history()).shown


def test_the_time_line_has_a_row_for_each_step_and_the_gap_in_words() -> None:
    seen = drawn(h.completed())
    texts = seen.words("text")
    assert {step.id for step in h.completed().state.pinned.graph.steps} <= set(texts)
    assert "access gap 53 s" in texts
    classes = [attrs.get("class", "") for attrs in seen.all("rect")]
    assert (classes.count("gap-fill"), classes.count("gap-pattern"), classes.count("pause")) == (1, 1, 0)
    assert sum(one.startswith("bar ") for one in classes) == 14


def test_the_time_line_shows_who_was_cut_off_and_for_how_long_nothing_ran() -> None:
    seen = drawn(h.killed_and_resumed())
    classes = [attrs.get("class", "") for attrs in seen.all("rect")]
    assert classes.count("bar cut-off") == 1
    assert classes.count("pause") == 1
    assert "no process for 1 h 00 min" in seen.words("text")


@pytest.mark.parametrize("history", ALL)
def test_nothing_is_drawn_outside_the_picture(history: Callable[[], Story]) -> None:
    seen = drawn(history())
    _, _, width, height = map(float, seen.all("svg")[0]["viewbox"].split())
    for attrs in seen.all("rect"):
        assert 0 <= float(attrs["x"]) <= float(attrs["x"]) + float(attrs["width"]) <= width
        assert 0 <= float(attrs["y"]) <= float(attrs["y"]) + float(attrs["height"]) <= height


def hostile() -> Story:
    """A run in which everything that can be named is named to do harm."""
    groups = (UserGroup(name=HOSTILE, id=GROUPS[0].id), *GROUPS[1:])
    twins = tuple(
        msgspec.structs.replace(twin, name=f"{twin.name}{HOSTILE}", groups=groups)
        for twin in PLAN.application_groups
    )
    plan = msgspec.structs.replace(PLAN, name=HOSTILE, summary=HOSTILE, application_groups=twins)
    story = Story(route=Route(plan=plan), simulated=HOSTILE)
    story.begin("readiness").end("readiness", HOSTILE).begin("drain-source")
    story.wait("drain-source", HOSTILE).skip("drain-source", HOSTILE, HOSTILE)
    (n,) = story.intend("drain-source", drains(1))
    story.tell(ActionEnded(n=n, outcome=Outcome.UNKNOWN, detail=HOSTILE)).begin("barrier")
    story.wait("barrier", HOSTILE).end("barrier", HOSTILE, StepStatus.HELD)
    finding = Finding(code=HOSTILE, subject=HOSTILE, detail=HOSTILE)
    return story.close(RunStatus.HELD, HOSTILE, finding).resume()


def test_nothing_that_a_cloud_or_a_plan_names_becomes_markup_or_control() -> None:
    html = page(account(hostile()))
    seen = Page(html)
    names = {name for name, _ in seen.elements}
    assert names.isdisjoint({"script", "img"})
    assert not any(name.startswith("on") for _, attrs in seen.elements for name in attrs)
    assert all(char.isprintable() or char == "\n" for char in html)
    assert seen.shown.count("<script>alert(1)</script>") > 12
    assert "\\x1b[31m" in seen.shown
    assert "\\u202e" in seen.shown


def test_hostile_words_change_nothing_about_the_shape_of_the_page() -> None:
    assert [attrs["id"] for attrs in drawn(hostile()).all("section")] == SECTIONS


SECRETS = [
    "sig=abcDEF1234567890",
    "password=hunter2hunter2",
    "Bearer abcdefgh.ijklmnop.qrst",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln",
    "client_secret=8Q~verysecretvalue",
    "anna.schmidt@contoso.com",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_and_no_address_of_a_person_reaches_the_file(secret: str) -> None:
    story = Story().begin("readiness").end("readiness", f"x {secret}").begin("drain-source")
    story.wait("drain-source", f"x {secret}").skip("drain-source", f"x {secret}", "host")
    story.answer(story.intend("drain-source", drains(1)), Outcome.REFUSED, f"x {secret}")
    story.end("drain-source", f"x {secret}", StepStatus.HELD)
    story.close(RunStatus.HELD, f"x {secret}", Finding(code="C", subject="s", detail=f"x {secret}"))
    assert secret not in page(account(story))
    assert re.split("[= ]", secret)[-1] not in page(account(story))


def test_users_are_sessions_and_never_names_or_ids() -> None:
    html = page(account(h.killed()))
    assert "log off session 13 on avd-neu-2" in html
    assert "bbbbbbbb-0000-4000-8000-000000000001" not in html


def test_a_table_that_is_too_long_is_cut_and_says_so() -> None:
    story = Story().begin("readiness").end("readiness", "ready").begin("drain-source")
    for n in range(SHOWN + 7):
        story.answer(story.intend("drain-source", drains(1)), Outcome.TRANSIENT, f"answer {n}")
    seen = drawn(story)
    assert "and 7 more: failover report --output json has them all" in seen.shown
    assert f"answer {SHOWN}" not in seen.shown


def test_the_page_stays_small_when_twenty_thousand_sessions_end() -> None:
    story = Story().begin("readiness").end("readiness", "ready").begin("log-off-source")
    story.do("log-off-source", log_offs(20_000), every_s=0.1)
    assert len(page(account(story))) < 60_000


def test_both_colour_schemes_and_paper_name_every_colour() -> None:
    named = set(re.findall(r"var\((--[a-z-]+)\)", CSS))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL):
        assert named <= set(re.findall(r"(--[a-z-]+):", block))


def test_every_class_of_the_page_that_is_a_state_has_a_look() -> None:
    for history in ALL:
        for attrs in drawn(history()).all("rect"):
            kind = attrs.get("class", "")
            if kind.startswith("bar ") and kind != "bar skipped":
                assert f".{kind.replace(' ', '.')}" in CSS
