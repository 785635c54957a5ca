"""One run per pool pair (safety S16): the lease, its epoch, and its store on one machine.

``LocalLeases`` keeps two files per pair in ``leases/``: ``<digest>.lock``, locked by the operating system as
long as the holder's process lives, and ``<digest>.json``, which says who took it last and under which epoch.
The lock decides, the record only tells. Neither is ever removed: the epoch must go on rising.

Promised: on one machine, of any number of processes exactly one holds a pair. Not promised: anything between
machines; two laptops do not see each other's files.
"""

import hashlib
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, encode

from avd_failover.journal.disk import (
    UnfitPlaceError,
    private_directory,
    refuse_network,
    refuse_odd_file,
    sync_directory,
)
from avd_failover.journal.events import Holder
from avd_failover.journal.locks import try_lock

TRIES = 6
TRY_EVERY_S = 0.02
"""``status`` locks a free pair for some microseconds to see that it is free; a tenth of a second outlasts
that, and gives a winner time to write down its name for the loser's message."""


class Lease(Struct, frozen=True, kw_only=True):
    """A pool pair held by one run's process. ``epoch`` is higher than that of any earlier holder."""

    pair: str
    run: str
    host: str
    pid: int
    since: datetime
    epoch: int

    @property
    def holder(self) -> Holder:
        """The holder, as a journal writes it."""
        return Holder(host=self.host, pid=self.pid, epoch=self.epoch)


class LockedError(Exception):
    """Another run holds the pool pair; ``lease`` says which one, where it has said so itself."""

    def __init__(self, pair: str, lease: Lease | None) -> None:
        super().__init__(_who(pair, lease))
        self.pair = pair
        self.lease = lease


class Leases(Protocol):
    """Who holds which pool pair. Both directions of a plan have the same pair."""

    def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair for a run, under the next epoch. ``holder.epoch`` is not looked at.

        Raises:
            LockedError: It is held.
            UnfitPlaceError: The place of the leases cannot be trusted or used: send nothing.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Let the pair go; harmless when it is gone already."""
        ...

    def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free."""
        ...


class LocalLeases:
    """Leases of one machine, in a directory on a local disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: dict[str, int] = {}

    def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair for a run; the lock is freed by ``release`` or by the end of this process.

        Raises:
            LockedError: Another process, or another run in this one, holds it.
            UnfitPlaceError: The directory is shared, on a network, or the last epoch cannot be read.
        """
        private_directory(self._directory)
        refuse_network(self._directory)
        handle = self._lock(pair)
        try:
            epoch = self._last_epoch(pair) + 1
            lease = Lease(pair=pair, run=run, host=holder.host, pid=holder.pid, since=now, epoch=epoch)
            self._record(lease)
        except (OSError, UnfitPlaceError):
            os.close(handle)
            raise
        self._held[pair] = handle
        return lease

    def release(self, lease: Lease) -> None:
        """Let the pair go; harmless when it is gone already."""
        handle = self._held.pop(lease.pair, None)
        if handle is not None:
            os.close(handle)

    def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free."""
        try:
            handle = os.open(self._file(pair, ".lock"), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return None
        try:
            return None if try_lock(handle, shared=True) else self._last(pair)
        finally:
            os.close(handle)

    def _lock(self, pair: str) -> int:
        handle = self._open(self._file(pair, ".lock"))
        for attempt in range(TRIES):
            if try_lock(handle):
                return handle
            if attempt < TRIES - 1:
                time.sleep(TRY_EVERY_S)
        os.close(handle)
        raise LockedError(pair, self._last(pair))

    @staticmethod
    def _open(path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            raise UnfitPlaceError(f"cannot use the lock {path}: {error.strerror}") from error

    def _last_epoch(self, pair: str) -> int:
        last = self._last(pair)
        return last.epoch if last else 0

    def _last(self, pair: str) -> Lease | None:
        path = self._file(pair, ".json")
        try:
            refuse_odd_file(path)
            return _record.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except DecodeError as error:
            raise UnfitPlaceError(
                f"{path} does not say which epoch was the last one ({error}), so none can follow it:"
                " put back a copy of the file; never just remove it"
            ) from error

    def _record(self, lease: Lease) -> None:
        """Write the record so that it is always one whole record, and durable before anything is sent."""
        path = self._file(lease.pair, ".json")
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(handle, encode(lease))
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.replace(path)
        sync_directory(self._directory)

    def _file(self, pair: str, suffix: str) -> Path:
        return self._directory / (hashlib.sha256(pair.encode()).hexdigest()[:32] + suffix)


_record = Decoder(Lease)


def _who(pair: str, lease: Lease | None) -> str:
    if lease is None:
        return f"another run holds {pair}"
    since = lease.since.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"run {lease.run} holds this pool pair since {since} (process {lease.pid} on {lease.host})"
