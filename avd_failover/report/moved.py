"""Where each pair of a run is, by its journal: on the source, on its way, on the target (safety S11)."""

from collections.abc import Iterable
from enum import Enum

from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.plan import End
from avd_failover.domain.route import Pair
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import RunState
from avd_failover.report.turning import moves_anybody, recovered_at


class Place(Enum):
    """Where a user group's hold on an application group is."""

    SOURCE = "source"
    TRANSIT = "in transit"
    """Revoked at the source and not granted at the target: its users have no access."""
    TARGET = "target"
    UNKNOWN = "unknown"
    """A request was sent whose effect nobody knows yet."""


_Known = dict[tuple[str, str], bool | None]


def places(state: RunState) -> list[tuple[Pair, Place]]:
    """Return each pair of the route with its place, in the plan's order; none where nobody is moved."""
    if not moves_anybody(state.pinned.route):
        return []
    known = _known(state)
    proven = state.pinned.route.purpose.moves_users and recovered_at(state) is not None
    return [(pair, _place(pair, known, proven=proven)) for pair in state.pinned.route.pairs]


def at(place: Place, found: Iterable[tuple[Pair, Place]]) -> list[Pair]:
    """Return the pairs that are in one place."""
    return [pair for pair, where in found if where is place]


def _place(pair: Pair, known: _Known, *, proven: bool) -> Place:
    on_source, on_target = (known.get((pair.group.id, pair.at(end)), ...) for end in (End.SOURCE, End.TARGET))
    if on_source is None or on_target is None:
        return Place.UNKNOWN
    if on_source is True:
        return Place.SOURCE
    if on_target is True or (proven and on_target is ...):
        return Place.TARGET
    return Place.TRANSIT if on_source is False else Place.SOURCE


def _known(state: RunState) -> _Known:
    """Fold what the run did to each pair: True granted, False revoked, None not known, absent untouched."""
    known: _Known = {}
    for attempt in state.attempts.values():
        action = attempt.action
        if isinstance(action, RevokeAssignment | GrantAssignment):
            key = (action.assignment.principal_id, action.assignment.scope)
            if attempt.open:
                known[key] = None
            elif attempt.outcome is Outcome.APPLIED:
                known[key] = isinstance(action, GrantAssignment)
    return known
