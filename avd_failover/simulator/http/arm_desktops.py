"""Microsoft.DesktopVirtualization 2024-04-03: reads of everything a failover looks at. Nothing is an LRO."""

import re
from collections.abc import Callable, Sequence

from avd_failover.simulator.http import desktop_bodies as bodies
from avd_failover.simulator.http.arm_common import paged, provider_time
from avd_failover.simulator.http.desktop_details import application, desktop, personal_schedule
from avd_failover.simulator.http.desktop_ids import (
    application_group_id,
    application_id,
    desktop_id,
    host_id,
    personal_schedule_id,
    plan_id,
    pool_id,
    prefix_of,
    resource_id,
    schedule_id,
    session_id,
)
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Record, UserSession, key
from avd_failover.simulator.refusals import Throttled
from avd_failover.simulator.world import World

_TERM = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*")


def _page(call: Call, items: Sequence[Record], render: Callable[..., Json]) -> Answer:
    return paged(call, items, lambda item: key(item.id), render, null_link=True)


def _pools(world: World, call: Call) -> Answer:
    return _page(call, world.pools.list(prefix_of(call)), lambda pool: bodies.host_pool(world, pool))


def _pool(world: World, call: Call) -> Answer:
    return Answer(body=bodies.host_pool(world, world.pools.get(pool_id(call))))


def _application_groups(world: World, call: Call) -> Answer:
    wanted = _terms(call, {"applicationgrouptype"}).get("applicationgrouptype")
    found = [
        group
        for group in world.pools.application_groups(prefix_of(call))
        if wanted in {None, group.application_group_type.lower()}
    ]
    return _page(call, found, lambda group: bodies.application_group(world, group))


def _application_group(world: World, call: Call) -> Answer:
    return Answer(
        body=bodies.application_group(world, world.pools.application_group(application_group_id(call)))
    )


def _desktops(world: World, call: Call) -> Answer:
    return _page(call, world.pools.desktops(application_group_id(call)), lambda one: desktop(world, one))


def _desktop(world: World, call: Call) -> Answer:
    return Answer(body=desktop(world, world.pools.desktop(desktop_id(call))))


def _applications(world: World, call: Call) -> Answer:
    found = world.pools.applications(application_group_id(call))
    return _page(call, found, lambda one: application(world, one))


def _application(world: World, call: Call) -> Answer:
    return Answer(body=application(world, world.pools.application(application_id(call))))


def _workspaces(world: World, call: Call) -> Answer:
    found = world.pools.workspaces(prefix_of(call))
    return _page(call, found, lambda space: bodies.workspace(world, space))


def _workspace(world: World, call: Call) -> Answer:
    found = world.pools.workspace(resource_id(call, "workspaces", "workspace"))
    return Answer(body=bodies.workspace(world, found))


def _hosts(world: World, call: Call) -> Answer:
    """List the hosts of a pool. Pages after the first belong to the list they continue."""
    pool = pool_id(call)
    heads = {} if "$skiptoken" in call.query else _host_list_heads(world, pool)
    answer = _page(call, world.hosts.list(pool), lambda host: bodies.session_host(world, host))
    return Answer(body=answer.body, headers=heads)


def _host_list_heads(world: World, pool: str) -> dict[str, str]:
    """Count one list of session hosts; the provider throttles these alone (recorded: 10 in 5 minutes)."""
    heads = {"X-Rate-Limit-Limit": f"{world.core.physics.host_list_window_s / 60:g}m"}
    try:
        left, ends_s = world.budgets.admit_host_list(pool)
    except Throttled as full:
        wait = str(full.retry_after_s)
        none_left = {"X-Rate-Limit-Remaining": "0", "Retry-After": wait}
        raise Refusal(429, full.code, full.message, headers=heads | none_left) from full
    return heads | {
        "X-Rate-Limit-Remaining": str(left),
        "X-Rate-Limit-Reset": provider_time(world.core.at(ends_s)),
    }


def _host(world: World, call: Call) -> Answer:
    return Answer(body=bodies.session_host(world, world.hosts.get(host_id(call))))


def _pool_sessions(world: World, call: Call) -> Answer:
    found = _filtered(call, world.sessions.list(pool_id(call)))
    return _page(call, found, lambda one: bodies.user_session(world, one, with_system_data=False))


def _host_sessions(world: World, call: Call) -> Answer:
    found = _filtered(call, world.sessions.list_on_host(host_id(call)))
    return _page(call, found, lambda one: bodies.user_session(world, one, with_system_data=True))


