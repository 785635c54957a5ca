"""Copies of journals: nothing counts as durable before both have it, and a copy that differs ends the run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from avd_failover.domain.blobs import BLOCK_BYTES
from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from avd_failover.journal.chain import Mark
from avd_failover.journal.codec import digest
from avd_failover.journal.copies import Copy, first_block, name_of_copy, runs_copied
from avd_failover.journal.events import StepStarted
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.replication import Replication
from avd_failover.journal.store import Damage, DamagedJournalError, ForkedJournalError
from avd_failover.journal.writer import CONCLUDE_S, JournalWriter
from avd_failover.simulator.direct_blobs import DirectBlobs
from avd_failover.simulator.world import World
from tests.journal.builders import RUN, make_lines, make_pinned, whole_run
from tests.journal.witnesses import CONTAINER
from tests.simulator.builders import small_world

PAIR = "a+b"
NAME = name_of_copy(PAIR, RUN)
STEP = "readiness"


class Desk:
    """A writer with a copy in a world, in virtual time."""

    def __init__(self, **world: Any) -> None:
        self.world: World = small_world(blob_containers=[CONTAINER], **world)
        self.clock = LoopClock(EPOCH)
        self.store = MemoryStore(RUN)
        self.said: list[str] = []
        self.blobs = DirectBlobs(self.world, self.clock, "stwitness/failover")
        self.writer = JournalWriter.create(self.store, self.clock, make_pinned())
        self.replication = Replication(Copy(self.blobs, NAME), self.store.lines, self.said.append)
        self.writer.replicate(self.replication)

    def begin(self) -> None:
        self.writer.append(StepStarted(step=STEP))

    @property
    def copy(self) -> bytes:
        container = self.world.blobs.containers["stwitness/failover"]
        return container.blobs[NAME].content if NAME in container.blobs else b""

    @property
    def whole(self) -> bytes:
        return b"".join(line + b"\n" for line in self.store.lines)

    def fault(self, name: str, **values: Any) -> str:
        known = self.world.faults.add("admin:test", {"fault": name, **values})
        self.world.advance(self.world.now_s)
        return known

    def mend(self, fault: str) -> None:
        self.world.faults.remove("admin:test", fault)


@asynccontextmanager
async def desk(**world: Any) -> AsyncIterator[Desk]:
    made = Desk(**world)
    try:
        yield made
    finally:
        await made.replication.close()


def virtually(test: Callable[..., Awaitable[None]], **world: Any) -> None:
    async def main() -> None:
        async with desk(**world) as made:
            await test(made)

    run_virtually(main())


def test_what_is_durable_is_in_both_places() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        assert desk.copy == desk.whole
        desk.begin()
        assert desk.writer.durable_mark == Mark(1, digest(desk.store.lines[0]))
        await desk.writer.durable()
        assert desk.copy == desk.whole
        assert desk.whole.count(b"\n") == 2
        assert desk.writer.durable_mark == Mark(2, digest(desk.store.lines[1])) == Mark(2, desk.writer.head)

    virtually(test)


def test_many_entries_are_one_block() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        for _ in range(50):
            desk.begin()
        await asyncio.gather(*(desk.writer.durable() for _ in range(50)))
        blob = desk.world.blobs.blob("stwitness/failover", NAME)
        assert (blob.blocks, desk.copy == desk.whole) == (2, True)

    virtually(test)


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "drop-request", "route": "blobs.append"},
        {"name": "http-error", "route": "blobs.*", "status": 503},
        {"name": "http-error", "route": "blobs.append", "status": 403},
        {"name": "http-error", "route": "blobs.append", "status": 500},
    ],
)
def test_nothing_is_durable_while_the_witness_is_away_and_all_goes_on_by_itself(
    fault: dict[str, Any],
) -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        values = dict(fault)
        known = desk.fault(values.pop("name"), **values)
        desk.begin()
        waiting = asyncio.ensure_future(desk.writer.durable())
        await desk.clock.sleep(600)
        assert not waiting.done()
        assert len(desk.store.lines) == 2
        assert len(desk.said) == 1
        assert "nothing is sent" in desk.said[0]
        desk.mend(known)
        await asyncio.wait_for(waiting, 200)
        assert desk.copy == desk.whole
        assert "going on" in desk.said[1]

    virtually(test)


def test_a_copy_that_cannot_be_opened_at_first_is_opened_later() -> None:
    async def test(desk: Desk) -> None:
        known = desk.fault("drop-request", route="blobs.*")
        waiting = asyncio.ensure_future(desk.writer.durable())
        await desk.clock.sleep(60)
        assert not waiting.done()
        assert desk.copy == b""
        desk.mend(known)
        await waiting
        assert desk.copy == desk.whole

    virtually(test)


@pytest.mark.parametrize("fault", ["drop-response", "connection-reset"])
def test_a_block_whose_answer_was_lost_is_found_and_not_sent_twice(fault: str) -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.fault(fault, route="blobs.append", nth=1)
        desk.begin()
        await desk.writer.durable()
        assert desk.copy == desk.whole
        assert desk.said == []

    virtually(test)


def test_a_block_whose_answer_never_comes_is_asked_for() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.fault("half-open", route="blobs.append")
        desk.begin()
        await desk.writer.durable()
        assert desk.copy == desk.whole
        assert len(desk.said) == 2

    virtually(test)


def test_a_block_that_is_delivered_twice_stands_once() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.fault("duplicate-request", route="blobs.append", gap="1s")
        for _ in range(3):
            desk.begin()
            await desk.writer.durable()
            await desk.clock.sleep(2)
        assert desk.copy == desk.whole

    virtually(test)


def test_a_block_that_arrives_late_is_the_same_block() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.fault("late-apply", route="blobs.append", nth=1)
        desk.begin()
        await desk.writer.durable()
        assert desk.copy == desk.whole
        await desk.clock.sleep(600)
        assert desk.copy == desk.whole

    virtually(test)


FORKS = [
    ("copy-rolled-back", "does not end with entry 2"),
    ("copy-forked", "does not end with entry 2"),
    ("copy-appended", "does not end with entry 2"),
]


@pytest.mark.parametrize(("fault", "because"), FORKS)
def test_a_copy_that_somebody_changed_stops_the_run_for_good(fault: str, because: str) -> None:
    async def test(desk: Desk) -> None:
        desk.begin()
        await desk.writer.durable()
        known = desk.fault("drop-request", route="blobs.append")
        desk.begin()
        waiting = asyncio.ensure_future(desk.writer.durable())
        await desk.clock.sleep(1)
        desk.fault(fault)
        desk.mend(known)
        with pytest.raises(ForkedJournalError, match=because):
            await waiting
        for again in (desk.writer.durable, desk.writer.concluded):
            with pytest.raises(ForkedJournalError, match=because):
                await again()
        assert desk.writer.durable_mark.seq == 2

    virtually(test)


@pytest.mark.parametrize("fault", ["copy-rolled-back", "copy-appended"])
def test_a_copy_that_ends_elsewhere_is_found_by_the_position_alone(fault: str) -> None:
    async def test(desk: Desk) -> None:
        desk.begin()
        await desk.writer.durable()
        desk.fault(fault)
        desk.begin()
        with pytest.raises(ForkedJournalError, match="does not end with entry 2"):
            await desk.writer.durable()

    virtually(test)


def test_a_copy_that_is_gone_stops_the_run() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.world.blobs.containers["stwitness/failover"].blobs.clear()
        desk.begin()
        with pytest.raises(ForkedJournalError, match="is gone"):
            await desk.writer.durable()

    virtually(test)


def test_the_end_of_a_run_does_not_wait_for_ever() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        desk.fault("drop-request", route="blobs.*")
        desk.begin()
        began = desk.clock.monotonic()
        await desk.writer.concluded()
        assert desk.clock.monotonic() - began == pytest.approx(CONCLUDE_S, abs=1)
        assert len(desk.store.lines) == 2
        assert desk.writer.durable_mark.seq == 1

    virtually(test)


def test_what_was_not_copied_before_is_brought_there_by_the_next_process() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        known = desk.fault("drop-request", route="blobs.*")
        for _ in range(5):
            desk.begin()
        await desk.writer.concluded()
        await desk.replication.close()
        desk.mend(known)
        again = Replication(Copy(desk.blobs, NAME), desk.store.lines, desk.said.append)
        await again.until(6)
        assert desk.copy == desk.whole
        assert again.acked == Mark(6, desk.writer.head)

    virtually(test)


@pytest.mark.parametrize(
    ("lines", "because"), [(3, "goes on behind entry 3"), (None, "entry 2 is another one")]
)
def test_a_journal_that_is_not_the_copys_is_not_gone_on_with(lines: int | None, because: str) -> None:
    mine = make_lines(whole_run())

    async def test(desk: Desk) -> None:
        await desk.blobs.begin("journal-x")
        await desk.blobs.append("journal-x", b"".join(line + b"\n" for line in mine[:5]), at=0)
        told = mine[:lines] if lines else [mine[0], b"{}", *mine[2:]]
        other = Replication(Copy(desk.blobs, "journal-x"), told, desk.said.append)
        with pytest.raises(ForkedJournalError, match=because):
            await other.until(len(told))

    virtually(test)


def test_a_lost_end_of_a_copy_is_damage() -> None:
    async def test(desk: Desk) -> None:
        await desk.blobs.begin("journal-x")
        await desk.blobs.append("journal-x", b"{}\n{", at=0)
        with pytest.raises(DamagedJournalError) as caught:
            await Copy(desk.blobs, "journal-x").read()
        assert (caught.value.seq, caught.value.damage) == (2, Damage.UNREADABLE)

    virtually(test)


def test_copies_are_found_by_their_pair() -> None:
    async def test(desk: Desk) -> None:
        await desk.writer.durable()
        await desk.blobs.put("lease-x.json", b"{}")
        assert await runs_copied(desk.blobs, PAIR) == {RUN: len(desk.whole)}
        assert await runs_copied(desk.blobs, "other") == {}

    virtually(test)


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([10, 10], 2),
        ([BLOCK_BYTES - 1], 1),
        ([BLOCK_BYTES - 1, 1], 1),
        ([BLOCK_BYTES + 5, 1], 1),
        ([1, BLOCK_BYTES, 1], 1),
    ],
)
def test_a_block_has_whole_lines_and_not_too_many(sizes: list[int], count: int) -> None:
    assert first_block([b"x" * size for size in sizes]) == count
