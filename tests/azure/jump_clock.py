"""A clock that moves only when somebody sleeps on it: hours of polling in milliseconds, exactly counted."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


class JumpClock:
    """Time for one sleeper at a time."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += max(seconds, 0.0)
        await asyncio.sleep(0)
