"""A journal told line by line."""

from datetime import timedelta

import pytest

from avd_failover.domain.actions import Skipped
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import (
    ActionEnded,
    Event,
    Holder,
    Outcome,
    RunEnded,
    RunResumed,
    StepSkips,
    StepWaiting,
)
from avd_failover.report.tale import tale
from tests.journal.builders import T0, began, done, intended, make_entries, make_pinned, revoke, whole_run
from tests.report import purposes as p


def told(events: list[Event]) -> list[str]:
    return list(tale(make_entries(events)))


EVERY: list[Event] = [
    make_pinned(),
    began("readiness"),
    StepWaiting(step="readiness", because="hosts register", until=T0 + timedelta(minutes=8)),
    StepSkips(
        step="readiness", skipped=tuple(Skipped(target=f"host-{n}", because="is up") for n in range(5))
    ),
    done("readiness", "10 seats"),
    began("revoke-source"),
    intended("revoke-source", 1, revoke()),
    ActionEnded(n=1, outcome=Outcome.UNKNOWN, detail="timed out"),
    RunEnded(status=RunStatus.HELD, because="a person must look"),
    RunResumed(holder=Holder(host="desk", pid=7), engine="0.1.0"),
    ActionEnded(n=1, outcome=Outcome.APPLIED, by="reading"),
]

WANTED = [
    ("-", "run begins: pooled-failover of plan pooled-eu, primary->secondary, planned, all, by process 4711"),
    ("readiness", "begins"),
    ("readiness", "waits until 03:03:00 at most: hosts register"),
    ("readiness", "leaves 5 alone: host-0 is up; host-1 is up; host-2 is up"),
    ("readiness", "done: 10 seats"),
    ("revoke-source", "begins"),
    ("revoke-source", "intends #1 revoke GRP1 from DAG1 (westeurope) (the source is left)"),
    ("revoke-source", "#1 revoke GRP1 from DAG1 (westeurope) -> unknown by answer: timed out"),
    ("-", "run held: a person must look"),
    ("-", "run goes on, by process 7 on desk"),
    ("revoke-source", "#1 revoke GRP1 from DAG1 (westeurope) -> applied by reading"),
]


def test_every_kind_of_event_is_one_line_with_time_number_step_and_words() -> None:
    lines = told(EVERY)
    assert len(lines) == len(WANTED)
    for number, (line, (step, words)) in enumerate(zip(lines, WANTED, strict=True), start=1):
        at = T0 + timedelta(seconds=10 * (number - 1))
        head = f"{at:%Y-%m-%d %H:%M:%S} {number:>6} {step:<24} "
        assert line.startswith(head + words)


def test_every_line_of_a_simulated_run_says_so() -> None:
    assert all(line.startswith("SIMULATED ") for line in told(whole_run(simulated="region-dark")))


def test_what_an_event_says_stays_on_its_line_and_cannot_act() -> None:
    lines = told([make_pinned(), began("readiness"), done("readiness", "\x1b[2J\r\n2026 forged \u202e")])
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_an_end_whose_intent_is_lost_is_told_all_the_same() -> None:
    (line,) = tale(make_entries([ActionEnded(n=9, outcome=Outcome.APPLIED)]))
    assert "#9 (no intent) -> applied by answer" in line


def test_an_intent_without_a_pin_is_told_by_its_kind() -> None:
    (line,) = tale(make_entries([intended("s", 1, revoke())]))
    assert "intends #1 assignment.revoke" in line


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (p.drilled, "by process 4711 on laptop; asked for by Dora; run key half-year"),
        (p.home, "; asked for by Dora; run key ticket-7; follows run-1 and run-2"),
        (lambda: p.fenced(forced="a flood is near"), "; asked for by Dora; forced: a flood is near"),
        (p.taken_over, "run goes on, by process 12 on desk; taken over, so nothing is sent for 360 s"),
        (p.fenced, f"Ben asks for approve barrier (evidence outage.pdf, SHA-256 {p.EVIDENCE})"),
        (p.fenced, "Ann asks for approve barrier: outage is published"),
        (p.switched, "is unplanned from here on: the source is left as dark by Ann: it is gone"),
    ],
)
def test_who_asked_and_what_stood_in_the_way_is_on_the_line(history, words: str) -> None:
    assert any(line.endswith(words) for line in tale(history().entries))


def test_what_was_written_down_word_for_word_is_named_by_its_kind() -> None:
    wrote = StepSkips(step="record", skipped=(Skipped(target="hp-1", because='pool {"kind": "pooled"}'),))
    (line,) = told([wrote])
    assert line.endswith("leaves 1 alone: hp-1 pool")
