"""What faults make of one request, decided once for both faces, and how the world carries it out.

asked ──delay──> refused          instead of being applied
                 lost on the way  neither applied nor answered
                 applied          now, or later (nobody hears), or twice
                    └──> answered whole, damaged, with an error, with an older state, or not at all
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.past import past_of
from avd_failover.simulator.records import RoleAssignment
from avd_failover.simulator.refusals import AnswerLost, ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

T = TypeVar("T")
UNREAD = -1
"""What a look saw that failed."""
GONE = 404
Damage = Literal[
    "none", "reset", "half-open", "cut", "wrong-length", "truncated-json", "gzip", "slow", "portal"
]
Portal = Literal["page", "redirect", "sign-in"]
PageTrick = Literal["none", "repeat", "omit", "loop", "foreign-host"]

SILENT: frozenset[Damage] = frozenset({"reset", "half-open"})
"""Damage that lets nothing of an answer through."""
LOSING: frozenset[Damage] = SILENT | {"cut", "wrong-length"}
"""Damage after which the caller holds no answer in the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """Everything that happens to one request; the defaults are an ordinary day."""

    delay_s: float = 0.0
    """Time on the way before it is looked at, beside the usual."""
    refusal: ArmRefusal | None = None
    """Answered with this instead of being applied."""
    arrives: bool = True
    apply_after_s: float | None = None
    """Applied only after that time, without anybody being told."""
    again_after_s: float | None = None
    """Applied a second time after that time."""
    answer: ArmRefusal | None = None
    """Answered with this although it was applied."""
    damage: Damage = "none"
    at_byte: int = 0
    """How much of the answer's body still comes through."""
    over_s: float = 0.0
    """How long a slow body takes, or a half-open connection stays open."""
    staleness_s: float = 0.0
    page: PageTrick = "none"
    status: int | None = None
    """Another success status than the usual one."""
    portal: Portal = "page"
    """What a captive portal answers, where ``damage`` is one."""
    followable: bool = True
    """Whether a 202 says where its operation can be followed."""

    def joined(self, other: "Ruling") -> "Ruling":
        """Return both at once: delays add up, and of everything else the first that says something wins."""
        changes: Mapping[str, Any] = {
            name: getattr(other, name)
            for name in _NAMES
            if getattr(self, name) == getattr(CLEAR, name) and getattr(other, name) != getattr(CLEAR, name)
        }
        return replace(self, **{**changes, "delay_s": self.delay_s + other.delay_s})

    @property
    def readable(self) -> bool:
        """Whether the caller can read all of the answer."""
        whole = self.damage in {"none", "slow"} and self.answer is None
        return whole and self.page not in {"loop", "foreign-host"}

    @property
    def loses_answer(self) -> bool:
        """Whether the caller holds no answer in the end."""
        return self.damage in LOSING


_LOOKS = frozenset({"sessions.list", "assignments.get", "assignments.list"})
"""Requests by which the audit knows what an engine looked at."""

_NAMES = tuple(field.name for field in fields(Ruling))
CLEAR = Ruling()


def carry_out(world: "World", sent: Sent, ruling: Ruling, apply: Callable[["World"], T]) -> T:
    """Let the world answer a request as a ruling says; ``apply`` is what it asks for.

    Raises:
        ArmRefusal: The world or a fault refused.
        AnswerLost: The caller holds no answer; whether anything was applied, it cannot know.
    """
    try:
        if ruling is CLEAR and not world.faults.present:  # an ordinary day: most requests by far
            answered = apply(world)
            _note_look(world, sent, world)
            return answered
        return _carried_out(world, sent, ruling, apply)
    except (ArmRefusal, AnswerLost) as fault:
        _note_look(world, sent, None)
        if isinstance(fault, ArmRefusal) and fault.status == GONE and not ruling.loses_answer:
            _note_absence(world, sent)
        raise


def _carried_out(world: "World", sent: Sent, ruling: Ruling, apply: Callable[["World"], T]) -> T:
    if not ruling.arrives:
        raise AnswerLost
    if ruling.refusal is not None:
        raise _heard(ruling, ruling.refusal)
    if ruling.apply_after_s is not None:
        _later(world, sent, ruling.apply_after_s, apply, ruling.delay_s)
        raise AnswerLost
    try:
        answered = _applied(world, sent, ruling, apply)
    except ArmRefusal as refusal:
        raise _heard(ruling, refusal) from refusal
    if ruling.answer is not None:
        raise _heard(ruling, ruling.answer)
    if ruling.damage in SILENT:
        raise AnswerLost
    return answered


def _applied(world: "World", sent: Sent, ruling: Ruling, apply: Callable[["World"], T]) -> T:
    if ruling.staleness_s and not sent.mutates:
        return _as_it_was(world, sent, ruling, apply)
    answered = apply(world)
    _note_look(world, sent, world if ruling.readable else None)
    if ruling.again_after_s is not None and sent.mutates:
        _later(world, sent, ruling.again_after_s, apply, ruling.delay_s)
    world.faults.applied(sent)
    return answered


def _as_it_was(world: "World", sent: Sent, ruling: Ruling, apply: Callable[["World"], T]) -> T:
    past = past_of(world, ruling.staleness_s)
    answered = apply(past)
    _note_look(world, sent, past if ruling.readable else None)
    for actor, shown in past.history.shown() if ruling.readable else ():
        world.faults.showed(actor, [list(pair) for pair in shown])
    return answered


def _note_look(world: "World", sent: Sent, shown: "World | None") -> None:
    """Write down what an engine saw of a pool's sessions (S4), and that it read assignments (S14, S15).

    Ghosts are not counted: their machines are known to be stopped. A reading of sessions that failed is noted
    too; of assignments none that failed, and no list that was of the past.
    """
    if sent.route not in _LOOKS or sent.continues or not sent.actor.startswith("engine:"):
        return
    if sent.route == "sessions.list" and "/sessionhosts/" not in sent.target:
        listed = None if shown is None else shown.sessions.list(sent.target)
        seen = UNREAD if listed is None else sum(not session.ghost for session in listed)
        world.faults.looked(sent.actor, "sessions", sent.target, seen)
    if sent.route == "assignments.get" and shown is not None:
        world.faults.looked(sent.actor, "assignment", sent.target, 1)
    if sent.route == "assignments.list" and shown is world:
        world.faults.looked(sent.actor, "assignments", sent.target, 1)


def _note_absence(world: "World", sent: Sent) -> None:
    """Write down that an engine was told, truly, that an assignment does not stand any more (S14)."""
    if sent.route != "assignments.get" or not sent.actor.startswith("engine:"):
        return
    if world.core.find(RoleAssignment, sent.target) is None:
        world.faults.looked(sent.actor, "assignment", sent.target, 0)


def _later(
    world: "World", sent: Sent, delay_s: float, apply: Callable[["World"], object], travelled_s: float
) -> None:
    """Let a request take effect later; ``travelled_s`` is how long it was delayed before."""

    def arrive() -> None:
        world.faults.arrived_late(sent.route, sent.target, sent.actor, delay_s + travelled_s)
        try:
            apply(world)
        except ArmRefusal:
            return
        world.faults.applied(sent)

    world.core.after(delay_s, arrive)


def _heard(ruling: Ruling, refusal: ArmRefusal) -> Exception:
    return AnswerLost() if ruling.damage in SILENT else refusal
