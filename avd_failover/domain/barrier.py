"""The barrier: the moment from which access to the target may be granted (safety S4, S7).

The theory. A user whose assignment was removed may still open a door for D seconds (``propagation_s``).
So nobody can start a session on the source from a *point* on, and there are two kinds of point:

    settle      the last confirmed revoke + D
    physical    the first look of an unbroken tail of looks in which nothing could take a user in: every
                host drained or its machine stopped, Start VM on Connect off, autoscale not acting

After a point, ``zero_looks`` consecutive looks at least ``zero_apart_s`` apart that show no session prove
the source empty. Silence is not zero: a look with an error, a gap, an incomplete list or a host that says
nothing breaks both tails, and so does a host that was there in the look before and is not listed any more.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import BarrierProof, Policies
from avd_failover.domain.source_look import SourceLook
from avd_failover.domain.words import counted, listed

CLOCK_GRAIN_S = 0.01
"""Added to every wait, so that the rounding of a clock never costs a look."""

HURRIED_LOOKS = 6
"""How many looks may hurry: Azure allows ten enumerations of hosts in five minutes."""


class Holds(Struct, frozen=True, kw_only=True):
    """The source is proven empty and closed: access to the target may be granted."""

    proof: BarrierProof
    """``SETTLE`` or ``PHYSICAL``, never ``FASTEST``."""
    since_s: float
    """The point from which nobody could start a session on the source, monotonic seconds."""
    looks: tuple[float, ...]
    """``at_s`` of the looks that showed no session."""
    ghosts: int
    """Sessions still listed on stopped machines, which hold no profile."""
    sentence: str


class NotYet(Struct, frozen=True, kw_only=True):
    """The source is not proven empty yet."""

    because: str
    lacks: tuple[str, ...]
    """Everything that is missing, most urgent first."""
    look_again_s: float
    """Seconds from the start of the last look until another one is of use."""
    latest_s: float | None
    """Monotonic seconds by which the barrier stands if every look from now on is clear and shows nobody;
    None when waiting alone brings no proof that the policy allows."""


BarrierVerdict = Holds | NotYet


def judge(looks: Sequence[SourceLook], policies: Policies) -> BarrierVerdict:
    """Judge the looks of this process at the source, whatever order they come in.

    ``policies.barrier`` restricts which point counts; ``FASTEST`` takes the one that was proven first, the
    physical one where both were at the same look. When this run revoked nothing, whatever closed the source
    happened before the first look, and the settle time runs from there.
    """
    ordered = sorted(looks, key=lambda look: (look.at_s, not look.zero, not look.barred))
    if not ordered:
        return NotYet(because="nothing was looked at yet", lacks=(), look_again_s=0.0, latest_s=None)
    cases = [_Case(proof, point, ordered, policies) for proof, point in _points(ordered, policies)]
    proven = [case for case in cases if case.missing == 0]
    if proven:
        return min(proven, key=lambda case: case.zeros[-1].at_s).holds()
    return _not_yet(ordered, cases, policies)


class _Case:
    """One kind of point, and the zero looks that count after it."""

    def __init__(
        self, proof: BarrierProof, point_s: float, looks: Sequence[SourceLook], policies: Policies
    ) -> None:
        self.proof = proof
        self.point_s = point_s
        self.apart_s = policies.zero_apart_s
        empty = _tail(looks, lambda look: look.zero)
        self.zeros = _spaced([look for look in empty if look.at_s >= point_s], policies)
        self.missing = max(1, policies.zero_looks) - len(self.zeros)

    def next_s(self, soonest_s: float) -> float:
        """Return when the next look would count, if none is taken before ``soonest_s``."""
        spaced_s = self.zeros[-1].over_s + self.apart_s if self.zeros else soonest_s
        return max(self.point_s, spaced_s, soonest_s)

    def latest_s(self, soonest_s: float) -> float:
        """Return when the last missing look would count."""
        return self.next_s(soonest_s) + (self.missing - 1) * self.apart_s

    def holds(self) -> Holds:
        """Return the verdict of a proven case."""
        first, last = self.zeros[0], self.zeros[-1]
        looked = f"{counted(len(self.zeros), 'look')} over {last.at_s - first.at_s:.0f} s"
        told = [self._point(last), f"no session in {looked}"]
        if last.ghost_sessions:
            told.append(f"{counted(last.ghost_sessions, 'ghost session')} left on stopped machines")
        return Holds(
            proof=self.proof,
            since_s=self.point_s,
            looks=tuple(look.at_s for look in self.zeros),
            ghosts=last.ghost_sessions,
            sentence="; ".join(told),
        )

    def _point(self, last: SourceLook) -> str:
        if self.proof is BarrierProof.SETTLE:
            return "the last removed assignment has settled"
        return f"{counted(len(last.hosts), 'source host')} drained or stopped, and nothing starts them"


def _points(looks: Sequence[SourceLook], policies: Policies) -> Iterator[tuple[BarrierProof, float]]:
    barred = _tail(looks, lambda look: look.barred)
    if barred and policies.barrier is not BarrierProof.SETTLE:
        yield BarrierProof.PHYSICAL, barred[0].at_s
    if policies.barrier is not BarrierProof.PHYSICAL:
        yield BarrierProof.SETTLE, _last_revoke_s(looks) + policies.propagation_s


def _last_revoke_s(looks: Sequence[SourceLook]) -> float:
    told = [look.last_revoke_s for look in looks if look.last_revoke_s is not None]
    return max(told) if told else looks[0].at_s


def _tail(looks: Sequence[SourceLook], holds: Callable[[SourceLook], bool]) -> list[SourceLook]:
    """Return the looks of the unbroken tail for which something holds, oldest first."""
    tail: list[SourceLook] = []
    for look in reversed(looks):
        if not holds(look) or (tail and tail[-1].lost_since(look)):
            break
        tail.append(look)
    return tail[::-1]


def _spaced(looks: Sequence[SourceLook], policies: Policies) -> list[SourceLook]:
    """Pick the first looks that lie far enough apart, as many as are wanted."""
    picked: list[SourceLook] = []
    for look in looks:
        if not picked or look.at_s - picked[-1].over_s >= policies.zero_apart_s:
            picked.append(look)
    return picked[: max(1, policies.zero_looks)]


def _not_yet(looks: Sequence[SourceLook], cases: Sequence[_Case], policies: Policies) -> NotYet:
    last_s = looks[-1].at_s
    wait_s = _wait_s(looks, cases, policies)
    lacks = (*_lacks(looks, cases, policies), _count(cases, policies))
    return NotYet(
        because="; ".join(lacks),
        lacks=lacks,
        look_again_s=wait_s,
        latest_s=min((case.latest_s(last_s + wait_s) for case in cases), default=None),
    )


def _wait_s(looks: Sequence[SourceLook], cases: Sequence[_Case], policies: Policies) -> float:
    """Return the wait for the next look that counts, never longer than looks have to lie apart.

    While D runs, users may come back and have to be seen; so the wait for a distant point is cut short.
    """
    hurry_s = policies.zero_apart_s / (2 if len(looks) <= HURRIED_LOOKS else 1)
    last_s = looks[-1].at_s
    due_s = min((case.next_s(last_s) - last_s for case in cases), default=0.0)
    if not looks[-1].zero or not cases:
        return hurry_s
    return min(due_s, policies.zero_apart_s) + CLOCK_GRAIN_S


def _lacks(looks: Sequence[SourceLook], cases: Sequence[_Case], policies: Policies) -> Iterator[str]:
    last = looks[-1]
    yield from last.unseen()
    if len(looks) > 1 and last.hosts_complete and (lost := last.lost_since(looks[-2])):
        yield f"{counted(len(lost), 'host')} not listed any more: {listed([name_of(host) for host in lost])}"
    yield from last.inside()
    if policies.barrier is not BarrierProof.SETTLE:
        yield from last.doors()
    wait_s = min((case.point_s for case in cases), default=last.at_s) - last.at_s
    if wait_s > 0:
        yield f"a removed assignment may open a door for another {wait_s:.0f} s"


def _count(cases: Sequence[_Case], policies: Policies) -> str:
    wanted = max(1, policies.zero_looks)
    seen = max((len(case.zeros) for case in cases), default=0)
    return f"{seen} of {counted(wanted, 'look')} without a session"
