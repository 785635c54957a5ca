"""Putting back what a run changed at one end, besides access: from the images in its journal."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from msgspec import Struct, structs

from avd_failover.cloud import Reads
from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    Moves,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    Skipped,
    StartMachine,
    kind_of,
)
from avd_failover.domain.estate import PowerState, SessionHost
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.ids import name_of, plan_of
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import AfterRefusal, Base, Bound, Memory, NotYet, Proven, Verdict

Setter = SetLogons | SetPoolReferences | SetScheduleFloor | SetStartOnConnect


OFF = frozenset({PowerState.DEALLOCATED, PowerState.DEALLOCATING, PowerState.STOPPED})


class Undo(Struct, frozen=True, kw_only=True):
    """One thing that the run changed, and how it stands now.

    ``action`` puts it back and is None where nothing is to be done: ``because`` says why. ``drifted`` means
    that somebody else changed it since, so that it is theirs now; ``waits`` that Azure is at it, and takes
    nothing else meanwhile.
    """

    target: str
    because: str
    action: Action | None = None
    drifted: bool = False
    waits: bool = False


class RestoreSeen(Struct, frozen=True, kw_only=True):
    """Everything that the run changed at this end."""

    undos: tuple[Undo, ...]
    settles_in_s: float
    """Seconds until nobody whose access was removed here can open a door any more."""


class Restore(Base):
    """Undo the run's own changes at one end; what others changed since is left to them."""

    spec: ClassVar = OperationSpec(
        name="restore",
        summary="Put drain flags, autoscale, Start VM on Connect, floors and machines back as they were.",
        ends=(End.SOURCE, End.TARGET),
        changes=(
            "host.logons",
            "autoscale.pools",
            "autoscale.floor",
            "pool.start-on-connect",
            "machine.deallocate",
            "machine.start",
        ),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._unmoved: set[str] = set()
        """Machines that Azure would not start or stop."""

    async def observe(self, cloud: Reads, memory: Memory) -> RestoreSeen:
        """Read the present state of whatever the run changed here."""
        changes = _by_target(self._changes(memory))
        hosts = (await cloud.hosts.list(self.side.host_pool)).items
        mine = [actions for actions in changes if self._here(actions[-1], hosts)]
        undos = await asyncio.gather(*(self._undo(cloud, actions, hosts) for actions in mine))
        stopped = memory.targets(self.bound.step.id)
        return RestoreSeen(
            undos=tuple(self._tried(undo, stopped) for undo in undos),
            settles_in_s=self._settles_in_s(memory),
        )

    def _tried(self, undo: Undo, stopped: Collection[str]) -> Undo:
        """Stop a machine once: who starts it after that has reasons of their own, as autoscale may."""
        if undo.action is not None and undo.target in self._unmoved:
            return Undo(target=undo.target, because="could not be started or stopped", drifted=True)
        if isinstance(undo.action, DeallocateMachine) and undo.target in stopped:
            return Undo(target=undo.target, because="was stopped, and somebody else started it since")
        return undo

    def _changes(self, memory: Memory) -> Sequence[Action]:
        """Return what is put back here, in the order in which it was done."""
        return memory.changed

    def plan(self, seen: RestoreSeen) -> Moves:
        """Put back what still stands as the run left it, once that lets nobody in too early.

        Autoscale comes last: it would start and stop machines while they are being stopped.
        """
        if seen.settles_in_s > 0:
            return Moves()
        actions = [one.action for one in seen.undos if one.action is not None]
        before_autoscale = [one for one in actions if not isinstance(one, SetPoolReferences)]
        return Moves(
            actions=tuple(before_autoscale or actions),
            skipped=tuple(
                Skipped(target=one.target, because=one.because) for one in seen.undos if one.action is None
            ),
        )

    def prove(self, looks: Sequence[RestoreSeen]) -> Verdict:
        """Hold when nothing is left to put back."""
        seen = looks[-1]
        if seen.settles_in_s > 0:
            because = f"opening hosts again is safe in {seen.settles_in_s:.0f} s"
            return NotYet(because=because, look_again_s=seen.settles_in_s)
        left = [name_of(one.target) for one in seen.undos if one.action is not None]
        if left:
            return NotYet(because=f"not put back yet: {listed(left)}")
        if waits := [f"{name_of(one.target)} {one.because}" for one in seen.undos if one.waits]:
            return NotYet(because=listed(waits))
        theirs = [name_of(one.target) for one in seen.undos if one.drifted]
        said = f"{counted(len(seen.undos) - len(theirs), 'change')} put back"
        return Proven(
            because=f"{said}; changed by others since and left to them: {listed(theirs)}" if theirs else said,
            facts={"restored": len(seen.undos) - len(theirs), "left": len(theirs)},
            idle=not seen.undos,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Never hold a rollback because a machine does not move: whoever pays or lacks it is told."""
        if not isinstance(action, DeallocateMachine | StartMachine):
            return AfterRefusal.STOP
        self._unmoved.add(action.target)
        return AfterRefusal.LEAVE

    def _settles_in_s(self, memory: Memory) -> float:
        if self.bound.end is not End.SOURCE or memory.last_revoke_s is None:
            return 0.0
        return max(0.0, memory.last_revoke_s + self.route.plan.policies.propagation_s - memory.now_s)

    def _here(self, action: Action, hosts: Sequence[SessionHost]) -> bool:
        match action:
            case SetLogons():
                return action.host.startswith(f"{self.side.host_pool}/")
            case SetPoolReferences():
                return action.plan == self.side.scaling_plan
            case SetScheduleFloor():
                return action.schedule.startswith(f"{self.side.scaling_plan}/")
            case SetStartOnConnect():
                return action.host_pool == self.side.host_pool
            case StartMachine() | DeallocateMachine():
                return any(host.machine == action.machine for host in hosts)
        return False

    async def _undo(self, cloud: Reads, actions: Sequence[Action], hosts: Sequence[SessionHost]) -> Undo:
        match actions[-1]:
            case StartMachine() | DeallocateMachine():
                return await _undo_power(cloud, actions[0], hosts)
            case SetLogons() as action:
                host = next((host for host in hosts if host.id == action.host), None)
                return _undo_setting(actions, host.allows_new_sessions if host else None)
            case SetPoolReferences() as action:
                return _undo_setting(actions, (await cloud.scaling.get(action.plan)).references)
            case SetScheduleFloor() as action:
                schedules = (await cloud.scaling.schedules(plan_of(action.schedule))).items
                return _undo_setting(actions, {one.id: one.floor for one in schedules}.get(action.schedule))
            case SetStartOnConnect() as action:
                return _undo_setting(actions, (await cloud.pools.get(action.host_pool)).start_on_connect)
        raise TypeError(f"{type(actions[-1]).__name__} is not restored here")


def _by_target(changed: Iterable[Action]) -> Sequence[Sequence[Action]]:
    """Gather the changes of each thing, in the order of the run."""
    found: dict[tuple[str, str], list[Action]] = {}
    for action in changed:
        kind = "power" if isinstance(action, StartMachine | DeallocateMachine) else kind_of(action)
        found.setdefault((kind, action.target), []).append(action)
    return list(found.values())


def _undo_setting(actions: Sequence[Action], now: object) -> Undo:
    """Compare what is with what was before the run and with all that the run ever asked for.

    Whatever the run asked for is its own doing, the last request or an earlier one that arrived late.
    """
    setters = [action for action in actions if isinstance(action, Setter)]
    target, before = setters[0].target, setters[0].before
    if now is None:
        return Undo(target=target, because="it is gone", drifted=True)
    if now == before:
        return Undo(target=target, because="stands as before the run")
    mine = next((action for action in reversed(setters) if _left_as(action) == now), None)
    if mine is None:
        return Undo(target=target, because="somebody else changed it since", drifted=True)
    undo: Setter = structs.replace(mine, before=before)
    return Undo(target=target, because="the run changed it", action=undo.inverse())


def _left_as(action: Setter) -> object:
    match action:
        case SetLogons() | SetStartOnConnect():
            return action.allowed
        case SetPoolReferences():
            return action.references
        case SetScheduleFloor():
            return action.floor


async def _undo_power(cloud: Reads, first: Action, hosts: Sequence[SessionHost]) -> Undo:
    """Stop what was off before the run, unless somebody works there, and start what was up."""
    if isinstance(first, StartMachine):
        return await _undo_start(cloud, first, hosts)
    if not isinstance(first, DeallocateMachine):
        raise TypeError(f"{type(first).__name__} switches no machine")
    power = (await cloud.machines.get(first.machine)).power
    if power not in OFF:
        return Undo(target=first.machine, because="is up already")
    if power is PowerState.DEALLOCATING:  # Azure refuses a start until it is off
        return Undo(target=first.machine, because="is still being stopped", waits=True)
    return Undo(target=first.machine, because="the run stopped it", action=first.inverse())


async def _undo_start(cloud: Reads, action: StartMachine, hosts: Sequence[SessionHost]) -> Undo:
    """Stop what the run started, unless somebody works there."""
    if (await cloud.machines.get(action.machine)).power in OFF:
        return Undo(target=action.machine, because="is stopped already")
    sessions = sum(host.sessions for host in hosts if host.machine == action.machine)
    if sessions:
        because = f"{counted(sessions, 'session')} on it"
        return Undo(target=action.machine, because=because, drifted=True)
    return Undo(target=action.machine, because="the run started it", action=action.inverse())
