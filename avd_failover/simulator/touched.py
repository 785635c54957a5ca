"""What an engine changed of a named thing, by the history alone."""

from collections.abc import Callable

from avd_failover.simulator.history import Change
from avd_failover.simulator.records import (
    ApplicationGroup,
    Group,
    HostPool,
    Operation,
    Record,
    RoleAssignment,
    ScalingPlan,
    SessionHost,
    key,
)
from avd_failover.simulator.world import World

EVERYTHING = "everything"
Belongs = Callable[[Change], bool]


def touched(world: World, name: str) -> list[str]:
    """Return each change that an engine made to a group's access, a host pool, an application group.

    Raises:
        KeyError: Nothing is called so; scenario files are checked for that when they are loaded.
    """
    belongs = _belongs(world, name)
    return [
        f"{change.verb} on {change.target.rsplit('/', 1)[-1]}"
        for change in world.history.changes()
        if change.actor_kind == "engine" and belongs(change)
    ]


def _belongs(world: World, name: str) -> Belongs:
    if name == EVERYTHING:
        return lambda _: True
    for kind, test in _TESTS.items():
        found = [one for one in world.core.table(kind).values() if _called(one) == name]
        if found:
            return test(world, found[0].id)
    raise KeyError(name)


def _called(record: Record) -> str:
    return record.display_name if isinstance(record, Group) else record.name


def _of_group(_: World, group: str) -> Belongs:
    return lambda change: any(
        isinstance(one, RoleAssignment) and key(one.principal_id) == key(group)
        for one in (change.before, change.after)
    )


def _below(_: World, resource: str) -> Belongs:
    return lambda change: change.target == key(resource) or change.target.startswith(key(resource) + "/")


def _of_pool(world: World, pool: str) -> Belongs:
    hosts = world.core.table(SessionHost).values()
    machines = {key(host.machine) for host in hosts if key(host.host_pool) == key(pool)}
    plans = {
        key(plan.id)
        for plan in world.core.table(ScalingPlan).values()
        if any(key(reference.host_pool) == key(pool) for reference in plan.references)
    }
    below = _below(world, pool)

    def belongs(change: Change) -> bool:
        about = change.after or change.before
        if isinstance(about, Operation):
            return key(about.machine) in machines
        parent = change.target.split("/pooledschedules/", 1)[0]
        return below(change) or change.target in machines or parent in plans

    return belongs


_TESTS: dict[type[Record], Callable[[World, str], Belongs]] = {
    Group: _of_group,
    HostPool: _of_pool,
    ApplicationGroup: _below,
}
