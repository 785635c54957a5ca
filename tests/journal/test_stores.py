"""What every store promises, held against each of them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.sqlite_store import SqliteStore
from tests.journal.builders import RUN, T0, make_lines, whole_run

LINES = make_lines(whole_run())
AnyStore = MemoryStore | SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, path: Path) -> Iterator[AnyStore]:
    made: AnyStore = MemoryStore(RUN) if request.param == "memory" else SqliteStore.create(path)
    yield made
    made.close()


def test_a_new_store_is_empty_and_knows_its_run(kept: AnyStore) -> None:
    assert list(kept.read()) == []
    assert kept.run == RUN


@pytest.mark.parametrize("sizes", [(12,), (1, 11), (5, 1, 6), (1,) * 12])
def test_lines_come_back_as_they_were_however_they_were_batched(
    kept: AnyStore, sizes: tuple[int, ...]
) -> None:
    at = 0
    for size in sizes:
        kept.append(LINES[at : at + size])
        at += size
    assert list(kept.read()) == LINES


def test_an_empty_batch_adds_nothing(kept: AnyStore) -> None:
    kept.append([])
    kept.append(LINES[:1])
    assert list(kept.read()) == LINES[:1]


def test_what_is_read_is_of_the_moment_the_reading_began(kept: AnyStore) -> None:
    kept.append(LINES[:2])
    reading = kept.read()
    first = next(reading)
    assert [first, *reading] == LINES[:2]


def test_last_lines_follow_the_others(kept: AnyStore) -> None:
    kept.append(LINES[:3])
    kept.append_last(LINES[3:])
    assert list(kept.read()) == LINES


def test_a_line_may_be_large(kept: AnyStore) -> None:
    kept.append([b"x" * 10_000_000])
    assert [len(line) for line in kept.read()] == [10_000_000]


def test_requests_are_numbered_from_one_and_keep_their_order(kept: AnyStore) -> None:
    assert kept.requests_after(0) == ()
    numbers = [kept.append_request(T0 + timedelta(seconds=n), f"kind-{n}", "{}") for n in range(3)]
    assert numbers == [1, 2, 3]
    assert [request.kind for request in kept.requests_after(1)] == ["kind-1", "kind-2"]
    assert kept.requests_after(0)[0].at == T0
    assert kept.requests_after(3) == ()


def test_requests_and_events_do_not_mix(kept: AnyStore) -> None:
    kept.append(LINES[:2])
    kept.append_request(T0, "pause", "")
    kept.append(LINES[2:])
    assert list(kept.read()) == LINES


def test_closing_twice_is_harmless(kept: AnyStore) -> None:
    kept.close()
    kept.close()
