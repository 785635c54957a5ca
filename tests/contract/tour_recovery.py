"""The walk over a vault: replication, failover and its ways back, jobs, extensions, capacity reservations."""

from collections.abc import Sequence
from typing import Any

from avd_failover.simulator.recovery_reversal import disk_of
from tests.contract.walking import Step, get
from tests.simulator.recovery_estate import (
    HOME,
    NORTH,
    PLAN,
    POLICY,
    RESERVED,
    ROOT,
    STAGING,
    VAULT,
    WEST,
    item,
    recovered,
    source,
)

BETWEEN_S = 2_000.0
"""Longer than any job of this vault, so that each step finds the one before it done."""

NOBODY = "99999999-0000-4000-8000-000000000009"
_A2A = {"instanceType": "A2A"}
_FORWARD = {"failoverDirection": "PrimaryToRecovery"}
_MAPPING = f"{NORTH}/replicationProtectionContainerMappings"


def _sent(**properties: Any) -> dict[str, Any]:
    return {"properties": {"providerSpecificDetails": _A2A, **properties}}


def _planned(**properties: Any) -> dict[str, Any]:
    details = [_A2A | {"recoveryPointType": "Latest"}]
    return {"properties": {"providerSpecificDetails": details, **properties}}


def _switch(number: int) -> dict[str, Any]:
    disk = {
        "diskId": disk_of(recovered(number)),
        "primaryStagingAzureStorageAccountId": STAGING,
        "recoveryResourceGroupId": HOME,
    }
    details = {"recoveryContainerId": NORTH, "policyId": POLICY, "vmManagedDisks": [disk]}
    name = item(number).rsplit("/", 1)[-1]
    asked = {"replicationProtectedItemName": name, "providerSpecificDetails": _A2A | details}
    return {"properties": asked}


_READS = get(
    f"{ROOT}/providers/Microsoft.RecoveryServices/vaults",
    *(VAULT.rsplit("/", 1)[0], VAULT, VAULT + "x"),
    *(f"{VAULT}/replicationFabrics", NORTH.split("/replicationProtectionContainers")[0]),
    *(f"{VAULT}/replicationProtectionContainers", NORTH.rsplit("/", 1)[0], NORTH, NORTH + "x"),
    *(f"{VAULT}/replicationProtectionContainerMappings", _MAPPING, f"{_MAPPING}/none"),
    *(f"{VAULT}/replicationPolicies", POLICY, POLICY + "x"),
    *(f"{VAULT}/replicationProtectedItems", item(0).rsplit("/", 1)[0], item(0), item(0) + "x"),
    *(f"{item(0)}/recoveryPoints", f"{item(0)}/recoveryPoints/{NOBODY}"),
    *(f"{VAULT}/replicationRecoveryPlans", PLAN, PLAN + "x", f"{VAULT}/replicationVaultHealth"),
    *(f"{ROOT}/providers/Microsoft.Compute/capacityReservationGroups", RESERVED.rsplit("/", 1)[0]),
    *(RESERVED, f"{RESERVED}?$expand=instanceView", RESERVED + "x"),
    *(f"{RESERVED}/capacityReservations", f"{RESERVED}/capacityReservations/cr?$expand=instanceView"),
    *(f"{source(0)}/extensions", f"{source(0)}/extensions/Agent", f"{source(0)}/extensions/none"),
)

EXTENSION = {
    "location": "northeurope",
    "properties": {"publisher": "Microsoft.Azure.Monitor", "type": "AMA", "typeHandlerVersion": "1.0"},
}

_TEST = {"properties": {**_FORWARD, "networkType": "NoNetworkAttachAsInput"}}

_WRITES = (
    Step("PUT", f"{source(0)}/extensions/New", body=EXTENSION),
    Step("PUT", f"{source(0)}/extensions/New", body=EXTENSION),
    Step("DELETE", f"{source(0)}/extensions/New"),
    Step("DELETE", f"{source(0)}/extensions/New"),
    Step("PATCH", item(0), body=_sent(recoveryAzureVMName="vm-pd-0")),
    Step("POST", item(0) + "/testFailover", body=_sent(**_FORWARD)),
    Step("POST", item(0) + "/testFailoverCleanup", body={"properties": {"comments": "done"}}),
    Step("POST", item(0) + "/failoverCommit"),
    Step("POST", item(0) + "/unplannedFailover", body=_sent(**_FORWARD, sourceSiteOperations="NotRequired")),
    *get(item(0)),
    Step("POST", item(0) + "/applyRecoveryPoint", body=_sent()),
    Step("POST", item(0) + "/failoverCommit"),
    *get(f"{item(0)}/recoveryPoints"),
    Step("POST", item(0) + "/reProtect", body=_sent(failoverDirection="RecoveryToPrimary")),
    Step("POST", NORTH + "/switchprotection", body=_switch(1)),
    Step("POST", NORTH + "/switchprotection", body=_switch(0)),
    *get(item(0, WEST)),
    Step("POST", item(1) + "/plannedFailover", body=_sent(**_FORWARD)),
    Step("POST", item(1) + "/failoverCancel"),
    Step("POST", item(1) + "/reProtect", body=_sent(failoverDirection="RecoveryToPrimary")),
    Step("POST", item(1) + "/remove", body={"properties": {"replicationProviderInput": {}}}),
    Step("DELETE", item(1)),
    *(
        Step("POST", f"{PLAN}/{verb}", body=_planned(**_FORWARD, sourceSiteOperations="NotRequired"))
        for verb in ("unplannedFailover", "plannedFailover", "failoverCancel")
    ),
    Step("POST", PLAN + "/failoverCommit"),
    Step("POST", PLAN + "/reProtect"),
    Step(
        "POST",
        PLAN + "/testFailover",
        body={"properties": {**_FORWARD, "networkType": "NoNetworkAttachAsInput"}},
    ),
    Step("POST", PLAN + "/testFailoverCleanup", body={"properties": {"comments": "done"}}),
    *get(f"{VAULT}/replicationJobs", f"{VAULT}/replicationJobs/{NOBODY}"),
    *get(f"{VAULT}/replicationJobs?$filter=JobStatus%20eq%20%27Failed%27"),
    *(Step("POST", f"{VAULT}/replicationJobs/{NOBODY}/{verb}") for verb in ("cancel", "restart")),
    Step("POST", f"{VAULT}/replicationJobs/{NOBODY}/resume", body={"properties": {"comments": "on"}}),
)

RECOVERY_STEPS: Sequence[Step] = (*_READS, *_WRITES)
