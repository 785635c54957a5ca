"""Memory of a simulated Azure: what was asked of it from outside, so that a killed process can come back.

A world is a function of scenario, seed and requests. The file is JSON lines, each flushed when written:

    {"format": 1, "seed": 7, "starts_at": "..."}        first: which world this is the memory of
    {"at_s": 12.5, "verb": "roles.put", "arguments": {}}  a request, written before it acts
    {"at_s": 30.0}                                        a mark: the world's time is not later than this

A mark is written ahead of the time it stands for, so that a restored world is never earlier than one that
was shown. A torn last line (killed while writing) is dropped. Lost with the process: how full the request
budgets were.
"""

from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from avd_failover.simulator.requests import Request, replay
from avd_failover.simulator.world import World

FORMAT = 1


class ForeignMemoryError(ValueError):
    """The file is not the memory of this world; the message says what it is instead."""


class _Head(Struct, forbid_unknown_fields=True):
    format: int
    seed: int
    starts_at: str


class _Line(Struct, forbid_unknown_fields=True, omit_defaults=True):
    at_s: float
    verb: str = ""
    arguments: dict[str, object] = {}


class Memory:
    """Appends to the memory of a world; to be closed."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._file = _opened(world, path)

    def note(self, request: Request) -> None:
        """Write a request down; the world calls this before it acts."""
        self._write(_Line(at_s=request.at_s, verb=request.verb, arguments=request.arguments))

    def mark(self, until_s: float) -> None:
        """Say that the world's time is not shown beyond ``until_s`` before the next mark."""
        self._write(_Line(at_s=until_s))

    def close(self) -> None:
        """Write down the exact time, and close the file."""
        self.mark(self._world.now_s)
        self._file.close()

    def _write(self, line: Struct) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


def restore(world: World, path: Path) -> None:
    """Bring a freshly built world to where the remembered one stood.

    Raises:
        ForeignMemoryError: The file belongs to another scenario, seed or format, or is damaged before its
            last line.
    """
    lines = _whole_lines(path.read_bytes())
    if not lines:
        return
    _check(world, lines[0], path)
    entries = [_parsed(line, number, path) for number, line in enumerate(lines[1:], start=2)]
    requests = (Request(at_s=e.at_s, verb=e.verb, arguments=e.arguments) for e in entries if e.verb)
    replay(world, requests)
    if entries:
        world.advance(entries[-1].at_s if not entries[-1].verb else _last_mark(entries))


def _last_mark(entries: list[_Line]) -> float:
    return next((entry.at_s for entry in reversed(entries) if not entry.verb), 0.0)


def _opened(world: World, path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = _whole_lines(path.read_bytes()) if path.exists() else []
    file: BinaryIO
    if lines:
        _check(world, lines[0], path)
        file = path.open("r+b")
        file.truncate(file.seek(sum(len(line) + 1 for line in lines)))
        return file
    file = path.open("wb")
    head = _Head(format=FORMAT, seed=world.core.seed, starts_at=world.core.starts_at.isoformat())
    file.write(msgspec.json.encode(head) + b"\n")
    file.flush()
    return file


def _whole_lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\n")[:-1]


def _check(world: World, line: bytes, path: Path) -> None:
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.DecodeError as error:
        raise ForeignMemoryError(f"{path}: not the memory of a simulated Azure: {error}") from error
    mine = _Head(format=FORMAT, seed=world.core.seed, starts_at=world.core.starts_at.isoformat())
    if head != mine:
        raise ForeignMemoryError(f"{path}: the memory of another world: {head}, and this is {mine}")


def _parsed(line: bytes, number: int, path: Path) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise ForeignMemoryError(f"{path}:{number}: damaged: {error}") from error
