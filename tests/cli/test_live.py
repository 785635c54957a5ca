"""The live view: what a frame says at any size, and that the terminal is given back whatever happens."""

import asyncio
import io
import re
import sys
import time
from datetime import timedelta

import pytest
import structlog
from rich.cells import cell_len
from rich.console import Console

from avd_failover.cli.digest import digest
from avd_failover.cli.frame import Room, frame
from avd_failover.cli.live import Live
from avd_failover.cli.logs import configure
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.report.words import Names
from tests.cli.test_plain import StoryClock
from tests.report.builders import PLAN, RUN, Story, cut, log_offs, moved, revokes, warmed

STANDARD = Room(width=80, height=24)
SIZES = [(80, 24), (140, 40), (60, 15), (38, 9), (20, 5), (200, 60), (12, 3)]


def shown(story: Story, room: Room = STANDARD, said: str = "") -> list[str]:
    return [line.plain for line in frame(story.state, story.at, room, said)]


def row(story: Story, step: str, room: Room = STANDARD) -> str:
    return next(line for line in shown(story, room) if re.search(rf"\b{step}\b", line))


def test_the_head_says_what_runs_for_how_long_and_which_run_it_is() -> None:
    head = shown(cut(Story(), logged_off=12))
    assert head[0].startswith("failover of pooled-eu: primary (northeurope) -> secondary (westeurope)")
    assert head[0].endswith("3:27")
    assert head[1].startswith(f"{RUN}, planned, all")
    assert head[1].endswith("RUNNING")
    assert head[2] == "access gap 0:08 of 21:00, 9 without access   recovery 3:27 of 30:00"


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        ("readiness", "0:12 all 14 checks hold"),
        ("tell-users", "0:00 skipped: the plan has no notice"),
        ("log-off-source", "0:04/15:00 12 of 45 log-offs accepted"),
        ("barrier", "after log-off-source"),
    ],
)
def test_a_step_shows_its_time_and_what_it_does_or_waits_for(step: str, detail: str) -> None:
    assert detail in row(cut(Story(), logged_off=12), step)


def test_steps_stand_in_file_order_with_marks_that_need_no_colour() -> None:
    lines = shown(cut(Story(), logged_off=12))[4:18]
    assert [line.split()[0] for line in lines] == [*"✓✓✓✓✓--✓✓▶····"]
    assert [line.split()[1] for line in lines][:3] == ["readiness", "target-scaling", "target-hosts"]


def test_a_waiting_step_shows_its_reason_and_the_most_it_may_take() -> None:
    story = cut(Story()).wait("log-off-source", "40 of 45 sessions logged off").after(60)
    assert "1:14/15:00 waits: 40 of 45 sessions logged off" in row(story, "log-off-source")


def test_trouble_is_in_the_count() -> None:
    story = warmed(Story()).begin("revoke-source")
    numbers = story.intend("revoke-source", revokes())
    story.answer(numbers[:4]).answer(numbers[4:5], Outcome.REFUSED, "403").answer(
        numbers[5:6], Outcome.UNKNOWN
    )
    assert "4 of 9 revokes accepted, 1 refused, 1 unknown" in row(story, "revoke-source")


def test_a_total_that_may_still_grow_says_so() -> None:
    story = warmed(Story()).begin("log-off-source")
    story.answer(story.intend("log-off-source", log_offs(300))[:100])
    assert "100 of 300+ log-offs accepted" in row(story, "log-off-source")


def test_a_gap_over_its_budget_is_red_and_says_so_without_red() -> None:
    story = cut(Story()).after(1300)
    line = frame(story.state, story.at, STANDARD)[2]
    assert "OVER BUDGET" in line.plain
    assert any("red" in str(span.style) for span in line.spans)


def test_the_gap_is_told_as_ended_once_everybody_is_granted() -> None:
    story = moved(Story())
    assert shown(story)[2] == "access gap 0:53 of 21:00, ended   recovered in 4:12 of 30:00"


def test_time_stops_with_the_run() -> None:
    story = moved(Story())
    before = shown(story)
    story.at += timedelta(hours=1)
    assert shown(story) == before


