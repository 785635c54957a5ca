"""Numbers and lists as people say them; every sentence of the domain is built from these two."""

from collections.abc import Sequence

NOTHING_TO_DO = "nothing to do"
"""Why a step was skipped that a run never came to, since the whole run had nothing to do."""


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 host``, ``3 hosts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Write names in the order given, the first ``most`` of them: ``a, b and 3 more``."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
