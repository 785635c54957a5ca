"""Plain progress: a line for each thing that matters, few enough to read, and never a reason to fail."""

import io
from datetime import datetime, timedelta

import pytest

from avd_failover.cli.plain import Plain
from avd_failover.domain.findings import Finding
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.domain.words import NOTHING_TO_DO
from avd_failover.journal.events import Outcome
from tests.report.builders import RUN, T0, Story, cut, grants, host, log_offs, moved, revokes, warmed


class StoryClock:
    """The time of a story."""

    def __init__(self) -> None:
        self.at = T0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - T0).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Watched(Story):
    """A story that somebody watches."""

    def __init__(self, *, simulated: str | None = None, stream: io.TextIOBase | None = None) -> None:
        super().__init__(simulated=simulated)
        self.clock, self.out = StoryClock(), stream or io.StringIO()
        self.plain = Plain(self.clock, self.out)  # type: ignore[arg-type]
        self.plain.entry(self.entries[0], self.state)

    def tell(self, *events):
        for event in events:
            super().tell(event)
            self.clock.at = self.at
            self.plain.entry(self.entries[-1], self.state)
        return self

    def look(self, step: str, because: str) -> None:
        self.clock.at = self.at
        self.plain.waiting(step, because, self.at + timedelta(seconds=600))

    @property
    def lines(self) -> list[str]:
        assert isinstance(self.out, io.StringIO)
        return self.out.getvalue().splitlines()

    def said(self, part: str) -> list[str]:
        return [line for line in self.lines if part in line]


def test_the_run_is_told_from_its_beginning_to_its_end() -> None:
    story = Watched()
    moved(story)
    assert (
        story.lines[0]
        == f"[    0:00] failover of pooled-eu, primary (northeurope) -> secondary (westeurope): {RUN}"
    )
    assert story.lines[1] == "[    0:00] readiness: started"
    assert story.lines[2] == "[    0:12] readiness: done after 12 s: all 14 checks hold"
    assert story.lines[-1] == "[    4:32] run completed: every step ended"
    assert len(story.lines) < 50, "45 log-offs, 18 assignments and 14 machines are not told one by one"


def test_counts_are_told_when_they_moved_and_ten_seconds_went_by() -> None:
    story = Watched().begin("log-off-source")
    story.do("log-off-source", log_offs(45), every_s=1)
    assert [line.split("] ")[1] for line in story.said("accepted")] == [
        f"log-off-source: {n} of 45 log-offs accepted" for n in (10, 20, 30, 40)
    ]


def test_twenty_thousand_log_offs_make_few_lines() -> None:
    story = Watched().begin("log-off-source")
    for _ in range(20):
        story.do("log-off-source", log_offs(1000), every_s=0.001)
    assert len(story.lines) <= 5


def test_a_total_that_may_still_grow_says_so() -> None:
    story = Watched().begin("log-off-source")
    numbers = story.intend("log-off-source", log_offs(300))
    story.answer(numbers[:40], every_s=1)
    assert "log-off-source: 10 of 300+ log-offs accepted" in story.lines[2]


def test_a_wait_is_told_when_its_reason_changes_and_not_at_every_look() -> None:
    story = Watched().begin("barrier")
    for n in range(60):
        story.look("barrier", f"{min(n, 40)} of 45 sessions logged off")
        story.after(1)
    story.look("barrier", "1 of 2 looks without a session")
    waits = [line.split("] ")[1] for line in story.said("waits")]
    assert waits == [
        "barrier: waits: 0 of 45 sessions logged off (at most 10 min more)",
        "barrier: waits: 30 of 45 sessions logged off (at most 10 min more)",
        "barrier: waits: 1 of 2 looks without a session (at most 10 min more)",
    ]


def test_a_wait_that_does_not_move_is_told_once() -> None:
    story = Watched().begin("barrier")
    for _ in range(200):
        story.look("barrier", "nothing can arrive late after 345 s")
        story.after(5)
    assert len(story.said("waits")) == 1


def test_a_wait_in_the_journal_is_not_told_twice() -> None:
    story = Watched().begin("barrier")
    story.look("barrier", "1 of 2 looks without a session")
    story.wait("barrier", "1 of 2 looks without a session")
    assert len(story.said("waits")) == 1


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNKNOWN, Outcome.TRANSIENT])
def test_trouble_is_told_with_what_was_tried_and_why_it_did_not_work(outcome: Outcome) -> None:
    story = Watched().begin("revoke-source")
    story.answer(story.intend("revoke-source", revokes()), outcome, "429 later\x1b[2J")
    told = story.said(outcome.value)
    assert told == [
        rf"[    0:00] revoke-source: {outcome.value}: revoke GRP1 from DAG1 (northeurope): 429 later\x1b[2J"
    ], "a storm is one line in ten seconds"


