"""Site Recovery: recovery plans. ``providerSpecificDetails`` is a list here, and direction a must."""

from typing import cast

from avd_failover.simulator.http.arm_common import bad_content, member, properties, required
from avd_failover.simulator.http.arm_recovery import PLAN
from avd_failover.simulator.http.arm_recovery_actions import DIRECTIONS, OPERATIONS, one_of, require_a2a
from avd_failover.simulator.http.recovery_links import accepted, plan_id
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.recovery_plans import PointType
from avd_failover.simulator.recovery_records import Direction
from avd_failover.simulator.world import World

_POINTS = ("Latest", "LatestProcessed", "LatestCrashConsistent", "LatestApplicationConsistent")


def _unplanned(world: World, call: Call) -> Answer:
    sent = properties(call)
    for name in ("failoverDirection", "sourceSiteOperations"):
        required(sent, name, str)
    details = _details(sent.get("providerSpecificDetails"))
    job = world.recovery.plans.unplanned_failover(
        call.actor,
        plan_id(call),
        direction=cast("Direction", one_of(sent, "failoverDirection", DIRECTIONS)),
        shut_down=one_of(sent, "sourceSiteOperations", OPERATIONS) == "Required",
        point_type=cast("PointType", one_of(details, "recoveryPointType", _POINTS) or "Latest"),
    )
    return accepted(world, call, job, plan_id(call))


def _details(sent: Json) -> dict[str, Json]:
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise bad_content("Cannot deserialize the current JSON object into type 'List'. A list is expected.")
    for one in sent:
        require_a2a(one)
        required(one, "recoveryPointType", str)
        member(one, "multiVmSyncPointOption", str)
    return sent[0] if sent else {}


def _commit(world: World, call: Call) -> Answer:
    return accepted(world, call, world.recovery.plans.commit(call.actor, plan_id(call)), plan_id(call))


def _reprotect(world: World, call: Call) -> Answer:
    return accepted(world, call, world.recovery.plans.reprotect(call.actor, plan_id(call)), plan_id(call))


def _unserved(_world: World, call: Call) -> Answer:
    action = call.ask.path.rstrip("/").rsplit("/", 1)[-1]
    raise Refusal(501, "NotSimulated", f"The action '{action}' on a recovery plan is not simulated.")


ROUTES = (
    Route("POST", PLAN + "/unplannedFailover", _unplanned, Face.RECOVERY),
    Route("POST", PLAN + "/failoverCommit", _commit, Face.RECOVERY),
    Route("POST", PLAN + "/reProtect", _reprotect, Face.RECOVERY),
    Route("POST", PLAN + "/plannedFailover", _unserved, Face.RECOVERY),
    Route("POST", PLAN + "/failoverCancel", _unserved, Face.RECOVERY),
    Route("POST", PLAN + "/testFailover", _unserved, Face.RECOVERY),
    Route("POST", PLAN + "/testFailoverCleanup", _unserved, Face.RECOVERY),
)
