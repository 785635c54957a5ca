"""Desktop Virtualization: what is sent, and what the answers, scripted and recorded, are read as."""

from typing import Any

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.domain import ids
from avd_failover.domain.estate import (
    HostStatus,
    PoolKind,
    PoolReference,
    ScheduleFloor,
    SessionState,
)
from avd_failover.domain.faults import RefusedError, TransientError
from tests.azure.builders import (
    APPS,
    AVD,
    HOST,
    OTHER_POOL,
    PLAN,
    POOL,
    SCHEDULE,
    SESSION,
    VM,
    host_body,
    session_body,
)
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.recordings import answer_of, recorded

POOL_BODY = {
    "id": f"{AVD}/hostpools/HP-West",
    "location": "WestEurope",
    "properties": {
        "hostPoolType": "Pooled",
        "loadBalancerType": "BreadthFirst",
        "preferredAppGroupType": "Desktop",
        "maxSessionLimit": 12,
        "startVMOnConnect": True,
    },
}


def apps_body(name: str, pool: str, workspace: str | None) -> dict[str, Any]:
    told = {"hostPoolArmPath": pool, "workspaceArmPath": workspace, "applicationGroupType": "Desktop"}
    return {"id": f"{AVD}/applicationgroups/{name}", "properties": told}


async def test_a_host_pool_is_read_with_its_id_folded(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/hostPools/hp-west", Answer(200, POOL_BODY))
    pool = await cloud.pools.get(POOL)
    assert (pool.id, pool.location, pool.kind) == (POOL, "westeurope", PoolKind.POOLED)
    assert (pool.max_sessions_per_host, pool.start_on_connect) == (12, True)


async def test_a_personal_pool_is_told_apart(arm: FakeArm, cloud: AzureCloud) -> None:
    properties = {**POOL_BODY["properties"], "hostPoolType": "personal"}  # type: ignore[dict-item]
    arm.on("GET", "/hostPools/hp-west", Answer(200, {**POOL_BODY, "properties": properties}))
    assert (await cloud.pools.get(POOL)).kind is PoolKind.PERSONAL


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": "/nowhere"}, b"<html/>"])
async def test_a_resource_that_cannot_be_read_is_no_resource(
    arm: FakeArm, cloud: AzureCloud, body: object
) -> None:
    arm.on("GET", "/hostPools/hp-west", Answer(200, body))
    with pytest.raises(TransientError):
        await cloud.pools.get(POOL)


async def test_a_missing_resource_is_refused_with_404(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/hostPools/hp-west", refusal(404, "404", "ActivityId: x Error: HostPool does not exist"))
    with pytest.raises(RefusedError) as caught:
        await cloud.pools.get(POOL)
    assert (caught.value.status, caught.value.code, caught.value.target) == (404, "404", POOL)


async def test_start_on_connect_is_the_only_property_sent(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PATCH", "/hostPools/hp-west", Answer(200, POOL_BODY))
    await cloud.pools.set_start_on_connect(POOL, allowed=False)
    assert arm.seen[0].body == {"properties": {"startVMOnConnect": False}}


async def test_application_groups_of_a_pool_are_found_whatever_the_casing(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    workspace = f"{AVD}/workspaces/WS"
    mine = apps_body("DAG-West", POOL.upper(), workspace)
    arm.on("GET", "/applicationGroups", listed(mine, apps_body("other", OTHER_POOL, None)))
    reading = await cloud.pools.application_groups(POOL)
    assert [group.id for group in reading.items] == [APPS]
    assert reading.items[0].workspace == ids.workspace_id(workspace)
    assert reading.complete


async def test_an_application_group_without_a_workspace_has_none(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/applicationGroups/dag-west", Answer(200, apps_body("dag-west", POOL, "")))
    group = await cloud.pools.application_group(APPS)
    assert (group.id, group.host_pool, group.workspace) == (APPS, POOL, None)


async def test_a_session_host_is_read_by_its_id_not_its_name(arm: FakeArm, cloud: AzureCloud) -> None:
    body = {**host_body(allowNewSession=False, sessions=7), "name": "something/else"}
    arm.on("GET", "/sessionHosts/sh-0.contoso.com", Answer(200, body))
    host = await cloud.hosts.get(HOST)
    assert (host.id, host.machine, host.status) == (HOST, VM, HostStatus.AVAILABLE)
    assert (host.allows_new_sessions, host.sessions) == (False, 7)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("NeedsAssistance", HostStatus.NEEDS_ASSISTANCE),
        ("noheartbeat", HostStatus.NO_HEARTBEAT),
        ("SomethingNew", HostStatus.UNKNOWN),
        (None, HostStatus.UNKNOWN),
    ],
)
async def test_a_status_nobody_knows_is_unknown_and_no_error(
    arm: FakeArm, cloud: AzureCloud, told: str | None, status: HostStatus
) -> None:
    arm.on("GET", "", Answer(200, host_body(status=told)))
    assert (await cloud.hosts.get(HOST)).status is status


async def test_a_host_whose_drain_flag_is_not_told_may_take_sessions(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", Answer(200, host_body(allowNewSession=None, resourceId=None)))
    host = await cloud.hosts.get(HOST)
    assert host.allows_new_sessions
    assert host.machine is None


async def test_a_drain_sends_the_one_flag(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PATCH", "/sessionHosts/sh-0.contoso.com", Answer(200, host_body()))
    await cloud.hosts.set_logons(HOST, allowed=False)
    assert arm.seen[0].body == {"properties": {"allowNewSession": False}}
    assert "force" not in arm.seen[0].query


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("Active", SessionState.ACTIVE),
        ("Disconnected", SessionState.DISCONNECTED),
        ("LogOff", SessionState.LOG_OFF),
        ("Hibernated", SessionState.UNKNOWN),
        (None, SessionState.UNKNOWN),
    ],
)
async def test_sessions_of_any_state_are_listed(
    arm: FakeArm, cloud: AzureCloud, told: str | None, state: SessionState
) -> None:
    arm.on("GET", "/userSessions", listed(session_body(3, sessionState=told)))
    (session,) = (await cloud.sessions.list(POOL)).items
    assert session.state is state
    assert session.id == f"{POOL}/sessionhosts/sh-0/usersessions/3"


@pytest.mark.parametrize(
    ("told", "name"), [("Ada.Byron@Contoso.com", "ada.byron@contoso.com"), ("", None), (None, None)]
)
async def test_a_session_carries_its_users_principal_name_in_lower_case(
    arm: FakeArm, cloud: AzureCloud, told: str | None, name: str | None
) -> None:
    arm.on("GET", "/userSessions", listed(session_body(3, userPrincipalName=told)))
    (session,) = (await cloud.sessions.list(POOL)).items
    assert (session.name, session.user) == (name, None)


async def test_no_repr_of_a_session_shows_a_name_and_the_sessions_own_id_is_no_user(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    body = session_body(3, objectId="cccccccc-0000-0000-0000-000000000001", activeDirectoryUserName="C\\ada")
    arm.on("GET", "/userSessions", listed(body))
    reading = await cloud.sessions.list(POOL)
    assert reading.items[0].user is None
    assert "contoso.com" not in repr(reading) + repr(list(reading.items[0].__rich_repr__()))
    assert "ada" not in repr(reading)


@pytest.mark.parametrize("status", [200, 204])
async def test_a_log_off_is_forced_and_a_session_already_gone_is_accepted(
    arm: FakeArm, cloud: AzureCloud, status: int
) -> None:
    arm.on("DELETE", "/userSessions/3.*", Answer(status))
    await cloud.sessions.log_off(SESSION)
    assert arm.seen[0].query["force"] in {"true", "True"}
    assert arm.seen[0].path.lower() == SESSION


async def test_a_message_is_sent_as_written(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/userSessions/3/sendMessage", Answer(200))
    await cloud.sessions.tell(SESSION, title="Umzug", body="Bitte abmelden, 10 Minuten.")
    assert arm.seen[0].body == {"messageTitle": "Umzug", "messageBody": "Bitte abmelden, 10 Minuten."}


async def test_references_of_a_plan_are_read_and_written_whole(arm: FakeArm, cloud: AzureCloud) -> None:
    told = [
        {"hostPoolArmPath": POOL.upper(), "scalingPlanEnabled": True},
        {"hostPoolArmPath": OTHER_POOL, "scalingPlanEnabled": False},
    ]
    body = {"id": PLAN, "location": "x", "properties": {"timeZone": "UTC", "hostPoolReferences": told}}
    arm.on("GET", "/scalingPlans/sp-west", Answer(200, body))
    arm.on("PATCH", "/scalingPlans/sp-west", Answer(200, body))
    plan = await cloud.scaling.get(PLAN)
    assert plan.references == (
        PoolReference(host_pool=POOL, enabled=True),
        PoolReference(host_pool=OTHER_POOL, enabled=False),
    )
    assert plan.acts_on(POOL)
    await cloud.scaling.set_references(PLAN, [PoolReference(host_pool=POOL, enabled=False)])
    assert arm.sent("PATCH")[0].body == {
        "properties": {"hostPoolReferences": [{"hostPoolArmPath": POOL, "scalingPlanEnabled": False}]}
    }


async def test_an_emptied_list_of_references_is_sent_as_an_empty_list(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("PATCH", "", Answer(200, {"id": PLAN, "properties": {"timeZone": "UTC"}}))
    await cloud.scaling.set_references(PLAN, ())
    assert arm.seen[0].body == {"properties": {"hostPoolReferences": []}}


async def test_a_reference_that_does_not_tell_counts_as_autoscale_acting(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    reference = {"hostPoolArmPath": POOL}
    arm.on("GET", "", Answer(200, {"id": PLAN, "properties": {"hostPoolReferences": [reference]}}))
    assert (await cloud.scaling.get(PLAN)).acts_on(POOL)


async def test_a_floor_is_four_percentages_and_nothing_else(arm: FakeArm, cloud: AzureCloud) -> None:
    floor = ScheduleFloor(
        ramp_up_minimum_hosts_pct=100,
        ramp_up_capacity_threshold_pct=90,
        ramp_down_minimum_hosts_pct=80,
        ramp_down_capacity_threshold_pct=70,
    )
    percentages = {
        "rampUpMinimumHostsPct": 100,
        "rampUpCapacityThresholdPct": 90,
        "rampDownMinimumHostsPct": 80,
        "rampDownCapacityThresholdPct": 70,
    }
    body = {"id": f"{PLAN}/pooledSchedules/Week", "properties": {**percentages, "rampDownWaitTimeMinutes": 3}}
    arm.on("PATCH", "/pooledSchedules/week", Answer(200, body))
    arm.on("GET", "/pooledSchedules", listed(body))
    await cloud.scaling.set_floor(SCHEDULE, floor)
    assert arm.seen[0].body == {"properties": percentages}
    (schedule,) = (await cloud.scaling.schedules(PLAN)).items
    assert (schedule.id, schedule.floor) == (SCHEDULE, floor)


async def test_a_schedule_without_its_percentages_is_a_gap(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", listed({"id": SCHEDULE, "properties": {"rampUpMinimumHostsPct": 20}}))
    reading = await cloud.scaling.schedules(PLAN)
    assert (reading.items, reading.complete) == ((), False)


async def test_recorded_session_hosts_are_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-sessionhosts", "sessionHosts.list")
    arm.on("GET", "/sessionHosts", answer_of(exchange))
    pool = ids.host_pool_id(exchange["request"]["path"].removesuffix("/sessionHosts"))
    reading = await cloud.hosts.list(pool)
    assert reading.complete
    assert [ids.pool_of(host.id) for host in reading.items] == [pool] * len(
        exchange["response"]["body"]["value"]
    )
    assert all(host.machine and host.status is HostStatus.AVAILABLE for host in reading.items)


async def test_a_recorded_drain_is_accepted_under_azures_request_id(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-sessionhosts", "sessionHosts.update (allowNewSession false = drain)")
    arm.on("PATCH", "", answer_of(exchange))
    accepted = await cloud.hosts.set_logons(ids.session_host_id(exchange["request"]["path"]), allowed=False)
    assert accepted.request_id == exchange["response"]["headers"]["x-ms-correlation-request-id"]
    assert arm.seen[0].body["properties"] == exchange["request"]["body"]["properties"]


@pytest.mark.parametrize("operation", ["userSessions.listByHostPool"])
async def test_recorded_sessions_are_read_without_their_names(
    arm: FakeArm, cloud: AzureCloud, operation: str
) -> None:
    exchange = recorded("avd-usersessions", operation)
    arm.on("GET", "/userSessions", answer_of(exchange))
    pool = ids.host_pool_id(exchange["request"]["path"].removesuffix("/userSessions"))
    reading = await cloud.sessions.list(pool)
    assert {session.state for session in reading.items} == {SessionState.DISCONNECTED}
    assert [ids.name_of(session.id) for session in reading.items] == ["3", "5", "2"]
    assert "contoso" not in repr(reading)


async def test_a_recorded_message_is_accepted(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-usersessions", "userSessions.sendMessage")
    arm.on("POST", "/sendMessage", answer_of(exchange))
    session = ids.user_session_id(exchange["request"]["path"].removesuffix("/sendMessage"))
    assert (await cloud.sessions.tell(session, title="t", body="b")).request_id


async def test_a_recorded_scaling_plan_is_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-scalingplans", "scalingPlans.get")
    arm.on("GET", "", answer_of(exchange))
    plan = await cloud.scaling.get(ids.scaling_plan_id(exchange["request"]["path"]))
    assert [reference.enabled for reference in plan.references] == [False, False]


async def test_recorded_schedules_are_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-scalingplans", "scalingPlanPooledSchedules.list")
    arm.on("GET", "/pooledSchedules.*", answer_of(exchange))
    plan = ids.scaling_plan_id(exchange["request"]["path"].split("/pooledSchedules")[0])
    reading = await cloud.scaling.schedules(plan)
    assert reading.complete
    assert len(reading.items) == len(exchange["response"]["body"]["value"])


async def test_a_recorded_host_pool_is_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-hostpools", "hostPools.get")
    arm.on("GET", "", answer_of(exchange))
    pool = await cloud.pools.get(ids.host_pool_id(exchange["request"]["path"]))
    assert pool.max_sessions_per_host == exchange["response"]["body"]["properties"]["maxSessionLimit"]


async def test_a_recorded_application_group_is_read(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("avd-applicationgroups", "applicationGroups.get")
    arm.on("GET", "", answer_of(exchange))
    group = await cloud.pools.application_group(ids.application_group_id(exchange["request"]["path"]))
    assert group.host_pool == exchange["response"]["body"]["properties"]["hostPoolArmPath"].lower()
