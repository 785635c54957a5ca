"""What lies around host pools, as readiness reads it: storage, networks, logs, places, health, queries."""

import json
from typing import Any

import pytest

from avd_failover.simulator.http import kql
from avd_failover.simulator.http.wire import Refusal
from tests.simulator.http.estate import (
    AGROUP,
    GROUP,
    MACHINE,
    PLAIN,
    POOL,
    STOPPED,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
    Wire,
    a_world,
)

ROOT = f"/subscriptions/{SUBSCRIPTION}"
DATA = f"{ROOT}/resourceGroups/rg-data/providers"
ACCOUNT = f"{DATA}/Microsoft.Storage/storageAccounts/stneu"
NETWORK = f"{DATA}/Microsoft.Network/virtualNetworks/vnet-neu"
LOGS = f"{DATA}/Microsoft.OperationalInsights/workspaces/log-neu"
DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
HEALTH = "providers/Microsoft.ResourceHealth/availabilityStatuses"
QUERY = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
HOST_POOLS = "Microsoft.DesktopVirtualization/hostPools"
ACCOUNTS = "microsoft.storage/storageaccounts"
PROFILES = 'reg query "HKLM\\SOFTWARE\\FSLogix\\Profiles" /v CCDLocations'


def surroundings() -> dict[str, Any]:
    share = [{"name": "profiles", "quota_gb": 2_048}]
    pools = json.loads(json.dumps(PLAIN["host_pools"]))
    pools[0]["hosts"] |= {"subnet": "vnet-neu/hosts"}
    return {
        "host_pools": pools,
        "regions": [
            {"name": "northeurope", "display_name": "North Europe", "paired_with": "westeurope"},
            {"name": "westeurope", "display_name": "West Europe", "paired_with": "northeurope"},
        ],
        "storage": [
            {"name": "stneu", "resource_group": "rg-data", "region": "northeurope", "serves": "hp-North",
             "shares": share, "subnets": ["vnet-neu/hosts"]},
            {"name": "stweu", "resource_group": "rg-data", "region": "westeurope", "serves": "hp-West",
             "shares": share, "sku": "Standard_GZRS", "public_access": True},
        ],
        "networks": [
            {"name": "vnet-neu", "resource_group": "rg-data", "region": "northeurope",
             "addresses": ["10.1.0.0/16"],
             "subnets": [{"name": "hosts", "prefix": "10.1.0.0/24"}], "dns_servers": ["10.0.0.4"],
             "peers": ["vnet-hub", "vnet-weu"]},
            {"name": "vnet-hub", "resource_group": "rg-data", "region": "northeurope",
             "addresses": ["10.0.0.0/16"], "peers": ["vnet-neu"]},
            {"name": "vnet-weu", "resource_group": "rg-data", "region": "westeurope",
             "addresses": ["10.2.0.0/16"]},
        ],
        "logs": [
            {"name": "log-neu", "resource_group": "rg-data", "region": "northeurope",
             "of": ["hp-North", "dag-North", "ws-North"]}
        ],
        "resource_groups": [{"name": "rg-West", "region": "northeurope"}],
        "unregistered_providers": ["Microsoft.ComputeSchedule"],
    }  # fmt: skip


def around() -> Wire:
    return Wire(a_world(**surroundings()))


def names(wire: Wire, path: str) -> list[Any]:
    return [one["name"] for one in wire.get(path).body["value"]]


def test_an_account_tells_redundancy_kind_rules_and_directory():
    wire = around()
    shown = wire.get(ACCOUNT).body
    assert (shown["sku"], shown["kind"]) == ({"name": "Premium_ZRS", "tier": "Premium"}, "FileStorage")
    rules = shown["properties"]["networkAcls"]
    assert rules["defaultAction"] == "Deny"
    assert [one["id"] for one in rules["virtualNetworkRules"]] == [NETWORK + "/subnets/hosts"]
    assert shown["properties"]["azureFilesIdentityBasedAuthentication"] == {
        "directoryServiceOptions": "AADKERB"
    }
    assert "secondaryLocation" not in shown["properties"]
    twin = wire.get(ACCOUNT.replace("stneu", "stweu")).body
    assert (twin["kind"], twin["properties"]["secondaryLocation"]) == ("StorageV2", "northeurope")
    assert twin["properties"]["networkAcls"]["defaultAction"] == "Allow"


