"""A personal run on two desktops, cut like every other run: what the matrix of pooled runs does not cover."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace

from avd_failover.cli.request import Asked, read
from avd_failover.domain.plan import Mode
from avd_failover.domain.recovery_actions import FailOverMachine
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import ActionEnded, Entry
from avd_failover.simulator.recovery_records import Job
from avd_failover.simulator.scenario import Scenario, load_scenario
from tests.crash import scene
from tests.crash.cuts import Boundary, KilledError, Point
from tests.crash.scene import Scene
from tests.crash.stage import ROOT

NAME = "personal-eu"
DESKTOPS = 2
ONCE = {"UnplannedFailover": DESKTOPS, "CommitFailover": DESKTOPS, "SwitchProtection": DESKTOPS}
"""Jobs of a whole run in one direction: one of each kind for each desktop."""


@cache
def small() -> Scenario:
    """Return the shipped scenario with two desktops, one of them in use."""
    whole = load_scenario(ROOT / "scenarios" / f"{NAME}.yaml")
    pool = whole.host_pools[0]
    hosts = pool.hosts.model_copy(update={"count": DESKTOPS, "running": DESKTOPS})
    assert pool.sessions is not None
    sessions = pool.sessions.model_copy(update={"count": 1, "disconnected": 0})
    few = pool.model_copy(update={"hosts": hosts, "sessions": sessions})
    return whole.model_copy(update={"host_pools": (few,)})


@cache
def asked(mode: Mode) -> Asked:
    """Return the shipped plan and runbook in a mode."""
    base = read(str(ROOT / "plans" / f"{NAME}.yaml"))
    return replace(base, route=replace(base.route, mode=mode))


class PersonalScene(Scene):
    """One personal run on one small world."""

    def __init__(self, mode: Mode, *, faults: Iterable[Mapping[str, Any]] = ()) -> None:
        scene.scenario, known = (lambda _: small()), scene.scenario  # type: ignore[assignment]
        try:
            super().__init__(NAME, faults=faults)
        finally:
            scene.scenario = known
        self.asked = asked(mode)

    def jobs(self) -> Counter[str]:
        """Count the jobs that the vault has seen, by kind."""
        return Counter(job.scenario for job in self.world.core.table(Job).values())

    def wrong(self) -> list[str]:
        """Return everything that is not as a whole run must leave it."""
        found = self.unsafe()
        state = replay(self.store).state
        found += [f"attempt {one.n} left open" for one in state.attempts.values() if one.open]
        jobs = self.jobs()
        found += [
            f"{jobs[kind]} {kind} jobs for {DESKTOPS} desktops"
            for kind, wanted in ONCE.items()
            if jobs[kind] != wanted
        ]
        return found


def points(mode: Mode) -> list[Point]:
    """Return one cut point of a clean run for each state that a successor can find."""
    clean = PersonalScene(mode)
    status = clean.drive()
    if status is not RunStatus.COMPLETED or (found := clean.wrong()):
        raise AssertionError(f"the clean run {status.value}: {clean.state.because} {found}")
    states: dict[tuple[object, ...], Point] = {}
    for point in clean.knife.points:
        states.setdefault(point.state, point)
    return list(states.values())


def killed(mode: Mode, at: int, *, elsewhere: bool) -> list[str]:
    """Kill a run at one boundary, let another process go on, and return what is wrong in the end."""
    one = PersonalScene(mode)
    try:
        one.drive(at)
    except KilledError:
        if elsewhere:
            one.arrive_late()
            one.move()
        if not one.store.lines or not one.final():
            one.drive()
    if one.state.status is not RunStatus.COMPLETED:
        return [f"{one.state.status.value}: {one.state.because}"]
    return one.wrong()


def ended(one: PersonalScene) -> list[ActionEnded]:
    """Return how each attempt ended that got an answer, in the journal's order."""
    entries: list[Entry] = []
    replay(one.store, entries.append)
    return [
        entry.event
        for entry in entries
        if isinstance(entry.event, ActionEnded) and entry.event.by == "answer"
    ]


def around_failovers(mode: Mode, kind: Boundary) -> list[int]:
    """Return the boundaries of one kind that are nearest to the answer to each failover of a clean run."""
    clean = PersonalScene(mode)
    clean.drive()
    attempts = replay(clean.store).state.attempts
    seen = clean.knife.points
    answers = [point.n for point in seen if point.kind is Boundary.ANSWERED]
    found = []
    for answer, end in zip(answers, ended(clean), strict=True):
        if not isinstance(attempts[end.n].action, FailOverMachine):
            continue
        if kind is Boundary.APPLIED:
            found.append(max(point.n for point in seen if point.kind is kind and point.n < answer))
        else:
            found.append(min(point.n for point in seen if point.kind is kind and point.n >= answer))
    return sorted(set(found))
