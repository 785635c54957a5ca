"""What actions on replicated machines are on the wire (Microsoft.RecoveryServices 2025-08-01, A2A).

The body is pinned whole by a permit (``domain.permits``): what an adapter sends must be this, word for word.
"""

from typing import Any

from avd_failover.domain.extensions import VmExtension, settings_of
from avd_failover.domain.ids import container_of
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    RecoveryJob,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.replication import AZURE_TO_AZURE, Reversal, ReversedDisk

Body = dict[str, Any]
Job = FailOverMachine | ChangeRecoveryPoint | CommitFailover | ReprotectMachine

POINT_TYPES = {
    PointPolicy.LATEST: "Latest",
    PointPolicy.LATEST_PROCESSED: "LatestProcessed",
    PointPolicy.LATEST_APPLICATION_CONSISTENT: "LatestApplicationConsistent",
}
"""Kind of recovery point to what a failover of a recovery plan calls it (A2ARpRecoveryPointType)."""


def request_of(action: RecoveryAction | PlanAction) -> tuple[str, str, Body | None]:
    """Return the method of an action, the address it goes to, and its body; a commit has none."""
    if isinstance(action, InstallExtension):
        return "PUT", action.target, {"location": action.location} | _properties(_extension(action.extension))
    return "POST", *_post(action)


def _post(action: RecoveryJob | PlanAction) -> tuple[str, Body | None]:
    match action:
        case FailOverPlan():
            return f"{action.plan}/unplannedfailover", _properties(_failover_of_plan(action))
        case CommitPlan():
            return f"{action.plan}/failovercommit", None
        case FailOverMachine():
            return f"{action.item}/unplannedfailover", _properties(_failover(action))
        case ChangeRecoveryPoint():
            wanted = {"recoveryPointId": action.point, "providerSpecificDetails": _provider()}
            return f"{action.item}/applyrecoverypoint", _properties(wanted)
        case CommitFailover():
            return f"{action.item}/failovercommit", None
        case ReprotectMachine():
            return f"{container_of(action.item)}/switchprotection", _properties(_switch(action.reversal))


def _extension(image: VmExtension) -> Body:
    told = {
        "publisher": image.publisher,
        "type": image.type,
        "typeHandlerVersion": image.version,
        "autoUpgradeMinorVersion": image.auto_upgrade_minor,
        "settings": settings_of(image),
    }
    return told | ({"enableAutomaticUpgrade": True} if image.automatic_upgrade else {})


def _failover(action: FailOverMachine) -> Body:
    return {
        "failoverDirection": action.direction.value,
        "sourceSiteOperations": _operations(action),
        "providerSpecificDetails": _provider(recoveryPointId=action.point),
    }


def _failover_of_plan(action: FailOverPlan) -> Body:
    """Unlike that of one machine, the provider's part is a list, and names a kind of point."""
    return {
        "failoverDirection": action.direction.value,
        "sourceSiteOperations": _operations(action),
        "providerSpecificDetails": [_provider(recoveryPointType=POINT_TYPES[action.point])],
    }


def _operations(action: FailOverMachine | FailOverPlan) -> str:
    return "Required" if action.shut_down else "NotRequired"


def _switch(wanted: Reversal) -> Body:
    return {
        "replicationProtectedItemName": wanted.name,
        "providerSpecificDetails": _provider(
            recoveryContainerId=wanted.recovery_container,
            policyId=wanted.policy,
            recoveryResourceGroupId=wanted.recovery_group,
            recoveryAvailabilityZone=wanted.recovery_zone or None,
            recoveryCapacityReservationGroupId=wanted.reservation_group,
            vmManagedDisks=[_disk(one) for one in wanted.disks],
        ),
    }


def _disk(wanted: ReversedDisk) -> Body:
    return _stated(
        diskId=wanted.disk,
        primaryStagingAzureStorageAccountId=wanted.staging_account,
        recoveryResourceGroupId=wanted.recovery_group,
        recoveryReplicaDiskAccountType=wanted.replica_sku or None,
        recoveryTargetDiskAccountType=wanted.target_sku or None,
        recoveryDiskEncryptionSetId=wanted.encryption_set or None,
    )


def _provider(**values: object) -> Body:
    return {"instanceType": AZURE_TO_AZURE} | _stated(**values)


def _stated(**values: object) -> Body:
    return {name: value for name, value in values.items() if value is not None}


def _properties(values: Body) -> Body:
    return {"properties": values}
