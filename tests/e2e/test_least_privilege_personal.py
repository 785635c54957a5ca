"""Personal desktops moved and brought home by an identity that holds the derived roles and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from avd_failover.cli.request import Wish as Asking
from avd_failover.cli.request import ask
from avd_failover.domain.ids import Scope, scope
from avd_failover.domain.needs import Job, Needs, Wish
from avd_failover.domain.permissions import CustomRole, permissions
from avd_failover.domain.plan import Side
from avd_failover.domain.route import Purpose
from avd_failover.operations.asks import ASKS
from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.find import find_scenario
from avd_failover.simulator.building import build
from avd_failover.simulator.http.server import serve
from avd_failover.simulator.scenario import load_scenario
from tests.e2e.processes import Station
from tests.e2e.test_least_privilege import Served, admit, failover, harm, unused

PLAN, SCENARIO = "personal-eu", "personal-small"
SUBSCRIPTION = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0011"
MACHINES: dict[Side, tuple[Scope, ...]] = {
    Side.PRIMARY: (scope(f"{SUBSCRIPTION}/resourceGroups/rg-avd-personal-neu-hosts"),),
    Side.SECONDARY: (scope(f"{SUBSCRIPTION}/resourceGroups/rg-avd-personal-weu-hosts"),),
}
_CONTAINERS = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
_ITEMS = f"{_CONTAINERS}/replicationProtectedItems"
FAIL_OVER = f"{_ITEMS}/unplannedFailover/action"
AT_NEED = {
    "Microsoft.Compute/virtualMachines/start/action",
    f"{_ITEMS}/applyRecoveryPoint/action",
    f"{_ITEMS}/read",
}
"""Used for a desktop that stays after it was stopped, when a person chooses another point, and where the
answer to a request does not name its job: not here."""


def roles_for(*purposes: Purpose, runbook: str | None = None) -> tuple[CustomRole, ...]:
    asked = [ask(Asking(plan=PLAN, purpose=one, runbook=runbook)) for one in purposes]
    jobs = tuple(Job(route=one.route, graph=one.graph) for one in asked)
    wish = Wish(jobs=jobs, rollback=False, machines=MACHINES)
    return permissions(asked[0].route.plan, Needs(CATALOGUE, ASKS), wish).roles


@asynccontextmanager
async def served(tmp_path: Path, roles: tuple[CustomRole, ...], without: str = "") -> AsyncIterator[Served]:
    world = build(load_scenario(find_scenario(SCENARIO)))
    admit(world, roles, without)
    async with serve(world, speed=250.0, scenario=SCENARIO) as server:
        there = Served(world=world, url=server.url, station=Station(tmp_path / "home", server.url))
        there.watch(server.azure)
        yield there


def idle(roles: tuple[CustomRole, ...], there: Served) -> set[str]:
    return {action for _, action in unused(roles, there.deeds)}


async def test_there_and_home_need_every_right_that_is_derived_and_no_other(tmp_path: Path) -> None:
    roles = roles_for(Purpose.FAILOVER, Purpose.FAILBACK)
    async with served(tmp_path, roles) as there:
        code, said = await failover(there, "--plan", PLAN, "--yes")
        assert code == 0, said
        code, said = await failover(there, "back", "--plan", PLAN, "--yes")
        assert code == 0, said
    assert idle(roles, there) <= AT_NEED
    assert harm(there.world) == []
    assert there.written == [], "nobody's access was changed"


async def test_writing_down_extensions_takes_reads_only(tmp_path: Path) -> None:
    roles = roles_for(Purpose.UPKEEP, runbook="personal-images")
    assert all(action.endswith("/read") for role in roles for action in role.actions)
    async with served(tmp_path, roles) as there:
        code, said = await failover(there, "run", "personal-images", "--plan", PLAN, "--yes")
    assert code == 0, said
    assert idle(roles, there) <= {"Microsoft.DesktopVirtualization/hostpools/sessionhosts/read"}
    assert harm(there.world) == []


@pytest.mark.parametrize("action", [FAIL_OVER, "Microsoft.RecoveryServices/vaults/replicationJobs/read"])
async def test_one_right_less_and_the_run_stops_without_doing_harm(tmp_path: Path, action: str) -> None:
    async with served(tmp_path, roles_for(Purpose.FAILOVER), without=action) as there:
        code, said = await failover(there, "--plan", PLAN, "--yes")
    assert code not in {0, None}, said
    assert "AuthorizationFailed" in said or action in said
    assert harm(there.world) == []
