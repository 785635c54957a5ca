"""Microsoft.Compute beside power: machines by location, tags, disks, usages, sizes, and their interfaces."""

import re

from avd_failover.simulator.core import under
from avd_failover.simulator.fleet import disk_id, interface_id
from avd_failover.simulator.http.arm_common import bad_content, member, offset_time, paged, properties
from avd_failover.simulator.http.compute_bodies import machine_body, machine_id
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Machine, Region, key
from avd_failover.simulator.records_compute import SkuRestriction
from avd_failover.simulator.sizes import SHELF, Size, size_of
from avd_failover.simulator.world import World

_AT = re.compile(r"\s*location\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_ZONES = ("1", "2", "3")


def _at_location(world: World, call: Call) -> Answer:
    wanted = key(call.params["location"])
    found = [one for one in world.machines.list(prefix_of(call)) if key(one.location) == wanted]
    return paged(
        call,
        found,
        lambda one: key(one.id),
        lambda one: machine_body(world, one, with_view=False),
        null_link=False,
    )


def _patch_machine(world: World, call: Call) -> Answer:
    machine = world.machines.get(
        f"{prefix_of(call)}/providers/Microsoft.Compute/virtualMachines/{call.params['vm']}"
    )
    wanted = _changes(call)
    if wanted:
        machine = world.fleet.patch(call.actor, machine.id, wanted)
    return Answer(body=machine_body(world, machine, with_view=False))


def _changes(call: Call) -> dict[str, Json]:
    body, sent = call.body(), properties(call)
    if set(body) - {"tags", "properties"} or set(sent) - {"capacityReservation"}:
        raise Refusal(501, "NotSimulated", "Only tags and capacityReservation of a machine can be changed.")
    wanted: dict[str, Json] = {}
    tags = member(body, "tags", dict)
    if tags is not None:
        if not all(isinstance(text, str) for text in tags.values()):
            raise bad_content("Error converting value. Path 'tags'.")
        wanted["tags"] = tags
    place = member(sent, "capacityReservation", dict)
    if place is not None:
        group = member(place, "capacityReservationGroup", dict) or {}
        wanted["reservation_group"] = member(group, "id", str)
    return wanted


def _disks(world: World, call: Call) -> Answer:
    found = world.machines.list(prefix_of(call))
    return paged(
        call, found, lambda one: key(disk_id(one)), lambda one: _disk_body(world, one), null_link=False
    )


def _disk(world: World, call: Call) -> Answer:
    name = f"{prefix_of(call)}/providers/Microsoft.Compute/disks/{call.params['disk']}"
    return Answer(body=_disk_body(world, world.fleet.with_disk(name)))


def _disk_body(world: World, machine: Machine) -> dict[str, Json]:
    body: dict[str, Json] = {
        "name": f"{machine.name}_OsDisk",
        "id": disk_id(machine),
        "type": "Microsoft.Compute/disks",
        "location": machine.location,
        "tags": dict(machine.tags),
        "sku": {"name": machine.os_disk_sku, "tier": machine.os_disk_sku.partition("_")[0]},
        "managedBy": machine_id(machine),
        "properties": {
            "osType": "Windows",
            "hyperVGeneration": "V2",
            "creationData": {"createOption": "FromImage", **_made_from(machine)},
            "diskSizeGB": 128,
            "timeCreated": offset_time(world.core.starts_at),
            "provisioningState": "Succeeded",
            "diskState": "Reserved" if machine.power == "deallocated" else "Attached",
        },
    }
    if machine.zones and not machine.os_disk_sku.endswith("ZRS"):
        body["zones"] = list(machine.zones)
    return body


def _made_from(machine: Machine) -> dict[str, Json]:
    return {"galleryImageReference": {"id": machine.image}} if machine.image else {}


def _interface(world: World, call: Call) -> Answer:
    wanted = f"{prefix_of(call)}/providers/Microsoft.Network/networkInterfaces/{call.params['nic']}"
    for machine in under(world.core.table(Machine).values(), prefix_of(call)):
        if key(interface_id(machine)) == key(wanted):
            return Answer(body=_interface_body(machine))
    raise Refusal(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.Network/networkInterfaces/{call.params['nic']}' under resource group"
        f" '{call.params['group']}' was not found."
        " For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def _interface_body(machine: Machine) -> dict[str, Json]:
    address: dict[str, Json] = {"privateIPAllocationMethod": "Dynamic", "primary": True}
    if machine.subnet:
        address["subnet"] = {"id": machine.subnet}
    configuration = {
        "name": "ipconfig1",
        "id": f"{interface_id(machine)}/ipConfigurations/ipconfig1",
        "properties": address,
    }
    return {
        "name": f"{machine.name}-nic",
        "id": interface_id(machine),
        "type": "Microsoft.Network/networkInterfaces",
        "location": machine.location,
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [configuration],
            "enableAcceleratedNetworking": True,
            "primary": True,
            "virtualMachine": {"id": machine_id(machine)},
        },
    }


def _usages(world: World, call: Call) -> Answer:
    rows = list(world.capacity.usages(call.params["subscription"], call.params["location"]))
    return paged(call, rows, lambda row: row[0], _usage, null_link=False)


def _usage(row: tuple[str, int, int]) -> dict[str, Json]:
    name, used, limit = row
    shown = {"cores": "Total Regional vCPUs", "virtualMachines": "Virtual Machines"}.get(name, name)
    if name.endswith("Family"):
        shown = f"{name.removeprefix('standard').removesuffix('Family')} Family vCPUs"
    return {
        "limit": limit,
        "unit": "Count",
        "currentValue": used,
        "name": {"value": name, "localizedValue": shown},
    }


def _skus(world: World, call: Call) -> Answer:
    """List sizes, one entry for each region; Azure's filter takes a location and nothing else."""
    asked = call.query.get("$filter", "")
    match = _AT.fullmatch(asked)
    if asked.strip() and match is None:
        raise Refusal(400, "InvalidParameter", f"The filter '{asked}' is not supported.")
    regions = [
        one for one in world.core.table(Region).values() if match is None or key(one.id) == key(match[1])
    ]
    used = (one.vm_size for one in world.core.table(Machine).values())
    names = sorted(dict.fromkeys([*SHELF, *used]))
    rows = [(region, size_of(name)) for region in regions for name in names]
    return paged(
        call, rows, lambda row: f"{row[0].id}|{row[1].name}", lambda row: _sku(world, *row), null_link=False
    )


def _sku(world: World, region: Region, size: Size) -> dict[str, Json]:
    features = {
        "vCPUs": str(size.vcpus),
        "MemoryGB": str(size.memory_gb),
        "MaxResourceVolumeMB": str(size.temporary_disk_mb),
        "PremiumIO": str(size.premium),
        "AcceleratedNetworkingEnabled": "True",
        "HyperVGenerations": "V1,V2",
        "CapacityReservationSupported": "True",
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [region.id],
        "locationInfo": [{"location": region.id, "zones": list(_ZONES), "zoneDetails": []}],
        "capabilities": [{"name": name, "value": value} for name, value in features.items()],
        "restrictions": [
            _restriction(one)
            for one in world.core.table(SkuRestriction).values()
            if key(one.location) == key(region.id) and key(one.size) == key(size.name)
        ],
    }


def _restriction(held: SkuRestriction) -> dict[str, Json]:
    where: dict[str, Json] = {"locations": [held.location]}
    if held.zones:
        where["zones"] = list(held.zones)
    return {
        "type": "Zone" if held.zones else "Location",
        "values": [held.location],
        "restrictionInfo": where,
        "reasonCode": held.reason,
    }


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_NETWORK = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"

ROUTES = (
    Route("GET", _SUBSCRIPTION + "/locations/{location}/virtualMachines", _at_location, Face.COMPUTE),
    Route("PATCH", _GROUP + "/virtualMachines/{vm}", _patch_machine, Face.COMPUTE),
    Route("GET", _SUBSCRIPTION + "/disks", _disks, Face.COMPUTE),
    Route("GET", _GROUP + "/disks", _disks, Face.COMPUTE),
    Route("GET", _GROUP + "/disks/{disk}", _disk, Face.COMPUTE),
    Route("GET", _SUBSCRIPTION + "/locations/{location}/usages", _usages, Face.COMPUTE),
    Route("GET", _SUBSCRIPTION + "/skus", _skus, Face.COMPUTE),
    Route("GET", _NETWORK + "/networkInterfaces/{nic}", _interface, Face.ARM),
)
