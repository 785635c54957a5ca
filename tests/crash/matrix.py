"""The crash matrix (safety 3.3): every cut point, three ways to go on, three kinds of world to go on in."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from avd_failover.domain.actions import (
    Action,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
)
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Outcome
from tests.crash.cuts import Boundary, KilledError, Point
from tests.crash.journeys import scene_of
from tests.crash.scene import Scene, identity
from tests.crash.ways import Going, Weather


class Case(NamedTuple):
    """One run of the matrix."""

    point: Point
    going: Going
    weather: Weather

    def __str__(self) -> str:
        return f"boundary {self.point.n} ({self.point.kind.value}), {self.going.value}, {self.weather.value}"


def points(name: str) -> list[Point]:
    """Return every cut point of a clean run, in order."""
    scene = scene_of(name)
    status = scene.drive()
    if status is not RunStatus.COMPLETED or (found := scene.faults_found()):
        raise AssertionError(f"the clean run {status.value}: {scene.state.because} {found}")
    return scene.knife.points


def distinct(every: Iterable[Point]) -> list[Point]:
    """Return one point for each state that a successor can find, preferring later kinds of a mutation."""
    found: dict[tuple[object, ...], Point] = {}
    for point in every:
        found.setdefault(point.state, point)
    return list(found.values())


def goings(name: str) -> list[Going]:
    """Return the ways in which a killed run of that name goes on."""
    return list(scene_of(name).ways)


def cases(chosen: Sequence[Point], ways: Sequence[Going] = tuple(Going)) -> Iterator[Case]:
    """Return every case of these points: nine each where a run can go on in every way."""
    return (Case(point, going, weather) for point in chosen for going in ways for weather in Weather)


def census(every: Iterable[Point]) -> dict[str, int]:
    """Count cut points by kind, in the order of the table."""
    counts = Counter(point.kind for point in every)
    return {kind.value: counts[kind] for kind in Boundary}


def play(name: str, case: Case) -> list[str]:
    """Kill a run, let it go on, and return everything that is not as it must be; empty is right."""
    scene = scene_of(name)
    try:
        scene.drive(kill_at=case.point.n)
    except KilledError:
        return _go_on(scene, case)
    return ["the knife did not strike"]


def _go_on(scene: Scene, case: Case) -> list[str]:
    if not scene.store.lines:
        return []  # nothing was recorded, so nothing was sent: there is no run to resume
    known = replay(scene.store).state
    if known.status.final:
        scene.journal = None
        return [] if known.status is RunStatus.COMPLETED else [f"ended {known.status.value}"]
    applied = [one.action for one in known.attempts.values() if one.outcome is Outcome.APPLIED]
    done = {one.target: identity(one) for one in applied}
    _make_weather(scene, case.weather)
    if case.going is Going.ELSEWHERE:
        scene.move()
    wanted = scene.ends(case.going)
    status = scene.turn_back() if case.going is Going.BACK else scene.drive()
    found = scene.faults_found()
    if status is not wanted:
        found.insert(0, f"ended {status.value}: {scene.state.because}")
    if case.going is not Going.BACK:
        again = [one.action for one in scene.state.attempts.values() if one.n > len(known.attempts)]
        found += [
            f"sent again although it was known to be done: {identity(one)}"
            for one in _first(again)
            if done.get(one.target) == identity(one)
            and not (case.weather is Weather.STALE and isinstance(one, SETTINGS))
        ]
    return found


SETTINGS = (SetLogons, SetStartOnConnect, SetPoolReferences, SetScheduleFloor)
"""What may be set again where a stale reading shows it as before: twice is the same as once."""


def _first(actions: Iterable[Action]) -> Iterable[Action]:
    """Return the first action on each target: what was undone meanwhile may be done again."""
    return {one.target: one for one in reversed(list(actions))}.values()


def _make_weather(scene: Scene, weather: Weather) -> None:
    if weather is Weather.STALE:
        for fault in scene.stale:
            scene.world.faults.add("tester", fault)
    if weather is Weather.AMBIGUOUS:
        scene.arrive_late()
