"""One walk over everything that is served: each route with a success and a refusal, each verb of the seam.

The numbers of ``docs/fidelity.md`` are this walk's: it is the same every time.
"""

from collections.abc import Sequence
from typing import Any

from avd_failover.domain import ids
from avd_failover.domain.estate import PoolReference, ScheduleFloor
from avd_failover.simulator.http.face import Pages
from tests.contract.spec import Recorder
from tests.contract.stage import Stage, wire
from tests.contract.tour_around import AROUND_STEPS, directory_steps
from tests.contract.tour_compute import COMPUTE_STEPS
from tests.contract.tour_recovery import BETWEEN_S, RECOVERY_STEPS
from tests.contract.walking import Step, follow, get
from tests.simulator.builders import GROUP_A, PLAN_A, POOL_A, STAFF, SUBSCRIPTION, host, machine, small_world
from tests.simulator.http import estate
from tests.simulator.http.estate import (
    AGROUP,
    BASE,
    DEFINITION,
    G1,
    GROUP,
    HOST,
    INNER,
    MACHINE,
    MACHINES,
    PLAN,
    POOL,
    ROLES,
    SCHEDULE,
    STOPPED,
    WORKSPACE,
    Wire,
    a_world,
)
from tests.simulator.http.test_access import ABOVE, DENIES, DENY, LOCKS, PERMISSIONS, ROBOT, TREE
from tests.simulator.http.test_desktop_details import APPS, PERSONAL, detailed
from tests.simulator.http.test_fleet import IMAGES
from tests.simulator.http.test_neighbours import around
from tests.simulator.recovery_estate import vault_world

NAME = "11111111-2222-4333-8444-555555555555"
NOBODY = "99999999-0000-4000-8000-000000000009"
WEST = AGROUP.replace("North", "West")
SESSION = HOST + "/userSessions/1"
ROOT = f"/subscriptions/{estate.SUBSCRIPTION}"
_AVD = ROOT + "/providers/Microsoft.DesktopVirtualization"
_DEFINITIONS = DEFINITION.rsplit("/", 1)[0]
_KEY = {"registrationTokenOperation": "Update", "expirationTime": "2026-03-03T03:00:00Z"}
_GRANT = {"properties": {"roleDefinitionId": DEFINITION, "principalId": G1}}
_INNER = {"@odata.id": f"{BASE}/v1.0/directoryObjects/{INNER}"}
_VIEW = "$expand=instanceView"


