"""Findings, things left alone and times, as reports write them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypedDict

from avd_failover.domain.actions import Skipped
from avd_failover.domain.findings import Finding
from avd_failover.domain.words import listed
from avd_failover.report.redaction import redact
from avd_failover.report.words import Names, screen

NAMES_SHOWN = 3
"""Of things that are alike; data forms and journals have them all."""


class FindingData(TypedDict):
    """What a check found; ``subject`` is an id or a name."""

    code: str
    subject: str
    detail: str


def findings_data(findings: Sequence[Finding]) -> list[FindingData]:
    """Return findings for scripts, ids whole."""
    return [{"code": one.code, "subject": one.subject, "detail": redact(one.detail)} for one in findings]


def findings_text(findings: Sequence[Finding], names: Names) -> Iterator[str]:
    """Yield one line for each finding: code, what it concerns, what is wrong with it."""
    for finding in findings:
        yield screen(f"  {finding.code}  {names.of(finding.subject)}: {finding.detail}")


def left_alone(skipped: Iterable[Skipped], names: Names) -> Iterator[str]:
    """Yield one line for each reason to leave things alone, with the first few of those things."""
    folded: dict[str, list[str]] = {}
    for skip in skipped:
        folded.setdefault(skip.because, []).append(names.of(skip.target))
    for because, targets in folded.items():
        yield screen(f"left alone: {listed(targets, NAMES_SHOWN)} ({because})")


def clock(at: datetime | None, none: str = "-") -> str:
    """Write a time of day, UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else none


def day(at: datetime) -> str:
    """Write date and time, UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
