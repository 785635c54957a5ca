"""JSON values against OpenAPI 2.0 schemas. What is found is named by its place in the documents.

Written for this and not with ``jsonschema``, because a finding must say which definition and property it is
about, and because five findings that a validator would not tell apart mean different things here
(``Finding.kind``). ``test_spec.py`` holds it to ``jsonschema``'s verdict.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from tests.contract.documents import Document

Json = Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "file": (str,),
}
_ANNOTATION = "@odata."
_MANY = 100
"""An enumeration this long (sizes of machines) is a list of examples, not a closed set."""


class Finding(Struct, frozen=True, order=True):
    """One departure from a document.

    ``kind``: null (a null in a property that need not be there, and is not marked nullable), undocumented-
    property, enum-open (beyond an extensible enumeration), datetime-zone, discriminator-unknown, and the
    plain errors type, required, enum, format, pattern, length, range, read-only-sent.
    ``at``: ``Definition.property``, as the documents name them.
    """

    kind: str
    at: str
    told: str = ""

    @property
    def key(self) -> str:
        """What it is known by in the list of deviations."""
        return f"{self.kind} {self.at}"


class Shape(Struct, frozen=True):
    """A schema with references followed and ``allOf`` merged."""

    document: Document
    name: str
    own: Mapping[str, Json]
    properties: Mapping[str, tuple[Document, Mapping[str, Json]]]
    required: frozenset[str]


def shape(document: Document, schema: Mapping[str, Json], name: str = "") -> Shape:
    """Merge what a schema is made of; ``name`` stands in where it has none of its own."""
    there, own, called = document.resolve(schema)
    properties: dict[str, tuple[Document, Mapping[str, Json]]] = {}
    required = set(own.get("required", ()))
    for part in own.get("allOf", ()):
        base = shape(there, part)
        properties |= base.properties
        required |= base.required
        own = {**base.own, **own}
    properties |= {key: (there, one) for key, one in own.get("properties", {}).items()}
    return Shape(there, called or name, own, properties, frozenset(required))


def check(
    document: Document, schema: Mapping[str, Json], value: Json, *, at: str, sent: bool = False
) -> Iterator[Finding]:
    """Yield what is wrong with a value. ``sent``: a request, where nothing read-only belongs."""
    base = shape(document, schema, at)
    whole = _narrowed(base, value)
    wanted = whole.own.get("type", "object" if whole.properties else None)
    if wanted and (not isinstance(value, _TYPES[wanted]) or (wanted != "boolean" and value is True)):
        yield Finding("type", at, f"{type(value).__name__} for {wanted}")
    elif isinstance(value, dict):
        if whole is base:
            yield from _discriminator(base, value)
        yield from _object(whole, value, sent=sent)
    elif isinstance(value, list):
        items = whole.own.get("items", {})
        for item in value:
            yield from check(whole.document, items, item, at=at, sent=sent)
    else:
        yield from plain(whole.own, value, at)


def _object(whole: Shape, value: Mapping[str, Json], *, sent: bool) -> Iterator[Finding]:
    for missing in sorted(whole.required - value.keys()):
        if not (sent and _read_only(whole, missing)):
            yield Finding("required", f"{whole.name}.{missing}")
    extra = whole.own.get("additionalProperties", not whole.properties)
    for name, held in value.items():
        at = f"{whole.name}.{name}"
        if name in whole.properties:
            yield from _property(whole, name, held, sent=sent)
        elif isinstance(extra, dict):
            yield from check(whole.document, extra, held, at=at, sent=sent)
        elif not extra and not name.startswith(_ANNOTATION):
            yield Finding("undocumented-property", at)


def _property(whole: Shape, name: str, held: Json, *, sent: bool) -> Iterator[Finding]:
    there, schema = whole.properties[name]
    at = f"{whole.name}.{name}"
    if sent and _read_only(whole, name):
        yield Finding("read-only-sent", at)
    if held is not None:
        yield from check(there, schema, held, at=at, sent=sent)
    elif not (schema.get("x-nullable") or shape(there, schema).own.get("x-nullable")):
        yield Finding("type" if name in whole.required else "null", at, "null")


def _read_only(whole: Shape, name: str) -> bool:
    return bool(whole.properties.get(name, (None, {}))[1].get("readOnly"))


def _narrowed(whole: Shape, value: Json) -> Shape:
    """Return the sub-type that a value says it is, by discriminator or by ``@odata.type``."""
    if not isinstance(value, dict):
        return whole
    told = value.get(whole.own.get("discriminator", "@odata.type"))
    name = _subtype(whole, str(told).removeprefix("#microsoft.graph.")) if told else ""
    return shape(whole.document, {"$ref": f"#/definitions/{name}"}) if name else whole


def _subtype(whole: Shape, told: str) -> str:
    """Return the definition a value names: one made of ours, or for Graph, which has no bases, any."""
    definitions: Mapping[str, Json] = whole.document.content.get("definitions", {})
    for name, definition in definitions.items():
        if "discriminator" not in whole.own and told == name.lower():
            return name
        if told in {definition.get("x-ms-discriminator-value"), name} and _made_of(definition, whole.name):
            return name
    return ""


def _made_of(definition: Mapping[str, Json], base: str) -> bool:
    parts = (str(part.get("$ref", "")) for part in definition.get("allOf", ()))
    return any(part.rsplit("/", 1)[-1] == base for part in parts)


def _discriminator(whole: Shape, value: Mapping[str, Json]) -> Iterator[Finding]:
    name = whole.own.get("discriminator")
    if name and value.get(name) and value[name] != whole.own.get("x-ms-discriminator-value", whole.name):
        yield Finding("discriminator-unknown", f"{whole.name}.{name}", str(value[name]))


def plain(own: Mapping[str, Json], value: Json, at: str) -> Iterator[Finding]:
    """Yield what is wrong with a string, a number or a boolean."""
    known = own.get("enum", ())
    if known and len(known) <= _MANY and value not in known:
        is_open = own.get("x-ms-enum", {}).get("modelAsString", False)
        yield Finding("enum-open" if is_open else "enum", at, repr(value))
    if isinstance(value, str):
        yield from _text(own, value, at)
    elif not own.get("minimum", value) <= value <= own.get("maximum", value):
        yield Finding("range", at, repr(value))


def _text(own: Mapping[str, Json], value: str, at: str) -> Iterator[Finding]:
    if not own.get("minLength", 0) <= len(value) <= own.get("maxLength", len(value)):
        yield Finding("length", at, repr(value))
    if "pattern" in own and not re.search(own["pattern"], value):
        yield Finding("pattern", at, repr(value))
    if own.get("format") == "date-time":
        yield from _moment(value, at)


def _moment(value: str, at: str) -> Iterator[Finding]:
    whole = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", value)
    if whole is None or not _exists(whole[1]):
        yield Finding("format", at, repr(value))
    elif not whole[3]:
        yield Finding("datetime-zone", at, repr(value))


def _exists(moment: str) -> bool:
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return True
