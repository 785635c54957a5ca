"""A shell in a home of its own."""

from pathlib import Path

import pytest

from avd_failover.journal.home import Home
from tests.cli.runs_at_hand import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    place = tmp_path / "home"
    monkeypatch.setenv("AVD_FAILOVER_HOME", str(place))
    return Shell(Home(place), capfd)
