"""Where a workload's assignments stand in truth, and whether all of them are still there (safety S11)."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from avd_failover.simulator.history import Change
from avd_failover.simulator.records import ApplicationGroup, RoleAssignment, key
from avd_failover.simulator.world import World

SideName = Literal["primary", "secondary", "neither"]
Held = tuple[str, str, str | None, str | None, str | None]
"""What a moved assignment keeps: principal, role, condition, its version, description."""


def standing(world: World) -> tuple[SideName, str]:
    """Return the side on which every assignment of the workload stands, and the count in words.

    ``neither`` while they stand on both, on none, or some of those of the beginning are lost or altered.
    """
    primary, secondary = (_held(world, pool) for pool in world.workload.host_pools)
    began = _at_start(world)
    told = f"{primary.total()} on primary, {secondary.total()} on secondary, {began.total()} at the start"
    if primary == began and not secondary:
        return "primary", told
    if secondary == began and not primary:
        return "secondary", told
    return "neither", told


def _held(world: World, pool: str) -> Counter[Held]:
    scopes = _scopes(world, pool)
    return Counter(_kept(one) for one in _ours(world, world.core.table(RoleAssignment).values(), scopes))


def _at_start(world: World) -> Counter[Held]:
    built = world.history.entries[: world.built]
    made = [one.after for one in built if isinstance(one, Change) and isinstance(one.after, RoleAssignment)]
    scopes = set().union(*(_scopes(world, pool) for pool in world.workload.host_pools))
    return Counter(_kept(one) for one in _ours(world, made, scopes))


def _ours(world: World, found: Iterable[RoleAssignment], scopes: set[str]) -> list[RoleAssignment]:
    groups = set(map(key, world.workload.groups))
    return [one for one in found if key(one.scope) in scopes and key(one.principal_id) in groups]


def _scopes(world: World, pool: str) -> set[str]:
    groups = world.core.table(ApplicationGroup).values()
    return {key(group.id) for group in groups if key(group.host_pool) == key(pool)}


def _kept(one: RoleAssignment) -> Held:
    role = one.role_definition_id.rsplit("/", 1)[-1]
    return key(one.principal_id), key(role), one.condition, one.condition_version, one.description
