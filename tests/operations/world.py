"""The state of an in-memory estate: what exists, what listings show of it, and what goes wrong when asked."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain.estate import (
    ApplicationGroup,
    HostPool,
    Machine,
    Membership,
    PooledSchedule,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    SessionHost,
    UserSession,
)
from avd_failover.domain.faults import CloudError, RefusedError, TransientError
from avd_failover.domain.ids import HostPoolId, SubscriptionId, name_of

T = TypeVar("T")

T0 = datetime(2026, 3, 2, 2, 55, tzinfo=UTC)
LISTINGS, WINDOW_S = 10, 300.0
"""Azure allows so many listings of a pool's hosts in so many seconds."""


def as_it_comes(items: Iterable[T]) -> list[T]:
    return list(items)


def by_id(values: Iterable[Any]) -> dict[str, Any]:
    return {one.id: one for one in values}


@dataclass
class World:
    """Everything by id. Nothing in here asks a clock: ``now_s`` moves when a test moves it."""

    pools: dict[str, HostPool] = field(default_factory=dict)
    groups: dict[str, ApplicationGroup] = field(default_factory=dict)
    roles: dict[str, RoleDefinition] = field(default_factory=dict)
    assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    hosts: dict[str, SessionHost] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    sessions: dict[str, UserSession] = field(default_factory=dict)
    scaling: dict[str, ScalingPlan] = field(default_factory=dict)
    schedules: dict[str, PooledSchedule] = field(default_factory=dict)

    def copy(self) -> "World":
        """Return an independent world of the same (frozen) things."""
        return World(**{one.name: dict(getattr(self, one.name)) for one in fields(self)})


@dataclass
class Script:
    """How the estate misbehaves, and what it was asked."""

    now_s: float = 0.0
    order: Callable[[Iterable[Any]], list[Any]] = as_it_comes
    """In which order listings come."""
    unlisted: set[str] = field(default_factory=set)
    """Assignments that exist and that no listing shows yet."""
    still_listed: dict[str, RoleAssignment] = field(default_factory=dict)
    """Assignments that are gone and that listings still show."""
    gaps: dict[str, str] = field(default_factory=dict)
    """Question -> what its answer lacks; such a listing loses its last item."""
    faults: dict[str, deque[CloudError]] = field(default_factory=dict)
    """Question -> faults still to come."""
    unreadable: set[str] = field(default_factory=set)
    """Groups of which only a part of the members can be read."""
    more_assignments: dict[SubscriptionId, int] = field(default_factory=dict)
    """Assignments of other people's resources, by subscription."""
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    listings: dict[HostPoolId, list[float]] = field(default_factory=dict)


class Backend:
    """A world and its script, with the verbs that every service shares."""

    def __init__(self, world: World, script: Script | None = None) -> None:
        self.world = world
        self.script = script or Script()

    @property
    def now_at(self) -> datetime:
        return T0 + timedelta(seconds=self.script.now_s)

    def picture(self) -> dict[str, dict[str, Any]]:
        """Return everything that exists, for comparison field by field."""
        return {one.name: dict(getattr(self.world, one.name)) for one in fields(World)}

    def ask(self, question: str, about: str) -> str:
        """Take note of a question; a scripted fault answers it."""
        if about != about.lower():
            raise AssertionError(f"asked with an id that was not folded: {about}")
        asked = f"{question} {name_of(about)}"
        self.script.asked.append(asked)
        if queue := self.script.faults.get(asked):
            raise queue.popleft()
        return asked

    def send(self, verb: str, about: str) -> Accepted:
        """Take note of a write."""
        self.script.sent.append(f"{verb} {about}")
        return Accepted(at=self.now_at, request_id=f"r{len(self.script.sent)}")

    def reading(self, asked: str, items: Iterable[T]) -> Reading[T]:
        """Answer an enumeration, whole unless a gap is scripted."""
        found = tuple(self.script.order(items))
        gap = self.script.gaps.get(asked)
        if gap is None:
            return Reading(items=found, read_at=self.now_at)
        return Reading(items=found[:-1], read_at=self.now_at, complete=False, gap=gap)

    def existing(self, kind: dict[str, T], wanted: str) -> T:
        """Return what an id names; Azure refuses an id that names nothing."""
        if wanted not in kind:
            raise absent(wanted)
        return kind[wanted]

    def spend_listing(self, pool: HostPoolId) -> None:
        """Count a listing of a pool's hosts against Azure's budget."""
        now_s = self.script.now_s
        spent = [at_s for at_s in self.script.listings.get(pool, ()) if now_s - at_s < WINDOW_S]
        if len(spent) >= LISTINGS:
            raise TransientError("too many listings of hosts", wait_s=WINDOW_S - now_s + spent[0], status=429)
        self.script.listings.setdefault(pool, []).append(now_s)


def absent(target: str) -> RefusedError:
    return RefusedError(
        f"{name_of(target)} does not exist", code="ResourceNotFound", target=target, status=404
    )