def test_shares_are_listed_and_read_alone():
    wire = around()
    shares = f"{ACCOUNT}/fileServices/default/shares"
    assert names(wire, shares) == ["profiles"]
    assert wire.get(shares + "/profiles").body["properties"]["shareQuota"] == 2_048
    assert wire.get(shares + "/x").code == "ShareNotFound"
    assert (
        wire.get(ACCOUNT.replace("stneu", "none") + "/fileServices/default/shares").code == "ResourceNotFound"
    )


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("Microsoft.Storage/storageAccounts", ["stneu", "stweu"]),
        ("Microsoft.Network/virtualNetworks", ["vnet-hub", "vnet-neu", "vnet-weu"]),
        ("Microsoft.OperationalInsights/workspaces", ["log-neu"]),
    ],
)
def test_neighbours_are_listed_for_subscription_and_group(kind, found):
    wire = around()
    assert names(wire, f"{ROOT}/providers/{kind}") == found
    assert names(wire, f"{DATA}/{kind}") == found
    assert names(wire, f"{GROUP}/providers/{kind}") == []


def test_a_network_tells_addresses_dns_subnets_and_the_state_of_its_peerings():
    wire = around()
    shown = wire.get(NETWORK).body["properties"]
    assert shown["dhcpOptions"]["dnsServers"] == ["10.0.0.4"]
    states = {one["name"]: one["properties"]["peeringState"] for one in shown["virtualNetworkPeerings"]}
    assert states == {"to-vnet-hub": "Connected", "to-vnet-weu": "Initiated"}
    assert names(wire, NETWORK + "/virtualNetworkPeerings") == ["to-vnet-hub", "to-vnet-weu"]
    assert wire.get(NETWORK + "/subnets/hosts").body["properties"]["addressPrefix"] == "10.1.0.0/24"
    assert wire.get(NETWORK + "/subnets/none").status == 404
    nic = wire.get(MACHINE).body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
    address = wire.get(nic).body["properties"]["ipConfigurations"][0]["properties"]
    assert address["subnet"]["id"] == NETWORK + "/subnets/hosts"


@pytest.mark.parametrize(
    ("target", "logged"), [(POOL, True), (AGROUP, True), (WORKSPACE, True), (MACHINE, False)]
)
def test_diagnostics_of_avd_objects_name_the_workspace_they_are_sent_to(target, logged):
    wire = around()
    held = wire.get(f"{target}/{DIAGNOSTICS}?api-version=2021-05-01-preview").body
    assert [one["properties"]["workspaceId"] for one in held["value"]] == ([LOGS] if logged else [])
    assert "nextLink" not in held
    if logged:
        assert wire.get(f"{target}/{DIAGNOSTICS}/to-log-neu").body == held["value"][0]


def test_a_dark_region_takes_its_neighbours_along():
    world = a_world(**surroundings())
    region = world.pools.regions()[0]
    world.core.change("azure:x", "dark", region, control_plane_up=False)
    wire = Wire(world)
    assert wire.get(ACCOUNT).status == 503
    assert wire.get(ACCOUNT.replace("stneu", "stweu")).status == 200