@pytest.mark.parametrize(
    ("status", "because"), [(RunStatus.HELD, "40 of 45"), (RunStatus.INTERRUPTED, "stopped by SIGINT")]
)
def test_a_run_that_stopped_says_why_at_the_foot(status: RunStatus, because: str) -> None:
    lines = shown(cut(Story()).close(status, because))
    assert lines[-1] == f"{status.value}: {because}"
    assert lines[1].endswith(status.value.upper())


def test_what_is_said_stands_at_the_foot() -> None:
    assert shown(cut(Story()), said="Stopping: finishing what is under way.")[-1].startswith("Stopping")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("simulated", [None, "pooled-eu"])
@pytest.mark.parametrize("tell", [lambda story: story, warmed, cut, moved])
def test_a_frame_fits_its_room_and_says_simulated_on_every_line(size, simulated, tell) -> None:
    width, height = size
    lines = shown(tell(Story(simulated=simulated)), Room(width=width, height=height), said="Stopping")
    assert 0 < len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    assert all("\n" not in line for line in lines)
    if simulated:
        assert all(line.startswith("SIMULATED ") for line in lines)


@pytest.mark.parametrize("size", [(80, 15), (60, 12), (38, 9)])
def test_a_low_room_keeps_the_step_that_runs_and_counts_the_others(size: tuple[int, int]) -> None:
    lines = shown(cut(Story(), logged_off=12), Room(width=size[0], height=size[1]))
    text = "\n".join(lines)
    assert "▶ log-off-source" in text
    assert re.search(r"and \d+ more that ended", text)
    hidden = sum(int(number) for number in re.findall(r"and (\d+) more (?:that ended|to come)", text))
    assert hidden + sum(line[:1] in "✓▶·-" for line in lines if line[1:2] == " " and line[0] != " ") == 14


def test_a_low_room_keeps_the_step_that_needs_a_person() -> None:
    story = moved(Story())
    story.state.steps["target-scaling"].status = StepStatus.HELD
    assert any("! target-scaling" in line for line in shown(story, Room(width=80, height=10)))


def test_a_tall_room_shows_more_of_what_happened() -> None:
    low, tall = (shown(cut(Story()), Room(width=100, height=height)) for height in (24, 40))
    assert len(tall) > len(low)
    sentence = "revoke GRP3 from DAG3 (northeurope) and 8 like it: accepted"
    assert any(line.endswith(sentence) for line in tall)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    story = cut(Story()).begin("barrier").wait("barrier", "Zürich 東京")
    lines = shown(story, Room(width=40, height=24, ascii_only=True))
    assert all(line.isascii() for line in lines)
    assert any(line.startswith("> log-off-source") for line in lines)


def test_wide_letters_do_not_break_the_width() -> None:
    story = Story().begin("readiness").end("readiness", "東京" * 60)
    assert all(cell_len(line) <= 80 for line in shown(story))


def test_names_cannot_paint_the_frame() -> None:
    story = (
        Story()
        .begin("readiness")
        .end("readiness", "x\x1b[2J\x1b]0;owned\x07 [bold]y[/bold] anna@contoso.com")
    )
    text = "\n".join(shown(story, Room(width=160, height=24)))
    assert "\x1b" not in text
    assert r"x\x1b[2J\x1b]0;owned\x07 [bold]y[/bold] [name-withheld]" in text


def test_the_last_frame_has_every_step_and_no_recent_events() -> None:
    lines = shown(moved(Story()), Room(width=80))
    assert len(lines) == 4 + 14 + 1
    assert lines[-1] == "completed: every step ended"


def test_like_attempts_are_one_line_and_trouble_is_not_crowded_out() -> None:
    story = warmed(Story()).begin("log-off-source")
    numbers = story.intend("log-off-source", log_offs(200))
    story.answer(numbers[:1], Outcome.REFUSED, "404 no such session").answer(numbers[1:], every_s=0.01)
    told = [event.text for event in digest(story.state, Names(Route(plan=PLAN)), most=4)]
    assert any("404 no such session" in text for text in told)
    assert sum("log off" in text for text in told) == 2


def test_the_digest_is_in_order_of_time_and_no_longer_than_asked() -> None:
    state = moved(Story()).state
    events = digest(state, Names(Route(plan=PLAN)), most=5)
    assert [event.after_s for event in events] == sorted(event.after_s for event in events)
    assert len(events) == 5
    assert digest(state, Names(Route(plan=PLAN)), most=0) == []


