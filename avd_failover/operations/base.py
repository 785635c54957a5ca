"""What an operation is: observe, plan, prove. The engine does everything else.

An operation is made for one step of one run and only ever reads. ``observe`` takes a snapshot, ``plan``
says which actions would bring the world nearer to what is wanted, ``prove`` says whether it is there.
``plan`` and ``prove`` are pure. The engine calls the three in turn until the proof holds or the step's
deadline passes, and sends what was planned in between (design section 2).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol, Self, TypeVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.accepted import Accepted
from avd_failover.domain.actions import Action, Moves
from avd_failover.domain.approvals import Approval
from avd_failover.domain.desk_images import DeskImage
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting, Step
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.plan import End, SidePlan
from avd_failover.domain.route import Route

Seen = TypeVar("Seen")


class Proven(Struct, frozen=True, kw_only=True):
    """What was wanted is so; ``facts`` are the figures that show it."""

    because: str
    facts: dict[str, Setting] = {}
    idle: bool = False
    """Nothing had to be done for it."""


class NotYet(Struct, frozen=True, kw_only=True):
    """Not so yet, and time or another look may help."""

    because: str
    look_again_s: float = 5.0


class Blocked(Struct, frozen=True, kw_only=True):
    """An interlock: the run must not go on as it stands. Refused if nothing was changed, else held."""

    because: str
    findings: tuple[Finding, ...] = ()


class Stuck(Struct, frozen=True, kw_only=True):
    """It cannot go on by itself: the step's own policy for failure applies, to hold the run or to stop it."""

    because: str


class Moot(Struct, frozen=True, kw_only=True):
    """What the whole run is for is so already: nothing to do."""

    because: str


Verdict = Proven | NotYet | Blocked | Stuck | Moot


class AfterRefusal(Enum):
    """What a refused action means for its step."""

    STOP = "stop"
    LEAVE = "leave"
    """Not sent again; the proof decides whether it matters."""
    AGAIN = "again"
    """The cloud says no for now; sent again after another look."""


class Tried(Struct, frozen=True, kw_only=True):
    """One attempt of a step. ``ended`` is ``unknown`` also where its process died under it."""

    target: str
    at: datetime
    """When it was about to be sent."""
    ended: str
    """``applied``, ``transient``, ``refused``, ``unknown`` or ``void``, as journals have it."""
    ended_at: datetime | None = None
    detail: str = ""


class Memory(Protocol):
    """What this run has done so far, as far as operations need to know."""

    @property
    def now_s(self) -> float:
        """Monotonic seconds now."""
        ...

    @property
    def now_at(self) -> datetime:
        """The time for records."""
        ...

    @property
    def revoked(self) -> Sequence[RoleAssignment]:
        """Images of the assignments that this run revoked, or may have revoked."""
        ...

    @property
    def granted(self) -> Sequence[RoleAssignment]:
        """Assignments that this run created, or may have created."""
        ...

    @property
    def last_revoke_s(self) -> float | None:
        """Monotonic seconds of the last confirmed revoke; this process's start for earlier ones."""
        ...

    @property
    def last_send_s(self) -> float | None:
        """Monotonic seconds of the last mutation's end; this process's start for earlier ones."""
        ...

    @property
    def last_doubt_s(self) -> float | None:
        """Monotonic seconds of the last grant whose answer was lost; this process's start for earlier ones.

        None when the answer to every grant is known.
        """
        ...

    @property
    def changed(self) -> Sequence[Action]:
        """Every action of this run that took effect, or may have, in the order of the intents."""
        ...

    @property
    def inherited(self) -> Sequence[Action]:
        """What earlier runs changed and this one is to take back, in the order of their intents."""
        ...

    @property
    def accepted(self) -> Accepted | None:
        """The placement that a person accepted as a starting point although no journal explains it."""
        ...

    @property
    def images(self) -> Sequence[DeskImage]:
        """The newest image of each personal desktop's extensions that an earlier run wrote down."""
        ...

    @property
    def initiator(self) -> str:
        """Who asked for the run."""
        ...

    def approvals(self, step: str) -> Sequence[Approval]:
        """Return what people said about a step that waits for them, in the order they said it."""
        ...

    def requests(self, step: str) -> Sequence[ItemRequest]:
        """Return what people asked for single things of a step, in the order they asked."""
        ...

    def began_at(self, step: str) -> datetime | None:
        """Return when a step began for the first time, in whatever process; None for one that did not."""
        ...

    def left_alone(self, step: str) -> Mapping[str, str]:
        """Return what a step looked at and left alone: each thing, and what was written down of it."""
        ...

    def tried(self, step: str) -> Sequence[Tried]:
        """Return the attempts of a step so far, in the order of their intents."""
        ...

    def targets(self, step: str) -> frozenset[str]:
        """Return the targets of a step's actions that took effect."""
        ...

    def facts(self, step: str) -> Mapping[str, Setting]:
        """Return the figures that a step ended with; none while it has not ended."""
        ...


class Bound(Struct, frozen=True, kw_only=True):
    """What an operation is made for: a step of a run along a route, which is the way that the step goes."""

    run: str
    epoch: int
    route: Route
    step: Step

    @classmethod
    def to(cls, step: Step, route: Route, *, run: str, epoch: int) -> Self:
        """Bind a step of a run, whatever way it goes."""
        return cls(run=run, epoch=epoch, route=route.towards(step.way), step=step)

    @property
    def end(self) -> End:
        """The end the step acts on; the loader made sure that there is one where it matters."""
        return self.step.side or End.SOURCE

    @property
    def side(self) -> SidePlan:
        """What the plan names at that end."""
        return self.route.side(self.end)


class Operation(Protocol[Seen]):
    """One step's knowledge of what to look at, what to do about it, and when it is done."""

    async def observe(self, cloud: Reads, memory: Memory) -> Seen:
        """Take a snapshot. Faults of reads may pass through; gaps are part of the snapshot."""
        ...

    def plan(self, seen: Seen) -> Moves:
        """Return what to do about it, in a stated order. Pure."""
        ...

    def prove(self, looks: Sequence[Seen]) -> Verdict:
        """Judge the looks of this process, oldest first; the last is the present one. Pure."""
        ...

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Say what a refusal means for the step."""
        ...


class Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """The id."""
        ...


Item = TypeVar("Item", bound=Named)


def in_order(items: Iterable[Item]) -> list[Item]:
    """Sort by id, so that no plan depends on the order in which Azure lists things."""
    return sorted(items, key=lambda item: item.id)


class Base:
    """What most operations share: the binding, and that a refusal stops the step."""

    spec: ClassVar[OperationSpec]

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.route = bound.route
        self.side = bound.side

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Stop: most refusals need a person."""
        return AfterRefusal.STOP


AnyOperation = Operation[Any]
