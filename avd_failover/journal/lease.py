"""One run per pool pair (safety S16): the lease, its term and its epoch; the seam for the stores of leases.

A lease is held for a term and renewed well before its end. Whoever cannot renew it falls silent by itself
before the term is over (S17, ``tenure``); whoever takes it over does so under a higher epoch. Terms are
counted on the clock of the holder's machine, at its own pace even when the run's clock is a simulated
world's: what they bound is how long a real process may be silent. The quarantine after a takeover is on the
run's clock, since it bounds what the cloud may still do.
"""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from avd_failover.journal.events import Holder
from avd_failover.journal.machine import Machine

TTL_S = 60.0
"""Length of a term; the longest that an Azure blob lease can have without being infinite."""
MARGIN = 0.01
"""Share of a term that is never used: clocks differ in rate (S17)."""


class Terms(Struct, frozen=True, kw_only=True):
    """How long a lease holds and how it is renewed, in seconds of the machine's clock.

    Raises:
        ValueError: ``renew_every_s + 2 * retry_timeout_s`` is longer than ``ttl_s`` (S17): one renewal that
            fails would end the lease.
    """

    ttl_s: float = TTL_S
    renew_every_s: float = 15.0
    retry_timeout_s: float = 10.0
    """How long one renewal may take, and the pause after one that failed is half of it."""

    def __post_init__(self) -> None:
        """Refuse terms that one failed renewal would end."""
        needed = self.renew_every_s + 2 * self.retry_timeout_s
        if min(self.renew_every_s, self.retry_timeout_s) <= 0 or needed > self.ttl_s:
            raise ValueError(
                f"a lease of {self.ttl_s:g} s cannot be renewed every {self.renew_every_s:g} s with"
                f" {self.retry_timeout_s:g} s for each try: that needs {needed:g} s"
            )

    def needed_s(self, request_s: float) -> float:
        """Return what must be left of the term when a request with this deadline is sent (S17)."""
        return request_s + MARGIN * self.ttl_s


def terms_for(request_s: float) -> Terms:
    """Return the terms under which requests with this deadline can be sent although a renewal is late."""
    usual = Terms()
    least = (request_s + usual.renew_every_s + usual.retry_timeout_s) / (1 - MARGIN)
    return Terms(ttl_s=max(TTL_S, least))


class Lease(Struct, frozen=True, kw_only=True):
    """A pool pair held by one run's process. ``epoch`` is higher than that of any earlier holder.

    ``since`` is for people; decisions rest on ``renewed_s`` and ``ttl_s``, which mean something on the boot
    ``boot`` of the holder's machine only.
    """

    pair: str
    run: str
    host: str
    pid: int
    since: datetime
    epoch: int
    boot: str = ""
    renewed_s: float = 0.0
    ttl_s: float = 0.0
    """Zero in records of engines that knew no terms: such a lease ends with its process only."""
    quarantined: bool = False
    """Whether a predecessor's requests may still take effect (S18). It stays so, from holder to holder, until
    one of them has waited: kept as a fact, not as a moment, since the wait is on the run's clock."""
    seq: int = 0
    head: str = ""
    """The run's journal when the lease was last renewed or released: number and hash of its last durable
    line, against which the journal is held when the run goes on (S19)."""

    @property
    def holder(self) -> Holder:
        """The holder, as a journal writes it."""
        return Holder(host=self.host, pid=self.pid, epoch=self.epoch)

    @property
    def ends_s(self) -> float:
        """End of the term, on the clock of the holder's machine."""
        return self.renewed_s + self.ttl_s


class LockedError(Exception):
    """Another run holds the pool pair; ``lease`` says which one, where it has said so itself."""

    def __init__(self, pair: str, lease: Lease | None) -> None:
        super().__init__(_who(pair, lease))
        self.pair = pair
        self.lease = lease


class LeaseLostError(Exception):
    """The lease is over: its term has ended or another epoch stands. Only a new ``acquire`` helps."""


class Leases(Protocol):
    """Who holds which pool pair. Both directions of a plan have the same pair.

    What a store promises: epochs of a pair only rise, and of any number of callers at most one holds the
    highest. It compares and writes in one stroke, whatever it is made of. Files of one machine are such a
    store (``at_hand``), and so is a container of blobs in a third region (``witness_leases``).
    """

    async def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair for a run, under the next epoch. ``holder.epoch`` is not looked at.

        The lease is ``quarantined`` when it was taken from a holder that is not known to be dead, and
        carries ``seq`` and ``head`` of the last holder if that drove the same run.

        Raises:
            LockedError: It is held, and the holder's term is not over.
            UnfitPlaceError: The place of the leases cannot be trusted or used: send nothing.
        """
        ...

    async def renew(self, lease: Lease) -> Lease:
        """Begin a new term, and write down what else the lease says.

        Raises:
            LeaseLostError: The term is over or another epoch stands.
            LockedError, UnfitPlaceError, OSError: Not renewed this time; the old term goes on.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Let the pair go; harmless when it is gone already."""
        ...

    async def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free."""
        ...


def next_lease(
    last: Lease | None,
    pair: str,
    holder: Holder,
    *,
    run: str,
    now: datetime,
    machine: Machine,
    ttl_s: float,
    frozen: bool,
) -> Lease:
    """Return the lease that follows the last one: the next epoch, and what is remembered of the same run.

    ``frozen``: the last holder neither let go nor is known to be dead, so its requests are waited out (S18).
    """
    same = last if last is not None and last.run == run else None
    return Lease(
        pair=pair,
        run=run,
        host=holder.host,
        pid=holder.pid,
        since=now,
        epoch=last.epoch + 1 if last else 1,
        boot=machine.boot,
        renewed_s=machine.monotonic(),
        ttl_s=ttl_s,
        quarantined=frozen or (last is not None and last.quarantined),
        seq=same.seq if same else 0,
        head=same.head if same else "",
    )


def _who(pair: str, lease: Lease | None) -> str:
    if lease is None:
        return f"another run holds {pair}"
    since = lease.since.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"run {lease.run} holds this pool pair since {since} (process {lease.pid} on {lease.host})"
