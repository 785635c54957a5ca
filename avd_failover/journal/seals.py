"""Signed checkpoints: where a journal is sealed, and whether its seals hold (safety J3, 4.5).

A hash chain shows an edit, but not that the whole was rewritten and its hashes computed anew. So at the
boundaries of its phases a journal carries ``journal.sealed``: the number and hash of the entry before it,
signed. A seal stands right behind the first entry, a resume, a turn, a choice between journals, every proof
of a barrier or of granted access, and the end; and right before the first revoke. It is part of the same
transaction as its neighbour, so that no mutation waits for more than one local signature.

What seals show: everything up to a seal is what the owner of the key wrote. A seal that lacks where one
belongs is a break as well. What they cannot show: that a journal was cut off right behind one of its seals;
against that stands the line that the lease remembers (S19), or a head that was kept elsewhere.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from avd_failover.domain.actions import RevokeAssignment
from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import (
    ActionIntended,
    Entry,
    Event,
    JournalChosen,
    JournalSealed,
    RunEnded,
    RunPinned,
    RunResumed,
    RunTurned,
    StepEnded,
)
from avd_failover.journal.keys import Signer, signed_by
from avd_failover.journal.store import Damage, DamagedJournalError

PROOFS = frozenset({"barrier", "assignments.grant", "assignments.restore"})
"""Operations whose proof ends a phase."""


def message(run: str, seq: int, head: str) -> bytes:
    """Return what is signed: these three, and what they are."""
    return f"avd-failover journal seal 1\n{run}\n{seq}\n{head}\n".encode()


def sealed(signer: Signer, run: str, seq: int, head: str) -> JournalSealed:
    """Return the seal of everything up to the entry ``seq``, whose line has the hash ``head``."""
    return JournalSealed(
        seq=seq, head=head, key=signer.public, signature=signer.sign(message(run, seq, head))
    )


class Phases:
    """Knows where seals belong, from the events themselves. Shown every one of them, in order."""

    def __init__(self) -> None:
        self._uses: dict[str, str] = {}
        self._revoked = False

    def before(self, event: Event) -> bool:
        """Tell whether a seal belongs right before this event: it is the first revoke."""
        return not self._revoked and _revokes(event)

    def take(self, event: Event) -> bool:
        """Take an event in, and tell whether a seal belongs right behind it."""
        self._revoked = self._revoked or _revokes(event)
        match event:
            case RunPinned() | RunTurned():
                self._uses.update({step.id: step.uses for step in event.graph.steps})
                return True
            case RunResumed() | RunEnded() | JournalChosen():
                return True
            case StepEnded(status=StepStatus.DONE):
                return self._uses.get(event.step) in PROOFS
        return False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One seal: the entry where it stands, and up to where it vouches. ``fault`` is empty if it holds."""

    at: int
    seq: int
    key: str
    fault: str = ""


class SealCheck:
    """Checks the seals of a journal whose links are checked besides. Shown every entry, in order."""

    def __init__(self) -> None:
        self.pinned = ""
        """The public key that the first entry names; empty for a journal that was begun unsigned."""
        self.checkpoints: list[Checkpoint] = []
        self.missing: list[int] = []
        """Entries beside which a seal belongs and stands not; only in a journal that was begun signed."""
        self._run = ""
        self._phases = Phases()
        self._owed = 0
        self._sealed = False

    def __call__(self, entry: Entry) -> None:
        """Take the next entry in."""
        event = entry.event
        if isinstance(event, RunPinned):
            self._run, self.pinned = event.run, event.signer
        if isinstance(event, JournalSealed):
            self.checkpoints.append(self._checked(entry, event))
            self._owed, self._sealed = 0, True
            return
        if self._owed or (self._phases.before(event) and not self._sealed):
            self._miss(self._owed or entry.seq)
        self._owed, self._sealed = entry.seq if self._phases.take(event) else 0, False

    def end(self) -> None:
        """Take note that there is no entry more."""
        if self._owed:
            self._miss(self._owed)

    @property
    def unsigned(self) -> bool:
        """Whether nobody ever signed this journal."""
        return not self.pinned and not self.checkpoints

    @property
    def vouched(self) -> int:
        """Number of the last entry that a seal which holds vouches for; 0 for none."""
        return max((one.seq for one in self.checkpoints if not one.fault), default=0)

    def untrusted(self, keys: Collection[str]) -> tuple[Checkpoint, ...]:
        """Return the checkpoints that hold, but by a key that is none of these."""
        return tuple(one for one in self.checkpoints if not one.fault and one.key not in keys)

    def refuse(self) -> None:
        """Refuse a journal whose seals do not hold or lack; one that was never signed passes.

        Raises:
            DamagedJournalError: At the first break.
        """
        broken = [(one.at, one.fault) for one in self.checkpoints if one.fault]
        lacking = [(at, "the seal that belongs here was taken out") for at in self.missing]
        if faults := sorted((*broken, *lacking)):
            at, fault = faults[0]
            raise DamagedJournalError(at, Damage.BROKEN_SEAL, fault)

    def _miss(self, seq: int) -> None:
        if self.pinned:
            self.missing.append(seq)

    def _checked(self, entry: Entry, seal: JournalSealed) -> Checkpoint:
        fault = ""
        if (seal.seq, seal.head) != (entry.seq - 1, entry.prev):
            fault = "seals another entry than the one before it: what stands before was rewritten"
        elif not signed_by(seal.key, message(self._run, seal.seq, seal.head), seal.signature):
            fault = "was not signed by the key it names"
        return Checkpoint(entry.seq, seal.seq, seal.key, fault)


def check_seals(entries: Iterable[Entry]) -> SealCheck:
    """Check the seals of a whole journal, first entry first."""
    check = SealCheck()
    for entry in entries:
        check(entry)
    check.end()
    return check


def _revokes(event: Event) -> bool:
    return isinstance(event, ActionIntended) and isinstance(event.action, RevokeAssignment)
