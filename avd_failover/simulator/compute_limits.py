"""Compute's own throttles: a bucket for each policy, per machine and per subscription in a region.

Figures from Azure's documentation of compute throttling limits (azure-facts section 8): capacity, and refill
a minute. They come on top of ARM's budgets.
"""

from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.limits import TokenBucket
from avd_failover.simulator.records import key
from avd_failover.simulator.refusals import Throttled

Policy = Literal["PutVM", "UpdateVM", "DeleteVM", "LowCostGet", "HighCostGet", "GetOperation"]

_PER_MACHINE: dict[Policy, tuple[int, int]] = {
    "PutVM": (12, 4),
    "UpdateVM": (12, 4),
    "DeleteVM": (12, 4),
    "LowCostGet": (36, 12),
    "GetOperation": (45, 15),
}
_PER_SUBSCRIPTION: dict[Policy, tuple[int, int]] = {
    "PutVM": (1_500, 500),
    "UpdateVM": (1_500, 500),
    "DeleteVM": (1_500, 500),
    "LowCostGet": (24_000, 8_000),
    "HighCostGet": (900, 300),
    "GetOperation": (15_000, 5_000),
}


class ComputeBudgets:
    """Who may still ask Compute for what."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._buckets: dict[tuple[Policy, str], TokenBucket] = {}

    def admit(self, policy: Policy, *, subscription: str, location: str, machine: str) -> str:
        """Take one request out of both buckets; ``machine`` is empty where none is meant.

        Returns: what remains, as ``x-ms-ratelimit-remaining-resource`` says it.
        Raises: Throttled, with the wait.
        """
        asked = [("SubscriptionMaximum", f"{key(subscription)}|{key(location)}", _PER_SUBSCRIPTION[policy])]
        if machine and policy in _PER_MACHINE:
            asked.insert(0, ("Resource", key(machine), _PER_MACHINE[policy]))
        buckets = [(kind, self._bucket(policy, name, figures)) for kind, name, figures in asked]
        wait_s = max(bucket.wait_s(self._core.now_s) for _, bucket in buckets)
        if wait_s:
            text = (
                "The server rejected the request because too many requests have been received"
                f" for this {'resource' if machine else 'subscription'}: {policy}."
            )
            raise Throttled(wait_s, text)
        left = [
            f"Microsoft.Compute/{policy}{kind};{bucket.take(self._core.now_s)}" for kind, bucket in buckets
        ]
        return ",".join(left)

    def _bucket(self, policy: Policy, name: str, figures: tuple[int, int]) -> TokenBucket:
        size, a_minute = figures
        held = self._buckets.get((policy, name))
        if held is None:
            held = self._buckets[policy, name] = TokenBucket(size, a_minute / 60, self._core.now_s)
        return held
