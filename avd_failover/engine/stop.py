"""Asking a run to stop, and waiting on a clock while listening for it."""

import asyncio

from avd_failover.domain.clock import Clock


class StoppedError(Exception):
    """The run was asked to stop; whoever raises this has nothing under way."""


class StopSignal:
    """Set once, by a person or a signal handler; every wait of the engine listens to it."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.because = ""

    def ask(self, because: str) -> None:
        """Ask the run to stop at its next safe point."""
        self.because = self.because or because
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._asked.is_set()

    async def asked_for(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()

    def check(self) -> None:
        """Raise StoppedError if somebody asked: called wherever nothing is under way."""
        if self.asked:
            raise StoppedError(self.because)

    async def sleep(self, clock: Clock, seconds: float) -> None:
        """Wait on the clock, or less if somebody asks to stop; then raises StoppedError."""
        self.check()
        waiting = asyncio.ensure_future(clock.sleep(seconds))
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({waiting, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            asked.cancel()
        self.check()
