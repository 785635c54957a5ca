"""Microsoft.Compute: extensions of virtual machines, and capacity reservation groups as they are read."""

import json
from collections.abc import Mapping, Sequence

from avd_failover.simulator.http.arm_common import member, offset_time, paged, properties, required
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.records import Machine, Operation, key
from avd_failover.simulator.recovery_records import CapacityGroup, Extension, Reservation
from avd_failover.simulator.world import World

_KIND = "Microsoft.Compute/capacityReservationGroups"


def _extensions(world: World, call: Call) -> Answer:
    """List the extensions of a machine: one page, without a link."""
    found = world.recovery.extensions.list(_machine_id(call))
    return Answer(body={"value": [_extension_body(one) for one in found]})


def _extension(world: World, call: Call) -> Answer:
    return Answer(body=_extension_body(world.recovery.extensions.get(_extension_id(call))))


def _put_extension(world: World, call: Call) -> Answer:
    """PUT: 201 when it is new, 200 otherwise; protected settings are taken and never shown."""
    sent = properties(call)
    member(sent, "protectedSettings", dict)
    is_new, extension, operation = world.recovery.extensions.put(
        call.actor,
        _extension_id(call),
        publisher=required(sent, "publisher", str),
        type=required(sent, "type", str),
        version=required(sent, "typeHandlerVersion", str),
        auto_upgrade=bool(member(sent, "autoUpgradeMinorVersion", bool)),
        settings=json.dumps(member(sent, "settings", dict) or {}, sort_keys=True),
    )
    heads = {name: link for name, link in _followed(call, operation).items() if name != "Location"}
    return Answer(status=201 if is_new else 200, body=_extension_body(extension), headers=heads)


def _delete_extension(world: World, call: Call) -> Answer:
    operation = world.recovery.extensions.delete(call.actor, _extension_id(call))
    if operation is None:
        return Answer(status=204)
    return Answer(status=202, headers=_followed(call, operation))


def _followed(call: Call, operation: Operation) -> dict[str, str]:
    base = (
        f"{call.ask.base}/subscriptions/{operation.subscription_id}/providers/Microsoft.Compute"
        f"/locations/{operation.location}/operations/{operation.id}"
    )
    version = f"api-version={call.query['api-version']}"
    return {
        "Azure-AsyncOperation": f"{base}?{version}",
        "Location": f"{base}?monitor=true&{version}",
        "Retry-After": "10",
        "x-ms-request-id": operation.id,
    }


def _extension_body(extension: Extension) -> dict[str, Json]:
    return {
        "name": extension.name,
        "id": extension.id,
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "location": extension.location,
        "properties": {
            "autoUpgradeMinorVersion": extension.auto_upgrade,
            "provisioningState": extension.state,
            "publisher": extension.publisher,
            "type": extension.type,
            "typeHandlerVersion": extension.version,
            "settings": json.loads(extension.settings),
        },
    }


def _group(world: World, call: Call) -> Answer:
    group = world.recovery.reservations.get(_group_id(call))
    return Answer(body=_group_body(world, group, with_view=_expanded(call)))


def _groups(world: World, call: Call) -> Answer:
    found = world.recovery.reservations.list(prefix_of(call))
    return paged(
        call, found, lambda one: key(one.id), lambda one: _group_body(world, one, with_view=False),
        null_link=False,
    )  # fmt: skip


def _reservation(world: World, call: Call) -> Answer:
    name = f"{_group_id(call)}/capacityReservations/{call.params['reservation']}"
    found = world.recovery.reservations.reservation(name)
    return Answer(body=_reservation_body(world, found, with_view=_expanded(call)))


def _reservations(world: World, call: Call) -> Answer:
    group = world.recovery.reservations.get(_group_id(call))
    found = world.recovery.reservations.of_group(group.id)
    return paged(
        call, found, lambda one: key(one.id), lambda one: _reservation_body(world, one, with_view=False),
        null_link=False,
    )  # fmt: skip


def _group_body(world: World, group: CapacityGroup, *, with_view: bool) -> dict[str, Json]:
    reservations = world.recovery.reservations
    held = reservations.of_group(group.id)
    inner: dict[str, Json] = {
        "capacityReservations": [{"id": one.id} for one in held],
        "virtualMachinesAssociated": _references(reservations.associated(group.id)),
    }
    if with_view:
        views = [{"name": one.name} | _view(world, one) for one in held]
        inner["instanceView"] = {"capacityReservations": views}
    body: dict[str, Json] = {
        "name": group.name,
        "id": group.id,
        "type": _KIND,
        "location": group.location,
        "tags": {},
        "properties": inner,
    }
    return body | ({"zones": list(group.zones)} if group.zones else {})


def _reservation_body(world: World, one: Reservation, *, with_view: bool) -> dict[str, Json]:
    made = offset_time(world.core.starts_at)
    inner: dict[str, Json] = {
        "reservationId": one.id.rsplit("/", 1)[-1],
        "platformFaultDomainCount": 1,
        "virtualMachinesAssociated": _references(world.recovery.reservations.allocated(one)),
        "provisioningTime": made,
        "provisioningState": "Succeeded",
        "timeCreated": made,
    }
    if with_view:
        inner["instanceView"] = _view(world, one)
    body: dict[str, Json] = {
        "name": one.name,
        "id": one.id,
        "type": f"{_KIND}/capacityReservations",
        "location": one.location,
        "tags": {},
        "sku": {"name": one.size, "capacity": one.capacity},
        "properties": inner,
    }
    return body | ({"zones": [one.zone]} if one.zone else {})


def _view(world: World, one: Reservation) -> dict[str, Json]:
    allocated = world.recovery.reservations.allocated(one)
    status = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
    }
    return {
        "utilizationInfo": {
            "currentCapacity": one.capacity,
            "virtualMachinesAllocated": _references(allocated),
        },
        "statuses": [status | {"time": offset_time(world.core.starts_at)}],
    }


def _references(machines: Sequence[Machine]) -> list[Mapping[str, str]]:
    return [{"id": machine.id} for machine in machines]


def _machine_id(call: Call) -> str:
    return f"{prefix_of(call)}/providers/Microsoft.Compute/virtualMachines/{call.params['vm']}"


def _extension_id(call: Call) -> str:
    return f"{_machine_id(call)}/extensions/{call.params['extension']}"


def _group_id(call: Call) -> str:
    return f"{prefix_of(call)}/providers/{_KIND}/{call.params['reservations']}"


def _expanded(call: Call) -> bool:
    return call.query.get("$expand", "").lower() == "instanceview"


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_VM = _GROUP + "/virtualMachines/{vm}/extensions"
_ONE = _GROUP + "/capacityReservationGroups/{reservations}"

ROUTES = (
    Route("GET", _VM, _extensions, Face.COMPUTE),
    Route("GET", _VM + "/{extension}", _extension, Face.COMPUTE),
    Route("PUT", _VM + "/{extension}", _put_extension, Face.COMPUTE),
    Route("DELETE", _VM + "/{extension}", _delete_extension, Face.COMPUTE),
    Route("GET", _SUBSCRIPTION + "/capacityReservationGroups", _groups, Face.COMPUTE),
    Route("GET", _GROUP + "/capacityReservationGroups", _groups, Face.COMPUTE),
    Route("GET", _ONE, _group, Face.COMPUTE),
    Route("GET", _ONE + "/capacityReservations", _reservations, Face.COMPUTE),
    Route("GET", _ONE + "/capacityReservations/{reservation}", _reservation, Face.COMPUTE),
)
