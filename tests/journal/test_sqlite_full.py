"""A full disk stops a run, and still takes its last word."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from avd_failover.journal.sqlite_store import RESERVE_BYTES, SqliteStore, reserve_of
from avd_failover.journal.store import (
    JournalFullError,
    JournalLostError,
)
from tests.journal.builders import (
    make_lines,
    whole_run,
)
from tests.journal.files import lines_of

LINES = make_lines(whole_run())
ROOT = Path(__file__).parents[2]


def test_the_reserve_is_real_space_while_a_journal_is_open(store: SqliteStore, path: Path) -> None:
    found = reserve_of(path).stat()
    assert found.st_size == RESERVE_BYTES >= 1024 * 1024
    assert found.st_blocks * 512 >= RESERVE_BYTES


def test_no_journal_is_begun_where_no_reserve_fits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(JournalLostError, match="cannot be kept back"):
        SqliteStore.create(path)
    assert list(path.parent.iterdir()) == []


def test_sqlite_saying_full_is_a_full_journal_with_nothing_added(store: SqliteStore, path: Path) -> None:
    store.append(LINES[:1])
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalFullError, match="free some space"):
        store.append([bytes(100_000)])
    assert lines_of(path) == LINES[:1]


def test_the_last_word_goes_over_a_new_connection_and_uses_the_reserve_up(
    store: SqliteStore, path: Path
) -> None:
    store.append(LINES[:1])
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalFullError):
        store.append([bytes(100_000)])
    store.append_last(LINES[1:])
    assert lines_of(path) == LINES
    assert not reserve_of(path).exists()


FULL = """
import asyncio, errno, os, sys
from pathlib import Path
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import RunEnded
from avd_failover.journal.chain import replay
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import JournalLostError
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, TickingClock, began, intended, make_pinned, revoke

mount = Path(sys.argv[1])
runs = mount / "runs"
runs.mkdir(mode=0o700)
path = runs / f"{RUN}.journal"

def fill():
    with open(mount / "ballast", "ab", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC

async def main():
    journal = JournalWriter.create(SqliteStore.create(path), TickingClock(), make_pinned())
    journal.append(began("readiness"))
    await journal.durable()
    fill()
    sent = 0
    try:
        for n in range(1, 500):
            journal.append(intended("readiness", n, revoke(n)))
            await journal.durable()
            sent += 1
    except JournalLostError as lost:
        assert "disk is full" in str(lost), lost
    journal.last_word(RunEnded(status=RunStatus.HELD, because="the disk is full"))
    journal.close()
    store = SqliteStore.read_only(path)
    state = replay(store).state
    assert (state.status, state.because) == (RunStatus.HELD, "the disk is full")
    assert len(state.attempts) == sent + 1 < 499
    print("held after", sent)

asyncio.run(main())
"""


def test_on_a_disk_that_is_really_full_the_last_word_is_still_written(tmp_path: Path) -> None:
    """A file system of 8 MiB in a user namespace of its own, filled to the last block."""
    mount = tmp_path / "small"
    mount.mkdir()
    script = tmp_path / "full.py"
    script.write_text(FULL)
    inside = f"mount -t tmpfs -o size=8m none {mount} && exec {sys.executable} {script} {mount}"
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no user namespaces here, so no small file system to fill")
    ended = subprocess.run(
        [unshare, "-rm", "sh", "-c", inside],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("held after")
