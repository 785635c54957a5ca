"""What a scenario file must satisfy beyond its shape: names resolve, seats suffice, time zones exist.

Each check yields sentences; ``Scenario`` refuses with all of them at once.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from avd_failover.simulator.role_catalogue import BUILT_IN
from avd_failover.simulator.scenario_recovery import recovery_faults
from avd_failover.simulator.touched import EVERYTHING

if TYPE_CHECKING:
    from avd_failover.simulator.scenario import Scenario


def user_name(group: str, number: int) -> str:
    """Return the name of the n-th user made for a group, counted from 1."""
    return f"{group.lower()}-{number:02d}"


def faults(scenario: "Scenario") -> list[str]:
    """Return everything that is wrong, in the order of the checks."""
    found = [*_twins(scenario), *_unknown_names(scenario), *_unknown_earlier(scenario)]
    found += recovery_faults(scenario)
    if scenario.starts_at.utcoffset() is None:
        found.append("starts_at has no offset; end it with Z")
    # Counting users needs every name to resolve.
    return found or [*_too_few_users(scenario), *_too_few_seats(scenario)]


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _twins(scenario: "Scenario") -> Iterator[str]:
    app_groups = [group.name for pool in scenario.host_pools for group in pool.application_groups]
    named = {
        "host pool": [pool.name for pool in scenario.host_pools],
        "group": [group.name for group in scenario.groups],
        "application group": app_groups,
    }
    for what, names in named.items():
        for twin in sorted({name for name in names if names.count(name) > 1}):
            yield f"more than one {what} is called {twin!r}"


def _unknown_names(scenario: "Scenario") -> Iterator[str]:
    groups = [group.name for group in scenario.groups]
    app_groups = [group.name for pool in scenario.host_pools for group in pool.application_groups]
    roles = [role.role_name for role in BUILT_IN] + [role.name for role in scenario.roles]
    places = [*(pool.region for pool in scenario.host_pools), *(w.region for w in scenario.workspaces)]
    places += [pool.hosts.region for pool in scenario.host_pools if pool.hosts.region]
    plans = [pool.scaling_plan for pool in scenario.host_pools if pool.scaling_plan]
    yield from _unknown("host pool", scenario.workload.pools, [pool.name for pool in scenario.host_pools])
    yield from _unknown("group", _groups_used(scenario), [*groups, *_service_principals(scenario)])
    yield from _misplaced_groups(scenario)
    yield from _unplaced_neighbours(scenario)
    images = [one.hosts.image for one in scenario.host_pools if one.hosts.image]
    yield from _unknown("image version", [*images, *_copied(scenario)], image_references(scenario))
    yield from _unknown(
        "user", (a.principal for a in scenario.assignments if "@" in a.principal), _users(scenario)
    )
    yield from _unknown("application group", _application_groups_used(scenario), app_groups)
    yield from _unknown("role", (assignment.role for assignment in scenario.assignments), roles)
    yield from _unknown("group, host pool or application group", _untouched(scenario), _things(scenario))
    yield from _unknown("region", places, [region.name for region in scenario.regions])
    for plan in plans:
        if not _is_time_zone(plan.time_zone):
            yield f"no time zone is called {plan.time_zone!r}; use an IANA name such as Europe/Dublin"


def _unplaced_neighbours(scenario: "Scenario") -> Iterator[str]:
    pools = [pool.name for pool in scenario.host_pools]
    networks = [network.name for network in scenario.networks]
    subnets = [f"{network.name}/{one.name}" for network in scenario.networks for one in network.subnets]
    groups = [group.name for pool in scenario.host_pools for group in pool.application_groups]
    spaces = [space.name for space in scenario.workspaces]
    used = [subnet for account in scenario.storage for subnet in account.subnets]
    used += [pool.hosts.subnet for pool in scenario.host_pools if pool.hosts.subnet]
    peers = [peer for network in scenario.networks for peer in (*network.peers, *network.broken_peers)]
    places = [one.region for one in scenario.storage]
    places += [one.region for one in scenario.networks]
    places += [one.region for one in scenario.logs]
    yield from _unknown("host pool", [a.serves for a in scenario.storage if a.serves], pools)
    yield from _unknown("network", peers, networks)
    yield from _unknown("subnet", used, subnets)
    sent = [name for log in scenario.logs for name in log.of]
    yield from _unknown("host pool, application group or workspace", sent, [*pools, *groups, *spaces])
    yield from _unknown("region", places, [region.name for region in scenario.regions])


def image_references(scenario: "Scenario") -> list[str]:
    """Return every image version of a scenario as gallery/image/version."""
    return [
        f"{spec.name}/{image.name}/{version.name}"
        for spec in scenario.galleries
        for image in spec.images
        for version in image.versions
    ]


def _copied(scenario: "Scenario") -> list[str]:
    versions = (v for gallery in scenario.galleries for image in gallery.images for v in image.versions)
    return [version.copied_from for version in versions if version.copied_from]


def _service_principals(scenario: "Scenario") -> list[str]:
    return [one.name for one in scenario.service_principals]


def _misplaced_groups(scenario: "Scenario") -> Iterator[str]:
    earlier: dict[str, None] = {}
    for group in scenario.management_groups:
        yield from _unknown("management group further up", [group.parent] if group.parent else [], earlier)
        known = [one.id for one in scenario.subscriptions]
        yield from _unknown("subscription", group.subscriptions, known)
        earlier[group.name] = None
    used = [a.management_group for a in scenario.assignments if a.management_group]
    if earlier:
        yield from _unknown("management group", used, [*earlier, scenario.tenant])


def _unknown_earlier(scenario: "Scenario") -> Iterator[str]:
    earlier: dict[str, int] = {}
    for group in scenario.groups:
        used = (*group.nested, *(share.group for share in group.shares))
        yield from _unknown("group further up", used, earlier)
        for share in group.shares:
            if share.count > earlier.get(share.group, share.count):
                has = earlier[share.group]
                yield f"{group.name} shares {share.count} users of {share.group}, which has {has}"
        earlier[group.name] = group.users


def _too_few_users(scenario: "Scenario") -> Iterator[str]:
    members = _members(scenario)
    for pool in scenario.host_pools:
        if pool.sessions is None:
            continue
        users = set().union(*(members[name] for name in pool.sessions.groups))
        if pool.sessions.count > len(users):
            yield f"{pool.name}: {pool.sessions.count} sessions, but its groups have {len(users)} users"


def _too_few_seats(scenario: "Scenario") -> Iterator[str]:
    for pool in scenario.host_pools:
        seats = pool.hosts.running * pool.max_session_limit
        if pool.sessions is not None and pool.sessions.count > seats:
            yield f"{pool.name}: {pool.sessions.count} sessions, but its running hosts have {seats} seats"


def _members(scenario: "Scenario") -> dict[str, set[str]]:
    own = {g.name: [user_name(g.name, number) for number in range(1, g.users + 1)] for g in scenario.groups}
    members: dict[str, set[str]] = {}
    for group in scenario.groups:
        shared = [own[share.group][-share.count :] for share in group.shares]
        nested = [members[name] for name in group.nested]
        members[group.name] = set(own[group.name]).union(*shared, *nested)
    return members


def _users(scenario: "Scenario") -> list[str]:
    return [
        f"{user_name(group.name, number)}@{scenario.domain}"
        for group in scenario.groups
        for number in range(1, group.users + 1)
    ]


def _groups_used(scenario: "Scenario") -> list[str]:
    test = [scenario.workload.test_group] if scenario.workload.test_group else []
    held = [name for pool in scenario.host_pools if pool.sessions for name in pool.sessions.groups]
    principals = [a.principal for a in scenario.assignments if "@" not in a.principal]
    return [*scenario.workload.groups, *test, *held, *principals]


def _untouched(scenario: "Scenario") -> Iterator[str]:
    return (name for one in scenario.expect for name in one.untouched or () if name != EVERYTHING)


def _things(scenario: "Scenario") -> Iterator[str]:
    yield from (group.name for group in scenario.groups)
    for pool in scenario.host_pools:
        yield from (pool.name, *(group.name for group in pool.application_groups))


def _application_groups_used(scenario: "Scenario") -> list[str]:
    shown = [name for workspace in scenario.workspaces for name in workspace.application_groups]
    return [*shown, *(a.application_group for a in scenario.assignments if a.application_group)]


def _unknown(what: str, used: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    names = dict.fromkeys(known)
    shown = ", ".join(list(names)[:20]) or "none"
    for name in dict.fromkeys(used):
        if name not in names:
            yield f"no {what} is called {name!r}; there are {shown}"
