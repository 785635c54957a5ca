"""Access on the way back: taking away what this run gave, giving back what it took, both by id.

Nothing here is found by listing: a listing lags, and could show what somebody else assigned meanwhile. Only
what the journal says this run created is ever deleted (safety S13), and images are restored field by field
under their own ids (S11).
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Action, GrantAssignment, Moves, RevokeAssignment, Skipped
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.placement import differences
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import AfterRefusal, Base, Memory, NotYet, Proven, Verdict


class ImageSeen(Struct, frozen=True, kw_only=True):
    """An assignment as the journal has it, and as a read by id finds it."""

    image: RoleAssignment
    now: RoleAssignment | None


class ImagesSeen(Struct, frozen=True, kw_only=True):
    """Every image that concerns this end."""

    images: tuple[ImageSeen, ...]
    settles_in_s: float = 0.0
    """Seconds until no request of this run can undo this late: no grant, or no delete where images return."""


class Withdraw(Base):
    """Delete the assignments that this run created at one end, and no others."""

    spec: ClassVar = OperationSpec(
        name="assignments.withdraw",
        summary="Delete what this run granted at one end; what others assigned there stays.",
        ends=(End.SOURCE, End.TARGET),
        changes=("assignment.revoke",),
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ImagesSeen:
        """Read by id what the run created here, and how long a grant may still arrive late."""
        left_s = self._in_flight_s(memory.last_doubt_s, memory)
        return ImagesSeen(images=await self._see(cloud, memory.granted), settles_in_s=left_s)

    def plan(self, seen: ImagesSeen) -> Moves:
        """Delete what is still there."""
        reason = f"what the run granted on {self.side.side.value} is withdrawn"
        return Moves(
            actions=tuple(
                RevokeAssignment(assignment=one.now, reason=reason) for one in seen.images if one.now
            ),
            skipped=tuple(
                Skipped(target=one.image.id, because="is gone already") for one in seen.images if not one.now
            ),
        )

    def prove(self, looks: Sequence[ImagesSeen]) -> Verdict:
        """Hold when none of them is found by id, and none can appear any more (safety S14)."""
        images = looks[-1].images
        left = [one.image.id for one in images if one.now]
        if left:
            return NotYet(because=f"{counted(len(left), 'grant')} of this run still stand")
        if (left_s := looks[-1].settles_in_s) > 0:
            because = f"a grant whose answer was lost could still arrive for {left_s:.0f} s"
            return NotYet(because=because, look_again_s=left_s)
        return Proven(
            because=f"none of {counted(len(images), 'grant')} of this run stands any more",
            facts={"withdrawn": len(images)},
            idle=not any(one.now for one in looks[0].images),
        )

    def _in_flight_s(self, since_s: float | None, memory: Memory) -> float:
        """Return how long what was sent at a moment may still take effect."""
        if since_s is None:
            return 0.0
        return max(0.0, since_s + self.route.plan.policies.in_flight_s - memory.now_s)

    async def _see(self, cloud: Reads, images: Sequence[RoleAssignment]) -> tuple[ImageSeen, ...]:
        mine = set(self.route.application_groups(self.bound.end))
        here = [one for one in images if one.scope in mine]
        now = await asyncio.gather(*(cloud.assignments.get(one.id) for one in here))
        return tuple(ImageSeen(image=image, now=found) for image, found in zip(here, now, strict=True))


class RestoreImages(Withdraw):
    """Create again, field by field and under their own ids, the assignments that this run deleted."""

    spec: ClassVar = OperationSpec(
        name="assignments.restore",
        summary="Restore at one end what this run revoked there, from the images in its journal.",
        ends=(End.TARGET, End.SOURCE),
        changes=("assignment.grant",),
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ImagesSeen:
        """Read by id what the run deleted here, and how long a delete may still arrive late."""
        left_s = self._in_flight_s(memory.last_revoke_s, memory)
        return ImagesSeen(images=await self._see(cloud, memory.revoked), settles_in_s=left_s)

    def plan(self, seen: ImagesSeen) -> Moves:
        """Restore what is missing, once no delete of the same id can follow (safety S14)."""
        if seen.settles_in_s > 0:
            return Moves()
        reason = f"what the run revoked on {self.side.side.value} is restored"
        return Moves(
            actions=tuple(
                GrantAssignment(assignment=one.image, reason=reason) for one in seen.images if not one.now
            ),
            skipped=tuple(Skipped(target=one.image.id, because="stands") for one in seen.images if one.now),
        )

    def prove(self, looks: Sequence[ImagesSeen]) -> Verdict:
        """Hold when every image is found by id, equal in every field that a restore must keep."""
        seen = looks[-1]
        if seen.settles_in_s > 0:
            because = f"a delete could still arrive for {seen.settles_in_s:.0f} s"
            return NotYet(because=because, look_again_s=seen.settles_in_s)
        missing = [one.image.id for one in seen.images if not one.now]
        if missing:
            return NotYet(because=f"{counted(len(missing), 'assignment')} not restored yet")
        altered = [one for one in seen.images if one.now and differences(one.image, one.now)]
        if altered:
            fields = sorted({name for one in altered if one.now for name in differences(one.image, one.now)})
            return NotYet(because=f"{counted(len(altered), 'assignment')} differ in {listed(fields)}")
        return Proven(
            because=f"{counted(len(seen.images), 'assignment')} as before the run",
            facts={"restored": len(seen.images)},
            idle=all(one.now for one in looks[0].images),
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Take it for what it is when somebody assigned the same again under another name."""
        return AfterRefusal.LEAVE if refusal.code == "RoleAssignmentExists" else AfterRefusal.STOP
