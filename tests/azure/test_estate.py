"""The whole: it satisfies the seam, wires lazily, and closes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import avd_failover.azure as room
from avd_failover.azure.clients import Clients
from avd_failover.azure.credentials import SimulatedCredential
from avd_failover.azure.endpoints import Endpoints, origin_of
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.azure.pipeline import ClockedTransport
from avd_failover.azure.throttle import Throttle
from avd_failover.cloud import Cloud
from tests.azure.builders import AVD, HOST, POOL, host_body
from tests.azure.fake_arm import Answer, FakeArm
from tests.azure.jump_clock import JumpClock

ROOM = Path(room.__file__).parent


def as_seam(cloud: AzureCloud) -> Cloud:
    """Type-checked: every service satisfies its protocol."""
    return cloud


async def test_the_cloud_satisfies_the_seam(cloud: AzureCloud) -> None:
    assert as_seam(cloud) is cloud


def test_wiring_needs_no_event_loop_and_sends_nothing(clock: JumpClock) -> None:
    assert connect(Endpoints(), clock, credential=SimulatedCredential()).machines


async def test_there_is_one_client_per_service_and_subscription(clock: JumpClock) -> None:
    endpoints = Endpoints(arm="http://127.0.0.1:1", graph="http://127.0.0.1:1")
    transport = ClockedTransport(clock, origin_of(endpoints.arm))
    clients = Clients(endpoints, SimulatedCredential(), Throttle(clock), transport)
    other = AVD.replace("1111", "2222")
    assert clients.desktops(POOL) is clients.desktops(HOST)
    assert clients.desktops(POOL) is not clients.desktops(other)
    assert clients.roles("/") is clients.roles("/providers/x")
    assert clients.compute(POOL) is clients.compute(POOL)
    await clients.aclose()


async def test_nothing_works_after_closing(arm: FakeArm, clock: JumpClock) -> None:
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock)
    arm.on("GET", "", Answer(200, host_body()))
    await cloud.hosts.get(HOST)
    await cloud.aclose()
    with pytest.raises(ValueError, match="closed"):
        await cloud.hosts.get(HOST)
    assert len(arm.seen) == 1


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_the_room_imports_downwards_only_and_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert all(node in tree.body for node in imports)
    allowed = ("avd_failover.azure", "avd_failover.cloud", "avd_failover.domain")
    ours = [node.module for node in imports if isinstance(node, ast.ImportFrom) and node.module]
    for module in ours:
        assert not module.startswith("avd_failover.") or module.startswith(allowed), module


def test_the_throttle_alone_loads_no_sdk() -> None:
    heavy = ("azure", "aiohttp", "msgraph", "httpx")
    probe = f"import sys, avd_failover.azure.throttle; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
