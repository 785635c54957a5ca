"""Writing down what is on machines before they move; where nobody can say, what an earlier run wrote down.

What is written down is in the journal before anything moves, as one figure for each desktop. A planned run
wants to know of every machine, so it is refused while one cannot be read and has no image that the plan calls
fresh. An unplanned one goes on: its region may be dark, and its users wait (contract 126).
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.desk_images import IMAGE, KEPT, RECORDS, DeskImage, figure, filed, span
from avd_failover.domain.desks import Desk
from avd_failover.domain.extensions import InstalledExtension
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import Blocked, Memory, NotYet, Proven, Verdict
from avd_failover.operations.desks import Desks, PersonalBase

ASK_AGAIN_S = 10.0
"""A machine of a region that may be dark is asked twice, so far apart, before nobody can say."""

Installed = Reading[InstalledExtension]


class Unread(Struct, frozen=True, kw_only=True):
    """A desktop whose machine nobody could ask, and the image that could stand in."""

    name: str
    host: str
    because: str
    image: DeskImage | None


class ImagesSeen(Struct, frozen=True, kw_only=True):
    """The desktops that are asked about, and what is on the machine behind each."""

    desks: Desks
    now: datetime
    installed: dict[str, Installed]
    """What could be read, under the session host."""
    unread: tuple[Unread, ...] = ()

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be read whole."""
        lists = [f"{host}: {one.gap}" for host, one in self.installed.items() if not one.complete]
        return (*self.desks.gaps, *lists)


class RecordExtensions(PersonalBase):
    """Write down which extensions every desktop has, before it moves or as upkeep for a later run."""

    spec: ClassVar = OperationSpec(
        name=RECORDS,
        summary="Write down the extensions of every machine before it moves.",
        ends=(End.SOURCE,),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ImagesSeen:
        """Read the extensions of every machine that is to move; as upkeep, of every machine."""
        seen = await self.look(cloud, memory)
        desks = [desk for desk in seen.desks if self._asked_about(desk)]
        read = await asyncio.gather(*(self._on(cloud, desk) for desk in desks))
        known = {image.host: image for image in memory.images}
        pairs = list(zip(desks, read, strict=True))
        return ImagesSeen(
            desks=seen,
            now=memory.now_at,
            installed={filed(desk): one for desk, one in pairs if not isinstance(one, str)},
            unread=tuple(
                Unread(name=desk.name, host=filed(desk), because=one, image=known.get(filed(desk)))
                for desk, one in pairs
                if isinstance(one, str)
            ),
        )

    def plan(self, seen: ImagesSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[ImagesSeen]) -> Verdict:
        """Hold when every list was whole, or an image stands in; an unplanned run also without either."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(because="could not be read whole: " + "; ".join(seen.gaps))
        if seen.unread and not (len(looks) > 1 and looks[-2].unread):
            because = f"{_names(seen.unread)} could not be asked ({seen.unread[0].because}), asked once more"
            return NotYet(because=because, look_again_s=ASK_AGAIN_S)
        bare = tuple(self._bare(seen))
        if bare and self.route.mode is Mode.PLANNED:
            findings = tuple(self._finding(one, seen) for one in bare)
            return Blocked(because=f"{findings[0].subject}: {findings[0].detail}", findings=findings)
        kept = [one for one in seen.unread if one not in bare]
        images: dict[str, Setting] = {
            IMAGE + host: figure(one.image for one in found.items) for host, found in seen.installed.items()
        }
        images |= {KEPT + one.host: figure(one.image.extensions) for one in kept if one.image is not None}
        return Proven(
            because="; ".join(self._said(seen, kept, bare)),
            facts=images | {"kept": len(kept), "hidden": len(bare)},
        )

    def _said(self, seen: ImagesSeen, kept: Sequence[Unread], bare: Sequence[Unread]) -> Iterator[str]:
        yield f"extensions of {counted(len(seen.installed), 'desktop')} written down"
        if kept:
            oldest = span(max(one.image.age_s(seen.now) for one in kept if one.image is not None))
            yield f"an earlier image stands in for {counted(len(kept), 'desktop')}, {oldest} old at most"
        if bare:
            many = counted(len(self.personal.extensions), "extension")
            yield (
                f"nobody can say what is on {_names(bare)}, {self._lacks(bare[0], seen)}:"
                f" the plan's list stands in, with {many}"
            )

    def _finding(self, one: Unread, seen: ImagesSeen) -> Finding:
        detail = f"its extensions cannot be read ({one.because}), {self._lacks(one, seen)}"
        return Finding(code="extensions-unread", subject=one.name, detail=detail)

    def _bare(self, seen: ImagesSeen) -> Iterator[Unread]:
        """Yield those that no fresh image stands in for."""
        for one in seen.unread:
            if one.image is None or one.image.age_s(seen.now) > self.personal.images_within_s:
                yield one

    def _lacks(self, one: Unread, seen: ImagesSeen) -> str:
        limit = span(self.personal.images_within_s)
        if one.image is None:
            return "and no earlier run wrote them down"
        return f"and what was written down is {span(one.image.age_s(seen.now))} old, the plan takes {limit}"

    def _asked_about(self, desk: Desk) -> bool:
        if desk.host.machine is None:
            return False
        if self.route.purpose is Purpose.UPKEEP:
            return True
        return desk.item is not None and not desk.stand.moved

    async def _on(self, cloud: Reads, desk: Desk) -> Installed | str:
        """Return what is on a machine, or why nobody can say; a silence in planned mode is waited out."""
        if desk.host.machine is None:
            return "no machine stands behind it"
        try:
            return await cloud.machines.extensions(desk.host.machine)
        except CloudError as fault:
            if self.route.mode is Mode.PLANNED and not isinstance(fault, RefusedError):
                raise
            return fault.brief


def _names(unread: Sequence[Unread]) -> str:
    return listed([one.name for one in unread])
