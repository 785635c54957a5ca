"""One seeded run, and what is asked of it in each mode."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Entry
from avd_failover.journal.state import RunState
from avd_failover.simulator.audit import audit
from avd_failover.simulator.records import FaultHit
from tests.crash.cuts import KilledError
from tests.crash.scene import Scene
from tests.simulation.draw import HEALED_S, Drawn, Mode, draw

NAME = "small"
AFTER_S = 4_000.0
"""How long the world goes on after the run, so that whatever arrives late is seen."""

BOUND_S = 2 * 660.0 + 2 * 60.0 + 1_800.0 + 600.0 + 360.0 + 900.0
"""L1: from the moment everything healed to the end of the run. Propagation on the way to the barrier and
once more for lists; zero looks; starting capacity; list lag; the closing reconcile; a long Retry-After."""

RESUMES = 4
"""How often a run at rest is resumed before it counts as stuck."""


class Played(Struct, frozen=True, kw_only=True):
    """What one seed came to. ``wrong`` is empty when all that the mode asks for is so."""

    mode: str
    seed: int
    end: str
    because: str
    took_s: float
    crashes: int
    hits: dict[str, int]
    evaluated: dict[str, int]
    wrong: tuple[str, ...]
    digest: str
    """SHA-256 over journal and history: equal seeds, equal digests."""

    @property
    def command(self) -> str:
        """The command that plays it again."""
        return f"python -m tests.simulation --seed {self.seed} --mode {self.mode}"


def play(seed: int, mode: Mode) -> Played:
    """Play one seed to the end of the run and of everything that may arrive late."""
    drawn = draw(seed, mode)
    scene = Scene(NAME, seed=20260401 + seed, faults=drawn.faults)
    _arm(scene, drawn)
    crashes = _drive(scene, drawn)
    ended_s = scene.world.now_s
    scene.later(AFTER_S)
    wrong = JUDGES[mode](scene, ended_s)
    return Played(
        mode=mode.value,
        seed=seed,
        end=scene.state.status.value,
        because=scene.state.because,
        took_s=round(ended_s, 3),
        crashes=crashes,
        hits=_hits(scene),
        evaluated=dict(scene.evaluated),
        wrong=tuple(wrong),
        digest=_digest(scene),
    )


def _arm(scene: Scene, drawn: Drawn) -> None:
    if drawn.order is None:
        return
    kind, moment_s = drawn.order

    def watch(_entry: Entry, state: RunState) -> None:
        if scene.world.now_s >= moment_s and not scene.store.requests_after(0) and not state.said:
            scene.ask(kind, reason="drawn")

    scene.observers.append(watch)


def _drive(scene: Scene, drawn: Drawn) -> int:
    """Drive, die where drawn, resume what rests; return how often the process died."""
    kills, crashes, rests = list(drawn.kills), 0, 0
    while rests <= RESUMES:
        try:
            status = scene.drive(kills.pop(0) if kills else None)
        except KilledError:
            crashes += 1
            if drawn.seed % 2:
                scene.arrive_late()
            if drawn.seed % 3 == 0:
                scene.move()
            if scene.store.lines and scene.final():
                return crashes
            continue
        if status.final:
            return crashes
        rests += 1
        scene.later(max(60.0, HEALED_S - scene.world.now_s))
    return crashes


def _hits(scene: Scene) -> dict[str, int]:
    hits = Counter(
        one.after.fault for one in scene.world.history.changes() if isinstance(one.after, FaultHit)
    )
    return dict(sorted(hits.items()))


def _digest(scene: Scene) -> str:
    whole = hashlib.sha256(b"\n".join(scene.store.lines))
    whole.update(scene.world.history.dump().encode())
    return whole.hexdigest()


def _safe(scene: Scene, _ended_s: float) -> list[str]:
    found = scene.faults_found()
    if not scene.state.status.final:
        found = [one for one in found if not one.startswith("attempt ")]
    if not scene.state.because:
        found.append(f"{scene.state.status.value} without a reason")
    return found


def _live(scene: Scene, ended_s: float) -> list[str]:
    found = _safe(scene, ended_s)
    if scene.state.status is not RunStatus.COMPLETED and not _excusable(scene):
        found.append(f"ended {scene.state.status.value} after everything healed: {scene.state.because}")
    if ended_s > HEALED_S + BOUND_S:
        found.append(f"took {ended_s:.0f} s, {ended_s - HEALED_S:.0f} s after everything healed")
    return found


def _excusable(scene: Scene) -> bool:
    """A run that refused to begin while something was broken changed nothing, and is begun anew."""
    return scene.state.status is RunStatus.REFUSED and not scene.state.changed


def _resting(scene: Scene, ended_s: float) -> list[str]:
    found = _safe(scene, ended_s)
    state = scene.state
    for armed in scene.world.faults.listed()[:1]:
        word = _word(armed)
        if armed["hits"] and not state.status.final and word not in state.because:
            found.append(f"rests, but does not say why ({word}): {state.because}")
    return found


def _word(armed: Mapping[str, Any]) -> str:
    """Return what a reason must hold."""
    if armed["fault"] == "http-error":
        return "the drawn fault"
    return "locked" if armed["fault"] == "resource-lock" else ""


def _told(scene: Scene, _ended_s: float) -> list[str]:
    """Whatever a broken assumption did is known to the audit, or the run did not claim to be complete."""
    found = scene.faults_found()
    claimed = scene.state.status in {RunStatus.COMPLETED, RunStatus.ROLLED_BACK}
    audited = any(one.startswith("audit") for one in found) or bool(audit(scene.world)["violations"])
    by_others = any(one.actor_kind == "admin" for one in scene.world.history.changes())
    late = any(one.actor == "fault:late" for one in scene.world.history.changes())
    wrong = [one for one in found if not one.startswith(("audit", "attempt"))]
    if claimed and wrong and not audited and not by_others and not late:
        return wrong
    return [one for one in found if "journal" in one]


JUDGES: dict[Mode, Callable[[Scene, float], list[str]]] = {
    Mode.SAFETY: _safe,
    Mode.LIVENESS: _live,
    Mode.PERMANENT: _resting,
    Mode.ASSUMPTION: _told,
}


def totals(played: list[Played]) -> dict[str, Any]:
    """Add up what many seeds came to."""
    hits: Counter[str] = Counter()
    evaluated: Counter[str] = Counter()
    for one in played:
        hits.update(one.hits)
        evaluated.update(one.evaluated)
    ends = Counter(f"{one.mode}: {one.end}" for one in played)
    return {
        "seeds": len(played),
        "crashes": sum(one.crashes for one in played),
        "ends": dict(sorted(ends.items())),
        "hits": dict(sorted(hits.items())),
        "evaluated": dict(sorted(evaluated.items())),
        "wrong": [{"command": one.command, "found": list(one.wrong)} for one in played if one.wrong],
    }
