"""Asking a run or one of its steps to stop, and waiting on a clock while listening for it."""

import asyncio

from avd_failover.domain.clock import Clock


class StoppedError(Exception):
    """Somebody asked to stop; whoever raises this has nothing under way."""


class StopSignal:
    """Set by a person or a signal handler; every wait of the engine listens to it."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._children: dict[StopSignal, None] = {}
        self._waiting: dict[asyncio.Future[None], None] = {}
        self.because = ""
        self.held = False
        """Whether the run is to be held for a person, not merely interrupted."""

    def child(self) -> "StopSignal":
        """Return a signal that is asked whenever this one is, and can be asked alone."""
        child = StopSignal()
        if self.asked:
            child.ask(self.because, held=self.held)
        self._children[child] = None
        return child

    def drop(self, child: "StopSignal") -> None:
        """Let a child go that nobody listens to any more."""
        self._children.pop(child, None)

    def ask(self, because: str, *, held: bool = False) -> None:
        """Ask to stop at the next safe point; the first reason counts."""
        if not self.asked:
            self.because, self.held = because, held
        self._asked.set()
        for waiting in self._waiting:
            waiting.cancel()
        for child in self._children:
            child.ask(because, held=held)

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
        self._waiting[waiting] = None
        try:
            await waiting
        except asyncio.CancelledError:
            if not self.asked or _is_cancelled():
                raise
        finally:
            self._waiting.pop(waiting)
            waiting.cancel()
        self.check()


def _is_cancelled() -> bool:
    """Tell whether whoever waits was itself cancelled, and not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
