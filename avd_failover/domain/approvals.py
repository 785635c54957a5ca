"""Approvals: what people said about a step that waits for them, and whether that is enough.

One pure decision, ``judge``, over what was said so far (safety O4 and 4.6). A person counts once, by the
last thing they said. What was said long ago does not count, what seems to come from the future neither:
both are clocks or copies that nobody should rest a failover on.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

EXPIRY_S = 4 * 3600.0
"""How long an approval counts (safety O4)."""

AHEAD_S = 60.0
"""How far another machine's clock may be ahead of ours; a guess, generous for machines that keep time."""


class Approval(Struct, frozen=True, kw_only=True):
    """One thing that one person said about one step.

    Evidence is a file of theirs: its name without folders and its SHA-256 in hex, never its content.
    """

    by: str
    at: datetime
    verdict: Literal["approve", "reject"] = "approve"
    reason: str = ""
    evidence_name: str = ""
    evidence_sha256: str = ""


class Rule(Struct, frozen=True, kw_only=True):
    """Whose word a gate waits for."""

    who: tuple[str, ...] = ()
    """People whose word counts; empty lets anybody's count."""
    count: int = 1
    """How many different people must approve; one or two."""
    two_person: bool = False
    """Whoever started the run does not count."""
    evidence: bool = False
    """An approval counts only with a file of evidence."""
    expires_s: float = EXPIRY_S


class Granted(Struct, frozen=True, kw_only=True):
    """Enough people approved; these are the approvals that count, the earliest first."""

    approvals: tuple[Approval, ...]


class Waiting(Struct, frozen=True, kw_only=True):
    """So many more must approve. ``ignored`` says what was said and does not count, and why."""

    lacking: int
    ignored: tuple[str, ...] = ()


class Rejected(Struct, frozen=True, kw_only=True):
    """Somebody whose word counts said no."""

    by: str
    reason: str


Judgement = Granted | Waiting | Rejected


def judge(approvals: Sequence[Approval], rule: Rule, initiator: str, now: datetime) -> Judgement:
    """Say whether a gate opens. One no of somebody whose word counts outweighs every yes."""
    ignored: list[str] = []
    counting: list[Approval] = []
    for said in _last_words(approvals):
        if why := _discounted(said, rule, initiator, now):
            ignored.append(f"{said.by}: {why}")
        else:
            counting.append(said)
    for said in counting:
        if said.verdict == "reject":
            return Rejected(by=said.by, reason=said.reason)
    if len(counting) >= rule.count:
        return Granted(approvals=tuple(counting))
    return Waiting(lacking=rule.count - len(counting), ignored=tuple(ignored))


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: case and surrounding blanks make nobody a second person."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _last_words(approvals: Sequence[Approval]) -> list[Approval]:
    """Return each person's last word, by the order in which they were taken up."""
    last: dict[str, Approval] = {}
    for said in approvals:
        last.pop(_key(said.by), None)
        last[_key(said.by)] = said
    return sorted(last.values(), key=lambda said: said.at)


def _discounted(said: Approval, rule: Rule, initiator: str, now: datetime) -> str:
    """Say why a word does not count; empty when it does. A no needs no evidence, and anybody may say it."""
    if rule.who and not any(same_person(said.by, name) for name in rule.who):
        return "may not decide this"
    if said.at > now + timedelta(seconds=AHEAD_S):
        return "lies in the future"
    if now - said.at > timedelta(seconds=rule.expires_s):
        return "has expired"
    if said.verdict == "reject":
        return ""
    if rule.two_person and same_person(said.by, initiator):
        return "started the run, and somebody else must approve"
    if rule.evidence and not said.evidence_sha256:
        return "came without evidence"
    return ""
