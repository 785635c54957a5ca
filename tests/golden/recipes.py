"""How each kind of golden journal came about, and what is kept beside it of what it adds up to."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from avd_failover.domain.actions import kind_of
from avd_failover.journal.chain import replay
from avd_failover.journal.store import Store
from tests.crash.cuts import KilledError
from tests.crash.journeys import scene_of
from tests.crash.scene import Scene

HERE = Path(__file__).parent
PENDING = {"fault": "group-rule-pending", "group": "GRP-OFFICE", "starts": "213s"}


def completed() -> Scene:
    """Return a planned failover."""
    return _driven(scene_of("small"))


def cut() -> Scene:
    """Return a failover whose process died with revokes under way."""
    clean = _driven(scene_of("small"))
    revoking = [point.n for point in clean.knife.points if "assignments.delete" in point.state[2]]
    scene = scene_of("small")
    try:
        scene.drive(kill_at=revoking[-1])
    except KilledError:
        return scene
    raise AssertionError("nobody died")


def turned_back() -> Scene:
    """Return the same, turned back."""
    scene = cut()
    scene.ask("rollback", reason="so that there is one")
    return _driven(scene)


def held() -> Scene:
    """Return a failover that nobody can let pass its barrier."""
    return _driven(Scene(faults=[PENDING]))


def dark() -> Scene:
    """Return a failover from a source that is dark, declared fenced by two people."""
    return _driven(scene_of("dark"))


def home() -> Scene:
    """Return a failback."""
    return _driven(scene_of("home"))


def _driven(scene: Scene) -> Scene:
    scene.drive()
    return scene


RECIPES: dict[str, Callable[[], Scene]] = {
    "completed": completed,
    "cut": cut,
    "turned-back": turned_back,
    "held": held,
    "dark": dark,
    "home": home,
}


def told(store: Store) -> dict[str, Any]:
    """Return what a journal adds up to, as plain values that no later version may read differently."""
    found = replay(store)
    state = found.state
    outcomes = Counter(str(one.outcome and one.outcome.value) for one in state.attempts.values())
    return {
        "head": found.head,
        "entries": state.seq,
        "status": state.status.value,
        "because": state.because,
        "steps": {step.step.id: step.status.value for step in state.steps.values()},
        "attempts": dict(sorted(outcomes.items())),
        "effects": [[kind_of(one), one.target] for one in state.effects],
        "turned": state.turned is not None,
    }


def lines_of(version: str, name: str) -> list[bytes]:
    """Return a golden journal's lines as they were written."""
    return (HERE / version / f"{name}.jsonl").read_bytes().splitlines()


def kept(version: str, name: str) -> dict[str, Any]:
    """Return what a golden journal added up to when it was written."""
    found: dict[str, Any] = msgspec.json.decode((HERE / version / f"{name}.json").read_bytes())
    return found
