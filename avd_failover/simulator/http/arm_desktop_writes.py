"""Microsoft.DesktopVirtualization 2024-04-03: what can be changed. Synchronous, merged at the first level."""

from collections.abc import Mapping

from avd_failover.simulator.http import desktop_bodies as bodies
from avd_failover.simulator.http import desktop_fields as take
from avd_failover.simulator.http.arm_common import bad_content, member, required
from avd_failover.simulator.http.desktop_details import desktop, personal_schedule, registration_info
from avd_failover.simulator.http.desktop_ids import (
    desktop_id,
    host_id,
    personal_schedule_id,
    plan_id,
    pool_id,
    resource_id,
    schedule_id,
    session_id,
)
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import PooledSchedule
from avd_failover.simulator.records_desktops import PersonalSchedule
from avd_failover.simulator.world import World


def _patch_pool(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, take.POOL, {"agentUpdate", "registrationInfo"})
    pool = world.pools.get(pool_id(call))
    wanted = take.changes(sent, take.POOL) | take.agent_update(sent) | take.tags(call)
    key_wanted = member(sent, "registrationInfo", dict)
    operation = _change_key(world, call, pool.id, key_wanted) if key_wanted else "None"
    if wanted:
        pool = world.pools.patch(call.actor, pool.id, wanted)
    body = bodies.host_pool(world, pool)
    if world.registration.key_of(pool.id) is not None:
        body["properties"]["registrationInfo"] = registration_info(world, pool.id, operation)
    return Answer(body=body)


def _change_key(world: World, call: Call, pool: str, sent: Mapping[str, Json]) -> str:
    """Make a key or take it away; ``None`` and an operation that was not sent leave it as it is."""
    operation = member(sent, "registrationTokenOperation", str) or "None"
    if operation == "Update":
        expires = take.moment(required(sent, "expirationTime", str))
        expires_s = (expires - world.core.starts_at).total_seconds()
        world.registration.set_key(call.actor, pool, "Update", expires_s)
    elif operation == "Delete":
        world.registration.set_key(call.actor, pool, "Delete")
    elif operation != "None":
        raise bad_content(f"Requested value '{operation}' was not found. Path 'registrationTokenOperation'.")
    return operation


def _patch_application_group(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, take.APPLICATION_GROUP)
    group = world.pools.application_group(resource_id(call, "applicationGroups", "agroup"))
    wanted = take.changes(sent, take.APPLICATION_GROUP) | take.tags(call)
    if wanted:
        group = world.pools.patch_application_group(call.actor, group.id, wanted)
    return Answer(body=bodies.application_group(world, group))


def _patch_desktop(world: World, call: Call) -> Answer:
    wanted = take.changes(take.sent_properties(call, take.DESKTOP), take.DESKTOP)
    found = world.pools.desktop(desktop_id(call))
    if wanted:
        found = world.pools.patch_desktop(call.actor, found.id, wanted)
    return Answer(body=desktop(world, found))


def _patch_workspace(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, take.WORKSPACE, {"applicationGroupReferences"})
    space = world.pools.workspace(resource_id(call, "workspaces", "workspace"))
    wanted = take.changes(sent, take.WORKSPACE) | take.tags(call)
    groups = member(sent, "applicationGroupReferences", list)
    if groups is not None:
        wanted["application_groups"] = [_path(group, "applicationGroupReferences") for group in groups]
    if wanted:
        space = world.pools.patch_workspace(call.actor, space.id, wanted)
    return Answer(body=bodies.workspace(world, space))


def _patch_host(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, take.HOST, {"allowNewSession"})
    host = world.hosts.get(host_id(call))
    allowed = member(sent, "allowNewSession", bool)
    wanted = take.changes(sent, take.HOST)
    if wanted:
        host = world.hosts.patch(call.actor, host.id, wanted, force=_forced(call))
    if allowed is not None:
        host = world.hosts.set_logons(call.actor, host.id, allowed=allowed)
    return Answer(body=bodies.session_host(world, host))


def _delete_host(world: World, call: Call) -> Answer:
    gone = world.sessions.remove_host(call.actor, host_id(call), force=_forced(call))
    return Answer(status=204 if gone is None else 200)


def _forced(call: Call) -> bool:
    return call.query.get("force", "").lower() == "true"


def _log_off(world: World, call: Call) -> Answer:
    gone = world.sessions.log_off(call.actor, session_id(call))
    return Answer(status=204 if gone is None else 200)


def _disconnect(world: World, call: Call) -> Answer:
    world.sessions.disconnect(call.actor, session_id(call))
    return Answer()


def _send_message(world: World, call: Call) -> Answer:
    sent = call.body()
    title, body = member(sent, "messageTitle", str) or "", member(sent, "messageBody", str) or ""
    world.sessions.send_message(call.actor, session_id(call), title=title, body=body)
    return Answer()


def _registration_key(world: World, call: Call) -> Answer:
    return Answer(body=registration_info(world, pool_id(call), "None"))


def _registration_keys(world: World, call: Call) -> Answer:
    info = registration_info(world, pool_id(call), "None")
    held = [{name: info[name] for name in ("expirationTime", "token")}] if info["token"] else []
    return Answer(body={"value": held, "nextLink": None})


