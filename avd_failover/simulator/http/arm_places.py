"""Microsoft.Resources: resource groups, regions, providers, every resource; and ResourceHealth of each."""

import re

from avd_failover.simulator.http import inventory
from avd_failover.simulator.http.arm_common import paged, provider_time
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Machine, Region, key
from avd_failover.simulator.records_neighbours import Registration, ResourceGroup
from avd_failover.simulator.refusals import resource_missing
from avd_failover.simulator.world import World

_TYPE = re.compile(r"\s*resourceType\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_SERVED: dict[str, tuple[str, ...]] = {
    "Microsoft.Compute": ("virtualMachines", "disks", "galleries", "capacityReservationGroups"),
    "Microsoft.DesktopVirtualization": ("hostPools", "applicationGroups", "workspaces", "scalingPlans"),
    "Microsoft.Network": ("virtualNetworks", "networkInterfaces"),
    "Microsoft.Storage": ("storageAccounts",),
    "Microsoft.RecoveryServices": ("vaults",),
}
_OUT = "The resource is affected by an outage of its region."
_ABSENT = "Stopped and deallocated by an authorized user or process."


def _groups(world: World, call: Call) -> Answer:
    found = world.neighbours.groups(call.params["subscription"])
    return paged(call, found, lambda one: key(one.id), _group_body, null_link=False)


def _group(world: World, call: Call) -> Answer:
    return Answer(body=_group_body(world.neighbours.group(prefix_of(call))))


def _group_exists(world: World, call: Call) -> Answer:
    found = world.core.find(ResourceGroup, prefix_of(call))
    return Answer(status=204 if found else 404)


def _group_body(held: ResourceGroup) -> dict[str, Json]:
    return {
        "id": held.id,
        "name": held.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": held.location,
        "tags": dict(held.tags),
        "properties": {"provisioningState": "Succeeded"},
    }


def _locations(world: World, call: Call) -> Answer:
    held = list(world.core.table(Region).values())
    return Answer(body={"value": [_location(call, one) for one in held]})


def _location(call: Call, region: Region) -> dict[str, Json]:
    base = f"/subscriptions/{call.params['subscription']}/locations"
    pair = [{"name": region.paired_with, "id": f"{base}/{region.paired_with}"}] if region.paired_with else []
    zones = [{"logicalZone": zone, "physicalZone": f"{region.id}-az{zone}"} for zone in ("1", "2", "3")]
    return {
        "id": f"{base}/{region.id}",
        "name": region.id,
        "type": "Region",
        "displayName": region.display_name,
        "regionalDisplayName": f"({region.geography}) {region.display_name}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geographyGroup": region.geography,
            "pairedRegion": pair,
        },
        "availabilityZoneMappings": zones,
    }


def _providers(world: World, call: Call) -> Answer:
    found = world.neighbours.registrations(call.params["subscription"])
    return paged(
        call, found, lambda one: key(one.id), lambda one: _provider_body(world, one), null_link=False
    )


def _provider(world: World, call: Call) -> Answer:
    found = world.neighbours.registration(call.params["subscription"], call.params["namespace"])
    return Answer(body=_provider_body(world, found))


def _register(world: World, call: Call) -> Answer:
    made = world.neighbours.register(call.actor, call.params["subscription"], call.params["namespace"])
    return Answer(body=_provider_body(world, made))


def _provider_body(world: World, held: Registration) -> dict[str, Json]:
    regions = [one.display_name for one in world.core.table(Region).values()]
    types = [
        {"resourceType": kind, "locations": regions, "apiVersions": ["2024-04-03"], "capabilities": "None"}
        for kind in _SERVED.get(held.provider, ())
    ]
    return {
        "id": f"/subscriptions/{held.subscription_id}/providers/{held.provider}",
        "namespace": held.provider,
        "resourceTypes": types,
        "registrationState": held.state,
        "registrationPolicy": "RegistrationRequired",
    }


def _resources(world: World, call: Call) -> Answer:
    asked = call.query.get("$filter", "")
    match = _TYPE.fullmatch(asked)
    if asked.strip() and match is None:
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{asked}' specified in the query.")
    rows = [
        {name: value for name, value in row.items() if name != "properties"}
        for row in inventory.rows(world)
        if key(str(row["id"])).startswith(key(prefix_of(call)) + "/")
        and (match is None or key(str(row["type"])) == key(match[1]))
    ]
    return paged(call, rows, lambda row: key(str(row["id"])), lambda row: row, null_link=False)


def _health(world: World, call: Call) -> Answer:
    return Answer(body=_health_body(world, call.params["scope"]))


def _healths(world: World, call: Call) -> Answer:
    """List the present status; nothing here remembers earlier ones."""
    scope = call.params["scope"]
    rows = inventory.rows(world) if scope.count("/") in {2, 4} else [{"id": scope}]
    below = [str(row["id"]) for row in rows if key(str(row["id"])).startswith(key(scope))]
    machines = [one for one in below if "/virtualmachines/" in one.lower()]
    return Answer(body={"value": [_health_body(world, one) for one in machines or below]})


def _health_body(world: World, resource: str) -> dict[str, Json]:
    """Write how a resource is, after its region and, for a machine, its power."""
    location = inventory.location_of(world, resource)
    if location is None:
        parts = resource.split("/")
        raise resource_missing("/".join(parts[6:8]), parts[-1], parts[4] if len(parts) > 4 else "")
    machine = world.core.find(Machine, resource)
    up = world.core.is_up(location, "compute" if machine else "control")
    off = machine is not None and machine.power in {"deallocated", "stopped"}
    why = "Unplanned" if not up else "Customer Initiated" if off else ""
    summary = _OUT if not up else _ABSENT if off else "There are no known Azure platform problems."
    return {
        "id": f"{resource}/providers/Microsoft.ResourceHealth/availabilityStatuses/current",
        "name": "current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
        "location": location,
        "properties": {
            "availabilityState": "Available" if up and not off else "Unavailable",
            "title": "Available" if up and not off else "Unavailable",
            "summary": summary,
            "reasonType": why,
            "occuredTime": provider_time(world.core.at(machine.power_since_s if machine else 0.0)),
            "reasonChronicity": "Persistent",
            "reportedTime": provider_time(world.at()),
        },
    }


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_HEALTH = "{scope}/providers/Microsoft.ResourceHealth/availabilityStatuses"

ROUTES = (
    Route("GET", _SUBSCRIPTION + "/resourceGroups", _groups, Face.ARM),
    Route("GET", _GROUP, _group, Face.ARM),
    Route("HEAD", _GROUP, _group_exists, Face.ARM),
    Route("GET", _SUBSCRIPTION + "/locations", _locations, Face.ARM),
    Route("GET", _SUBSCRIPTION + "/providers", _providers, Face.ARM),
    Route("GET", _SUBSCRIPTION + "/providers/{namespace}", _provider, Face.ARM),
    Route("POST", _SUBSCRIPTION + "/providers/{namespace}/register", _register, Face.ARM),
    Route("GET", _SUBSCRIPTION + "/resources", _resources, Face.ARM),
    Route("GET", _GROUP + "/resources", _resources, Face.ARM),
    Route("GET", _HEALTH, _healths, Face.ARM),
    Route("GET", _HEALTH + "/current", _health, Face.ARM),
)
