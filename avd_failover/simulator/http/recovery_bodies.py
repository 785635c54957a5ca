"""How Site Recovery writes protected items and recovery points of A2A, property by property as recorded."""

import json
from datetime import datetime

from avd_failover.simulator.http.arm_common import ticks_time
from avd_failover.simulator.http.recovery_links import shown_id
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import Machine
from avd_failover.simulator.recovery_findings import findings
from avd_failover.simulator.recovery_points import Point, health, lag_s, progress_pct
from avd_failover.simulator.recovery_records import Fabric, Job, ProtectedItem
from avd_failover.simulator.recovery_reversal import disk_of
from avd_failover.simulator.recovery_states import SHOWN, allowed
from avd_failover.simulator.world import World

KIND = "Microsoft.RecoveryServices/vaults"
IDLE_TIME = "1753-01-01T01:01:01Z"
_ITEM = f"{KIND}/replicationFabrics/replicationProtectionContainers/replicationProtectedItems"
_VM_STATES = {"initial": ("UnprotectedStatesBegin", "Enabling protection")}
_DISK_BYTES = 137_438_953_472


def time_of(world: World, at_s: float) -> str:
    """Write a moment of the world with seven digits of a second."""
    return ticks_time(world.core.at(at_s))


def item_body(world: World, item: ProtectedItem) -> dict[str, Json]:
    """Write a protected item."""
    return {
        "id": shown_id(item.id),
        "name": item.name,
        "type": _ITEM,
        "properties": _properties(world, item),
    }


def _properties(world: World, item: ProtectedItem) -> dict[str, Json]:
    now_s = world.now_s
    state, described = SHOWN[item.phase]
    working = world.core.find(Job, item.job) if item.job else None
    condition = health(item, now_s)
    properties = _place(world, item) | {
        "protectionState": state,
        "protectionStateDescription": described,
        "activeLocation": "Recovery" if item.recovery_machine else "Primary",
        "testFailoverState": item.test_state,
        "testFailoverStateDescription": item.test_state,
        "switchProviderState": "None",
        "switchProviderStateDescription": None,
        "allowedOperations": list(allowed(item, healthy=condition == "Normal")),
        "replicationHealth": condition,
        "failoverHealth": "Warning" if item.tested_s is None else "Normal",
        "healthErrors": _health_errors(world, item),
        "policyId": shown_id(item.policy),
        "policyFriendlyName": item.policy.rsplit("/", 1)[-1],
        "currentScenario": scenario_body(world, item.vault, working),
        "failoverRecoveryPointId": shown_id(item.failover_point) or None,
        "providerSpecificDetails": _details(world, item),
        "recoveryContainerId": shown_id(item.recovery_container),
        "eventCorrelationId": item.guid,
    }
    if item.failed_over_s is not None:
        properties["lastSuccessfulFailoverTime"] = time_of(world, item.failed_over_s)
    if item.tested_s is not None:
        properties["lastSuccessfulTestFailoverTime"] = time_of(world, item.tested_s)
    return properties


def scenario_body(world: World, vault: str, job: Job | None) -> dict[str, Json]:
    """Write what a job does to its subject now; an idle one has a job called None (recorded)."""
    return {
        "scenarioName": job.scenario if job is not None else "None",
        "jobId": shown_id(job.id if job is not None else f"{vault}/replicationJobs/None"),
        "startTime": time_of(world, job.start_s) if job is not None else IDLE_TIME,
    }


def _place(world: World, item: ProtectedItem) -> dict[str, Json]:
    primary = world.core.get(Fabric, item.fabric)
    recovery = world.core.get(Fabric, item.recovery_container.rsplit("/", 2)[0])
    return {
        "friendlyName": item.name,
        "protectedItemType": "",
        "protectableItemId": None,
        "recoveryServicesProviderId": (
            f"{shown_id(item.fabric)}/replicationRecoveryServicesProviders/{primary.guid}"
        ),
        "primaryFabricFriendlyName": primary.display_name,
        "primaryFabricProvider": "AzureFabric",
        "recoveryFabricFriendlyName": recovery.display_name,
        "recoveryFabricId": shown_id(recovery.id),
        "primaryProtectionContainerFriendlyName": item.container.rsplit("/", 1)[-1],
        "recoveryProtectionContainerFriendlyName": item.recovery_container.rsplit("/", 1)[-1],
    }


