"""A journal in one SQLite file, ``<run>.journal``: write-ahead log, every commit synced, local disk only.

    application_id  0x41564446 ("AVDF")          user_version  layout of the file, 1
    events    seq INTEGER PRIMARY KEY, line BLOB, hash TEXT    append-only; hash is the line's SHA-256
    requests  id INTEGER PRIMARY KEY, at TEXT, kind TEXT, body TEXT    operator requests, a second stream

Beside it lie SQLite's ``-wal`` and ``-shm`` while it is open, and ``<run>.reserve``: space kept back so that
a full disk still takes a run's last word (safety J6). Promised: a line is on the disk when ``append``
returns, and a crash leaves all lines of a batch or none. Not promised: anything on a disk that lies.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from avd_failover.journal.codec import digest
from avd_failover.journal.disk import (
    new_private_file,
    refuse_network,
    refuse_odd_file,
    refuse_shared,
    sync_directory,
    sync_file,
)
from avd_failover.journal.store import (
    Damage,
    DamagedJournalError,
    ForeignJournalError,
    JournalFullError,
    JournalLostError,
    Request,
)

APPLICATION_ID = 0x41564446
LAYOUT = 1
"""Version of the tables; a file with a higher one is refused."""
RESERVE_BYTES = 4 * 1024 * 1024
"""Kept back per open journal. J6 asks for 1 MiB; four also hold a batch of some thousand intents."""
BUSY_S = 5.0
"""How long to wait for another process's commit. Those are single requests of people: milliseconds."""
LINE_LIMIT = 64 * 1024 * 1024
"""No line is longer; a file that claims more is refused instead of read into memory."""

_TABLES = (
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, line BLOB NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE requests(id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)",
)
_ADD = "INSERT INTO events(seq, line, hash) VALUES(?, ?, ?)"


class SqliteStore:
    """One run's journal file. Made by ``create``, ``open`` (to write) or ``read_only``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writes: bool) -> None:
        self._path = path
        self._db = connection
        self._old: sqlite3.Connection | None = None
        self._writes = writes
        self._next = _last_seq(connection, path) + 1

    @classmethod
    def create(cls, path: Path) -> Self:
        """Begin a journal where nothing is, with its tables and its reserve durable on return.

        Raises:
            UnfitPlaceError: The directory is shared or on a network, or something lies there already.
            JournalLostError: The file cannot be written.
        """
        refuse_shared(path.parent)
        refuse_network(path.parent)
        new_private_file(path)
        try:
            _lay_out(path)
            return cls._writable(path, _open_checked(path, "rw"))
        except OSError as error:
            path.unlink()  # ours, and nothing is in it yet
            raise JournalLostError(f"{path}: {error.strerror}") from error
        except JournalLostError:
            path.unlink()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a journal to go on writing; the caller holds its run's lease.

        Raises:
            FileNotFoundError: There is none.
            UnfitPlaceError, DamagedJournalError, ForeignJournalError: It must not be gone on with.
            JournalLostError: It cannot be written.
        """
        return cls._writable(path, _open_checked(path, "rw"))

    @classmethod
    def for_requests(cls, path: Path) -> Self:
        """Open a journal to append requests to it; needs no lease and keeps no space back.

        Raises:
            FileNotFoundError, UnfitPlaceError, DamagedJournalError, ForeignJournalError, JournalLostError:
                As for ``open``.
        """
        return cls(path, _open_checked(path, "rw"), writes=False)

    @classmethod
    def read_only(cls, path: Path) -> Self:
        """Open a journal to look at, also while its run goes on.

        Raises:
            FileNotFoundError, UnfitPlaceError, DamagedJournalError, ForeignJournalError, JournalLostError:
                As for ``open``.
        """
        return cls(path, _open_checked(path, "ro"), writes=False)

    @property
    def run(self) -> str:
        """Id of the run, which is the name of the file."""
        return self._path.stem

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines as one transaction, on disk on return.

        Raises:
            JournalFullError: The disk is full; nothing was added.
            JournalLostError: Any other failure, another writer included.
        """
        if not self._writes:
            raise JournalLostError(f"{self._path} was not opened to write events")
        self._add(lines)

    def append_last(self, lines: Sequence[bytes]) -> None:
        """Give the reserve up and add lines on a new connection, since the old one has failed once.

        Raises:
            JournalLostError: Not even that was possible.
        """
        try:
            reserve_of(self._path).unlink(missing_ok=True)
        except OSError as error:
            raise JournalLostError(f"{self._path}: {error.strerror}") from error
        # The old connection is closed only afterwards: closing may write, and would use the reserve up.
        self._old, self._db = self._db, _open_checked(self._path, "rw")
        self._add(lines)

    def read(self) -> Iterator[bytes]:
        """Yield every line as of one moment, each compared with its number and its own hash.

        Raises:
            DamagedJournalError: A number lacks, a line does not match its hash, or the file is no journal.
        """
        expected = 1
        try:
            for seq, line, claimed in self._db.execute("SELECT seq, line, hash FROM events ORDER BY seq"):
                _check_row(expected, seq, line, claimed)
                yield line
                expected += 1
        except sqlite3.Error as error:
            raise _unreadable(self._path, error, expected) from error

    def append_request(self, at: datetime, kind: str, body: str) -> int:
        """Add an operator request, on disk on return, and return its number.

        Raises:
            JournalLostError: It could not be recorded.
        """
        try:
            added = self._db.execute(
                "INSERT INTO requests(at, kind, body) VALUES(?, ?, ?)", (at.isoformat(), kind, body)
            )
        except sqlite3.Error as error:
            raise _lost(self._path, error) from error
        return added.lastrowid or 0

    def requests_after(self, last: int) -> tuple[Request, ...]:
        """Return the requests numbered above ``last``, oldest first.

        Raises:
            JournalLostError: They cannot be read, or one of them is not a request.
        """
        query = "SELECT id, at, kind, body FROM requests WHERE id > ? ORDER BY id"
        try:
            rows = self._db.execute(query, (last,)).fetchall()
            return tuple(
                Request(id=number, at=datetime.fromisoformat(at), kind=str(kind), body=str(body))
                for number, at, kind, body in rows
            )
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise JournalLostError(f"{self._path}: requests cannot be read: {error}") from error

    def close(self) -> None:
        """Close the file and give the reserve back. Twice is harmless."""
        for connection in filter(None, (self._db, self._old)):
            connection.close()
        if self._writes:
            self._writes = False
            reserve_of(self._path).unlink(missing_ok=True)

    @classmethod
    def _writable(cls, path: Path, connection: sqlite3.Connection) -> Self:
        try:
            _keep_back(reserve_of(path))
            return cls(path, connection, writes=True)
        except OSError as error:
            connection.close()
            reserve_of(path).unlink(missing_ok=True)
            raise JournalLostError(
                f"{RESERVE_BYTES >> 20} MiB cannot be kept back in {path.parent}: {error.strerror}"
            ) from error

    def _add(self, lines: Sequence[bytes]) -> None:
        rows = [(self._next + i, line, digest(line)) for i, line in enumerate(lines)]
        try:
            if len(rows) == 1:
                self._db.execute(_ADD, rows[0])
            else:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(_ADD, rows)
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise _lost(self._path, error) from error
        self._next += len(rows)

    def _undo(self) -> None:
        """Free the write lock for people's requests. Nothing of the batch was committed, so none is lost."""
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            self._writes = False


