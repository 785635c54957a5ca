"""Writing a report to a file: whole or not at all, for its owner alone, and never through a link."""

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from avd_failover.journal.disk import UnfitPlaceError, private_directory, sync_directory

if TYPE_CHECKING:
    from avd_failover.journal.home import Home
    from avd_failover.journal.store import Store


class UnwritableReportError(ValueError):
    """The report cannot be written there; the message says why."""


def leave_report(store: "Store", home: "Home", run: str) -> Path:
    """Write the HTML report of a run to ``reports/<run>.html`` in its home, in the place of an earlier one.

    Reads the journal back and verifies it: some 30 ms for a run of 300 entries, 20 us for each further one.

    Raises:
        UnwritableReportError: It cannot be written; the run itself is none the worse for it.
        DamagedJournalError: The journal is not whole.
    """
    from avd_failover.cli.related import related
    from avd_failover.report.html import page
    from avd_failover.report.story import read

    directory = home.path / "reports"
    try:
        private_directory(directory)
    except UnfitPlaceError as error:
        raise UnwritableReportError(str(error)) from error
    account = read(store, lambda _: False, lambda state: related(home, state))
    return write_whole(directory / f"{run}.html", page(account))


def write_whole(path: Path, text: str) -> Path:
    """Write a file of mode 0600 under a name of its own and move it into place; return where it is.

    What was there before stays as it was until then, and for good when anything fails.

    Raises:
        UnwritableReportError: A directory, a link or a device is there, or the disk does not take it.
    """
    _refuse_odd(path)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        _write_new(beside, text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise UnwritableReportError(f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return path.absolute()


def _refuse_odd(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnwritableReportError(f"cannot write {path}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise UnwritableReportError(f"{path} is a directory: name a file in it")
    if stat.S_ISLNK(mode):
        raise UnwritableReportError(f"{path} is a symbolic link, and reports are not written through links")
    if not stat.S_ISREG(mode):
        raise UnwritableReportError(f"{path} is not a plain file")


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
