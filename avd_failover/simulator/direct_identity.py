"""The token of a principal on the direct face: held for an hour, asked for anew before its end.

As the adapters' credential does it: a token that is held is good until its end, whatever the identity
service says meanwhile; without one nothing is sent.
"""

import math

from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import TransientError
from avd_failover.simulator.faults.base import SIGN_IN
from avd_failover.simulator.faults.identity import IdentityDown
from avd_failover.simulator.world import World

LIFETIME_S = 3600.0
REFRESH_BEFORE_S = 300.0
"""As in the adapters."""


class Identity:
    """Whether a principal holds a token."""

    def __init__(self, world: World, clock: Clock, actor: str) -> None:
        self._world = world
        self._clock = clock
        self._actor = actor
        self._ends_s = -math.inf

    def renew(self) -> None:
        """Ask for a token where one is due. Raises ``TransientError`` where none is held."""
        now_s = self._clock.monotonic()
        if self._ends_s - now_s >= REFRESH_BEFORE_S:
            return
        faults = self._world.faults
        ruling = faults.rule(faults.describe(SIGN_IN, "", self._actor), IdentityDown)
        if ruling.arrives and ruling.refusal is None:
            self._ends_s = now_s + LIFETIME_S
        elif self._ends_s <= now_s:
            raise TransientError("no token: the identity service is away", code="TokenUnavailable")
