"""A failing disk under the file: every statement of every kind, failing in every way."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from avd_failover.journal import sqlite_store
from avd_failover.journal.chain import replay
from avd_failover.journal.sqlite_store import SqliteStore, reserve_of
from avd_failover.journal.store import (
    Damage,
    DamagedJournalError,
    JournalFullError,
    JournalLostError,
)
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, T0, TickingClock, began, make_lines, make_pinned, whole_run
from tests.journal.files import lines_of

LINES = make_lines(whole_run())


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(f"injected {code}")
    error.sqlite_errorcode = code
    return error


class FaultyConnection:
    """A real connection; statements beginning with ``word`` fail, every statement is noted."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real
        self.word: str | None = None
        self.error: Exception = failure(sqlite3.SQLITE_IOERR)
        self.seen: list[str] = []

    def _note(self, statement: str) -> None:
        self.seen.append(statement.split(maxsplit=1)[0])
        if self.word is not None and statement.startswith(self.word):
            raise self.error

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self._note(statement)
        return self.real.execute(statement, *values)

    def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
        self._note(statement)
        return self.real.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def close(self) -> None:
        self.real.close()


@pytest.fixture
def faulty(store: SqliteStore) -> Iterator[FaultyConnection]:
    store.append(LINES[:1])
    connection = FaultyConnection(store._db)
    store._db = connection  # type: ignore[assignment]
    yield connection
    connection.close()


@pytest.mark.parametrize("word", ["BEGIN", "INSERT", "COMMIT"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, JournalLostError),
        (sqlite3.SQLITE_IOERR_FSYNC, JournalLostError),
        (sqlite3.SQLITE_READONLY, JournalLostError),
        (sqlite3.SQLITE_BUSY, JournalLostError),
        (sqlite3.SQLITE_CORRUPT, JournalLostError),
        (sqlite3.SQLITE_FULL, JournalFullError),
    ],
)
def test_a_batch_that_fails_anywhere_is_not_there_and_leaves_no_lock_behind(
    store: SqliteStore, faulty: FaultyConnection, word: str, code: int, kind: type[Exception]
) -> None:
    path = store._path
    faulty.word, faulty.error = word, failure(code)
    with pytest.raises(kind) as caught:
        store.append(LINES[1:4])
    assert type(caught.value) is kind
    assert lines_of(path) == LINES[:1]
    anyone = SqliteStore.for_requests(path)
    assert anyone.append_request(T0, "abort", "") == 1
    anyone.close()


def test_a_sync_that_failed_is_not_tried_again_on_that_file(
    store: SqliteStore, path: Path, faulty: FaultyConnection
) -> None:
    journal = JournalWriter.reopen(store, TickingClock())
    journal.append(began("readiness"))
    journal.append(began("readiness"))
    faulty.word, faulty.error = "COMMIT", failure(sqlite3.SQLITE_IOERR_FSYNC)
    faulty.seen.clear()
    for _ in range(3):
        with pytest.raises(JournalLostError):
            journal.flush()
    with pytest.raises(JournalLostError):
        journal.close()
    assert faulty.seen == ["BEGIN", "INSERT", "COMMIT", "ROLLBACK"]
    assert lines_of(path) == LINES[:1]


def test_when_not_even_undoing_works_nothing_more_is_written(
    store: SqliteStore, faulty: FaultyConnection
) -> None:
    faulty.word = "COMMIT"
    real = faulty.execute

    def execute(statement: str, *values: Any) -> sqlite3.Cursor:
        if statement == "ROLLBACK":
            raise failure(sqlite3.SQLITE_IOERR)
        return real(statement, *values)

    faulty.execute = execute  # type: ignore[method-assign]
    with pytest.raises(JournalLostError):
        store.append(LINES[1:4])
    faulty.word = None
    with pytest.raises(JournalLostError, match="not opened to write"):
        store.append(LINES[1:4])


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_IOERR_READ, JournalLostError),
        (sqlite3.SQLITE_BUSY, JournalLostError),
        (sqlite3.SQLITE_CORRUPT, DamagedJournalError),
        (sqlite3.SQLITE_NOTADB, DamagedJournalError),
    ],
)
def test_what_cannot_be_read_just_now_is_not_called_damaged(
    store: SqliteStore, faulty: FaultyConnection, code: int, kind: type[Exception]
) -> None:
    faulty.word, faulty.error = "SELECT", failure(code)
    with pytest.raises(kind):
        replay(store)


