"""Taking the lease of a plan's pool pair for a run of this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from avd_failover.cli.request import this_process
from avd_failover.cli.wiring import Wired
from avd_failover.domain.plan import Plan
from avd_failover.journal.home import Home
from avd_failover.journal.lease import terms_for
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.machine import this_machine
from avd_failover.journal.tenure import Tenure


@contextmanager
def take(home: Home, plan: Plan, run: str, wired: Wired) -> Iterator[Tenure]:
    """Hold the plan's pool pair for a run while the block runs, and open the way for its requests.

    Raises:
        LockedError: Another run holds the pair.
        UnfitPlaceError: The place of the leases cannot be trusted or used.
    """
    request_s = plan.policies.request_timeout_s
    terms, machine = terms_for(request_s), this_machine()
    leases = LocalLeases(home.leases, terms, machine=machine)
    lease = leases.acquire(plan.pool_pair, this_process(), run, wired.clock.now())
    tenure = Tenure(leases, lease, terms, machine, request_s=request_s)
    wired.gate.guard(tenure)
    try:
        yield tenure
    finally:
        tenure.release()