def _session(world: World, call: Call) -> Answer:
    found = world.sessions.get(session_id(call))
    return Answer(body=bodies.user_session(world, found, with_system_data=True))


def _filtered(call: Call, found: Sequence[UserSession]) -> list[UserSession]:
    wanted = _terms(call, {"sessionstate", "userprincipalname"})
    return [
        one
        for one in found
        if wanted.get("sessionstate") in {None, one.state.lower()}
        and wanted.get("userprincipalname") in {None, one.user_principal_name.lower()}
    ]


def _plans(world: World, call: Call) -> Answer:
    return _page(call, world.scaling.list(prefix_of(call)), lambda plan: bodies.scaling_plan(world, plan))


def _pool_plans(world: World, call: Call) -> Answer:
    pool = world.pools.get(pool_id(call))
    return _page(call, world.scaling.of_pool(pool.id), lambda plan: bodies.scaling_plan(world, plan))


def _plan(world: World, call: Call) -> Answer:
    return Answer(body=bodies.scaling_plan(world, world.scaling.get(plan_id(call))))


def _schedules(world: World, call: Call) -> Answer:
    found = world.scaling.schedules(plan_id(call))
    return _page(call, found, lambda one: bodies.pooled_schedule(world, one))


def _schedule(world: World, call: Call) -> Answer:
    return Answer(body=bodies.pooled_schedule(world, world.scaling.schedule(schedule_id(call))))


def _personal_schedules(world: World, call: Call) -> Answer:
    found = world.scaling.personal_schedules(plan_id(call))
    return _page(call, found, lambda one: personal_schedule(world, one))


def _personal_schedule(world: World, call: Call) -> Answer:
    found = world.scaling.personal_schedule(personal_schedule_id(call))
    return Answer(body=personal_schedule(world, found))


def _terms(call: Call, known: set[str]) -> dict[str, str]:
    """Return the equalities of ``$filter``, folded; any other filter is refused rather than ignored."""
    asked = call.query.get("$filter", "")
    terms: dict[str, str] = {}
    for part in re.split(r"\s+and\s+", asked, flags=re.IGNORECASE) if asked.strip() else []:
        match = _TERM.fullmatch(part)
        if match is None or match[1].lower() not in known:
            raise Refusal(400, "400", f"The filter '{asked}' is not supported.")
        terms[match[1].lower()] = match[2].lower()
    return terms


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.DesktopVirtualization"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DesktopVirtualization"
_POOL = _GROUP + "/hostPools/{pool}"
_HOST = _POOL + "/sessionHosts/{host}"
_PLAN = _GROUP + "/scalingPlans/{plan}"
_AGROUP = _GROUP + "/applicationGroups/{agroup}"

ROUTES = tuple(
    Route("GET", template, handler, Face.DESKTOPS)
    for template, handler in (
        (_SUBSCRIPTION + "/hostPools", _pools),
        (_GROUP + "/hostPools", _pools),
        (_POOL, _pool),
        (_SUBSCRIPTION + "/applicationGroups", _application_groups),
        (_GROUP + "/applicationGroups", _application_groups),
        (_AGROUP, _application_group),
        (_AGROUP + "/desktops", _desktops),
        (_AGROUP + "/desktops/{desktop}", _desktop),
        (_AGROUP + "/applications", _applications),
        (_AGROUP + "/applications/{application}", _application),
        (_SUBSCRIPTION + "/workspaces", _workspaces),
        (_GROUP + "/workspaces", _workspaces),
        (_GROUP + "/workspaces/{workspace}", _workspace),
        (_POOL + "/sessionHosts", _hosts),
        (_HOST, _host),
        (_POOL + "/userSessions", _pool_sessions),
        (_HOST + "/userSessions", _host_sessions),
        (_HOST + "/userSessions/{session}", _session),
        (_SUBSCRIPTION + "/scalingPlans", _plans),
        (_GROUP + "/scalingPlans", _plans),
        (_POOL + "/scalingPlans", _pool_plans),
        (_PLAN, _plan),
        (_PLAN + "/pooledSchedules", _schedules),
        (_PLAN + "/pooledSchedules/{schedule}", _schedule),
        (_PLAN + "/personalSchedules", _personal_schedules),
        (_PLAN + "/personalSchedules/{schedule}", _personal_schedule),
    )
)
