"""Turn pydantic's errors into faults: the place in the document, what was found, what is allowed."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from avd_failover.runbook.faults import Path, described, listed, nearest, printable, quoted
from avd_failover.runbook.shape import Shape
from avd_failover.runbook.yaml_nodes import Plain


class ModelFault(Struct, frozen=True, kw_only=True):
    """A fault that knows its path but not yet its line."""

    path: Path
    found: str
    allowed: str = ""
    hint: str = ""
    at_key: bool = False
    unknown_key: bool = False


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing (null)",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
}


def faults_of(error: ValidationError, data: Plain, model: type[BaseModel]) -> Iterator[ModelFault]:
    """Yield one fault for each place that does not fit; branches of a union at one place become one fault."""
    shape = Shape(model)
    merged: dict[tuple[Path, str, bool], ModelFault] = {}
    for details in error.errors(include_url=False):
        fault = _fault(details, data, shape)
        place = (fault.path, fault.found, fault.at_key)
        merged[place] = _either(merged[place], fault) if place in merged else fault
    yield from merged.values()


def without(data: Plain, paths: Iterable[Path]) -> Plain:
    """Return a copy of the data that lacks some keys."""
    dropped = frozenset(paths)

    def copied(value: Plain, at: Path) -> Plain:
        if isinstance(value, list):
            return [copied(entry, (*at, index)) for index, entry in enumerate(value)]
        if isinstance(value, dict):
            return {k: copied(v, (*at, k)) for k, v in value.items() if (*at, k) not in dropped}
        return value

    return copied(data, ())


class _Seen(Struct, frozen=True):
    """One of pydantic's errors next to the data it is about."""

    kind: str
    path: Path
    value: Plain
    context: dict[str, Any]
    says: str
    missing: str
    """Last part of the location when the data has no such thing: a missing key, or ``[key]``."""

    @property
    def at_key(self) -> bool:
        """Whether the error is about a mapping's key; pydantic then ends the location with ``[key]``."""
        return self.missing == "[key]" and bool(self.path)

    @property
    def subject(self) -> str:
        """What the error is about, as messages show it."""
        return quoted(str(self.path[-1])) if self.at_key else described(self.value)


def _fault(details: ErrorDetails, data: Plain, shape: Shape) -> ModelFault:
    path, value, missing = _located(details["loc"], data)
    seen = _Seen(details["type"], path, value, details.get("ctx", {}), details["msg"], missing)
    match seen.kind:
        case "missing":
            return ModelFault(path=path, found=f"the key {quoted(missing)} is missing", at_key=True)
        case "extra_forbidden":
            return _unknown(path, shape.keys(data, path[:-1]))
        case "enum" | "literal_error":
            return _word(seen, shape.words(data, path))
        case "union_tag_invalid" | "union_tag_not_found":
            key = str(seen.context["discriminator"]).strip("'")
            return _tag(seen, key, shape.words(data, (*path, key)))
        case "refused":
            return _refused(seen)
        case "value_error" | "assertion_error":
            return _own_words(seen)
        case _:
            return _plain(seen)


def _located(loc: tuple[int | str, ...], data: Plain) -> tuple[Path, Plain, str]:
    """Walk pydantic's location along the data; parts that name a branch of a union have no place there."""
    path: Path = ()
    for index, part in enumerate(loc):
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif index == len(loc) - 1:
            return path, data, str(part)
        else:
            continue
        path = (*path, part)
    return path, data, ""


def _unknown(path: Path, known: list[str]) -> ModelFault:
    key = str(path[-1])
    return ModelFault(
        path=path,
        found=f"unknown key {quoted(key)}",
        allowed=listed(known),
        hint=nearest(key, known),
        at_key=True,
        unknown_key=True,
    )


def _word(seen: _Seen, words: list[str]) -> ModelFault:
    allowed = listed(words) if words else str(seen.context.get("expected", ""))
    hint = nearest(seen.value, words) if isinstance(seen.value, str) else ""
    return ModelFault(path=seen.path, found=described(seen.value), allowed=allowed, hint=hint)


def _tag(seen: _Seen, key: str, words: list[str]) -> ModelFault:
    if not isinstance(seen.value, dict):
        return ModelFault(path=seen.path, found=described(seen.value), allowed="a mapping")
    if key not in seen.value:
        found = f"the key {quoted(key)} is missing"
        return ModelFault(path=seen.path, found=found, allowed=listed(words), at_key=True)
    word = seen.value[key]
    hint = nearest(str(word), words)
    return ModelFault(path=(*seen.path, key), found=described(word), allowed=listed(words), hint=hint)


def _refused(seen: _Seen) -> ModelFault:
    allowed, hint = str(seen.context["allowed"]), str(seen.context["hint"])
    return ModelFault(path=seen.path, found=seen.subject, allowed=allowed, hint=hint, at_key=seen.at_key)


def _own_words(seen: _Seen) -> ModelFault:
    """A model's own rule: over a mapping it says what is wrong, over a value what was wanted."""
    said = seen.says.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if isinstance(seen.value, dict | list) and not seen.at_key:
        return ModelFault(path=seen.path, found=printable(said))
    return ModelFault(path=seen.path, found=seen.subject, hint=printable(said), at_key=seen.at_key)


def _plain(seen: _Seen) -> ModelFault:
    said = seen.says.removeprefix("Input should be ")
    bound = _BOUNDS.get(seen.kind, "").format(**seen.context)
    simple = isinstance(seen.value, bool | int | float)
    hint = "put it in quotes to make it text" if seen.kind == "string_type" and simple else ""
    allowed = _WANTED.get(seen.kind) or bound or said
    return ModelFault(path=seen.path, found=seen.subject, allowed=allowed, hint=hint, at_key=seen.at_key)


def _either(one: ModelFault, other: ModelFault) -> ModelFault:
    allowed = " or ".join(dict.fromkeys(text for text in (one.allowed, other.allowed) if text))
    return ModelFault(
        path=one.path, found=one.found, allowed=allowed, hint=one.hint or other.hint, at_key=one.at_key
    )
