"""What lost power leaves of a journal: a torn write-ahead log is a beginning or refused (T7)."""

import shutil
from pathlib import Path

import pytest

from avd_failover.journal.chain import replay
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import JournalError
from tests.journal.builders import RUN, make_lines, whole_run

LINES = make_lines(whole_run())
COMMITS = (1, 3, 6, 10, len(LINES))
"""After how many lines each transaction ended: a torn log shows the lines of whole transactions only."""

STEP = 1_021
"""Bytes between two cuts; no divisor of a page, so that cuts fall into headers and into pages."""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a journal whose process died: nothing was folded back into the main file."""
    home = tmp_path_factory.mktemp("crashed")
    living = tmp_path_factory.mktemp("living")
    path = living / f"{RUN}.journal"
    store = SqliteStore.create(path)
    for begin, end in zip((0, *COMMITS), COMMITS, strict=False):
        store.append(LINES[begin:end])
    for file in living.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copy(file, home / file.name)
    store.close()
    return home


def survived(image: Path) -> list[bytes] | None:
    """Return the lines that a verified reading finds; None when it is refused."""
    try:
        store = SqliteStore.open(image / f"{RUN}.journal")
    except JournalError:
        return None
    try:
        lines = list(store.read())
        if lines:
            replay(store)
    except JournalError:
        return None
    finally:
        store.close()
    return lines


def image_of(crashed: Path, to: Path) -> Path:
    """Copy a crashed journal, and return its write-ahead log."""
    shutil.copytree(crashed, to)
    to.chmod(0o700)
    return to / f"{RUN}.journal-wal"


def test_a_whole_log_gives_every_line(crashed: Path, tmp_path: Path) -> None:
    image_of(crashed, tmp_path / "image")
    assert survived(tmp_path / "image") == LINES


def test_a_log_torn_anywhere_is_a_beginning_of_whole_transactions_or_refused(
    crashed: Path, tmp_path: Path
) -> None:
    size = (crashed / f"{RUN}.journal-wal").stat().st_size
    lengths = set()
    for cut in range(0, size, STEP):
        image = tmp_path / str(cut)
        log = image_of(crashed, image)
        log.write_bytes(log.read_bytes()[:cut])
        lines = survived(image)
        lengths.add(None if lines is None else len(lines))
        assert lines is None or lines == LINES[: len(lines)], f"cut at byte {cut}"
    assert lengths <= {None, 0, *COMMITS}
    assert len(lengths) > 3, "the cuts meant something"


def test_a_log_with_a_flipped_bit_is_never_read_as_other_lines(crashed: Path, tmp_path: Path) -> None:
    size = (crashed / f"{RUN}.journal-wal").stat().st_size
    for place in range(5, size, STEP):
        image = tmp_path / str(place)
        log = image_of(crashed, image)
        content = bytearray(log.read_bytes())
        content[place] ^= 1 << (place % 8)
        log.write_bytes(bytes(content))
        lines = survived(image)
        assert lines is None or lines == LINES[: len(lines)], f"bit flipped in byte {place}"
