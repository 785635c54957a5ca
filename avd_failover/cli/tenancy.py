"""Taking the lease of a plan's pool pair for a run of this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from avd_failover.cli.request import this_process
from avd_failover.cli.wiring import Wired
from avd_failover.cli.witness import leases_of
from avd_failover.domain.blobs import Blobs
from avd_failover.domain.plan import Plan
from avd_failover.journal.home import Home
from avd_failover.journal.lease import terms_for
from avd_failover.journal.machine import this_machine
from avd_failover.journal.tenure import Tenure


@asynccontextmanager
async def take(
    home: Home, lock: str, plan: Plan, run: str, wired: Wired, *, blobs: Blobs | None = None
) -> AsyncIterator[Tenure]:
    """Hold the plan's pool pair for a run while the block runs, and open the way for its requests.

    The lease is renewed from the first moment on: somebody may take long to confirm. ``blobs`` are the plan's
    witness, where it names one; the pair is then held there too.

    Raises:
        LockedError: Another run holds the pair.
        UnfitPlaceError: The place of the leases cannot be trusted or used, or the witness does not answer.
    """
    request_s = plan.policies.request_timeout_s
    terms, machine = terms_for(request_s), this_machine()
    leases = leases_of(home, terms, machine, blobs)
    lease = await leases.acquire(lock, this_process(), run, wired.clock.now())
    tenure = Tenure(leases, lease, terms, machine, request_s=request_s)
    wired.gate.guard(tenure)
    keeping = asyncio.ensure_future(tenure.keep())
    try:
        yield tenure
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await tenure.release()
