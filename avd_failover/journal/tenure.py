"""A lease as its holder lives with it: renewed in time, and silent by itself before the term is over (S17).

The fence of a real run. Before every request that changes something it asks the machine's clock whether so
much of the term is left that the request ends inside it. A process that was frozen, or whose machine slept,
finds the term over when it wakes, whatever happened meanwhile. From then on it sends nothing: only a new
``acquire``, which is a resumed run, helps.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from avd_failover.domain.fence import FencedError
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.lease import Lease, LeaseLostError, Leases, LockedError, Terms
from avd_failover.journal.machine import Machine


class Tenure:
    """The holder's side of a lease; implements ``domain.fence.Fence``. Used on one event loop only."""

    def __init__(
        self, leases: Leases, lease: Lease, terms: Terms, machine: Machine, *, request_s: float
    ) -> None:
        """``request_s``: the deadline of a request that changes something."""
        self.lease = lease
        self.lost = ""
        """Why nothing may be sent any more; empty as long as the lease is held."""
        self.when_lost: Callable[[], None] = lambda: None
        """Called once, when the lease is lost."""
        self.mark: Callable[[], tuple[int, str]] = lambda: (self.lease.seq, self.lease.head)
        """Gives number and hash of the journal's last durable line, which each renewal writes down (S19)."""
        self._leases = leases
        self._terms = terms
        self._machine = machine
        self._needed_s = terms.needed_s(request_s)
        self._fault = ""
        self._gone = False

    @property
    def left_s(self) -> float:
        """What is left of the term, on the machine's clock; nothing once another epoch is known to stand."""
        return 0.0 if self._gone else max(0.0, self.lease.ends_s - self._machine.monotonic())

    @property
    def quarantined(self) -> bool:
        """Whether a predecessor's requests may still take effect (S18)."""
        return self.lease.quarantined

    def waited_out(self) -> None:
        """Take note that the quarantine was waited out; the next renewal or the release writes it down."""
        self.lease = replace(self.lease, quarantined=False)

    def check(self) -> None:
        """Return if a request may be sent now.

        Raises:
            FencedError: The lease is lost, its term is too short for a request, or it is quarantined.
        """
        if not self.lost and self.left_s < self._needed_s:
            self._lose(self._too_late())
        if self.lost:
            raise FencedError(self.lost)
        if self.quarantined:
            raise FencedError("requests of the process that held the lease before may still take effect")

    async def keep(self) -> None:
        """Renew until the lease is lost or this is cancelled.

        Its pace is the machine's, and it waits for none of the budgets of other requests.
        """
        while not self.lost:
            pause_s = self._terms.retry_timeout_s / 2 if self._fault else self._terms.renew_every_s
            await asyncio.sleep(pause_s)
            self._remember()
            await self._renew()

    async def release(self) -> None:
        """Let the pair go."""
        self._remember()
        await self._leases.release(self.lease)

    def _remember(self) -> None:
        seq, head = self.mark()
        self.lease = replace(self.lease, seq=seq, head=head)

    async def _renew(self) -> None:
        lease = self.lease
        try:
            async with asyncio.timeout(self._terms.retry_timeout_s):
                renewed = await self._leases.renew(lease)
        except LeaseLostError as lost:
            self._gone = True
            self._lose(str(lost))
        except (LockedError, UnfitPlaceError, OSError) as fault:
            self._fault = str(fault) or type(fault).__name__
            if self.left_s < self._needed_s:
                self._lose(self._too_late())
        else:
            self._fault = ""
            self.lease = replace(self.lease, renewed_s=renewed.renewed_s)

    def _too_late(self) -> str:
        if self._fault:
            return f"the lease could not be renewed in time: {self._fault}"
        if self.left_s:
            return f"the lease ends in {self.left_s:.0f} s and was not renewed in time"
        over_s = self._machine.monotonic() - self.lease.ends_s
        return f"the lease's term is over for {over_s:.0f} s: this process or its machine was frozen"

    def _lose(self, because: str) -> None:
        if not self.lost:
            self.lost = because
            self.when_lost()
