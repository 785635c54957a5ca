"""Answers of Site Recovery about recovery plans, as values."""

from collections.abc import Iterator

from avd_failover.azure.answers import Raw
from avd_failover.azure.recovery_job_values import job_state
from avd_failover.azure.replication_values import allowed_of, known, word
from avd_failover.domain import ids
from avd_failover.domain.recovery_plans import RecoveryPlan


def recovery_plan(raw: Raw) -> RecoveryPlan:
    """Read one recovery plan; a machine of it that cannot be named is an error, never left out."""
    told = raw.properties
    groups = tuple(told.groups or ())
    now = told.current_scenario
    return RecoveryPlan(
        id=ids.recovery_plan_id(raw.id),
        name=raw.name,
        items=tuple(
            ids.protected_item_id(one.id)
            for group in groups
            for one in group.replication_protected_items or ()
        ),
        primary_fabric=(told.primary_fabric_id or "").lower(),
        recovery_fabric=(told.recovery_fabric_id or "").lower(),
        providers=tuple(told.replication_providers or ()),
        allowed=allowed_of(told.allowed_operations),
        steps=tuple(step for group in groups for step in _steps(group)),
        job=known(ids.recovery_job_id, now.job_id) if now is not None and _works(now) else None,
        scenario=now.scenario_name if now is not None and _works(now) else "",
        job_state=job_state(told.current_scenario_status),
    )


def _works(now: Raw) -> bool:
    return word(now.scenario_name).lower() not in {"", "none"}


def _steps(group: Raw) -> Iterator[str]:
    for step in (*(group.start_group_actions or ()), *(group.end_group_actions or ())):
        yield str(step.action_name or "without a name")
