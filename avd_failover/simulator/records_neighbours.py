"""Records of what lies around host pools: storage, networks, logs, and the resource groups of it all."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from avd_failover.simulator.records import Record

PROVIDERS = (
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.ComputeSchedule",
    "Microsoft.DesktopVirtualization",
    "Microsoft.Insights",
    "Microsoft.Management",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.RecoveryServices",
    "Microsoft.ResourceGraph",
    "Microsoft.ResourceHealth",
    "Microsoft.Storage",
)
"""Providers that a subscription knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceGroup(Record):
    """A resource group and the region that its own record lies in."""

    location: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource(Record):
    """A resource that is read and never changed here; ``properties`` is JSON as the wire shows it."""

    type: str
    properties: str
    location: str = ""
    sku: str = ""
    tier: str = ""
    kind: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """The properties."""
        held: dict[str, Any] = json.loads(self.properties)
        return held


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration(Record):
    """Whether a subscription may use a provider; its id is ``subscription|namespace``."""

    subscription_id: str
    provider: str
    state: Literal["Registered", "Registering", "NotRegistered"]
