"""Where a run is watched: the live view on a terminal, plain lines elsewhere, JSON lines when asked for."""

import sys
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from avd_failover.cli.live import Live
from avd_failover.cli.logs import LogProgress
from avd_failover.cli.plain import Plain
from avd_failover.domain.clock import Clock
from avd_failover.journal.events import Entry
from avd_failover.journal.state import RunState


class Screen(Protocol):
    """A Progress with a beginning and an end."""

    def entry(self, entry: Entry, state: RunState) -> None:
        """Tell that an entry was appended."""
        ...

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Tell what a step waits for."""
        ...

    def say(self, line: str) -> None:
        """Tell something that is no entry of the journal."""
        ...

    def close(self) -> None:
        """Give the terminal back. Twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def screen_for(log_format: str, clock: Clock) -> Screen:
    """Choose the screen: JSON lines if asked, a live view on a terminal, else plain lines; all on stderr."""
    if log_format == "json":
        return LogProgress(clock)
    if sys.stderr.isatty():
        return Live(clock)
    return Plain(clock)
