"""Compute beside power: room, sizes, quotas, disks, images, and Compute's own throttles."""

import json
from typing import Any

import pytest

from avd_failover.simulator.http.compute_policies import policy_of
from avd_failover.simulator.http.wire import Ask, Call
from avd_failover.simulator.recovery_records import CapacityGroup, Reservation
from avd_failover.simulator.sizes import size_of
from tests.simulator.http.estate import MACHINE, MACHINES, PLAIN, STOPPED, SUBSCRIPTION, Wire, a_world

COMPUTE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"
GROUP_COMPUTE = MACHINES.rsplit("/", 1)[0]
GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-img/providers/Microsoft.Compute/galleries/gal"
VERSION = f"{GALLERY}/images/win11/versions/1.2.0"
SIZE = "Standard_D8s_v5"
IMAGES = [
    {
        "name": "gal", "resource_group": "rg-img", "region": "northeurope",
        "images": [{"name": "win11", "versions": [
            {"name": "1.2.0", "replicas": [{"region": "northeurope", "count": 2},
                                           {"region": "westeurope", "state": "Replicating"}]},
            {"name": "1.1.0", "replicas": [{"region": "northeurope"}], "copied_from": "gal/win11/1.2.0"},
        ]}],
    }
]  # fmt: skip


def with_hosts(**changes) -> list[Any]:
    pools: list[Any] = json.loads(json.dumps(PLAIN["host_pools"]))
    pools[0]["hosts"] |= changes
    return pools


def start(wire: Wire, machine: str = STOPPED) -> dict[str, Any]:
    began = wire.ask("POST", machine + "/start")
    assert began.status == 202
    wire.world.advance(wire.world.now_s + 600)
    body: dict[str, Any] = wire.get(began.headers["Azure-AsyncOperation"].partition("7777")[2]).body
    return body


def scarce(free: int, **more) -> dict[str, Any]:
    return {"capacity": [{"region": "northeurope", "size": SIZE, "free": free, **more}]}


@pytest.mark.parametrize(
    ("room", "code"),
    [
        (scarce(0), "AllocationFailed"),
        (scarce(0, zone="2"), "ZonalAllocationFailed"),
        (scarce(0, zone="1"), None),
        (scarce(1), None),
        ({}, None),
        ({"capacity": [{"region": "westeurope", "size": SIZE, "free": 0}]}, None),
        ({"capacity": [{"region": "northeurope", "size": "Standard_D4s_v5", "free": 0}]}, None),
    ],
)
def test_a_start_fails_where_a_region_has_no_room_left(room, code):
    told = start(Wire(a_world(**room)))
    assert told["status"] == ("Failed" if code else "Succeeded")
    assert told.get("error", {}).get("code") == code


def test_room_is_taken_by_a_start_and_given_back_by_a_deallocation():
    wire = Wire(a_world(host_pools=with_hosts(running=3), **scarce(1)))
    third, fourth = STOPPED.replace("nvm-4", "nvm-3"), STOPPED
    assert start(wire, third)["status"] == "Succeeded"
    assert start(wire, fourth)["status"] == "Failed"
    wire.ask("POST", third + "/deallocate")
    wire.world.advance(wire.world.now_s + 600)
    assert start(wire, fourth)["status"] == "Succeeded"


def test_a_machine_that_is_only_powered_off_keeps_its_room():
    wire = Wire(a_world(**scarce(0)))
    wire.ask("POST", MACHINE + "/powerOff")
    wire.world.advance(600)
    assert start(wire, MACHINE)["status"] == "Succeeded"


def reserve(wire: Wire, capacity: int) -> str:
    group = f"{GROUP_COMPUTE}/capacityReservationGroups/crg"
    core = wire.world.core
    core.write("scenario:x", "build", CapacityGroup(id=group, location="northeurope"))
    place = Reservation(
        id=f"{group}/capacityReservations/d8", location="northeurope", size=SIZE, capacity=capacity
    )
    core.write("scenario:x", "build", place)
    return group


