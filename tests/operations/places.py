"""A plan with three application groups whose user groups overlap, and the estate it protects.

GRP1 and GRP2 share user 3, so they can only move together. Everything stands on the primary side (weu); the
secondary side (neu) is asleep. A second pool, ``hp-weu-other``, hangs on the primary's scaling plan.
"""

import uuid
from functools import cache
from typing import Any

import msgspec

from avd_failover.domain.estate import (
    DESKTOP_VIRTUALIZATION_USER,
    ApplicationGroup,
    HostPool,
    HostStatus,
    Machine,
    PooledSchedule,
    PoolKind,
    PoolReference,
    PowerState,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    ScheduleFloor,
    SessionHost,
    SessionState,
    UserSession,
)
from avd_failover.domain.ids import (
    HostPoolId,
    MachineId,
    Scope,
    SessionHostId,
    UserSessionId,
    assignment_at,
    machine_id,
    reservation_group_id,
    schedule_id,
    session_host_id,
    subscription_of,
    user_session_id,
)
from avd_failover.domain.plan import ApplicationGroupPair, Capacity, End, Notice, Plan, Side
from avd_failover.domain.route import Pair, Route
from tests.domain import builders
from tests.domain.builders import GRP1, GRP2, GRP3, SUBSCRIPTION_SCOPE, application_group, members
from tests.operations.world import World, by_id

REGIONS = {Side.PRIMARY: "weu", Side.SECONDARY: "neu"}
POWER_OF = {
    HostStatus.SHUTDOWN: PowerState.DEALLOCATED,
    HostStatus.UNAVAILABLE: PowerState.DEALLOCATED,
}
"""What the machine of a host does unless told otherwise; the others run."""
EXTRAS = {
    ("GRP1", "DAG"): {"description": "EU desktops"},
    ("GRP2", "RAG"): {
        "condition": "@Resource[name] StringEquals 'x'",
        "condition_version": "2.0",
        "description": "apps",
    },
}
"""Properties of standing assignments that a grant must mirror."""
ROLES = {
    "user": DESKTOP_VIRTUALIZATION_USER,
    "wildcard": "99999999-aaaa-4bbb-8ccc-000000000001",
    "reader": "99999999-aaaa-4bbb-8ccc-000000000002",
    "unread": "99999999-aaaa-4bbb-8ccc-000000000003",
}
"""Roles by the name that cases use. ``unread`` exists and no listing of definitions shows it."""


RESERVED = reservation_group_id(
    f"{builders.resource_group('neu')}/providers/Microsoft.Compute/capacityReservationGroups/kept"
)
"""The capacity reservation group of machines that have a place."""


def make_plan(**changes: Any) -> Plan:
    """Return the plan of all these tests."""
    usual: dict[str, Any] = {
        "application_groups": tuple(
            ApplicationGroupPair(
                name=name,
                primary=application_group("weu", name.lower()),
                secondary=application_group("neu", name.lower()),
                groups=groups,
            )
            for name, groups in (("DAG", (GRP1, GRP2)), ("RAG", (GRP2, GRP3)), ("LAB", (GRP3,)))
        ),
        "capacity": Capacity(seats=10),
        "notice": Notice(before_s=300.0, title="Please save", body="You will be signed out."),
    }
    return builders.plan(**usual | changes)


def make_route(*, leaving: Side = Side.PRIMARY, **changes: Any) -> Route:
    """Return a route of the plan."""
    return Route(plan=make_plan(**changes), leaving=leaving)


def host_id(name: str) -> SessionHostId:
    """``weu-1`` is a host of the pool hp-weu."""
    return session_host_id(f"{builders.pool(name.rsplit('-', 1)[0])}/sessionHosts/{name}")


def machine_of(name: str) -> MachineId:
    """Return the machine behind a host."""
    group = builders.resource_group(name.rsplit("-", 1)[0])
    return machine_id(f"{group}/providers/Microsoft.Compute/virtualMachines/vm-{name}")


def session_id(name: str) -> UserSessionId:
    """``weu-1/3`` is session 3 on host weu-1."""
    host, number = name.split("/")
    return user_session_id(f"{host_id(host)}/userSessions/{number}")


def make_session(name: str, state: SessionState = SessionState.ACTIVE, user: int = 1) -> UserSession:
    return UserSession(id=session_id(name), state=state, user=builders.user(user))


def make_host(name: str, status: HostStatus = HostStatus.AVAILABLE, **changes: Any) -> SessionHost:
    usual = SessionHost(
        id=host_id(name), machine=machine_of(name), status=status, allows_new_sessions=True, sessions=0
    )
    return msgspec.structs.replace(usual, **changes)


def make_machine(name: str, power: PowerState) -> Machine:
    return Machine(id=machine_of(name), location="here", power=power)


