"""What a model allows at a place of a document, read from its JSON Schema: known keys and known words."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from avd_failover.runbook.faults import Path
from avd_failover.runbook.yaml_nodes import Plain

Schema = dict[str, Any]


class Shape:
    """The JSON Schema of a model, walked along a document's data so that unions take the branch meant."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._schema = model.model_json_schema()

    def keys(self, data: Plain, path: Path) -> list[str]:
        """Return the keys that the mapping at ``path`` may have, in the model's order."""
        found: dict[str, None] = {}
        for schema in self._at(data, path):
            found.update(dict.fromkeys(schema.get("properties", {})))
        return list(found)

    def words(self, data: Plain, path: Path) -> list[str]:
        """Return the words that the value at ``path`` is chosen from; empty where it is no such choice."""
        found: dict[str, None] = {}
        for schema in self._at(data, path):
            choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
            found.update(dict.fromkeys(str(choice) for choice in choices))
        return list(found)

    def _at(self, data: Plain, path: Path) -> list[Schema]:
        schemas = list(self._branches(self._schema, data))
        for part in path:
            data = _child(data, part)
            schemas = [
                branch
                for schema in schemas
                for inner in _inner(schema, part)
                for branch in self._branches(inner, data)
            ]
        return schemas

    def _branches(self, schema: Schema, data: Plain) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._branches(self._schema["$defs"][schema["$ref"].rsplit("/", 1)[-1]], data)
            return
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if choices is None:
            yield schema
            return
        branches = [branch for choice in choices for branch in self._branches(choice, data)]
        # A tag that no branch has is itself the fault: every branch may then be meant.
        yield from [branch for branch in branches if _meant(branch, data)] or branches


def _meant(schema: Schema, data: Plain) -> bool:
    if not isinstance(data, dict):
        return True
    tags = {key: inner["const"] for key, inner in schema.get("properties", {}).items() if "const" in inner}
    return all(data.get(key, tag) == tag for key, tag in tags.items())


def _child(data: Plain, part: str | int) -> Plain:
    if isinstance(data, dict) and isinstance(part, str):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _inner(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        prefix = schema.get("prefixItems", [])
        candidate = prefix[part] if part < len(prefix) else schema.get("items")
    else:
        candidate = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    if isinstance(candidate, dict):
        yield candidate
