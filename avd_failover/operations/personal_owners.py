"""Whose desktop is whose, before and after: a failover must leave every user their own (contract 117).

Users are marks, never names (safety J11). What was there before is in the journal, one fact for each host.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.graph import OperationSpec, Setting, SettingSpec
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import Memory, NotYet, Proven, Stuck, Verdict
from avd_failover.operations.desks import PersonalBase

OWNER = "owner of "
"""What facts begin with that hold the mark of one host's user; empty for a host that is nobody's."""


class OwnersSeen(Struct, frozen=True, kw_only=True):
    """The hosts of the pool, and whose they were when that was written down."""

    hosts: Reading[SessionHost]
    before: Mapping[str, str] = {}


class RecordOwners(PersonalBase):
    """Write down which host is whose."""

    spec: ClassVar = OperationSpec(
        name="personal.owners-record",
        summary="Write down which session host is assigned to whom, as marks.",
        ends=(End.SOURCE,),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> OwnersSeen:
        """Read the hosts."""
        return OwnersSeen(hosts=await self._watch.look(cloud, memory.now_s))

    def plan(self, seen: OwnersSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[OwnersSeen]) -> Verdict:
        """Hold when the listing was whole."""
        seen = looks[-1]
        if not seen.hosts.complete:
            return NotYet(because=f"host listing incomplete: {seen.hosts.gap}", look_again_s=30.0)
        facts: dict[str, Setting] = {OWNER + host: mark for host, mark in _owners(seen.hosts).items()}
        return Proven(because=f"owners of {counted(len(facts), 'desktop')} written down", facts=facts)


class ProveOwners(PersonalBase):
    """Prove that every host is whose it was."""

    spec: ClassVar = OperationSpec(
        name="personal.owners-prove",
        summary="Prove that every session host is there and assigned to whom it was before.",
        ends=(End.TARGET,),
        settings={
            "recorded_by": SettingSpec(kind="text", summary="Step that wrote them down.", required=True)
        },
    )

    async def observe(self, cloud: Reads, memory: Memory) -> OwnersSeen:
        """Read the hosts, and what was written down."""
        facts = memory.facts(str(self.bound.step.settings["recorded_by"]))
        before = {name[len(OWNER) :]: str(mark) for name, mark in facts.items() if name.startswith(OWNER)}
        return OwnersSeen(hosts=await self._watch.look(cloud, memory.now_s), before=before)

    def plan(self, seen: OwnersSeen) -> Moves:
        """Change nothing: an assignment that somebody changed is theirs to explain."""
        return Moves()

    def prove(self, looks: Sequence[OwnersSeen]) -> Verdict:
        """Hold when the map is the same, and name every host where it is not."""
        seen = looks[-1]
        if not seen.hosts.complete:
            return NotYet(because=f"host listing incomplete: {seen.hosts.gap}", look_again_s=30.0)
        after = _owners(seen.hosts)
        names = sorted({*seen.before, *after})
        changed = [f"{name} {told}" for name in names if (told := _change(name, seen.before, after))]
        if changed:
            return Stuck(
                because=f"not whose they were before the run: {listed(changed, len(changed))}; somebody must"
                f" mend that in the host pool, or say why it is right: failover skip {self.bound.run}"
                f" {self.bound.step.id} --reason TEXT"
            )
        return Proven(
            because=f"{counted(len(names), 'desktop')} whose they were", facts={"desktops": len(names)}
        )


def _owners(hosts: Reading[SessionHost]) -> dict[str, str]:
    return {name_of(host.id): str(host.assigned_user or "") for host in hosts.items}


def _change(host: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Say what became of a host's user; empty when nothing did. Marks say nothing to people."""
    if host not in after:
        return "is not there any more"
    if host not in before:
        return "is new"
    if before[host] == after[host]:
        return ""
    if not after[host]:
        return "is nobody's now"
    return "is somebody else's now" if before[host] else "was nobody's and is somebody's now"