def reserve_of(path: Path) -> Path:
    """Return the path of the file that keeps space back for a journal."""
    return path.with_suffix(".reserve")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)
    except sqlite3.Error as error:
        raise _lost(path, error) from error
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LINE_LIMIT)
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    """Sync every commit, whatever this build's default is; run nothing that a hostile file brings along."""
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA trusted_schema=OFF")


def _lay_out(path: Path) -> None:
    """Make the tables of a file that nobody else knows yet, and sync it once, whole, with its name.

    SQLite's own way there costs half a dozen syncs. Ours is made while no connection is open: closing a
    file, even by another descriptor, drops every lock that this process holds on it.
    """
    connection = _connect(path, "rw")
    try:
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")
        _make_tables(connection)
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.Error as error:
        raise _lost(path, error) from error
    finally:
        connection.close()
    if mode != "wal":
        raise JournalLostError(f"{path}: no write-ahead log here (journal_mode is {mode})")
    sync_file(path)
    sync_directory(path.parent)


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={LAYOUT}")
    for table in _TABLES:
        connection.execute(table)
    connection.execute("COMMIT")


def _open_checked(path: Path, mode: str) -> sqlite3.Connection:
    refuse_odd_file(path)
    refuse_shared(path.parent)
    refuse_network(path.parent)
    connection = _connect(path, mode)
    try:
        _harden(connection)
        _check_layout(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise _unreadable(path, error, 0) from error
    except (DamagedJournalError, ForeignJournalError):
        connection.close()
        raise
    return connection


def _check_layout(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what this engine did not lay out: also a file whose tables are views or have triggers."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DamagedJournalError(0, Damage.UNREADABLE, f"{path} is not a journal")
    if version > LAYOUT:
        raise ForeignJournalError(
            version, f"{path} has layout {version}, this engine knows up to {LAYOUT}: use a later engine"
        )
    query = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
    if tuple(sql for (sql,) in connection.execute(query)) != _TABLES:
        raise DamagedJournalError(0, Damage.UNREADABLE, f"{path} does not have a journal's tables")


def _last_seq(connection: sqlite3.Connection, path: Path) -> int:
    try:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
    except sqlite3.Error as error:
        raise _unreadable(path, error, 0) from error
    return int(last)


def _check_row(expected: int, seq: object, line: object, claimed: object) -> None:
    if seq != expected:
        raise DamagedJournalError(expected, Damage.GAP, f"the next entry there is has number {seq}")
    if not isinstance(line, bytes):
        raise DamagedJournalError(expected, Damage.UNREADABLE, "not a line of bytes")
    if digest(line) != claimed:
        raise DamagedJournalError(expected, Damage.BROKEN_CHAIN, "the line does not match the hash beside it")


def _keep_back(path: Path) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        else:
            os.write(handle, bytes(RESERVE_BYTES))
    finally:
        os.close(handle)


def _lost(path: Path, error: sqlite3.Error) -> JournalLostError:
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return JournalFullError(f"{path}: the disk is full: free some space, then resume the run")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return JournalLostError(
            f"{path}: another process has been writing it for over {BUSY_S:.0f} s ({error}):"
            " if that one is frozen, end it, then resume the run"
        )
    return JournalLostError(f"{path}: {error}")


def _unreadable(path: Path, error: sqlite3.Error, seq: int) -> DamagedJournalError | JournalLostError:
    passing = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in passing | {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
    }:
        return JournalLostError(f"{path}: {error}")
    return DamagedJournalError(seq, Damage.UNREADABLE, f"{path}: {error}")
