"""Journals of other machines: brought from the witness whole, verified, and never past a fork."""

from contextlib import closing
from pathlib import Path

import pytest

from avd_failover.domain.blobs import Blobs
from avd_failover.engine.clock import EPOCH, LoopClock
from avd_failover.journal.bring import bring
from avd_failover.journal.codec import digest
from avd_failover.journal.copies import name_of_copy
from avd_failover.journal.home import Home
from avd_failover.journal.lease import Lease
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import DamagedJournalError, ForkedJournalError
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, T0, make_lines, make_pinned, whole_run
from tests.journal.signing import signer
from tests.journal.witnesses import Place

PAIR = "a+b"
LINES = tuple(make_lines(whole_run()))


@pytest.fixture
def blobs() -> Blobs:
    return Place().blobs()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


async def copy(blobs: Blobs, lines: tuple[bytes, ...], run: str = RUN, pair: str = PAIR) -> None:
    name = name_of_copy(pair, run)
    await blobs.begin(name)
    await blobs.append(name, b"".join(line + b"\n" for line in lines), at=0)


def write(home: Home, lines: tuple[bytes, ...]) -> None:
    with closing(SqliteStore.create(home.path_of(RUN))) as store:
        if lines:
            store.append(lines)


def there(home: Home, run: str = RUN) -> tuple[bytes, ...]:
    with closing(SqliteStore.read_only(home.path_of(run))) as store:
        return tuple(store.read())


async def test_a_journal_that_is_not_here_is_brought_whole(blobs: Blobs, home: Home) -> None:
    await copy(blobs, LINES)
    assert await bring(home, PAIR, blobs) == (RUN,)
    assert there(home) == LINES
    assert await bring(home, PAIR, blobs) == ()


@pytest.mark.parametrize("count", [0, 1, len(LINES) - 1])
async def test_a_journal_that_another_machine_went_on_with_grows(
    blobs: Blobs, home: Home, count: int
) -> None:
    write(home, LINES[:count])
    await copy(blobs, LINES)
    assert await bring(home, PAIR, blobs) == (RUN,)
    assert there(home) == LINES


async def test_a_journal_that_is_ahead_of_its_copy_is_left_alone(blobs: Blobs, home: Home) -> None:
    write(home, LINES)
    await copy(blobs, LINES[:3])
    assert await bring(home, PAIR, blobs) == ()
    assert there(home) == LINES


async def test_a_copy_that_goes_on_from_another_line_is_a_fork(blobs: Blobs, home: Home) -> None:
    write(home, (*LINES[:2], b'{"other":1}'))
    await copy(blobs, LINES)
    with pytest.raises(ForkedJournalError, match=r"entry 3 .* is another one here than in the witness"):
        await bring(home, PAIR, blobs)
    assert there(home) == (*LINES[:2], b'{"other":1}')


@pytest.mark.parametrize(
    "lines",
    [
        (LINES[0], *LINES[2:]),
        (*LINES[:2], LINES[2].replace(b"readiness", b"readinesS"), *LINES[3:]),
        (b"{}",),
        LINES[1:],
    ],
)
async def test_a_copy_that_is_not_whole_is_not_brought(
    blobs: Blobs, home: Home, lines: tuple[bytes, ...]
) -> None:
    await copy(blobs, lines)
    with pytest.raises(DamagedJournalError):
        await bring(home, PAIR, blobs)
    assert home.runs() == ()


def lease(seq: int, run: str = RUN) -> Lease:
    head = digest(LINES[seq - 1]) if seq else ""
    return Lease(pair=PAIR, run=run, host="h", pid=1, since=T0, epoch=1, seq=seq, head=head)


@pytest.mark.parametrize("known", [0, 1, 2])
@pytest.mark.parametrize("more", [1, 50])
async def test_what_a_killed_process_could_not_copy_is_set_aside_for_what_another_machine_did(
    blobs: Blobs, home: Home, known: int, more: int
) -> None:
    mine = (*LINES[:2], *(b'{"never copied":%d}' % n for n in range(more)))
    write(home, mine)
    await copy(blobs, LINES)
    assert await bring(home, PAIR, blobs, last=lease(known)) == (RUN,)
    assert there(home) == LINES
    assert home.runs() == (RUN,)
    (aside,) = home.path_of(RUN).parent.glob("*.aside-*.journal")
    with closing(SqliteStore.read_only(aside)) as store:
        assert tuple(store.read()) == mine


async def test_what_was_in_both_once_is_never_set_aside(blobs: Blobs, home: Home) -> None:
    mine = (*LINES[:2], b'{"other":1}')
    write(home, mine)
    await copy(blobs, LINES)
    with pytest.raises(ForkedJournalError):
        await bring(home, PAIR, blobs, last=lease(3))
    with pytest.raises(ForkedJournalError):
        await bring(home, PAIR, blobs, last=lease(2, run="another"))
    assert there(home) == mine


async def test_a_copy_that_lost_what_was_in_both_stays_where_it_is(blobs: Blobs, home: Home) -> None:
    write(home, LINES)
    await copy(blobs, LINES[:2])
    assert await bring(home, PAIR, blobs, last=lease(3)) == ()
    assert there(home) == LINES


async def test_a_copy_under_another_runs_name_is_not_brought(blobs: Blobs, home: Home) -> None:
    await copy(blobs, LINES, run="another-20260302-025500-0000")
    with pytest.raises(DamagedJournalError, match="wrong run"):
        await bring(home, PAIR, blobs)


async def test_only_the_pairs_own_and_the_wanted_are_brought(blobs: Blobs, home: Home) -> None:
    await copy(blobs, LINES, pair="other")
    assert await bring(home, PAIR, blobs) == ()
    await copy(blobs, LINES)
    assert await bring(home, PAIR, blobs, only="another") == ()
    assert await bring(home, PAIR, blobs, only=RUN) == (RUN,)


async def test_a_copy_whose_seals_were_taken_out_is_not_brought(blobs: Blobs, home: Home) -> None:
    store = MemoryStore(RUN)
    JournalWriter.create(store, LoopClock(EPOCH), make_pinned(), signer=signer())
    await copy(blobs, tuple(store.lines[:1]))
    with pytest.raises(DamagedJournalError, match="taken out"):
        await bring(home, PAIR, blobs)
