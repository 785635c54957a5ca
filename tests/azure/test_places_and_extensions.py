"""Compute beside the power of machines: where they stand, the places kept for them, and their extensions."""

from typing import Any

import msgspec
import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.domain import ids
from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from tests.azure.builders import GROUP, SUBSCRIPTION, VM
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.jump_clock import JumpClock

COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
RESERVED = ids.reservation_group_id(f"{COMPUTE}/capacityReservationGroups/crg")
IMAGE = VmExtension(
    name="Monitor",
    publisher="P",
    type="T",
    version="1.0",
    settings='{"a":1,"b":[true]}',
    automatic_upgrade=True,
)
OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/x/operations/op-1"
FOLLOW = {"Azure-AsyncOperation": f"{{here}}{OPERATION}?api-version=1", "Retry-After": "10"}
PATH = "/extensions/Monitor"


def extension(name: str = "Monitor", **properties: Any) -> dict[str, Any]:
    told = {"publisher": "P", "type": "T", "typeHandlerVersion": "1.0", "provisioningState": "Succeeded"}
    return {"id": f"{VM}/extensions/{name}", "name": name, "properties": told | properties}


def machine(**parts: Any) -> Answer:
    return Answer(200, {"id": VM.upper(), "location": "WestEurope", "properties": {}} | parts)


async def test_a_machine_tells_its_size_zone_and_reservation(arm: FakeArm, cloud: AzureCloud) -> None:
    group = {"capacityReservationGroup": {"id": RESERVED.upper()}}
    told = {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}, "capacityReservation": group}
    arm.on("GET", "/vm-0.*", machine(properties=told, zones=["2"]))
    found = await cloud.machines.get(VM)
    assert (found.size, found.zones, found.reservation_group) == ("Standard_D4s_v5", ("2",), RESERVED)


