"""A home with runs in it, and the command line run inside this process."""

from pathlib import Path

import pytest

from avd_failover.cli.main import run as run_cli
from avd_failover.journal.events import Event
from avd_failover.journal.home import Home
from avd_failover.journal.sqlite_store import SqliteStore
from tests.journal.builders import make_lines


class Shell:
    """Types commands and keeps what came back."""

    def __init__(self, home: Home, capfd: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capfd = capfd
        self.out = ""
        self.err = ""

    def type(self, *arguments: str) -> int:
        self._capfd.readouterr()
        code = run_cli(list(arguments))
        self.out, self.err = self._capfd.readouterr()
        return code

    def record(self, run: str, events: list[Event]) -> Path:
        """Put a closed journal into the home."""
        self.home.prepare()
        path = self.home.path_of(run)
        store = SqliteStore.create(path)
        store.append(make_lines(events))
        store.close()
        return path
