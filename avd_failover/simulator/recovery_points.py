"""Recovery points and replication lag of an item, as functions of time. Nothing is stored.

A crash-consistent point every 5 minutes, an app-consistent one as often as the policy says; of points older
than 2 hours one an hour stays, up to the policy's history (azure-facts section 7). Points are named by a
GUID, so that lists come in no order of time, as they do from Azure. Initial replication ends
with a first one.
"""

import uuid
from dataclasses import dataclass
from typing import Literal

from avd_failover.simulator.recovery_records import Policy, ProtectedItem
from avd_failover.simulator.recovery_states import RECOVERED

EVERY_S = 300.0
WHOLE_S = 7_200.0
_WARNING_S = 1_800.0
_CRITICAL_S = 3_600.0
_NAMESPACE = uuid.UUID("9d0f3a4e-2a6d-5f0b-8a35-6a1a2f6f3c77")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A state of the machine that a failover can bring back; ``at_s`` may lie before the scenario."""

    id: str
    at_s: float
    app_consistent: bool

    @property
    def name(self) -> str:
        """The last segment of its id."""
        return self.id.rsplit("/", 1)[-1]


def points(item: ProtectedItem, policy: Policy, now_s: float) -> list[Point]:
    """Return what an item can be failed over to now, by name; a committed item has none left."""
    if item.phase in {"initial", "committing", "committed"}:
        return []
    until_s = replicated_until_s(item, now_s)
    oldest_s = max(item.ready_s, until_s - policy.point_history_min * 60)
    every = max(1, round(policy.app_consistent_min * 60 / EVERY_S))
    phase_s = _phase_s(item)
    first, last = -int((phase_s - oldest_s) // EVERY_S), int((until_s - phase_s) // EVERY_S)
    found = [_point(item, number, phase_s + number * EVERY_S, every) for number in range(first, last + 1)]
    if oldest_s == item.ready_s <= until_s:
        found.append(_point(item, 1, item.ready_s, every))
    return sorted((one for one in found if _stays(one, until_s)), key=lambda one: one.name)


def latest(held: list[Point]) -> Point | None:
    """Return the newest point, or None."""
    return max(held, key=lambda one: one.at_s, default=None)


def replicated_until_s(item: ProtectedItem, now_s: float) -> float:
    """Return the moment up to which the other region has everything, give or take the steady lag."""
    recovered_s = item.failed_over_s if item.phase in RECOVERED else None
    return min(end_s for end_s in (now_s, item.lost_s, recovered_s) if end_s is not None)


def lag_s(item: ProtectedItem, now_s: float) -> float | None:
    """Return how far replication is behind; it grows while nothing arrives. None without replication."""
    if item.phase in RECOVERED or item.phase == "initial":
        return None
    steady_s = 30 + uuid.uuid5(_NAMESPACE, f"{item.guid}:{int(now_s // 60)}").int % 90
    return steady_s + (now_s - item.lost_s if item.lost_s is not None else 0.0)


def _stays(point: Point, until_s: float) -> bool:
    return until_s - point.at_s <= WHOLE_S or point.app_consistent


def _point(item: ProtectedItem, number: int, at_s: float, every: int) -> Point:
    name = uuid.uuid5(_NAMESPACE, f"{item.guid}:{round(at_s * 1000)}")
    return Point(id=f"{item.id}/recoveryPoints/{name}", at_s=at_s, app_consistent=number % every == 0)


def _phase_s(item: ProtectedItem) -> float:
    return float(uuid.uuid5(_NAMESPACE, item.guid).int % int(EVERY_S))


def health(item: ProtectedItem, now_s: float) -> Literal["Normal", "Warning", "Critical"]:
    """Return ``replicationHealth``: Warning after half an hour without a point, Critical after an hour."""
    behind_s = lag_s(item, now_s) or 0.0
    if behind_s > _CRITICAL_S:
        return "Critical"
    return "Warning" if behind_s > _WARNING_S else "Normal"


def progress_pct(item: ProtectedItem, now_s: float) -> int | None:
    """Return how much of initial replication is done, in percent; None when none is under way."""
    if item.phase != "initial":
        return None
    whole_s = max(1.0, item.ready_s - item.since_s)
    return min(99, int(100 * (now_s - item.since_s) / whole_s))
