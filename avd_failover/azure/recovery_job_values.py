"""Answers of Site Recovery about jobs, and the job that an accepted operation became."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from avd_failover.azure.answers import Raw
from avd_failover.azure.faults import clean
from avd_failover.azure.replication_values import known, moment, word
from avd_failover.domain import ids
from avd_failover.domain.ids import RecoveryJobId, VaultId
from avd_failover.domain.recovery_jobs import JobError, JobState, JobTask, RecoveryJob

_STATES = {state.value.lower(): state for state in JobState}
_LINKS = ("Azure-AsyncOperation", "Location", "x-ms-request-id")
_JOB = re.compile(r"/(?:replicationjobs|replicationoperationstatus|operationresults)/([^/?#]+)$")
"""Where a 202 leads, its path in lower case. All three end in the job's name (recorded, 2018 to 2024)."""


def recovery_job(raw: Raw) -> RecoveryJob:
    """Read one job (Job). In a list its tasks and details are empty (recorded)."""
    told = raw.properties
    return RecoveryJob(
        id=ids.recovery_job_id(raw.id),
        scenario=told.scenario_name or "",
        state=job_state(told.state),
        said=told.state_description or "",
        target_name=told.target_object_name or "",
        target_id=told.target_object_id or "",
        target_kind=told.target_instance_type or "",
        errors=tuple(map(_error, told.errors or ())),
        tasks=tuple(map(_task, told.tasks or ())),
        allowed=tuple(told.allowed_actions or ()),
        started_at=moment(told.start_time),
        ended_at=moment(told.end_time),
        made=known(
            ids.protected_item_id, getattr(told.custom_details, "new_replication_protected_item_id", None)
        ),
    )


def job_of_answer(headers: Mapping[str, str], vault: VaultId) -> RecoveryJobId | None:
    """Return the job of this vault that the headers of a 202 lead to; None where they name none of it."""
    for name in _LINKS:
        path = urlsplit(headers.get(name, "")).path.lower()
        found = _JOB.search(path)
        if found and path.startswith(f"{vault}/"):
            return known(ids.recovery_job_id, f"{vault}/replicationjobs/{found[1]}")
    return None


def job_state(told: object) -> JobState:
    """Read the state of a job; words not known are ``UNKNOWN``."""
    return _STATES.get(word(told).lower(), JobState.UNKNOWN)


def _error(raw: Raw) -> JobError:
    service, provider = raw.service_error_details, raw.provider_error_details
    said = service or provider
    return JobError(
        code=str((service.code if service else getattr(provider, "error_code", "")) or ""),
        message=clean(str(getattr(said, "message", None) or getattr(said, "error_message", None) or "")),
        causes=clean(str(getattr(said, "possible_causes", None) or "")),
        action=clean(str(getattr(said, "recommended_action", None) or "")),
    )


def _task(raw: Raw) -> JobTask:
    return JobTask(
        name=raw.name or raw.friendly_name or "",
        state=job_state(raw.state),
        started_at=moment(raw.start_time),
        ended_at=moment(raw.end_time),
    )