def _patch_plan(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, take.PLAN, {"timeZone", "hostPoolReferences", "schedules"})
    plan = world.scaling.get(plan_id(call))
    wanted = take.changes(sent, take.PLAN) | take.tags(call) | _time_zone(sent)
    references, schedules = member(sent, "hostPoolReferences", list), member(sent, "schedules", list)
    pairs = [_reference(item) for item in references or []]
    if schedules is not None:
        plan = world.scaling.set_schedules(call.actor, plan.id, [_named_schedule(one) for one in schedules])
    if wanted:
        plan = world.scaling.patch(call.actor, plan.id, wanted)
    if references is not None:
        plan = world.scaling.set_references(call.actor, plan.id, pairs)
    return Answer(body=bodies.scaling_plan(world, plan))


def _time_zone(sent: Mapping[str, Json]) -> dict[str, Json]:
    zone = member(sent, "timeZone", str)
    if zone is None:
        return {}
    found = bodies.time_zone(zone)
    if found is None:
        raise Refusal(501, "NotSimulated", f"The time zone '{zone}' is not simulated.")
    return {"time_zone": found}


def _reference(item: Json) -> tuple[str, bool]:
    if not isinstance(item, dict):
        raise bad_content("Error converting value. Path 'properties.hostPoolReferences'.")
    pool = _path(required(item, "hostPoolArmPath", str), "hostPoolArmPath")
    return pool, bool(member(item, "scalingPlanEnabled", bool))


def _path(resource: Json, name: str) -> str:
    if not isinstance(resource, str) or len(resource.strip("/").split("/")) != 8:
        raise Refusal(400, "400", f"{name} '{resource}' is not the path of such a resource")
    return bodies.shown_id(resource)


def _named_schedule(item: Json) -> tuple[str, dict[str, Json]]:
    if not isinstance(item, dict):
        raise bad_content("Error converting value. Path 'properties.schedules'.")
    sent = {name: value for name, value in item.items() if name != "name"}
    for name in sent:
        if name not in bodies.SCHEDULE_FIELDS:
            raise Refusal(501, "NotSimulated", f"A change of '{name}' is not simulated.")
    changes = take.schedule_changes(PooledSchedule, bodies.SCHEDULE_FIELDS, sent)
    return required(item, "name", str), changes


def _patch_schedule(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, bodies.SCHEDULE_FIELDS)
    schedule = world.scaling.schedule(schedule_id(call))
    changes = take.schedule_changes(PooledSchedule, bodies.SCHEDULE_FIELDS, sent)
    if changes:
        schedule = world.scaling.patch_schedule(call.actor, schedule.id, changes)
    return Answer(body=bodies.pooled_schedule(world, schedule))


_PERSONAL = take.wire_names(PersonalSchedule)


def _patch_personal_schedule(world: World, call: Call) -> Answer:
    sent = take.sent_properties(call, _PERSONAL)
    schedule = world.scaling.personal_schedule(personal_schedule_id(call))
    changes = take.schedule_changes(PersonalSchedule, _PERSONAL, sent)
    if changes:
        schedule = world.scaling.patch_personal_schedule(call.actor, schedule.id, changes)
    return Answer(body=personal_schedule(world, schedule))


_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DesktopVirtualization"
_POOL = _GROUP + "/hostPools/{pool}"
_HOST = _POOL + "/sessionHosts/{host}"
_SESSION = _HOST + "/userSessions/{session}"
_PLAN = _GROUP + "/scalingPlans/{plan}"
_AGROUP = _GROUP + "/applicationGroups/{agroup}"

ROUTES = (
    Route("PATCH", _POOL, _patch_pool, Face.DESKTOPS),
    Route("POST", _POOL + "/retrieveRegistrationToken", _registration_key, Face.DESKTOPS),
    Route("POST", _POOL + "/listRegistrationTokens", _registration_keys, Face.DESKTOPS),
    Route("PATCH", _AGROUP, _patch_application_group, Face.DESKTOPS),
    Route("PATCH", _AGROUP + "/desktops/{desktop}", _patch_desktop, Face.DESKTOPS),
    Route("PATCH", _GROUP + "/workspaces/{workspace}", _patch_workspace, Face.DESKTOPS),
    Route("PATCH", _HOST, _patch_host, Face.DESKTOPS),
    Route("DELETE", _HOST, _delete_host, Face.DESKTOPS),
    Route("DELETE", _SESSION, _log_off, Face.DESKTOPS),
    Route("POST", _SESSION + "/disconnect", _disconnect, Face.DESKTOPS),
    Route("POST", _SESSION + "/sendMessage", _send_message, Face.DESKTOPS),
    Route("PATCH", _PLAN, _patch_plan, Face.DESKTOPS),
    Route("PATCH", _PLAN + "/pooledSchedules/{schedule}", _patch_schedule, Face.DESKTOPS),
    Route("PATCH", _PLAN + "/personalSchedules/{schedule}", _patch_personal_schedule, Face.DESKTOPS),
)