STEPS: Sequence[Step] = (
    *get(ROOT, "/subscriptions", "/tenants", f"/subscriptions/{NOBODY}"),
    *get(_AVD + "/hostPools", POOL.rsplit("/", 1)[0], POOL, POOL + "x", POOL.replace("rg-", "no-")),
    *get(_AVD + "/applicationGroups", AGROUP.rsplit("/", 1)[0], AGROUP, AGROUP + "x"),
    *get(AGROUP.rsplit("/", 1)[0] + "?$filter=applicationGroupType eq 'RemoteApp'"),
    *get(AGROUP + "/desktops", AGROUP + "/applications"),
    *get(_AVD + "/workspaces", WORKSPACE.rsplit("/", 1)[0], WORKSPACE, WORKSPACE + "x"),
    *get(POOL + "/sessionHosts", POOL + "/sessionHosts?pageSize=2", HOST, HOST + "x"),
    *get(POOL + "/userSessions", HOST + "/userSessions", SESSION, SESSION + "9"),
    *get(POOL + "/userSessions?$filter=sessionState eq 'Active'"),
    *get(_AVD + "/scalingPlans", PLAN.rsplit("/", 1)[0], POOL + "/scalingPlans", PLAN, PLAN + "x"),
    *get(PLAN + "/pooledSchedules", SCHEDULE, SCHEDULE + "x"),
    *get(AGROUP + "/desktops/SessionDesktop", AGROUP + "/desktops/none"),
    *get(APPS + "/applications", APPS + "/applications/Word", APPS + "/applications/none"),
    *get(PERSONAL.rsplit("/", 1)[0], PERSONAL, PERSONAL + "x"),
    Step("POST", POOL + "/retrieveRegistrationToken"),
    Step("POST", POOL + "/listRegistrationTokens"),
    Step("PATCH", POOL, body={"properties": {"friendlyName": "North", "registrationInfo": _KEY}}),
    Step("PATCH", AGROUP, body={"properties": {"showInFeed": False}, "tags": {"a": "b"}}),
    Step("PATCH", AGROUP + "/desktops/SessionDesktop", body={"properties": {"friendlyName": "Desk"}}),
    Step("PATCH", WORKSPACE, body={"properties": {"applicationGroupReferences": [AGROUP]}}),
    Step("PATCH", WORKSPACE, body={"properties": {"applicationGroupReferences": [AGROUP, APPS]}}),
    Step("PATCH", PERSONAL, body={"properties": {"peakActionOnLogoff": "Deallocate"}}),
    Step("PATCH", POOL, body={"properties": {"startVMOnConnect": True}}),
    Step("PATCH", POOL, body={"properties": {"startVMOnConnect": "yes"}}),
    Step("PATCH", HOST, body={"properties": {"allowNewSession": False}}),
    Step("PATCH", HOST + "x", body={"properties": {"allowNewSession": False}}),
    Step("POST", SESSION + "/sendMessage", body={"messageTitle": "t", "messageBody": "b"}),
    Step("POST", SESSION + "/disconnect"),
    Step("POST", SESSION + "9/disconnect"),
    Step("DELETE", SESSION, "force=true"),
    Step("DELETE", SESSION + "9"),
    Step("PATCH", PLAN, body={"properties": {"hostPoolReferences": [{"hostPoolArmPath": POOL}]}}),
    Step("PATCH", PLAN, body={"properties": {"hostPoolReferences": [{"hostPoolArmPath": "x"}]}}),
    Step("PATCH", SCHEDULE, body={"properties": {"rampUpMinimumHostsPct": 80}}),
    Step("PATCH", SCHEDULE, body={"properties": {"rampUpStartTime": {"hour": 25, "minute": 0}}}),
    Step("DELETE", POOL + "/sessionHosts/nhost-4", "force=true"),
    Step("DELETE", POOL + "/sessionHosts/nhost-4"),
    *get(f"{AGROUP}/{ROLES}?$filter=atScope()", f"{ROOT}/{ROLES}", f"{GROUP}/{ROLES}"),
    *get(f"{ROOT}/{ROLES}?$filter=principalId eq '{G1}'"),
    Step("PUT", f"{WEST}/{ROLES}/{NAME}", body=_GRANT),
    Step("PUT", f"{WEST}/{ROLES}/{NOBODY}", body=_GRANT),
    Step("PUT", f"{WEST}/{ROLES}/{NOBODY}", body={"properties": {"roleDefinitionId": DEFINITION}}),
    *get(f"{WEST}/{ROLES}/{NAME}", f"{WEST}/{ROLES}/{NOBODY}"),
    Step("DELETE", f"{WEST}/{ROLES}/{NAME}"),
    Step("DELETE", f"{WEST}/{ROLES}/{NAME}"),
    *get(_DEFINITIONS, _DEFINITIONS + "?$filter=roleName eq 'Reader'", DEFINITION, DEFINITION[:-1] + "0"),
    *get(MACHINES, f"{ROOT}/providers/Microsoft.Compute/virtualMachines?statusOnly=true"),
    *get(MACHINE, f"{MACHINE}?{_VIEW}", f"{STOPPED}?{_VIEW}", MACHINE + "x", MACHINE + "/instanceView"),
    *[Step("POST", f"{MACHINE}/{verb}") for verb in ("powerOff", "deallocate")],
    *[Step("POST", f"{STOPPED}{more}/start") for more in ("", "x")],
    *get("/v1.0/groups", f"/v1.0/groups/{G1}", f"/v1.0/groups/{NOBODY}", "/v1.0/users"),
    *get(*(f"/v1.0/groups/{G1}/{kind}{cast}" for kind in ("members", "transitiveMembers")
            for cast in ("", "?$select=id", "/microsoft.graph.user"))),
    *get("/v1.0/groups?$filter=displayName eq 'G1'", "/v1.0/servicePrincipals"),
    Step("POST", "/v1.0/directoryObjects/getByIds", body={"ids": [G1]}),
    Step("POST", f"/v1.0/groups/{G1}/members/$ref", body=_INNER),
    Step("DELETE", f"/v1.0/groups/{G1}/members/{INNER}/$ref"),
    Step("DELETE", f"/v1.0/groups/{G1}/members/{INNER}/$ref"),
    Step("POST", f"/v1.0/groups/{G1}/members/$ref", body=_INNER),
)  # fmt: skip

