"""The people of a scenario: what they ask of a rehearsed run, each at its time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from avd_failover.domain.clock import Clock
from avd_failover.engine.orders import Words
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import Request
from avd_failover.simulator.scenario_runs import SaidSpec


class People:
    """Requests to one run that lie in its journal's second stream once their time has come."""

    def __init__(self, store: MemoryStore, said: Sequence[SaidSpec], began: datetime) -> None:
        self._store = store
        self._left = sorted(said, key=lambda one: one.at)
        self._began = began
        self._clock: Clock | None = None
        self.silent = not said
        """Nobody asks for anything."""

    def heard_on(self, clock: Clock) -> "People":
        """Return the same people, on the clock of the process that drives the run now."""
        self._clock = clock
        return self

    def append_request(self, at: datetime, kind: str, body: str) -> int:
        """Add a request beside those of the scenario."""
        return self._store.append_request(at, kind, body)

    def requests_after(self, last: int) -> tuple[Request, ...]:
        """Return the requests whose time has come."""
        now = self._clock.now() if self._clock else self._began
        while self._left and self._began + timedelta(seconds=self._left[0].at) <= now:
            one = self._left.pop(0)
            words = Words(by=one.by, reason=one.reason, step=one.step, item=one.item, value=one.value)
            self._store.append_request(now, one.order, msgspec.json.encode(words).decode())
        return self._store.requests_after(last)
