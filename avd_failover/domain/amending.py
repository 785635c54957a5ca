"""Which edits of a plan a run that is half done may take up (safety O3). Pure."""

from collections.abc import Iterable, Iterator, Sequence

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.domain.words import listed


def unfit(before: Route, after: Route, carried: Sequence[Action]) -> str:
    """Say why the edited route must not go on with what a run did; empty when it may.

    The two pools, the direction, the role and who is meant stay; and whatever the run revoked or granted must
    still be named by the plan, since nobody would bring it anywhere else.
    """
    return next(_faults(before, after, carried), "")


def _faults(before: Route, after: Route, carried: Sequence[Action]) -> Iterator[str]:
    if not before.purpose.moves_users:
        yield f"a run for {before.purpose.value} is ended and begun again, not amended"
    if {_pool(before, end) for end in End} != {_pool(after, end) for end in End}:
        yield "the edited plan names other host pools: that is another pool pair, and another run"
    elif _pool(before, End.SOURCE) != _pool(after, End.SOURCE):
        yield "the edited plan has its sides exchanged: that is another direction, and another run"
    if before.plan.witness != after.plan.witness:
        yield "the edited plan names another witness, and two witnesses do not know of each other"
    if before.plan.role.lower() != after.plan.role.lower():
        yield "the edited plan grants another role than the run revoked"
    if orphans := list(dict.fromkeys(_orphans(after, carried))):
        yield f"the run moved what the edited plan does not name any more: {listed(orphans)}"


def _pool(route: Route, end: End) -> str:
    return route.side(end).host_pool


def _orphans(route: Route, carried: Iterable[Action]) -> Iterator[str]:
    named = {(pair.at(end), pair.group.id) for pair in route.pairs for end in End}
    for action in carried:
        if isinstance(action, RevokeAssignment | GrantAssignment):
            held = action.assignment
            if (held.scope, held.principal_id) not in named:
                yield f"group {held.principal_id} on {held.scope.rsplit('/', 1)[-1]}"
