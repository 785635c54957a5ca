"""A journal in memory: for rehearsals in virtual time, and for tests that crash a run thousands of times."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from avd_failover.journal.store import Request


class MemoryStore:
    """Lines in a list. Durable for as long as the object lives, which is all that it promises."""

    def __init__(self, run: str, lines: Iterable[bytes] = ()) -> None:
        self._run = run
        self.lines = list(lines)
        self.commits = 0
        """How many transactions there were."""
        self._requests: list[Request] = []

    @property
    def run(self) -> str:
        """Id of the run that this place is meant for."""
        return self._run

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines as one transaction."""
        self.lines += lines
        self.commits += 1

    def append_last(self, lines: Sequence[bytes]) -> None:
        """Add lines; memory keeps nothing back for this."""
        self.append(lines)

    def read(self) -> Iterator[bytes]:
        """Yield every line, as of now."""
        return iter(tuple(self.lines))

    def append_request(self, at: datetime, kind: str, body: str) -> int:
        """Add an operator request and return its number."""
        self._requests.append(Request(id=len(self._requests) + 1, at=at, kind=kind, body=body))
        return len(self._requests)

    def requests_after(self, last: int) -> tuple[Request, ...]:
        """Return the requests numbered above ``last``, oldest first."""
        return tuple(self._requests[last:])

    def close(self) -> None:
        """Keep the lines: the next process of a test opens them again."""
