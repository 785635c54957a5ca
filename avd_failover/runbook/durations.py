"""Durations as people write them, ``5m``, ``90s``, ``1h30m``, in seconds. A bare number is refused."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from avd_failover.runbook.yaml_file import refused

ALLOWED = "a duration such as 5m, 90s, 2h or 1h30m"

_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PATTERN = "".join(rf"([0-9]{{1,9}}{unit})?" for unit in _SECONDS)
_SHAPE = re.compile(_PATTERN)


class MalformedDurationError(ValueError):
    """The text is no duration; the message says what is wanted, ``hint`` what may have been meant."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(ALLOWED)
        self.hint = hint


def seconds(value: object) -> float:
    """Return the seconds of a duration: whole numbers of d, h, m, s, ms, each at most once, in that order.

    Raises:
        MalformedDurationError: It is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise MalformedDurationError(f"durations carry a unit: {value}s or {value}m?")
    matched = _SHAPE.fullmatch(value) if isinstance(value, str) and value else None
    if matched is None:
        raise MalformedDurationError
    return sum(
        int(part.removesuffix(unit)) * factor
        for part, (unit, factor) in zip(matched.groups(), _SECONDS.items(), strict=True)
        if part
    )


def _validated(value: object) -> float:
    try:
        return seconds(value)
    except MalformedDurationError as error:
        raise refused(ALLOWED, error.hint) from error


Duration = Annotated[
    float,
    BeforeValidator(_validated),
    WithJsonSchema({"type": "string", "pattern": f"^(?=.){_PATTERN}$", "examples": ["5m", "90s", "1h30m"]}),
]
"""A field of a file that holds a duration; the model has it in seconds."""
