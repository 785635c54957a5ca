"""One call of the direct face: time passes, the budget is asked, the world answers or refuses."""

import random
from collections.abc import Callable
from typing import TypeVar

from avd_failover.cloud import Accepted
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.simulator.limits import Kind
from avd_failover.simulator.records import Subscription, key
from avd_failover.simulator.refusals import ArmRefusal, Throttled
from avd_failover.simulator.world import World

T = TypeVar("T")
LATENCY_S = (0.01, 0.12)
_TENANT = "tenant"


class Line:
    """A principal's way to a world, on a clock. The world stands wherever the clock stands.

    Each request travels for a while before it takes effect, and its answer travels back as long: a caller
    that is stopped in between has changed the world without knowing it.
    """

    def __init__(self, world: World, clock: Clock, *, actor: str, seed: int) -> None:
        self.world = world
        self.clock = clock
        self.actor = actor
        self._offset_s = world.now_s - clock.monotonic()
        self._chance = random.Random(f"direct:{seed}")  # noqa: S311 - a simulation
        self._sent = 0
        self._open = True

    def close(self) -> None:
        """Let no further request pass."""
        self._open = False

    async def ask(self, kind: Kind | None, target: str, answer: Callable[[], T]) -> T:
        """Send one request and return what the world answers.

        ``kind`` names the budget it is taken from; None where Resource Manager is not asked.
        Raises the faults of ``domain.faults`` as the adapters do, and RuntimeError on a closed line.
        """
        if not self._open:
            raise RuntimeError("this cloud was closed")
        self._sent += 1
        await self.clock.sleep(self._chance.uniform(*LATENCY_S) / 2)
        self.catch_up()
        try:
            if kind is not None:
                self._admit(_subscription(target), kind)
            answered = answer()
        except ArmRefusal as refusal:
            await self.clock.sleep(self._chance.uniform(*LATENCY_S) / 2)
            raise fault_of(refusal, target, mutating=kind in {"writes", "deletes"}) from refusal
        await self.clock.sleep(self._chance.uniform(*LATENCY_S) / 2)
        return answered

    async def tell(self, kind: Kind, target: str, action: Callable[[], object]) -> Accepted:
        """Send one write; return its acceptance."""
        await self.ask(kind, target, action)
        return Accepted(at=self.clock.now(), request_id=f"direct-{self._sent:06d}")

    def _admit(self, subscription: str, kind: Kind) -> None:
        # In ARM's order: no resource below a subscription that is not there is proven absent.
        if subscription != _TENANT and self.world.core.find(Subscription, subscription) is None:
            text = f"The subscription '{subscription}' could not be found."
            raise ArmRefusal(404, "SubscriptionNotFound", text)
        self.world.admit(self.actor, subscription, kind)

    def catch_up(self) -> None:
        """Bring the world to where the clock stands."""
        self.world.advance(self._offset_s + self.clock.monotonic())


def fault_of(refusal: ArmRefusal, target: str, *, mutating: bool) -> CloudError:
    """Return the fault that a refusal is to the engine, by the table of ``domain.faults``.

    429 was not taken; any other 5xx leaves a write open and a read harmless to repeat; the rest is final.
    """
    text = f"{refusal.message}, for {target}"
    if isinstance(refusal, Throttled):
        return TransientError(
            text, wait_s=refusal.retry_after_s, code=refusal.code, target=target, status=refusal.status
        )
    if refusal.status < 500:
        return RefusedError(text, code=refusal.code, target=target, status=refusal.status)
    kind = UnknownError if mutating else TransientError
    return kind(text, code=refusal.code, target=target, status=refusal.status)


def _subscription(target: str) -> str:
    parts = key(target).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else _TENANT
