"""How a killed run goes on, and what its successor meets: the two axes of the crash matrix (safety 3.3)."""

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Going(Enum):
    """How a killed run goes on."""

    HERE = "resumed here"
    ELSEWHERE = "resumed elsewhere"
    BACK = "turned back"


class Weather(Enum):
    """What its successor meets."""

    FRESH = "fresh reads"
    STALE = "stale reads"
    AMBIGUOUS = "ambiguous response"


Faults = tuple[Mapping[str, Any], ...]

STALE: Faults = (
    {"fault": "slow-propagation", "low": "5m", "high": "10m", "what": "lists", "lasts": "30m"},
    {
        "fault": "stale-read",
        "route": "assignments.list",
        "low": "1m",
        "high": "8m",
        "replicas": 2,
        "lasts": "20m",
    },
)
"""Lists of role assignments lag behind, and jump between two replicas; reads by id do not (azure-facts)."""

STALE_VAULT: Faults = tuple(
    {"fault": "stale-read", "route": route, "low": "5s", "high": high, "replicas": 2, "lasts": "20m"}
    for route, high in (("items.*", "90s"), ("jobs.*", "90s"), ("machines.get", "60s"), ("hosts.list", "60s"))
)
"""What a vault, Compute and the desktop service say lags behind, and jumps between two replicas."""
