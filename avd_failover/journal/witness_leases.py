"""The leases of all machines: one blob per pool pair, in a witness that lies outside both sides (safety S16).

The blob is the record: who took the pair last, under which epoch, and whether it was let go. It is written
by whoever holds the blob's own lease, compared by its ETag; so epochs rise, and of any number of machines
one holds the highest. The blob's lease is the service's clock on the holder: it ends when nobody renews it.

    the blob's lease is      the pair is
    -----------------------  ----------------------------------------------------------------------
    in force                 refused
    over, pair let go        free
    over, pair not let go    taken over, quarantined (S18): the holder died or cannot reach the witness,
                             and what it sent may still take effect
    known by its id          taken back at once: only this home's last holder knew it, and is dead

A term is counted from before the request that began it left, on the holder's own monotonic clock, so that it
is over here before it is over there (S17). An answer that was lost is settled by reading; a witness that does
not answer is no lease.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from avd_failover.domain.blobs import (
    ALREADY_THERE,
    CHANGED,
    HELD_BY_ANOTHER,
    NOT_THE_HOLDER,
    NOT_THERE,
    Blobs,
    said,
)
from avd_failover.domain.faults import CloudError, RefusedError, UnknownError
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease, LeaseLostError, LockedError, Terms, next_lease
from avd_failover.journal.machine import Machine

LONGEST_TTL_S = 60.0
"""A blob's lease lasts 15 to 60 seconds, or for ever."""

NewId = Callable[[], str]
"""Makes the id of a blob's lease: a GUID that nobody else makes."""


class UnreachableWitnessError(UnfitPlaceError):
    """The witness did not answer, or not so that it could be relied on: nothing may be sent."""


class _Record(Struct, frozen=True, kw_only=True):
    lease: Lease | None = None
    free: bool = True
    """Whether the last holder let the pair go."""


class _Held(NamedTuple):
    id: str
    etag: str


