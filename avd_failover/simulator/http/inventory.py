"""Every tracked resource as one row, as lists of all resources and Resource Graph know it."""

from collections.abc import Callable, Iterator

from avd_failover.simulator.http import desktop_bodies as desktops
from avd_failover.simulator.http.arm_neighbours import resource_body
from avd_failover.simulator.http.compute_bodies import machine_body
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import (
    ApplicationGroup,
    HostPool,
    Machine,
    Record,
    ScalingPlan,
    Workspace,
    key,
)
from avd_failover.simulator.records_compute import Gallery
from avd_failover.simulator.records_neighbours import Resource
from avd_failover.simulator.recovery_records import CapacityGroup, Vault
from avd_failover.simulator.world import World

Row = dict[str, Json]


def rows(world: World) -> Iterator[Row]:
    """Return every tracked resource as its provider writes it, in order of kind and creation."""
    for kind, render in _kinds(world):
        for record in world.core.table(kind).values():
            if getattr(record, "location", ""):
                yield render(record)


def location_of(world: World, resource: str) -> str | None:
    """Return the region of a resource, None for one that does not exist."""
    for kind, _ in _kinds(world):
        found = world.core.find(kind, resource)
        if found is not None:
            return str(getattr(found, "location", ""))
    return None


def _kinds(world: World) -> tuple[tuple[type[Record], Callable[..., Row]], ...]:
    return (
        (HostPool, lambda one: desktops.host_pool(world, one)),
        (ApplicationGroup, lambda one: desktops.application_group(world, one)),
        (Workspace, lambda one: desktops.workspace(world, one)),
        (ScalingPlan, lambda one: desktops.scaling_plan(world, one)),
        (Machine, lambda one: machine_body(world, one, with_view=False)),
        (Gallery, lambda one: _plain(one, "Microsoft.Compute/galleries")),
        (CapacityGroup, lambda one: _plain(one, "Microsoft.Compute/capacityReservationGroups")),
        (Vault, lambda one: _plain(one, "Microsoft.RecoveryServices/vaults")),
        (Resource, resource_body),
    )


def _plain(record: Record, kind: str) -> Row:
    location = str(getattr(record, "location", ""))
    return {
        "id": record.id, "name": record.name, "type": kind, "location": location, "tags": {}, "properties": {}
    }  # fmt: skip


def graph_row(row: Row, tenant: str) -> Row:
    """Write a row as Resource Graph does: types in lower case, the resource group and subscription beside."""
    parts = str(row["id"]).split("/")
    return {
        "id": row["id"],
        "name": str(row["id"]).rsplit("/", 1)[-1],
        "type": key(str(row["type"])).lstrip("/"),
        "tenantId": tenant,
        "kind": row.get("kind") or "",
        "location": row["location"],
        "resourceGroup": parts[4],
        "subscriptionId": parts[2],
        "managedBy": "",
        "sku": row.get("sku"),
        "plan": None,
        "properties": row.get("properties", {}),
        "tags": row.get("tags") or None,
        "identity": None,
        "zones": row.get("zones"),
        "extendedLocation": None,
    }
