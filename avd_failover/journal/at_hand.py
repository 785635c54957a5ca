"""The leases of one machine behind the seam that remote ones share."""

import asyncio
from datetime import datetime

from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease
from avd_failover.journal.local_leases import LocalLeases


class AtHand:
    """``LocalLeases`` as a ``lease.Leases``; raises what they raise.

    Taking and letting go happen on the event loop itself, since they take a few syncs of a small file;
    renewing happens beside it, since a disk that hangs must not stop the run's own clock.
    """

    def __init__(self, leases: LocalLeases) -> None:
        self._leases = leases

    async def acquire(self, pair: str, holder: Holder, run: str, now: datetime) -> Lease:
        """Take the pair for a run, under the next epoch."""
        return self._leases.acquire(pair, holder, run, now)

    async def renew(self, lease: Lease) -> Lease:
        """Begin a new term, and write down what else the lease says."""
        return await asyncio.to_thread(self._leases.renew, lease)

    async def release(self, lease: Lease) -> None:
        """Let the pair go; harmless when it is gone already."""
        self._leases.release(lease)

    async def held_by(self, pair: str) -> Lease | None:
        """Return who holds the pair at the moment; None when it is free."""
        return self._leases.held_by(pair)
