"""Logs: one sink, no secret in it, no escape code, and the journal as JSON lines when asked for."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from avd_failover.cli.logs import LogProgress, Sink, configure, mark_simulated
from avd_failover.domain.plan import Side
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Outcome
from tests.cli.test_plain import StoryClock
from tests.report.builders import PLAN, RUN, Story, cut, grants, log_offs, moved, revokes, warmed
from tests.report.test_words import CANARIES

LEAKS = ("CANARY", "eyJ", "Zm9v", "Q0FO", "A" * 20, "B" * 20, "x" * 20)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    mark_simulated(None)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def tell(out: io.StringIO, story: Story, clock: StoryClock | None = None) -> list[dict[str, Any]]:
    configure("json", sink=Sink(out))
    progress, again = LogProgress(clock), Story()
    again.state.pinned = story.state.pinned
    progress.entry(story.entries[0], again.state)
    for entry in story.entries[1:]:
        again.state.apply(entry)
        progress.entry(entry, again.state)
    return lines(out)


def fail(because: str) -> None:
    raise RuntimeError(because)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_planted_secret_reaches_no_line_by_any_way(out: io.StringIO, canary: str, log_format: str) -> None:
    configure(log_format, "debug", Sink(out))
    log = structlog.get_logger("t")
    said = f"in the event {canary}"
    log.warning(said)
    log.warning("in a field", detail=canary, nested={"a": [canary, {"b": canary}]})
    logging.getLogger("msal").warning("from a library: %s", canary)
    logging.getLogger("stranger").info(canary)
    try:
        fail(canary)
    except RuntimeError:
        log.exception("in a traceback")
        logging.getLogger("stranger").exception("in a library's traceback")
    text = out.getvalue()
    assert len(text.splitlines()) == 6
    assert "withheld" in text
    for leak in LEAKS:
        assert leak not in text


@pytest.mark.parametrize("field", ["token", "Authorization", "password", "user", "upn"])
def test_a_field_is_withheld_by_its_name(out: io.StringIO, field: str) -> None:
    configure("json", sink=Sink(out))
    structlog.get_logger().warning("x", **{field: "opaque"})
    assert "opaque" not in out.getvalue()
    assert lines(out)[0][field] == "[secret-withheld]"


def test_people_are_withheld(out: io.StringIO) -> None:
    configure("text", sink=Sink(out))
    structlog.get_logger().warning("client anna@contoso.com has no right")
    assert "client [name-withheld] has no right" in out.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_escape_codes_and_line_ends_are_spelled_out(out: io.StringIO, log_format: str) -> None:
    configure(log_format, sink=Sink(out))
    structlog.get_logger().warning("a\x1b[2J\nforged", b="c\r\nd\u202e", **{"k\x1b[1m": 1})
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert "forged" in out.getvalue()


def test_text_is_a_line_for_people(out: io.StringIO) -> None:
    configure("text", sink=Sink(out))
    structlog.get_logger().warning("throttled", wait_s=12)
    assert out.getvalue().endswith(" warning: throttled wait_s=12\n")


@pytest.mark.parametrize(("log_format", "seen"), [("text", ["warning"]), ("json", ["info", "warning"])])
def test_without_a_level_text_is_quiet_and_json_tells_the_run(
    out: io.StringIO, log_format: str, seen: list[str]
) -> None:
    configure(log_format, sink=Sink(out))
    log = structlog.get_logger()
    log.debug("debug")
    log.info("info")
    log.warning("warning")
    assert [word for word in ("debug", "info", "warning") if f"{word}" in out.getvalue()] == seen


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_level_is_the_lowest_that_is_written(out: io.StringIO, level: str) -> None:
    configure("json", level, Sink(out))
    log = structlog.get_logger()
    for each in ("debug", "info", "warning", "error"):
        getattr(log, each)("x")
    order = ["debug", "info", "warning", "error"]
    assert [line["level"] for line in lines(out)] == order[order.index(level) :]


def test_libraries_tell_warnings_only_however_low_our_level_is(out: io.StringIO) -> None:
    configure("json", "debug", Sink(out))
    for name in ("aiohttp.access", "msal", "httpx"):
        logging.getLogger(name).info("GET /subscriptions")
        logging.getLogger(name).warning("odd")
    assert [line["event"] for line in lines(out)] == ["odd"] * 3


def test_a_library_whose_faults_are_raised_says_nothing_of_them_itself(out: io.StringIO) -> None:
    configure("json", "debug", Sink(out))
    logging.getLogger("azure.mgmt.compute").exception("unreadable answer")
    logging.getLogger("azure.core.pipeline").error("401")
    assert lines(out) == []


def test_a_line_begins_with_when_how_grave_and_what(out: io.StringIO) -> None:
    configure("json", sink=Sink(out))
    structlog.get_logger().warning("throttled", wait_s=12)
    assert list(lines(out)[0]) == ["timestamp", "level", "event", "wait_s"]


def test_configuring_twice_does_not_double_lines(out: io.StringIO) -> None:
    configure("text", sink=Sink(io.StringIO()))
    configure("json", sink=Sink(out))
    structlog.get_logger().warning("once")
    assert len(lines(out)) == 1


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_simulated_azure_is_on_every_line_from_then_on(out: io.StringIO, log_format: str) -> None:
    configure(log_format, sink=Sink(out))
    mark_simulated("pooled-eu")
    structlog.get_logger().warning("ours")
    logging.getLogger("stranger").warning("theirs")
    mark_simulated(None)
    structlog.get_logger().warning("real again")
    ours, theirs, real = out.getvalue().splitlines()
    assert "simulated" in ours.lower()
    assert "simulated" in theirs.lower()
    assert "simulated" not in real.lower()


def test_lines_are_kept_back_and_then_written_in_order() -> None:
    out = io.StringIO()
    sink = Sink(out)
    with sink.kept_back():
        sink.write("one\n")
        sink.write("two\n")
        assert out.getvalue() == ""
    sink.write("three\n")
    assert out.getvalue() == "one\ntwo\nthree\n"


def test_lines_kept_back_survive_an_exception_and_the_oldest_give_way() -> None:
    out = io.StringIO()
    sink = Sink(out)

    def overflow() -> None:
        with sink.kept_back():
            for n in range(1500):
                sink.write(f"{n}\n")
            fail("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        overflow()
    assert out.getvalue().splitlines() == [str(n) for n in range(500, 1500)]


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_sink_that_is_gone_drops_lines_and_raises_nothing() -> None:
    Sink(Gone()).write("x\n")
    closed = io.StringIO()
    closed.close()
    Sink(closed).write("x\n")


def test_a_sink_without_unicode_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Sink(stream).write("Zürich\n")
    assert raw.getvalue() == b"Z\\xfcrich\n"


def test_every_entry_of_the_journal_is_one_json_line(out: io.StringIO) -> None:
    story = moved(Story())
    told = [line for line in tell(out, story) if "seq" in line]
    assert [line["seq"] for line in told] == list(range(1, len(story.entries) + 1))
    assert [line["event"] for line in told[:3]] == ["run.pinned", "step.started", "step.ended"]
    assert {line["run"] for line in told} == {RUN}
    assert told[1]["at"] == "2026-11-22T03:00:00+00:00"


def test_the_first_line_names_the_run_and_leaves_the_plan_in_the_journal(out: io.StringIO) -> None:
    route = Route(plan=PLAN, leaving=Side.SECONDARY, groups=("GRP1",))
    first = tell(out, Story(route=route))[0]
    assert (first["plan"], first["direction"], first["mode"]) == (
        "pooled-eu",
        "secondary->primary",
        "planned",
    )
    assert (first["scope"], first["runbook"]) == ("groups GRP1", "pooled-failover")
    assert first["arm_endpoint"] == "https://management.azure.com"
    assert first["holder"] == {"host": "laptop", "pid": 4711, "epoch": 1}
    assert "route" not in first


def test_an_intent_says_kind_target_and_reason_and_no_user(out: io.StringIO) -> None:
    story = Story().begin("log-off-source")
    story.do("log-off-source", log_offs(1))
    intent, answer = tell(out, story)[2:]
    action = log_offs(1)[0]
    assert intent["action"] == {"kind": "session.logoff", "target": action.target, "reason": action.reason}
    assert (intent["step"], intent["n"]) == ("log-off-source", 1)
    assert (answer["n"], answer["outcome"], answer["by"]) == (1, "applied", "answer")
    assert "bbbbbbbb-0000" not in out.getvalue()


@pytest.mark.parametrize(
    ("story", "level"),
    [
        (Story().begin("readiness"), "info"),
        (Story().begin("readiness").end("readiness", "x", StepStatus.HELD), "warning"),
        (Story().begin("readiness").end("readiness", "x", StepStatus.DEBT), "warning"),
        (Story().begin("readiness").end("readiness", "x", StepStatus.FAILED), "error"),
        (Story().close(RunStatus.COMPLETED, "x"), "info"),
        (Story().close(RunStatus.HELD, "x"), "warning"),
        (Story().close(RunStatus.FAILED, "x"), "error"),
        (Story().answer([]), "info"),
    ],
)
def test_the_level_says_whether_a_person_must_look(out: io.StringIO, story: Story, level: str) -> None:
    assert tell(out, story)[-1]["level"] == level


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.APPLIED, "info"),
        (Outcome.VOID, "info"),
        (Outcome.REFUSED, "warning"),
        (Outcome.UNKNOWN, "warning"),
    ],
)
def test_an_answer_that_is_no_yes_is_a_warning(out: io.StringIO, outcome: Outcome, level: str) -> None:
    story = Story().begin("log-off-source")
    story.answer(story.intend("log-off-source", log_offs(1)), outcome, "why")
    last = tell(out, story)[-1]
    assert (last["level"], last["detail"]) == (level, "why")


def test_the_access_gap_is_told_as_events_of_its_own(out: io.StringIO) -> None:
    story = cut(Story()).after(1300).wait("log-off-source", "40 of 45")
    story.do("grant-target", grants())
    gaps = [
        (line["event"], line["level"]) for line in tell(out, story) if line["event"].startswith("access-gap")
    ]
    assert gaps == [
        ("access-gap.began", "warning"),
        ("access-gap.over-budget", "warning"),
        ("access-gap.ended", "warning"),
    ]


def test_with_a_clock_a_gap_that_overruns_is_told_while_steps_wait(out: io.StringIO) -> None:
    configure("json", sink=Sink(out))
    story, clock = warmed(Story()).begin("revoke-source"), StoryClock()
    progress = LogProgress(clock)
    story.do("revoke-source", revokes())
    clock.at = story.at
    progress.entry(story.entries[-1], story.state)
    clock.at = story.after(1300).at
    progress.waiting("barrier", "x", story.at)
    progress.waiting("barrier", "x", story.at)
    assert [line["event"] for line in lines(out)][1:] == ["access-gap.began", "access-gap.over-budget"]


def test_a_simulated_run_says_so_in_every_line(out: io.StringIO) -> None:
    told = tell(out, moved(Story(simulated="pooled-eu")))
    assert {line["simulated"] for line in told} == {"pooled-eu"}


def test_what_is_said_aloud_is_a_line_and_close_is_harmless(out: io.StringIO) -> None:
    configure("json", sink=Sink(out))
    with LogProgress() as progress:
        progress.say("Stopping\x1b[2J")
        progress.close()
    assert lines(out)[0]["event"] == r"Stopping\x1b[2J"
