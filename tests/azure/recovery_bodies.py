"""Ids, bodies and writes of Site Recovery that its tests share."""

from collections.abc import Awaitable, Callable
from typing import Any

from avd_failover.azure.estate import AzureCloud
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.replication import (
    Direction,
    Reversal,
    ReversedDisk,
)
from tests.azure.builders import GROUP, VM
from tests.azure.fake_arm import Answer

VAULTS = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults"


VAULT = ids.vault_id(f"{VAULTS}/rsv")


SHOWN = f"{VAULTS}/RSV".replace("/subscriptions/", "/Subscriptions/")


CONTAINER = ids.container_id(f"{VAULT}/replicationFabrics/f-n/replicationProtectionContainers/c-n")


OTHER = ids.container_id(f"{VAULT}/replicationFabrics/f-w/replicationProtectionContainers/c-w")


ITEM = ids.protected_item_id(f"{CONTAINER}/replicationProtectedItems/VM-0")


POINT = ids.recovery_point_id(f"{ITEM}/recoveryPoints/p-1")


POLICY = ids.replication_policy_id(f"{VAULT}/replicationPolicies/pol")


RESERVED = ids.reservation_group_id(f"{GROUP}/providers/Microsoft.Compute/capacityReservationGroups/crg")


JOB = ids.recovery_job_id(f"{VAULT}/replicationJobs/j-1")


REVERSAL = Reversal(
    name="VM-0",
    recovery_container=CONTAINER,
    policy=POLICY,
    recovery_group="/subscriptions/s/resourceGroups/Home",
    disks=(ReversedDisk(disk="/disks/D", staging_account="/sa/Stage", recovery_group="/rg/Home"),),
)


Verb = Callable[[AzureCloud], Awaitable[Accepted]]


def failing_over(**changes: Any) -> Verb:
    how = {"direction": Direction.PRIMARY_TO_RECOVERY, "point": None, "shut_down_source": False} | changes
    return lambda cloud: cloud.recovery.fail_over(ITEM, **how)


COMMIT: Verb = lambda cloud: cloud.recovery.commit_failover(ITEM)  # noqa: E731


CHANGE: Verb = lambda cloud: cloud.recovery.change_recovery_point(ITEM, POINT)  # noqa: E731


SWITCH: Verb = lambda cloud: cloud.recovery.switch_protection(ITEM, REVERSAL)  # noqa: E731


WRITES = (failing_over(), COMMIT, CHANGE, SWITCH)


def taken(**headers: str) -> Answer:
    return Answer(202, headers={"Retry-After": "30", **headers})


def led(path: str, host: str = "{here}") -> str:
    return f"{host}{SHOWN}/{path}?api-version=2025-08-01&t=1&s=xyz"


def led_here(path: str) -> str:
    return led(path, host="https://management.azure.com")


TAKEN = taken(**{"Azure-AsyncOperation": led("replicationOperationStatus/J-1")})


def item_body(scenario: str = "None", job: str = "None", **properties: Any) -> dict[str, Any]:
    told = {
        "friendlyName": "VM-0",
        "protectionState": "Protected",
        "activeLocation": "Primary",
        "allowedOperations": ["UnplannedFailover", "TestFailover", "MigrateToMars"],
        "replicationHealth": "Normal",
        "currentScenario": {
            "scenarioName": scenario,
            "jobId": f"{SHOWN}/replicationJobs/{job}",
            "startTime": "1753-01-01T01:01:01Z",
        },
        "providerSpecificDetails": {"instanceType": "A2A", "fabricObjectId": VM.upper()},
    }
    return {"id": ITEM.upper(), "name": "VM-0", "properties": told | properties}


def job_body(**properties: Any) -> dict[str, Any]:
    told = {"scenarioName": "UnplannedFailover", "state": "InProgress", "tasks": [], "errors": []}
    return {"id": f"{SHOWN}/replicationJobs/J-1", "name": "J-1", "properties": told | properties}


A2A = {"instanceType": "A2A"}


SENT: list[tuple[Verb, str, Any]] = [
    (
        failing_over(),
        f"{ITEM}/unplannedFailover",
        {
            "failoverDirection": "PrimaryToRecovery",
            "sourceSiteOperations": "NotRequired",
            "providerSpecificDetails": A2A,
        },
    ),
    (
        failing_over(direction=Direction.RECOVERY_TO_PRIMARY, point=POINT, shut_down_source=True),
        f"{ITEM}/unplannedFailover",
        {
            "failoverDirection": "RecoveryToPrimary",
            "sourceSiteOperations": "Required",
            "providerSpecificDetails": A2A | {"recoveryPointId": POINT},
        },
    ),
    (
        CHANGE,
        f"{ITEM}/applyRecoveryPoint",
        {"recoveryPointId": POINT, "providerSpecificDetails": A2A},
    ),
    (
        SWITCH,
        f"{CONTAINER}/switchprotection",
        {
            "replicationProtectedItemName": "VM-0",
            "providerSpecificDetails": A2A
            | {
                "recoveryContainerId": CONTAINER,
                "policyId": POLICY,
                "recoveryResourceGroupId": "/subscriptions/s/resourceGroups/Home",
                "vmManagedDisks": [
                    {
                        "diskId": "/disks/D",
                        "primaryStagingAzureStorageAccountId": "/sa/Stage",
                        "recoveryResourceGroupId": "/rg/Home",
                    }
                ],
            },
        },
    ),
]


def point(name: str, time: str | None, kind: str = "CrashConsistent") -> dict[str, Any]:
    details = A2A | {"recoveryPointSyncType": "MultiVmSyncRecoveryPoint", "disks": []}
    told = {"recoveryPointTime": time, "recoveryPointType": kind, "providerSpecificDetails": details}
    return {"id": f"{ITEM}/recoveryPoints/{name}", "name": name, "properties": told}


ZEROS = "00000000-0000-0000-0000-000000000000"
