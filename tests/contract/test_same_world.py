"""The same world over both faces, side by side: every snapshot field by field, and the history they leave."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from avd_failover.domain import ids
from avd_failover.simulator.audit import audit
from avd_failover.simulator.http.face import Pages
from tests.contract.stage import Stage, direct, wire
from tests.contract.test_writes import NAME, wanted
from tests.simulator.builders import (
    GROUP_A,
    GROUP_B,
    NIGHT,
    PLAN_A,
    PLAN_B,
    POOL_A,
    POOL_B,
    STAFF,
    SUBSCRIPTION,
    assignment_of,
    host,
    machine,
    small_world,
)

A = ids.host_pool_id(POOL_A)
POOLS = (A, ids.host_pool_id(POOL_B))
SCOPES = (ids.scope(GROUP_A), ids.scope(GROUP_B))
PLANS = (ids.scaling_plan_id(PLAN_A), ids.scaling_plan_id(PLAN_B))


async def everything(stage: Stage) -> dict[str, Any]:
    """Read all that can be read, but for the moments of reading."""
    cloud, seen = stage.cloud, dict[str, Any]()
    for pool in POOLS:
        seen[f"pool {pool}"] = await cloud.pools.get(pool)
        seen[f"application groups {pool}"] = sorted((await cloud.pools.application_groups(pool)).items)
        seen[f"hosts {pool}"] = _by_id(await cloud.hosts.list(pool))
        seen[f"sessions {pool}"] = _by_id(await cloud.sessions.list(pool))
    for scope in SCOPES:
        seen[f"assignments {scope}"] = _by_id(await cloud.assignments.at_or_above(scope))
        seen[f"definitions {scope}"] = _by_id(await cloud.assignments.definitions(scope))
        seen[f"group {scope}"] = await cloud.pools.application_group(ids.application_group_id(scope))
    for plan in PLANS:
        seen[f"plan {plan}"] = await cloud.scaling.get(plan)
        seen[f"schedules {plan}"] = _by_id(await cloud.scaling.schedules(plan))
    for group in (STAFF, NIGHT):
        found = await cloud.directory.members(ids.group_id(group))
        seen[f"members {group}"] = (found.group, found.users, found.nested, found.complete, found.names)
    for side, number in [(side, number) for side in "ab" for number in range(3)]:
        vm = ids.machine_id(machine(side, number))
        seen[f"machine {vm}"] = await cloud.machines.get(vm)
    seen["count"] = sorted((await cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION))).items)
    return seen


def _by_id(reading: Any) -> tuple[bool, str, list[Any]]:
    return reading.complete, reading.gap, sorted(reading.items, key=lambda item: item.id)


async def both(stack: AsyncExitStack, pages: Pages, **changes: Any) -> tuple[Stage, Stage]:
    one = await stack.enter_async_context(direct(small_world(**changes)))
    other = await stack.enter_async_context(wire(small_world(**changes), pages=pages))
    return one, other


async def story(stage: Stage) -> None:
    """Move a few things as a failover does, with pauses in which the world goes on."""
    cloud = stage.cloud
    for number in range(3):
        await cloud.hosts.set_logons(ids.session_host_id(host("a", number)), allowed=False)
    await cloud.machines.start(ids.machine_id(machine("b", 1)))
    await cloud.assignments.delete(ids.assignment_id(assignment_of(stage.world)))
    for session in sorted((await cloud.sessions.list(A)).items, key=lambda each: each.id)[:2]:
        await cloud.sessions.log_off(session.id)
    await cloud.assignments.create(wanted(NAME))
    await stage.clock.sleep(120)


@pytest.mark.parametrize("arm", [1, 2, 100])
async def test_both_faces_show_the_same_world_in_every_field_whatever_the_pages(arm):
    async with AsyncExitStack() as stack:
        one, other = await both(stack, Pages(arm=arm, graph=arm), autoscale=True)
        seen, also = await everything(one), await everything(other)
    for name, value in seen.items():
        assert also[name] == value, name
    assert seen.keys() == also.keys()


async def test_after_the_same_story_both_worlds_have_the_same_history_and_look_the_same():
    async with AsyncExitStack() as stack:
        one, other = await both(stack, Pages(arm=2, graph=2))
        for stage in (one, other):
            await story(stage)
        assert _told(one) == _told(other)
        assert _judged(one) == _judged(other)
        seen, also = await everything(one), await everything(other)
    assert seen == also


def _told(stage: Stage) -> list[tuple[str, str]]:
    """What callers did to the world, in order; moments differ by the time that requests travel."""
    changes = stage.world.history.changes()
    return [(one.verb, one.target.lower()) for one in changes if one.actor.startswith("engine:")]


def _judged(stage: Stage) -> list[tuple[str, str]]:
    """What the audit says: the story is no careful failover, and both faces must be blamed alike."""
    violations = audit(stage.world)["violations"]
    return sorted((broken["invariant"], str(broken["subject"]).lower()) for broken in violations)
