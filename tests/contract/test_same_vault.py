"""The same vault over both faces, side by side, at every stage of a failover: every value field by field."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from avd_failover.domain import ids
from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.records import Machine
from avd_failover.simulator.world import World
from tests.contract.stage import Stage, direct, wire
from tests.simulator.recovery_estate import (
    PLAN,
    POOL,
    RESERVED,
    VAULT,
    committed,
    ended,
    failed_over,
    item,
    recovered,
    reprotected,
    source,
    vault_world,
)

THE_VAULT = ids.vault_id(VAULT)


async def everything(stage: Stage) -> dict[str, Any]:
    """Read all of a vault and around it, but for the moments of reading."""
    cloud, seen = stage.cloud, dict[str, Any]()
    items = (await cloud.recovery.items(THE_VAULT)).items
    seen["items"] = sorted(items, key=lambda one: one.id)
    for one in seen["items"]:
        seen[f"item {one.id}"] = await cloud.recovery.item(one.id)
        seen[f"points {one.id}"] = (await cloud.recovery.recovery_points(one.id)).items
    seen["plan"] = await cloud.recovery.plan(ids.recovery_plan_id(PLAN))
    seen["mappings"] = sorted((await cloud.recovery.mappings(THE_VAULT)).items, key=lambda one: one.source)
    seen["jobs"] = (await cloud.recovery.jobs(THE_VAULT)).items
    for job in seen["jobs"]:
        seen[f"job {job.id}"] = await cloud.recovery.job(job.id)
    for name in [source(0), source(3), *([recovered(0)] if _stands(stage.world) else [])]:
        machine = ids.machine_id(name)
        seen[f"machine {machine}"] = await cloud.machines.get(machine)
        seen[f"extensions {machine}"] = (await cloud.machines.extensions(machine)).items
    seen["reserved"] = await cloud.reservations.get(ids.reservation_group_id(RESERVED))
    hosts = await cloud.hosts.list(ids.host_pool_id(POOL))
    seen["hosts"] = sorted(hosts.items, key=lambda one: one.id)
    return seen


def _stands(world: World) -> bool:
    return world.core.find(Machine, recovered(0)) is not None


def steady(world: World) -> None:
    world.advance(3_000)


def broken(world: World) -> None:
    world.recovery.mishaps.set_broken("admin:x", item(0), broken=True)
    world.advance(5_000)


def under_way(world: World) -> None:
    world.recovery.items.unplanned_failover("admin:x", item(0))
    world.advance(60)


def all_under_way(world: World) -> None:
    world.recovery.plans.unplanned_failover(
        "admin:x", PLAN, direction="PrimaryToRecovery", shut_down=True, point_type="Latest"
    )
    world.advance(60)


def failed(world: World) -> None:
    world.recovery.mishaps.arm("admin:x", item(0), "UnplannedFailover", "fails")
    ended(world, world.recovery.items.unplanned_failover("admin:x", item(0)))


def with_a_twin(world: World) -> None:
    ended(world, world.recovery.items.test_failover("admin:x", item(0)))


@pytest.mark.parametrize(
    "until",
    [steady, broken, under_way, all_under_way, failed, with_a_twin, failed_over, committed, reprotected],
)
async def test_both_faces_show_the_same_vault_in_every_field(until):
    async with AsyncExitStack() as stack:
        worlds = [vault_world(), vault_world()]
        for world in worlds:
            until(world)
        one = await stack.enter_async_context(direct(worlds[0]))
        other = await stack.enter_async_context(wire(worlds[1], pages=Pages(arm=20)))
        seen, also = await everything(one), await everything(other)
    for name, value in seen.items():
        assert also[name] == value, name
    assert seen.keys() == also.keys()
