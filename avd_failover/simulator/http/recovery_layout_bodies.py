"""How Site Recovery writes what a vault is made of: fabrics, containers, mappings, policies, plans."""

from collections import Counter

from avd_failover.simulator.http.recovery_bodies import KIND, scenario_body, time_of
from avd_failover.simulator.http.recovery_links import shown_id
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.recovery_points import health
from avd_failover.simulator.recovery_records import (
    Container,
    ContainerMapping,
    Fabric,
    Job,
    Policy,
    ProtectedItem,
    RecoveryPlan,
    Vault,
)
from avd_failover.simulator.world import World

_NO_KEY = {"kekState": "None", "kekCertThumbprint": None}
_CONTAINER = f"{KIND}/replicationFabrics/replicationProtectionContainers"


def vault_body(vault: Vault) -> dict[str, Json]:
    """Write a vault (Microsoft.RecoveryServices/vaults)."""
    return {
        "location": vault.location,
        "name": vault.name,
        "id": vault.id,
        "type": "Microsoft.RecoveryServices/vaults",
        "properties": {"provisioningState": "Succeeded", "publicNetworkAccess": "Enabled"},
        "sku": {"name": "Standard"},
    }


def fabric_body(world: World, fabric: Fabric) -> dict[str, Json]:
    """Write a fabric: a region of Azure."""
    containers = [shown_id(one.id) for one in world.recovery.items.list(Container, fabric.id)]
    return {
        "name": fabric.name,
        "type": f"{KIND}/replicationFabrics",
        "id": shown_id(fabric.id),
        "properties": {
            "friendlyName": fabric.display_name,
            "encryptionDetails": _NO_KEY,
            "rolloverEncryptionDetails": _NO_KEY,
            "internalIdentifier": fabric.guid,
            "bcdrState": "Valid",
            "customDetails": {
                "instanceType": "Azure",
                "location": fabric.location,
                "containerIds": containers,
            },
            "healthErrorDetails": [],
            "health": "Normal",
        },
    }


def container_body(world: World, container: Container) -> dict[str, Json]:
    """Write a protection container."""
    fabric = world.core.get(Fabric, container.id.rsplit("/", 2)[0])
    items = world.recovery.items.list(ProtectedItem, container.id)
    return {
        "id": shown_id(container.id),
        "name": container.name,
        "type": _CONTAINER,
        "properties": {
            "fabricFriendlyName": fabric.display_name,
            "friendlyName": container.name,
            "fabricType": "Azure",
            "protectedItemCount": len(items),
            "pairingStatus": "Paired",
            "role": "Primary" if items else "Recovery",
            "fabricSpecificDetails": None,
        },
    }


def mapping_body(world: World, mapping: ContainerMapping) -> dict[str, Json]:
    """Write a mapping from one container to another."""
    source = mapping.id.rsplit("/", 2)[0]
    fabrics = [world.core.get(Fabric, one.rsplit("/", 2)[0]).display_name for one in (source, mapping.target)]
    return {
        "id": shown_id(mapping.id),
        "name": mapping.name,
        "type": f"{_CONTAINER}/replicationProtectionContainerMappings",
        "properties": {
            "targetProtectionContainerId": shown_id(mapping.target),
            "targetProtectionContainerFriendlyName": mapping.target.rsplit("/", 1)[-1],
            "providerSpecificDetails": {
                "instanceType": "A2A",
                "agentAutoUpdateStatus": "Disabled",
                "automationAccountArmId": None,
                "scheduleName": None,
                "jobScheduleName": None,
            },
            "health": "Normal",
            "healthErrorDetails": [],
            "policyId": shown_id(mapping.policy),
            "state": "Paired",
            "sourceProtectionContainerFriendlyName": source.rsplit("/", 1)[-1],
            "sourceFabricFriendlyName": fabrics[0],
            "targetFabricFriendlyName": fabrics[1],
            "policyFriendlyName": mapping.policy.rsplit("/", 1)[-1],
        },
    }


def policy_body(_world: World, policy: Policy) -> dict[str, Json]:
    """Write a replication policy."""
    return {
        "id": shown_id(policy.id),
        "name": policy.name,
        "type": f"{KIND}/replicationPolicies",
        "properties": {
            "friendlyName": policy.name,
            "providerSpecificDetails": {
                "instanceType": "A2A",
                "recoveryPointThresholdInMinutes": 0,
                "recoveryPointHistory": policy.point_history_min,
                "appConsistentFrequencyInMinutes": policy.app_consistent_min,
                "multiVmSyncStatus": "Enabled",
                "crashConsistentFrequencyInMinutes": 5,
            },
        },
    }


def plan_body(world: World, plan: RecoveryPlan) -> dict[str, Json]:
    """Write a recovery plan; groups of shutdown and failover are there, and empty (recorded)."""
    job = world.core.find(Job, plan.job) if plan.job else None
    fabrics = [world.core.get(Fabric, one) for one in (plan.primary_fabric, plan.recovery_fabric)]
    properties: dict[str, Json] = {
        "friendlyName": plan.name,
        "primaryFabricId": shown_id(fabrics[0].id),
        "primaryFabricFriendlyName": fabrics[0].display_name,
        "recoveryFabricId": shown_id(fabrics[1].id),
        "recoveryFabricFriendlyName": fabrics[1].display_name,
        "failoverDeploymentModel": "ResourceManager",
        "replicationProviders": ["A2A"],
        "allowedOperations": list(world.recovery.plans.allowed(plan)),
        "currentScenario": scenario_body(world, plan.vault, job),
        "currentScenarioStatus": job.state if job else "None",
        "currentScenarioStatusDescription": "Completed" if job and job.state == "Succeeded" else "None",
        "groups": [
            _group("Shutdown", []),
            _group("Failover", []),
            *(_group("Boot", [_member(world, item) for item in group]) for group in plan.groups),
        ],
        "providerSpecificDetails": [],
    }
    if plan.failed_over_s is not None:
        properties["lastUnplannedFailoverTime"] = time_of(world, plan.failed_over_s)
    return {
        "id": shown_id(plan.id),
        "name": plan.name,
        "type": f"{KIND}/replicationRecoveryPlans",
        "properties": properties,
    }


def _group(kind: str, members: list[dict[str, Json]]) -> dict[str, Json]:
    return {
        "groupType": kind,
        "replicationProtectedItems": members,
        "startGroupActions": [],
        "endGroupActions": [],
    }


def _member(world: World, item: str) -> dict[str, Json]:
    return {"id": shown_id(item), "virtualMachineId": world.core.get(ProtectedItem, item).guid}


def health_body(world: World, vault: Vault) -> dict[str, Json]:
    """Write the health of a vault: how many items, fabrics and containers are in which condition."""
    found = world.recovery.items
    conditions: Counter[str] = Counter(
        health(item, world.now_s) for item in found.list(ProtectedItem, vault.id)
    )
    return {
        "id": shown_id(f"{vault.id}/replicationVaultHealth/default"),
        "name": vault.name,
        "type": f"{KIND}/replicationVaultHealth",
        "properties": {
            "vaultErrors": [],
            "protectedItemsHealth": _counted(conditions),
            "fabricsHealth": _counted(Counter(Normal=len(found.list(Fabric, vault.id)))),
            "containersHealth": _counted(Counter(Normal=len(found.list(Container, vault.id)))),
        },
    }


def _counted(conditions: Counter[str]) -> dict[str, Json]:
    names = ("Normal", "Warning", "Critical")
    return {
        "resourceCount": conditions.total(),
        "issues": [],
        "categorizedResourceCounts": {name: conditions[name] for name in names},
    }
