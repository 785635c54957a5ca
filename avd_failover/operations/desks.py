"""Reading the desktops of a personal pool: its hosts, the items of its vault, the jobs, what people asked."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.desk_wishes import Wish, wish_for
from avd_failover.domain.desks import Desk, desks_of
from avd_failover.domain.estate import Machine, SessionHost
from avd_failover.domain.ids import MachineId, ProtectedItemId
from avd_failover.domain.personal_plan import PersonalPlan, RecoverySide
from avd_failover.domain.plan import End, Side
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.replication import ContainerMapping, ProtectedItem, RecoveryPoint
from avd_failover.operations.base import Base, Bound, Memory, Tried
from avd_failover.operations.hostwatch import HostWatch, found


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

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be read whole."""
        readings = (("hosts", self.hosts), ("items", self.items), ("jobs", self.jobs))
        return tuple(f"{what}: {reading.gap}" for what, reading in readings if not reading.complete)

    def wish(self, desk: Desk) -> Wish:
        """Return what people want of a desktop in this step."""
        return self.wishes.get(desk.name, Wish())

    def tries(self, desk: Desk) -> tuple[Tried, ...]:
        """Return this step's attempts at a desktop."""
        return tuple(one for one in self.tried if one.target == desk.key)


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
        )


async def machines_of(cloud: Reads, machines: Iterable[MachineId | None]) -> dict[MachineId, Machine]:
    """Read machines by id; those that are not there any more are left out."""
    wanted = tuple(dict.fromkeys(one for one in machines if one is not None))
    read = await asyncio.gather(*(found(cloud.machines.get(one)) for one in wanted))
    return {one.id: one for one in read if one is not None}
