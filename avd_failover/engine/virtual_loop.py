"""An event loop in virtual time: it never waits, so that hours pass in milliseconds and equal runs are equal.

It is asyncio's own loop but for turning: no selector, no pipe, no threads. What is ready runs in the order in
which it became so; when nothing is ready, time jumps to the next timer, and timers of one moment run in the
order in which they were set.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeVarTuple

Arguments = TypeVarTuple("Arguments")

_CLOSED = "the event loop is closed"


class StalledError(RuntimeError):
    """Under virtual time nothing is ready and no timer is set: a deadlock, reported instead of hanging."""


class _Call(asyncio.TimerHandle):
    """A callback that waits for its turn, and how to take it back."""

    __slots__ = ("arguments", "context", "due", "function")

    def __init__(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.due = when
        self.function: Callable[..., object] | None = callback
        self.arguments = args
        self.context = copy_context() if context is None else context

    def when(self) -> float:
        """Return when it is due."""
        return self.due

    def cancel(self) -> None:
        """Take it back; after it ran nothing happens."""
        self.function = None

    def cancelled(self) -> bool:
        """Return whether it was taken back."""
        return self.function is None

    def __repr__(self) -> str:
        return f"<call of {self.function!r} at {self.due}>"


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual time, for code without sockets or threads only."""

    def __init__(self) -> None:
        self._turning = False  # asked for while asyncio's part is made
        super().__init__()
        self._now = 0.0
        self._calls: deque[_Call] = deque()
        self._timers: list[tuple[float, int, _Call]] = []
        self._set = 0
        self._over = False
        self._asked_to_stop = False

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._now

    def skip(self, delay: float) -> bool:
        """Let that much time pass at once if nobody else would do anything meanwhile; otherwise do nothing.

        For whoever is running and would wait: nothing that is ready, and no timer until then, the moment
        itself included, can tell the difference.
        """
        when, timers = self._now + delay, self._timers
        if self._calls or (timers and timers[0][0] <= when):
            return False
        self._now = when
        return True

    def call_soon(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Let a callback run in the next turn."""
        if self._over:
            raise RuntimeError(_CLOSED)
        call = _Call(self._now, callback, args, context)
        self._calls.append(call)
        return call

    call_soon_threadsafe = call_soon

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Let a callback run so many virtual seconds from now."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Let a callback run at a virtual moment; one that has passed is the next turn."""
        if self._over:
            raise RuntimeError(_CLOSED)
        call = _Call(when, callback, args, context)
        self._set += 1
        heapq.heappush(self._timers, (when, self._set, call))
        return call

    def run_forever(self) -> None:
        """Turn until asked to stop.

        Raises:
            StalledError: Everything waits for something that nobody will do.
        """
        if self._over:
            raise RuntimeError(_CLOSED)
        self._turning = True
        events._set_running_loop(self)  # noqa: SLF001 - asyncio names it as the way for loops
        try:
            timers, calls = self._timers, self._calls
            while not self._asked_to_stop:
                if not calls or (timers and timers[0][0] <= self._now):
                    self._ready_timers()
                self._turn()
        finally:
            self._turning = self._asked_to_stop = False
            events._set_running_loop(None)  # noqa: SLF001 - as above

    def stop(self) -> None:
        """End after this turn."""
        self._asked_to_stop = True

    def is_running(self) -> bool:
        """Return whether it turns."""
        return self._turning

    def close(self) -> None:
        """Forget what waits, and take nothing more."""
        super().close()
        self._over = True
        self._calls.clear()
        self._timers.clear()

    def _ready_timers(self) -> None:
        """Let every timer that is due run in this turn; if nothing else is ready, move time to the next."""
        timers, calls = self._timers, self._calls
        if not calls:
            while timers and timers[0][2].function is None:
                heapq.heappop(timers)
            if not timers:
                raise StalledError("every task waits for something that nobody will do")
            self._now = max(self._now, timers[0][0])
        now = self._now
        while timers and timers[0][0] <= now:
            calls.append(heapq.heappop(timers)[2])

    def _turn(self) -> None:
        """Run what is ready now; what becomes ready meanwhile waits for the next turn."""
        next_call = self._calls.popleft
        for _ in range(len(self._calls)):
            call = next_call()
            function = call.function
            if function is None:
                continue
            try:
                call.context.run(function, *call.arguments)
            except Exception as error:  # noqa: BLE001 - told to the handler, as by every event loop
                said = f"Exception in callback {function!r}"
                self.call_exception_handler({"message": said, "exception": error, "handle": call})