DENIED: dict[str, Any] = {
    "deny_assignments": [
        {"id": DENY, "name": "frozen", "subscription": estate.SUBSCRIPTION, "actions": ["*/delete"]}
    ],
    "service_principals": [{"name": "robot", "id": ROBOT, "app_id": ROBOT}],
}
_LOCK = f"{GROUP}/{LOCKS}/keep"
ABOVE_STEPS: Sequence[Step] = (
    *get(ABOVE, f"{ABOVE}/mg-top", f"{ABOVE}/mg-top?$expand=children&$recurse=true", f"{ABOVE}/none"),
    *get(f"{ABOVE}/mg-top/descendants"),
    *get(f"{GROUP}/{DENIES}", f"{GROUP}/{DENIES}/{DENY}", f"{GROUP}/{DENIES}/{NOBODY}"),
    *get(f"{GROUP}/{PERMISSIONS}", f"{ROOT}/{PERMISSIONS}"),
    Step("PUT", _LOCK, body={"properties": {"level": "CanNotDelete", "notes": "n"}}),
    *get(_LOCK, f"{GROUP}/{LOCKS}", f"{GROUP}/{LOCKS}/none", "/v1.0/servicePrincipals"),
    Step("DELETE", _LOCK),
    Step("DELETE", _LOCK),
)
"""Asked of a world with management groups, a deny assignment and a service principal."""


async def walk() -> Recorder:
    """Take the walk and return what was seen."""
    recorder = Recorder()
    _ask_all(recorder)
    async with wire(small_world(autoscale=True), recorder) as stage:
        await _every_verb(stage)
    return recorder


def _ask_all(recorder: Recorder) -> None:
    served = Wire(detailed().world, pages=Pages(arm=3, graph=3))
    recorder.watch(served.azure)
    follow(served, STEPS)
    user = served.get("/v1.0/users").body["value"][0]["id"]
    served.get(f"/v1.0/users/{user}")
    served.ask("GET", f"/v1.0/groups/{G1}/transitiveMembers/$count", ConsistencyLevel="eventual")
    follow(served, directory_steps(user))
    surroundings = Wire(around().world, pages=Pages(arm=2))
    recorder.watch(surroundings.azure)
    follow(surroundings, AROUND_STEPS)
    above = Wire(a_world(**TREE, **DENIED), pages=Pages(arm=2))
    recorder.watch(above.azure)
    follow(above, ABOVE_STEPS)
    fleet = Wire(a_world(galleries=IMAGES), pages=Pages(arm=3))
    recorder.watch(fleet.azure)
    follow(fleet, COMPUTE_STEPS, between_s=BETWEEN_S)
    vault = Wire(vault_world(), pages=Pages(arm=2))
    recorder.watch(vault.azure)
    follow(vault, RECOVERY_STEPS, between_s=BETWEEN_S)


async def _every_verb(stage: Stage) -> None:
    """Each verb of the seam once, as the engine would call it."""
    cloud, pool, group = stage.cloud, ids.host_pool_id(POOL_A), ids.application_group_id(GROUP_A)
    scope, plan = ids.scope(GROUP_A), ids.scaling_plan_id(PLAN_A)
    await cloud.pools.get(pool)
    await cloud.pools.application_group(group)
    await cloud.pools.application_groups(pool)
    await cloud.pools.set_start_on_connect(pool, allowed=False)
    held = (await cloud.assignments.at_or_above(scope)).items[0]
    await cloud.assignments.get(held.id)
    await cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION))
    await cloud.assignments.definitions(scope)
    await cloud.assignments.delete(held.id)
    await cloud.assignments.create(held)
    await cloud.directory.members(ids.group_id(STAFF))
    await cloud.scaling.get(plan)
    await cloud.scaling.set_references(plan, [PoolReference(host_pool=pool, enabled=False)])
    schedule = (await cloud.scaling.schedules(plan)).items[0]
    await cloud.scaling.set_floor(schedule.id, _floor())
    await _people_and_machines(stage)


async def _people_and_machines(stage: Stage) -> None:
    cloud, pool = stage.cloud, ids.host_pool_id(POOL_A)
    await cloud.hosts.list(pool)
    await cloud.hosts.get(ids.session_host_id(host("a", 0)))
    await cloud.hosts.set_logons(ids.session_host_id(host("a", 0)), allowed=False)
    session = (await cloud.sessions.list(pool)).items[0]
    await cloud.sessions.tell(session.id, title="t", body="b")
    await cloud.sessions.log_off(session.id)
    await cloud.machines.get(ids.machine_id(machine("b", 1)))
    await cloud.machines.start(ids.machine_id(machine("b", 1)))
    await cloud.machines.deallocate(ids.machine_id(machine("b", 1)))


def _floor() -> ScheduleFloor:
    return ScheduleFloor(
        ramp_up_minimum_hosts_pct=100,
        ramp_up_capacity_threshold_pct=60,
        ramp_down_minimum_hosts_pct=100,
        ramp_down_capacity_threshold_pct=80,
    )
