"""Which rights the steps of a runbook need, and on which side of a plan: derived from what operations are.

A run may also be turned back, so the steps of the way back count too, unless nobody wants that.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.graph import Catalogue, Step, StepGraph
from avd_failover.domain.ids import AssignmentId, PrincipalId, Scope
from avd_failover.domain.plan import End, Plan, Side, Way
from avd_failover.domain.rights import CHANGES, READS, UNDOES, Right
from avd_failover.domain.rollback import way_back
from avd_failover.domain.route import Route

BOTH = (Side.PRIMARY, Side.SECONDARY)
RESTORE = "restore"
"""The operation that puts back what a run changed at one end, whatever that was."""


class Ask(Struct, frozen=True, kw_only=True):
    """A verb of the seam that an operation reads with; ``ends`` empty means the end of its step."""

    verb: str
    ends: tuple[End, ...] = ()


Asks = Mapping[str, tuple[Ask, ...]]
"""Operation to what it asks."""


class Wish(Struct, frozen=True, kw_only=True):
    """What an identity is for."""

    leaving: tuple[Side, ...] = BOTH
    """The sides that its runs may leave: both directions, or one only."""
    rollback: bool = True
    """Whether its runs may be turned back (``abort --rollback``)."""
    testers: bool = False
    """For drills alone: it may assign the test group and nobody else."""
    reads_only: bool = False
    """For ``--dry-run`` and checks: it may change nothing."""
    machines: dict[Side, tuple[Scope, ...]] = {}
    """Resource groups of the session hosts' machines; that of the host pool for a side left out."""


class Held(Struct, frozen=True, order=True):
    """A right on one side."""

    side: str
    right: Right


class Needs:
    """Derives what a wish needs for a plan and a runbook.

    KeyError for an operation, a verb or an action without a row: a defect of ours, never an empty right.
    """

    def __init__(self, plan: Plan, graph: StepGraph, catalogue: Catalogue, asks: Asks) -> None:
        self._plan = plan
        self._graph = graph
        self._catalogue = catalogue
        self._asks = asks

    def rights(self, wish: Wish) -> tuple[Held, ...]:
        """Return every right once, in order."""
        found = {one for leaving in wish.leaving for one in self._of(leaving, wish)}
        return tuple(sorted(one for one in found if one.right.reads or not wish.reads_only))

    def verbs(self) -> tuple[str, ...]:
        """Return the verbs that the runbook's steps read with, once, in order."""
        return tuple(sorted({ask.verb for step in self._graph.steps for ask in self._asks[step.uses]}))

    def _of(self, leaving: Side, wish: Wish) -> Iterator[Held]:
        route = Route(plan=self._plan, leaving=leaving, test=wish.testers)
        there = self._graph.steps
        for step in there:
            yield from self._step(route, step, self._tags(step))
        if wish.rollback and any(self._tags(step) for step in there):
            yield from self._back(route, there)

    def _back(self, route: Route, there: Iterable[Step]) -> Iterator[Held]:
        """Yield the rights of the way back; restoring takes the inverses of what was changed there."""
        forward = [(_side(route, step), tag) for step in there for tag in self._tags(step)]
        steps = way_back(self._graph, _likely(tag for _, tag in forward), partial=route.partial).steps
        back = route.reverse
        changed = [
            *forward,
            *((_side(back, one), tag) for one in steps if one.uses != RESTORE for tag in self._tags(one)),
        ]
        for step in steps:
            undone = {UNDOES.get(tag) for side, tag in changed if side is _side(back, step)}
            tags = [tag for tag in self._tags(step) if step.uses != RESTORE or tag in undone]
            yield from self._step(back, step, tags)

    def _step(self, route: Route, step: Step, tags: Iterable[str]) -> Iterator[Held]:
        for tag in tags:
            yield from (Held(_side(route, step).value, right) for right in CHANGES[tag])
        for ask in self._asks[step.uses]:
            for end in ask.ends or (None,):
                yield from (Held(_side(route, step, end).value, right) for right in READS[ask.verb])

    def _tags(self, step: Step) -> tuple[str, ...]:
        return self._catalogue[step.uses].changes


def _side(route: Route, step: Step, end: End | None = None) -> Side:
    """Return the side that a step means by an end; on the way back of a drill ends have changed places."""
    going = route if step.way is Way.THERE else route.reverse
    return going.side(end or step.side or End.SOURCE).side


def _likely(tags: Iterable[str]) -> tuple[Action, ...]:
    """Return stand-ins for what a run may have done: the way back asks for their kinds only."""
    image = RoleAssignment(
        id=AssignmentId(""),
        name="",
        scope=Scope("/"),
        principal_id=PrincipalId(""),
        principal_type="",
        role_definition_id="",
    )
    done = frozenset(tags)
    revoked: tuple[Action, ...] = (RevokeAssignment(assignment=image, reason=""),)
    granted: tuple[Action, ...] = (GrantAssignment(assignment=image, reason=""),)
    return (
        *(revoked if "assignment.revoke" in done else ()),
        *(granted if "assignment.grant" in done else ()),
    )
