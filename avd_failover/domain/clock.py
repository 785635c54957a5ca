"""Time as an argument: everything that waits or dates something is handed a clock."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for decisions, and a way to wait; all of one pace."""

    def now(self) -> datetime:
        """Return the time for records, aware and in UTC. Never an input to a decision (safety S17)."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for that long on this clock."""
        ...
