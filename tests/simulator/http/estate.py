"""A small simulated Azure for these tests, and ways to ask it without a socket."""

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from avd_failover.simulator.building import build
from avd_failover.simulator.http.control import Controls, routes
from avd_failover.simulator.http.face import Azure, Pages
from avd_failover.simulator.http.wire import Ask
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.world import World

SHARED = Path(__file__).parents[3] / "../shared"

SUBSCRIPTION = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001"
TENANT = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0002"
G1 = "6a000000-0000-4000-8000-000000000001"
INNER = "6a000000-0000-4000-8000-000000000002"
USER_ROLE = "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"
BASE = "http://127.0.0.1:7777"

_AVD = "providers/Microsoft.DesktopVirtualization"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-North"
POOL = f"{GROUP}/{_AVD}/hostPools/hp-North"
HOST = f"{POOL}/sessionHosts/nhost-0"
AGROUP = f"{GROUP}/{_AVD}/applicationGroups/dag-North"
PLAN = f"{GROUP}/{_AVD}/scalingPlans/sp-North"
SCHEDULE = f"{PLAN}/pooledSchedules/daily"
WORKSPACE = f"{GROUP}/{_AVD}/workspaces/ws-North"
MACHINES = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-North-vms/providers/Microsoft.Compute/virtualMachines"
)
MACHINE = f"{MACHINES}/nvm-0"
STOPPED = f"{MACHINES}/nvm-4"
ROLES = "providers/Microsoft.Authorization/roleAssignments"
DEFINITION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{USER_ROLE}"


def _pool(side: str, region: str, running: int, extra: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"hp-{side}",
        "resource_group": f"rg-{side}",
        "region": region,
        "max_session_limit": 8,
        "application_groups": [
            {"name": f"dag-{side}", "kind": "Desktop"},
            {"name": f"app-{side}", "kind": "RemoteApp"},
        ],
        "hosts": {
            "count": 5,
            "running": running,
            "prefix": f"{side[0].lower()}host-",
            "machine_prefix": f"{side[0].lower()}vm-",
            "machine_resource_group": f"rg-{side}-vms",
        },
        **extra,
    }


_SCHEDULE = {
    "name": "daily",
    "days": ["Monday", "Tuesday"],
    "ramp_up_at": "06:30",
    "ramp_up_minimum_hosts_pct": 50,
    "ramp_up_threshold_pct": 70,
    "peak_at": "08:30",
    "ramp_down_at": "18:00",
    "ramp_down_minimum_hosts_pct": 20,
    "ramp_down_threshold_pct": 90,
    "off_peak_at": "20:00",
}

PLAIN: dict[str, Any] = {
    "scenario": "wire",
    "summary": "Two small pools, for the tests of the wire.",
    "seed": 7,
    "starts_at": "2026-03-02T03:00:00Z",
    "tenant": TENANT,
    "subscriptions": [{"id": SUBSCRIPTION, "name": "avd-test"}],
    "regions": [
        {"name": "northeurope", "display_name": "North Europe"},
        {"name": "westeurope", "display_name": "West Europe"},
    ],
    "groups": [
        {"name": "INNER", "id": INNER, "users": 2},
        {"name": "G1", "id": G1, "users": 5, "nested": ["INNER"]},
    ],
    "host_pools": [
        _pool(
            "North",
            "northeurope",
            4,
            {
                "sessions": {"count": 6, "disconnected": 2, "groups": ["G1"]},
                "scaling_plan": {"name": "sp-North", "time_zone": "Europe/Dublin", "schedules": [_SCHEDULE]},
            },
        ),
        _pool("West", "westeurope", 1, {}),
    ],
    "workspaces": [
        {
            "name": "ws-North",
            "resource_group": "rg-North",
            "region": "northeurope",
            "application_groups": ["dag-North", "app-North"],
        }
    ],
    "assignments": [
        {"principal": "G1", "application_group": "dag-North"},
        {"principal": "INNER", "application_group": "app-North"},
        {"principal": "INNER", "role": "Reader", "subscription": SUBSCRIPTION},
    ],
    "workload": {"pools": ["hp-North", "hp-West"], "groups": ["G1"]},
}


def a_world(**changes: Any) -> World:
    """Build the small world, with parts of its scenario replaced."""
    return build(Scenario.model_validate_json(json.dumps(PLAIN | changes)))


class Told(Struct, frozen=True):
    """An answer, with its body decoded."""

    status: int
    headers: dict[str, str]
    body: Any
    raw: bytes

    @property
    def code(self) -> str:
        """Error code in the body."""
        return str(self.body["error"]["code"])


class Wire:
    """An Azure without a socket."""

    def __init__(self, world: World | None = None, *, pages: Pages | None = None) -> None:
        self.world = world or a_world()
        controls = Controls(scenario="wire")
        self.azure = Azure(self.world, pages=pages, more=routes(controls))
        controls.gaps = lambda: self.azure.gaps

    def ask(
        self, method: str, target: str, body: Any = None, *, bearer: str = "simulated", **headers: str
    ) -> Told:
        """Send one request; ARM paths without a query get an api-version."""
        if "?" not in target and not target.startswith(("/v1.0", "/_sim")):
            target += "?api-version=2024-04-03"
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        sent = {"host": "127.0.0.1:7777"} | {name.replace("_", "-"): text for name, text in headers.items()}
        if bearer:
            sent["authorization"] = f"Bearer {bearer}"
        answer = self.azure.answer(Ask(method=method, target=target, headers=sent, body=raw, base=BASE))
        told = msgspec.json.decode(answer.body) if _is_json(dict(answer.headers)) else None
        return Told(answer.status, dict(answer.headers), told, answer.body)

    def get(self, target: str, **headers: str) -> Told:
        """Send a GET."""
        return self.ask("GET", target, **headers)

    def pages(self, target: str) -> list[Any]:
        """Follow nextLink to the end; return what each page held."""
        found = [self.get(target).body]
        while link := found[-1].get("nextLink") or found[-1].get("@odata.nextLink"):
            assert link.startswith(BASE)
            found.append(self.get(link.removeprefix(BASE)).body)
        return [page["value"] for page in found]


def _is_json(headers: dict[str, str]) -> bool:
    return headers.get("Content-Type", "").startswith("application/json")
