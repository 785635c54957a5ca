"""The leases of one machine: three files per pair in a directory on a local disk.

``<digest>.json`` is the record: who took the pair last, under which epoch, and when the term was renewed. It
is compared and written by whoever has ``<digest>.turn`` locked, for milliseconds. ``<digest>.lock`` is locked
by the operating system as long as the holder's process lives. No record is ever removed: epochs must rise.

    the lock is     the term is    the pair is
    --------------  -------------  ---------------------------------------------------------------
    free            any            free at once: the holder is dead or let go, provably. Nothing is
                                   quarantined but what was so already; what the dead process left
                                   open in its journal is settled by reading
    held            running        refused
    held            over           taken over, quarantined (safety S18): the holder lives and is
                                   frozen, and what it sent may still take effect. Its lock file is
                                   replaced by ours; its next renewal finds another epoch

Promised: on one machine, of any number of processes exactly one holds the highest epoch of a pair. Not
promised: anything between machines; two laptops do not see each other's files. Where the system does not
name its boots, and on Windows, where a locked file cannot be replaced, a frozen holder is waited for or
killed by a person. The same is true of one frozen in the milliseconds of its turn, or of a commit to its
journal, whose lock SQLite keeps.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from msgspec import DecodeError
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from avd_failover.journal.disk import (
    UnfitPlaceError,
    private_directory,
    refuse_network,
    refuse_odd_file,
    sync_directory,
)
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease, LeaseLostError, LockedError, Terms, next_lease
from avd_failover.journal.locks import try_lock
from avd_failover.journal.machine import Machine, this_machine

TRIES = 6
TRY_EVERY_S = 0.02
"""``status`` locks a free pair for some microseconds to see that it is free; a tenth of a second outlasts
that, and a holder that has put its record down and is about to unlock."""
TURN_TRIES = 100
"""A turn takes two syncs of a small file; two seconds let a crowd pass."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class LocalLeases:
    """Leases of one machine, in a directory on a local disk."""

    def __init__(
        self, directory: Path, terms: Terms | None = None, *, machine: Machine | None = None
    ) -> None:
        self._directory = directory
        self._terms = terms or Terms()
        self._machine = machine or this_machine()
        self._held: dict[str, int] = {}

    def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair for a run; it is freed by ``release`` or by the end of this process.

        Raises:
            LockedError: Another process, or another run in this one, holds it, and its term is not over.
            UnfitPlaceError: The directory is shared, on a network, or the last epoch cannot be read.
        """
        private_directory(self._directory)
        refuse_network(self._directory)
        with self._turn(pair):
            last, handle = self._last(pair), self._lock(pair)
            if handle is None and not self._over(last):
                raise LockedError(pair, last)
            machine, ttl_s = self._machine, self._terms.ttl_s
            lease = next_lease(
                last, pair, holder, run=run, now=now, machine=machine, ttl_s=ttl_s, frozen=handle is None
            )
            try:
                self._record(lease)
                # The record first: a crash in between leaves a lease that can be taken over, quarantined.
                self._held[pair] = self._displace(pair) if handle is None else handle
            except OSError:
                if handle is not None:
                    os.close(handle)
                raise
        return lease

    def renew(self, lease: Lease) -> Lease:
        """Begin a new term, and write down what else the lease says.

        Raises:
            LeaseLostError: The term is over or another epoch stands.
            LockedError, UnfitPlaceError, OSError: Not renewed this time; the old term goes on.
        """
        with self._turn(lease.pair):
            self._refuse_other(lease)
            fresh = replace(lease, renewed_s=self._machine.monotonic())
            if fresh.renewed_s >= lease.ends_s:
                over_s = fresh.renewed_s - lease.ends_s
                raise LeaseLostError(f"the lease's term was over for {over_s:.0f} s when it was renewed")
            self._record(fresh)
        return fresh

    def release(self, lease: Lease) -> None:
        """Let the pair go; harmless when it is gone already.

        What the lease says of the journal is written down if that is possible; the lock is freed in any case.
        """
        handle = self._held.pop(lease.pair, None)
        if handle is None:
            return
        try:
            with suppress(OSError, UnfitPlaceError, LockedError, LeaseLostError), self._turn(lease.pair):
                self._refuse_other(lease)
                self._record(lease)
        finally:
            os.close(handle)

    def last(self, pair: str) -> Lease | None:
        """Return who holds the pair or held it last; None where nobody ever did here.

        Raises:
            UnfitPlaceError: The record cannot be read.
        """
        return self._last(pair)

    def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free."""
        try:
            handle = os.open(self._file(pair, ".lock"), os.O_RDWR | _NO_LINK)
        except FileNotFoundError:
            return None
        try:
            return None if try_lock(handle, shared=True) else self._last(pair)
        finally:
            os.close(handle)

    def _over(self, last: Lease | None) -> bool:
        """Tell whether a holder's term is known to be over."""
        if last is None or not last.ttl_s or not last.boot or last.boot != self._machine.boot:
            return False
        return self._machine.monotonic() >= last.ends_s

    def _refuse_other(self, lease: Lease) -> None:
        last = self._last(lease.pair)
        if last is None or last.epoch != lease.epoch:
            who = f"run {last.run}, process {last.pid} on {last.host}" if last else "nobody known"
            raise LeaseLostError(f"the lease was taken over by {who}")

    @contextmanager
    def _turn(self, pair: str) -> Iterator[None]:
        """Have the record for oneself, for as long as it takes to compare and write it."""
        handle = self._open(self._file(pair, ".turn"))
        try:
            if not _locked(handle, TURN_TRIES):
                raise LockedError(pair, self._last(pair))
            yield
        finally:
            os.close(handle)

    def _lock(self, pair: str) -> int | None:
        """Lock the pair as its living holder; None when somebody else is that."""
        handle = self._open(self._file(pair, ".lock"))
        if _locked(handle, TRIES):
            return handle
        os.close(handle)
        return None

    def _displace(self, pair: str) -> int:
        """Put a lock file of our own in the place of one that a frozen process has locked."""
        path = self._file(pair, ".lock")
        fresh = path.with_suffix(".mine")
        fresh.unlink(missing_ok=True)
        handle = self._open(fresh)
        try:
            try_lock(handle)
            fresh.replace(path)
            sync_directory(self._directory)
        except OSError:
            os.close(handle)
            raise
        return handle

    @staticmethod
    def _open(path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
        except OSError as error:
            raise UnfitPlaceError(f"cannot use the lock {path}: {error.strerror}") from error

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


def _locked(handle: int, tries: int) -> bool:
    for attempt in range(tries):
        if try_lock(handle):
            return True
        if attempt < tries - 1:
            time.sleep(TRY_EVERY_S)
    return False


_record = Decoder(Lease)
