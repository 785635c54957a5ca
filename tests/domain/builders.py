"""A small estate for tests of the domain: two sides, two application groups each, four user groups."""

from collections.abc import Iterable
from typing import Any

import msgspec

from avd_failover.domain.estate import (
    DESKTOP_VIRTUALIZATION_USER,
    HostPool,
    HostStatus,
    Membership,
    PoolKind,
    PowerState,
    RoleAssignment,
    RoleDefinition,
    SessionHost,
)
from avd_failover.domain.ids import (
    ApplicationGroupId,
    GroupId,
    HostPoolId,
    PrincipalId,
    Scope,
    SessionHostId,
    UserId,
    application_group_id,
    assignment_at,
    group_id,
    host_pool_id,
    scaling_plan_id,
    scope,
    session_host_id,
    user_id,
    workspace_id,
)
from avd_failover.domain.plan import (
    ApplicationGroupPair,
    Capacity,
    Objectives,
    Plan,
    Side,
    SidePlan,
    UserGroup,
)
from avd_failover.domain.route import Route
from avd_failover.domain.source_look import HostLook, SourceLook

SUBSCRIPTION = "0a0a0a0a-1111-4222-8333-444444444444"
AVD = "Microsoft.DesktopVirtualization"
OTHER_ROLE = "99999999-aaaa-4bbb-8ccc-dddddddddddd"
ROOT = Scope("/")
MANAGEMENT_GROUP = scope("/providers/Microsoft.Management/managementGroups/contoso")
SUBSCRIPTION_SCOPE = scope(f"/subscriptions/{SUBSCRIPTION}")


def resource_group(region: str) -> Scope:
    return scope(f"{SUBSCRIPTION_SCOPE}/resourceGroups/rg-avd-{region}")


def resource(region: str, kind: str, name: str) -> str:
    return f"{resource_group(region)}/providers/{AVD}/{kind}/{name}"


def application_group(region: str, name: str) -> ApplicationGroupId:
    return application_group_id(resource(region, "applicationGroups", f"{name}-{region}"))


def pool(region: str) -> HostPoolId:
    return host_pool_id(resource(region, "hostPools", f"hp-{region}"))


def host_id(number: int, region: str = "weu") -> SessionHostId:
    return session_host_id(f"{pool(region)}/sessionHosts/host-{number}")


def user(number: int) -> UserId:
    return user_id(f"{number:08d}-0000-4000-8000-0000000000aa")


def users(*numbers: int) -> frozenset[UserId]:
    return frozenset(user(number) for number in numbers)


def group(number: int) -> UserGroup:
    return UserGroup(name=f"GRP{number}", id=group_id(f"{number:08d}-0000-4000-8000-0000000000bb"))


def gid(number: int) -> GroupId:
    return group(number).id


GRP1, GRP2, GRP3, GRP4 = group(1), group(2), group(3), group(4)
DAG_WEU, DAG_NEU = application_group("weu", "dag"), application_group("neu", "dag")
RAG_WEU, RAG_NEU = application_group("weu", "rag"), application_group("neu", "rag")
STRAY_WEU = application_group("weu", "stray")


def side(which: Side, region: str) -> SidePlan:
    return SidePlan(
        side=which,
        region=region,
        host_pool=pool(region),
        workspace=workspace_id(resource("weu", "workspaces", "ws")),
        scaling_plan=scaling_plan_id(resource(region, "scalingPlans", f"sp-{region}")),
    )


def plan(**changes: Any) -> Plan:
    whole = Plan(
        name="pooled-eu",
        summary="Pooled desktops of Europe",
        pool=PoolKind.POOLED,
        runbook="pooled-failover",
        primary=side(Side.PRIMARY, "weu"),
        secondary=side(Side.SECONDARY, "neu"),
        application_groups=(
            ApplicationGroupPair(name="DAG", primary=DAG_WEU, secondary=DAG_NEU, groups=(GRP1, GRP2)),
            ApplicationGroupPair(name="RAG", primary=RAG_WEU, secondary=RAG_NEU, groups=(GRP2, GRP3)),
        ),
        capacity=Capacity(seats=10),
        objectives=Objectives(rto_s=3600, rpo_s=0),
    )
    return msgspec.structs.replace(whole, **changes)


def route(**changes: Any) -> Route:
    return msgspec.structs.replace(Route(plan=plan()), **changes)


def assignment(
    at: str,
    principal: str,
    *,
    role: str = DESKTOP_VIRTUALIZATION_USER,
    kind: str = "Group",
    name: str = "",
    **more: Any,
) -> RoleAssignment:
    name = name or f"{role[:4]}-{principal[:8]}-{principal[-2:]}"
    return RoleAssignment(
        id=assignment_at(Scope(at), name),
        name=name,
        scope=Scope(at),
        principal_id=PrincipalId(principal),
        principal_type=kind,
        role_definition_id=f"{SUBSCRIPTION_SCOPE}/providers/microsoft.authorization/roledefinitions/{role}",
        **more,
    )


def role(
    *data_actions: str, minus: Iterable[str] = (), guid: str = DESKTOP_VIRTUALIZATION_USER, name: str = ""
) -> RoleDefinition:
    return RoleDefinition(
        id=f"/providers/microsoft.authorization/roledefinitions/{guid}",
        name=name or "Desktop Virtualization User",
        data_actions=data_actions
        or ("Microsoft.DesktopVirtualization/applicationGroups/useApplications/action",),
        not_data_actions=tuple(minus),
    )


def members(number: int, *numbers: int, nested: Iterable[int] = (), complete: bool = True) -> Membership:
    return Membership(
        group=gid(number),
        users=users(*numbers),
        nested=frozenset(gid(one) for one in nested),
        complete=complete,
    )


def host_look(number: int = 1, **changes: Any) -> HostLook:
    usual = HostLook(
        host=host_id(number), status=HostStatus.AVAILABLE, drained=True, power=PowerState.RUNNING
    )
    return msgspec.structs.replace(usual, **changes)


def look(at_s: float, **changes: Any) -> SourceLook:
    usual = SourceLook(
        at_s=at_s,
        hosts=(host_look(1), host_look(2)),
        live_sessions=0,
        ghost_sessions=0,
        start_on_connect=False,
        autoscale_acts=False,
        last_revoke_s=0.0,
    )
    return msgspec.structs.replace(usual, **changes)


def host(number: int, status: HostStatus = HostStatus.AVAILABLE, **changes: Any) -> SessionHost:
    usual = SessionHost(id=host_id(number), machine=None, status=status, allows_new_sessions=True)
    return msgspec.structs.replace(usual, **changes)


def host_pool(**changes: Any) -> HostPool:
    usual = HostPool(
        id=pool("weu"),
        location="westeurope",
        kind=PoolKind.POOLED,
        max_sessions_per_host=10,
        start_on_connect=False,
    )
    return msgspec.structs.replace(usual, **changes)
