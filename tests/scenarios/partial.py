"""Drills and cohorts on a whole simulated Azure, cut and resumed where a test wants."""

from collections.abc import Callable, Iterable
from typing import Any

from avd_failover.cli.request import Asked, Wish, of
from avd_failover.domain.route import Purpose
from avd_failover.engine.clock import LoopClock
from avd_failover.journal.events import Entry, Holder, RunResumed
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter, Observer
from avd_failover.simulator.building import build
from avd_failover.simulator.records import Record, RoleAssignment, UserSession, key
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.world import World
from tests.crash.scene import Scene, asked, scenario
from tests.crash.stage import _NOWHERE

TESTERS = "6b000000-0000-4000-8000-0000000000ff"
"""Object id of the test group of the scenario called small."""
KEPT = ("role_assignments", "host_pools", "scaling_plans", "pooled_schedules", "session_hosts")
"""What a drill must leave as it was, in the words of a world's snapshot."""
MOVING = {
    "status",
    "token_s",
    "status_since_s",
    "modified_s",
    "last_heartbeat_s",
    "drained_by_autoscale",
    "revision",
    "updated_s",
}
"""What changes by itself."""


def apart() -> Scenario:
    """Return the small scenario with groups that share nobody."""
    small = scenario("small")
    groups = tuple(one.model_copy(update={"shares": ()}) for one in small.groups)
    return small.model_copy(update={"groups": groups})


class PartialScene(Scene):
    """One drill or cohort on one world."""

    def __init__(self, wish: Wish, whole: Scenario | None = None) -> None:
        super().__init__("small")
        if whole is not None:
            self.world: World = build(whole)
        self.wished: Asked = of(wish, asked("small"))
        self.sooner: list[tuple[float, Callable[[World], None]]] = []
        self.observers.append(self._happen)
        self.production = production(self.world)
        """What was not the testers', before the run."""

    def at(self, seconds: float, happens: Callable[[World], None]) -> None:
        """Let something happen in the world at the first entry of the journal after a moment."""
        self.sooner.append((seconds, happens))

    def _happen(self, _entry: Entry, _state: RunState) -> None:
        for one in [one for one in self.sooner if one[0] <= self.world.now_s]:
            self.sooner.remove(one)
            one[1](self.world)

    def _open(self, clock: LoopClock, observers: list[Observer]) -> JournalWriter:
        holder = Holder(host=self.host, pid=self.epoch, epoch=self.epoch)
        if not self.store.lines:
            pinned = self.wished.pin(self.run, _NOWHERE, self.name, holder)
            return JournalWriter.create(self.store, clock, pinned, observers)
        journal = JournalWriter.reopen(self.store, clock, observers)
        journal.append(RunResumed(holder=holder, engine="0"))
        return journal

    def facts(self, step: str) -> dict[str, Any]:
        """Return the figures that a step ended with."""
        return dict(self.state.steps[step].facts)

    def codes(self) -> list[str]:
        """Return the codes of the findings that the run rests on."""
        return [one.code for one in self.state.findings]


def drill(whole: Scenario | None = None, *, hold_s: float = 600.0) -> PartialScene:
    """Return a drill on the small world."""
    return PartialScene(Wish(plan="small", purpose=Purpose.DRILL, hold_s=hold_s, by="Dana"), whole)


def cohort(
    *groups: str, whole: Scenario | None = None, app_groups: tuple[str, ...] | None = None
) -> PartialScene:
    """Return a run that moves these groups of the small world."""
    return PartialScene(Wish(plan="small", groups=groups or None, app_groups=app_groups, by="Dana"), whole)


def production(world: World) -> dict[str, Any]:
    """Return everything of a world that is not the testers', without what changes by itself."""
    seen = world.snapshot()
    return {
        f"{kind} {one['id']}": {name: value for name, value in one.items() if name not in MOVING}
        for kind in KEPT
        for one in seen[kind]
        if one.get("principal_id") != TESTERS
    }


def touched_by_engine(world: World, kind: type[Record]) -> list[Record]:
    """Return the records of a kind that an engine changed, as they were before."""
    changes = world.history.changes()
    found = [one.before or one.after for one in changes if one.actor_kind == "engine" and one.kind is kind]
    return [one for one in found if one is not None]


def users_of_sessions(records: Iterable[Record]) -> set[str]:
    """Return the names of the users of sessions."""
    return {one.user_principal_name.split("@")[0] for one in records if isinstance(one, UserSession)}


def moved_principals(world: World) -> set[str]:
    """Return whose assignments an engine made or deleted."""
    records = touched_by_engine(world, RoleAssignment)
    return {key(one.principal_id) for one in records if isinstance(one, RoleAssignment)}
