"""When a change was sent that took effect late: safety S9, S10 and S15 bind the sender at that moment.

The history says so of every request that was on its way for longer than usual: ``arrives-late`` at the moment
of its arrival, a delay at the moment of its departure. What the sender could not know any more, since it
happened while the request travelled, is no fault of the sender; what follows from it is (S14).
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Generic, TypeVar

from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import FaultHit, key

T = TypeVar("T")


class Course(Generic[T]):
    """The values that something had, each from its moment on."""

    def __init__(self) -> None:
        self._moments_s: list[float] = []
        self._values: list[T] = []

    def becomes(self, at_s: float, value: T) -> None:
        """Take in a value; moments never go back."""
        if not self._values or self._values[-1] != value:
            self._moments_s.append(at_s)
            self._values.append(value)

    def at(self, moment_s: float) -> T | None:
        """Return the value at the end of a moment; None before the first."""
        place = bisect_right(self._moments_s, moment_s)
        return self._values[place - 1] if place else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Journey:
    sent_s: float
    due_s: float


class Travel:
    """Requests under way for longer than usual, by who sent them and what they are about."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._under_way: dict[tuple[str, str], list[_Journey]] = {}

    def note(self, change: Change) -> None:
        """Take in a change: some say that a request of an engine travels, or arrives late."""
        hit = change.after
        if not isinstance(hit, FaultHit) or not hit.late_s or not _mutates(hit):
            return
        arrived = change.verb == "arrives-late"
        sent_s = change.at_s - hit.late_s if arrived else change.at_s
        journey = _Journey(sent_s=sent_s, due_s=sent_s + hit.late_s)
        self._under_way.setdefault((hit.actor, key(hit.target)), []).append(journey)

    def sent_s(self, change: Change) -> float | None:
        """Return when a change that arrives now was sent; None when it came as fast as any.

        What might be the arrival of several requests is taken for that of the first: equal requests of one
        sender about one thing are as good as each other.
        """
        under_way = self._under_way.get((change.actor, change.target), [])
        for journey in under_way:
            if abs(change.at_s - journey.due_s) <= self._latency_s:
                under_way.remove(journey)
                return journey.sent_s
        return None


def _mutates(hit: FaultHit) -> bool:
    return Sent(route=hit.what, target=hit.target, actor=hit.actor).mutates