async def test_a_machine_without_any_of_them_tells_none(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/vm-0.*", machine())
    found = await cloud.machines.get(VM)
    assert (found.size, found.zones, found.reservation_group, found.agent_ready) == ("", (), None, False)


@pytest.mark.parametrize(
    ("agent", "ready"),
    [
        ({"statuses": [{"code": "ProvisioningState/succeeded", "displayStatus": "Ready"}]}, True),
        ({"statuses": [{"code": "ProvisioningState/Unavailable", "displayStatus": "Not Ready"}]}, False),
        ({"statuses": []}, False),
        ({}, False),
        (None, False),
    ],
)
async def test_the_agent_is_ready_when_it_says_so(
    arm: FakeArm, cloud: AzureCloud, agent: Any, ready: bool
) -> None:
    view = {"vmAgent": agent, "statuses": [{"code": "ProvisioningState/succeeded"}]}
    arm.on("GET", "/vm-0.*", machine(properties={"instanceView": view}))
    assert (await cloud.machines.get(VM)).agent_ready is ready


async def test_extensions_are_read_by_name_with_their_settings_whole(arm: FakeArm, cloud: AzureCloud) -> None:
    told = extension("zeta", settings={"b": [True], "a": 1}, autoUpgradeMinorVersion=True)
    plain = extension("Alpha", provisioningState="Failed", enableAutomaticUpgrade=True)
    arm.on("GET", "/extensions", Answer(200, {"value": [told, plain]}))
    found = await cloud.machines.extensions(VM)
    assert found.complete
    assert [(one.image.name, one.ready) for one in found.items] == [("Alpha", False), ("zeta", True)]
    first, second = (one.image for one in found.items)
    assert (first.settings, first.automatic_upgrade, first.auto_upgrade_minor) == ("{}", True, False)
    assert (second.settings, second.auto_upgrade_minor) == ('{"a":1,"b":[true]}', True)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": [{"name": "x"}]}])
async def test_what_is_no_list_of_extensions_is_no_reading(
    arm: FakeArm, cloud: AzureCloud, body: object
) -> None:
    arm.on("GET", "/extensions", Answer(200, body))
    with pytest.raises(TransientError):
        await cloud.machines.extensions(VM)


async def test_an_extension_is_put_whole_and_followed_to_its_end(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("PUT", PATH, Answer(201, extension(provisioningState="Creating"), FOLLOW))
    arm.on("GET", "op-1", Answer(200, {"status": "InProgress"}), Answer(200, {"status": "Succeeded"}))
    arm.on("GET", PATH, Answer(200, extension()))
    accepted = await cloud.machines.put_extension(VM, IMAGE, location="westeurope")
    assert accepted.at == clock.now()
    assert clock.slept == [10.0]
    (put,) = arm.sent("PUT")
    assert put.body == {
        "location": "westeurope",
        "properties": {
            "publisher": "P",
            "type": "T",
            "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": False,
            "enableAutomaticUpgrade": True,
            "settings": {"a": 1, "b": [True]},
        },
    }


async def test_protected_settings_never_leave(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PUT", PATH, refusal(409, "OperationNotAllowed"))
    with pytest.raises(RefusedError):
        await cloud.machines.put_extension(VM, IMAGE, location="westeurope")
    assert "protectedSettings" not in arm.seen[0].body["properties"]
    assert "protected" not in " ".join(msgspec.structs.asdict(IMAGE))


async def test_an_installation_that_failed_is_refused_with_its_code(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PUT", PATH, Answer(201, extension(), FOLLOW))
    error = {"code": "VMExtensionProvisioningError", "message": "exit code 1"}
    arm.on("GET", "op-1", Answer(200, {"status": "Failed", "error": error}))
    with pytest.raises(RefusedError) as fault:
        await cloud.machines.put_extension(VM, IMAGE, location="westeurope")
    assert fault.value.code == "VMExtensionProvisioningError"
    assert len(arm.sent("PUT")) == 1


@pytest.mark.parametrize("status", [200, 201])
async def test_an_extension_that_is_taken_with_nothing_to_follow_is_not_taken_for_installed(
    arm: FakeArm, cloud: AzureCloud, status: int
) -> None:
    arm.on("PUT", PATH, Answer(status, extension(provisioningState="Creating")))
    with pytest.raises(UnknownError) as fault:
        await cloud.machines.put_extension(VM, IMAGE, location="westeurope")
    assert fault.value.code == "OperationNotFollowed"
    assert len(arm.seen) == 1


async def test_an_installation_without_end_is_unknown_at_the_deadline(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("PUT", PATH, Answer(201, extension(), FOLLOW))
    arm.on("GET", "op-1", Answer(200, {"status": "InProgress"}))
    with pytest.raises(UnknownError):
        await cloud.machines.put_extension(VM, IMAGE, location="westeurope")
    assert sum(clock.slept) == 1_200


def group_body(*taken: tuple[str, int], **properties: Any) -> Answer:
    views = [
        {"name": name, "utilizationInfo": {"virtualMachinesAllocated": [{"id": VM}] * held}}
        for name, held in taken
    ]
    told = {"instanceView": {"capacityReservations": views}} | properties
    return Answer(200, {"id": RESERVED.upper(), "location": "WestEurope", "properties": told})


def reservation(name: str, capacity: int, *zones: str) -> dict[str, Any]:
    body = {"id": f"{RESERVED}/capacityReservations/{name}", "name": name, "properties": {}}
    return body | {"sku": {"name": "Standard_D4s_v5", "capacity": capacity}, "zones": list(zones)}


async def test_a_group_tells_what_is_kept_and_what_is_taken(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/capacityReservations", listed(reservation("cr-1", 7, "1"), reservation("cr-2", 3)))
    associated = [{"id": VM.upper()}]
    arm.on("GET", "/crg.*", group_body(("CR-1", 2), ("cr-2", 0), virtualMachinesAssociated=associated))
    found = await cloud.reservations.get(RESERVED)
    assert (found.id, found.location, found.machines) == (RESERVED, "westeurope", (VM,))
    told = [(one.name, one.zone, one.free) for one in found.reservations]
    assert told == [("cr-1", "1", 5), ("cr-2", "", 3)]
    assert arm.seen[0].query["$expand"] == "instanceView"
    assert [seen.method for seen in arm.seen] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("group", "held"),
    [
        (group_body(), [reservation("cr-1", 7)]),
        (group_body(("cr-1", 0), instanceView=None), [reservation("cr-1", 7)]),
        (group_body(("cr-1", 0)), [{"name": "cr-1", "id": "x"}]),
    ],
)
async def test_a_group_that_does_not_tell_all_is_no_reading_and_never_an_empty_one(
    arm: FakeArm, cloud: AzureCloud, group: Answer, held: list[Any]
) -> None:
    arm.on("GET", "/capacityReservations", listed(*held))
    arm.on("GET", "/crg.*", group)
    with pytest.raises(TransientError):
        await cloud.reservations.get(RESERVED)


async def test_a_group_that_is_not_there_is_refused(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", refusal(404, "ResourceNotFound"))
    with pytest.raises(RefusedError) as fault:
        await cloud.reservations.get(RESERVED)
    assert fault.value.status == 404
