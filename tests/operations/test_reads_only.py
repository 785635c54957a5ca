"""No operation calls a write verb of the seam. The verbs are taken from the seam itself.

The seam gives each service twice: as ``…Reads``, and whole. What the whole has more is a write. Types
keep operations to reads already; this holds where a type would be cast away or ``Any``.
"""

import ast
import inspect
from pathlib import Path

import pytest

from avd_failover import cloud
from avd_failover.operations import registry

FOLDER = Path(registry.__file__).parent
HALVES = {
    cloud.AssignmentReads: cloud.Assignments,
    cloud.HostPoolReads: cloud.HostPools,
    cloud.SessionHostReads: cloud.SessionHosts,
    cloud.UserSessionReads: cloud.UserSessions,
    cloud.ScalingPlanReads: cloud.ScalingPlans,
    cloud.MachineReads: cloud.Machines,
    cloud.SiteRecoveryReads: cloud.SiteRecovery,
    cloud.OutsideReads: cloud.Outside,
    cloud.Reads: cloud.Cloud,
}


def verbs(protocol: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(protocol, callable) if not name.startswith("_")}


WRITES = set().union(*(verbs(whole) - verbs(half) for half, whole in HALVES.items()))


def uses_of_writes(source: str) -> list[str]:
    """Return every place that names a write verb of the seam, called or not, or could reach for one."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in WRITES:
            found.append(f"line {node.lineno}: .{node.attr}")
        if isinstance(node, ast.Constant) and node.value in WRITES:
            found.append(f"line {node.lineno}: {node.value!r}")
        if isinstance(node, ast.Name) and node.id in {"getattr", "Cloud", "send"}:
            found.append(f"line {node.lineno}: {node.id}")
        if isinstance(node, ast.alias) and node.name in {"Cloud", *(one.__name__ for one in HALVES.values())}:
            found.append(f"line {node.lineno}: imports {node.name}")
    return found


def test_the_seam_has_these_writes() -> None:
    assert {
        "create",
        "delete",
        "set_start_on_connect",
        "set_logons",
        "log_off",
        "tell",
        "set_references",
        "set_floor",
        "start",
        "deallocate",
        "put_extension",
        "fail_over",
        "change_recovery_point",
        "commit_failover",
        "switch_protection",
        "fail_over_plan",
        "commit_plan",
        "execute",
        "post",
        "aclose",
    } == WRITES


def test_every_service_that_can_write_is_compared_with_its_reads() -> None:
    protocols = {
        one for _, one in inspect.getmembers(cloud, inspect.isclass) if getattr(one, "_is_protocol", False)
    }
    ours = {one for one in protocols if one.__module__.startswith(cloud.__name__)}
    assert ours == {*HALVES, *HALVES.values(), cloud.Directory, cloud.ReservationReads}
    assert verbs(cloud.Directory) == {"members"}
    assert verbs(cloud.ReservationReads) == {"get"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_operation_names_a_write(path: Path) -> None:
    assert uses_of_writes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "await cloud.assignments.delete(one.id)",
        "await self._cloud.assignments.create(one)",
        "hosts = cloud.hosts; await hosts.set_logons(host, allowed=False)",
        "later = cloud.sessions.log_off",
        "await getattr(cloud.machines, 'start')(machine)",
        "await getattr(cloud.machines, verb)(machine)",
        "from avd_failover.cloud import Cloud",
        "from avd_failover.cloud import Machines",
        "await send(cloud, action)",
    ],
)
def test_the_check_bites(line: str) -> None:
    module = f"async def observe(self, cloud, memory):\n    {line}\n"
    assert uses_of_writes(module) != []


def test_the_check_lets_reads_pass() -> None:
    module = "async def observe(self, cloud, memory):\n    return await cloud.machines.get(self.machine)\n"
    assert uses_of_writes(module) == []
