"""Readiness of a run whose source may be dark, and never of one whose source is well (safety S8, L5).

What a dark region can be asked is little: role assignments and the directory answer from elsewhere, its pools
and hosts do not. What does not answer is taken to be as the plan says, and said to be so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec.structs import asdict, replace

from avd_failover.cloud import (
    AssignmentReads,
    Directory,
    HostPoolReads,
    MachineReads,
    OutsideReads,
    Reading,
    Reads,
    ReservationReads,
    ScalingPlanReads,
    SessionHostReads,
    SiteRecoveryReads,
    UserSessionReads,
)
from avd_failover.domain.estate import ApplicationGroup, HostPool, HostStatus
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import ApplicationGroupId, HostPoolId, name_of
from avd_failover.domain.plan import End, Mode, SidePlan
from avd_failover.domain.route import Route
from avd_failover.domain.words import listed
from avd_failover.operations.base import Blocked, Memory, NotYet, Proven, Verdict
from avd_failover.operations.checks import Readiness, ReadinessSeen

ASK_AGAIN_S = 30.0
"""A region is taken for dark after two looks without an answer, so far apart."""


class DarkReadinessSeen(ReadinessSeen, frozen=True, kw_only=True):
    """What readiness saw in unplanned mode, and how the source answered."""

    silent: tuple[str, ...]
    """What the source was asked and did not answer; what was taken from the plan instead."""
    available: int
    """Hosts of the source that report Available."""


class ReadinessOfAny(Readiness):
    """Readiness in either mode; an unplanned run begins only when the source is not well, or by force."""

    spec: ClassVar = Readiness.spec

    async def observe(self, cloud: Reads, memory: Memory) -> ReadinessSeen:
        """Read both ends; what the source does not answer in unplanned mode is taken from the plan."""
        if self.route.mode is Mode.PLANNED:
            return await super().observe(cloud, memory)
        patient = AsThePlanSays(cloud, self.route, memory.now_at)
        seen = await super().observe(patient, memory)
        available = await self._available(cloud, patient)
        fields = asdict(seen)
        return DarkReadinessSeen(**fields, silent=tuple(patient.silent), available=available)

    def prove(self, looks: Sequence[ReadinessSeen]) -> Verdict:
        """Let pass as readiness does, unless the source could be left with nothing lost."""
        seen = looks[-1]
        if not isinstance(seen, DarkReadinessSeen):
            return super().prove(looks)
        if seen.silent and not (len(looks) > 1 and _silent(looks[-2])):
            because = f"the source does not answer ({listed(seen.silent)}), asked once more"
            return NotYet(because=because, look_again_s=ASK_AGAIN_S)
        if seen.available and not seen.silent and not self.route.forced:
            detail = (
                f"{name_of(self.route.side(End.SOURCE).host_pool)} answers, {seen.available} of its hosts"
                " report Available: leave it in planned mode, or begin a run with --mode unplanned --force"
                " REASON, to say why it is to be left as dark"
            )
            found = Finding(code="source-healthy", subject="source", detail=detail)
            return Blocked(because=detail, findings=(found,))
        verdict = super().prove(looks)
        return _with_silence(verdict, seen, self.route.forced) if isinstance(verdict, Proven) else verdict

    async def _available(self, cloud: Reads, patient: "AsThePlanSays") -> int:
        pool = self.route.side(End.SOURCE).host_pool
        try:
            hosts = await cloud.hosts.list(pool)
        except CloudError as fault:
            patient.note(f"session hosts: {fault.brief}", fault)
            return 0
        return sum(host.status is HostStatus.AVAILABLE for host in hosts.items)


def _silent(look: ReadinessSeen) -> bool:
    return isinstance(look, DarkReadinessSeen) and bool(look.silent)


def _with_silence(verdict: Proven, seen: DarkReadinessSeen, forced: str) -> Proven:
    facts: dict[str, Setting] = dict(verdict.facts)
    said = verdict.because
    if seen.silent:
        facts["source_silent"] = "; ".join(seen.silent)
        said += f"; the source is taken as the plan has it ({listed(seen.silent)})"
    if forced:
        facts["forced"] = forced
        said += f"; left as dark: {forced}"
    return replace(verdict, because=said, facts=facts)


class AsThePlanSays:
    """The reads of a cloud whose source may be silent: what its provider does not tell, the plan does."""

    def __init__(self, cloud: Reads, route: Route, at: datetime) -> None:
        self.at = at
        self._cloud = cloud
        self._source = route.side(End.SOURCE)
        self._groups = route.application_groups(End.SOURCE)
        self._kind = route.plan.pool
        self.silent: list[str] = []

    @property
    def assignments(self) -> AssignmentReads:
        """Role assignments."""
        return self._cloud.assignments

    @property
    def directory(self) -> Directory:
        """Groups and their members."""
        return self._cloud.directory

    @property
    def hosts(self) -> SessionHostReads:
        """Session hosts."""
        return self._cloud.hosts

    @property
    def sessions(self) -> UserSessionReads:
        """User sessions."""
        return self._cloud.sessions

    @property
    def scaling(self) -> ScalingPlanReads:
        """Scaling plans."""
        return self._cloud.scaling

    @property
    def machines(self) -> MachineReads:
        """Machines."""
        return self._cloud.machines

    @property
    def recovery(self) -> SiteRecoveryReads:
        """Site Recovery."""
        return self._cloud.recovery

    @property
    def reservations(self) -> ReservationReads:
        """Capacity reservations."""
        return self._cloud.reservations

    @property
    def outside(self) -> OutsideReads:
        """What lies outside Azure."""
        return self._cloud.outside

    @property
    def pools(self) -> HostPoolReads:
        """Host pools and application groups."""
        return _Pools(self, self._cloud.pools, self._source)

    def note(self, what: str, fault: CloudError) -> None:
        """Take note of a silence. What the region refuses is no silence, and is raised."""
        if isinstance(fault, RefusedError):
            raise fault
        if what not in self.silent:
            self.silent.append(what)

    def pool(self) -> HostPool:
        """Return the source's pool as far as a plan knows it."""
        source = self._source
        return HostPool(
            id=source.host_pool,
            location=source.region,
            kind=self._kind,
            max_sessions_per_host=1,
            start_on_connect=True,
        )

    def group(self, group: ApplicationGroupId) -> ApplicationGroup:
        """Return an application group of the source as the plan has it."""
        return ApplicationGroup(id=group, host_pool=self._source.host_pool)

    def groups(self) -> tuple[ApplicationGroup, ...]:
        """Return every application group that the plan has on the source."""
        return tuple(self.group(one) for one in self._groups)


