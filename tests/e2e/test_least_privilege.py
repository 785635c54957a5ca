"""The command line run by an identity that holds the derived roles and nothing else.

The simulated Azure refuses what a known caller's roles do not allow, and every request is noted: what the
roles allow is what was used, in both directions of the comparison.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct, field

from avd_failover.cli.request import read
from avd_failover.domain.ids import Scope, scope
from avd_failover.domain.needs import Job, Needs, Wish
from avd_failover.domain.permissions import CustomRole, permissions
from avd_failover.domain.plan import Side
from avd_failover.operations.asks import ASKS
from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.find import find_scenario
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.http.guard import deed_of
from avd_failover.simulator.http.server import serve
from avd_failover.simulator.records import RoleDefinition
from avd_failover.simulator.records_access import ServicePrincipal
from avd_failover.simulator.scenario import load_scenario
from avd_failover.simulator.world import World
from tests.domain.abac import compiled
from tests.e2e.processes import COMMAND, LONGEST_S, ROOT, Station

WHO = "6b000000-0000-4000-8000-0000000000e1"
SUBSCRIPTION = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001"
HOSTS: dict[Side, tuple[Scope, ...]] = {
    Side.PRIMARY: (scope(f"{SUBSCRIPTION}/resourceGroups/rg-small-neu-hosts"),),
    Side.SECONDARY: (scope(f"{SUBSCRIPTION}/resourceGroups/rg-small-weu-hosts"),),
}
AT_NEED = {
    ("machines, primary", "Microsoft.Compute/virtualMachines/read"),
    ("scaling plans, primary", "Microsoft.DesktopVirtualization/scalingplans/pooledSchedules/read"),
    ("host pools, secondary", "Microsoft.DesktopVirtualization/hostpools/write"),
}
"""Used where a source host is asleep, a floor of the source was changed, or the target starts on connect: not
in this scenario."""


def roles_for(*, rollback: bool) -> tuple[CustomRole, ...]:
    asked = read("small")
    job = Job(route=asked.route, graph=asked.graph)
    wish = Wish(jobs=(job,), rollback=rollback, machines=HOSTS)
    return permissions(asked.route.plan, Needs(CATALOGUE, ASKS), wish).roles


class Served(Struct):
    """A simulated Azure in this process, and what the command line asked of it."""

    world: World
    url: str
    station: Station
    deeds: set[tuple[str, str]] = field(default_factory=set)
    """Action and resource of every request, in lower case."""
    written: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Action, scope and attributes of every role assignment that was asked for."""

    def watch(self, azure: Any) -> None:
        answer = azure.answer

        def observed(ask: Any, *more: Any) -> Any:
            deed = deed_of(ask.method, ask.path)
            if deed.action:
                self.deeds.add((deed.action.lower(), deed.resource.lower()))
            if deed.action.lower().endswith("roleassignments/write"):
                self._note(deed.action, deed.resource, msgspec.json.decode(ask.body)["properties"])
            return answer(ask, *more)

        azure.answer = observed

    def _note(self, action: str, resource: str, wanted: dict[str, str]) -> None:
        at = resource.lower().partition("/providers/microsoft.authorization/")[0]
        about = {
            "RoleDefinitionId": wanted["roleDefinitionId"].rsplit("/", 1)[-1],
            "PrincipalId": wanted["principalId"],
            "PrincipalType": wanted["principalType"],
        }
        self.written.append((action, at, about))


