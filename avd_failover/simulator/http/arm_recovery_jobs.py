"""Site Recovery: jobs, and the two addresses to which a 202 leads.

The status address tells how the operation stands, with ``status`` in ARM's words. The result address answers
202 while it runs, then 200 with what was worked on, or the job's error.
"""

import re
from collections.abc import Callable, Sequence

from avd_failover.simulator.http.arm_common import member, paged, properties
from avd_failover.simulator.http.arm_recovery import CONTAINER, ITEM, PLAN, VAULT
from avd_failover.simulator.http.recovery_bodies import item_body
from avd_failover.simulator.http.recovery_job_bodies import job_body, status_body
from avd_failover.simulator.http.recovery_layout_bodies import container_body, plan_body
from avd_failover.simulator.http.recovery_links import (
    container_id,
    item_id,
    job_id,
    plan_id,
    require_signature,
    told,
    unfinished,
    vault_id,
)
from avd_failover.simulator.http.routing import Face, Handler, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.recovery_jobs import RUNNING
from avd_failover.simulator.recovery_records import Container, Job, ProtectedItem, RecoveryPlan
from avd_failover.simulator.world import World

_STATE = re.compile(r"\s*JobStatus\s+eq\s+'([A-Za-z]+)'\s*", re.IGNORECASE)
_FAR_S = 1e12


def _job(world: World, call: Call) -> Answer:
    job = world.recovery.jobs.get(job_id(call))
    return told(world, call, job_body(world, job, whole=True), job=job)


def _jobs(world: World, call: Call) -> Answer:
    """List jobs, the newest first; of filters only ``JobStatus eq`` is served."""
    vault = world.recovery.items.vault(vault_id(call))
    found = _filtered(call, world.recovery.jobs.of_vault(vault.id))

    def newest_first(job: Job) -> str:
        return f"{_FAR_S - job.start_s:020.6f}:{job.name}"

    page = paged(call, found, newest_first, lambda job: job_body(world, job, whole=False), null_link=True)
    return told(world, call, page.body)


def _filtered(call: Call, found: Sequence[Job]) -> Sequence[Job]:
    asked = call.query.get("$filter", "")
    if not asked:
        return found
    match = _STATE.fullmatch(asked)
    if match is None:
        raise Refusal(501, "NotSimulated", f"The filter '{asked}' is not simulated.")
    return [job for job in found if job.state.lower() == match[1].lower()]


def _acted(action: str) -> Handler:
    def answer(world: World, call: Call) -> Answer:
        act: Callable[[str, str], Job] = getattr(world.recovery.jobs, action)
        return _now(world, call, act(call.actor, job_id(call)))

    return answer


def _resume(world: World, call: Call) -> Answer:
    comments = member(properties(call), "comments", str) or ""
    return _now(world, call, world.recovery.jobs.resume(call.actor, job_id(call), comments=comments))


def _now(world: World, call: Call, job: Job) -> Answer:
    return told(world, call, job_body(world, job, whole=True), job=job)


def _status(world: World, call: Call) -> Answer:
    job = world.recovery.jobs.get(job_id(call))
    require_signature(world, call, job)
    return told(world, call, status_body(world, job), job=job)


def _result(body: Callable[[World, Call], Json]) -> Handler:
    def answer(world: World, call: Call) -> Answer:
        job = world.recovery.jobs.get(job_id(call))
        require_signature(world, call, job)
        if job.state in RUNNING:
            return unfinished(world, call, job)
        if job.state == "Succeeded":
            return told(world, call, body(world, call), job=job)
        error = job.errors[0] if job.errors else None
        raise Refusal(
            409,
            error.code if error else "OperationCanceled",
            error.message if error else f"The job '{job.name}' was cancelled.",
        )

    return answer


def _item(world: World, call: Call) -> Json:
    return item_body(world, world.recovery.items.get(ProtectedItem, item_id(call)))


def _container(world: World, call: Call) -> Json:
    return container_body(world, world.recovery.items.get(Container, container_id(call)))


def _plan(world: World, call: Call) -> Json:
    return plan_body(world, world.recovery.items.get(RecoveryPlan, plan_id(call)))


_JOB = VAULT + "/replicationJobs/{job}"
_RESULT = "/operationresults/{job}"

ROUTES = (
    Route("GET", VAULT + "/replicationJobs", _jobs, Face.RECOVERY),
    Route("GET", _JOB, _job, Face.RECOVERY),
    Route("POST", _JOB + "/cancel", _acted("cancel"), Face.RECOVERY),
    Route("POST", _JOB + "/restart", _acted("restart"), Face.RECOVERY),
    Route("POST", _JOB + "/resume", _resume, Face.RECOVERY),
    Route("GET", VAULT + "/replicationOperationStatus/{job}", _status, Face.RECOVERY),
    Route("GET", ITEM + _RESULT, _result(_item), Face.RECOVERY),
    Route("GET", CONTAINER + _RESULT, _result(_container), Face.RECOVERY),
    Route("GET", PLAN + _RESULT, _result(_plan), Face.RECOVERY),
)
