"""A journal's file, absent, written or open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from avd_failover.journal.sqlite_store import SqliteStore
from tests.journal.builders import RUN, make_lines, whole_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    directory = tmp_path / "runs"
    directory.mkdir(mode=0o700)
    return directory / f"{RUN}.journal"


@pytest.fixture
def written(path: Path) -> Path:
    """A whole journal, closed."""
    store = SqliteStore.create(path)
    store.append(make_lines(whole_run()))
    store.close()
    return path


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore.create(path)
    yield made
    made.close()
