"""A journal is believed whole or refused at its first break."""

import copy
import json
from collections.abc import Callable

import pytest

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.chain import links, replay
from avd_failover.journal.codec import GENESIS, decode, digest, encode
from avd_failover.journal.events import (
    ActionEnded,
    Event,
    Holder,
    Outcome,
    RunEnded,
    RunResumed,
    StepEnded,
    StepWaiting,
)
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import Damage, DamagedJournalError, ForeignJournalError
from tests.journal.builders import (
    RUN,
    T0,
    applied,
    began,
    done,
    intended,
    make_lines,
    make_pinned,
    revoke,
    whole_run,
)

Lines = list[bytes]


def break_of(lines: Lines, run: str = RUN) -> DamagedJournalError:
    with pytest.raises(DamagedJournalError) as caught:
        replay(MemoryStore(run, lines))
    return caught.value


def test_a_whole_journal_is_folded_and_its_head_is_the_hash_of_its_last_line() -> None:
    lines = make_lines(whole_run())
    found = replay(MemoryStore(RUN, lines))
    assert found.state.status is RunStatus.COMPLETED
    assert found.state.seq == len(lines)
    assert found.head == digest(lines[-1])


def test_every_beginning_of_a_whole_journal_is_a_whole_journal() -> None:
    lines = make_lines(whole_run())
    for end in range(1, len(lines) + 1):
        assert replay(MemoryStore(RUN, lines[:end])).state.seq == end


def test_replaying_twice_gives_the_same_story() -> None:
    lines = make_lines(whole_run())
    one, other = (replay(MemoryStore(RUN, lines)) for _ in range(2))
    assert one.head == other.head
    assert one.state.attempts == other.state.attempts
    assert one.state.steps == other.state.steps


def test_replaying_a_beginning_and_then_the_rest_is_replaying_the_whole() -> None:
    lines = make_lines(whole_run())
    whole = replay(MemoryStore(RUN, lines)).state
    for cut in range(1, len(lines)):
        state = copy.deepcopy(replay(MemoryStore(RUN, lines[:cut])).state)
        for seq, line in enumerate(lines[cut:], start=cut + 1):
            state.apply(decode(seq, line))
        assert (state.steps, state.attempts, state.status, state.seq) == (
            whole.steps,
            whole.attempts,
            whole.status,
            whole.seq,
        )


def field_flips(line: bytes) -> list[tuple[str, bytes]]:
    """Every field of a line, changed while the line stays JSON."""
    said = json.loads(line)
    flips = []

    def visit(node: object, path: str, put: Callable[[object], None]) -> None:
        match node:
            case dict():
                for key, item in list(node.items()):
                    visit(item, f"{path}.{key}", lambda new, n=node, k=key: n.__setitem__(k, new))  # type: ignore[misc]
            case list():
                for index, item in enumerate(node):
                    visit(item, f"{path}[{index}]", lambda new, n=node, i=index: n.__setitem__(i, new))  # type: ignore[misc]
            case _:
                put(_other(node))
                flips.append((path, json.dumps(said, separators=(",", ":")).encode()))
                put(node)

    visit(said, "$", lambda new: None)
    return flips


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return ("0" if value[:1] != "0" else "1") + value[1:]
        case _:
            return "something"


def test_a_change_in_any_field_of_any_entry_breaks_the_chain_there_or_right_after() -> None:
    lines = make_lines(whole_run())
    seen = 0
    for place in range(len(lines) - 1):  # the last line has no successor: its own hash is the store's matter
        for path, flipped in field_flips(lines[place]):
            if path == "$.event.schema":
                continue  # another refusal: see the newer schema below
            found = break_of([*lines[:place], flipped, *lines[place + 1 :]])
            assert found.seq in {place + 1, place + 2}, path
            seen += 1
    assert seen > 150


