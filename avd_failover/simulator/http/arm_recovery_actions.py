"""Site Recovery: what is done to protected items. Every action that is taken answers 202 and leads to a job.

Bodies are read as the documents of 2025-08-01 have them; another provider than A2A is refused.
"""

import json
from collections.abc import Mapping

from avd_failover.simulator.http.arm_common import bad_content, member, properties, required
from avd_failover.simulator.http.arm_recovery import CONTAINER, ITEM
from avd_failover.simulator.http.recovery_links import accepted, container_id, item_id
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.recovery_records import ProtectedItem
from avd_failover.simulator.world import World

DIRECTIONS = ("PrimaryToRecovery", "RecoveryToPrimary")
OPERATIONS = ("Required", "NotRequired")
_UPDATES = {
    "recoveryAzureVMName": "recovery_vm_name",
    "recoveryAzureVMSize": "recovery_vm_size",
    "selectedRecoveryAzureNetworkId": "network",
}
_A2A_UPDATES = {
    "recoveryCapacityReservationGroupId": "capacity_group",
    "recoveryAvailabilityZone": "recovery_zone",
    "recoveryResourceGroupId": "recovery_group",
    "tfoAzureVMName": "test_vm_name",
}


def _unplanned(world: World, call: Call) -> Answer:
    sent = properties(call)
    details = a2a(sent)
    job = world.recovery.items.unplanned_failover(
        call.actor,
        item_id(call),
        direction=one_of(sent, "failoverDirection", DIRECTIONS),  # type: ignore[arg-type]
        shut_down=one_of(sent, "sourceSiteOperations", OPERATIONS) == "Required",
        point=member(details, "recoveryPointId", str) or None,
    )
    return accepted(world, call, job, item_id(call))


def _planned(world: World, call: Call) -> Answer:
    item = world.recovery.items.get(ProtectedItem, item_id(call))
    raise Refusal(
        400,
        "OperationNotSupported",
        f"Planned failover is not supported for the replicated item '{item.name}' of provider 'A2A'.",
    )


def _commit(world: World, call: Call) -> Answer:
    return accepted(world, call, world.recovery.items.commit(call.actor, item_id(call)), item_id(call))


def _cancel(world: World, call: Call) -> Answer:
    return accepted(
        world, call, world.recovery.items.cancel_failover(call.actor, item_id(call)), item_id(call)
    )


def _apply_point(world: World, call: Call) -> Answer:
    sent = properties(call)
    a2a(sent)
    point = required(sent, "recoveryPointId", str)
    job = world.recovery.items.apply_point(call.actor, item_id(call), point)
    return accepted(world, call, job, item_id(call))


def _update(world: World, call: Call) -> Answer:
    """PATCH: what is not sent, or null, stays; the job makes the change."""
    sent = properties(call)
    changes = _renamed(sent, _UPDATES)
    if sent.get("providerSpecificDetails") is not None:
        changes |= _renamed(a2a(sent), _A2A_UPDATES)
    cards = member(sent, "vmNics", list)
    if cards is not None:
        changes["nics"] = json.dumps(cards, sort_keys=True)
    job = world.recovery.items.update(call.actor, item_id(call), changes)
    return accepted(world, call, job, item_id(call))


def _reprotect(world: World, call: Call) -> Answer:
    details = a2a(properties(call))
    if details.get("vmManagedDisks") is not None:
        text = "The disk details of the machine were not provided: 'vmDisks' is missing."
        raise Refusal(400, "VMDisksMissing", text)
    job = world.recovery.items.reprotect(call.actor, item_id(call))
    return accepted(world, call, job, item_id(call))


def _switch(world: World, call: Call) -> Answer:
    sent = properties(call)
    details = a2a(sent)
    asked = {
        "recovery_container": required(details, "recoveryContainerId", str),
        "policy": required(details, "policyId", str),
        "recovery_group": member(details, "recoveryResourceGroupId", str),
        "zone": member(details, "recoveryAvailabilityZone", str),
        "capacity_group": member(details, "recoveryCapacityReservationGroupId", str),
        "disks": [_disk(disk) for disk in member(details, "vmManagedDisks", list) or ()],
    }
    name = required(sent, "replicationProtectedItemName", str)
    job = world.recovery.items.switch_protection(call.actor, container_id(call), name, asked)
    return accepted(world, call, job, container_id(call))


def _disk(sent: Json) -> dict[str, str]:
    if not isinstance(sent, dict):
        raise bad_content("Error converting value. Path 'properties.providerSpecificDetails.vmManagedDisks'.")
    return {
        "disk": required(sent, "diskId", str),
        "staging_account": required(sent, "primaryStagingAzureStorageAccountId", str),
        "recovery_group": required(sent, "recoveryResourceGroupId", str),
    }


def _test(world: World, call: Call) -> Answer:
    details = a2a(properties(call))
    point = member(details, "recoveryPointId", str) or None
    job = world.recovery.items.test_failover(call.actor, item_id(call), point=point)
    return accepted(world, call, job, item_id(call))


def _clean_up(world: World, call: Call) -> Answer:
    properties(call)
    return accepted(world, call, world.recovery.items.clean_up_test(call.actor, item_id(call)), item_id(call))


def _remove(world: World, call: Call) -> Answer:
    world.recovery.items.refuse_removal(item_id(call))
    raise AssertionError("removal is always refused")


def a2a(sent: Mapping[str, Json]) -> dict[str, Json]:
    """Return the provider's own part of a body, empty when there is none; refuse another provider (400)."""
    details = member(sent, "providerSpecificDetails", dict) or {}
    return require_a2a(details)


def require_a2a(details: dict[str, Json]) -> dict[str, Json]:
    """Refuse details of another provider than A2A with 400."""
    kind = details.get("instanceType", "A2A")
    if kind != "A2A":
        raise Refusal(400, "InvalidProvider", f"The provider '{kind}' is not that of the replicated item.")
    return details


def one_of(sent: Mapping[str, Json], name: str, words: tuple[str, ...]) -> str | None:
    """Return a member that is one of some words, None when absent; refuse any other (400)."""
    value = member(sent, name, str)
    if value is not None and value not in words:
        raise bad_content(f"'{value}' is not a value of '{name}'; it is one of {', '.join(words)}.")
    return value


def _renamed(sent: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    return {
        ours: required(sent, theirs, str) for theirs, ours in names.items() if sent.get(theirs) is not None
    }


ROUTES = (
    Route("PATCH", ITEM, _update, Face.RECOVERY),
    Route("DELETE", ITEM, _remove, Face.RECOVERY),
    Route("POST", ITEM + "/remove", _remove, Face.RECOVERY),
    Route("POST", ITEM + "/unplannedFailover", _unplanned, Face.RECOVERY),
    Route("POST", ITEM + "/plannedFailover", _planned, Face.RECOVERY),
    Route("POST", ITEM + "/failoverCommit", _commit, Face.RECOVERY),
    Route("POST", ITEM + "/failoverCancel", _cancel, Face.RECOVERY),
    Route("POST", ITEM + "/applyRecoveryPoint", _apply_point, Face.RECOVERY),
    Route("POST", ITEM + "/reProtect", _reprotect, Face.RECOVERY),
    Route("POST", ITEM + "/testFailover", _test, Face.RECOVERY),
    Route("POST", ITEM + "/testFailoverCleanup", _clean_up, Face.RECOVERY),
    Route("POST", CONTAINER + "/switchprotection", _switch, Face.RECOVERY),
)
