"""An entry becomes one line, and that line becomes the entry again."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.states import StepStatus
from avd_failover.journal.codec import (
    EVENT_TYPES,
    GENESIS,
    UnwritableEventError,
    decode,
    digest,
    encode,
    refuse_newer,
    seal,
)
from avd_failover.journal.events import (
    SCHEMA,
    ActionEnded,
    Entry,
    Event,
    Outcome,
    StepEnded,
    StepSkips,
    StepStarted,
)
from avd_failover.journal.store import Damage, DamagedJournalError, ForeignJournalError
from tests.journal.builders import T0, began, make_entries, make_pinned
from tests.journal.strategies import events, moments


def entry(event: Event, at: datetime = T0) -> Entry:
    return Entry(seq=1, at=at, prev=GENESIS, event=event)


@given(event=events, at=moments, seq=st.integers(1, 2**53))
def test_every_event_is_read_back_as_it_was_written(event: Event, at: datetime, seq: int) -> None:
    written = Entry(seq=seq, at=at, prev=GENESIS, event=event)
    assert decode(seq, encode(written)) == written


@given(event=events)
def test_a_line_is_one_line_of_canonical_json(event: Event) -> None:
    line = encode(entry(event))
    assert b"\n" not in line
    assert b"\r" not in line
    assert list(json.loads(line)) == ["seq", "at", "prev", "event"]
    assert encode(decode(1, line)) == line


def test_mappings_are_written_in_the_order_of_their_keys() -> None:
    one = StepEnded(step="s", status=StepStatus.DONE, because="", facts={"b": 1, "a": 2})
    other = StepEnded(step="s", status=StepStatus.DONE, because="", facts={"a": 2, "b": 1})
    assert encode(entry(one)) == encode(entry(other))


def test_times_are_written_in_utc_with_a_z() -> None:
    assert b'"at":"2026-03-02T02:55:00Z"' in encode(entry(began("s")))


def test_sealing_gives_the_line_and_what_a_reader_will_see() -> None:
    line, as_read = seal(entry(began("s")))
    assert line == encode(entry(began("s")))
    assert as_read == entry(began("s"))


UNWRITABLE: list[tuple[str, Event]] = [
    (
        "a NaN becomes null",
        StepEnded(step="s", status=StepStatus.DONE, because="", facts={"x": float("nan")}),
    ),
    ("so does infinity", StepEnded(step="s", status=StepStatus.DONE, because="", facts={"x": float("inf")})),
    ("None is no text", ActionEnded(n=1, outcome=Outcome.APPLIED, detail=None)),  # type: ignore[arg-type]
    ("a word that is no outcome", ActionEnded(n=1, outcome="perhaps")),  # type: ignore[arg-type]
    ("an object of no JSON kind", StepStarted(step=object())),  # type: ignore[arg-type]
    ("half a character", StepStarted(step="\ud800")),
    ("bytes", StepStarted(step=b"x\xff")),  # type: ignore[arg-type]
    ("a list where a tuple belongs", StepSkips(step="s", skipped=[])),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("why", "event"), UNWRITABLE, ids=[why for why, _ in UNWRITABLE])
def test_what_could_not_be_read_back_is_refused_before_it_is_written(why: str, event: Event) -> None:
    with pytest.raises(UnwritableEventError, match=type(event).__name__):
        seal(entry(event))


def test_a_local_time_is_the_same_moment_in_utc() -> None:
    local = datetime(2026, 3, 2, 3, 55, tzinfo=timezone(timedelta(hours=1)))
    _, as_read = seal(entry(began("s"), at=local))
    assert as_read.at == T0


def raw(*, at: bytes = b"2026-01-01T00:00:00Z", prev: bytes = b"", step: bytes = b'"s"') -> bytes:
    return b'{"seq":1,"at":"%b","prev":"%b","event":{"type":"step.started","step":%b}}' % (at, prev, step)


UNREADABLE = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "no event": b'{"seq":1,"at":"2026-01-01T00:00:00Z","prev":""}',
    "a number as a step": raw(step=b"7"),
    "a date that is none": raw(at=b"yesterday"),
    "no UTF-8": raw(prev=b"\xff"),
    "cut short": raw()[:-1],
    "two lines": raw() + b"\n" + raw(),
    "zeros": b"\0" * 64,
}


def test_the_raw_line_of_these_cases_is_readable_when_nothing_is_wrong_with_it() -> None:
    assert decode(1, raw()).event == StepStarted(step="s")


@pytest.mark.parametrize("line", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_line_that_is_no_entry_is_damage_at_its_place(line: bytes) -> None:
    with pytest.raises(DamagedJournalError) as caught:
        decode(17, line)
    assert caught.value.seq == 17
    assert caught.value.damage is Damage.UNREADABLE


def test_an_unknown_event_is_refused_by_name() -> None:
    line = encode(entry(began("s"))).replace(b"step.started", b"step.teleported")
    with pytest.raises(DamagedJournalError, match=r"step\.teleported") as caught:
        decode(4, line)
    assert caught.value.damage is Damage.UNKNOWN_EVENT


def test_a_field_that_a_later_version_added_with_a_default_may_lack() -> None:
    line = encode(entry(ActionEnded(n=1, outcome=Outcome.APPLIED))).replace(b',"request_id":""', b"")
    assert decode(1, line).event == ActionEnded(n=1, outcome=Outcome.APPLIED)


def test_the_known_types_are_those_of_the_vocabulary() -> None:
    assert {
        "run.pinned",
        "run.resumed",
        "run.ended",
        "step.started",
        "step.waiting",
        "step.skips",
        "step.ended",
        "action.intended",
        "action.ended",
    } <= EVENT_TYPES


def test_a_newer_schema_is_refused_with_its_number_and_the_engine_to_use() -> None:
    line = encode(entry(make_pinned())).replace(f'"schema":{SCHEMA}'.encode(), b'"schema":99')
    with pytest.raises(ForeignJournalError, match=r"schema 99 by engine 0\.1\.0") as caught:
        refuse_newer(line)
    assert caught.value.version == 99


@pytest.mark.parametrize("line", [encode(entry(make_pinned())), b"{", b"\xff", encode(entry(began("s")))])
def test_what_is_not_newer_is_left_to_the_checks_that_follow(line: bytes) -> None:
    refuse_newer(line)


def test_each_entry_carries_the_hash_of_the_line_before_it() -> None:
    first, second = make_entries([make_pinned(), began("readiness")])
    assert first.prev == GENESIS
    assert second.prev == digest(encode(first))