def test_twenty_thousand_attempts_are_painted_in_a_blink() -> None:
    story = warmed(Story()).begin("log-off-source")
    story.answer(story.intend("log-off-source", log_offs(20_000))[:15_000], every_s=0.001)
    began = time.process_time()
    frame(story.state, story.at, STANDARD)
    assert time.process_time() - began < 1.0


class Terminal:
    """A terminal that remembers what was written to it."""

    def __init__(self, **options) -> None:
        self.out = io.StringIO()
        self.console = Console(
            file=self.out, force_terminal=True, width=80, height=24, highlight=False, _environ={}, **options
        )

    @property
    def text(self) -> str:
        return self.out.getvalue()


ENTER_SECOND_SCREEN, LEAVE_SECOND_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def live(story: Story, terminal: Terminal) -> Live:
    clock = StoryClock()
    clock.at = story.at
    view = Live(clock, terminal.console)
    view.entry(story.entries[-1], story.state)
    return view


async def test_the_last_frame_is_left_on_the_first_screen() -> None:
    terminal = Terminal()
    with live(moved(Story()), terminal):
        await asyncio.sleep(0)
    after = terminal.text.rsplit(LEAVE_SECOND_SCREEN, 1)[1]
    assert terminal.text.index(ENTER_SECOND_SCREEN) < terminal.text.index(LEAVE_SECOND_SCREEN)
    assert "reconcile" in after
    assert "completed: every step ended" in after
    assert terminal.text.rindex(SHOW_CURSOR) > terminal.text.rindex(HIDE_CURSOR)


async def test_the_terminal_is_given_back_on_an_exception_and_the_exception_goes_on() -> None:
    terminal = Terminal()
    with pytest.raises(ZeroDivisionError), live(cut(Story()), terminal):
        _ = 1 / 0
    assert LEAVE_SECOND_SCREEN in terminal.text
    assert "log-off-source" in terminal.text.rsplit(LEAVE_SECOND_SCREEN, 1)[1]


async def test_closing_twice_prints_once_and_later_frames_are_not_painted() -> None:
    terminal = Terminal()
    with live(cut(Story()), terminal) as view:
        view.close()
        before = terminal.text
    view.close()
    view.say("late")
    assert terminal.text == before


async def test_frames_follow_the_clock_without_any_entry() -> None:
    terminal = Terminal()
    story = cut(Story())
    clock = StoryClock()
    clock.at = story.at
    view = Live(clock, terminal.console)
    view.entry(story.entries[-1], story.state)
    with view:
        clock.at += timedelta(hours=2)
        view.say("Stopping")
        view.waiting("barrier", "x", clock.at)
    assert "2:03:37" in terminal.text
    assert "Stopping" in terminal.text


async def test_nothing_is_painted_more_often_than_eight_times_a_second() -> None:
    terminal = Terminal()
    with live(cut(Story()), terminal) as view:
        for entry in cut(Story()).entries:
            view.entry(entry, cut(Story()).state)
        painted = terminal.text.count("recovery")
    assert painted == 1


async def test_no_color_leaves_no_colour_and_every_word() -> None:
    terminal = Terminal(no_color=True)
    with live(cut(Story(simulated="pooled-eu")), terminal):
        await asyncio.sleep(0)
    codes = {code for group in re.findall(r"\x1b\[([\d;]*)m", terminal.text) for code in group.split(";")}
    assert not {code for code in codes if code.isdigit() and int(code) >= 30}
    assert "▶ log-off-source" in re.sub(r"\x1b\[[\d;]*m", "", terminal.text)


@pytest.mark.parametrize("fault", [BrokenPipeError(), OSError(5, "Input/output error"), ValueError("closed")])
async def test_a_run_does_not_end_with_its_window(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise fault

    monkeypatch.setattr("sys.stderr", Gone())
    story = cut(Story(simulated="pooled-eu"))
    view = Live(StoryClock())
    view.entry(story.entries[-1], story.state)
    with view:
        view.say("Stopping")
        await asyncio.sleep(0)
    with pytest.raises(type(fault)):
        sys.stderr.write("still gone, and nobody replaced it")


async def test_log_lines_wait_until_the_terminal_is_free(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    terminal = Terminal()
    with live(cut(Story()), terminal):
        structlog.get_logger().warning("slow answer")
        assert "slow answer" not in capsys.readouterr().err
    assert "slow answer" in capsys.readouterr().err
