"""Where a workload's assignments stand in truth, and whether all of them are still there (safety S11)."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from avd_failover.simulator.history import Change
from avd_failover.simulator.records import ApplicationGroup, Machine, RoleAssignment, SessionHost, key
from avd_failover.simulator.world import World

SideName = Literal["primary", "secondary", "neither"]
Held = tuple[str, str, str | None, str | None, str | None]
"""What a moved assignment keeps: principal, role, condition, its version, description."""


def standing(world: World) -> tuple[SideName, str]:
    """Return the side on which every assignment of the workload stands, and the count in words.

    ``neither`` while they stand on both, on none, or some of those of the beginning are lost or altered.
    A workload of one pool is of personal desktops: there the machines behind the hosts move.
    """
    if len(set(world.workload.host_pools)) == 1:
        return _machines_of(world, world.workload.host_pools[0])
    primary, secondary = (_held(world, pool) for pool in world.workload.host_pools)
    began = _at_start(world)
    told = f"{primary.total()} on primary, {secondary.total()} on secondary, {began.total()} at the start"
    if primary == began and not secondary:
        return "primary", told
    if secondary == began and not primary:
        return "secondary", told
    return "neither", told


def _machines_of(world: World, pool: str) -> tuple[SideName, str]:
    """Return where the machines of a personal pool run: all where they began, all elsewhere, or neither."""
    built = world.history.entries[: world.built]
    began = {
        key(one.after.id): key(world.core.get(Machine, one.after.machine).location)
        for one in built
        if isinstance(one, Change) and isinstance(one.after, SessionHost)
    }
    moved = [
        key(world.core.get(Machine, host.machine).location) != began[key(host.id)]
        for host in world.hosts.of_pool(pool)
    ]
    told = f"{moved.count(False)} machines on primary, {moved.count(True)} on secondary"
    if all(moved) and moved:
        return "secondary", told
    return ("neither" if any(moved) else "primary"), told


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