def _details(world: World, item: ProtectedItem) -> dict[str, Json]:
    primary = world.core.get(Fabric, item.fabric).location
    recovery = world.core.get(Fabric, item.recovery_container.rsplit("/", 2)[0]).location
    source = world.core.find(Machine, item.machine)
    state = _VM_STATES.get(item.phase, SHOWN[item.phase])
    return {
        "instanceType": "A2A",
        "fabricObjectId": item.machine.lower(),
        "initialPrimaryZone": "",
        "initialPrimaryFabricLocation": item.initial_primary,
        "initialRecoveryZone": "",
        "initialPrimaryExtendedLocation": None,
        "initialRecoveryExtendedLocation": None,
        "initialRecoveryFabricLocation": item.initial_recovery,
        "multiVmGroupId": item.guid,
        "multiVmGroupName": "",
        "multiVmGroupCreateOption": "AutoCreated",
        "managementId": item.guid,
        "protectedDisks": None,
        "unprotectedDisks": None,
        "protectedManagedDisks": [_disk(world, item)],
        "primaryFabricLocation": primary,
        "recoveryFabricLocation": recovery,
        "osType": "Windows",
        "vmSyncedConfigDetails": {"tags": dict(source.tags) if source else None, "inputEndpoints": None},
        "vmProtectionState": state[0],
        "vmProtectionStateDescription": state[1],
        "lifecycleId": item.guid,
        "primaryAvailabilityZone": source.zones[0] if source and source.zones else None,
        "primaryExtendedLocation": None,
        "recoveryExtendedLocation": None,
        "vmEncryptionType": "NotEncrypted",
        **_target(item),
        **_progress(world, item),
    }


def _target(item: ProtectedItem) -> dict[str, Json]:
    return {
        "recoveryBootDiagStorageAccountId": None,
        "recoveryAzureVMSize": item.recovery_vm_size,
        "recoveryAzureVMName": item.recovery_vm_name,
        "recoveryAzureResourceGroupId": item.recovery_group,
        "recoveryCloudService": None,
        "recoveryAvailabilitySet": None,
        "selectedRecoveryAzureNetworkId": item.network.lower() or None,
        "selectedTfoAzureNetworkId": None,
        "vmNics": [_nic(item)],
        "recoveryFabricObjectId": item.recovery_machine.lower() or None,
        "testFailoverRecoveryFabricObjectId": item.test_machine.lower() or None,
        "recoveryAvailabilityZone": item.recovery_zone,
        "tfoAzureVMName": item.test_vm_name or f"{item.recovery_vm_name}-test",
        "recoveryAzureGeneration": "V2",
        "recoveryProximityPlacementGroupId": None,
        "recoveryVirtualMachineScaleSetId": None,
        "recoveryCapacityReservationGroupId": item.capacity_group or None,
        "autoProtectionOfDataDisk": "Disabled",
    }


def _progress(world: World, item: ProtectedItem) -> dict[str, Json]:
    now_s = world.now_s
    behind_s = lag_s(item, now_s)
    done = progress_pct(item, now_s)
    heard_s = item.lost_s if item.lost_s is not None else now_s - now_s % 60
    return {
        "monitoringPercentageCompletion": done,
        "monitoringJobType": "InitialReplication" if done is not None else None,
        "lastHeartbeat": time_of(world, heard_s),
        "agentVersion": "9.65.7492.1",
        "agentExpiryDate": "9999-12-31T23:59:59.9999999Z",
        "isReplicationAgentUpdateRequired": False,
        "agentCertificateExpiryDate": ticks_time(_in_three_years(world.core.starts_at)),
        "isReplicationAgentCertificateUpdateRequired": False,
        "rpoInSeconds": None if behind_s is None else int(behind_s),
        "lastRpoCalculatedTime": None if behind_s is None else time_of(world, now_s - now_s % 60),
    }


def _disk(world: World, item: ProtectedItem) -> dict[str, Json]:
    disk = disk_of(item.machine)
    name = disk.rsplit("/", 1)[-1]
    replica = f"{item.recovery_group}/providers/Microsoft.Compute/disks/{name}-ASRReplica"
    machine = world.core.find(Machine, item.machine)
    sku = machine.os_disk_sku if machine is not None else "Premium_LRS"
    return {
        "diskId": disk.lower(),
        "recoveryResourceGroupId": item.recovery_group,
        "recoveryTargetDiskId": disk_of(item.recovery_machine) if item.recovery_machine else None,
        "recoveryReplicaDiskId": replica,
        "recoveryOrignalTargetDiskId": None,
        "recoveryReplicaDiskAccountType": sku,
        "recoveryTargetDiskAccountType": sku,
        "recoveryDiskEncryptionSetId": None,
        "primaryDiskEncryptionSetId": None,
        "diskName": name,
        "diskCapacityInBytes": _DISK_BYTES,
        "primaryStagingAzureStorageAccountId": item.staging_account,
        "diskType": "OperatingSystem",
        "resyncRequired": False,
        "monitoringPercentageCompletion": None,
        "monitoringJobType": None,
        "dataPendingInStagingStorageAccountInMB": 0.0,
        "dataPendingAtSourceAgentInMB": 0.0,
        "diskState": "InitialReplicationPending" if item.phase == "initial" else None,
        "allowedDiskLevelOperation": None,
        "isDiskEncrypted": False,
        "secretIdentifier": None,
        "dekKeyVaultArmId": None,
        "isDiskKeyEncrypted": False,
        "keyIdentifier": None,
        "kekKeyVaultArmId": None,
        "failoverDiskName": name,
        "tfoDiskName": f"{name}-ASRtest",
    }


