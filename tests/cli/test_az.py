"""The unmodified az CLI against ``failover simulate --tls``. Opt-in: runs where az is on PATH.

az is no dependency of this project. To run this: ``pip install azure-cli`` in an environment of its own,
and put that environment's ``az`` on PATH.
"""

import asyncio
import json
import os
import shutil

import pytest

from tests.cli.test_simulate import simulated
from tests.simulator.http.estate import AGROUP, G1, INNER, PLAIN, POOL, STOPPED, SUBSCRIPTION, TENANT

AZ = shutil.which("az")
pytestmark = [
    pytest.mark.skipif(
        AZ is None, reason="az is not on PATH (pip install azure-cli, in its own environment)"
    ),
    pytest.mark.timeout(300),
]


class Shell:
    """A shell with its own az configuration, led to a simulated Azure."""

    def __init__(self, variables, home):
        settings = {"AZURE_CORE_INSTANCE_DISCOVERY": "false", "AZURE_CORE_COLLECT_TELEMETRY": "false"}
        self.url = variables["AVD_FAILOVER_ARM_ENDPOINT"]
        self._environment = os.environ | settings | variables | {"AZURE_CONFIG_DIR": str(home)}

    async def az(self, *arguments):
        """Run az; return what it tells as JSON, None when it tells nothing. It must succeed."""
        process = await asyncio.create_subprocess_exec(
            str(AZ), *arguments, "--output", "json", env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        return json.loads(told) if told.strip() else None


async def test_az_signs_in_looks_around_and_starts_a_machine(tmp_path):
    scenario = tmp_path / "wire.yaml"
    scenario.write_text(json.dumps(PLAIN))
    async with simulated(scenario, "--tls", "--output", "json", "--speed", "600") as (_, line):
        shell = Shell(json.loads(line)["environment"], tmp_path / "az")
        await shell.az("cloud", "register", "--name", "Sim", "--endpoint-resource-manager", shell.url)
        await shell.az("cloud", "set", "--name", "Sim")
        signed_in = await shell.az(
            "login", "--service-principal", "-u", "az", "-p", "anything", "--tenant", TENANT
        )
        assert [one["id"] for one in signed_in] == [SUBSCRIPTION]
        await looked_around(shell)
        await started(shell)


async def looked_around(shell):
    machines = await shell.az("vm", "list", "--resource-group", "rg-North-vms")
    assert sorted(one["name"] for one in machines) == [f"nvm-{number}" for number in range(5)]
    (held,) = await shell.az("role", "assignment", "list", "--scope", AGROUP)
    assert (held["principalId"], held["principalName"]) == (G1, "G1")
    assert held["roleDefinitionName"] == "Desktop Virtualization User"
    members = await shell.az("ad", "group", "member", "list", "--group", "G1")
    assert INNER in [one["id"] for one in members]
    hosts = await shell.az("rest", "--url", f"{POOL}/sessionHosts?api-version=2024-04-03")
    assert len(hosts["value"]) == 5


async def started(shell):
    await shell.az("vm", "start", "--ids", STOPPED)
    view = await shell.az("vm", "get-instance-view", "--ids", STOPPED)
    codes = [one["code"] for one in view["instanceView"]["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
    await shell.az("vm", "deallocate", "--ids", STOPPED)
    gaps = await shell.az("rest", "--url", f"{shell.url}/_sim/gaps", "--skip-authorization-header")
    assert gaps == {"gaps": []}
