"""The gate of a personal run: enough desktops could come through, and nobody tests a failover meanwhile."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.estate import HostPool, PoolKind
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.reservations import ReservationGroup
from avd_failover.domain.words import counted
from avd_failover.operations.base import Blocked, Memory, Moot, NotYet, Proven, Verdict
from avd_failover.operations.desks import Desks, PersonalBase
from avd_failover.operations.ensembles import gathered
from avd_failover.operations.personal_failover import forbidden, unsound
from avd_failover.operations.twins import tests_begun


class PersonalSeen(Struct, frozen=True, kw_only=True):
    """The pool, its desktops, and the places kept for them."""

    pool: HostPool
    desks: Desks
    reserved: ReservationGroup | None


class PersonalReadiness(PersonalBase):
    """Let a run pass only when enough desktops could come through, and no test failover is under way."""

    spec: ClassVar = OperationSpec(
        name="personal.readiness",
        summary="Check protection, health, points, places and test failovers before anything is changed.",
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> PersonalSeen:
        """Read pool, desktops and the reservation group that the plan expects."""
        group = self.recovery_side(End.TARGET).reservation_group
        return PersonalSeen(
            pool=await cloud.pools.get(self.side.host_pool),
            desks=await gathered(self.look, self.personal, self.route, cloud, memory),
            reserved=await cloud.reservations.get(group) if group is not None else None,
        )

    def plan(self, seen: PersonalSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[PersonalSeen]) -> Verdict:
        """Let pass, refuse with every reason at once, or find that all is done already."""
        seen = looks[-1]
        if seen.desks.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.desks.gaps))
        desks = seen.desks.desks
        findings = (*tests_begun(seen.desks), *self._pool(seen))
        if desks and all(desk.stand.kept for desk in desks) and not findings:
            return Moot(because=f"all {counted(len(desks), 'desktop')} are in {self.target_region} already")
        findings = (*findings, *_of_plans(seen.desks))
        unfit = tuple(self._unfit(seen))
        fit = len(desks) - len({finding.subject for finding in unfit})
        if findings or 100 * fit < self.personal.minimum_success_pct * len(desks) or not fit:
            every = (*findings, *unfit)
            return Blocked(because=f"{every[0].subject}: {every[0].detail}", findings=every)
        named = (
            f"; not by itself: {'; '.join(f'{one.subject} {one.detail}' for one in unfit)}" if unfit else ""
        )
        facts: dict[str, Setting] = {
            "desktops": len(desks),
            "fit": fit,
            "minimum_pct": self.personal.minimum_success_pct,
        }
        return Proven(
            because=f"{fit} of {counted(len(desks), 'desktop')} can be failed over{named}", facts=facts
        )

    def _pool(self, seen: PersonalSeen) -> Iterator[Finding]:
        if seen.pool.kind is not PoolKind.PERSONAL:
            detail = f"is a {seen.pool.kind.value} pool, the plan says personal"
            yield Finding(code="pool-kind", subject=name_of(seen.pool.id), detail=detail)
        if not seen.desks.desks:
            yield Finding(code="no-desktops", subject=name_of(seen.pool.id), detail="has no session host")

    def _unfit(self, seen: PersonalSeen) -> Iterator[Finding]:
        """Say of each desktop why it would not come through; what has moved already needs nothing."""
        left = [desk for desk in seen.desks.desks if not desk.stand.moved]
        for desk in left:
            if because := self._why_not(desk):
                yield Finding(code="not-ready", subject=desk.name, detail=because)
        yield from self._places([desk for desk in left if not self._why_not(desk)], seen.reserved)

    def _why_not(self, desk: Desk) -> str:
        if desk.item is None:
            return str(Stand.UNPROTECTED.value)
        if desk.stand is Stand.FAILING_OVER:
            return ""
        if desk.stand not in {Stand.READY, Stand.FAILED}:
            return str(desk.stand.value)
        if because := forbidden(desk.item):
            return because
        planned = self.route.mode is Mode.PLANNED
        return unsound(desk.item, self.route.plan.objectives.rpo_s) if planned else ""

    def _places(self, desks: Sequence[Desk], reserved: ReservationGroup | None) -> Iterator[Finding]:
        """Each machine finds a place of its size in its zone, in the group that its item names."""
        if reserved is None:
            return
        free: dict[tuple[str, str], int] = {}
        for desk in desks:
            item = desk.item
            if item is None or desk.stand is Stand.FAILING_OVER:
                continue
            if item.reservation_group != reserved.id:
                detail = f"its item does not name the reservation group {name_of(reserved.id)}"
                yield Finding(code="reservation-unset", subject=desk.name, detail=detail)
                continue
            place = (item.recovery_size, item.recovery_zone)
            left = free[place] = free.get(place, reserved.free(*place)) - 1
            if left < 0:
                where = f"zone {place[1]}" if place[1] else "the region"
                detail = f"{name_of(reserved.id)} has no free place of {place[0]} in {where} for it"
                yield Finding(code="reservation-short", subject=desk.name, detail=detail)


def _of_plans(seen: Desks) -> Iterator[Finding]:
    """A recovery plan moves whatever it has: it must be what the plan means, or nothing is begun."""
    for ensemble in seen.ensembles:
        for because in ensemble.faults:
            yield Finding(code="recovery-plan", subject=ensemble.name, detail=because)
