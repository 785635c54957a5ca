"""Putting extensions on machines again that moved: no failover takes them along.

Domain join and DSC are left out, because the disk remembers what they did (contract 126, 127).
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves
from avd_failover.domain.desk_images import filed, image_in
from avd_failover.domain.desks import Desk
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, Setting, SettingSpec
from avd_failover.domain.ids import MachineId
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import InstallExtension
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Memory, NotYet, Proven, Tried, Verdict
from avd_failover.operations.desks import Desks, PersonalBase


class ExtensionsSeen(Struct, frozen=True, kw_only=True):
    """The desktops, what is on the machines of those that moved, and what is wanted there."""

    desks: Desks
    installed: dict[str, Reading[InstalledExtension]]
    images: dict[str, tuple[VmExtension, ...]] = {}

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be read whole."""
        lists = [f"{name}: {one.gap}" for name, one in self.installed.items() if not one.complete]
        return (*self.desks.gaps, *lists)


class ApplyExtensions(PersonalBase):
    """Put extensions again on machines that moved, from their images or from the plan."""

    spec: ClassVar = OperationSpec(
        name="personal.extensions-apply",
        summary="Put the extensions again that machines had before they moved, but for those left out.",
        ends=(End.TARGET,),
        changes=("machine.extension",),
        settings={
            "recorded_by": SettingSpec(kind="text", summary="Step that wrote them down.", required=True)
        },
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ExtensionsSeen:
        """Read what is on the machines that moved."""
        seen = await self.look(cloud, memory)
        moved = [desk for desk in seen.desks if desk.stand.moved and desk.host.machine is not None]
        lists = await asyncio.gather(
            *(cloud.machines.extensions(one.host.machine) for one in moved if one.host.machine is not None)
        )
        facts = memory.facts(str(self.bound.step.settings["recorded_by"]))
        return ExtensionsSeen(
            desks=seen,
            installed=dict(zip((desk.name for desk in moved), lists, strict=True)),
            images={desk.name: self._images(desk, facts) for desk in moved},
        )

    def plan(self, seen: ExtensionsSeen) -> Moves:
        """Install what lacks, desktop by desktop."""
        actions: list[Action] = []
        for machine, image in self._lacking(seen):
            actions.append(
                InstallExtension(
                    id=_id(machine, image),
                    machine=machine,
                    location=self.target_region,
                    extension=image,
                    reason="no failover takes extensions along",
                )
            )
        return Moves(actions=tuple(actions), whole=not seen.gaps)

    def prove(self, looks: Sequence[ExtensionsSeen]) -> Verdict:
        """Hold when every extension that is wanted is there to its end; what Azure refused is named."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.gaps))
        wanted = [(desk, image) for desk in seen.desks.desks for image in seen.images.get(desk.name, ())]
        unready = [f"{image.name} on {desk.name}" for desk, image in wanted if not _ready(desk, image, seen)]
        refused = [_told(one) for one in seen.desks.tried if one.ended == "refused"]
        done = f"{len(wanted) - len(unready)} of {counted(len(wanted), 'extension')} on their machines"
        if len(unready) > len(refused):
            return NotYet(because=done, look_again_s=15.0)
        named = f"; not installed: {'; '.join(refused)}" if refused else ""
        return Proven(
            because=done + named,
            facts={"extensions": len(wanted), "lacking": len(unready)},
            idle=not seen.desks.tried and len(looks) == 1,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others: users can work without an extension."""
        return AfterRefusal.LEAVE

    def _lacking(self, seen: ExtensionsSeen) -> Iterator[tuple[MachineId, VmExtension]]:
        refused = {one.target for one in seen.desks.tried if one.ended == "refused"}
        for desk in seen.desks.desks:
            machine = desk.host.machine
            if machine is None:
                continue
            for image in seen.images.get(desk.name, ()):
                if not _there(desk, image, seen) and _id(machine, image) not in refused:
                    yield machine, image

    def _images(self, desk: Desk, facts: Mapping[str, Setting]) -> tuple[VmExtension, ...]:
        written = image_in(facts, filed(desk))
        images = self.personal.extensions if written is None else written
        return tuple(image for image in images if image.kind not in self.personal.leave_out)


def _id(machine: MachineId, image: VmExtension) -> str:
    return f"{machine}/extensions/{image.name.lower()}"


def _found(desk: Desk, image: VmExtension, seen: ExtensionsSeen) -> Iterator[InstalledExtension]:
    listed = seen.installed.get(desk.name)
    if listed is not None:
        yield from (one for one in listed.items if one.image.kind == image.kind)


def _there(desk: Desk, image: VmExtension, seen: ExtensionsSeen) -> bool:
    """Tell whether it is installed, or being installed."""
    return any(one.state.lower() != "failed" for one in _found(desk, image, seen))


def _ready(desk: Desk, image: VmExtension, seen: ExtensionsSeen) -> bool:
    return any(one.ready for one in _found(desk, image, seen))


def _told(one: Tried) -> str:
    return f"{one.target.rsplit('/', 1)[-1]} on {one.target.rsplit('/', 3)[-3]}: {one.detail}"
