"""What people ask of a run while it goes on, from another terminal: taken up in order, each once.

Requests lie in a stream beside the journal that anyone may append to; only the process that holds the lease
writes the journal. It looks for new requests about once a second, records that it took one up, and acts on
it at the next point where nothing is under way.
"""

import asyncio
from collections.abc import Callable
from enum import Enum

import msgspec
from msgspec import Struct

from avd_failover.domain.plan import Mode
from avd_failover.domain.rollback import no_way_back
from avd_failover.engine.stop import StopSignal
from avd_failover.engine.waivers import unwaived
from avd_failover.journal.events import OperatorSaid
from avd_failover.journal.store import Request, Requests
from avd_failover.journal.writer import JournalWriter

LOOK_EVERY_S = 0.5
"""Real seconds between two looks for requests."""


class Order(Enum):
    """What a person may ask of a run."""

    PAUSE = "pause"
    ABORT = "abort"
    ROLLBACK = "rollback"
    SKIP = "skip"
    RETRY = "retry"
    """Enter a held step again, or work on one thing of a step again."""
    CHOOSE = "choose"
    """Take another value for one thing of a step."""
    APPROVE = "approve"
    REJECT = "reject"
    UNPLANNED = "unplanned"
    """Go on without the source: it went dark."""


class Words(Struct, frozen=True, kw_only=True):
    """The body of a request."""

    by: str
    reason: str = ""
    step: str | None = None
    item: str = ""
    value: str = ""
    evidence_name: str = ""
    evidence_sha256: str = ""


Skip = Callable[[str, str], None]
"""Skips a step, by id, for a reason."""


class Orders:
    """Takes requests up and tells whoever must act on them."""

    def __init__(self, requests: Requests, journal: JournalWriter, stop: StopSignal, skip: Skip) -> None:
        self._requests = requests
        self._journal = journal
        self._stop = stop
        self._skip = skip

    async def listen(self) -> None:
        """Take up requests until cancelled."""
        while True:
            self.take_up()
            await asyncio.sleep(LOOK_EVERY_S)

    def take_up(self) -> None:
        """Take up every request that is new."""
        said = self._journal.state.said
        for request in self._requests.requests_after(said[-1].request if said else 0):
            self._act(self._dated(said_by(request), request))

    def _dated(self, said: OperatorSaid, request: Request) -> OperatorSaid:
        """Add when it was said: what a run at rest hears late is as old as it is, and may have expired (O4).

        Against a simulated Azure the run lives on that world's clock, and people on theirs: it counts from
        when it is taken up.
        """
        real = self._journal.state.pinned.simulated is None
        return msgspec.structs.replace(said, asked_at=request.at) if real else said

    def _act(self, said: OperatorSaid) -> None:
        self._journal.append(said)
        told = f"{said.by}: {said.reason}" if said.reason else said.by
        match Order(said.kind):
            case Order.PAUSE:
                self._stop.ask(f"paused by {told}", held=True)
            case Order.ABORT:
                self._stop.ask(f"aborted by {told}", held=True)
            case Order.ROLLBACK if self._journal.state.turned is None:
                barred = no_way_back(self._journal.state.effects)
                because = f"stopped by {told}; {barred}" if barred else f"turned back by {told}"
                self._stop.ask(because, held=True)
            case Order.UNPLANNED if self._may_switch():
                self._stop.ask(f"switched to unplanned by {told}", held=True)
            case Order.SKIP if not said.item and not unwaived(self._journal.state, said.step or "", said.by):
                self._skip(said.step or "", f"skipped by {told}")

    def _may_switch(self) -> bool:
        state = self._journal.state
        return state.turned is None and state.route.mode is Mode.PLANNED


def said_by(request: Request) -> OperatorSaid:
    """Return the event for a request; one that cannot be read is taken up as a pause, never ignored."""
    try:
        words, kind = msgspec.json.decode(request.body, type=Words), Order(request.kind).value
    except (msgspec.DecodeError, ValueError):
        unreadable = f"request {request.id} could not be read"
        return OperatorSaid(request=request.id, kind=Order.PAUSE.value, by="the engine", reason=unreadable)
    return OperatorSaid(request=request.id, kind=kind, **msgspec.structs.asdict(words))