def test_requests_that_fail_are_an_error_and_never_an_empty_list(
    store: SqliteStore, faulty: FaultyConnection
) -> None:
    faulty.word = "SELECT"
    with pytest.raises(JournalLostError):
        store.requests_after(0)
    faulty.word = "INSERT"
    with pytest.raises(JournalLostError):
        store.append_request(T0, "pause", "")


@pytest.mark.parametrize(
    "word", ["PRAGMA journal_mode=WAL", "BEGIN", "CREATE TABLE events", "COMMIT", "PRAGMA trusted"]
)
def test_a_journal_whose_beginning_fails_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    real = sqlite_store._connect

    def connect(path: Path, mode: str) -> FaultyConnection:
        connection = FaultyConnection(real(path, mode))
        connection.word = word
        return connection

    monkeypatch.setattr(sqlite_store, "_connect", connect)
    with pytest.raises(JournalLostError, match="injected"):
        SqliteStore.create(path)
    assert [entry.suffix for entry in path.parent.iterdir() if entry.stat().st_size] == []
    assert not path.exists()


def test_a_file_system_without_a_write_ahead_log_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Answer:
        def fetchone(self) -> tuple[str]:
            return ("delete",)

    class NoLog(FaultyConnection):
        def execute(self, statement: str, *values: Any) -> Any:
            return (
                Answer()
                if statement.startswith("PRAGMA journal_mode")
                else super().execute(statement, *values)
            )

    real = sqlite_store._connect
    monkeypatch.setattr(sqlite_store, "_connect", lambda path, mode: NoLog(real(path, mode)))
    with pytest.raises(JournalLostError, match="no write-ahead log here"):
        SqliteStore.create(path)


@pytest.mark.parametrize("call", ["sync_directory", "sync_file"])
def test_a_file_that_cannot_be_made_durable_begins_no_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def unsynced(directory: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sqlite_store, call, unsynced)
    with pytest.raises(JournalLostError, match="Input/output error"):
        SqliteStore.create(path)
    assert list(path.parent.iterdir()) == []


def test_a_reserve_that_cannot_be_given_up_is_no_last_word(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(self: Path, *, missing_ok: bool = False) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", stuck)
        with pytest.raises(JournalLostError, match="Read-only"):
            store.append_last(LINES[:1])
    assert reserve_of(path).exists()


def test_a_whole_journal_on_a_healthy_disk_is_the_control_of_these_tests(
    store: SqliteStore, faulty: FaultyConnection
) -> None:
    store.append(LINES[1:])
    assert list(store.read()) == LINES
    assert faulty.seen == ["BEGIN", "INSERT", "COMMIT", "SELECT"]


def test_an_empty_file_in_the_place_of_a_journal_is_damage(path: Path) -> None:
    path.touch()
    with pytest.raises(DamagedJournalError) as caught:
        SqliteStore.read_only(path)
    assert caught.value.damage is Damage.UNREADABLE


def test_a_journal_killed_before_its_first_entry_is_empty(store: SqliteStore, path: Path) -> None:
    with pytest.raises(DamagedJournalError) as caught:
        replay(SqliteStore.read_only(path))
    assert caught.value.damage is Damage.EMPTY
    JournalWriter.create(store, TickingClock(), make_pinned())
    assert replay(SqliteStore.read_only(path)).state.run == RUN
