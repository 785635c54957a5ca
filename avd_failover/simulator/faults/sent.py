"""A request as both faces describe it to the faults: what it is, about what, from whom."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import (
    ApplicationGroup,
    HostPool,
    Machine,
    Record,
    ScalingPlan,
    Workspace,
    key,
)
from avd_failover.simulator.recovery_records import CapacityGroup, Vault

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

ROUTES = (
    "application-groups.get", "application-groups.list",
    "assignments.create", "assignments.delete", "assignments.get", "assignments.list",
    "blobs.append", "blobs.create", "blobs.get", "blobs.list",
    "extensions.create", "extensions.delete", "extensions.get", "extensions.list",
    "groups.get", "groups.list",
    "hosts.get", "hosts.list", "hosts.patch",
    "items.change-point", "items.commit", "items.fail-over", "items.get", "items.list", "items.patch",
    "items.switch", "items.test",
    "jobs.get", "jobs.list",
    "leases.acquire", "leases.break", "leases.change", "leases.release", "leases.renew",
    "machines.deallocate", "machines.get", "machines.list", "machines.poll", "machines.power-off",
    "machines.start",
    "mappings.get", "mappings.list",
    "members.add", "members.list", "members.remove",
    "other.change", "other.get",
    "plans.get", "plans.list", "plans.patch",
    "points.get", "points.list",
    "pools.get", "pools.list", "pools.patch",
    "recovery-plans.commit", "recovery-plans.fail-over", "recovery-plans.get", "recovery-plans.list",
    "reservations.get", "reservations.list",
    "roles.get", "roles.list",
    "schedules.get", "schedules.list", "schedules.patch",
    "sessions.disconnect", "sessions.get", "sessions.list", "sessions.log-off", "sessions.message",
    "token.issue",
    "users.get", "users.list",
    "workspaces.get", "workspaces.list",
)  # fmt: skip
"""Every name a request can have; selectors are patterns over these."""

REGIONAL = frozenset(
    {
        "application-groups", "extensions", "hosts", "items", "jobs", "machines", "mappings", "plans",
        "points", "pools", "recovery-plans", "reservations", "schedules", "sessions", "workspaces",
    }
)  # fmt: skip
"""Kinds that a region's own providers serve. Role assignments and Graph are global."""

_READS = frozenset({"get", "list", "poll", "issue"})
_PLACED: tuple[type[Record], ...] = (
    HostPool, ApplicationGroup, ScalingPlan, Workspace, Machine, Vault, CapacityGroup,
)  # fmt: skip


class Sent(Struct, frozen=True, kw_only=True):
    """One request. ``target`` is the id of what it is about; of a list, of what it lists below."""

    route: str
    target: str
    actor: str
    region: str = ""
    """Where the resource lies; empty for what lies nowhere, such as a group."""
    continues: bool | None = None
    """Whether it asks for a page after the first; None where a list is read by one request."""

    @property
    def mutates(self) -> bool:
        """Whether it asks for a change."""
        return self.route.partition(".")[2] not in _READS

    @property
    def regional(self) -> bool:
        """Whether a provider of the region serves it."""
        return self.route.partition(".")[0] in REGIONAL


def describe(world: "World", route: str, target: str, actor: str, *, continues: bool | None = None) -> Sent:
    """Return a request with the region looked up."""
    region = region_of(world.core, target)
    return Sent(route=route, target=key(target), actor=actor, region=region, continues=continues)


def region_of(core: Core, target: str) -> str:
    """Return the region of the resource that an id names or lies below; empty when there is none."""
    parts = key(target).split("/")
    for end in range(len(parts), 8, -2):
        found = _placed(core, "/".join(parts[:end]), _PLACED)
        if found:
            return found
    return parts[parts.index("locations") + 1].lower() if "locations" in parts[:-1] else ""


def _placed(core: Core, resource: str, kinds: Iterable[type[Record]]) -> str:
    for kind in kinds:
        found = core.find(kind, resource)
        if found is not None:
            return str(getattr(found, "location", "")).lower()
    return ""