@pytest.mark.parametrize(("capacity", "status"), [(1, "Succeeded"), (0, "Failed")])
def test_a_reserved_place_is_there_when_the_region_is_full(capacity, status):
    wire = Wire(a_world(**scarce(0)))
    group = reserve(wire, capacity)
    sent = {"properties": {"capacityReservation": {"capacityReservationGroup": {"id": group.upper()}}}}
    told = wire.ask("PATCH", STOPPED, sent)
    assert told.status == 200
    assert told.body["properties"]["capacityReservation"]["capacityReservationGroup"]["id"] == group
    assert start(wire)["status"] == status


def test_a_group_is_joined_only_while_deallocated_and_has_to_exist():
    wire = Wire()
    group = reserve(wire, 1)
    place = {"properties": {"capacityReservation": {"capacityReservationGroup": {"id": group}}}}
    assert wire.ask("PATCH", MACHINE, place).code == "OperationNotAllowed"
    place["properties"]["capacityReservation"]["capacityReservationGroup"]["id"] = group + "x"
    assert wire.ask("PATCH", STOPPED, place).status == 404
    assert wire.ask("PATCH", STOPPED, {"properties": {"licenseType": "x"}}).status == 501


def test_tags_of_a_machine_are_replaced_and_autoscale_reads_them():
    wire = Wire()
    assert wire.ask("PATCH", STOPPED, {"tags": {"keep": "1"}}).body["tags"] == {"keep": "1"}
    assert wire.world.machines.get(STOPPED).tags == (("keep", "1"),)
    assert wire.ask("PATCH", STOPPED, {"tags": {"keep": 1}}).status == 400


@pytest.mark.parametrize(("zones", "refused"), [([], True), (["2"], True), (["3"], False)])
def test_a_restricted_size_is_refused_at_once_and_listed(zones, refused):
    limits = [{"region": "northeurope", "size": SIZE, "zones": zones}]
    wire = Wire(a_world(restricted_sizes=limits))
    answer = wire.ask("POST", STOPPED + "/start")
    assert answer.status == (409 if refused else 202)
    if refused:
        assert answer.code == "SkuNotAvailable"
    rows = wire.get(f"{COMPUTE}/skus?api-version=2021-07-01&$filter=location eq 'northeurope'").body["value"]
    (sku,) = [row for row in rows if row["name"] == SIZE]
    assert [one["type"] for one in sku["restrictions"]] == ["Zone" if zones else "Location"]
    assert wire.ask("POST", MACHINE + "/start").status == 202


def test_sizes_are_listed_for_each_region_or_one():
    wire = Wire()
    one = [
        row
        for page in wire.pages(f"{COMPUTE}/skus?api-version=1&$filter=location eq 'westeurope'")
        for row in page
    ]
    every = [row for page in wire.pages(f"{COMPUTE}/skus?api-version=1") for row in page]
    assert len(every) == 2 * len(one) > 40
    assert {row["locations"][0] for row in one} == {"westeurope"}
    assert wire.get(f"{COMPUTE}/skus?api-version=1&$filter=name eq 'x'").status == 400


@pytest.mark.parametrize(
    ("name", "family", "vcpus", "memory", "temporary"),
    [
        ("Standard_D8s_v5", "standardDSv5Family", 8, 32, False),
        ("Standard_D8ds_v5", "standardDDSv5Family", 8, 32, True),
        ("Standard_E16as_v5", "standardEASv5Family", 16, 128, False),
        ("Standard_D2s_v3", "standardDSv3Family", 2, 8, True),
        ("Standard_NV36ads_A10_v5", "standardStandard_NV36ads_A10_v5Family", 2, 8, True),
    ],
)
def test_a_size_says_what_it_offers(name, family, vcpus, memory, temporary):
    size = size_of(name)
    assert (size.family, size.vcpus, size.memory_gb) == (family, vcpus, memory)
    assert bool(size.temporary_disk_mb) is temporary


