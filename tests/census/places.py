"""Error paths of the package: where they stand, and a copy of the package that tells which of them ran.

A *place* is the first line of an ``except`` or a ``raise``. Before each of them the copy gets a call that
writes the place's number to a file, once in each process: nothing else slows down, and processes that a test
starts are counted too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOMS = ("azure", "cli", "domain", "engine", "journal", "operations", "outside", "runbook")
"""The simulated Azure is equipment; ``report`` only reads."""

MARKS = '''"""Writes down which error paths ran."""

import os

_OPEN, _WRITE, _CLOSE = os.open, os.write, os.close  # before a test puts something else in their place
_HOW = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_seen: set[int] = set()


def hit(place: int) -> None:
    """Write a place down, once in a process."""
    if place not in _seen:
        _seen.add(place)
        file = _OPEN({path!r}, _HOW, 0o600)
        _WRITE(file, b"%d\\n" % place)
        _CLOSE(file)
'''


class Place(NamedTuple):
    """One error path: ``kind`` is ``except`` or ``raise``, ``what`` the exception as the code has it."""

    file: str
    line: int
    within: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.within}: {self.kind} {self.what}"


def places(package: Path) -> list[Place]:
    """Return every error path of the rooms, in the order of files and lines."""
    found = []
    for room in ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            file = str(path.relative_to(package))
            tree = ast.parse(path.read_text())
            found += sorted({one.line: one for one in _inside(tree, file, "")}.values())
    return found


def _inside(node: ast.AST, file: str, within: str) -> Iterator[Place]:
    """Yield the places below a node; what stands first in a handler is the handler's own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise):
            yield Place(file, child.lineno, within, "raise", _what(child.exc))
        name = getattr(child, "name", None)
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        yield from _inside(child, file, f"{within}.{name}".strip(".") if named else within)
        if isinstance(child, ast.ExceptHandler):
            yield Place(file, child.body[0].lineno, within, "except", _what(child.type))


def _what(node: ast.expr | None) -> str:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func)
    return ast.unparse(node) if node else "again"


def mark(package: Path, into: Path) -> list[Place]:
    """Let every place of a copy of the package write its number to a file; return the places by number."""
    found = places(package)
    by_file: dict[str, list[tuple[int, int]]] = {}
    for number, place in enumerate(found):
        by_file.setdefault(place.file, []).append((place.line, number))
    for file, marks in by_file.items():
        path = package / file
        path.write_text(_marked(path.read_text().splitlines(), marks))
    (package / "census_marks.py").write_text(MARKS.replace("{path!r}", repr(str(into))))
    root = package / "__init__.py"
    root.write_text(root.read_text() + "\nimport avd_failover.census_marks  # noqa: E402, F401\n")
    return found


def _marked(lines: list[str], marks: list[tuple[int, int]]) -> str:
    call = '__import__("avd_failover.census_marks", fromlist=["hit"]).hit'
    for line, number in sorted(marks, reverse=True):
        stands = lines[line - 1]
        indent = stands[: len(stands) - len(stands.lstrip())]
        lines.insert(line - 1, f"{indent}{call}({number})")
    return "\n".join(lines) + "\n"
