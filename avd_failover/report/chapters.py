"""Chapters of a run's account that only some runs have: purpose, fence, debts, gates, items, cohort.

Frozen values, drawn by text, JSON and HTML alike. As in ``report.account``: fields are added, never renamed.
"""

from datetime import datetime

from msgspec import Struct


class Aim(Struct, frozen=True, kw_only=True):
    """What the run was for, who asked for it and how."""

    purpose: str
    """A word of ``Purpose``: ``failover``, ``failback``, ``drill``, ``settle`` or ``upkeep``."""
    sentence: str
    """What it did, in one sentence."""
    initiator: str
    """Who asked for the run, as given; empty where the journal does not say."""
    run_key: str
    forced: str
    """Why a source that looks healthy was left as if it were dark; empty when nobody did."""
    follows: tuple[str, ...]
    """Runs that this one takes back, or whose debts it pays."""


class Switch(Struct, frozen=True, kw_only=True):
    """The mode changed under way; ``because`` says who asked and why."""

    at: datetime
    mode: str
    because: str


class TakeOver(Struct, frozen=True, kw_only=True):
    """A process took over from one that no longer answered, and sent nothing at first (safety S18)."""

    at: datetime
    until: datetime
    epoch: int


class Word(Struct, frozen=True, kw_only=True):
    """What one person said about a step that waits for people."""

    by: str
    at: datetime
    verdict: str
    """``approve`` or ``reject``."""
    reason: str
    evidence_name: str
    evidence_sha256: str
    counts: bool
    """Whether it counts by the rule of the step, as of the journal's last entry."""


class Gate(Struct, frozen=True, kw_only=True):
    """A step that waits, or waited, for people."""

    step: str
    state: str
    needed: int
    """How many different people must approve."""
    lacking: int
    said: tuple[Word, ...]
    ignored: tuple[str, ...]
    """What was said and does not count, and why."""
    command: str | None
    """What to type while it waits."""


class Fence(Struct, frozen=True, kw_only=True):
    """The declaration that let a silent source count as fenced (safety S8)."""

    step: str
    declared_at: datetime | None
    by: tuple[str, ...]
    evidence: str
    """Name and SHA-256 of each file; or that there was none."""
    unanswered: tuple[str, ...]
    """What was asked of the source, and what came of it."""
    hosts_not_proven: str
    ways_in_unread: str
    """What could not be read, at the fence, of other ways in than the plan's own."""
    expires: str


class Settled(Struct, frozen=True, kw_only=True):
    """A debt of an earlier run that this one was to pay."""

    run: str
    step: str
    because: str
    """Why it was owed, where that run's journal was at hand."""
    paid: bool


class Item(Struct, frozen=True, kw_only=True):
    """One of several things that a step works on, such as one machine."""

    step: str
    item: str
    state: str
    asked: str
    """What people asked for it last; empty for nothing."""


class Holding(Struct, frozen=True, kw_only=True):
    """A user group in the matrix of who is where afterwards."""

    group: str
    sides: tuple[str, ...]
    """For each application group a side, ``in transit``, ``unknown``, ``not moved``, or empty: holds none."""
    moved: tuple[bool, ...]
    """Whether this run was about it."""


class Matrix(Struct, frozen=True, kw_only=True):
    """Who is where after the run, as far as its journal tells: user groups by application groups."""

    application_groups: tuple[str, ...]
    holdings: tuple[Holding, ...]
    partial: bool
    """Whether the run was about some of them only."""
    back: str
    """Whom ``failover back`` returns; empty when there is nobody to return."""