def test_usages_count_every_machine_that_exists_and_leave_headroom():
    wire = Wire(a_world(quotas=[{"region": "northeurope", "name": "standardDSv5Family", "limit": 50}]))
    rows = {
        row["name"]["value"]: row for row in wire.get(f"{COMPUTE}/locations/northeurope/usages").body["value"]
    }
    assert (rows["cores"]["currentValue"], rows["cores"]["limit"]) == (40, 350)
    assert (rows["standardDSv5Family"]["currentValue"], rows["standardDSv5Family"]["limit"]) == (40, 50)
    assert rows["virtualMachines"]["currentValue"] == 5
    empty = wire.get(f"{COMPUTE}/locations/swedencentral/usages").body["value"]
    assert {row["currentValue"] for row in empty} == {0}


def test_machines_are_listed_by_location_and_with_their_status_alone():
    wire = Wire()
    here = wire.get(f"{COMPUTE}/locations/WestEurope/virtualMachines").body["value"]
    assert {one["location"] for one in here} == {"westeurope"}
    assert len(here) == 5
    states = wire.get(f"{COMPUTE}/virtualMachines?api-version=1&statusOnly=true").body["value"]
    assert all("instanceView" in one["properties"] for one in states)


def test_a_disk_belongs_to_its_machine_and_is_reserved_while_that_is_deallocated():
    wire = Wire(a_world(host_pools=with_hosts(os_disk_sku="Premium_ZRS")))
    held = wire.get(MACHINE).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]
    disk = wire.get(held["id"]).body
    assert disk["sku"] == {"name": "Premium_ZRS", "tier": "Premium"}
    assert disk["managedBy"].lower() == MACHINE.lower()
    assert "zones" not in disk
    assert disk["properties"]["diskState"] == "Attached"
    assert wire.get(held["id"].replace("nvm-0", "nvm-4")).body["properties"]["diskState"] == "Reserved"
    assert len(wire.get(f"{GROUP_COMPUTE}/disks").body["value"]) == 5
    assert len(wire.get(f"{COMPUTE}/disks").body["value"]) == 10
    assert wire.get(held["id"] + "x").code == "ResourceNotFound"


def test_a_machine_names_its_interface_which_names_the_machine():
    wire = Wire()
    (held,) = wire.get(MACHINE).body["properties"]["networkProfile"]["networkInterfaces"]
    assert wire.get(held["id"]).body["properties"]["virtualMachine"]["id"].lower() == MACHINE.lower()
    assert wire.get(held["id"] + "x").code == "ResourceNotFound"


def imaged() -> Wire:
    return Wire(a_world(galleries=IMAGES, host_pools=with_hosts(image="gal/win11/1.2.0")))


def test_a_version_tells_its_target_regions_by_name_and_on_request_how_far_they_are():
    wire = imaged()
    shown = wire.get(VERSION).body["properties"]
    assert [one["name"] for one in shown["publishingProfile"]["targetRegions"]] == [
        "North Europe",
        "West Europe",
    ]
    assert "replicationStatus" not in shown
    status = wire.get(VERSION + "?api-version=2026-03-03&$expand=ReplicationStatus").body["properties"][
        "replicationStatus"
    ]
    assert status["aggregatedState"] == "InProgress"
    assert [(one["region"], one["state"], one["progress"]) for one in status["summary"]] == [
        ("North Europe", "Completed", 100),
        ("West Europe", "Replicating", 45),
    ]


