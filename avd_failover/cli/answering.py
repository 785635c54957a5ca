"""Does the region answer that a settling is to settle? Asked before a run is begun for nothing."""

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Asked
from avd_failover.cli.wiring import Wired
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.plan import End
from avd_failover.domain.route import Purpose

TRIES = 2
APART_S = 5.0
"""A single answer that is lost says nothing of a region."""


async def refuse_dark(asked: Asked, wired: Wired) -> None:
    """Refuse to begin a settling while the side that was dark is dark still. Only reads.

    It would be held at once, and each further try would leave one more held run in the way.

    Raises:
        Quit: The region does not answer; nothing was begun.
    """
    route = asked.route
    if route.purpose is not Purpose.SETTLE or route.plan.pool is not PoolKind.POOLED:
        return
    source = route.side(End.SOURCE)
    for left in reversed(range(TRIES)):
        try:
            await wired.cloud.pools.get(source.host_pool)
        except RefusedError:
            raise
        except CloudError as fault:
            if left:
                await wired.clock.sleep(APART_S)
                continue
            raise Quit(
                ExitCode.REFUSED,
                f"{source.region} still does not answer ({fault.brief}): nothing can be settled there yet,"
                " and nothing was begun",
                next_step=f"failover settle --plan {route.plan.name}    once the region answers again",
            ) from fault
        return
