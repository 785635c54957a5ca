"""The desk of faults: which are in force, whom they strike, and a record of every hit.

Determinism: each fault draws from a chance of its own, so faults do not disturb each other or the world. What
requests set off is written down (``external``), so that a world made again from its requests has the same
hits and deeds; what time alone sets off happens again by itself. Of requests that a fault met and let pass,
such a world knows those before the last hit.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from avd_failover.simulator.core import Core
from avd_failover.simulator.fates import ORDINARY, Fate
from avd_failover.simulator.faults.base import (
    ConnectionFault,
    Deed,
    FateFault,
    FaultSpec,
    RequestFault,
    Triggered,
    Weather,
)
from avd_failover.simulator.faults.catalogue import read_fault
from avd_failover.simulator.faults.clocks import AzureClock, EngineClock
from avd_failover.simulator.faults.connecting import DnsFailure
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.obstacles import Obstacle
from avd_failover.simulator.faults.ruling import CLEAR, Ruling
from avd_failover.simulator.faults.sent import Sent, describe
from avd_failover.simulator.records import FaultHit, key
from avd_failover.simulator.requests import Part, RequestLog, external

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

S = TypeVar("S", bound=FaultSpec)


@dataclass
class Armed:
    """A fault in force, and what it has met and struck so far."""

    id: str
    spec: FaultSpec
    since_s: float
    seen: int = 0
    hits: int = 0
    deeds: int = 0
    gone: bool = False
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def begins_s(self) -> float:
        """When it begins, in seconds of the world."""
        return self.since_s + self.spec.starts

    def lasted_s(self, now_s: float) -> float:
        """Return for how long it has been in force, at most as long as it lasts."""
        passed_s = max(0.0, now_s - self.begins_s)
        lasts_s = self.spec.ends_after_s
        return passed_s if lasts_s is None else min(passed_s, lasts_s)

    def in_force(self, now_s: float) -> bool:
        """Tell whether its time has come and is not over."""
        lasts_s = self.spec.ends_after_s
        return (
            not self.gone and self.begins_s <= now_s and (lasts_s is None or now_s < self.begins_s + lasts_s)
        )


class Faults(Part):
    """The faults of one world."""

    area = "faults"

    def __init__(self, core: Core, log: RequestLog, world: "World") -> None:
        super().__init__(core, log)
        self._world = world
        self._calm = core.physics
        self._armed: dict[str, Armed] = {}
        self._number = 0

    @property
    def present(self) -> bool:
        """Whether any fault was ever added: an ordinary world need not ask."""
        return bool(self._armed)

    @external
    def add(self, actor: str, spec: Mapping[str, Any]) -> str:
        """Add a fault given as in a scenario file, and return its id.

        Raises ``ValueError`` with everything that is wrong with it.
        """
        return self.arm(read_fault(spec))

    @external
    def remove(self, actor: str, fault: str) -> None:
        """Take a fault away; what lasts ends now. Raises ``KeyError`` for an id that no fault has."""
        armed = self._armed[fault]
        if not armed.gone:
            self._end(armed)

    def arm(self, spec: FaultSpec) -> str:
        """Put a fault in force from now on. Raises ``ValueError`` when it names what does not exist."""
        spec.check(self._world)
        self._number += 1
        armed = Armed(id=spec.id or f"{spec.fault}-{self._number}", spec=spec, since_s=self.core.now_s)
        if armed.id in self._armed:
            raise ValueError(f"there is a fault called {armed.id!r} already")
        self._armed[armed.id] = armed
        self.core.fate = self._fate
        if isinstance(spec, Weather | Deed):
            self._schedule(armed, spec)
        return armed.id

    def listed(self) -> list[dict[str, Any]]:
        """Return every fault that was added, with what it has met and struck."""
        return [
            {
                "id": armed.id,
                **armed.spec.model_dump(mode="json", exclude={"id"}, exclude_defaults=True),
                "fault": armed.spec.fault,
                "since_s": armed.since_s,
                "in_force": armed.in_force(self.core.now_s),
                "removed": armed.gone,
                "seen": armed.seen,
                "hits": armed.hits,
            }
            for armed in self._armed.values()
        ]

    def describe(self, route: str, target: str, actor: str, *, continues: bool | None = None) -> Sent:
        """Return a request as faults see it; ``continues`` tells a page after the first from a first one."""
        return describe(self._world, route, target, actor, continues=continues)

    def standing(self, kind: type[S]) -> Iterator[tuple[S, float]]:
        """Yield the faults of a kind that are in force, and for how many seconds each has been."""
        for armed in self._armed.values():
            if isinstance(armed.spec, kind) and armed.in_force(self.core.now_s):
                yield armed.spec, self.core.now_s - armed.begins_s

    @property
    def obstructed(self) -> bool:
        """Whether a new connection may not come to be: then none should be kept for the next request."""
        return any(True for kind in (ConnectionFault, DnsFailure) for _ in self.standing(kind))

    @property
    def unreachable(self) -> Obstacle | None:
        """Why Azure's name leads nowhere now; None when it does not."""
        return next((spec.how for spec, _ in self.standing(DnsFailure)), None)

    def azure_time(self) -> datetime:
        """Return what Azure's own clocks say."""
        return self.core.at() + timedelta(seconds=sum(spec.error_s for spec, _ in self.standing(AzureClock)))

    def clock_errors(self) -> tuple[float, float]:
        """Return how far the engine's wall and monotonic clocks are off now, in seconds.

        A wall clock is right again when a fault is over; what a monotonic clock gained, it keeps.
        """
        wall_s = sum(spec.wall_error_s(since_s) for spec, since_s in self.standing(EngineClock))
        gained_s = sum(
            armed.spec.monotonic_error_s(armed.lasted_s(self.core.now_s))
            for armed in self._armed.values()
            if isinstance(armed.spec, EngineClock) and self.core.now_s >= armed.begins_s
        )
        return wall_s, gained_s

    @property
    def clocks_wrong(self) -> bool:
        """Whether the engine's clocks are ever wrong in this world."""
        return any(isinstance(armed.spec, EngineClock) for armed in self._armed.values())

    def connect(self) -> Obstacle | None:
        """Decide what stands in the way of a new connection; asking counts as meeting it."""
        for armed in list(self._armed.values()):
            spec = armed.spec
            if isinstance(spec, ConnectionFault) and self._strikes(armed, spec):
                self.hit(armed.id, armed.seen, what=spec.obstacle(), target="", actor="")
                return spec.obstacle()
        return self.unreachable

    def rule(self, sent: Sent, kind: type[RequestFault] = RequestFault) -> Ruling:
        """Decide what happens to one request; asking counts as meeting it. ``kind``: of these faults only."""
        ruling = CLEAR
        for armed in list(self._armed.values()):
            spec = armed.spec
            if isinstance(spec, kind) and spec.matches(sent) and self._strikes(armed, spec):
                found = spec.rule(self._stage(armed), sent, self._chance(armed))
                if found != CLEAR:
                    ruling = ruling.joined(found)
                    self.hit(
                        armed.id, armed.seen, what=sent.route, target=sent.target, actor=sent.actor,
                        late_s=ruling.delay_s if found.delay_s else 0.0,
                    )  # fmt: skip
        return ruling

    def applied(self, sent: Sent) -> None:
        """Take in that a request was carried out: deeds may have waited for it."""
        for armed in list(self._armed.values()):
            spec = armed.spec
            if isinstance(spec, Deed) and spec.wanted(sent) and self._waits(armed):
                armed.seen += 1
                if spec.nth <= armed.seen < spec.nth + spec.times:
                    self.set_off(armed.id, armed.seen)

    @external
    def hit(self, fault: str, seen: int, *, what: str, target: str, actor: str, late_s: float = 0.0) -> None:
        """Write down that a fault struck a request, the ``seen``-th that it met."""
        armed = self._armed[fault]
        armed.seen = seen
        self._record(armed, what, target, actor, late_s)

    @external
    def set_off(self, fault: str, seen: int) -> None:
        """Let a deed happen that a request set off."""
        armed = self._armed[fault]
        armed.seen = seen
        if isinstance(armed.spec, Deed):
            spec = armed.spec
            self.core.after(spec.delay, lambda: self._do(armed, spec))

    @external
    def arrived_late(self, route: str, target: str, actor: str, late_s: float) -> None:
        """Write down that a request takes effect only now."""
        number = self.core.history.next_sequence
        late = FaultHit(
            id=f"late#{number}", fault="late", what=route, target=target, actor=actor, late_s=late_s
        )
        self.core.write("fault:late", "arrives-late", late)

    @external
    def looked(self, actor: str, what: str, target: str, seen: int) -> None:
        """Write down that an engine read something, and how much there was."""
        self.core.history.look(self.core.now_s, actor, what, key(target), seen)

    @external
    def showed(self, actor: str, assignments: list[list[Any]]) -> None:
        """Write down which assignments a stale answer showed: pairs of key and revision."""
        self.core.history.show(self.core.now_s, actor, [(str(one), int(rev)) for one, rev in assignments])

    def _strikes(self, armed: Armed, spec: Triggered) -> bool:
        if not armed.in_force(self.core.now_s):
            return False
        if spec.most is not None and armed.hits >= spec.most:
            return False
        armed.seen += 1
        if armed.seen < spec.first:
            return False
        return spec.p >= 1 or self._chance(armed).random() < spec.p

    def _waits(self, armed: Armed) -> bool:
        return not armed.gone and self.core.now_s >= armed.since_s + armed.spec.starts

    def _fate(self, event: str, target: str, actor: str) -> Fate:
        for armed in list(self._armed.values()):
            spec = armed.spec
            if not isinstance(spec, FateFault) or event not in spec.events:
                continue
            sent = describe(self._world, event, target, actor)
            if spec.matches(sent) and self._strikes(armed, spec):
                self._record(armed, event, key(target), actor, 0.0)
                return spec.fate(self._stage(armed), self._chance(armed))
        return ORDINARY

    def _schedule(self, armed: Armed, spec: Weather | Deed) -> None:
        if isinstance(spec, Deed) and spec.on is not None:
            return
        begin = (lambda: self._do(armed, spec)) if isinstance(spec, Deed) else (lambda: self._blow(armed))
        self.core.after(spec.starts, begin)

    def _blow(self, armed: Armed) -> None:
        if armed.gone:
            return
        self._record(armed, "physics", "", "", 0.0)
        self._settle_physics()
        if armed.spec.ends_after_s is not None:
            self.core.after(armed.spec.ends_after_s, lambda: self._end(armed))

    def _do(self, armed: Armed, spec: Deed) -> None:
        if armed.gone:
            return
        armed.deeds += 1
        with self.log.silent():
            spec.act(self._stage(armed))
        if spec.every is not None and armed.deeds < spec.times:
            self.core.after(spec.every, lambda: self._do(armed, spec))
        if spec.ends_after_s is not None:
            self.core.after(spec.ends_after_s, lambda: self._undo(armed, spec))

    def _undo(self, armed: Armed, spec: Deed) -> None:
        if not armed.gone:
            with self.log.silent():
                spec.undo(self._stage(armed))

    def _end(self, armed: Armed) -> None:
        if armed.gone:
            return
        if isinstance(armed.spec, Deed) and armed.deeds:
            with self.log.silent():
                armed.spec.undo(self._stage(armed))
        armed.gone = True
        self._settle_physics()

    def _settle_physics(self) -> None:
        physics = self._calm
        for armed in self._armed.values():
            if isinstance(armed.spec, Weather) and armed.in_force(self.core.now_s):
                physics = physics.model_copy(update=armed.spec.physics())
        self.core.physics = physics

    def _stage(self, armed: Armed) -> Stage:
        def hit(what: str, target: str) -> None:
            self._record(armed, what, key(target), "", 0.0)

        lasts_s = armed.spec.ends_after_s
        over_s = math.inf if lasts_s is None else armed.since_s + armed.spec.starts + lasts_s
        left_s = max(0.0, over_s - self.core.now_s)
        return Stage(world=self._world, fault=armed.id, hit=hit, memory=armed.memory, left_s=left_s)

    def _record(self, armed: Armed, what: str, target: str, actor: str, late_s: float) -> None:
        armed.hits += 1
        struck = FaultHit(
            id=f"{armed.id}#{armed.hits}", fault=armed.spec.fault, what=what, target=target, actor=actor,
            late_s=late_s,
        )  # fmt: skip
        self.core.write(f"fault:{armed.id}", "fault-strikes", struck)

    def _chance(self, armed: Armed) -> random.Random:
        return self.core.chance(f"fault:{armed.id}")
