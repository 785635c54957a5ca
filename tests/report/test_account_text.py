"""The account on a terminal."""

import re
from collections.abc import Callable

import msgspec
import pytest

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.report.account import Account
from avd_failover.report.account_text import SHOWN, account_text, headline, short_name
from tests.report import histories as h
from tests.report.builders import RUN, Story, drains, host
from tests.report.histories import ALL, HEAD, account

SECTIONS = [
    "Objectives",
    "Placement",
    "Who is where afterwards",
    "Steps",
    "Barrier",
    "Held against the safety case",
    "Changed besides access",
    "Did not work at first",
    "Owed",
    "Unknown",
    "Findings",
    "Driven by",
    "Asked by people",
    "Not in the journal",
    "Rests on",
    "Journal",
]


def lines(story: Story, *, alive: bool = False) -> list[str]:
    return account_text(account(story, alive=alive)).splitlines()


@pytest.mark.parametrize("history", ALL)
def test_every_history_has_all_sections_and_none_is_empty(history: Callable[[], Story]) -> None:
    plain = [re.sub("^SIMULATED ?", "", line) for line in lines(history())]
    heads = [plain[n] for n in range(2, len(plain)) if not plain[n - 1] and not plain[n].startswith(" ")]
    some = {"Waits for people", "Course"}
    assert [head for head in heads if head not in some] == SECTIONS
    assert all(plain[plain.index(head) + 1].startswith("  ") for head in heads)


@pytest.mark.parametrize(
    ("history", "line"),
    [
        (h.completed, "COMPLETED: failover of pooled-eu"),
        (h.moot, "NOTHING TO DO: failover of pooled-eu"),
        (h.held_with_findings, "HELD (SO FAR): failover of pooled-eu"),
        (h.completed, f"  plan       pooled-eu  sha256 {'a' * 64}"),
        (h.completed, "  way        primary (northeurope) -> secondary (westeurope)"),
        (h.completed, "  recovery time (RTO)    4 min 12 s of 30 min: kept (from the run's first entry to"),
        (h.held_then_finished, "  recovery time (RTO)    2 h 04 min of 30 min: MISSED by 1 h 34 min (from"),
        (h.interrupted, "  access gap             8 s and running of 21 min: still running (while"),
        (h.completed, "  recovery point (RPO)   0 s declared; not measured: the journal holds no reading"),
        (h.completed, "  GRP1 on DAG1             source -> target     revoked 03:03:19, granted 03:04:08,"),
        (h.completed, "  GRP3 on DAG3             source -> target     revoked 03:03:23, granted 03:04:12,"),
        (
            h.interrupted,
            "  GRP1 on DAG1             source -> in transit revoked 03:03:19, granted -, without",
        ),
        (h.completed, "  03:03:23  log-off-source             done             14 s  45 sessions logged off"),
        (h.completed, "            45 log-offs accepted"),
        (h.completed, "            left alone: avd-neu-7 and avd-neu-8 (refuses new sessions already)"),
        (h.bumpy, "            1 of 2 drains accepted, 1 refused, 2 further attempts"),
        (h.killed_and_resumed, "            entered 2 times: 03:03:23 cut off, 04:03:27 done"),
        (h.proven, "  stood at 03:04:08: nobody is there, nobody can come"),
        (h.proven, "  proof physical, looks 2, ghost sessions 1"),
        (h.proven, "  holds          Barrier before grant (safety S4): entry"),
        (h.moot, "  does not apply Barrier before grant (safety S4): nothing was granted"),
        (h.interrupted, "  BROKEN         Every pair in one place (safety S11): 9 pairs on neither side"),
        (h.completed, "  45 sessions ended (proven)"),
        (h.interrupted, "  12 log-offs accepted and not proven"),
        (h.bumpy, "  03:00:00 drain-source: 2 transient, such as refuse new sessions on avd-neu-1: 429 too"),
        (h.indebted, "  drain-source in northeurope: no answer within 300 s: northeurope is dark"),
        (h.unknown, "  03:03:19 revoke-source #23 revoke GRP3 from DAG3 (northeurope): no known end"),
        (h.killed, "  and 23 more: failover report --output json"),
        (h.held_with_findings, "  SHADOW-PATH  dag1-neu: GRP9 reaches it"),
        (h.held_then_finished, "  SHADOW-PATH  dag1-neu: GRP9 reaches it (settled since)"),
        (
            h.killed_and_resumed,
            "  process 4711 on laptop (epoch 1, engine 0.1.0) began 2026-11-22 03:00:00 UTC,",
        ),
        (h.turned_back, "ROLLED BACK: failover of pooled-eu"),
        (
            h.turned_back,
            "  GRP1 on DAG1             source -> source     revoked 03:03:19, granted 03:04:08, restored",
        ),
        (h.turned_back, "  03:05:52 rollback, by duty admin: wrong plan"),
        (h.turned_back, "  recovery time (RTO)    30 min declared; not measured: turned back"),
        (h.completed, "  Which person started the run: machines and processes are recorded"),
        (h.completed, "  OneDrive and other data outside the profile are out of scope."),
        (h.completed, f"  head       {HEAD}"),
        (h.completed, f"  verify     failover journal verify {RUN}"),
        (h.interrupted, f"  go on      failover resume {RUN}"),
    ],
)
def test_the_text_says(history, line: str) -> None:
    assert any(shown.startswith(line) for shown in lines(history())), "\n".join(lines(history()))