def test_a_flip_of_any_single_bit_is_found() -> None:
    lines = make_lines([make_pinned(), began("readiness"), done("readiness")])
    target = lines[1]
    for position in range(len(target) * 8):
        flipped = bytearray(target)
        flipped[position // 8] ^= 1 << (position % 8)
        assert break_of([lines[0], bytes(flipped), lines[2]]).seq in {2, 3}


def spliced() -> Lines:
    other = make_lines([make_pinned("another-run-20260302-025500-0000"), began("readiness")])
    return [*make_lines(whole_run())[:1], *other[1:]]


def rechained(lines: Lines) -> Lines:
    """The same lines as a forger writes them: numbered and chained anew."""
    fresh, prev = [], GENESIS
    for seq, line in enumerate(lines, start=1):
        said = json.loads(line) | {"seq": seq, "prev": prev}
        fresh.append(json.dumps(said, separators=(",", ":")).encode())
        prev = digest(fresh[-1])
    return fresh


WHOLE = make_lines(whole_run())
TAMPERED: dict[str, tuple[Lines, int, Damage]] = {
    "nothing was recorded": ([], 0, Damage.EMPTY),
    "the first entry is gone": (WHOLE[1:], 1, Damage.GAP),
    "an entry was dropped": ([*WHOLE[:4], *WHOLE[5:]], 5, Damage.GAP),
    "two entries were swapped": ([*WHOLE[:3], WHOLE[4], WHOLE[3], *WHOLE[5:]], 4, Damage.GAP),
    "an entry was doubled": ([*WHOLE[:3], WHOLE[2], *WHOLE[3:]], 4, Damage.GAP),
    "the middle was cut out": ([*WHOLE[:3], *WHOLE[8:]], 4, Damage.GAP),
    "a line was cut short": ([*WHOLE[:5], WHOLE[5][:40], *WHOLE[6:]], 6, Damage.UNREADABLE),
    "the rest of another run": (spliced(), 2, Damage.BROKEN_CHAIN),
    "a line of zeros": ([*WHOLE[:5], bytes(200), *WHOLE[6:]], 6, Damage.UNREADABLE),
    "an event nobody knows": (
        rechained([WHOLE[0], WHOLE[1].replace(b"step.started", b"step.vanished")]),
        2,
        Damage.UNKNOWN_EVENT,
    ),
    "forged: dropped and chained anew": (rechained([*WHOLE[:4], *WHOLE[5:]]), 5, Damage.CONTRADICTION),
    "two journals joined": (rechained([*WHOLE[:2], WHOLE[0]]), 3, Damage.CONTRADICTION),
    "it does not begin with its pin": (rechained(WHOLE[1:]), 1, Damage.CONTRADICTION),
}


@pytest.mark.parametrize(("lines", "seq", "damage"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_found_at_its_place_and_called_by_its_name(
    lines: Lines, seq: int, damage: Damage
) -> None:
    found = break_of(lines)
    assert (found.seq, found.damage) == (seq, damage)


def test_another_runs_journal_under_this_runs_name_is_refused() -> None:
    found = break_of(WHOLE, run="pooled-us-20260302-025500-0000")
    assert (found.seq, found.damage) == (1, Damage.WRONG_RUN)


def test_a_second_pin_of_another_run_is_the_wrong_run() -> None:
    other = make_lines([make_pinned("another-run-20260302-025500-0000")])
    found = break_of(rechained([*WHOLE[:2], *other]))
    assert (found.seq, found.damage) == (3, Damage.WRONG_RUN)


def test_a_journal_of_a_newer_schema_is_foreign_even_if_it_cannot_be_read() -> None:
    line = WHOLE[0].replace(b'"schema":1', b'"schema":7').replace(b'"route":', b'"itinerary":')
    with pytest.raises(ForeignJournalError) as caught:
        replay(MemoryStore(RUN, [line]))
    assert caught.value.version == 7


IMPOSSIBLE: dict[str, list[Event]] = {
    "a step that the runbook does not have": [began("teleport")],
    "a step ended that never began": [done("readiness")],
    "a step begun after it was done": [began("readiness"), done("readiness"), began("readiness")],
    "a step waits that is not there": [StepWaiting(step="teleport", because="", until=T0)],
    "an attempt skips a number": [intended("readiness", 2, revoke())],
    "an attempt of a step that is not there": [intended("teleport", 1, revoke())],
    "an end without an attempt": [applied(1)],
    "an end told twice": [intended("readiness", 1, revoke()), applied(1), applied(1)],
    "an end after a reading voided it": [
        intended("readiness", 1, revoke()),
        ActionEnded(n=1, outcome=Outcome.VOID, by="reading"),
        applied(1),
    ],
    "a completed run goes on": [
        RunEnded(status=RunStatus.COMPLETED, because=""),
        RunResumed(holder=Holder(host="h", pid=1), engine="0.1.0"),
    ],
    "a held run ends once more": [
        RunEnded(status=RunStatus.HELD, because=""),
        RunEnded(status=RunStatus.COMPLETED, because=""),
    ],
    "a pending step is held": [StepEnded(step="readiness", status=StepStatus.HELD, because="")],
}


@pytest.mark.parametrize("events", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_story_that_cannot_be_is_a_contradiction_at_the_entry_that_tells_it(events: list[Event]) -> None:
    lines = make_lines([make_pinned(), *events])
    found = break_of(lines)
    assert (found.seq, found.damage) == (len(lines), Damage.CONTRADICTION)


def test_an_entry_that_contradicts_leaves_the_state_as_it_was() -> None:
    state = replay(MemoryStore(RUN, make_lines([make_pinned()]))).state
    before = copy.deepcopy((state.seq, state.last_at, state.steps, state.attempts))
    entry = decode(2, make_lines([make_pinned(), intended("teleport", 1, revoke())])[1])
    with pytest.raises(ValueError, match="teleport"):
        state.apply(entry)
    assert (state.seq, state.last_at, state.steps, state.attempts) == before


def test_links_give_each_entry_with_the_hash_of_its_own_line() -> None:
    for (entry, link), line in zip(links(MemoryStore(RUN, WHOLE)), WHOLE, strict=True):
        assert encode(entry) == line
        assert link == digest(line)
