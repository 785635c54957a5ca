"""A small simulated Azure for tests: two pools of three hosts, four users, durations without chance."""

import json
from typing import Any

from avd_failover.simulator.building import build
from avd_failover.simulator.records import UserSession, key
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.world import World

ENGINE = "engine:failover"
ADMIN = "admin:out-of-band"
SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
TENANT = "11111111-0000-4000-8000-000000000002"
STAFF = "22222222-0000-4000-8000-000000000001"
NIGHT = "22222222-0000-4000-8000-000000000002"
KIOSK = "22222222-0000-4000-8000-000000000003"
USER_ROLE = "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ROOT = f"/subscriptions/{SUBSCRIPTION}"
AVD = "providers/Microsoft.DesktopVirtualization"
POOL_A = f"{ROOT}/resourceGroups/rg-a/{AVD}/hostPools/hp-a"
POOL_B = f"{ROOT}/resourceGroups/rg-b/{AVD}/hostPools/hp-b"
GROUP_A = f"{ROOT}/resourceGroups/rg-a/{AVD}/applicationGroups/ag-a"
GROUP_B = f"{ROOT}/resourceGroups/rg-b/{AVD}/applicationGroups/ag-b"
PLAN_A = f"{ROOT}/resourceGroups/rg-a/{AVD}/scalingPlans/sp-a"
PLAN_B = f"{ROOT}/resourceGroups/rg-b/{AVD}/scalingPlans/sp-b"
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

CALM: dict[str, Any] = {
    "list_lag_s": {"low": 40, "high": 40},
    "grant_effective_s": {"low": 100, "high": 100},
    "revoke_effective_s": {"low": 120, "high": 120},
    "start_s": {"low": 60, "high": 60},
    "agent_s": {"low": 90, "high": 90},
    "agent_slow_share": 0,
    "deallocate_s": {"low": 50, "high": 50},
    "shutdown_shown_s": {"low": 30, "high": 30},
    "log_off_s": {"low": 10, "high": 10},
    "log_off_slow_share": 0,
    "sign_in_s": {"low": 5, "high": 5},
    "retry_s": {"low": 20, "high": 20},
    "return_s": {"low": 600, "high": 600},
    "arrival_s": {"low": 900, "high": 900},
    "ghost_s": {"low": 200, "high": 200},
    "stale_lock_s": {"low": 80, "high": 80},
    "autoscale_every_s": {"low": 300, "high": 300},
}
"""Physics without chance, so that tests can name moments."""


def machine(side: str, number: int) -> str:
    return (
        f"{ROOT}/resourceGroups/rg-{side}-vms/providers/Microsoft.Compute/virtualMachines/vm-{side}-{number}"
    )


def host(side: str, number: int) -> str:
    pool = POOL_A if side == "a" else POOL_B
    return f"{pool}/sessionHosts/{side}-{number}"


def pool(side: str, running: int, sessions: int, *, autoscale: bool, limit: int) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": f"hp-{side}",
        "resource_group": f"rg-{side}",
        "region": "northeurope" if side == "a" else "westeurope",
        "max_session_limit": limit,
        "start_vm_on_connect": side == "a",
        "application_groups": [{"name": f"ag-{side}", "kind": "Desktop"}],
        "hosts": {
            "count": 3,
            "running": running,
            "prefix": f"{side}-",
            "machine_prefix": f"vm-{side}-",
            "machine_resource_group": f"rg-{side}-vms",
        },
        "scaling_plan": {
            "name": f"sp-{side}",
            "time_zone": "Europe/Amsterdam",
            "enabled": autoscale,
            "schedules": [
                {
                    "name": "all-week",
                    "days": DAYS,
                    "ramp_up_at": "07:00",
                    "ramp_up_minimum_hosts_pct": 60,
                    "ramp_up_threshold_pct": 60,
                    "peak_at": "09:00",
                    "ramp_down_at": "17:00",
                    "ramp_down_minimum_hosts_pct": 30,
                    "ramp_down_threshold_pct": 80,
                    "off_peak_at": "19:00",
                }
            ],
        },
    }
    if sessions:
        spec["sessions"] = {"count": sessions, "groups": ["STAFF"]}
    return spec


def small(
    *,
    physics: dict[str, Any] | None = None,
    sessions: int = 4,
    autoscale: bool = False,
    running_b: int = 1,
    starts_at: str = "2026-03-02T02:55:00Z",
    limit: int = 4,
    **other: Any,
) -> Scenario:
    spec: dict[str, Any] = {
        "scenario": "small",
        "summary": "A small world for tests.",
        "seed": 7,
        "starts_at": starts_at,
        "tenant": TENANT,
        "subscriptions": [{"id": SUBSCRIPTION, "name": "test"}],
        "regions": [
            {"name": "northeurope", "display_name": "North Europe"},
            {"name": "westeurope", "display_name": "West Europe"},
        ],
        "groups": [
            {"name": "NIGHT", "id": NIGHT, "users": 1},
            {"name": "STAFF", "id": STAFF, "users": 3, "nested": ["NIGHT"]},
            {"name": "KIOSK", "id": KIOSK, "users": 1},
        ],
        "host_pools": [
            pool("a", 3, sessions, autoscale=autoscale, limit=limit),
            pool("b", running_b, 0, autoscale=autoscale, limit=limit),
        ],
        "workspaces": [
            {
                "name": "ws",
                "resource_group": "rg-w",
                "region": "westeurope",
                "application_groups": ["ag-a", "ag-b"],
            }
        ],
        "assignments": [
            {"principal": "STAFF", "application_group": "ag-a", "description": "staff desktop"},
            {"principal": "KIOSK", "application_group": "ag-a"},
            {"principal": "KIOSK", "role": "Reader", "resource_group": "rg-a"},
        ],
        "workload": {"pools": ["hp-a", "hp-b"], "groups": ["STAFF"]},
        "physics": CALM | (physics or {}),
    }
    return Scenario.model_validate_json(json.dumps(spec | other))


def small_world(**changes: Any) -> World:
    return build(small(**changes))


def assignment_of(world: World, principal: str = STAFF, scope: str = GROUP_A, actor: str = ADMIN) -> str:
    listed = world.roles.assignments_for_scope(actor, scope, "atScope()")
    return next(a.id for a in listed if a.principal_id == principal and key(a.scope) == key(scope))


def grant(world: World, number: int = 1, *, actor: str = ENGINE, scope: str = GROUP_B, **changes: Any) -> str:
    fields = {"principal_id": STAFF, "principal_type": "Group", "role_definition_id": USER_ROLE} | changes
    name = f"33333333-0000-4000-8000-{number:012d}"
    return world.roles.put(actor, scope, name, **fields)[1].id


def drain(world: World, side: str, *, actor: str = ENGINE) -> None:
    for number in range(3):
        world.hosts.set_logons(actor, host(side, number), allowed=False)


def sessions_on(world: World, pool: str = POOL_A) -> list[UserSession]:
    return list(world.sessions.list(pool))


def log_all_off(world: World, pool: str = POOL_A) -> None:
    for session in sessions_on(world, pool):
        if not session.ghost:
            world.sessions.log_off(ENGINE, session.id)
