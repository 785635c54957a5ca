"""Answers of Site Recovery about replicated items, as values: what is not understood becomes a wait.

The service's ids may lack or be of other kinds for other providers than A2A; those become None, and a check
of the provider says so (contract 119). An item whose own id cannot be read is a gap of its list.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from avd_failover.azure.answers import Raw
from avd_failover.azure.faults import clean
from avd_failover.domain import ids
from avd_failover.domain.replication import (
    Allowed,
    ContainerMapping,
    Health,
    HealthError,
    Location,
    PointKind,
    ProtectedItem,
    RecoveryPoint,
    ReplicatedDisk,
    phase_of,
)

T = TypeVar("T")

_HEALTHS = {one.value.lower(): one for one in Health}
_LOCATIONS = {one.value.lower(): one for one in Location}
_ALLOWED = {one.value.lower(): one for one in Allowed}
_KINDS = {one.value.lower(): one for one in PointKind}
_NOBODY = "none"
_FIRST_YEAR = 1900
"""Times that are not set are written as years 1 and 1753 (recorded)."""


def protected_item(raw: Raw) -> ProtectedItem:
    """Read one item (ReplicationProtectedItem)."""
    told = raw.properties
    return ProtectedItem(
        id=ids.protected_item_id(raw.id),
        name=raw.name,
        friendly_name=told.friendly_name or raw.name,
        phase=phase_of(told.protection_state or ""),
        state=told.protection_state or "",
        active=_LOCATIONS.get(_folded(told.active_location), Location.UNKNOWN),
        **_standing(told),
        **_work(told),
        **_replica(told.provider_specific_details),
    )


def recovery_point(raw: Raw) -> RecoveryPoint:
    """Read one recovery point; one without a time cannot be chosen by age, and is an error."""
    told = raw.properties
    taken_at = moment(told.recovery_point_time)
    if taken_at is None:
        raise ValueError(f"a recovery point without its time: {raw.name}")
    sync = getattr(told.provider_specific_details, "recovery_point_sync_type", None)
    return RecoveryPoint(
        id=ids.recovery_point_id(raw.id),
        taken_at=taken_at,
        kind=_KINDS.get(_folded(told.recovery_point_type), PointKind.UNKNOWN),
        multi_machine=_folded(sync).startswith("multivm"),
    )


def container_mapping(raw: Raw) -> ContainerMapping:
    """Read one mapping; the container it leads from is in its id."""
    return ContainerMapping(
        source=ids.container_id(raw.id.rsplit("/", 2)[0]),
        target=ids.container_id(raw.properties.target_protection_container_id),
        policy=ids.replication_policy_id(raw.properties.policy_id),
    )


def moment(told: datetime | None) -> datetime | None:
    """Return a time in UTC; None for one that is not set."""
    if told is None or told.year < _FIRST_YEAR:
        return None
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def known(fold: Callable[[str], T], told: object) -> T | None:
    """Fold an id; None where there is none, or one of another kind."""
    try:
        return fold(str(told)) if told else None
    except ids.MalformedIdError:
        return None


def word(told: object) -> str:
    """Return a word of the service; the SDK makes some of them members of its enums, and others text."""
    return str(told.value if isinstance(told, Enum) else told or "")


def allowed_of(told: Iterable[object] | None) -> tuple[Allowed, ...]:
    """Return the operations of a list that anything here asks for."""
    allowed = (_ALLOWED.get(_folded(one)) for one in told or ())
    return tuple(one for one in allowed if one is not None)


def _folded(told: object) -> str:
    return word(told).strip().lower()


def _standing(told: Raw) -> dict[str, Any]:
    return {
        "health": _HEALTHS.get(_folded(told.replication_health), Health.UNKNOWN),
        "failover_health": _HEALTHS.get(_folded(told.failover_health), Health.UNKNOWN),
        "errors": tuple(map(_error, told.health_errors or ())),
        "allowed": allowed_of(told.allowed_operations),
        "test_state": told.test_failover_state or "",
        "policy": known(ids.replication_policy_id, told.policy_id),
        "recovery_container": known(ids.container_id, told.recovery_container_id),
    }


def _work(told: Raw) -> dict[str, Any]:
    now = told.current_scenario
    busy = now is not None and _folded(now.scenario_name) not in {"", _NOBODY}
    return {
        "scenario": now.scenario_name if busy else "",
        "job": known(ids.recovery_job_id, now.job_id) if busy else None,
        "failed_over_at": moment(told.last_successful_failover_time),
        "failover_point": known(ids.recovery_point_id, told.failover_recovery_point_id),
    }


def _replica(details: Raw) -> dict[str, Any]:
    def text(name: str) -> str:
        return word(getattr(details, name, None))

    percent = getattr(details, "monitoring_percentage_completion", None)
    rpo_s = getattr(details, "rpo_in_seconds", None)
    return {
        "provider": text("instance_type"),
        "machine": known(ids.machine_id, text("fabric_object_id")),
        "recovered": known(ids.machine_id, text("recovery_fabric_object_id")),
        "twin": known(ids.machine_id, text("test_failover_recovery_fabric_object_id")),
        "primary_region": text("primary_fabric_location").lower(),
        "recovery_region": text("recovery_fabric_location").lower(),
        "rpo_s": None if rpo_s is None else float(rpo_s),
        "rpo_at": moment(getattr(details, "last_rpo_calculated_time", None)),
        "reservation_group": known(ids.reservation_group_id, text("recovery_capacity_reservation_group_id")),
        "recovery_group": text("recovery_azure_resource_group_id"),
        "recovery_name": text("recovery_azure_vm_name"),
        "recovery_size": text("recovery_azure_vm_size"),
        "primary_zone": text("primary_availability_zone"),
        "recovery_zone": text("recovery_availability_zone"),
        "replicated_pct": None if percent is None else int(percent),
        "os_type": text("os_type"),
        "disks": tuple(map(_disk, getattr(details, "protected_managed_disks", None) or ())),
    }


def _disk(raw: Raw) -> ReplicatedDisk:
    return ReplicatedDisk(
        source=raw.disk_id,
        recovered=raw.recovery_target_disk_id or "",
        staging_account=raw.primary_staging_azure_storage_account_id or "",
        recovery_group=raw.recovery_resource_group_id or "",
        replica_sku=raw.recovery_replica_disk_account_type or "",
        target_sku=raw.recovery_target_disk_account_type or "",
        encryption_set=raw.recovery_disk_encryption_set_id or "",
        needs_resync=bool(raw.resync_required),
    )


def _error(raw: Raw) -> HealthError:
    return HealthError(
        code=raw.error_code or "",
        message=clean(raw.error_message or raw.summary_message or ""),
        level=raw.error_level or "",
        category=raw.error_category or "",
        since=moment(raw.creation_time_utc),
    )
