"""Reading the desktops of a personal pool: its hosts, the items of its vault, the jobs, what people asked."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from math import inf
from typing import TypeVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain import recovery_actions
from avd_failover.domain.actions import Action, kind_of
from avd_failover.domain.desk_wishes import Wish, wish_for
from avd_failover.domain.desks import Desk, desks_of
from avd_failover.domain.ensembles import Ensemble
from avd_failover.domain.estate import Machine, SessionHost
from avd_failover.domain.ids import MachineId, ProtectedItemId, name_of
from avd_failover.domain.personal_plan import PersonalPlan, RecoverySide
from avd_failover.domain.plan import End, Side
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.recovery_plan_actions import singly
from avd_failover.domain.replication import ContainerMapping, ProtectedItem, RecoveryPoint
from avd_failover.domain.route import Purpose
from avd_failover.operations.base import Base, Bound, Memory, Tried
from avd_failover.operations.hostwatch import HostWatch, found

Look = TypeVar("Look")
SETTLES_S = 120.0
"""How long an item may lag behind what was sent to it, or behind the end of its job."""


class Desks(Struct, frozen=True, kw_only=True):
    """The desktops of a pool at one moment, and what this step did and was asked about them."""

    hosts: Reading[SessionHost]
    items: Reading[ProtectedItem]
    jobs: Reading[RecoveryJob]
    desks: tuple[Desk, ...]
    wishes: dict[str, Wish]
    tried: tuple[Tried, ...]
    now: datetime
    points: dict[ProtectedItemId, Reading[RecoveryPoint]] = {}
    """Recovery points of those desktops that one must be chosen for."""
    machines: dict[MachineId, Machine] = {}
    """Machines, where the step looks at them."""
    mappings: Reading[ContainerMapping] | None = None
    """The ways that replication may take, where the step asks for them."""
    done: frozenset[tuple[str, str]] = frozenset()
    """What this run did to items, or may have: the kind of the change and the item's name. A settling counts
    with the run whose debts it pays."""

    ensembles: tuple[Ensemble, ...] = ()
    """Desktops that recovery plans move together, where the step asks for them."""

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be read whole."""
        readings = (("hosts", self.hosts), ("items", self.items), ("jobs", self.jobs))
        return tuple(f"{what}: {reading.gap}" for what, reading in readings if not reading.complete)

    def wish(self, desk: Desk) -> Wish:
        """Return what people want of a desktop in this step."""
        return self.wishes.get(desk.name, Wish())

    def done_to(self, kind: str) -> frozenset[str]:
        """Return the names of the items that a kind of change was made to."""
        return frozenset(name for done, name in self.done if done == kind)

    def tries(self, desk: Desk) -> tuple[Tried, ...]:
        """Return this step's attempts at a desktop, also by its recovery plan unless Azure refused that."""
        ensemble = self.ensemble(desk)
        at_all = self.tries_of(ensemble) if ensemble is not None else ()
        return tuple(
            one for one in self.tried if one.target == desk.key or (one in at_all and one.ended != "refused")
        )

    def tries_of(self, ensemble: Ensemble) -> tuple[Tried, ...]:
        """Return this step's attempts at a recovery plan."""
        return tuple(one for one in self.tried if one.target == ensemble.use.plan)

    def ensemble(self, desk: Desk) -> Ensemble | None:
        """Return the desktops that one recovery plan moves with this one."""
        return next((one for one in self.ensembles if one.use.means(desk.name)), None)


class PersonalBase(Base):
    """What operations on personal desktops share: the plan's part, the regions, and one way to look."""

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._watch = HostWatch(self.side.host_pool)

    @property
    def personal(self) -> PersonalPlan:
        """The plan's part about moving machines."""
        personal = self.route.plan.personal
        if personal is None:
            raise LookupError(f"plan {self.route.plan.name} moves no machines")
        return personal

    @property
    def source_region(self) -> str:
        """Region that the run leaves."""
        return self.route.side(End.SOURCE).region

    @property
    def target_region(self) -> str:
        """Region that the run goes to."""
        return self.route.side(End.TARGET).region

    def recovery_side(self, end: End) -> RecoverySide:
        """Return what the plan says of replication at one end."""
        primary = self.route.side(end).side is Side.PRIMARY
        return self.personal.primary if primary else self.personal.secondary

    async def look(self, cloud: Reads, memory: Memory) -> Desks:
        """Read hosts, items and jobs. Items are read last: what they say is then the newest."""
        vault = self.personal.vault
        hosts, jobs = await asyncio.gather(self._watch.look(cloud, memory.now_s), cloud.recovery.jobs(vault))
        items = await cloud.recovery.items(vault)
        desks = desks_of(
            hosts.items,
            items.items,
            jobs.items,
            source_region=self.source_region,
            now=memory.now_at,
            stuck_after_s=self.personal.stuck_after_s,
        )
        step = self.bound.step.id
        requests = memory.requests(step)
        return Desks(
            hosts=hosts,
            items=items,
            jobs=jobs,
            desks=desks,
            wishes={desk.name: wish_for(desk, requests) for desk in desks},
            tried=tuple(memory.tried(step)),
            now=memory.now_at,
            done=frozenset(
                (kind_of(one), name_of(one.target).lower())
                for done in self._done(memory)
                for one in singly(done)
                if isinstance(one, recovery_actions.RecoveryJob)
            ),
        )

    def _done(self, memory: Memory) -> Sequence[Action]:
        settles = self.route.purpose is Purpose.SETTLE
        return [*memory.inherited, *memory.changed] if settles else memory.changed


def lasted_s(looks: Sequence[Look], of: Callable[[Look], tuple[datetime, Collection[str]]]) -> float:
    """Return for how long the latest looks have found the same; infinite where they find nothing.

    ``of`` says when a look was taken and what it found.
    """
    now, found = of(looks[-1])
    if not found:
        return inf
    since = now
    for look in reversed(looks):
        at, same = of(look)
        if same != found:
            break
        since = at
    return (now - since).total_seconds()


async def machines_of(cloud: Reads, machines: Iterable[MachineId | None]) -> dict[MachineId, Machine]:
    """Read machines by id; those that are not there any more are left out."""
    wanted = tuple(dict.fromkeys(one for one in machines if one is not None))
    read = await asyncio.gather(*(found(cloud.machines.get(one)) for one in wanted))
    return {one.id: one for one in read if one is not None}