class _Pools:
    def __init__(self, plan: AsThePlanSays, pools: HostPoolReads, source: SidePlan) -> None:
        self._plan = plan
        self._pools = pools
        self._source = source

    async def get(self, pool: HostPoolId) -> HostPool:
        """Read one host pool, or take the source's from the plan."""
        try:
            return await self._pools.get(pool)
        except CloudError as fault:
            if pool != self._source.host_pool:
                raise
            self._plan.note(f"host pool: {fault.brief}", fault)
            return self._plan.pool()

    async def application_group(self, group: ApplicationGroupId) -> ApplicationGroup:
        """Read one application group, or take the source's from the plan."""
        known = {one.id: one for one in self._plan.groups()}
        try:
            return await self._pools.application_group(group)
        except CloudError as fault:
            if group not in known:
                raise
            self._plan.note(f"application groups: {fault.brief}", fault)
            return known[group]

    async def application_groups(self, pool: HostPoolId) -> Reading[ApplicationGroup]:
        """List a pool's application groups, or take the source's from the plan.

        There may be others then, which nobody can know: whoever reads this is told by the note, and the
        reading has no gap, so that what is known of the others is judged as ever.
        """
        try:
            return await self._pools.application_groups(pool)
        except CloudError as fault:
            if pool != self._source.host_pool:
                raise
            self._plan.note(f"application groups: {fault.brief}", fault)
            return Reading(items=self._plan.groups(), read_at=self._plan.at)
