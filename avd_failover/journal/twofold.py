"""A pool pair held twice: on this machine, where a death is known at once, and in the witness, for all.

The witness decides: its epoch, its term and its quarantine count. The lease at hand keeps other processes of
this home away, and its lock tells that the last holder of this home is dead, so that its lease in the witness
can be taken back without waiting for the end of its term.
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.witness_leases import WitnessLeases, digest_of_pair


class Twofold:
    """The leases of this machine and of the witness as one (``lease.Leases``)."""

    def __init__(self, at_hand: LocalLeases, witness: WitnessLeases, directory: Path) -> None:
        """``directory`` is that of the leases at hand; the id of the witness's lease is noted there."""
        self._at_hand = at_hand
        self._witness = witness
        self._directory = directory
        self._local: dict[str, Lease] = {}

    async def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair here and there, or neither. Raises as both do."""
        local = self._at_hand.acquire(pair, holder, run, now)
        try:
            former = "" if local.quarantined else self._noted(pair)
            lease = await self._witness.acquire(pair, holder, run, now, former=former)
        except BaseException:
            self._at_hand.release(local)
            raise
        self._local[pair] = local
        self._note(pair)
        return replace(lease, quarantined=lease.quarantined or local.quarantined)

    async def renew(self, lease: Lease) -> Lease:
        """Begin a new term there, and here. Raises as both do."""
        renewed = await self._witness.renew(lease)
        local = self._local[lease.pair]
        words = replace(local, seq=lease.seq, head=lease.head, quarantined=lease.quarantined)
        self._local[lease.pair] = self._at_hand.renew(words)
        return renewed

    async def release(self, lease: Lease) -> None:
        """Let the pair go there, and here."""
        local = self._local.pop(lease.pair, None)
        if local is None:
            return
        try:
            await self._witness.release(lease)
        finally:
            words = replace(local, seq=lease.seq, head=lease.head, quarantined=lease.quarantined)
            self._at_hand.release(words)

    async def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment, on whichever machine."""
        return await self._witness.held_by(pair)

    def _noted(self, pair: str) -> str:
        with suppress(OSError, UnicodeDecodeError):
            return self._file(pair).read_text(encoding="ascii").strip()
        return ""

    def _note(self, pair: str) -> None:
        """Note the id; without it a successor waits for the end of the term, which is no harm."""
        with suppress(OSError):
            path = self._file(pair)
            path.touch(mode=0o600)
            path.write_text(self._witness.id_of(pair), encoding="ascii")

    def _file(self, pair: str) -> Path:
        return self._directory / f"{digest_of_pair(pair)}.witness"
