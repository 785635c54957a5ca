"""A small vault for tests: a personal pool of four desktops, three of them running, and no chance."""

import json
from collections.abc import Mapping
from typing import Any

from avd_failover.simulator.building import build
from avd_failover.simulator.records import key
from avd_failover.simulator.recovery_records import Job, ProtectedItem
from avd_failover.simulator.recovery_reversal import disk_of
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.world import World
from tests.simulator.builders import CALM, ENGINE, SUBSCRIPTION, TENANT

ROOT = f"/subscriptions/{SUBSCRIPTION}"
VAULT = f"{ROOT}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/rsv"
NORTH = f"{VAULT}/replicationFabrics/f-north/replicationProtectionContainers/c-north"
WEST = f"{VAULT}/replicationFabrics/f-west/replicationProtectionContainers/c-west"
POLICY = f"{VAULT}/replicationPolicies/pol"
PLAN = f"{VAULT}/replicationRecoveryPlans/rp"
RESERVED = f"{ROOT}/resourceGroups/rg-dr/providers/Microsoft.Compute/capacityReservationGroups/crg"
POOL = f"{ROOT}/resourceGroups/rg-n/providers/Microsoft.DesktopVirtualization/hostPools/hp-personal"
COMPUTE = "providers/Microsoft.Compute/virtualMachines"
HOME = f"{ROOT}/resourceGroups/rg-n-vms"
AWAY = f"{ROOT}/resourceGroups/rg-w-vms"
STAGING = f"{AWAY}/providers/Microsoft.Storage/storageAccounts/stcacheweu"
OWNERS = "22222222-0000-4000-8000-000000000011"

STEADY: dict[str, Any] = {
    "prerequisites_s": {"low": 5, "high": 5},
    "synchronise_s": {"low": 10, "high": 10},
    "failover_s": {"low": 200, "high": 200},
    "boot_s": {"low": 20, "high": 20},
    "commit_s": {"low": 4, "high": 4},
    "change_point_s": {"low": 100, "high": 100},
    "update_s": {"low": 3, "high": 3},
    "switch_s": {"low": 600, "high": 600},
    "initial_replication_s": {"low": 900, "high": 900},
    "finalize_s": {"low": 2, "high": 2},
    "test_failover_s": {"low": 100, "high": 100},
    "cleanup_s": {"low": 50, "high": 50},
    "extension_s": {"low": 60, "high": 60},
}

_FABRICS = [
    {"name": "f-north", "region": "northeurope", "container": "c-north"},
    {"name": "f-west", "region": "westeurope", "container": "c-west"},
]
_PROTECTS: dict[str, Any] = {
    "pool": "hp-personal",
    "source": "f-north",
    "target": "f-west",
    "recovery_resource_group": "rg-w-vms",
    "reservation_group": "crg",
    "extensions": [
        {"name": "AADLogin", "publisher": "Microsoft.Azure.ActiveDirectory", "type": "AADLoginForWindows"},
        {"name": "Agent", "publisher": "Microsoft.Azure.Monitor", "type": "AMA", "settings": {"level": 3}},
    ],
}
_RESERVED: dict[str, Any] = {
    "name": "crg",
    "resource_group": "rg-dr",
    "region": "westeurope",
    "reservations": [{"name": "cr", "size": "Standard_D8s_v5", "capacity": 4}],
}


def recovery(**changes: Any) -> dict[str, Any]:
    """The vault's part of the scenario, with parts of it replaced; ``protects`` is merged."""
    protects = _PROTECTS | changes.pop("protects", {})
    return {
        "vault": "rsv",
        "resource_group": "rg-dr",
        "region": "westeurope",
        "fabrics": _FABRICS,
        "policy": {"name": "pol"},
        "protects": [protects],
        "plans": [{"name": "rp", "pool": "hp-personal"}],
        "reservation_groups": [_RESERVED],
        **changes,
    }