def make_pool(region: str, **changes: Any) -> HostPool:
    usual = HostPool(
        id=builders.pool(region),
        location=region,
        kind=PoolKind.POOLED,
        max_sessions_per_host=10,
        start_on_connect=True,
    )
    return msgspec.structs.replace(usual, **changes)


def make_floor(text: str) -> ScheduleFloor:
    """``20/60 10/90``: minimum and threshold of ramp-up, then of ramp-down."""
    up, down = (one.split("/") for one in text.split())
    return ScheduleFloor(
        ramp_up_minimum_hosts_pct=int(up[0]),
        ramp_up_capacity_threshold_pct=int(up[1]),
        ramp_down_minimum_hosts_pct=int(down[0]),
        ramp_down_capacity_threshold_pct=int(down[1]),
    )


def make_schedule(region: str, name: str, floor: str) -> PooledSchedule:
    plan = builders.resource(region, "scalingPlans", f"sp-{region}")
    return PooledSchedule(id=schedule_id(f"{plan}/pooledSchedules/{name}"), floor=make_floor(floor))


def make_scaling(region: str, **pools: bool) -> ScalingPlan:
    """Return a side's scaling plan acting on pools by name; ``own`` stands for the side's own pool."""
    references = tuple(
        PoolReference(host_pool=named_pool(region, name), enabled=enabled) for name, enabled in pools.items()
    )
    plan = make_plan()
    side = next(plan.on(side) for side, name in REGIONS.items() if name == region)
    assert side.scaling_plan
    return ScalingPlan(id=side.scaling_plan, references=references)


def named_pool(region: str, name: str) -> HostPoolId:
    return builders.pool(region if name == "own" else f"{region}-{name}")


def make_assignment(
    at: str, principal: str, role: str = "user", kind: str = "Group", **more: Any
) -> RoleAssignment:
    """Return an assignment somebody made before the run, with a name as Azure wants it."""
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"earlier:{at}:{principal}:{role}"))
    subscription = subscription_of(at) or subscription_of(SUBSCRIPTION_SCOPE)
    return RoleAssignment(
        id=assignment_at(Scope(at), name),
        name=name,
        scope=Scope(at),
        principal_id=principal,  # type: ignore[arg-type]
        principal_type=kind,
        role_definition_id=(
            f"/subscriptions/{subscription}/providers/microsoft.authorization/roledefinitions/{ROLES[role]}"
        ),
        **more,
    )


def held(pair: Pair, end: End) -> RoleAssignment:
    """Return the assignment by which a pair stands at one end."""
    return make_assignment(pair.at(end), pair.group.id, **EXTRAS.get((pair.group.name, pair.name), {}))


def make_world(route: Route) -> World:
    """Return the estate as it is before a run along the route: everything on its source."""
    return _first_world(msgspec.json.encode(route)).copy()


@cache
def _first_world(encoded: bytes) -> World:
    route = msgspec.json.decode(encoded, type=Route)
    source, target = (REGIONS[route.side(end).side] for end in End)
    ids = [route.application_groups(end) for end in End]
    everything = msgspec.structs.replace(route, groups=None)
    return World(
        pools=by_id(make_pool(one) for one in (source, target, f"{source}-other")),
        groups=by_id(
            ApplicationGroup(id=group, host_pool=builders.pool(region))
            for region, groups in zip((source, target), ids, strict=True)
            for group in groups
        ),
        roles=by_id(_roles()),
        assignments=by_id(held(pair, End.SOURCE) for pair in everything.pairs),
        members={
            one.group: one for one in (members(1, 1, 2, 3), members(2, 3, 4), members(3, 5), members(9, 9))
        },
        hosts=by_id(
            [
                *(make_host(f"{source}-{n}") for n in (1, 2)),
                *(make_host(f"{target}-{n}", HostStatus.SHUTDOWN) for n in (1, 2, 3)),
            ]
        ),
        machines=by_id(
            [
                *(make_machine(f"{source}-{n}", PowerState.RUNNING) for n in (1, 2)),
                *(make_machine(f"{target}-{n}", PowerState.DEALLOCATED) for n in (1, 2, 3)),
            ]
        ),
        scaling=by_id([make_scaling(source, own=True, other=True), make_scaling(target, own=True)]),
        schedules=by_id(
            make_schedule(region, name, floor)
            for region in (source, target)
            for name, floor in (("weekdays", "20/60 10/90"), ("weekend", "10/60 10/90"))
        ),
    )


def _roles() -> list[RoleDefinition]:
    return [
        builders.role(guid=ROLES["user"]),
        builders.role("Microsoft.DesktopVirtualization/*", guid=ROLES["wildcard"], name="AVD Everything"),
        builders.role("Microsoft.Storage/read", guid=ROLES["reader"], name="Blob Reader"),
    ]