def test_resource_groups_lie_where_their_first_resource_does_unless_said_otherwise():
    wire = around()
    places = {one["name"]: one["location"] for one in wire.get(f"{ROOT}/resourceGroups").body["value"]}
    assert places["rg-North"] == places["rg-North-vms"] == "northeurope"
    assert (places["rg-West"], places["rg-West-vms"]) == ("northeurope", "westeurope")
    assert wire.get(f"{ROOT}/resourcegroups/RG-NORTH").body["name"] == "rg-North"
    assert wire.get(f"{ROOT}/resourceGroups/none").code == "ResourceGroupNotFound"
    assert wire.ask("HEAD", f"{ROOT}/resourceGroups/rg-North").status == 204
    assert wire.ask("HEAD", f"{ROOT}/resourceGroups/none").status == 404


def test_regions_tell_their_pairs():
    (north, _) = around().get(f"{ROOT}/locations").body["value"]
    assert north["metadata"]["pairedRegion"][0]["name"] == "westeurope"
    assert len(north["availabilityZoneMappings"]) == 3


def test_a_provider_is_registered_after_a_while():
    wire = around()
    path = f"{ROOT}/providers/Microsoft.ComputeSchedule"
    assert wire.get(path).body["registrationState"] == "NotRegistered"
    assert wire.ask("POST", path + "/register").body["registrationState"] == "Registering"
    wire.world.advance(61)
    assert wire.get(path).body["registrationState"] == "Registered"
    assert wire.ask("POST", path + "/register").body["registrationState"] == "Registered"
    assert wire.get(f"{ROOT}/providers/Microsoft.Unheard").code == "InvalidResourceNamespace"
    assert "Microsoft.Compute" in {one["namespace"] for one in wire.get(f"{ROOT}/providers").body["value"]}


def test_all_resources_are_listed_and_filtered_by_type():
    wire = around()
    kinds = {one["type"].lower() for one in wire.get(f"{ROOT}/resources").body["value"]}
    assert {"microsoft.compute/virtualmachines", "microsoft.storage/storageaccounts"} <= kinds
    asked = (
        f"{GROUP}/resources?api-version=1&$filter=resourceType eq 'Microsoft.DesktopVirtualization/hostPools'"
    )
    (pool,) = wire.get(asked).body["value"]
    assert "properties" not in pool
    assert wire.get(f"{ROOT}/resources?api-version=1&$filter=name eq 'x'").status == 400


@pytest.mark.parametrize(
    ("resource", "dark", "state", "why"),
    [
        (MACHINE, None, "Available", ""),
        (STOPPED, None, "Unavailable", "Customer Initiated"),
        (MACHINE, {"compute_up": False}, "Unavailable", "Unplanned"),
        (ACCOUNT, None, "Available", ""),
        (ACCOUNT, {"control_plane_up": False}, "Unavailable", "Unplanned"),
        (POOL, {"control_plane_up": False}, "Unavailable", "Unplanned"),
    ],
)
def test_health_follows_region_and_power(resource, dark, state, why):
    world = a_world(**surroundings())
    if dark:
        world.core.change("azure:x", "dark", world.pools.regions()[0], **dark)
    told = Wire(world).get(f"{resource}/{HEALTH}/current").body
    assert (told["properties"]["availabilityState"], told["properties"]["reasonType"]) == (state, why)
    assert told["location"] == "northeurope"


def test_health_of_many_and_of_none():
    wire = around()
    told = wire.get(f"{ROOT}/{HEALTH}").body["value"]
    assert len(told) == 10
    assert wire.get(f"{MACHINE}/{HEALTH}").body["value"][0]["name"] == "current"
    assert wire.get(f"{MACHINE}x/{HEALTH}/current").code == "ResourceNotFound"


def test_hosts_keep_profiles_on_their_own_side_first_and_on_the_other_after_it():
    wire = around()
    sides = {}
    for side, machine in (("N", MACHINE), ("W", MACHINE.replace("North", "West").replace("nvm", "wvm"))):
        began = wire.ask(
            "POST", machine + "/runCommand", {"commandId": "RunPowerShellScript", "script": [PROFILES]}
        )
        wire.world.advance(wire.world.now_s + 90)
        said = wire.get(began.headers["Location"].partition("7777")[2]).body["value"][0]["message"]
        sides[side] = [said.index(name) for name in ("stneu", "stweu")]
    assert sides["N"] == sorted(sides["N"])
    assert sides["W"] == sorted(sides["W"], reverse=True)