def scenario(*, recovery_part: Mapping[str, Any] | None = None, **changes: Any) -> Scenario:
    spec: dict[str, Any] = {
        "scenario": "vault",
        "summary": "Four personal desktops under Site Recovery.",
        "seed": 7,
        "starts_at": "2026-03-09T09:00:00Z",
        "tenant": TENANT,
        "subscriptions": [{"id": SUBSCRIPTION, "name": "test"}],
        "regions": [
            {"name": "northeurope", "display_name": "North Europe"},
            {"name": "westeurope", "display_name": "West Europe"},
        ],
        "groups": [{"name": "OWNERS", "id": OWNERS, "users": 4}],
        "host_pools": [
            {
                "name": "hp-personal",
                "resource_group": "rg-n",
                "region": "northeurope",
                "max_session_limit": 1,
                "start_vm_on_connect": True,
                "application_groups": [{"name": "dag", "kind": "Desktop"}],
                "hosts": {
                    "count": 4,
                    "running": 3,
                    "prefix": "pd-",
                    "machine_prefix": "vm-pd-",
                    "machine_resource_group": "rg-n-vms",
                    "zones": [],
                },
                "sessions": {"count": 2, "groups": ["OWNERS"]},
            }
        ],
        "assignments": [{"principal": "OWNERS", "application_group": "dag"}],
        "personal": [{"pool": "hp-personal", "groups": ["OWNERS"]}],
        "recovery": recovery(**dict(recovery_part or {})),
        "workload": {"pools": ["hp-personal"], "groups": ["OWNERS"]},
        "physics": CALM | {"recovery": STEADY, "arrival_s": {"low": 90_000, "high": 90_000}},
    }
    return Scenario.model_validate_json(json.dumps(spec | changes))


def vault_world(**changes: Any) -> World:
    return build(scenario(recovery_part=changes))


def source(number: int) -> str:
    return f"{HOME}/{COMPUTE}/vm-pd-{number}"


def recovered(number: int) -> str:
    return f"{AWAY}/{COMPUTE}/vm-pd-{number}"


def host(number: int) -> str:
    return f"{POOL}/sessionHosts/pd-{number}"


def item(number: int, container: str = NORTH) -> str:
    return f"{container}/replicationProtectedItems/vm-pd-{number}"


def state(world: World, number: int = 0, container: str = NORTH) -> ProtectedItem:
    return world.recovery.items.get(ProtectedItem, item(number, container))


def ended(world: World, job: Job, *, within_s: float = 3_000.0) -> Job:
    """Let a job run to its end, second by second, so that its end is now."""
    until_s = world.now_s + within_s
    while world.recovery.jobs.get(job.id).state == "InProgress" and world.now_s < until_s:
        world.advance(world.now_s + 1)
    return world.recovery.jobs.get(job.id)


def failed_over(world: World, number: int = 0, container: str = NORTH, **how: Any) -> ProtectedItem:
    job = world.recovery.items.unplanned_failover(ENGINE, item(number, container), **how)
    assert ended(world, job).state == "Succeeded"
    return state(world, number, container)


def committed(world: World, number: int = 0, container: str = NORTH, **how: Any) -> ProtectedItem:
    failed_over(world, number, container, **how)
    job = world.recovery.items.commit(ENGINE, item(number, container))
    assert ended(world, job).state == "Succeeded"
    return state(world, number, container)


def switch(found: ProtectedItem, **changes: Any) -> dict[str, Any]:
    """What a reprotect of a committed item has to ask for."""
    home = key(found.container) == key(NORTH)
    group = HOME if home else AWAY
    disk = {"disk": disk_of(found.recovery_machine), "staging_account": STAGING, "recovery_group": group}
    return {
        "recovery_container": found.container,
        "policy": POLICY,
        "recovery_group": group,
        "zone": None,
        "capacity_group": None,
        "disks": [disk],
        **changes,
    }


def reprotected(world: World, number: int = 0) -> ProtectedItem:
    """An item that was failed over, committed, switched, and is protected the other way round."""
    found = committed(world, number, shut_down=True)
    job = world.recovery.items.switch_protection(ENGINE, found.container, found.name, switch(found))
    assert ended(world, job).state == "Succeeded"
    world.advance(world.now_s + 910)
    return state(world, number, WEST)
