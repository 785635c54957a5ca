"""Strict YAML: events of PyYAML's parser to plain data, with the place of every key and value.

Only what a careful person writes by hand is understood: one document of mappings, lists and scalars. No
tags, anchors, aliases, merge keys, directives or second documents; keys are text and stand once. A plain
scalar is ``true``, ``false``, ``null`` (or nothing), a whole number or a decimal as JSON writes them;
everything else, ``NO``, ``on``, ``1e3``, ``0o17``, ``12:30``, ``2026-01-01``, is text.

Values are built from events, one by one, against an explicit stack: nothing is constructed by a loader, and
the limits bite before memory or the C stack does (safety 3.5, 4.4).
"""

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import NoReturn, cast

import yaml
from msgspec import Struct
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from avd_failover.runbook.faults import Fault, Path, path_text, printable, quoted
from avd_failover.runbook.text_file import trouble_with

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What JSON can say."""

DEEPEST = 50
MOST_NODES = 20_000
MOST_FAULTS = 200
"""Faults after which reading gives up."""

Place = tuple[int, int]
"""Line and column, from 1."""

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_NAMED: dict[str, Plain] = {"": None, "null": None, "true": True, "false": False}


class _Frame(Struct):
    """A collection that is being filled; ``key`` is the key in a mapping that waits for its value."""

    value: list[Plain] | dict[str, Plain]
    path: Path
    key: str | None = None


class GaveUp(Exception):  # noqa: N818 - a decision, not an error
    """The rest of the file cannot be read with any profit; the faults so far tell why."""


class Builder:
    """Builds one document from events. With ``faults`` the data is of no use."""

    def __init__(self, file: FilePath) -> None:
        self.file = str(file)
        self.data: Plain = None
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.faults: list[Fault] = []
        self._stack: list[_Frame] = []
        self._documents = 0
        self._nodes = 0

    def read(self, text: str) -> None:
        """Take in a whole file."""
        try:
            for event in _events(text):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._syntax(text, error)
        except GaveUp:
            return
        if not self._documents and not self.faults:
            self._fault((1, 1), "the file is empty")

    def _take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, NodeEvent):
            self._node(event)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._stack.pop()

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if event.version or event.tags:
            self._fault(_start(event), "a YAML directive", hint="remove the line that begins with %")
        if self._documents > 1:
            self._give_up(_start(event), "a second document begins here", "one document a file")

    def _node(self, event: NodeEvent) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._give_up(_start(event), f"more than {MOST_NODES} values", f"at most {MOST_NODES}")
        self._refuse_cleverness(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event)
        else:
            self._value(frame, event)

    def _refuse_cleverness(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent):
            self._fault(
                _start(event), f"an alias, *{printable(event.anchor or '')}", hint="write the value out"
            )
        elif event.anchor is not None:
            self._fault(_start(event), f"an anchor, &{printable(event.anchor)}", hint="remove it")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            hint = "remove it; quotes make a value text"
            self._fault(_start(event), f"an explicit tag, {printable(event.tag)}", hint=hint)

    def _key(self, frame: _Frame, event: NodeEvent) -> None:
        if not isinstance(event, ScalarEvent):
            self._give_up(_start(event), "a key that is no text", "text")
        place = _start(event)
        if not isinstance(_plain(event), str):
            self._fault(
                place, f"the key {printable(event.value) or '(empty)'} is no text", hint="put it in quotes"
            )
        if event.value == "<<" and not event.style:
            self._fault(place, "a merge key, <<", hint="write the values out")
        self._check_characters(event)
        path = (*frame.path, event.value)
        if first := self.keys.get(path):
            found = f"the key {quoted(event.value)} stands here again; it stands in line {first[0]} already"
            self._fault(place, found, path=path, hint="keep one of the two")
        self.keys.setdefault(path, place)
        frame.key = event.value

    def _value(self, frame: _Frame | None, event: NodeEvent) -> None:
        path = self._next_path(frame)
        self.values.setdefault(path, _start(event))
        value = self._started(event, path)
        if frame is None:
            self.data = value
        elif isinstance(frame.value, dict):
            frame.value[cast("str", frame.key)] = value
            frame.key = None
        else:
            frame.value.append(value)

    def _next_path(self, frame: _Frame | None) -> Path:
        if frame is None:
            return ()
        return (*frame.path, len(frame.value) if isinstance(frame.value, list) else cast("str", frame.key))

    def _started(self, event: NodeEvent, path: Path) -> Plain:
        if isinstance(event, ScalarEvent):
            self._check_characters(event)
            return _plain(event)
        if not isinstance(event, CollectionStartEvent):
            return None
        value: list[Plain] | dict[str, Plain] = {} if isinstance(event, MappingStartEvent) else []
        self._stack.append(_Frame(value=value, path=path))
        if len(self._stack) > DEEPEST:
            self._give_up(_start(event), f"more than {DEEPEST} levels deep", f"at most {DEEPEST} levels")
        return value

    def _check_characters(self, event: ScalarEvent) -> None:
        text = event.value
        if not text.isprintable() or not text.isascii():
            for trouble in filter(None, map(trouble_with, dict.fromkeys(text))):
                self._fault(_start(event), trouble, hint="remove the escape")

    def _syntax(self, text: str, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = text.splitlines()
        rest = lines[line][column:] if line < len(lines) else ""
        hint = "indent with spaces, not with tabs" if rest.startswith("\t") else ""
        says = [part for part in (error.context, error.problem) if part]
        self._fault((line + 1, column + 1), f"this is no YAML: {', '.join(says)}", hint=hint)

    def _give_up(self, place: Place, found: str, allowed: str) -> NoReturn:
        self._fault(place, found, allowed=allowed)
        raise GaveUp

    def _fault(
        self, place: Place, found: str, *, path: Path | None = None, allowed: str = "", hint: str = ""
    ) -> None:
        at = self._here() if path is None else path
        line, column = place
        self.faults.append(
            Fault(
                file=self.file,
                line=line,
                column=column,
                path=path_text(at),
                found=found,
                allowed=allowed,
                hint=hint,
            )
        )
        if len(self.faults) >= MOST_FAULTS:
            raise GaveUp

    def _here(self) -> Path:
        if not self._stack:
            return ()
        frame = self._stack[-1]
        return (
            self._next_path(frame) if isinstance(frame.value, list) or frame.key is not None else frame.path
        )


def _events(text: str) -> Iterator[Event]:
    # The C parser where the wheel has it; both yield the same events.
    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _start(event: Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _plain(event: ScalarEvent) -> Plain:
    text = event.value
    if event.style:  # quoted or a block; one parser says None for plain, the other an empty string
        return text
    if text in _NAMED:
        return _NAMED[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