def admit(world: World, roles: tuple[CustomRole, ...], without: str = "") -> None:
    """Make the caller known to the world, with these roles and no other; there is no other caller."""
    setup = "admin:setup"
    check = world.permissions.check

    def held_to_roles(principal: str, action: str, scope: str) -> None:
        check(WHO, action, scope)

    world.permissions.check = held_to_roles  # type: ignore[method-assign]
    world.core.write(setup, "put-principal", ServicePrincipal(id=WHO, app_id=WHO, display_name="the engine"))
    for role in roles:
        kept = tuple(one for one in role.actions if one != without)
        definition = RoleDefinition(
            id=role.id, role_name=role.name, role_type="CustomRole", actions=kept,
            assignable_scopes=tuple(role.assignable_scopes),
        )  # fmt: skip
        world.core.write(setup, "put-role", definition)
        for one in role.assigned:
            world.roles.put(
                setup,
                one.scope,
                str(uuid.uuid5(uuid.NAMESPACE_URL, f"{role.id}{one.scope}")),
                principal_id=WHO,
                principal_type="ServicePrincipal",
                role_definition_id=f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
            )


@asynccontextmanager
async def served(
    tmp_path: Path, roles: tuple[CustomRole, ...], without: str = "", speed: float = 250.0
) -> AsyncIterator[Served]:
    world = build(load_scenario(find_scenario("small")))
    admit(world, roles, without)
    async with serve(world, speed=speed, scenario="small") as server:
        there = Served(world=world, url=server.url, station=Station(tmp_path / "home", server.url))
        there.watch(server.azure)
        yield there


async def failover(there: Served, *arguments: str, until: str = "") -> tuple[int | None, str]:
    """Run the command line as a process; ``until`` ends it, with SIGKILL, when it has said so."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=there.station.environment | {"HOME": os.environ.get("HOME", "/")}, cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said = ""
    try:
        assert process.stderr is not None
        async with asyncio.timeout(LONGEST_S):
            while line := (await process.stderr.readline()).decode():
                said += line
                if until and until in line:
                    process.kill()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said


def harm(world: World) -> list[str]:
    """Return what the audit holds against the run.

    Not S15: it counts seconds between a look and a deed, and this world is hundreds of times as fast.
    """
    broken = [one["invariant"] for one in audit(world)["violations"]]
    return [one for one in broken if one != "S15"]


def unused(roles: tuple[CustomRole, ...], deeds: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return every action of a role that no request used at any scope of the role."""
    return {
        (role.name.partition(": ")[2], action)
        for role in roles
        for action in role.actions
        if not any(
            action.lower() == did and any(what.startswith(one.scope) for one in role.assigned)
            for did, what in deeds
        )
    }


async def test_a_failover_needs_every_right_that_is_derived_and_no_other(tmp_path: Path) -> None:
    roles = roles_for(rollback=False)
    async with served(tmp_path, roles) as there:
        code, said = await failover(there, "--plan", "small", "--yes")
    assert code == 0, said
    assert unused(roles, there.deeds) <= AT_NEED
    assert harm(there.world) == []
    assert_conditions_fit(roles, there)


def assert_conditions_fit(roles: tuple[CustomRole, ...], there: Served) -> None:
    """Every grant of the run passes its condition; the same grant to a stranger does not."""
    conditions = {one.scope: one.condition for role in roles for one in role.assigned if one.condition}
    assert there.written
    for action, at, about in there.written:
        test = compiled(conditions[scope(at)])
        assert test(action, about, {})
        assert not test(action, about | {"PrincipalId": str(uuid.UUID(int=9))}, {})


async def test_turning_back_needs_every_right_that_is_derived_and_no_other(tmp_path: Path) -> None:
    roles = roles_for(rollback=True)
    async with served(tmp_path, roles) as there:
        code, said = await failover(there, "--plan", "small", "--yes", until="grant-target: done")
        assert code == -9, said
        code, said = await failover(there, "abort", "--rollback", "--reason", "a test")
    assert code == 0, said
    assert unused(roles, there.deeds) <= AT_NEED
    assert harm(there.world) == []


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Authorization/roleAssignments/delete",
    ],
)
async def test_one_right_less_and_the_run_stops_without_doing_harm(tmp_path: Path, action: str) -> None:
    async with served(tmp_path, roles_for(rollback=False), without=action) as there:
        code, said = await failover(there, "--plan", "small", "--yes")
    assert code not in {0, None}, said
    assert "AuthorizationFailed" in said or action in said
    assert harm(there.world) == []
