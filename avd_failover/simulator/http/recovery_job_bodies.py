"""How Site Recovery writes jobs, their tasks and errors, and the status of an operation."""

from avd_failover.simulator.http.arm_common import ticks_time
from avd_failover.simulator.http.recovery_bodies import KIND, time_of
from avd_failover.simulator.http.recovery_links import STATUS, shown_id
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.recovery_records import Job, JobError, ProtectedItem, RecoveryPlan, Task
from avd_failover.simulator.world import World

NO_TIME = "0001-01-01T00:00:00"
"""A time that is not set, without a zone (recorded)."""
_DESCRIBED = {"Succeeded": "Completed", "Other": "Skipped"}


def job_body(world: World, job: Job, *, whole: bool) -> dict[str, Json]:
    """Write a job; in a list it has no tasks, no details and no activity (recorded)."""
    properties: dict[str, Json] = {
        "activityId": f"{job.activity} ActivityId: {job.activity}" if whole else None,
        "scenarioName": job.scenario,
        "friendlyName": job.friendly_name,
        "state": job.state,
        "stateDescription": _DESCRIBED.get(job.state, job.state),
        "tasks": [_task(world, job, task) for task in job.tasks] if whole else [],
        "errors": [_error(world, job, error) for error in job.errors],
        "startTime": time_of(world, job.start_s),
        "allowedActions": list(job.allowed),
        "targetObjectId": job.subject_guid,
        "targetObjectName": job.subject.rsplit("/", 1)[-1],
        "targetInstanceType": job.subject_kind,
        "customDetails": _details(world, job) if whole else None,
    }
    if job.end_s is not None:
        properties["endTime"] = f"{world.core.at(job.end_s):%Y-%m-%dT%H:%M:%S}Z"
    return {
        "id": shown_id(job.id),
        "name": job.name,
        "type": f"{KIND}/replicationJobs",
        "properties": properties,
    }


def status_body(world: World, job: Job) -> dict[str, Json]:
    """Write the status of an operation as ``Azure-AsyncOperation`` answers it."""
    body: dict[str, Json] = {
        "id": shown_id(f"{job.vault}/replicationOperationStatus/{job.name}"),
        "name": job.name,
        "status": STATUS.get(job.state, job.state),
        "startTime": time_of(world, job.start_s),
    }
    if job.end_s is not None:
        body["endTime"] = ticks_time(world.core.at(job.end_s))
    if job.errors:
        body["error"] = {"code": job.errors[0].code, "message": job.errors[0].message}
    return body


def _details(world: World, job: Job) -> dict[str, Json]:
    body: dict[str, Json] = {"instanceType": job.details, "affectedObjectDetails": _affected(world, job)}
    if job.details == "SwitchProtectionJobDetails":
        body["newReplicationProtectedItemId"] = shown_id(job.made) or None
    if job.details == "TestFailoverJobDetails":
        body |= {"testFailoverStatus": job.state, "networkType": "NoNetworkAttachAsInput"}
    return body


def _affected(world: World, job: Job) -> dict[str, str]:
    item = world.core.find(ProtectedItem, job.made or job.subject)
    plan = world.core.find(RecoveryPlan, job.subject)
    fabrics = {"PrimaryFabricProviderId": "AzureFabric", "RecoveryFabricProviderId": "AzureFabric"}
    if item is not None:
        return {
            "PrimaryVmId": job.subject_guid,
            "PrimaryVmName": item.name,
            "RecoveryVmId": item.recovery_machine.lower(),
            "RecoveryVmName": item.recovery_vm_name,
            "PrimaryCloudName": item.container.rsplit("/", 1)[-1],
            "RecoveryCloudName": item.recovery_container.rsplit("/", 1)[-1],
            "PrimaryVmmName": item.fabric.rsplit("/", 1)[-1],
            **fabrics,
        }
    if plan is not None:
        return {"PrimaryVmmName": plan.primary_fabric.rsplit("/", 1)[-1], **fabrics}
    return fabrics


def _task(world: World, job: Job, task: Task) -> dict[str, Json]:
    kind = "RecoveryPlanGroupTaskDetails" if task.group else "TaskDetails"
    return _plain_task(world, job, task) | {
        "taskType": kind,
        "customDetails": None if task.group else {"instanceType": kind},
        "groupTaskCustomDetails": _group(world, job, task) if task.group else None,
    }


def _plain_task(world: World, job: Job, task: Task) -> dict[str, Json]:
    return {
        "taskId": task.id,
        "name": task.name,
        "startTime": NO_TIME if task.start_s is None else time_of(world, task.start_s),
        "endTime": NO_TIME if task.end_s is None else time_of(world, task.end_s),
        "allowedActions": [],
        "friendlyName": task.friendly_name,
        "state": task.state,
        "stateDescription": _DESCRIBED.get(task.state, task.state),
        "errors": [_error(world, job, error) for error in task.errors],
    }


def _group(world: World, job: Job, task: Task) -> dict[str, Json]:
    return {
        "name": task.id,
        "groupId": task.id,
        "rpGroupType": task.group,
        "instanceType": "RecoveryPlanGroupTaskDetails",
        "childTasks": [_child(world, job, child) for child in task.children],
    }


def _child(world: World, job: Job, child: Task) -> dict[str, Json]:
    begun = bool(child.job)
    return _plain_task(world, job, child) | {
        "taskType": "VirtualMachineTaskDetails",
        "customDetails": {
            "skippedReason": "None",
            "skippedReasonString": None,
            "jobTask": {
                "jobId": shown_id(child.job or f"{job.vault}/replicationJobs/"),
                "jobFriendlyName": job.friendly_name if begun else "Unknown",
                "targetObjectId": child.target,
                "targetObjectName": child.friendly_name,
                "targetInstanceType": "Vm",
                "jobScenarioName": job.scenario if begun else "Unknown",
            },
            "instanceType": "VirtualMachineTaskDetails",
        },
        "groupTaskCustomDetails": None,
    }


def _error(world: World, job: Job, error: JobError) -> dict[str, Json]:
    return {
        "serviceErrorDetails": {
            "code": error.code,
            "message": error.message,
            "possibleCauses": error.causes,
            "recommendedAction": error.action,
            "activityId": job.activity,
        },
        "providerErrorDetails": None,
        "errorLevel": "Error",
        "creationTime": time_of(world, error.at_s),
        "taskId": error.task,
    }