def _nic(item: ProtectedItem) -> dict[str, Json]:
    """Write the one network card; what an update said of it stands over the usual."""
    name = f"{item.machine.rsplit('/', 1)[-1]}-nic"
    address: dict[str, Json] = dict.fromkeys(
        (
            "staticIPAddress", "recoverySubnetName", "recoveryStaticIPAddress", "recoveryPublicIPAddressId",
            "recoveryLBBackendAddressPoolIds", "tfoSubnetName", "tfoStaticIPAddress", "tfoPublicIPAddressId",
            "tfoLBBackendAddressPoolIds",
        )
    )  # fmt: skip
    address |= {
        "name": "ipconfig1",
        "isPrimary": True,
        "subnetName": "snet-desktops",
        "ipAddressType": "Dynamic",
        "isSeletedForFailover": True,
        "recoveryIPAddressType": "Dynamic",
    }
    card: dict[str, Json] = dict.fromkeys(
        (
            "replicaNicId", "vMNetworkName", "recoveryNetworkSecurityGroupId", "tfoVMNetworkId",
            "tfoNetworkSecurityGroupId", "enableAcceleratedNetworkingOnTfo", "recoveryNicName",
            "recoveryNicResourceGroupName", "tfoRecoveryNicName", "tfoRecoveryNicResourceGroupName",
            "targetNicName",
        )
    )  # fmt: skip
    card |= {
        "nicId": item.guid,
        "sourceNicArmId": f"{item.machine.rpartition('/providers/')[0]}"
        f"/providers/Microsoft.Network/networkInterfaces/{name}",
        "recoveryVMNetworkId": item.network.lower() or None,
        "ipConfigs": [address],
        "selectionType": "SelectedByDefault",
        "enableAcceleratedNetworkingOnRecovery": False,
        "reuseExistingNic": False,
        "tfoReuseExistingNic": False,
    }
    return _merged(card, json.loads(item.nics))


def _merged(card: dict[str, Json], updates: list[dict[str, Json]]) -> dict[str, Json]:
    for update in updates:
        if update.get("nicId") != card["nicId"]:
            continue
        card |= {name: value for name, value in update.items() if name in card and name != "ipConfigs"}
        for address in update.get("ipConfigs") or ():
            card["ipConfigs"][0] |= {n: v for n, v in address.items() if n in card["ipConfigs"][0]}
    return card


def _health_errors(world: World, item: ProtectedItem) -> list[dict[str, Json]]:
    made = {"creationTimeUtc": time_of(world, item.lost_s or item.since_s)}
    return [
        {"errorCategory": one.category, "errorLevel": one.level} | _error(item, one.code, one.text) | made
        for one in findings(item, world.now_s)
    ]


def _error(item: ProtectedItem, code: str, text: str) -> dict[str, Json]:
    return {
        "innerHealthErrors": [],
        "errorSource": "ReplicationUnitFailoverValidatorError",
        "errorType": "8010",
        "errorCode": code,
        "summaryMessage": "",
        "errorMessage": text,
        "possibleCauses": text,
        "recommendedAction": "See the documentation of Site Recovery for this error.",
        "recoveryProviderErrorMessage": None,
        "entityId": item.guid,
        "errorId": f"6:{code}",
        "customerResolvability": "NotAllowed",
    }


def point_body(world: World, item: ProtectedItem, point: Point) -> dict[str, Json]:
    """Write a recovery point."""
    return {
        "id": shown_id(point.id),
        "name": point.name,
        "type": f"{_ITEM}/recoveryPoints",
        "properties": {
            "recoveryPointTime": time_of(world, point.at_s),
            "recoveryPointType": "AppConsistent" if point.app_consistent else "CrashConsistent",
            "providerSpecificDetails": {
                "instanceType": "A2A",
                "recoveryPointSyncType": "PerVmRecoveryPoint",
                "disks": [disk_of(item.machine).lower()],
            },
        },
    }


def _in_three_years(moment: datetime) -> datetime:
    return moment.replace(year=moment.year + 3, day=min(moment.day, 28))
