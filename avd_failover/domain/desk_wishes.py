"""What people asked for single desktops of a step, and which recovery point a desktop is brought back to."""

from collections.abc import Sequence

from msgspec import Struct

from avd_failover.domain.desks import Desk
from avd_failover.domain.ids import name_of
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.replication import PointKind, RecoveryPoint


class Wish(Struct, frozen=True, kw_only=True):
    """What people want of one desktop: the last word counts, and each retry once."""

    skipped: str = ""
    """Who leaves it out and why; empty when nobody does."""
    retries: int = 0
    point: str = ""
    """The recovery point that was chosen: its id or the last part of it, or a policy's name."""


def wish_for(desk: Desk, requests: Sequence[ItemRequest]) -> Wish:
    """Fold what was asked for one desktop, in the order it was asked. To choose a point is to try again."""
    skipped, retries, point = "", 0, ""
    for said in requests:
        if not desk.called(said.item):
            continue
        if said.kind == "skip":
            skipped = f"left out by {said.by}: {said.reason or 'no reason given'}"
        else:
            skipped, retries = "", retries + 1
            point = said.value if said.kind == "choose" else point
    return Wish(skipped=skipped, retries=retries, point=point)


class Chosen(Struct, frozen=True, kw_only=True):
    """A recovery point, or None for whatever is latest then; ``lacks`` says why there is none to take."""

    point: RecoveryPoint | None = None
    lacks: str = ""


def choose(points: Sequence[RecoveryPoint], policy: PointPolicy, wanted: str = "") -> Chosen:
    """Choose among the points of a desktop, newest first: what a person wants wins over the policy."""
    policies = {one.value: one for one in PointPolicy}
    if wanted and wanted not in policies:
        return _named(points, wanted)
    match policies.get(wanted, policy):
        case PointPolicy.LATEST:
            return Chosen()
        case PointPolicy.LATEST_PROCESSED:
            return _first(points, "there is no recovery point")
        case PointPolicy.LATEST_APPLICATION_CONSISTENT:
            consistent = [one for one in points if one.kind is PointKind.APP_CONSISTENT]
            return _first(consistent, "there is no application-consistent recovery point")


def reads_points(policy: PointPolicy, wanted: str = "") -> bool:
    """Tell whether the points must be read for a choice."""
    return (wanted or policy.value) != PointPolicy.LATEST.value


def _named(points: Sequence[RecoveryPoint], wanted: str) -> Chosen:
    folded = wanted.strip().lower()
    for point in points:
        if folded in {point.id, name_of(point.id)}:
            return Chosen(point=point)
    return Chosen(lacks=f"there is no recovery point {wanted} (any more)")


def _first(points: Sequence[RecoveryPoint], lacks: str) -> Chosen:
    return Chosen(point=points[0]) if points else Chosen(lacks=lacks)
