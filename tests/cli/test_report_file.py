"""Files of reports: whole or not at all, private, and in the place of an earlier one."""

import os
import stat
from pathlib import Path

import pytest

from avd_failover.cli.report_file import UnwritableReportError, leave_report, write_whole
from avd_failover.journal.home import Home
from avd_failover.journal.sqlite_store import SqliteStore
from avd_failover.journal.store import DamagedJournalError
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, make_lines, whole_run
from tests.journal.files import meddle


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir())


def test_an_earlier_file_is_replaced_and_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")
    path.chmod(0o666)
    assert write_whole(path, "new") == path
    assert path.read_text() == "new"
    assert mode(path) == 0o600
    assert names(tmp_path) == ["r.html"]


def test_a_second_name_of_the_earlier_file_keeps_what_it_had(tmp_path: Path) -> None:
    """The file is exchanged, not written into, so nobody else's copy changes under their hands."""
    path, other = tmp_path / "r.html", tmp_path / "kept.html"
    other.write_text("old")
    os.link(other, path)
    write_whole(path, "new")
    assert (path.read_text(), other.read_text()) == ("new", "old")


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_when_the_disk_fails_the_earlier_file_stays_and_nothing_is_left_beside_it(
    tmp_path: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UnwritableReportError, match="No space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["r.html"]


def test_a_name_as_long_as_a_disk_takes_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 250 + ".html")
    assert write_whole(path, "x").read_text() == "x"


def test_text_that_no_encoding_takes_is_spelled_out(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "r.html", "a\ud800b").read_text() == "a\\ud800b"


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "r.html", tmp_path / "target"
    target.write_text("mine")
    if kind == "directory":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(target)
    else:
        os.mkfifo(path)
    with pytest.raises(UnwritableReportError):
        write_whole(path, "new")
    assert target.read_text() == "mine"


def left(home: Home) -> Path:
    store = SqliteStore.read_only(home.path_of(RUN))
    try:
        return leave_report(store, home, RUN)
    finally:
        store.close()


def test_a_run_leaves_its_report_in_its_home(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    path = left(shell.home)
    assert path == shell.home.path / "reports" / f"{RUN}.html"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert "Failover of pooled-eu" in path.read_text(encoding="utf-8")


def test_a_report_that_is_left_is_the_one_that_is_asked_for_later(shell: Shell, tmp_path: Path) -> None:
    shell.record(RUN, whole_run())
    shell.type("report", RUN, "--html", str(tmp_path / "r.html"))
    assert left(shell.home).read_bytes() == (tmp_path / "r.html").read_bytes()


def test_a_resumed_run_leaves_a_report_in_the_place_of_the_earlier_one(shell: Shell) -> None:
    shell.home.prepare()
    store = SqliteStore.create(shell.home.path_of(RUN))
    try:
        store.append(make_lines(whole_run())[:7])
        first = leave_report(store, shell.home, RUN).read_text(encoding="utf-8")
        store.append(make_lines(whole_run())[7:])
        second = leave_report(store, shell.home, RUN).read_text(encoding="utf-8")
    finally:
        store.close()
    assert "told as of" in first
    assert "every step ended" in second
    assert names(shell.home.path / "reports") == [f"{RUN}.html"]


def test_a_damaged_journal_leaves_no_report(shell: Shell) -> None:
    meddle(shell.record(RUN, whole_run()), "DELETE FROM events WHERE seq=3")
    with pytest.raises(DamagedJournalError):
        left(shell.home)
    assert names(shell.home.path / "reports") == []


def test_a_place_that_others_may_write_to_takes_no_report(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    (shell.home.path / "reports").mkdir()
    (shell.home.path / "reports").chmod(0o777)
    with pytest.raises(UnwritableReportError, match="others may write"):
        left(shell.home)


def test_a_file_where_the_directory_belongs_is_told_as_such(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    (shell.home.path / "reports").write_text("mine")
    with pytest.raises(UnwritableReportError, match="not a directory"):
        left(shell.home)