def query(wire: Wire, text: str, **more) -> dict[str, Any]:
    told = wire.ask("POST", QUERY, {"query": text, **more})
    assert told.status == 200, told.body
    body: dict[str, Any] = told.body
    return body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Resources | where type =~ '{HOST_POOLS}' | project name", ["hp-North", "hp-West"]),
        (f"resources | where type == '{ACCOUNTS}' and location =~ 'WestEurope' | project name", ["stweu"]),
        ("Resources | where name in~ ('STNEU', 'vnet-hub') | order by name asc", ["stneu", "vnet-hub"]),
        ("Resources | where type contains 'virtualnet' | where name !~ 'vnet-hub' | take 1", ["vnet-neu"]),
        ("Resources | where name startswith 'st' | sort by name desc | project name", ["stweu", "stneu"]),
        (f"Resources | where id =~ '{ACCOUNT.upper()}' | project name", ["stneu"]),
    ],
)  # fmt: skip
def test_a_query_filters_and_chooses(text, found):
    assert [row["name"] for row in query(around(), text)["data"]] == found


def test_a_query_looks_into_properties_names_columns_and_counts():
    wire = around()
    text = "Resources | where properties.publicNetworkAccess == 'Disabled' | project who = name, sku.name"
    assert query(wire, text)["data"] == [{"who": "stneu", "sku_name": "Premium_ZRS"}]
    assert query(wire, "Resources | where type =~ 'microsoft.compute/virtualmachines' | count")["data"] == [
        {"Count": 10}
    ]
    groups = query(wire, "ResourceContainers | where name =~ 'rg-data' | project name, location")["data"]
    assert groups == [{"name": "rg-data", "location": "northeurope"}]


def test_a_query_is_cut_into_pages_that_hold_each_row_once():
    wire = around()
    text = "Resources | project id"
    whole = query(wire, text)
    seen, options = [], {"$top": 7}
    while True:
        page = query(wire, text, options=options)
        seen += [row["id"] for row in page["data"]]
        if "$skipToken" not in page:
            break
        options = {"$top": 7, "$skipToken": page["$skipToken"]}
    assert seen == [row["id"] for row in whole["data"]]
    assert len(seen) == whole["totalRecords"] > 14


def test_a_query_sees_only_the_subscriptions_that_it_names_and_can_answer_as_a_table():
    wire = around()
    assert query(wire, "Resources", subscriptions=[TENANT])["data"] == []
    table = query(wire, "Resources | project name | take 2", options={"resultFormat": "table"})["data"]
    assert [column["name"] for column in table["columns"]] == ["name"]
    assert len(table["rows"]) == 2


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Nowhere | take 1", 400),
        ("Resources | where type likes 'x'", 400),
        ("Resources | dance", 400),
        ("Resources | take many", 400),
        ("Resources | summarize count() by type", 501),
        ("Resources | join kind=inner (Resources) on id", 501),
        ("", 400),
    ],
)
def test_a_query_that_is_not_understood_is_refused(text, status):
    assert around().ask("POST", QUERY, {"query": text}).status == status


@pytest.mark.parametrize("options", [{"$top": 0}, {"$top": 1_001}, {"$skipToken": "?"}])
def test_options_that_make_no_sense_are_refused(options):
    assert around().ask("POST", QUERY, {"query": "Resources", "options": options}).status == 400


def test_a_pipe_in_quotes_parts_nothing():
    _, steps = kql.table_of("Resources | where name == 'a|b' | take 1")
    assert steps == ["where name == 'a|b'", "take 1"]
    assert kql.run([{"name": "a|b"}], steps) == [{"name": "a|b"}]
    with pytest.raises(Refusal):
        kql.run([], ["where"])
