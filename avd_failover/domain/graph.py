"""The step graph: a compiled runbook. Acyclic and closed once built; ready steps come in file order."""

from collections.abc import Collection, Iterator
from enum import Enum

from msgspec import Struct

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.plan import End, Mode, Way

Setting = str | int | float | bool
"""A value that a runbook may give to an operation; durations arrive here as seconds."""

Given = Setting | tuple[str, ...]
"""The same, or a list of texts."""


class OnFailure(Enum):
    """What becomes of the run when a step fails or its proof does not come in time."""

    HOLD = "hold"
    STOP = "stop"


class IfUnreachable(Enum):
    """What becomes of a step whose side does not answer. ``debt`` is taken in unplanned mode only."""

    HOLD = "hold"
    STOP = "stop"
    DEBT = "debt"


class GraphError(ValueError):
    """Steps do not form a graph: a need that does not exist, an id used twice, or a cycle."""


class Step(Struct, frozen=True, kw_only=True):
    """A node of the graph: one operation, on one end of the run, with its proof's deadline."""

    id: str
    uses: str
    side: End | None = None
    way: Way = Way.THERE
    """On the way back source and target have changed places."""
    needs: tuple[str, ...] = ()
    proof_within_s: float = 900.0
    on_failure: OnFailure = OnFailure.HOLD
    if_unreachable: IfUnreachable = IfUnreachable.HOLD
    modes: tuple[Mode, ...] = (Mode.PLANNED, Mode.UNPLANNED)
    settings: dict[str, Given] = {}
    summary: str = ""
    provided_by: str = ""
    """Package and version that the operation comes from; empty for the engine's own."""


class StepGraph(Struct, frozen=True, kw_only=True):
    """A runbook's steps in file order."""

    runbook: str
    summary: str
    pool: PoolKind
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse what is not a closed acyclic graph."""
        seen: set[str] = set()
        for step in self.steps:
            if step.id in seen:
                raise GraphError(f"step id used twice: {step.id}")
            seen.add(step.id)
        for step in self.steps:
            for need in step.needs:
                if need not in seen:
                    raise GraphError(f"step {step.id} needs {need}, which is no step of this runbook")
        if left := self._unorderable():
            raise GraphError("steps need each other in a circle: " + ", ".join(left))

    def step(self, wanted: str) -> Step:
        """Return one step by id; KeyError for an unknown one."""
        for step in self.steps:
            if step.id == wanted:
                return step
        raise KeyError(wanted)

    def ready(self, ended: Collection[str], begun: Collection[str]) -> tuple[Step, ...]:
        """Return the steps that may begin: needs ended, not begun themselves, in file order."""
        return tuple(
            step for step in self.steps if step.id not in begun and all(need in ended for need in step.needs)
        )

    def levels(self) -> Iterator[tuple[Step, ...]]:
        """Yield the steps rank by rank: each rank needs only earlier ones."""
        waits_for = {step.id: len(set(step.needs)) for step in self.steps}
        followers: dict[str, list[str]] = {step.id: [] for step in self.steps}
        for step in self.steps:
            for need in set(step.needs):
                followers[need].append(step.id)
        place = {step.id: index for index, step in enumerate(self.steps)}
        rank = [step.id for step in self.steps if not step.needs]
        while rank:
            yield tuple(self.steps[place[one]] for one in rank)
            opened: list[str] = []
            for follower in (follower for one in rank for follower in followers[one]):
                waits_for[follower] -= 1
                if not waits_for[follower]:
                    opened.append(follower)
            rank = sorted(opened, key=place.__getitem__)

    def _unorderable(self) -> list[str]:
        ordered = {step.id for rank in self.levels() for step in rank}
        return [step.id for step in self.steps if step.id not in ordered]


class SettingSpec(Struct, frozen=True, kw_only=True):
    """One setting that an operation accepts under ``with:`` in a runbook."""

    kind: str
    """``duration``, ``integer``, ``percent``, ``text``, ``texts`` or ``flag``; for steps that reach outside
    also ``program``, ``variables``, ``variable``, ``url`` and ``path``."""
    summary: str
    required: bool = False
    choices: tuple[Setting, ...] = ()
    """The values there are to choose from; empty where any value of the kind will do."""
    filled: bool = False
    """Whether names such as ``${plan.name}`` may stand in it (see ``domain.filling``)."""


class OperationSpec(Struct, frozen=True, kw_only=True):
    """What a runbook's author must know of an operation; the loader checks files against it."""

    name: str
    summary: str
    ends: tuple[End, ...] = ()
    """Ends it may act on; empty when it takes no ``side``."""
    settings: dict[str, SettingSpec] = {}
    changes: tuple[str, ...] = ()
    """Tags of the actions it may plan; empty for a step that only reads."""
    essential: bool = False
    """Safety rests on it: no person may skip it."""
    choice: SettingSpec | None = None
    """What a person may choose for one item of it while it stands (``failover choose``)."""


Catalogue = dict[str, OperationSpec]
