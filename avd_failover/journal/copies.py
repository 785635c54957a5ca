"""Copies of journals in a witness: one append blob per run, the journal's lines with a line feed each (J7).

A copy only ever grows, at the position where its writer believes that it ends. What stands there is compared
before anything is sent again: a copy that ends elsewhere, or otherwise, is another one (S19).
"""

from collections.abc import Sequence

from avd_failover.domain.blobs import BLOCK_BYTES, ELSEWHERE, NOT_THERE, Blobs, said
from avd_failover.domain.faults import RefusedError, UnknownError
from avd_failover.journal.store import Damage, DamagedJournalError, ForkedJournalError
from avd_failover.journal.witness_leases import digest_of_pair

_ENDING = ".jsonl"


def name_of_copy(pair: str, run: str) -> str:
    """Return the name of the blob with the copy of a run's journal."""
    return f"{_beginning(pair)}{run}{_ENDING}"


async def runs_copied(blobs: Blobs, pair: str) -> dict[str, int]:
    """Return the runs of a pair that have a copy, and how many bytes each has.

    Raises:
        CloudError: The witness does not tell.
    """
    begins = _beginning(pair)
    found = await blobs.names(begins)
    return {
        one.name.removeprefix(begins).removesuffix(_ENDING): one.size
        for one in found
        if one.name.endswith(_ENDING)
    }


def first_block(lines: Sequence[bytes]) -> int:
    """Return how many of the lines fit one block; a line that is too long for one goes alone."""
    size = 0
    for n, line in enumerate(lines):
        size += len(line) + 1
        if size > BLOCK_BYTES:
            return max(n, 1)
    return len(lines)


class Copy:
    """The copy of one run's journal, as its one writer knows it."""

    def __init__(self, blobs: Blobs, name: str) -> None:
        self._blobs = blobs
        self._name = name
        self._lines = 0
        self._position = 0
        self._tail = b""

    async def read(self) -> tuple[bytes, ...]:
        """Return every line, unchecked; none where there is no copy.

        Raises:
            CloudError: It cannot be read at the moment.
            DamagedJournalError: Its last line has no end.
        """
        found = await self._blobs.read(self._name)
        if found is None or not found.content:
            return ()
        *lines, rest = found.content.split(b"\n")
        if rest:
            raise DamagedJournalError(len(lines) + 1, Damage.UNREADABLE, "the copy's last line has no end")
        return tuple(lines)

    async def open(self, lines: Sequence[bytes]) -> int:
        """Make the copy if there is none, hold it against the journal, and return how many lines it has.

        Raises:
            CloudError: The witness did not answer.
            ForkedJournalError: It has another line than the journal, or more lines.
        """
        await self._blobs.begin(self._name)
        there = await self.read()
        for seq, (mine, theirs) in enumerate(zip(lines, there, strict=False), start=1):
            if mine != theirs:
                raise ForkedJournalError(seq, f"entry {seq} is another one in the copy in the witness")
        if len(there) > len(lines):
            more = f"the copy in the witness goes on behind entry {len(lines)}, where this journal ends"
            raise ForkedJournalError(len(lines) + 1, more)
        self._lines, self._position = len(there), sum(len(line) + 1 for line in there)
        self._tail = there[-1] + b"\n" if there else b""
        return len(there)

    async def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, as one block; they are durable in the witness on return.

        Raises:
            CloudError: Not added, or nobody knows: ask ``stands`` before sending them again.
            ForkedJournalError: The copy is gone, or does not end where it ended.
        """
        content = _joined(lines)
        try:
            await self._blobs.append(self._name, content, at=self._position)
        except (UnknownError, RefusedError) as fault:
            if isinstance(fault, RefusedError) and not said(fault, ELSEWHERE | NOT_THERE):
                raise
            if not await self.stands(lines):
                raise
            return
        self._go_on(lines, content)

    async def stands(self, lines: Sequence[bytes]) -> bool:
        """Tell whether these lines were added, of which nobody said so; True counts as their acceptance.

        Raises:
            CloudError: The witness did not answer.
            ForkedJournalError: The copy is gone, or does not end where it ended.
        """
        content = _joined(lines)
        found = await self._blobs.read(self._name, offset=self._position - len(self._tail))
        if found is None:
            raise ForkedJournalError(self._lines, "the copy in the witness is gone")
        if found.content == self._tail and found.size == self._position:
            return False
        if found.content != self._tail + content:
            raise ForkedJournalError(
                self._lines, f"the copy in the witness does not end with entry {self._lines} as it did"
            )
        self._go_on(lines, content)
        return True

    def _go_on(self, lines: Sequence[bytes], content: bytes) -> None:
        self._lines += len(lines)
        self._position += len(content)
        self._tail = lines[-1] + b"\n"


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _beginning(pair: str) -> str:
    return f"journal-{digest_of_pair(pair)}-"
