"""The n-th operation fails, for every n: requests to the cloud, and writes of the journal."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.states import RunStatus
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import JournalFullError, JournalLostError
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.world import World
from tests.crash.cuts import READING
from tests.crash.scene import Scene


class Trouble(NamedTuple):
    """A fault of one request: what the engine hears, and whether the request took effect all the same."""

    name: str
    make: Callable[[], CloudError]
    applied: bool = False
    reads: bool = True
    """Whether a read can end like this: an answer to a read that is lost is Transient, never Unknown."""


TROUBLES = (
    Trouble("transient", lambda: TransientError("busy", status=503)),
    Trouble("throttled", lambda: TransientError("too many requests", wait_s=30.0, status=429)),
    Trouble("unknown and applied", lambda: UnknownError("answer lost"), applied=True, reads=False),
    Trouble("unknown and not applied", lambda: UnknownError("answer lost"), reads=False),
    Trouble("refused 403", lambda: RefusedError("no right", code="AuthorizationFailed", status=403)),
    Trouble("refused 404", lambda: RefusedError("not found", code="ResourceNotFound", status=404)),
    Trouble("refused 409", lambda: RefusedError("conflict", code="Conflict", status=409)),
    Trouble("refused 400", lambda: RefusedError("bad request", code="BadRequest", status=400)),
)


class Requests:
    """Every request of a scene, numbered from 1 over all its drives; some of them fail."""

    def __init__(self, fails: Callable[[int, str], Trouble | None] = lambda _n, _route: None) -> None:
        self.fails = fails
        self.routes: list[str] = []

    def hook(self, cloud: DirectCloud) -> None:
        """Stand between a direct face and its line."""
        line: Any = cloud._line
        inner = line._send

        async def send(route: str, target: str, answer: Callable[[World], Any]) -> Any:
            self.routes.append(route)
            trouble = self.fails(len(self.routes), route)
            if trouble is None:
                return await inner(route, target, answer)
            if trouble.applied:
                await inner(route, target, answer)
            await line.clock.sleep(0.1)
            raise trouble.make()

        line._send = send


def mutates(route: str) -> bool:
    """Tell whether a request of that name asks for a change."""
    return route.partition(".")[2] not in READING


def routes(name: str) -> list[str]:
    """Return the names of every request of a clean run, in order."""
    scene, requests = Scene(name), Requests()
    scene.hooks.append(requests.hook)
    assert scene.drive() is RunStatus.COMPLETED
    return requests.routes


def commits(name: str) -> int:
    """Return how many transactions the journal of a clean run has."""
    scene = Scene(name)
    assert scene.drive() is RunStatus.COMPLETED
    return scene.store.commits


AT_REST = (RunStatus.HELD, RunStatus.FAILED)


def once(name: str, n: int, trouble: Trouble) -> list[str]:
    """Let the n-th request fail once; whatever stopped the run is mended, and it is resumed."""
    scene, requests = Scene(name), Requests(lambda at, _route: trouble if at == n else None)
    scene.hooks.append(requests.hook)
    first = status = scene.drive()
    if status is RunStatus.REFUSED:
        return [*scene.faults_found(), *_changed_nothing(scene)]
    if status in AT_REST:
        if not scene.state.because:
            return [f"{status.value} without a reason"]
        status = scene.drive()
    found = scene.faults_found()
    if status is not RunStatus.COMPLETED:
        found.insert(0, f"ended {first.value}, resumed {status.value}: {scene.state.because}")
    return found


def for_good(name: str, route: str, trouble: Trouble) -> tuple[RunStatus, list[str]]:
    """Let every request of a name fail until it is mended; then resume. Returns the first end and faults."""
    broken = True
    scene = Scene(name)
    requests = Requests(lambda _n, asked: trouble if broken and asked == route else None)
    scene.hooks.append(requests.hook)
    first = status = scene.drive()
    if status is RunStatus.REFUSED:
        return first, [*scene.faults_found(), *_changed_nothing(scene)]
    found = [] if scene.state.because or status is RunStatus.COMPLETED else [f"{status.value}, and no reason"]
    broken = False
    if status in AT_REST:
        status = scene.drive()
    found += scene.faults_found()
    if status is not RunStatus.COMPLETED:
        found.insert(0, f"ended {first.value}, mended {status.value}: {scene.state.because}")
    return first, found


def _changed_nothing(scene: Scene) -> list[str]:
    return ["refused after it changed something"] if scene.state.changed else []


class Loss(Enum):
    """How a journal fails."""

    LOST = "lost, nothing written"
    LOST_WRITTEN = "lost, written all the same"
    FULL = "full"


class FailingStore(MemoryStore):
    """A store whose n-th append fails, and every later one too."""

    def __init__(self, run: str, n: int, loss: Loss) -> None:
        super().__init__(run)
        self.left, self.loss = n, loss
        self.failed = False

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, as long as it works."""
        self.left -= 1
        if self.left > 0:
            super().append(lines)
            return
        self.failed = True
        if self.loss is Loss.LOST_WRITTEN and self.left == 0:
            super().append(lines)
        if self.loss is Loss.FULL:
            raise JournalFullError("database or disk is full")
        raise JournalLostError("disk I/O error")

    def append_last(self, lines: Sequence[bytes]) -> None:
        """Add lines in the space that was kept back."""
        super().append(lines)


def journal_fails(name: str, n: int, loss: Loss) -> list[str]:
    """Let the n-th append fail; then resume on a disk that works."""
    scene = Scene(name)
    store = FailingStore(scene.run, n, loss)
    scene.store = store
    after: list[str] = []
    requests = Requests(lambda _n, route: after.append(route) if store.failed and mutates(route) else None)
    scene.hooks.append(requests.hook)
    try:
        scene.drive_as_is()
    except JournalLostError:
        pass
    else:
        return ["the run did not stop"]
    found = [f"sent after the journal was lost: {route}" for route in after]
    scene.store = MemoryStore(scene.run, store.lines)
    if not scene.store.lines:
        return [
            *found,
            *(["something was sent before the journal began"] if any(map(mutates, requests.routes)) else []),
        ]
    store.failed = False
    status = scene.drive() if not scene.final() else RunStatus.COMPLETED
    if status is not RunStatus.COMPLETED:
        found.append(f"resumed {status.value}: {scene.state.because}")
    return found + scene.faults_found()
