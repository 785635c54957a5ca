"""Staying just below Azure's limits on purpose, so that refusals for haste do not happen.

Azure Resource Manager counts per subscription, principal and kind of request (azure-facts section 8):

    kind                          at once   per second
    reads (GET, HEAD)             250       25
    writes (PUT, PATCH, POST)     200       10
    deletes (DELETE)              200       10

One ``Throttle`` serves one principal. Each request passes its lanes in order of arrival and then takes one
of 64 places in flight, eight of which mutations never get, so reads are starved neither of budget nor of
places. Lanes beyond the table: session-host lists (10 in 5 minutes per pool), polls of long-running
operations (half the reads, so that following hundreds of starts leaves the other half to proofs), a gate
per provider, and Microsoft Graph.

An answer 429 closes a lane for as long as it asks: the provider's or list's own lane if the subscription's
budget is visibly not spent, the subscription's otherwise.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from avd_failover.azure.meters import Bucket, Gate, Meter, Window
from avd_failover.azure.retry_after import asked_wait_s
from avd_failover.domain.clock import Clock

MARGIN = 0.02
"""Share of every documented budget left unused: room for clocks that differ and calls we do not see."""

IN_FLIGHT = 64
READS_ONLY = 8

_FIGURES = {"reads": (250, 25.0), "writes": (200, 10.0), "deletes": (200, 10.0)}
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_HOST_LISTS = (9, 300.0)
"""One less than the 10 in 5 minutes that the service grants (recorded in 2025)."""
_GRAPH = (500, 300.0)
"""Resource units: at most 3,500 in any 10 s, the figure for the smallest tenants (azure-facts section 8)."""
_UNASKED_PAUSE_S = 1.0

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_PROVIDER = re.compile(r"/providers/([^/?]+)", re.IGNORECASE)
_HOST_LIST = re.compile(r"(/subscriptions/[^?]*/hostpools/[^/?]+)/sessionhosts/?(\?|$)", re.IGNORECASE)
_POLL = re.compile(r"/locations/[^/?]+/operations/", re.IGNORECASE)
_LATER_PAGE = re.compile(r"[?&](?:\$|%24)?skip(?:token)?=", re.IGNORECASE)


class Lane:
    """A budget with a queue in front: one waiter sleeps for the budget, the others wait their turn."""

    def __init__(self, meter: Meter, clock: Clock) -> None:
        self.meter = meter
        self._clock = clock
        self._turn = asyncio.Lock()

    async def enter(self, cost: float) -> None:
        """Wait until a request of this cost may go, in order of arrival, and spend it."""
        async with self._turn:
            while (wait := self.meter.wait_s(self._clock.monotonic(), cost)) > 0:
                await self._clock.sleep(wait)
            self.meter.take(self._clock.monotonic(), cost)


class Admission:
    """A request let through; tells the lanes what Azure answered."""

    def __init__(self, *, provider: Lane, budget: Lane, kind: str, clock: Clock, own: bool = False) -> None:
        """``own``: the provider's lane has a limit of its own, so a bare 429 is about that one."""
        self._own = own
        self._provider = provider
        self._budget = budget
        self._kind = kind
        self._clock = clock

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: what remains, and whether to pause."""
        remaining = _remaining(self._kind, headers)
        if remaining is not None:
            self._budget.meter.lower(remaining)
        if status == 429:
            pause = asked_wait_s(headers)
            theirs = self._own if remaining is None else remaining > 0
            lane = self._provider if theirs else self._budget
            lane.meter.close(self._clock.monotonic(), _UNASKED_PAUSE_S if pause is None else pause)


class Throttle:
    """The budgets of one principal, over all its subscriptions and Microsoft Graph."""

    def __init__(self, clock: Clock, *, margin: float = MARGIN, in_flight: int = IN_FLIGHT) -> None:
        self._clock = clock
        self._margin = margin
        self._lanes: dict[tuple[str, ...], Lane] = {}
        self._places = asyncio.Semaphore(in_flight)
        self._mutations = asyncio.Semaphore(max(in_flight - READS_ONLY, 1))

    @asynccontextmanager
    async def arm(self, method: str, url: str) -> AsyncIterator[Admission]:
        """Hold a place for one request to Azure Resource Manager, once its budgets allow it."""
        kind = _KINDS.get(method.upper(), "writes")
        subscription, provider = _name(_SUBSCRIPTION, url), _name(_PROVIDER, url)
        budget = self._lane(("arm", subscription, kind), lambda: self._bucket(*_FIGURES[kind]))
        gate = self._lane(("gate", subscription, provider, kind), Gate)
        lanes = [(gate, 1.0), (budget, 1.0)]
        admission = Admission(provider=gate, budget=budget, kind=kind, clock=self._clock)
        if kind == "reads" and (listing := _HOST_LIST.search(url)):
            lane = self._lane(("hosts", listing[1].lower()), lambda: Window(*_HOST_LISTS))
            # Only the first page counts as a list; Azure's answer to a later one still closes the lane.
            lanes.insert(0, (lane, 0.0 if _LATER_PAGE.search(url) else 1.0))
            admission = Admission(provider=lane, budget=budget, kind=kind, clock=self._clock, own=True)
        elif kind == "reads" and _POLL.search(url):
            lanes.insert(0, (self._polls(subscription), 1.0))
        async with self._place(lanes, mutating=kind != "reads"):
            yield admission

    @asynccontextmanager
    async def graph(self, cost: float) -> AsyncIterator[Admission]:
        """Hold a place for one read of Microsoft Graph that costs so many resource units."""
        lane = self._lane(("graph",), lambda: self._bucket(*_GRAPH))
        async with self._place([(lane, cost)], mutating=False):
            yield Admission(provider=lane, budget=lane, kind="", clock=self._clock)

    @asynccontextmanager
    async def _place(self, lanes: Sequence[tuple[Lane, float]], *, mutating: bool) -> AsyncIterator[None]:
        for lane, cost in lanes:
            await lane.enter(cost)
        async with AsyncExitStack() as stack:
            if mutating:
                await stack.enter_async_context(self._mutations)
            await stack.enter_async_context(self._places)
            yield

    def _polls(self, subscription: str) -> Lane:
        capacity, per_s = _FIGURES["reads"]
        return self._lane(("polls", subscription), lambda: self._bucket(capacity / 2, per_s / 2))

    def _lane(self, key: tuple[str, ...], meter: Callable[[], Meter]) -> Lane:
        if key not in self._lanes:
            self._lanes[key] = Lane(meter(), self._clock)
        return self._lanes[key]

    def _bucket(self, capacity: float, per_s: float) -> Bucket:
        kept = 1.0 - self._margin
        return Bucket(capacity * kept, per_s * kept, reserve=capacity * self._margin)


def _name(pattern: re.Pattern[str], url: str) -> str:
    found = pattern.findall(url.partition("?")[0])
    return found[-1].lower() if found else ""


def _remaining(kind: str, headers: Mapping[str, str]) -> float | None:
    # Without a kind (Graph) there is no such header. The service's own "unlimited" is a huge number.
    names = [f"x-ms-ratelimit-remaining-{scope}-{kind}" for scope in ("subscription", "tenant")]
    told = [text for name in names if (text := headers.get(name, "")).isdecimal()]
    return min((float(text) for text in told), default=None) if kind else None
