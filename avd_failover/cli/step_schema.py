"""What an editor is told of a runbook's steps: the operations there are, and the settings of each."""

from typing import Any

from avd_failover.domain.graph import Catalogue, OperationSpec, SettingSpec

FOREIGN = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
"""An operation of another package may have any name with a dot; ``validate`` finds out if there is one."""

_KINDS: dict[str, dict[str, Any]] = {
    "duration": {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$"},
    "integer": {"type": "integer"},
    "percent": {"type": "number", "minimum": 0, "maximum": 100},
    "flag": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "program": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "variables": {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
    "variable": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "path": {"type": "string", "pattern": "^/[^/?#]?[^?#]*$"},
}
"""Kind of a setting to its schema; the others are any text. ``validate`` is stricter in places."""


def describe_steps(step: dict[str, Any], catalogue: Catalogue) -> None:
    """Add the operations, and what each accepts under ``with``, to the schema of a step."""
    step["properties"]["uses"] |= {"anyOf": [{"enum": list(catalogue)}, {"pattern": FOREIGN}]}
    step["allOf"] = [_settings(spec) for spec in catalogue.values()]


def _settings(spec: OperationSpec) -> dict[str, Any]:
    accepted: dict[str, Any] = {
        "description": spec.summary,
        "properties": {name: _setting(known) for name, known in spec.settings.items()},
        "additionalProperties": False,
    }
    then: dict[str, Any] = {"properties": {"with": accepted}}
    if required := [name for name, known in spec.settings.items() if known.required]:
        accepted["required"] = required
        then["required"] = ["with"]
    return {"if": {"properties": {"uses": {"const": spec.name}}, "required": ["uses"]}, "then": then}


def _setting(known: SettingSpec) -> dict[str, Any]:
    shape = dict(_KINDS.get(known.kind, {"type": "string"})) | {"description": known.summary}
    return shape | {"enum": list(known.choices)} if known.choices else shape
