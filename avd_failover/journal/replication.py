"""What is durable here is made durable in the witness too, in order, one request at a time (safety J7).

Whoever is about to change something waits for both. While the copy cannot be written nothing is sent, and
everything goes on by itself once it can be: first the copy is held against what was written to it (L8). A
copy that is another one stops the run for good (S19).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from avd_failover.domain.faults import CloudError
from avd_failover.journal.chain import Mark
from avd_failover.journal.codec import GENESIS, digest
from avd_failover.journal.copies import Copy, first_block
from avd_failover.journal.store import ForkedJournalError

ANSWER_S = 20.0
"""How long one exchange with the witness may take; then it is asked what became of it."""
AGAIN_S = 5.0
"""Pause after one that failed."""


class Replication:
    """Sends one journal's lines to its copy. Used on one event loop only."""

    def __init__(self, copy: Copy, lines: Sequence[bytes], tell: Callable[[str], None]) -> None:
        """``lines`` are all that are durable here; ``tell`` is told when the copy fails and works again."""
        self._copy = copy
        self._tell = tell
        self._all: tuple[bytes, ...] | None = tuple(lines)
        self._waiting: list[bytes] = list(lines)
        self._seq = 0
        self._acked = Mark(0, GENESIS)
        self._asking: list[tuple[int, asyncio.Future[None]]] = []
        self._pump: asyncio.Task[None] | None = None
        self._fault: ForkedJournalError | None = None
        self._away = ""
        self._doubt = False
        self._run()

    @property
    def acked(self) -> Mark:
        """The last line that is known to be in the witness."""
        return self._acked

    def hand(self, lines: Iterable[bytes]) -> None:
        """Take lines that have become durable here."""
        self._waiting.extend(lines)
        self._run()

    async def until(self, seq: int) -> None:
        """Return when the line with that number is in the witness, however long that takes.

        Raises:
            ForkedJournalError: It never will be: the copy is another one. Send nothing more.
        """
        self._refuse_if_forked()
        if self._seq >= seq:
            return
        asked = asyncio.get_running_loop().create_future()
        self._asking.append((seq, asked))
        await asked

    async def settle(self, within_s: float) -> bool:
        """Wait for a while until everything is in the witness; tell whether it is. Raises as ``until``."""
        if self._pump is not None:
            await asyncio.wait({self._pump}, timeout=within_s)
        self._refuse_if_forked()
        return not self._waiting

    async def close(self) -> None:
        """Send nothing more; what is not in the witness by now, a resumed run brings there."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})

    def _run(self) -> None:
        if self._waiting and self._fault is None and (self._pump is None or self._pump.done()):
            self._pump = asyncio.ensure_future(self._send_all())

    async def _send_all(self) -> None:
        while self._waiting and self._fault is None:
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self._exchange()
            except (CloudError, TimeoutError) as fault:
                self._doubt = True
                self._say_away(fault)
                await asyncio.sleep(AGAIN_S)
            except ForkedJournalError as forked:
                self._fault = forked
            else:
                self._say_back()
            self._wake()

    async def _exchange(self) -> None:
        """Open the copy, or bring one block there."""
        if self._all is not None:
            there = await self._copy.open(self._all)
            self._all, self._doubt = None, False
            self._taken(there)
            return
        block = self._waiting[: first_block(self._waiting)]
        if not (self._doubt and await self._copy.stands(block)):
            await self._copy.append(block)
        self._doubt = False
        self._taken(len(block))

    def _taken(self, count: int) -> None:
        if count:
            self._seq += count
            self._acked = Mark(self._seq, digest(self._waiting[count - 1]))
            del self._waiting[:count]

    def _wake(self) -> None:
        asking, self._asking = self._asking, []
        for seq, asked in asking:
            if asked.done():
                continue
            if self._fault is not None:
                asked.set_exception(self._forked(self._fault))
            elif seq <= self._seq:
                asked.set_result(None)
            else:
                self._asking.append((seq, asked))

    def _say_away(self, fault: Exception) -> None:
        if not self._away:
            self._away = str(fault) or "no answer"
            self._tell(
                f"The journal's copy in the witness cannot be written, so nothing is sent: {self._away}"
            )

    def _say_back(self) -> None:
        if self._away:
            self._away = ""
            self._tell("The journal's copy in the witness is written again; going on.")

    def _refuse_if_forked(self) -> None:
        if self._fault is not None:
            raise self._forked(self._fault)

    def _forked(self, fault: ForkedJournalError) -> ForkedJournalError:
        again = ForkedJournalError(fault.seq, "")
        again.args = fault.args
        return again
