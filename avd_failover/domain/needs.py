"""Which rights the steps of a runbook need, and on which side of a plan: derived from what operations are.

A run may also be turned back, so the steps of the way back count too, unless nobody wants that.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.graph import Catalogue, Step, StepGraph
from avd_failover.domain.ids import AssignmentId, PrincipalId, Scope
from avd_failover.domain.plan import End, Side, Way
from avd_failover.domain.rights import CHANGES, OF_RECOVERY_PLANS, READS, UNDOES, Right
from avd_failover.domain.rollback import way_back
from avd_failover.domain.route import Route

RESTORE = "restore"
"""The operation that puts back what a run changed at one end, whatever that was."""


class Ask(Struct, frozen=True, kw_only=True):
    """A verb of the seam that an operation reads with; ``ends`` empty means the end of its step."""

    verb: str
    ends: tuple[End, ...] = ()


Asks = Mapping[str, tuple[Ask, ...]]
"""Operation to what it asks."""


class Job(Struct, frozen=True, kw_only=True):
    """A kind of run that an identity is for: where it goes, and the steps it takes."""

    route: Route
    graph: StepGraph


class Wish(Struct, frozen=True, kw_only=True):
    """What an identity is for."""

    jobs: tuple[Job, ...]
    rollback: bool = True
    """Whether its runs may be turned back (``abort --rollback``)."""
    reads_only: bool = False
    """For ``--dry-run`` and checks: it may change nothing."""
    machines: dict[Side, tuple[Scope, ...]] = {}
    """Resource groups of the session hosts' machines; that of the host pool for a side left out."""

    @property
    def leaving(self) -> tuple[Side, ...]:
        """The sides that its runs may leave, the primary first."""
        return tuple(side for side in Side if any(job.route.leaving is side for job in self.jobs))

    @property
    def testers(self) -> bool:
        """Whether it moves testers alone."""
        return all(job.route.test for job in self.jobs)


class Held(Struct, frozen=True, order=True, kw_only=True):
    """A right on one side."""

    side: str
    right: Right


class Needs:
    """Derives what a wish needs.

    KeyError for an operation, a verb or an action without a row: a defect of ours, never an empty right.
    """

    def __init__(self, catalogue: Catalogue, asks: Asks) -> None:
        self._catalogue = catalogue
        self._asks = asks

    def rights(self, wish: Wish) -> tuple[Held, ...]:
        """Return every right once, in order."""
        found = {one for job in wish.jobs for one in self._of(job, wish)}
        return tuple(sorted(one for one in found if one.right.reads or not wish.reads_only))

    def verbs(self, wish: Wish) -> tuple[str, ...]:
        """Return the verbs that the steps read with, once, in order."""
        uses = {step.uses for job in wish.jobs for step in job.graph.steps}
        return tuple(sorted({ask.verb for one in uses for ask in self._asks[one]}))

    def _of(self, job: Job, wish: Wish) -> Iterator[Held]:
        for step in job.graph.steps:
            yield from self._step(job.route, step, self._tags(step))
        if wish.rollback and any(self._tags(step) for step in job.graph.steps):
            yield from self._back(job.route, job.graph)

    def _back(self, route: Route, graph: StepGraph) -> Iterator[Held]:
        """Yield the rights of the way back; restoring takes the inverses of what was changed there."""
        forward = [(_side(route, step), tag) for step in graph.steps for tag in self._tags(step)]
        steps = way_back(graph, _likely(tag for _, tag in forward), partial=route.partial).steps
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
        for tag in _called_for(route, tags):
            yield from (Held(side=_side(route, step).value, right=right) for right in CHANGES[tag])
        for ask in self._asks[step.uses]:
            if not _called_for(route, (ask.verb,)):
                continue
            for end in ask.ends or (None,):
                yield from (
                    Held(side=_side(route, step, end).value, right=right) for right in READS[ask.verb]
                )

    def _tags(self, step: Step) -> tuple[str, ...]:
        return self._catalogue[step.uses].changes


def _called_for(route: Route, names: Iterable[str]) -> tuple[str, ...]:
    """Leave out what only recovery plans need where the plan names none."""
    personal = route.plan.personal
    uses_plans = personal is not None and bool(personal.plans)
    return tuple(name for name in names if uses_plans or name not in OF_RECOVERY_PLANS)


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
