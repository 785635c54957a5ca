"""Reads that outlast a throttle one by one.

A look takes many reads. If one that is throttled broke off the whole look, the next look would ask for all
of them again, be throttled again, and never end (safety L7). So each waits for itself; whatever else goes
wrong with a read still breaks the look off, since nobody knows what happened meanwhile.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from avd_failover.cloud import Reads
from avd_failover.domain.faults import TransientError
from avd_failover.engine.patience import Patience

THROTTLED = 429

NEVER_OUTLASTED = frozenset({("sessions", "list")})
"""An enumeration of sessions that was refused is a look that failed, and breaks the chain of looks (S7)."""


def unhurried(cloud: Reads, patience: Patience) -> Reads:
    """Return the reads of a cloud, each waiting as long as a throttle asks and the step's deadline allows."""
    return cast("Reads", _Unhurried(cloud, patience))


class _Unhurried:
    """The parts of a cloud, found by name so that none is forgotten."""

    def __init__(self, cloud: Reads, patience: Patience) -> None:
        self._cloud = cloud
        self._patience = patience

    def __getattr__(self, part: str) -> "_Part":
        found = _Part(part, getattr(self._cloud, part), self._patience)
        setattr(self, part, found)
        return found


class _Part:
    """The verbs of one part."""

    def __init__(self, name: str, part: object, patience: Patience) -> None:
        self._name = name
        self._part = part
        self._patience = patience

    def __getattr__(self, verb: str) -> Callable[..., Awaitable[Any]]:
        ask: Callable[..., Awaitable[Any]] = getattr(self._part, verb)
        if (self._name, verb) in NEVER_OUTLASTED:
            return ask

        async def patiently(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the verb takes
            while True:
                try:
                    return await ask(*given, **named)
                except TransientError as fault:
                    if fault.status != THROTTLED:
                        raise
                    await self._patience.outlast(fault)

        setattr(self, verb, patiently)
        return patiently
