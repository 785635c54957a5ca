"""What is wrong with a file: every fault at once, each with its place, what is allowed and what was meant.

    FileFaults          one file, all its faults; the command line prints them and ends with exit code 2
    └── Fault           one of them, a frozen value

Text that came from a file is never printed raw: control and direction characters are escaped, so that no
file can move the cursor or reorder a line on a terminal, and long text is shortened.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from msgspec import Struct

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys and list positions from the top."""

LONGEST_SHOWN = 200
"""Characters of a string from a file that a message shows."""
FAULTS_SHOWN = 50
"""Faults that the text of ``FileFaults`` lists; the exception itself holds all of them."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing wrong with a file. ``line`` and ``column`` count from 1; 0 concerns the file as a whole."""

    file: str
    line: int
    column: int
    path: str
    found: str
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """``file:line:column path: found; allowed: ...; hint``."""
        file = printable(self.file)
        place = f"{file}:{self.line}:{self.column}" if self.line else file
        says = [self.found]
        if self.allowed:
            says.append(f"allowed: {self.allowed}")
        if self.hint:
            says.append(self.hint)
        return f"{place}{' ' + self.path if self.path else ''}: {'; '.join(says)}"


class FileFaults(Exception):  # noqa: N818 - it carries faults, in the plural
    """A file cannot be used. ``faults`` holds every one that was found, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
        shown = [str(fault) for fault in self.faults[:FAULTS_SHOWN]]
        if more := len(self.faults) - len(shown):
            shown.append(f"... and {more} more")
        super().__init__("\n".join(shown))


def printable(text: str) -> str:
    """Return text that is safe on a terminal: at most 200 characters, none that steers it."""
    shown = "".join(_escaped(character) for character in text[:LONGEST_SHOWN])
    return shown if len(text) <= LONGEST_SHOWN else f"{shown}... ({len(text)} characters)"


def quoted(text: str) -> str:
    """Return text from a file as messages show it, in quotes."""
    return f"'{printable(text)}'"


def described(value: object) -> str:
    """Say what a value of a document is, as people would: ``'abc'``, ``7 (a number)``, ``a list``."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return f"{str(value).lower()} (a flag)"
        case int() | float():
            return f"{value} (a number)"
        case str():
            return quoted(value)
        case list():
            return f"a list of {len(value)}"
        case _:
            return "a mapping"


def path_text(path: Path) -> str:
    """Return a path as messages write it, such as ``steps[3].needs[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}"
    return text.removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the known word next to this one; empty when none is near."""
    candidates = list(known)
    folded = {candidate.lower(): candidate for candidate in reversed(candidates)}
    close = get_close_matches(word[:LONGEST_SHOWN].lower(), list(folded), n=1, cutoff=0.55)
    return f"did you mean {quoted(folded[close[0]])}?" if close else ""


def listed(words: Sequence[str]) -> str:
    """Return words joined by commas, the first thirty of them."""
    shown = ", ".join(printable(word) for word in words[:30])
    return shown if len(words) <= 30 else f"{shown} and {len(words) - 30} more"


def _escaped(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character
