"""The decision that only people can make: a source that does not answer counts as fenced (safety S8, I7).

Silence from a region is never proof that nobody works there. So where nobody can be proven gone, access to
the other side needs all of this: the revokes are confirmed and have settled, looks at the source stay without
an answer, and as many different people as the plan asks for say, by name, that the region is out. What was
asked and not answered stands in the record; whoever approves adds the evidence that the engine cannot see,
such as the region's published outage.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from avd_failover.domain.approvals import Approval, Granted, Rejected, Rule, judge
from avd_failover.domain.plan import Policies
from avd_failover.domain.words import counted, listed

LOOK_EVERY_S = 15.0


class Silence(Struct, frozen=True, kw_only=True):
    """What is known about a source that does not answer."""

    at_s: float
    unanswered: tuple[str, ...]
    """What was asked, and what came of it."""
    held: tuple[str, ...]
    """Pairs that are still assigned there; None may be, before anybody may declare it fenced."""
    unread: tuple[str, ...]
    """What could not be read of the assignments."""
    settles_in_s: float
    """Seconds until no removed assignment opens a door any more."""
    hosts_unproven: tuple[str, ...] | None
    """Hosts of which nobody knows whether somebody works there; None when not even they could be listed."""
    ways_unread: tuple[str, ...] = ()
    """What could not be read of other ways in than the plan's own, which readiness saw last (S6)."""


class Fenced(Struct, frozen=True, kw_only=True):
    """People declared the source fenced."""

    approvers: tuple[str, ...]
    evidence: tuple[str, ...]
    """Name and SHA-256 of each file that an approver gave."""
    until: datetime
    """When the declaration expires."""


class Undecided(Struct, frozen=True, kw_only=True):
    """Not fenced yet."""

    because: str
    look_again_s: float
    lacking: int = 0
    """How many more people must speak; 0 while time, or something that is still there, is waited for."""


class Denied(Struct, frozen=True, kw_only=True):
    """Somebody who may decide said no: the source is not fenced."""

    because: str


Decision = Fenced | Undecided | Denied


def decide(
    silence: Silence, said: Sequence[Approval], policies: Policies, initiator: str, now: datetime
) -> Decision:
    """Judge whether a silent source is fenced. Nothing that people say outweighs an assignment left there."""
    if silence.unread or silence.held:
        lacking = [*silence.unread, *(f"{label} is still assigned on the source" for label in silence.held)]
        return Undecided(because=listed(lacking), look_again_s=LOOK_EVERY_S)
    rule = Rule(count=policies.approvers, two_person=policies.approvers > 1)
    match judge(said, rule, initiator, now):
        case Rejected() as no:
            return Denied(because=f"{no.by} says that the source is not fenced: {no.reason or 'no'}")
        case Granted(approvals=approvals):
            if silence.settles_in_s > 0:
                because = f"a removed assignment may open a door for another {silence.settles_in_s:.0f} s"
                return Undecided(because=because, look_again_s=min(LOOK_EVERY_S, silence.settles_in_s))
            return _fenced(approvals, rule)
        case waiting:
            ignored = f" ({listed(waiting.ignored)})" if waiting.ignored else ""
            return Undecided(
                because=f"{_told(silence)}; {counted(waiting.lacking, 'more person')} must declare the source"
                f" fenced{ignored}",
                look_again_s=LOOK_EVERY_S,
                lacking=waiting.lacking,
            )


def _told(silence: Silence) -> str:
    hosts = silence.hosts_unproven
    unproven = "hosts" if hosts is None else counted(len(hosts), "host")
    ways = f", other ways in not read again ({listed(silence.ways_unread)})" if silence.ways_unread else ""
    return f"the source does not answer ({listed(silence.unanswered)}), {unproven} not proven empty{ways}"


def _fenced(approvals: Sequence[Approval], rule: Rule) -> Fenced:
    from_first = min(one.at for one in approvals)
    return Fenced(
        approvers=tuple(one.by for one in approvals),
        evidence=tuple(
            f"{one.evidence_name} {one.evidence_sha256}" for one in approvals if one.evidence_sha256
        ),
        until=from_first + timedelta(seconds=rule.expires_s),
    )
