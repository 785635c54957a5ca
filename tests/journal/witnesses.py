"""Witnesses in a simulated Azure, on a clock by hand that machine and world share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from avd_failover.domain.blobs import Blobs
from avd_failover.journal.lease import Terms
from avd_failover.journal.witness_leases import WitnessLeases
from avd_failover.simulator.direct_blobs import DirectBlobs
from avd_failover.simulator.world import World
from tests.journal.machines import Hand
from tests.simulator.builders import small_world

CONTAINER = {"account": "stwitness", "name": "failover", "region": "swedencentral"}


class HandClock:
    """A clock that stands where its hand is; waiting takes no time."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return self._hand.at_s

    async def sleep(self, seconds: float) -> None:
        """Return at once."""


class Place:
    """A witness that several machines reach."""

    def __init__(self, hand: Hand | None = None) -> None:
        self.hand = hand or Hand()
        self.world: World = small_world(blob_containers=[CONTAINER])
        self._made = 0

    def blobs(self) -> Blobs:
        self.world.advance(self.hand.at_s - 1000.0)
        return DirectBlobs(self.world, HandClock(self.hand), "stwitness/failover")

    def view(self, boot: str = "boot-1", blobs: Blobs | None = None) -> WitnessLeases:
        """Return the leases as one more machine sees them."""
        return WitnessLeases(blobs or self.blobs(), self.hand.machine(boot), self._id, Terms())

    def fault(self, name: str, **values: Any) -> str:
        """Add a fault that begins now."""
        known = self.world.faults.add("admin:test", {"fault": name, **values})
        self.world.advance(self.hand.at_s - 1000.0)
        return known

    def _id(self) -> str:
        self._made += 1
        return f"10000000-0000-4000-8000-{self._made:012d}"
