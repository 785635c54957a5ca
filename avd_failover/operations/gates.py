"""A gate: a step that waits for people. What it asks, whom, and what follows from silence is data."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Moves
from avd_failover.domain.approvals import (
    EXPIRY_S,
    Approval,
    Granted,
    Judgement,
    Rejected,
    Rule,
    Waiting,
    judge,
)
from avd_failover.domain.graph import Given, OperationSpec, SettingSpec
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import Base, Blocked, Bound, Memory, NotYet, Proven, Verdict
from avd_failover.operations.filling import text_of

LOOK_S = 5.0
"""Seconds between two looks for approvals; they cost nothing."""


class GateSeen(Struct, frozen=True, kw_only=True):
    """What people said so far comes to, and how long the gate still waits."""

    judgement: Judgement
    left_s: float


class Gate(Base):
    """Wait until enough people approved. A no stops it; silence does what the step says."""

    spec: ClassVar = OperationSpec(
        name="gate",
        summary="Wait until the people named approve: failover approve RUN STEP --by NAME.",
        settings={
            "instruction": SettingSpec(
                kind="text", summary="what has to be done or looked at first", required=True, filled=True
            ),
            "who": SettingSpec(kind="texts", summary="names of those who may approve; anybody without it"),
            "approvals": SettingSpec(kind="integer", summary="how many must approve", choices=(1, 2)),
            "two_person": SettingSpec(
                kind="flag", summary="true if whoever started the run does not count; always so with 2"
            ),
            "evidence": SettingSpec(kind="flag", summary="true if an approval must come with a file"),
            "expires": SettingSpec(kind="duration", summary="how long an approval counts (4h)"),
            "go_on": SettingSpec(
                kind="flag", summary="true if the run goes on when nobody answered within proof_within"
            ),
        },
        essential=True,
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        settings = bound.step.settings
        self._rule = rule_of(settings)
        self._go_on = settings.get("go_on") is True
        self._began_s: float | None = None

    async def observe(self, cloud: Reads, memory: Memory) -> GateSeen:
        """Judge what was said so far; Azure is not asked."""
        if self._began_s is None:
            self._began_s = memory.now_s
        said = memory.approvals(self.bound.step.id)
        return GateSeen(
            judgement=judge(said, self._rule, memory.initiator, memory.now_at),
            left_s=self._began_s + self.bound.step.proof_within_s - memory.now_s,
        )

    def plan(self, seen: GateSeen) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[GateSeen]) -> Verdict:
        """Hold when enough people approved, or nobody spoke and the step goes on without."""
        seen = looks[-1]
        match seen.judgement:
            case Granted(approvals=approvals):
                return Proven(because=_granted(approvals), facts={"approvals": len(approvals)})
            case Rejected(by=by, reason=reason):
                return Blocked(because=f"{by} rejected it{f': {reason}' if reason else ''}")
            case Waiting() as waiting if not self._go_on or seen.left_s > LOOK_S:
                return NotYet(because=self._asked(waiting), look_again_s=LOOK_S)
            case Waiting():
                within = f"{self.bound.step.proof_within_s:.0f} s"
                return Proven(because=f"nobody objected within {within}, and the runbook says to go on")

    def _asked(self, waiting: Waiting) -> str:
        whom = f" by {listed(self._rule.who)}" if self._rule.who else ""
        apart = ", not by whoever started the run" if self._rule.two_person else ""
        proof = ", with evidence" if self._rule.evidence else ""
        ignored = f" Not counted: {'; '.join(waiting.ignored)}." if waiting.ignored else ""
        flag = " --evidence FILE" if self._rule.evidence else ""
        return (
            f"waits for {counted(waiting.lacking, 'approval')}{whom}{apart}{proof}:"
            f" {text_of(self.bound, 'instruction')}{ignored}"
            f" Then: failover approve {self.bound.run} {self.bound.step.id} --by NAME{flag}"
        )


def rule_of(settings: Mapping[str, Given]) -> Rule:
    """Return whose word a step waits for, by its settings; without any, that of one person, whoever it is."""
    who, count = settings.get("who", ()), int(str(settings.get("approvals", 1)))
    return Rule(
        who=who if isinstance(who, tuple) else (),
        count=count,
        two_person=count > 1 or settings.get("two_person") is True,
        evidence=settings.get("evidence") is True,
        expires_s=float(str(settings.get("expires", EXPIRY_S))),
    )


def _granted(approvals: Sequence[Approval]) -> str:
    return "approved by " + ", ".join(
        f"{one.by} (evidence {one.evidence_name}, SHA-256 {one.evidence_sha256})"
        if one.evidence_sha256
        else one.by
        for one in approvals
    )
