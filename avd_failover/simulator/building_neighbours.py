"""Records of storage, networks, logs, resource groups and providers that a scenario describes.

Hosts get the FSLogix settings that follow from the storage: Cloud Cache with the own side's share first, the
other side's after it, for profiles and for Office containers.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import (
    ApplicationGroup,
    HostPool,
    Machine,
    Record,
    SessionHost,
    Workspace,
    key,
)
from avd_failover.simulator.records_compute import Guest, RegistryValue
from avd_failover.simulator.records_neighbours import PROVIDERS, Registration, Resource, ResourceGroup
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.scenario_neighbours import LogSpec, NetworkSpec, StorageSpec

_PROFILES = "SOFTWARE\\FSLogix\\Profiles"
_OFFICE = "SOFTWARE\\Policies\\FSLogix\\ODFC"
_LOGGED = {
    "hostpools": ("Checkpoint", "Error", "Management", "Connection", "HostRegistration", "AgentHealthStatus"),
    "applicationgroups": ("Checkpoint", "Error", "Management"),
    "workspaces": ("Checkpoint", "Error", "Management", "Feed"),
}


def neighbours(scenario: Scenario) -> Iterator[Record]:
    """Return storage accounts and shares, networks, and Log Analytics workspaces."""
    for account in scenario.storage:
        yield from _account(scenario, account)
    for network in scenario.networks:
        yield _network(scenario, network)
    for log in scenario.logs:
        yield _workspace(scenario, log)


def after_the_rest(scenario: Scenario, core: Core) -> Iterator[Record]:
    """Return what follows from everything else: diagnostics, guests, resource groups, providers."""
    for log in scenario.logs:
        yield from _diagnostics(scenario, log, core)
    yield from guests(scenario, core)
    yield from _resource_groups(scenario, core)
    for one in scenario.subscriptions:
        for provider in PROVIDERS:
            out = provider.lower() in {name.lower() for name in scenario.unregistered_providers}
            yield Registration(
                id=f"{one.id}|{provider}", subscription_id=one.id, provider=provider,
                state="NotRegistered" if out else "Registered",
            )  # fmt: skip


def guests(scenario: Scenario, core: Core) -> Iterator[Guest]:
    """Return what is found inside the machines of each pool that has storage."""
    for host in core.table(SessionHost).values():
        pool = core.get(HostPool, host.host_pool).name
        values = (
            *_cloud_cache(scenario, pool, "profiles", _PROFILES),
            *_cloud_cache(scenario, pool, "office", _OFFICE),
        )
        if values:
            machine = core.get(Machine, host.machine)
            yield Guest(id=f"{machine.id}/guest", machine=machine.id, registry=values)


def subnet_id(scenario: Scenario, reference: str) -> str:
    """Return the id of a subnet named as network/subnet."""
    network, _, subnet = reference.partition("/")
    spec = next(one for one in scenario.networks if one.name == network)
    return f"{_network_id(scenario, spec)}/subnets/{subnet}"


def _cloud_cache(scenario: Scenario, pool: str, purpose: str, path: str) -> tuple[RegistryValue, ...]:
    held = [one for one in scenario.storage if one.purpose == purpose and one.serves and one.shares]
    own = [one for one in held if one.serves == pool]
    if not own:
        return ()
    others = [one for one in held if one.serves in scenario.workload.pools and one.serves != pool]
    providers = "\n".join(_provider(one) for one in [*own, *others])
    return (
        RegistryValue(path=path, name="Enabled", kind="REG_DWORD", value="1"),
        RegistryValue(path=path, name="CCDLocations", kind="REG_MULTI_SZ", value=providers),
        RegistryValue(path=path, name="ProfileType", kind="REG_DWORD", value="0"),
        RegistryValue(path=path, name="VolumeType", kind="REG_SZ", value="VHDX"),
    )


def _provider(spec: StorageSpec) -> str:
    share = f"\\\\{spec.name}.file.core.windows.net\\{spec.shares[0].name}"
    return f'type=smb,name="{spec.name}",connectionString={share}'


def _account(scenario: Scenario, spec: StorageSpec) -> Iterator[Resource]:
    tier, _, redundancy = spec.sku.partition("_")
    account = f"{_base(scenario, spec.resource_group)}/Microsoft.Storage/storageAccounts/{spec.name}"
    endpoints = {"file": f"https://{spec.name}.file.core.windows.net/"}
    rules = [
        {"id": subnet_id(scenario, one), "action": "Allow", "state": "Succeeded"} for one in spec.subnets
    ]
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "primaryEndpoints": endpoints,
        "primaryLocation": spec.region,
        "statusOfPrimary": "available",
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "publicNetworkAccess": "Enabled" if spec.public_access else "Disabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": rules,
            "ipRules": [],
            "defaultAction": "Allow" if spec.public_access and not rules else "Deny",
        },
        "azureFilesIdentityBasedAuthentication": {"directoryServiceOptions": spec.directory},
    }
    pair = next((r.paired_with for r in scenario.regions if r.name == spec.region), None)
    if redundancy in {"GRS", "GZRS"} and pair:
        properties |= {"secondaryLocation": pair, "statusOfSecondary": "available"}
    yield Resource(
        id=account,
        type="Microsoft.Storage/storageAccounts",
        location=spec.region,
        sku=spec.sku,
        tier=tier,
        kind="FileStorage" if tier == "Premium" else "StorageV2",
        properties=json.dumps(properties),
    )
    for share in spec.shares:
        shown = {
            "accessTier": "Premium" if tier == "Premium" else "TransactionOptimized",
            "leaseState": "available",
            "shareQuota": share.quota_gb,
            "enabledProtocols": "SMB",
        }
        yield Resource(
            id=f"{account}/fileServices/default/shares/{share.name}",
            type="Microsoft.Storage/storageAccounts/fileServices/shares",
            properties=json.dumps(shown),
        )


def _network(scenario: Scenario, spec: NetworkSpec) -> Resource:
    network = _network_id(scenario, spec)
    subnets = [
        {
            "name": one.name,
            "id": f"{network}/subnets/{one.name}",
            "type": "Microsoft.Network/virtualNetworks/subnets",
            "properties": {"provisioningState": "Succeeded", "addressPrefix": one.prefix, "delegations": []},
        }
        for one in spec.subnets
    ]
    properties = {
        "provisioningState": "Succeeded",
        "addressSpace": {"addressPrefixes": list(spec.addresses)},
        "dhcpOptions": {"dnsServers": list(spec.dns_servers)},
        "subnets": subnets,
        "virtualNetworkPeerings": [_peering(scenario, spec, peer) for peer in spec.peers],
        "enableDdosProtection": False,
    }
    return Resource(
        id=network,
        type="Microsoft.Network/virtualNetworks",
        location=spec.region,
        properties=json.dumps(properties),
    )


def _peering(scenario: Scenario, spec: NetworkSpec, peer: str) -> dict[str, Any]:
    other = next(one for one in scenario.networks if one.name == peer)
    mutual = spec.name in other.peers
    broken = peer in spec.broken_peers or spec.name in other.broken_peers
    return {
        "name": f"to-{peer}",
        "id": f"{_network_id(scenario, spec)}/virtualNetworkPeerings/to-{peer}",
        "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        "properties": {
            "provisioningState": "Succeeded",
            "peeringState": "Disconnected" if broken else "Connected" if mutual else "Initiated",
            "peeringSyncLevel": "FullyInSync",
            "remoteVirtualNetwork": {"id": _network_id(scenario, other)},
            "remoteAddressSpace": {"addressPrefixes": list(other.addresses)},
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": True,
            "allowGatewayTransit": False,
            "useRemoteGateways": False,
        },
    }


def _workspace(scenario: Scenario, spec: LogSpec) -> Resource:
    properties = {
        "customerId": str(uuid.uuid5(uuid.NAMESPACE_URL, _workspace_id(scenario, spec).lower())),
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return Resource(
        id=_workspace_id(scenario, spec),
        type="Microsoft.OperationalInsights/workspaces",
        location=spec.region,
        properties=json.dumps(properties),
    )


def _diagnostics(scenario: Scenario, log: LogSpec, core: Core) -> Iterator[Resource]:
    for name in log.of:
        for kind, target in _called(core, name):
            logs = [
                {"category": one, "categoryGroup": None, "enabled": True,
                 "retentionPolicy": {"enabled": False, "days": 0}}
                for one in _LOGGED[kind]
            ]  # fmt: skip
            yield Resource(
                id=f"{target}/providers/Microsoft.Insights/diagnosticSettings/to-{log.name}",
                type="Microsoft.Insights/diagnosticSettings",
                properties=json.dumps(
                    {"workspaceId": _workspace_id(scenario, log), "logs": logs, "metrics": []}
                ),
            )


def _called(core: Core, name: str) -> Iterator[tuple[str, str]]:
    kinds: tuple[type[Record], ...] = (HostPool, ApplicationGroup, Workspace)
    for kind in kinds:
        for record in core.table(kind).values():
            if record.name == name:
                yield record.id.rsplit("/", 2)[-2].lower(), record.id


def _resource_groups(scenario: Scenario, core: Core) -> Iterator[ResourceGroup]:
    said = {one.name.lower(): one.region for one in scenario.resource_groups}
    found: dict[str, ResourceGroup] = {}
    for kind in core.kinds():
        for record in core.table(kind).values():
            location = getattr(record, "location", "")
            group = f"/subscriptions/{record.subscription}/resourceGroups/{record.resource_group}"
            if location and record.resource_group and key(group) not in found:
                where = said.get(record.resource_group.lower(), location)
                found[key(group)] = ResourceGroup(id=group, location=where)
    yield from found.values()


def _base(scenario: Scenario, group: str) -> str:
    return f"/subscriptions/{scenario.subscriptions[0].id}/resourceGroups/{group}/providers"


def _network_id(scenario: Scenario, spec: NetworkSpec) -> str:
    return f"{_base(scenario, spec.resource_group)}/Microsoft.Network/virtualNetworks/{spec.name}"


def _workspace_id(scenario: Scenario, spec: LogSpec) -> str:
    return f"{_base(scenario, spec.resource_group)}/Microsoft.OperationalInsights/workspaces/{spec.name}"