def test_a_run_that_is_driven_says_so() -> None:
    shown = lines(h.killed(), alive=True)
    assert shown[0] == "RUNNING (SO FAR): failover of pooled-eu"
    assert any("drives it now" in line for line in shown)
    assert not any("without a word" in line for line in shown)


def test_a_process_that_said_nothing_at_its_end_is_told_as_such() -> None:
    assert any("ended without a word 03:03:27" in line for line in lines(h.killed_and_resumed()))


def test_every_line_of_a_simulated_run_says_so() -> None:
    assert all(line.startswith("SIMULATED") for line in lines(h.simulated()))
    assert not any("SIMULATED" in line for line in lines(h.completed()))


def test_a_long_list_of_trouble_is_cut_and_counted() -> None:
    story = Story().begin("readiness").end("readiness", "ready").begin("drain-source")
    for n in range(SHOWN + 5):
        story.answer(story.intend("drain-source", drains(1)), Outcome.TRANSIENT, f"answer {n}")
    shown = lines(story)
    assert sum("1 transient" in line for line in shown) == SHOWN
    assert "  and 5 more: failover report --output json" in shown


def test_hostile_words_cannot_paint_the_screen_or_forge_a_line() -> None:
    evil = "\x1b[2J\nCOMPLETED: all is well\u202e key=1 password=hunter2hunter2 bob@contoso.com"
    story = Story().begin("readiness").end("readiness", evil, StepStatus.HELD).close(RunStatus.HELD, evil)
    shown = account_text(account(story))
    assert all(line.isprintable() for line in shown.splitlines())
    assert "COMPLETED: all is well" not in shown.splitlines()
    assert "hunter2hunter2" not in shown
    assert "bob@contoso.com" not in shown


def test_a_runbook_without_a_barrier_says_so() -> None:
    found: Account = msgspec.structs.replace(account(h.completed()), barrier=None)
    assert "  the runbook has none" in account_text(found).splitlines()


@pytest.mark.parametrize(
    ("target", "name"),
    [(host("neu", 3), "avd-neu-3"), ("GRP1 on DAG1", "GRP1 on DAG1"), ("/x/y/vm-1.2", "vm-1.2"), ("", "")],
)
def test_a_thing_is_named_by_the_end_of_its_id(target: str, name: str) -> None:
    assert short_name(target) == name


def test_a_refused_run_is_told_as_final() -> None:
    assert headline(account(h.refused())) == "REFUSED: failover of pooled-eu"
