"""Microsoft.DesktopVirtualization 2024-04-03: what can be changed. Synchronous, merged at the first level.

A property that Azure would take and that no record here holds is answered with 501 ``NotSimulated``, never
taken and forgotten.
"""

from collections.abc import Mapping

from avd_failover.simulator.http import desktop_bodies as bodies
from avd_failover.simulator.http.arm_common import bad_content, member, properties, required
from avd_failover.simulator.http.desktop_ids import host_id, plan_id, pool_id, schedule_id, session_id
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import DayTime
from avd_failover.simulator.world import World


def _patch_pool(world: World, call: Call) -> Answer:
    sent = _only(call, {"startVMOnConnect"})
    pool = world.pools.get(pool_id(call))
    allowed = member(sent, "startVMOnConnect", bool)
    if allowed is not None:
        pool = world.pools.set_start_on_connect(call.actor, pool.id, allowed=allowed)
    return Answer(body=bodies.host_pool(world, pool))


def _patch_host(world: World, call: Call) -> Answer:
    sent = _only(call, {"allowNewSession"})
    host = world.hosts.get(host_id(call))
    allowed = member(sent, "allowNewSession", bool)
    if allowed is not None:
        host = world.hosts.set_logons(call.actor, host.id, allowed=allowed)
    return Answer(body=bodies.session_host(world, host))


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


def _patch_plan(world: World, call: Call) -> Answer:
    sent = _only(call, {"hostPoolReferences"})
    plan = world.scaling.get(plan_id(call))
    references = member(sent, "hostPoolReferences", list)
    if references is not None:
        pairs = [_reference(item) for item in references]
        plan = world.scaling.set_references(call.actor, plan.id, pairs)
    return Answer(body=bodies.scaling_plan(world, plan))


def _reference(item: Json) -> tuple[str, bool]:
    if not isinstance(item, dict):
        raise bad_content("Error converting value. Path 'properties.hostPoolReferences'.")
    pool = required(item, "hostPoolArmPath", str)
    if len(pool.strip("/").split("/")) != 8:
        raise Refusal(400, "400", f"hostPoolArmPath '{pool}' is not the path of a host pool")
    return bodies.shown_id(pool), bool(member(item, "scalingPlanEnabled", bool))


def _patch_schedule(world: World, call: Call) -> Answer:
    sent = _only(call, set(bodies.SCHEDULE_FIELDS))
    schedule = world.scaling.schedule(schedule_id(call))
    changes = {
        bodies.SCHEDULE_FIELDS[wire]: _like(getattr(schedule, bodies.SCHEDULE_FIELDS[wire]), sent, wire)
        for wire in sent
        if sent[wire] is not None
    }
    if changes:
        schedule = world.scaling.patch_schedule(call.actor, schedule.id, changes)
    return Answer(body=bodies.pooled_schedule(world, schedule))


def _like(present: object, sent: Mapping[str, Json], name: str) -> Json:
    """Return a sent value of the kind that is there already; a time as hour and minute."""
    if isinstance(present, DayTime):
        return _time(required(sent, name, dict))
    if isinstance(present, tuple):
        return _days(required(sent, name, list), name)
    return required(sent, name, type(present))


def _time(value: Mapping[str, Json]) -> list[int]:
    hour, minute = required(value, "hour", int), required(value, "minute", int)
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise Refusal(400, "400", f"{hour}:{minute} is not a time of day")
    return [hour, minute]


def _days(value: list[Json], name: str) -> list[str]:
    if not all(isinstance(day, str) for day in value):
        raise bad_content(f"Error converting value to type 'str'. Path '{name}'.")
    return value


def _only(call: Call, known: set[str]) -> dict[str, Json]:
    sent = properties(call)
    for name in sent:
        if name not in known:
            raise Refusal(501, "NotSimulated", f"A change of '{name}' is not simulated.")
    return sent


_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DesktopVirtualization"
_POOL = _GROUP + "/hostPools/{pool}"
_HOST = _POOL + "/sessionHosts/{host}"
_SESSION = _HOST + "/userSessions/{session}"
_PLAN = _GROUP + "/scalingPlans/{plan}"

ROUTES = (
    Route("PATCH", _POOL, _patch_pool, Face.DESKTOPS),
    Route("PATCH", _HOST, _patch_host, Face.DESKTOPS),
    Route("DELETE", _SESSION, _log_off, Face.DESKTOPS),
    Route("POST", _SESSION + "/disconnect", _disconnect, Face.DESKTOPS),
    Route("POST", _SESSION + "/sendMessage", _send_message, Face.DESKTOPS),
    Route("PATCH", _PLAN, _patch_plan, Face.DESKTOPS),
    Route("PATCH", _PLAN + "/pooledSchedules/{schedule}", _patch_schedule, Face.DESKTOPS),
)
