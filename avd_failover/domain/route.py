"""A route: a plan seen from one run, with source and target put in the place of primary and secondary."""

from collections.abc import Iterator

from msgspec import Struct

from avd_failover.domain.ids import ApplicationGroupId
from avd_failover.domain.plan import End, Mode, Plan, Side, SidePlan, UserGroup


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
    """Plan, direction and mode of one run.

    ``leaving`` is the source side. ``groups`` narrows the run to a cohort by group name; None moves all.
    """

    plan: Plan
    leaving: Side = Side.PRIMARY
    mode: Mode = Mode.PLANNED
    groups: tuple[str, ...] | None = None

    def side(self, end: End) -> SidePlan:
        """Return what the plan names at one end of the run."""
        return self.plan.on(self.leaving if end is End.SOURCE else self.leaving.other)

    @property
    def direction(self) -> str:
        """``primary->secondary`` or the reverse, as journals and reports write it."""
        return f"{self.leaving.value}->{self.leaving.other.value}"

    @property
    def scope(self) -> str:
        """What moves, in words: ``all``, or the cohort's groups."""
        return "all" if self.groups is None else "groups " + ", ".join(self.groups)

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
            for group in twin.groups:
                if self.groups is None or group.name in self.groups:
                    yield Pair(group=group, name=twin.name, source=twin.on(source), target=twin.on(target))
