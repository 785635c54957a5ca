"""Names in texts of a runbook: ``${plan.name}`` and its kin, and nothing besides.

No expressions, no attributes, no defaults, no environment (safety 4.4). A text is gone through once: what is
put in is never looked at again, so that no value can smuggle in another name.
"""

import re
from collections.abc import Iterator, Mapping

NAMES = (
    "run",
    "step",
    "plan.name",
    "direction",
    "mode",
    "source.region",
    "source.host_pool",
    "target.region",
    "target.host_pool",
)
"""All names there are. Each stands for a scalar that the plan or the engine chose, none for a secret."""

_PLACE = re.compile(r"\$\{([^{}]*)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each name replaced by its value; KeyError for a name that the loader let pass."""
    return _PLACE.sub(lambda found: values[found[1]], text)


def could_become(text: str, filled: str) -> bool:
    """Tell whether filling in a text can give this one: equal but for what stands in place of its names."""
    fixed = _PLACE.split(text)[::2]
    return re.fullmatch(".*".join(map(re.escape, fixed)), filled, re.DOTALL) is not None


def strangers(text: str) -> Iterator[str]:
    """Yield what looks like a name and is none, in the order of the text; ``${`` left open is one too."""
    for found in _PLACE.finditer(text):
        if found[1] not in NAMES:
            yield found[0]
    if "${" in _PLACE.sub("", text):
        yield "${"
