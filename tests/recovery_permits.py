"""What each write on replicated machines and extensions must be on the wire, written down by hand.

Kept apart from the compiled permits of actions, so that the adapters are held to a second opinion: what
azure-facts section 7 says of each request.
"""

from collections.abc import Callable
from typing import Any

from avd_failover.domain import ids
from avd_failover.domain.extensions import VmExtension, settings_of
from avd_failover.domain.ids import MachineId, ProtectedItemId, RecoveryPlanId, RecoveryPointId
from avd_failover.domain.permits import Permit, digest_of
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.replication import Direction, Reversal, ReversedDisk

A2A = {"instanceType": "A2A"}


def fail_over(
    item: ProtectedItemId, *, direction: Direction, point: RecoveryPointId | None, shut_down_source: bool
) -> Permit:
    body = {
        "failoverDirection": direction.value,
        "sourceSiteOperations": "Required" if shut_down_source else "NotRequired",
        "providerSpecificDetails": A2A | ({"recoveryPointId": point} if point else {}),
    }
    return _post(f"{item}/unplannedfailover", body)


def change_point(item: ProtectedItemId, point: RecoveryPointId) -> Permit:
    return _post(f"{item}/applyrecoverypoint", {"recoveryPointId": point, "providerSpecificDetails": A2A})


def switch(item: ProtectedItemId, reversal: Reversal) -> Permit:
    details: dict[str, Any] = A2A | {
        "recoveryContainerId": reversal.recovery_container,
        "policyId": reversal.policy,
        "recoveryResourceGroupId": reversal.recovery_group,
        "vmManagedDisks": [_disk(one) for one in reversal.disks],
    }
    if reversal.recovery_zone:
        details["recoveryAvailabilityZone"] = reversal.recovery_zone
    if reversal.reservation_group:
        details["recoveryCapacityReservationGroupId"] = reversal.reservation_group
    body = {"replicationProtectedItemName": reversal.name, "providerSpecificDetails": details}
    return _post(f"{ids.container_of(item)}/switchprotection", body)


def fail_over_plan(
    plan: RecoveryPlanId, *, direction: Direction, point: PointPolicy, shut_down_source: bool
) -> Permit:
    kind = {"latest": "Latest", "latest_processed": "LatestProcessed"}.get(
        point.value, "LatestApplicationConsistent"
    )
    body = {
        "failoverDirection": direction.value,
        "sourceSiteOperations": "Required" if shut_down_source else "NotRequired",
        "providerSpecificDetails": [A2A | {"recoveryPointType": kind}],
    }
    return _post(f"{plan}/unplannedfailover", body)


def put_extension(machine: MachineId, image: VmExtension, *, location: str) -> Permit:
    told: dict[str, Any] = {
        "publisher": image.publisher,
        "type": image.type,
        "typeHandlerVersion": image.version,
        "autoUpgradeMinorVersion": image.auto_upgrade_minor,
        "settings": settings_of(image),
    }
    if image.automatic_upgrade:
        told["enableAutomaticUpgrade"] = True
    return Permit(
        method="PUT",
        resource=f"{machine}/extensions/{image.name.lower()}",
        body_sha256=digest_of({"location": location, "properties": told}),
    )


PERMITS: dict[str, Callable[..., Permit]] = {
    "recovery.fail_over": fail_over,
    "recovery.change_recovery_point": change_point,
    "recovery.commit_failover": lambda item: Permit(method="POST", resource=f"{item}/failovercommit"),
    "recovery.switch_protection": switch,
    "recovery.fail_over_plan": fail_over_plan,
    "recovery.commit_plan": lambda plan: Permit(method="POST", resource=f"{plan}/failovercommit"),
    "machines.put_extension": put_extension,
}
"""The one request that each write is."""


def _post(resource: str, properties: dict[str, Any]) -> Permit:
    return Permit(method="POST", resource=resource, body_sha256=digest_of({"properties": properties}))


def _disk(one: ReversedDisk) -> dict[str, str]:
    told = {
        "diskId": one.disk,
        "primaryStagingAzureStorageAccountId": one.staging_account,
        "recoveryResourceGroupId": one.recovery_group,
        "recoveryReplicaDiskAccountType": one.replica_sku,
        "recoveryTargetDiskAccountType": one.target_sku,
        "recoveryDiskEncryptionSetId": one.encryption_set,
    }
    return {name: value for name, value in told.items() if value}