def test_the_access_gap_never_begins_overruns_or_ends_silently() -> None:
    story = Watched()
    warmed(story).begin("revoke-source").do("revoke-source", revokes())
    assert len(story.said("ACCESS GAP begins")) == 1
    story.after(1300).begin("barrier")
    for _ in range(3):
        story.look("barrier", "1 of 2 looks without a session")
        story.after(20)
    assert len(story.said("ALARM: access gap 21 min 44 s and RUNNING")) == 1
    story.do("grant-target", grants())
    assert len(story.said("access gap ended:")) == 1
    assert "OVER its budget of 21 min" in story.said("access gap ended:")[0]


def test_the_end_of_a_held_run_has_its_reason_and_findings() -> None:
    story = Watched()
    cut(story).end("log-off-source", "40 of 45", StepStatus.HELD)
    story.close(RunStatus.HELD, "40 of 45", Finding(code="SHADOW", subject="DAG1", detail="GRP9"))
    assert [line.split("] ")[1] for line in story.lines[-3:]] == [
        "log-off-source: held after 14 s: 40 of 45",
        "run held",
        "  SHADOW DAG1: GRP9",
    ]


def test_an_end_that_no_step_explains_has_its_reason() -> None:
    story = Watched()
    cut(story).close(RunStatus.HELD, "paused by Ann")
    assert story.lines[-1].endswith("run held: paused by Ann")


def test_what_a_run_without_anything_to_do_never_came_to_takes_no_lines() -> None:
    story = Watched()
    story.end("grant-target", NOTHING_TO_DO, StepStatus.SKIPPED)
    story.end("tell-users", "applies to planned runs only", StepStatus.SKIPPED)
    assert story.said("grant-target") == []
    assert len(story.said("tell-users: skipped: applies to planned runs only")) == 1


def test_what_azure_said_is_short_on_a_screen() -> None:
    story = Watched()
    because = (
        f"no answer for 41 s: 503 ServiceUnavailable: Down., for {host('neu', 7)} (request 0000014c-0000)"
    )
    story.begin("readiness").end("readiness", because, StepStatus.HELD)
    assert story.lines[-1].endswith(
        "no answer for 41 s: 503 ServiceUnavailable: Down (avd-neu-7.contoso.local)"
    )


def test_a_resumed_run_says_who_goes_on() -> None:
    story = Watched().begin("readiness").close(RunStatus.INTERRUPTED, "stopped by SIGINT").resume()
    assert story.lines[-1] == f"[    0:00] {RUN} goes on, by process 12 on desk"


def test_simulated_stands_on_every_line() -> None:
    story = Watched(simulated="pooled-eu")
    moved(story)
    story.plain.say("Stopping")
    assert all(line.startswith("SIMULATED [") for line in story.lines)


def test_names_cannot_forge_a_line() -> None:
    story = Watched().begin("readiness").end("readiness", "ok\n[    0:00] run completed\x1b[31m")
    assert len(story.lines) == 3
    assert "\x1b" not in story.lines[-1]


class Gone(io.StringIO):
    """A pipe whose reader left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_run_does_not_end_with_its_pipe() -> None:
    story = Watched(stream=Gone())
    moved(story)
    assert story.state.status is RunStatus.COMPLETED


def test_a_closed_stream_is_silence() -> None:
    story = Watched()
    story.out.close()
    moved(story)
    assert story.state.status is RunStatus.COMPLETED


def test_a_stream_without_unicode_gets_escapes() -> None:
    raw = io.BytesIO()
    story = Watched(stream=io.TextIOWrapper(raw, encoding="ascii"))
    story.begin("readiness").end("readiness", "Zürich")
    assert b"Z\\xfcrich" in raw.getvalue()


def test_after_close_nothing_is_written_and_a_second_close_is_harmless() -> None:
    story = Watched()
    with story.plain:
        story.begin("readiness")
    before = story.lines
    story.plain.close()
    story.end("readiness", "all hold")
    story.plain.say("late")
    assert story.lines == before


def test_say_before_the_run_is_known_is_a_bare_line() -> None:
    out = io.StringIO()
    Plain(StoryClock(), out).say("Stopping")
    assert out.getvalue() == "Stopping\n"
