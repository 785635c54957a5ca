"""What the engine tells while a run goes on: a collaborator with a silent default."""

from datetime import datetime
from typing import Protocol

from avd_failover.journal.events import Entry
from avd_failover.journal.state import RunState


class Progress(Protocol):
    """Watches a run. Called on the event loop; must return at once and never raise."""

    def entry(self, entry: Entry, state: RunState) -> None:
        """Tell that an entry was appended; ``state`` already has it."""
        ...

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Tell what a step waits for and until when at most; called at every look."""
        ...


class Silent:
    """Tells nobody."""

    def entry(self, entry: Entry, state: RunState) -> None:
        """Ignore the entry."""

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Ignore the wait."""
