"""One call of the direct face: time passes, the budget is asked, the world answers or refuses."""

import random
from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError
from avd_failover.simulator.direct_faults import (
    BODYLESS,
    UNREADABLE,
    fault_of,
    lost,
    unconnected,
    unheard,
)
from avd_failover.simulator.direct_identity import Identity
from avd_failover.simulator.faults.obstacles import TOLD
from avd_failover.simulator.faults.ruling import CLEAR, Ruling, carry_out
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.limits import Kind
from avd_failover.simulator.pacing import Pace
from avd_failover.simulator.records import Subscription, key
from avd_failover.simulator.refusals import AnswerLost, ArmRefusal, Throttled
from avd_failover.simulator.world import World

T = TypeVar("T")
U = TypeVar("U")
LATENCY_S = (0.01, 0.12)
_TENANT = "tenant"
_BUDGETS_OF_THEIR_OWN = ("members.", "blobs.", "leases.")
"""Routes of Graph and of the Blob service, which ARM does not count."""


class Line:
    """A principal's way to a world, on a clock. The world stands wherever the clock stands.

    Each request travels for a while before it takes effect, and its answer travels back as long: a caller
    that is stopped in between has changed the world without knowing it.
    """

    def __init__(
        self, world: World, clock: Clock, *, actor: str, seed: int, pace: Pace | None = None
    ) -> None:
        self._pace = pace
        self.world = world
        self.clock = clock
        self.actor = actor
        self._identity = Identity(world, clock, actor)
        self._offset_s = world.now_s - clock.monotonic()
        self._chance = random.Random(f"direct:{seed}")  # noqa: S311 - a simulation
        self._sent = 0
        self._open = True

    def close(self) -> None:
        """Let no further request pass."""
        self._open = False

    async def ask(self, route: str, target: str, answer: Callable[[World], T]) -> T:
        """Send one request, named as in ``faults.sent``, and return what the world answers.

        Raises the faults of ``domain.faults`` as the adapters do, and RuntimeError on a closed line.
        """
        answered, _ = await self._send(route, target, answer)
        return answered

    async def read_list(
        self, route: str, target: str, answer: Callable[[World], Iterable[T]], parse: Callable[[T], U]
    ) -> Reading[U]:
        """Read a list as the adapters read its pages: one that does not fit together has a gap.

        Raises the same as ``ask``, and Refused with ``ForeignEndpoint`` for pages that lead elsewhere.
        """
        found, ruling = await self._send(route, target, answer)
        items = list(found)
        if ruling.page == "omit":
            items = items[:-1]
        if ruling.page == "repeat":
            items += items[-1:]
        if ruling.page == "foreign-host":
            raise RefusedError("not followed: another host", code="ForeignEndpoint", target=target)
        gap = "the next link leads back to a page already read" if ruling.page == "loop" else ""
        return Reading(items=tuple(map(parse, items)), read_at=self.clock.now(), complete=not gap, gap=gap)

    async def tell(self, route: str, target: str, action: Callable[[World], object]) -> Accepted:
        """Send one write; return its acceptance."""
        await self._send(route, target, action)
        return Accepted(at=self.clock.now(), request_id=f"direct-{self._sent:06d}")

    async def begin(self, route: str, target: str, action: Callable[[World], T]) -> tuple[T, bool]:
        """Send one long-running write; return its answer, and whether that says where to follow it."""
        answered, ruling = await self._send(route, target, action)
        return answered, ruling.followable

    async def _send(self, route: str, target: str, answer: Callable[[World], T]) -> tuple[T, Ruling]:
        if not self._open:
            raise RuntimeError("this cloud was closed")
        self._sent += 1
        if self._pace is not None and not route.startswith(_BUDGETS_OF_THEIR_OWN):
            await self._wait_for_turn(self._pace, route, target)
        sent, ruling = self._ruled(route, target)
        await self.clock.sleep(self._chance.uniform(*LATENCY_S) / 2 + ruling.delay_s)
        self.catch_up()
        try:
            self._admit(sent)
            answered = carry_out(self.world, sent, ruling, answer)
        except ArmRefusal as refusal:
            at = self.world.faults.azure_time()
            self._heed(refusal, sent)
            await self._travel(ruling)
            if ruling.loses_answer:
                raise lost(target, mutating=sent.mutates) from refusal
            raise fault_of(refusal, target, mutating=sent.mutates, at=at) from refusal
        except AnswerLost as loss:
            await self._travel(ruling)
            raise unheard(ruling, target, mutating=sent.mutates) from loss
        await self._travel(ruling)
        if ruling is CLEAR:
            return answered, ruling
        if ruling.loses_answer:
            raise lost(target, mutating=sent.mutates)
        if ruling.damage in UNREADABLE and route not in BODYLESS:
            raise lost(target, mutating=sent.mutates, code="AnswerUnreadable")
        return answered, ruling

    async def _wait_for_turn(self, pace: Pace, route: str, target: str) -> None:
        """Wait as the adapters do, so that no budget is overdrawn."""
        if route == "hosts.list":
            await pace.list_turn(key(target))
        subscription, kind = _subscription(target), _kind(route)
        if (wait_s := pace.place_s(subscription, kind)) > 0:
            await pace.keep_place(subscription, kind, wait_s)

    def _heed(self, refusal: ArmRefusal, sent: Sent) -> None:
        """Pause after a 429 of a budget; the window of session-host lists counts for itself."""
        if self._pace is not None and isinstance(refusal, Throttled) and sent.route != "hosts.list":
            self._pace.refused(_subscription(sent.target), _kind(sent.route), refusal.retry_after_s)

    def _ruled(self, route: str, target: str) -> tuple[Sent, Ruling]:
        if not self.world.faults.present:
            return Sent(route=route, target=key(target), actor=self.actor), CLEAR
        self.catch_up()
        self._identity.renew()
        obstacle = self.world.faults.connect()
        if obstacle is not None:
            raise unconnected(TOLD[obstacle], target)
        sent = self.world.faults.describe(route, target, self.actor)
        return sent, self.world.faults.rule(sent)

    def _travel(self, ruling: Ruling) -> Coroutine[Any, Any, None]:
        """Let an answer travel back."""
        held_s = ruling.over_s if ruling.damage in {"half-open", "slow"} else 0.0
        return self.clock.sleep(self._chance.uniform(*LATENCY_S) / 2 + held_s)

    def _admit(self, sent: Sent) -> None:
        if sent.route.startswith(_BUDGETS_OF_THEIR_OWN):
            return
        subscription = _subscription(sent.target)
        # In ARM's order: no resource below a subscription that is not there is proven absent.
        if subscription != _TENANT and self.world.core.find(Subscription, subscription) is None:
            text = f"The subscription '{subscription}' could not be found."
            raise ArmRefusal(404, "SubscriptionNotFound", text)
        self.world.admit(self.actor, subscription, _kind(sent.route))

    def catch_up(self) -> None:
        """Bring the world to where the clock stands."""
        self.world.advance(self._offset_s + self.clock.monotonic())


@lru_cache(maxsize=1 << 16)
def _subscription(target: str) -> str:
    parts = key(target).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else _TENANT


@lru_cache(maxsize=256)
def _kind(route: str) -> Kind:
    if not Sent(route=route, target="", actor="").mutates:
        return "reads"
    return "deletes" if route.endswith((".delete", ".log-off")) else "writes"
