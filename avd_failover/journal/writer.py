"""The one writer of a journal: append now, durable soon, many entries in one commit.

Entries appended in the same few turns of the event loop are one transaction, made on the loop itself: a
thread would add two hand-overs to every step of a chain, and save nothing, since nobody may go on before the
commit. Fail-stop (safety J6): after the first error everything here raises, and nothing is tried again.
"""

import asyncio
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from avd_failover.domain.clock import Clock
from avd_failover.journal.chain import Mark, replay
from avd_failover.journal.codec import GENESIS, digest, seal
from avd_failover.journal.events import Entry, Event, RunPinned
from avd_failover.journal.keys import Signer
from avd_failover.journal.replication import Replication
from avd_failover.journal.seals import Phases, SealCheck, sealed
from avd_failover.journal.state import RunState
from avd_failover.journal.store import JournalFullError, JournalLostError, Store

Observer = Callable[[Entry, RunState], None]
"""Told of every entry once it is part of the state; durable comes later. Must not raise."""

TURNS = 4
"""Turns of the event loop between an append and its commit.

The next step's intents are a few turns away from the outcome that enables them: one until the waiting task
runs, one until the task it creates runs, one or two while that one observes through layers of awaits. Four
let them share a transaction; each turn costs some microseconds, a commit hundreds.
"""


CONCLUDE_S = 20.0
"""How long the end of a run waits for a witness that does not answer."""


