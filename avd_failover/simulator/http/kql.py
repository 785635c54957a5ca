"""The little of the Kusto language that an alignment check asks Resource Graph: filter, choose, count, cut.

    Resources | where type =~ 'x' and location in~ ('a', 'b') | project id, size = sku.name | take 5

``where`` joins comparisons (``==``, ``=~``, ``!=``, ``!~``, ``in``, ``in~``, ``contains``, ``startswith``)
with ``and``. Operators of Kusto that are not simulated are refused with 501, the rest as Azure does it.
"""

import re
from collections.abc import Callable, Sequence

from avd_failover.simulator.http.wire import Json, Refusal

Row = dict[str, Json]

TABLES = {"resources", "resourcecontainers"}
_UNSERVED = {
    "summarize", "extend", "join", "union", "mv-expand", "parse", "top", "distinct", "render", "project-away",
    "project-rename",
}  # fmt: skip
_COMPARISON = re.compile(
    r"""\s*(?P<path>[A-Za-z_][\w.]*(?:\['[^']*'\])?)\s*
        (?P<operator>==|=~|!=|!~|in~|in|contains|startswith)\s*
        (?P<value>\([^)]*\)|'[^']*'|"[^"]*"|\d+|true|false)\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"|(\d+|true|false)", re.IGNORECASE)
_COLUMN = re.compile(r"\s*(?:(\w+)\s*=\s*)?([A-Za-z_][\w.]*(?:\['[^']*'\])?)\s*")
_ORDER = re.compile(r"\s*(?:order|sort)\s+by\s+([\w.]+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


def table_of(query: str) -> tuple[str, list[str]]:
    """Return the table that a query is about, in lower case, and its further steps."""
    first, *steps = [step.strip() for step in _split(query)]
    name = first.strip().lower()
    if name not in TABLES:
        raise _bad(f"Table '{first.strip()}' was not found or is not simulated.")
    return name, steps


def run(rows: Sequence[Row], steps: Sequence[str]) -> list[Row]:
    """Return what a query's steps leave of a table's rows."""
    left = list(rows)
    for step in steps:
        left = _step(left, step)
    return left


def _step(rows: list[Row], step: str) -> list[Row]:
    word = step.split(maxsplit=1)[0].lower() if step else ""
    rest = step[len(word) :].strip()
    if word in _UNSERVED:
        raise Refusal(501, "NotSimulated", f"The operator '{word}' of Resource Graph is not simulated.")
    if word == "where":
        wanted = _conditions(rest)
        return [row for row in rows if all(one(row) for one in wanted)]
    if word == "project":
        columns = [_column(one) for one in rest.split(",")]
        return [{name: _value(row, path) for name, path in columns} for row in rows]
    if word in {"take", "limit"} and rest.isdigit():
        return rows[: int(rest)]
    if word == "count" and not rest:
        return [{"Count": len(rows)}]
    order = _ORDER.fullmatch(step)
    if order is not None:
        down = (order[2] or "desc").lower() == "desc"
        return sorted(rows, key=lambda row: str(_value(row, order[1]) or "").lower(), reverse=down)
    raise _bad(f"Query is invalid near '{step[:40]}'.")


def _conditions(text: str) -> list[Callable[[Row], bool]]:
    parts = re.split(r"\s+and\s+", text, flags=re.IGNORECASE)
    return [_condition(part) for part in parts]


def _condition(text: str) -> Callable[[Row], bool]:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise _bad(f"Query is invalid near '{text[:40]}'.")
    operator, path = match["operator"].lower(), match["path"]
    values = [one[1] or one[2] or one[3] or "" for one in _LITERAL.finditer(match["value"])]
    test = _TESTS[operator]
    return lambda row: test(_text(_value(row, path)), values)


def _folded(values: Sequence[str]) -> list[str]:
    return [value.lower() for value in values]


_TESTS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "==": lambda held, values: held == values[0],
    "=~": lambda held, values: held.lower() == values[0].lower(),
    "!=": lambda held, values: held != values[0],
    "!~": lambda held, values: held.lower() != values[0].lower(),
    "in": lambda held, values: held in values,
    "in~": lambda held, values: held.lower() in _folded(values),
    "contains": lambda held, values: values[0].lower() in held.lower(),
    "startswith": lambda held, values: held.lower().startswith(values[0].lower()),
}


def _text(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _column(text: str) -> tuple[str, str]:
    match = _COLUMN.fullmatch(text)
    if match is None:
        raise _bad(f"Query is invalid near '{text.strip()[:40]}'.")
    path = match[2]
    return match[1] or path.replace(".", "_").replace("['", "_").replace("']", ""), path


def _value(row: Row, path: str) -> Json:
    value: Json = row
    for name in re.findall(r"\['([^']*)'\]|([^.\[\]]+)", path):
        if not isinstance(value, dict):
            return None
        value = value.get(name[0] or name[1])
    return value


def _split(query: str) -> list[str]:
    """Split at pipes, but not at those in quotes."""
    return re.split(r"\|(?=(?:[^']*'[^']*')*[^']*$)", query)


def _bad(detail: str) -> Refusal:
    return Refusal(400, "BadRequest", f"Please provide below info when asking for support. {detail}")