class WitnessLeases:
    """Leases in a container of blobs. Used on one event loop only."""

    def __init__(self, blobs: Blobs, machine: Machine, new_id: NewId, terms: Terms | None = None) -> None:
        """Refuse terms that no blob's lease can have; raises ``ValueError``."""
        self._terms = terms or Terms()
        if self._terms.ttl_s > LONGEST_TTL_S:
            raise ValueError(f"a witness keeps a lease for {LONGEST_TTL_S:g} s, not {self._terms.ttl_s:g} s")
        self._blobs = blobs
        self._machine = machine
        self._new_id = new_id
        self._held: dict[str, _Held] = {}

    def id_of(self, pair: str) -> str:
        """Return the id under which the pair is held here; by it a successor in this home takes it back."""
        return self._held[pair].id

    async def acquire(self, pair: str, holder: Holder, run: str, now: datetime, *, former: str = "") -> Lease:
        """Take the pair for a run. ``former`` is the id of this home's last holder, known to be dead.

        Raises:
            LockedError: It is held, and the holder's term is not over.
            UnreachableWitnessError: The witness did not answer, or its record cannot be read.
        """
        with _Reaching(pair):
            await self._make(_name(pair))
            began_s, mine, back = await self._take(pair, former)
            try:
                found, etag = await self._read(pair)
                frozen = not (found.free or back)
                machine = Machine(boot=self._machine.boot, monotonic=lambda: began_s)
                ttl_s = self._terms.ttl_s
                lease = next_lease(
                    found.lease, pair, holder, run=run, now=now, machine=machine, ttl_s=ttl_s, frozen=frozen
                )
                self._held[pair] = _Held(mine, etag)
                await self._write(_Record(lease=lease, free=False))
            except (CloudError, UnreachableWitnessError):
                await self._give_back(pair, mine)
                raise
        return lease

    async def renew(self, lease: Lease) -> Lease:
        """Begin a new term, and write down what else the lease says.

        Raises:
            LeaseLostError: The term is over, or somebody else has the lease or wrote the record.
            UnreachableWitnessError: Not renewed this time; the old term goes on.
        """
        began_s = self._machine.monotonic()
        if began_s >= lease.ends_s:
            over_s = began_s - lease.ends_s
            raise LeaseLostError(f"the lease's term was over for {over_s:.0f} s when it was renewed")
        fresh = replace(lease, renewed_s=began_s)
        with _Reaching(lease.pair):
            try:
                await self._blobs.renew(_name(lease.pair), self._mine(lease).id)
                await self._write(_Record(lease=fresh, free=False))
            except RefusedError as fault:
                if not said(fault, NOT_THE_HOLDER | CHANGED | NOT_THERE):
                    raise
                raise LeaseLostError(await self._whose(lease)) from fault
        return fresh

    async def release(self, lease: Lease) -> None:
        """Let the pair go, with what the lease says; where that cannot be written, the term ends it."""
        held = self._held.get(lease.pair)
        if held is None:
            return
        try:
            await self._write(_Record(lease=lease, free=True))
        except (CloudError, UnreachableWitnessError, TimeoutError):
            self._held.pop(lease.pair, None)
            return
        await self._give_back(lease.pair, held.id)

    async def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free.

        Raises:
            UnreachableWitnessError: The witness did not answer.
        """
        with _Reaching(pair):
            found = await self._blobs.read(_name(pair))
        return _record_of(pair, found.content).lease if found is not None and found.leased else None

    async def last(self, pair: str) -> Lease | None:
        """Return who holds the pair or held it last; None where nobody ever did. Raises as ``held_by``."""
        with _Reaching(pair):
            found = await self._blobs.read(_name(pair))
        return _record_of(pair, found.content).lease if found is not None else None

    async def _make(self, name: str) -> None:
        """Put an empty record where none is; whether a lost answer was a yes shows when it is read."""
        try:
            if await self._blobs.read(name) is None:
                await self._blobs.put(name, encode(_Record()))
        except UnknownError:
            return
        except RefusedError as fault:
            if not said(fault, ALREADY_THERE | NOT_THE_HOLDER):
                raise

    async def _take(self, pair: str, former: str) -> tuple[float, str, bool]:
        """Lease the blob; return when the term began, the lease's id, and whether it was taken back."""
        began_s = self._machine.monotonic()
        if former and await self._answers_to(pair, former):
            return began_s, former, True
        mine, began_s = self._new_id(), self._machine.monotonic()
        try:
            await self._blobs.acquire(_name(pair), mine, int(self._terms.ttl_s))
        except UnknownError as lost:
            if not await self._settled(pair, mine):
                raise UnreachableWitnessError(
                    f"the witness cannot say who holds {pair}: {lost.message}; the lease was not taken"
                ) from lost
        except RefusedError as fault:
            if not said(fault, HELD_BY_ANOTHER):
                raise
            found, _ = await self._read(pair)
            raise LockedError(pair, found.lease) from fault
        return began_s, mine, False

    async def _settled(self, pair: str, mine: str) -> bool:
        """Tell by reading whether a lease was taken whose answer was lost (S21)."""
        found = await self._blobs.read(_name(pair))
        if found is None or not found.leased:
            return False
        if await self._answers_to(pair, mine):
            return True
        raise LockedError(pair, _record_of(pair, found.content).lease)

    async def _answers_to(self, pair: str, lease: str) -> bool:
        """Tell whether the blob's lease has this id; it is renewed by the question."""
        try:
            await self._blobs.renew(_name(pair), lease)
        except RefusedError as fault:
            if said(fault, NOT_THE_HOLDER):
                return False
            raise
        return True

    async def _write(self, record: _Record) -> None:
        """Write the record over the one that is known; settle by reading whether a lost answer was a yes."""
        assert record.lease is not None  # noqa: S101 - only a holder writes
        pair, content = record.lease.pair, encode(record)
        held = self._mine(record.lease)
        try:
            etag = await self._blobs.put(_name(pair), content, etag=held.etag, lease=held.id)
        except (UnknownError, RefusedError) as fault:
            if isinstance(fault, RefusedError) and not said(fault, CHANGED):
                raise
            etag = await self._written(record.lease, content, fault)
        self._held[pair] = _Held(held.id, etag)

    async def _written(self, lease: Lease, content: bytes, fault: CloudError) -> str:
        """Return the ETag under which our word stands although nobody said so.

        An earlier write of ours whose answer was lost has changed the ETag too; it has our epoch.
        """
        found = await self._blobs.read(_name(lease.pair))
        if found is None:
            raise fault
        if found.content == content:
            return found.etag
        stands = _record_of(lease.pair, found.content)
        if stands.lease is None or (stands.lease.epoch, stands.lease.run) != (lease.epoch, lease.run):
            raise fault
        return await self._blobs.put(_name(lease.pair), content, etag=found.etag, lease=self._mine(lease).id)

    async def _read(self, pair: str) -> tuple[_Record, str]:
        found = await self._blobs.read(_name(pair))
        if found is None:
            raise UnreachableWitnessError(f"the record of {pair} is gone from the witness")
        return _record_of(pair, found.content), found.etag

    async def _give_back(self, pair: str, mine: str) -> None:
        """Give the blob's lease back; one that cannot be given back ends by itself."""
        self._held.pop(pair, None)
        try:
            await self._blobs.release(_name(pair), mine)
        except CloudError:
            return

    async def _whose(self, lease: Lease) -> str:
        try:
            found, _ = await self._read(lease.pair)
        except (CloudError, UnreachableWitnessError):
            return "the lease in the witness is somebody else's"
        if (last := found.lease) is None or last.epoch == lease.epoch:
            return "the lease in the witness was broken, and by whom it does not say"
        return f"the lease was taken over by run {last.run}, process {last.pid} on {last.host}"

    def _mine(self, lease: Lease) -> _Held:
        held = self._held.get(lease.pair)
        if held is None:
            raise LeaseLostError("the lease was given back")
        return held


class _Reaching:
    """Turns what a witness did not do into an ``UnreachableWitnessError``; its words on a lease pass."""

    def __init__(self, pair: str) -> None:
        self._pair = pair

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        """Say what the witness did not do."""
        if isinstance(fault, CloudError):
            raise UnreachableWitnessError(
                f"the witness cannot say who holds {self._pair}: {fault.message}"
            ) from fault


def digest_of_pair(pair: str) -> str:
    """Return what a pair is called in names of files and blobs."""
    return hashlib.sha256(pair.encode()).hexdigest()[:32]


def _name(pair: str) -> str:
    return f"lease-{digest_of_pair(pair)}.json"


def _record_of(pair: str, content: bytes) -> _Record:
    try:
        return _record.decode(content)
    except DecodeError as error:
        raise UnreachableWitnessError(
            f"{_name(pair)} does not say which epoch was the last one ({error}), so none can follow it:"
            " put back an earlier version of the blob; never just remove it"
        ) from error


_record = Decoder(_Record)