class JournalWriter:
    """Writes one run's journal and keeps its state folded. Made by ``create`` or ``reopen``."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        state: RunState,
        head: str,
        observers: Iterable[Observer],
        *,
        signer: Signer | None = None,
    ) -> None:
        self.state = state
        self._store = store
        self._clock = clock
        self._head = head
        self._durable = Mark(state.seq, head)
        self._observers = tuple(observers)
        self._buffer: list[bytes] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._turns = 0
        self._fault: JournalLostError | None = None
        self._signer = signer
        self._phases = Phases()
        self._replication: Replication | None = None

    @classmethod
    def create(
        cls,
        store: Store,
        clock: Clock,
        pinned: RunPinned,
        observers: Iterable[Observer] = (),
        signer: Signer | None = None,
    ) -> "JournalWriter":
        """Begin a journal in an empty store; the first entry is durable on return.

        With a ``signer`` its key is pinned there, and the journal is sealed at the bounds of its phases.

        Raises:
            JournalLostError: It could not be written.
        """
        pinned = replace(pinned, signer=signer.public) if signer else pinned
        line, entry = seal(Entry(seq=1, at=clock.now(), prev=GENESIS, event=pinned))
        writer = cls(store, clock, RunState(pinned, entry.at), digest(line), observers, signer=signer)
        writer._phases.take(pinned)
        first = writer._vouch()
        store.append([line, *writer._buffer])
        writer._buffer, writer._durable = [], Mark(writer.state.seq, writer._head)
        writer._tell(entry, *first)
        return writer

    @classmethod
    def reopen(
        cls,
        store: Store,
        clock: Clock,
        observers: Iterable[Observer] = (),
        known: Mark | None = None,
        signer: Signer | None = None,
    ) -> "JournalWriter":
        """Go on with a journal, after every link and seal of it was verified. Appends nothing by itself.

        ``known`` is a mark that was durable once, as a lease remembers it.

        Raises:
            DamagedJournalError: The journal is not whole; nothing may be sent on its strength (J5).
            ForeignJournalError: A newer engine wrote it.
            ForkedJournalError: It does not have the known mark (S19).
        """
        phases, check = Phases(), SealCheck()

        def watch(entry: Entry) -> None:
            phases.take(entry.event)
            check(entry)

        found = replay(store, watch, known)
        check.end()
        check.refuse()
        writer = cls(store, clock, found.state, found.head, observers, signer=signer)
        writer._phases = phases
        return writer

    @property
    def head(self) -> str:
        """SHA-256 of the last line appended, durable or not."""
        return self._head

    @property
    def durable_mark(self) -> Mark:
        """The last line that is known to be durable: on disk, and in the witness where there is one."""
        return self._durable if self._replication is None else self._replication.acked

    @property
    def replicated(self) -> bool:
        """Whether everything is made durable in a second place too."""
        return self._replication is not None

    def replicate(self, replication: Replication) -> None:
        """Let everything be made durable in a second place too, which has taken all that is on disk now."""
        self._replication = replication

    def disown(self, because: str) -> None:
        """Write nothing more, since the journal is another process's by now (safety S16).

        Whatever was not written yet never will be; whoever waits for it gets a JournalLostError.
        """
        self._fault = self._fault or JournalLostError(because)
        self._wake()

    def append(self, event: Event) -> Entry:
        """Number, date, chain and fold an event, and see to it that it is written soon.

        Returns: The entry; the state has it already, the disk only after ``durable``.
        Raises:
            JournalLostError: The store failed before.
            BrokenStoryError, IllegalMoveError, UnwritableEventError: Our defect; the event is not recorded.
        """
        self._refuse_if_lost()
        before = self._vouch() if self._phases.before(event) else ()
        entry = self._take(event)
        after = self._vouch() if self._phases.take(event) else ()
        self._postpone()
        self._tell(*before, entry, *after)
        return entry

    async def durable(self) -> None:
        """Return when everything appended so far is durable; at once when it already is.

        Raises:
            JournalLostError: It is not and will not be. Send nothing more.
            ForkedJournalError: The copy in the witness is another one. Send nothing more.
        """
        seq = self.state.seq
        await self._on_disk()
        if self._replication is not None:
            await self._replication.until(seq)

    async def concluded(self) -> None:
        """Return when everything is on disk, and in the witness unless that does not answer for a while.

        For a run's end, on which nothing depends that would be sent. Raises as ``durable``.
        """
        await self._on_disk()
        if self._replication is not None:
            await self._replication.settle(CONCLUDE_S)

    def flush(self) -> None:
        """Write what is waiting, now.

        Raises:
            JournalLostError: It could not be written, now or at an earlier commit.
        """
        self._commit()
        self._refuse_if_lost()

    def last_word(self, event: Event) -> Entry:
        """Record how the run ends when the disk is full, in the space kept back for that; once (J6).

        What could not be written before goes in front of it. That is safe to record late: nothing that waited
        for it was sent, so on resume an intent among it is settled by reading, like any other.

        Raises:
            JournalLostError: The store failed in another way than being full, or fails again.
        """
        if not isinstance(self._fault, JournalFullError):
            self._refuse_if_lost()
            raise JournalLostError("a last word is for a full disk, and this journal still takes entries")
        self._fault = JournalLostError("the last word is said")
        entry = self._take(event)
        seals = self._vouch() if self._phases.take(event) else ()
        self._store.append_last(self._buffer)
        if self._replication is not None:
            self._replication.hand(self._buffer)
        self._buffer = []
        self._durable = Mark(self.state.seq, self._head)
        self._tell(entry, *seals)
        return entry

    def close(self) -> None:
        """Write what is waiting and let go of the store, in any case.

        Raises:
            JournalLostError: Something that was waiting could not be written.
        """
        unwritten = bool(self._buffer)
        try:
            if unwritten:
                self.flush()
        finally:
            self._store.close()
            self._fault = self._fault or JournalLostError("the journal is closed")

    async def _on_disk(self) -> None:
        self._refuse_if_lost()
        if self._buffer:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _take(self, event: Event) -> Entry:
        line, entry = seal(Entry(seq=self.state.seq + 1, at=self._clock.now(), prev=self._head, event=event))
        self.state.apply(entry)
        self._head = digest(line)
        self._buffer.append(line)
        return entry

    def _vouch(self) -> tuple[Entry, ...]:
        """Sign everything so far, in the same transaction (safety J3); nothing where nobody signs."""
        if self._signer is None:
            return ()
        return (self._take(sealed(self._signer, self.state.run, self.state.seq, self._head)),)

    def _tell(self, *entries: Entry) -> None:
        for entry in entries:
            for observer in self._observers:
                observer(entry, self.state)

    def _postpone(self) -> None:
        if self._turns:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop: the caller is synchronous and will flush or close
            return
        self._turns = TURNS
        loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turns -= 1
        if self._turns:
            asyncio.get_running_loop().call_soon(self._turn)
        else:
            self._commit()

    def _commit(self) -> None:
        """Write the buffer as one transaction and wake who waits; a failure is kept for them, not raised."""
        if not self._buffer or self._fault:
            return
        self._fault = JournalLostError(
            "a commit was cut short"
        )  # unless one of the next two lines is reached
        try:
            self._store.append(self._buffer)
            if self._replication is not None:
                self._replication.hand(self._buffer)
            self._fault, self._buffer = None, []
            self._durable = Mark(self.state.seq, self._head)
        except JournalLostError as lost:
            self._fault = lost
        finally:
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if self._fault is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(self._lost(self._fault))

    def _refuse_if_lost(self) -> None:
        if self._fault is not None:
            raise self._lost(self._fault) from self._fault

    def _lost(self, fault: JournalLostError) -> JournalLostError:
        return JournalLostError(str(fault))
