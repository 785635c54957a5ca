"""The file: what was appended is there, what was not is not, and nothing else is believed."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import run_virtually
from avd_failover.journal.chain import replay
from avd_failover.journal.codec import digest
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.events import RunEnded
from avd_failover.journal.sqlite_store import SqliteStore, reserve_of
from avd_failover.journal.store import (
    JournalLostError,
)
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import (
    RUN,
    T0,
    TickingClock,
    began,
    intended,
    make_lines,
    make_pinned,
    revoke,
    whole_run,
)
from tests.journal.files import lines_of, meddle

LINES = make_lines(whole_run())
ROOT = Path(__file__).parents[2]


def test_lines_come_back_in_order_and_as_they_were(store: SqliteStore) -> None:
    store.append(LINES[:1])
    store.append(LINES[1:])
    assert list(store.read()) == LINES
    assert store.run == RUN


def test_a_closed_journal_is_one_private_file_without_leftovers(written: Path) -> None:
    assert [entry.name for entry in written.parent.iterdir()] == [written.name]
    assert written.stat().st_mode & 0o777 == 0o600


def test_every_file_of_an_open_journal_is_private(store: SqliteStore, path: Path) -> None:
    store.append(LINES)
    modes = {entry.suffix: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    assert set(modes) == {".journal", ".journal-wal", ".journal-shm", ".reserve"}
    assert set(modes.values()) == {0o600}


def test_the_file_says_what_it_is(written: Path) -> None:
    with sqlite3.connect(written) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x41564446,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        rows = connection.execute("SELECT seq, hash FROM events ORDER BY seq").fetchall()
    connection.close()
    assert rows == [(seq, digest(line)) for seq, line in enumerate(LINES, start=1)]


def test_every_commit_is_synced_whatever_the_default_is(store: SqliteStore) -> None:
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_journal_is_gone_on_with_after_closing(path: Path) -> None:
    first = SqliteStore.create(path)
    first.append(LINES[:5])
    first.close()
    second = SqliteStore.open(path)
    second.append(LINES[5:])
    second.close()
    assert lines_of(path) == LINES


def test_readers_see_what_is_committed_while_the_writer_goes_on(store: SqliteStore, path: Path) -> None:
    store.append(LINES[:4])
    assert lines_of(path) == LINES[:4]
    store.append(LINES[4:])
    assert lines_of(path) == LINES


def test_reading_is_of_one_moment(store: SqliteStore) -> None:
    store.append(LINES[:3])
    reader = SqliteStore.read_only(store._path)
    reading = reader.read()
    first = next(reading)
    store.append(LINES[3:])
    assert [first, *reading] == LINES[:3]
    reader.close()


def test_a_reader_cannot_write_events(written: Path) -> None:
    for opened in (SqliteStore.read_only(written), SqliteStore.for_requests(written)):
        with pytest.raises(JournalLostError, match="not opened to write"):
            opened.append([b"x"])
        opened.close()
    assert lines_of(written) == LINES


def test_closing_twice_is_harmless(path: Path) -> None:
    store = SqliteStore.create(path)
    store.close()
    store.close()


def test_two_writers_of_one_journal_do_not_mix(store: SqliteStore, path: Path) -> None:
    store.append(LINES[:2])
    other = SqliteStore.open(path)
    other.append(LINES[2:3])
    with pytest.raises(JournalLostError):
        store.append([b"another third line"])
    other.close()
    assert lines_of(path) == LINES[:3]


def test_a_batch_is_added_whole_or_not_at_all(store: SqliteStore, path: Path) -> None:
    store.append(LINES[:2])
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO events VALUES(4, x'00', 'in the way')")
    connection.close()
    with pytest.raises(JournalLostError):
        store.append(LINES[2:5])
    meddle(path, "DELETE FROM events WHERE seq = 4")
    assert lines_of(path) == LINES[:2]


def test_a_journal_is_never_begun_over_another(written: Path) -> None:
    with pytest.raises(UnfitPlaceError, match="File exists"):
        SqliteStore.create(written)
    assert lines_of(written) == LINES


def test_a_journal_that_is_not_there_is_not_made_by_opening(path: Path) -> None:
    for opening in (SqliteStore.open, SqliteStore.read_only, SqliteStore.for_requests):
        with pytest.raises(FileNotFoundError):
            opening(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("opening", [SqliteStore.open, SqliteStore.read_only, SqliteStore.create])
def test_a_directory_that_others_may_write_to_is_refused(
    written: Path, opening: Callable[[Path], SqliteStore]
) -> None:
    written.parent.chmod(0o777)
    with pytest.raises(UnfitPlaceError, match="others may write"):
        opening(written)


@pytest.mark.parametrize("opening", [SqliteStore.open, SqliteStore.read_only])
@pytest.mark.parametrize("kind", ["symlink", "hardlink", "pipe"])
def test_only_a_plain_file_is_a_journal(
    written: Path, kind: str, opening: Callable[[Path], SqliteStore]
) -> None:
    odd = written.with_name("odd.journal")
    match kind:
        case "symlink":
            odd.symlink_to(written)
        case "hardlink":
            odd.hardlink_to(written)
        case _:
            os.mkfifo(odd)
    with pytest.raises(UnfitPlaceError):
        opening(odd)


def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avd_failover.journal.disk.network_type", lambda path, mounts: "nfs4")
    with pytest.raises(UnfitPlaceError, match="nfs4"):
        SqliteStore.create(path)
    assert not path.exists()


# Requests


def test_requests_are_numbered_and_come_after_the_last_one_known(store: SqliteStore, path: Path) -> None:
    anyone = SqliteStore.for_requests(path)
    assert anyone.append_request(T0, "pause", "") == 1
    assert anyone.append_request(T0 + timedelta(seconds=1.5), "approve", '{"gate":"approval"}') == 2
    anyone.close()
    found = store.requests_after(0)
    assert [(request.id, request.kind, request.body) for request in found] == [
        (1, "pause", ""),
        (2, "approve", '{"gate":"approval"}'),
    ]
    assert found[1].at == T0 + timedelta(seconds=1.5)
    assert store.requests_after(1) == found[1:]
    assert store.requests_after(2) == ()


def test_requests_do_not_touch_the_chain(store: SqliteStore) -> None:
    store.append(LINES[:6])
    store.append_request(T0, "pause", "")
    store.append(LINES[6:])
    assert replay(store).state.status is RunStatus.COMPLETED


def test_a_reader_can_make_no_request(written: Path) -> None:
    reader = SqliteStore.read_only(written)
    with pytest.raises(JournalLostError):
        reader.append_request(T0, "pause", "")
    reader.close()


def test_a_request_that_is_none_is_an_error_and_not_an_empty_list(written: Path) -> None:
    meddle(written, "INSERT INTO requests(at, kind, body) VALUES('yesterday', 'pause', '')")
    reader = SqliteStore.read_only(written)
    with pytest.raises(JournalLostError, match="requests cannot be read"):
        reader.requests_after(0)
    reader.close()


# Killed


KILLED = """
import os, signal, sys
from pathlib import Path
from avd_failover.journal.sqlite_store import SqliteStore
from tests.journal.builders import make_lines, whole_run
store = SqliteStore.create(Path(sys.argv[1]))
lines = make_lines(whole_run())
store.append(lines[:4])
store._db.execute("BEGIN IMMEDIATE")
store._db.execute("INSERT INTO events VALUES(5, x'00', 'never committed')")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_what_was_appended_is_there_and_nothing_else(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    assert lines_of(path) == LINES[:4]
    again = SqliteStore.open(path)
    again.append(LINES[4:])
    again.close()
    assert lines_of(path) == LINES
    assert not reserve_of(path).exists()


def test_the_writer_and_the_file_together_keep_a_run(path: Path) -> None:
    async def run() -> None:
        journal = JournalWriter.create(SqliteStore.create(path), TickingClock(), make_pinned())
        journal.append(began("readiness"))
        journal.append(intended("readiness", 1, revoke()))
        await journal.durable()
        assert len(lines_of(path)) == 3
        journal.append(RunEnded(status=RunStatus.INTERRUPTED, because="asked to stop"))
        journal.close()

    run_virtually(run())
    store = SqliteStore.open(path)
    journal = JournalWriter.reopen(store, TickingClock())
    assert journal.state.status is RunStatus.INTERRUPTED
    assert [attempt.n for attempt in journal.state.open_attempts("readiness")] == [1]
    journal.close()
