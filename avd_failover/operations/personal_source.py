"""The machines that are left, and opening desktops again: no host of one name may run on both sides."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    Moves,
    SetLogons,
    SetStartOnConnect,
    Skipped,
    StartMachine,
)
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.estate import HostPool, PowerState
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import MachineId
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Memory, NotYet, Proven, Verdict
from avd_failover.operations.desks import SETTLES_S, Desks, PersonalBase, lasted_s, machines_of
from avd_failover.operations.personal_failover import forbidden, unsound
from avd_failover.operations.soundness import unsound_desk

OFF = frozenset({PowerState.STOPPED, PowerState.DEALLOCATED})


class StopSource(PersonalBase):
    """Deallocate the machines on the source: of desktops that are to be failed over, and that were."""

    spec: ClassVar = OperationSpec(
        name="personal.stop-source",
        summary="Deallocate the machines of desktops that leave the source; debt while it is dark.",
        ends=(End.SOURCE,),
        changes=("machine.deallocate",),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> Desks:
        """Read the desktops, and the machines on the source that must not run any more."""
        seen = await self.look(cloud, memory)
        return replace(seen, machines=await machines_of(cloud, self._leaving(seen)))

    def plan(self, seen: Desks) -> Moves:
        """Deallocate whatever holds its place still."""
        machines = sorted(seen.machines.values(), key=lambda one: one.id)
        return Moves(
            actions=tuple(
                DeallocateMachine(machine=one.id, reason=f"its desktop leaves {self.source_region}")
                for one in machines
                if one.power not in {PowerState.DEALLOCATED, PowerState.DEALLOCATING}
            ),
            skipped=tuple(
                Skipped(target=one.id, because="is deallocated already")
                for one in machines
                if one.power is PowerState.DEALLOCATED
            ),
            whole=not seen.gaps,
        )

    def prove(self, looks: Sequence[Desks]) -> Verdict:
        """Hold when none of them runs, and each is deallocated or gone."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.gaps))
        if lasted_s(looks, _not_moved) < SETTLES_S:
            because = "desktops that were failed over are not all shown on the other side yet"
            return NotYet(because=because, look_again_s=15.0)
        up = [one for one in seen.machines.values() if one.power is not PowerState.DEALLOCATED]
        total = counted(len(seen.machines), "machine")
        if up:
            return NotYet(because=f"{len(up)} of {total} are not deallocated yet", look_again_s=10.0)
        return Proven(
            because=f"{total} on the source deallocated",
            facts={"machines": len(seen.machines)},
            idle=not seen.tried and len(looks) == 1,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Look again while something else works on a machine, or when it was deleted meanwhile."""
        return AfterRefusal.AGAIN if refusal.status in {404, 409} else AfterRefusal.STOP

    def _leaving(self, seen: Desks) -> Iterator[MachineId | None]:
        for desk in seen.desks:
            if desk.stand.moved:
                yield desk.left
            elif desk.stand in {Stand.READY, Stand.FAILED} and not self._stays(desk, seen):
                yield desk.host.machine

    def _stays(self, desk: Desk, seen: Desks) -> bool:
        """Tell whether nobody will fail it over, so that its user goes on where it is."""
        if desk.item is None or seen.wish(desk).skipped or forbidden(desk.item):
            return True
        planned = self.route.mode is Mode.PLANNED
        return planned and bool(unsound(desk.item, self.route.plan.objectives.rpo_s))


def _not_moved(seen: Desks) -> tuple[datetime, frozenset[str]]:
    """Return whom this run failed over and a reading does not show so, and when that was read."""
    moved = {desk.item_name for desk in seen.desks if desk.stand.moved}
    return seen.now, seen.done_to("machine.failover") - moved


class Opening(Struct, frozen=True, kw_only=True):
    """The desktops, and what this run closed and stopped."""

    desks: Desks
    drained: frozenset[str]
    stopped: frozenset[str]
    forbidden: HostPool | None = None
    """The pool, where this run forbade that a connecting user starts a machine."""


class Open(PersonalBase):
    """Let users in again: where a desktop works on the target, and where one stayed on the source."""

    spec: ClassVar = OperationSpec(
        name="personal.open",
        summary="Take new sessions again on every host that this run drained, and start what stayed behind.",
        ends=(End.TARGET,),
        changes=("host.logons", "machine.start", "pool.start-on-connect"),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> Opening:
        """Read the desktops and the machines behind them, except what a dark source would not tell."""
        seen = await self.look(cloud, memory)
        known = [desk.host.machine for desk in seen.desks if self._readable(desk)]
        changed = memory.changed
        forbade = any(isinstance(one, SetStartOnConnect) and not one.allowed for one in changed)
        return Opening(
            desks=replace(seen, machines=await machines_of(cloud, known)),
            drained=frozenset(one.host for one in changed if isinstance(one, SetLogons) and not one.allowed),
            stopped=frozenset(one.machine for one in changed if isinstance(one, DeallocateMachine)),
            forbidden=await cloud.pools.get(self.side.host_pool) if forbade else None,
        )

    def plan(self, seen: Opening) -> Moves:
        """Start what stayed and was stopped; open what works, or stayed."""
        actions: list[Action] = []
        for desk in seen.desks.desks:
            machine = desk.host.machine
            if (
                self._stayed(desk)
                and machine in seen.stopped
                and self._off(desk, seen)
                and machine is not None
            ):
                actions.append(StartMachine(machine=machine, reason="its desktop did not move"))
            if self._to_open(desk, seen):
                reason = "its desktop works again"
                actions.append(SetLogons(host=desk.host.id, allowed=True, before=False, reason=reason))
        if seen.forbidden is not None and not seen.forbidden.start_on_connect:
            pool, reason = seen.forbidden.id, "machines have moved"
            actions.append(SetStartOnConnect(host_pool=pool, allowed=True, before=False, reason=reason))
        return Moves(actions=tuple(actions), whole=not seen.desks.gaps)

    def prove(self, looks: Sequence[Opening]) -> Verdict:
        """Hold when nothing is left to open, and name the hosts that stay closed because they do not work."""
        seen = looks[-1]
        if seen.desks.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.desks.gaps))
        if left := self.plan(seen).actions:
            return NotYet(because=f"{counted(len(left), 'desktop')} to be opened", look_again_s=10.0)
        closed = sorted(_closed(seen)[1])
        if lasted_s(looks, _closed) < SETTLES_S:
            because = f"{counted(len(closed), 'desktop')} closed, seen once more, since readings lag"
            return NotYet(because=because, look_again_s=15.0)
        opened = len(seen.drained) - len(closed)
        said = f"; closed because they do not work: {', '.join(closed)}" if closed else ""
        return Proven(
            because=f"{counted(opened, 'desktop')} take sessions again{said}",
            facts={"opened": opened, "closed": len(closed)},
            idle=not seen.desks.tried and len(looks) == 1,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others."""
        return AfterRefusal.LEAVE

    def _readable(self, desk: Desk) -> bool:
        return desk.stand.moved or (self.route.mode is Mode.PLANNED and self._stayed(desk))

    def _stayed(self, desk: Desk) -> bool:
        return self.route.mode is Mode.PLANNED and desk.stand in {
            Stand.READY,
            Stand.FAILED,
            Stand.UNPROTECTED,
        }

    def _off(self, desk: Desk, seen: Opening) -> bool:
        machine = seen.desks.machines.get(desk.host.machine) if desk.host.machine is not None else None
        return machine is not None and machine.power in OFF

    def _to_open(self, desk: Desk, seen: Opening) -> bool:
        if desk.host.id not in seen.drained or desk.host.allows_new_sessions:
            return False
        works = desk.stand.moved and not unsound_desk(desk, seen.desks.machines, self.target_region)
        return works or self._stayed(desk)


def _closed(seen: Opening) -> tuple[datetime, frozenset[str]]:
    """Return whose hosts are closed still, and when that was read."""
    closed = [desk for desk in seen.desks.desks if desk.host.id in seen.drained]
    return seen.desks.now, frozenset(desk.name for desk in closed if not desk.host.allows_new_sessions)
