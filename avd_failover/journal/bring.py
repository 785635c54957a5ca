"""Bringing journals here that other machines wrote: from their copies in the witness, verified first (J7).

A process that died may have written lines here that never reached the copy. Nothing was sent on their
strength, so another machine that took the run over goes on without them, and the two journals differ from
there on. When this machine sees the run again its own journal is set aside, whole, under a name of the form
``<run>.aside-<hash>.journal``, and the copy stands in its place: if it has the last line that this machine's
lease knows to be in both.
"""

from contextlib import closing
from pathlib import Path

from avd_failover.domain.blobs import Blobs
from avd_failover.journal.chain import Mark, replay
from avd_failover.journal.codec import digest
from avd_failover.journal.copies import Copy, name_of_copy, runs_copied
from avd_failover.journal.disk import sync_directory
from avd_failover.journal.home import Home
from avd_failover.journal.lease import Lease
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.seals import SealCheck
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import ForkedJournalError

_DATE = 20
"""Letters at the end of a run's id that order runs by time: ``20260302-025500-7f3a``."""


async def bring(
    home: Home, pair: str, blobs: Blobs, *, only: str = "", last: Lease | None = None
) -> tuple[str, ...]:
    """Bring here what the copies of a pair's journals have more than the journals in this home.

    ``last`` is what this home's own lease says of the run that was driven here last.

    Returns: The runs whose journal was brought or grew, oldest first.

    Raises:
        CloudError: The witness did not answer.
        DamagedJournalError, ForeignJournalError: A copy is not whole, or a newer engine wrote it.
        ForkedJournalError: A copy has another line where both once had the same (S19).
        JournalLostError, UnfitPlaceError: It cannot be written here.
    """
    found = await runs_copied(blobs, pair)
    runs = [run for run in sorted(found, key=lambda run: run[-_DATE:]) if only in {"", run}]
    grown = []
    for run in runs:
        known = Mark(last.seq, last.head) if last is not None and last.run == run else None
        if await _brought(home, run, Copy(blobs, name_of_copy(pair, run)), found[run], known):
            grown.append(run)
    return tuple(grown)


async def _brought(home: Home, run: str, copy: Copy, size: int, known: Mark | None) -> bool:
    mine = _lines_here(home, run)
    if mine is not None and known is None and sum(len(line) + 1 for line in mine) >= size:
        return False
    lines, here = await copy.read(), mine or ()
    same = _same(here, lines)
    if same == len(lines):
        return False  # what is here and not there yet, whoever resumes the run brings there
    _verify(run, lines, known)
    if same < len(here):
        if known is None or same < known.seq:
            told = f"entry {same + 1} of {run} is another one here than in the witness"
            raise ForkedJournalError(same + 1, told)
        _set_aside(home.path_of(run), digest(here[-1]))
        mine, same = None, 0
    path = home.path_of(run)
    with closing(SqliteStore.create(path) if mine is None else SqliteStore.open(path)) as store:
        store.append(lines[same:])
    return True


def _same(here: tuple[bytes, ...], there: tuple[bytes, ...]) -> int:
    """Return with how many equal lines both begin."""
    pairs = enumerate(zip(here, there, strict=False))
    return next((n for n, (mine, theirs) in pairs if mine != theirs), min(len(here), len(there)))


def _set_aside(path: Path, head: str) -> None:
    """Keep a journal under a name that is no run's; its log is written into it first."""
    SqliteStore.open(path).close()
    path.rename(path.with_name(f"{path.stem}.aside-{head[:8]}.journal"))
    for left in (f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(left).unlink(missing_ok=True)
    sync_directory(path.parent)


def _lines_here(home: Home, run: str) -> tuple[bytes, ...] | None:
    try:
        store = SqliteStore.read_only(home.path_of(run))
    except FileNotFoundError:
        return None
    with closing(store):
        return tuple(store.read())


def _verify(run: str, lines: tuple[bytes, ...], known: Mark | None) -> None:
    """Check every link and every seal, as before a run is gone on with (J3, J5), and the mark (S19)."""
    seals = SealCheck()
    replay(MemoryStore(run, lines), seals, known if known is not None and known.seq else None)
    seals.end()
    seals.refuse()
