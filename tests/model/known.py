"""Variants by name, each explored once for all tests."""

from functools import cache
from typing import Any

from tests.model.checker import Found, explore
from tests.model.pair import Pair
from tests.model.protocol import Protocol
from tests.model.variants import PAIRS, RIGHT, WRONG, PairVariant, Variant

VARIANTS: dict[str, Variant] = {one.name: one for one in (*RIGHT, *WRONG)}
PAIR_VARIANTS: dict[str, PairVariant] = {one.name: one for one in PAIRS}


def model(name: str) -> Any:
    """Return the model that a variant names."""
    if name in PAIR_VARIANTS:
        return Pair(PAIR_VARIANTS[name].rules)
    return Protocol(VARIANTS[name].setting, VARIANTS[name].rules)


@cache
def explored(name: str) -> Found[Any]:
    """Return everything that a variant can do."""
    return explore(model(name))