def test_galleries_images_and_versions_are_listed_and_a_copy_names_its_source():
    wire = imaged()
    assert [one["name"] for one in wire.get(f"{COMPUTE}/galleries").body["value"]] == ["gal"]
    assert [one["name"] for one in wire.get(GALLERY.rsplit("/", 1)[0]).body["value"]] == ["gal"]
    assert wire.get(GALLERY).body["type"] == "Microsoft.Compute/galleries"
    assert [one["name"] for one in wire.get(GALLERY + "/images").body["value"]] == ["win11"]
    assert wire.get(GALLERY + "/images/win11").body["properties"]["osType"] == "Windows"
    versions = wire.get(GALLERY + "/images/win11/versions").body["value"]
    assert [one["name"] for one in versions] == ["1.1.0", "1.2.0"]
    assert versions[0]["properties"]["storageProfile"]["source"]["id"] == VERSION
    for missing in (GALLERY + "x", GALLERY + "/images/x", VERSION + "1"):
        assert wire.get(missing).code == "ResourceNotFound"


def test_a_machine_names_the_image_that_it_was_made_from():
    wire = imaged()
    made = wire.get(MACHINE).body["properties"]["storageProfile"]["imageReference"]
    assert made == {"id": VERSION, "exactVersion": "1.2.0"}
    west = MACHINE.replace("North", "West").replace("nvm", "wvm")
    assert "imageReference" not in wire.get(west).body["properties"]["storageProfile"]


def call(method: str, tail: str, **params: str) -> Call:
    ask = Ask(method=method, target=f"/x/{tail}", headers={})
    return Call(ask=ask, actor="", params=params, query={}, number=1, page=1)


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        (call("GET", "virtualMachines/vm", vm="vm"), "LowCostGet"),
        (call("GET", "virtualMachines/vm/instanceView", vm="vm"), "LowCostGet"),
        (call("GET", "virtualMachines"), "HighCostGet"),
        (call("POST", "virtualMachines/vm/start", vm="vm"), "UpdateVM"),
        (call("PATCH", "virtualMachines/vm", vm="vm"), "UpdateVM"),
        (call("PUT", "virtualMachines/vm", vm="vm"), "PutVM"),
        (call("PUT", "virtualMachines/vm/extensions/e", vm="vm"), "UpdateVM"),
        (call("POST", "virtualMachines/vm/deallocate", vm="vm"), "DeleteVM"),
        (call("DELETE", "virtualMachines/vm", vm="vm"), "DeleteVM"),
        (call("GET", "operations/1", operation="1"), "GetOperation"),
        (call("GET", "usages", location="x"), None),
    ],
)
def test_a_request_falls_under_the_policy_that_compute_documents(asked, policy):
    assert policy_of(asked) == policy


def test_one_machine_is_throttled_apart_from_all_others_and_told_when_to_come_back():
    wire = Wire()
    left = [wire.get(MACHINE).headers["x-ms-ratelimit-remaining-resource"] for _ in range(36)]
    assert left[0].startswith("Microsoft.Compute/LowCostGetResource;35,")
    assert left[0].endswith("Microsoft.Compute/LowCostGetSubscriptionMaximum;23999")
    refused = wire.get(MACHINE)
    assert (refused.status, refused.code) == (429, "TooManyRequests")
    assert wire.get(STOPPED).status == 200
    wire.world.advance(int(refused.headers["Retry-After"]))
    assert wire.get(MACHINE).status == 200


def test_starts_of_one_machine_run_out_before_those_of_a_subscription():
    wire = Wire()
    answers = [wire.ask("POST", MACHINE + "/start").status for _ in range(13)]
    assert answers == [202] * 12 + [429]
    assert wire.ask("POST", STOPPED + "/start").status == 202


def test_a_machine_in_a_reserved_place_leaves_the_room_of_others():
    wire = Wire(a_world(host_pools=with_hosts(running=3), **scarce(1)))
    group = reserve(wire, 1)
    sent = {"properties": {"capacityReservation": {"capacityReservationGroup": {"id": group}}}}
    wire.ask("PATCH", STOPPED, sent)
    assert start(wire, STOPPED)["status"] == "Succeeded"
    assert start(wire, STOPPED.replace("nvm-4", "nvm-3"))["status"] == "Succeeded"
