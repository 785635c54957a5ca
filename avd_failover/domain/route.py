"""A route: a plan seen from one run, with source and target put in the place of primary and secondary."""

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.domain.ids import ApplicationGroupId
from avd_failover.domain.plan import ApplicationGroupPair, End, Mode, Plan, Side, SidePlan, UserGroup, Way


class Purpose(Enum):
    """What a run is for. It decides which runbook is taken and what must have gone before."""

    FAILOVER = "failover"
    FAILBACK = "failback"
    DRILL = "drill"
    SETTLE = "settle"
    UPKEEP = "upkeep"
    """Moves nobody: standby hosts are woken, or something is only checked."""

    @property
    def moves_users(self) -> bool:
        """Whether users of production are on another side afterwards."""
        return self in {Purpose.FAILOVER, Purpose.FAILBACK}


class Pair(Struct, frozen=True, kw_only=True):
    """One thing to move: a user group's hold on an application group, from source to target."""

    group: UserGroup
    name: str
    """Name of the application group, as the plan calls it."""
    source: ApplicationGroupId
    target: ApplicationGroupId

    def at(self, end: End) -> ApplicationGroupId:
        """Return the application group at one end."""
        return self.source if end is End.SOURCE else self.target

    @property
    def label(self) -> str:
        """The pair as people say it, such as ``GRP1 on DAG1``."""
        return f"{self.group.name} on {self.name}"


class Route(Struct, frozen=True, kw_only=True):
    """Plan, direction, mode and scope of one run.

    ``leaving`` is the source side. ``groups`` and ``app_groups`` narrow the run to a cohort, by the names
    that the plan gives them; None leaves nothing out. ``test`` moves the plan's test group and nobody else.
    """

    plan: Plan
    leaving: Side = Side.PRIMARY
    mode: Mode = Mode.PLANNED
    groups: tuple[str, ...] | None = None
    app_groups: tuple[str, ...] | None = None
    purpose: Purpose = Purpose.FAILOVER
    test: bool = False
    forced: str = ""
    """Why a person leaves a source that looks healthy as if it were dark; empty when nobody does."""

    def side(self, end: End) -> SidePlan:
        """Return what the plan names at one end of the run."""
        return self.plan.on(self.leaving if end is End.SOURCE else self.leaving.other)

    @property
    def direction(self) -> str:
        """``primary->secondary`` or the reverse, as journals and reports write it."""
        return f"{self.leaving.value}->{self.leaving.other.value}"

    @property
    def reverse(self) -> "Route":
        """The same route with its ends exchanged."""
        return replace(self, leaving=self.leaving.other)

    def towards(self, way: Way) -> "Route":
        """Return the route as a step of that way sees it."""
        return self if way is Way.THERE else self.reverse

    @property
    def partial(self) -> bool:
        """Whether some users of the pools are not moved, so that both pools stay in use."""
        return self.test or self.groups is not None or self.app_groups is not None

    @property
    def scope(self) -> str:
        """What moves, in words: ``all``, the cohort's groups and application groups, or the testers."""
        if self.test:
            return f"testers {self.plan.test_group.name if self.plan.test_group else ''}".strip()
        parts = [("groups", self.groups), ("application groups", self.app_groups)]
        told = [f"{what} {', '.join(names)}" for what, names in parts if names is not None]
        return " on ".join(told) or "all"

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Everything that this run moves, in the plan's order."""
        return tuple(self._pairs())

    def application_groups(self, end: End) -> tuple[ApplicationGroupId, ...]:
        """Return every application group that the plan names at one end, moved or not."""
        side = self.side(end).side
        return tuple(pair.on(side) for pair in self.plan.application_groups)

    def _pairs(self) -> Iterator[Pair]:
        source, target = self.leaving, self.leaving.other
        for twin in self.plan.application_groups:
            if self.app_groups is None or twin.name in self.app_groups:
                for group in self._moved(twin):
                    yield Pair(group=group, name=twin.name, source=twin.on(source), target=twin.on(target))

    def _moved(self, twin: ApplicationGroupPair) -> Iterator[UserGroup]:
        if self.test:
            yield from (group for group in (self.plan.test_group,) if group is not None)
            return
        yield from (group for group in twin.groups if self.groups is None or group.name in self.groups)
