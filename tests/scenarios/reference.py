"""The generated part of docs/scenarios.md: every key of the format, from the models that read it.

usage: python -m tests.scenarios.reference      write it anew
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avd_failover.simulator.scenario import Scenario

DOCUMENT = Path(__file__).parents[2] / "docs" / "scenarios.md"
BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"


def reference() -> str:
    """Return the section that stands between the two marks."""
    schema = Scenario.model_json_schema()
    parts = schema["$defs"]
    order = _reachable(schema, parts)
    faults = [name for name in order if "fault" in parts[name]["properties"]]
    lines = ["\n### The file\n", *_table(schema)]
    for name in order:
        if name not in faults:
            lines += [f"\n### {_title(name)}\n", f"\n{_first(parts[name])}\n", *_table(parts[name])]
    lines += ["\n### faults\n", "\n| fault | what it does | keys beside the common ones |\n|---|---|---|\n"]
    lines += [_fault_row(parts[name]) for name in faults]
    return "".join(lines)


def _reachable(schema: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    """Name every model below, those of a page before those they lead to."""
    found: dict[str, None] = {}
    waiting = [schema]
    while waiting:
        for name in _references(waiting.pop(0)):
            if name not in found and "properties" in parts[name]:
                found[name] = None
                waiting.append(parts[name])
    return list(found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[-1]
        for key, one in value.items():
            if key not in {"$defs", "discriminator"}:
                yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _table(part: dict[str, Any]) -> list[str]:
    needed = set(part.get("required", ()))
    rows = []
    for key, field in part["properties"].items():
        name = f"`{key}` *" if key in needed else f"`{key}`"
        rows.append(f"| {name} | {_cell(field.get('description', ''))}{_default(field)} |\n")
    return ["\n| key | what it says |\n|---|---|\n", *rows]


def _fault_row(part: dict[str, Any]) -> str:
    common = {"fault", "id", "starts", "lasts", "region", "target", "actor", "nth", "times", "p", "route"}
    common |= {"on", "delay", "every"}
    own = [f"`{key}`" for key in part["properties"] if key not in common]
    name = part["properties"]["fault"]["const"]
    return f"| `{name}` | {_cell(_first(part))} | {', '.join(own)} |\n"


def _default(field: dict[str, Any]) -> str:
    found = field.get("default")
    return f" Default: {found}." if isinstance(found, str | int | float) and found not in {"", False} else ""


def _first(part: dict[str, Any]) -> str:
    return str(part.get("description", "")).split("\n", 1)[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _title(name: str) -> str:
    return name.removesuffix("Spec")


def main() -> None:
    """Put the section in its place."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + reference() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
