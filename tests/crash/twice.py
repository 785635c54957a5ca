"""More than one thing goes wrong (T2): a crash in the recovery of a crash, and a crash beside a fault."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from avd_failover.domain.states import RunStatus
from avd_failover.simulator.records import FaultHit
from tests.crash.cuts import KilledError
from tests.crash.journeys import scene_of
from tests.crash.matrix import distinct, points
from tests.crash.scene import Scene
from tests.crash.ways import Going
from tests.simulation.draw import HEALED_S, HEALING

NAME = "small"
RESUMES = 4
"""How often a run at rest is resumed once everything healed, before it counts as stuck."""


class Double(NamedTuple):
    """A run that is killed, goes on, and is killed again on its way."""

    first: int
    second: int
    going: Going

    def __str__(self) -> str:
        return f"boundary {self.first}, then {self.second} of its recovery, {self.going.value}"


class Beside(NamedTuple):
    """A run that is killed while a fault of the catalogue is at work."""

    fault: str
    n: int
    going: Going

    def __str__(self) -> str:
        return f"{self.fault}, boundary {self.n}, {self.going.value}"


class Outcome(NamedTuple):
    """What came of one: how often it died, whether the fault struck, and what is wrong."""

    died: int
    struck: bool
    found: list[str]


def doubles(name: str, rng: random.Random) -> Iterator[Double]:
    """Draw double cuts without end: states of a clean run, then any boundary of what follows."""
    every = points(name)
    states = distinct(every)
    while True:
        first = rng.choice(states).n
        yield Double(first, rng.randint(1, max(20, len(every) - first)), rng.choice(list(Going)))


def beside(name: str, rng: random.Random) -> Iterator[Beside]:
    """Draw cuts beside faults without end, each fault of the catalogue in turn."""
    last = len(points(name))
    while True:
        for fault in sorted(HEALING):
            yield Beside(fault, rng.randint(1, last), rng.choice(list(Going)))


def play_double(name: str, case: Double) -> Outcome:
    """Kill a run twice, let it end, and return everything that is not as it must be."""
    scene, died = scene_of(name), 0
    try:
        scene.drive(case.first)
    except KilledError:
        died += 1
    if not scene.store.lines or scene.final():
        return Outcome(died, False, [])
    wanted = scene.ends(case.going)
    _go_elsewhere(scene, case.going)
    if case.going is Going.BACK:
        scene.ask("rollback", reason="two cuts")
    try:
        status = scene.drive(case.second)
    except KilledError:
        died += 1
        status = scene.state.status if scene.final() else scene.drive()
    if status is RunStatus.HELD and case.going is Going.BACK:
        scene.heal()
        status = scene.drive()
    return Outcome(died, False, _judge(scene, status, wanted))


def play_beside(case: Beside) -> Outcome:
    """Kill a run while a fault is at work, let it end once that healed, and return what is wrong."""
    drawn = _at_once(HEALING[case.fault](random.Random(f"{case.fault}:{case.n}")))
    scene, died = Scene(NAME, faults=[drawn]), 0
    wanted = RunStatus.COMPLETED
    try:
        status = scene.drive(case.n)
    except KilledError:
        died += 1
        if not scene.store.lines:
            return Outcome(died, False, [])
        if scene.final():
            return Outcome(died, _struck(scene), _judge(scene, scene.state.status, wanted))
        wanted = scene.ends(case.going)
        _go_elsewhere(scene, case.going)
        if case.going is Going.BACK:
            scene.ask("rollback", reason="a cut beside a fault")
        status = scene.drive()
    for _ in range(RESUMES):
        if status.final:
            break
        scene.later(max(60.0, HEALED_S - scene.world.now_s))
        status = scene.drive()
    return Outcome(died, _struck(scene), _judge(scene, status, wanted))


def _go_elsewhere(scene: Scene, going: Going) -> None:
    if going is Going.ELSEWHERE:
        scene.arrive_late()
        scene.move()


def _judge(scene: Scene, status: RunStatus, wanted: RunStatus) -> list[str]:
    """A run that was refused before it changed anything may begin anew; any other ends as it had to."""
    found = scene.faults_found()
    refused = status is RunStatus.REFUSED and not scene.state.changed
    return found if refused or status is wanted else [f"ended {status.value}: {scene.state.because}", *found]


def _at_once(fault: dict[str, Any]) -> dict[str, Any]:
    """Let a fault be at work from the first second on, where it knows a time at all."""
    sooner = {"starts": "0s"} if "starts" in fault else {}
    return fault | sooner | ({"lasts": f"{HEALED_S:.0f}s"} if {"starts", "lasts"} <= set(fault) else {})


def _struck(scene: Scene) -> bool:
    return any(isinstance(one.after, FaultHit) for one in scene.world.history.changes())
