"""Whether profiles are whole on the side that users return to (contract 148).

Azure tells nothing of it: what Cloud Cache or storage replication has copied is known on hosts and in
storage only. So a plan says why it can be relied on, or a person looks and says so before each failback.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.approvals import Approval, Granted, Rejected, Rule, judge
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.plan import End
from avd_failover.operations.base import Base, Blocked, Memory, NotYet, Proven, Verdict

RULE = Rule()
"""One person who looked is enough, whoever started the run."""

LOOK_EVERY_S = 5.0


class ProfilesSeen(Struct, frozen=True, kw_only=True):
    """What people said so far."""

    said: tuple[Approval, ...]
    initiator: str
    now: datetime


class ProfilesConfirmed(Base):
    """Go on when the plan says why profiles are the same on both sides, or a person confirmed it."""

    spec: ClassVar = OperationSpec(
        name="profiles.confirm",
        summary="Make sure that profiles are whole where users go: by the plan's word, or a person's.",
        essential=True,
    )

    async def observe(self, cloud: Reads, memory: Memory) -> ProfilesSeen:
        """Take in what was said."""
        said = tuple(memory.approvals(self.bound.step.id))
        return ProfilesSeen(said=said, initiator=memory.initiator, now=memory.now_at)

    def plan(self, seen: ProfilesSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[ProfilesSeen]) -> Verdict:
        """Hold at once if profiles are mirrored, else once somebody confirmed it."""
        seen, profiles = looks[-1], self.route.plan.profiles
        if profiles.mirrored:
            return Proven(because=f"the plan relies on it: {profiles.because}", idle=True)
        match judge(seen.said, RULE, seen.initiator, seen.now):
            case Granted(approvals=(first, *_)):
                beside = f", evidence {first.evidence_sha256}" if first.evidence_sha256 else ""
                return Proven(because=f"confirmed by {first.by}: {first.reason or 'looked'}{beside}")
            case Rejected() as no:
                because = f"{no.by} says no: {no.reason or 'profiles are not whole'}"
                return Blocked(because=because, findings=(_finding(because),))
        there = self.route.side(End.TARGET).region
        return NotYet(
            because=f"somebody must confirm that profiles are whole in {there}:"
            f" failover approve {self.bound.run} {self.bound.step.id} --by NAME --reason WHAT-WAS-SEEN",
            look_again_s=LOOK_EVERY_S,
        )


def _finding(because: str) -> Finding:
    return Finding(code="profiles-unconfirmed", subject="profiles", detail=because)
