"""Read one text file that a stranger may have written, and refuse what is no plain UTF-8 text.

Refused with a place (safety 3.5): control, direction and invisible characters, NUL, a byte order mark,
UTF-16, anything but UTF-8. Refused as a whole: symbolic links, devices, pipes, folders, over 1 MiB.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path as FilePath

from avd_failover.runbook.faults import Fault, FileFaults

LARGEST_BYTES = 1 << 20
MOST_CHARACTERS = 100
"""Unwelcome characters that are reported before reading gives up; more of them are no accident."""

_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u3164\ufeff\uffa0")
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but words of several scripts are written with them."""


def read_text(path: FilePath) -> str:
    """Return the text of a regular file.

    Raises:
        FileFaults: It is missing, no regular file, too large, or not plain UTF-8 text.
    """
    text = _decoded(path, _bytes(path))
    if faults := _unwelcome(path, text):
        raise FileFaults(faults)
    return text


def trouble_with(character: str) -> str:
    """Name what is wrong with a character, or return an empty string for one that may stand in a file."""
    if character in "\t\n" or character in _JOINERS:
        return ""
    category = unicodedata.category(character)
    if character in _INVISIBLE or category in {"Cf", "Zl", "Zp"}:
        return f"invisible or direction-changing character U+{ord(character):04X}"
    if category in {"Cc", "Cs"} or ord(character) & 0xFFFE == 0xFFFE:
        return f"control character U+{ord(character):04X}"
    return ""


def _bytes(path: FilePath) -> bytes:
    try:
        # Looked at before it is opened: to open a device can already do something.
        if kind := _irregular(os.lstat(path).st_mode):
            raise _whole(path, f"is {kind}", "a regular file")
        return _contents(path)
    except OSError as error:
        raise _whole(path, f"cannot be read: {error.strerror or type(error).__name__}") from error
    except ValueError as error:
        raise _whole(path, "is not a path: it contains NUL") from error


def _contents(path: FilePath) -> bytes:
    # Neither follow a link nor wait for a pipe that was put there since.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        if kind := _irregular(os.fstat(stream.fileno()).st_mode):
            raise _whole(path, f"is {kind}", "a regular file")
        content = stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise _whole(path, "is larger than 1 MiB", "at most 1 MiB")
    return content


def _irregular(mode: int) -> str:
    kinds = {
        stat.S_ISLNK: "a symbolic link",
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a pipe",
        stat.S_ISSOCK: "a socket",
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
    }
    return next((name for tests, name in kinds.items() if tests(mode)), "")


def _decoded(path: FilePath, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _at(path, 1, 1, "the file is UTF-16", "save it as UTF-8")
    if content.startswith(b"\xef\xbb\xbf"):
        raise _at(path, 1, 1, "the file begins with a byte order mark", "save it as UTF-8 without one")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        line, column = _place(before, len(before))
        raise _at(path, line, column, "bytes that are not UTF-8", "save it as UTF-8") from error


def _unwelcome(path: FilePath, text: str) -> list[Fault]:
    return list(islice(_troubles(path, text), MOST_CHARACTERS))


def _troubles(path: FilePath, text: str) -> Iterator[Fault]:
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        content = line.removesuffix("\r") if number < len(lines) else line
        if content.isascii() and content.isprintable():
            continue
        for column, character in enumerate(content, start=1):
            if trouble := trouble_with(character):
                yield _fault(path, number, column, trouble, "remove it")


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _fault(path: FilePath, line: int, column: int, found: str, hint: str) -> Fault:
    return Fault(file=str(path), line=line, column=column, path="", found=found, hint=hint)


def _at(path: FilePath, line: int, column: int, found: str, hint: str) -> FileFaults:
    return FileFaults([_fault(path, line, column, found, hint)])


def _whole(path: FilePath, found: str, allowed: str = "") -> FileFaults:
    return FileFaults([Fault(file=str(path), line=0, column=0, path="", found=found, allowed=allowed)])
