"""The evidence of a drill, as frozen values: what a supervisor, an auditor or the next on-call asks for.

The fields are those of the documentation duties for tests of recovery plans (DORA and its RTS, ISO 22301,
NIST 800-34, SOC 2). What a journal cannot know, such as who mends a deficiency until when, is null: it is
for people to fill in, and forms leave room for it. Times are UTC on the run's clock, durations seconds.
"""

from datetime import datetime

from msgspec import Struct


class Person(Struct, frozen=True, kw_only=True):
    """Somebody's part in the drill; names are as given, and nobody checked them."""

    role: str
    """``started``, ``approved``, ``rejected``, ``asked``, ``executed`` or ``informed``."""
    who: str
    at: datetime | None
    what: str


class ThirdParty(Struct, frozen=True, kw_only=True):
    """A service of somebody else's that took part."""

    kind: str
    name: str


class Heard(Struct, frozen=True, kw_only=True):
    """What testers said of one item of the checklist, or of the whole."""

    item: str
    result: str


class Held(Struct, frozen=True, kw_only=True):
    """An invariant, judged from data; null where the journal does not say. ``counted`` says how it was."""

    name: str
    holds: bool | None
    counted: str


class Digest(Struct, frozen=True, kw_only=True):
    """One kind of thing of production, before and after; null where it was not read."""

    kind: str
    things: int
    before_sha256: str | None
    after_sha256: str | None

    @property
    def same(self) -> bool | None:
        """Whether it is as it was; None where one of the readings is missing."""
        if self.before_sha256 is None or self.after_sha256 is None:
            return None
        return self.before_sha256 == self.after_sha256


class EvidenceFile(Struct, frozen=True, kw_only=True):
    """A file that somebody gave with their word: its name and digest; its content stays with them."""

    name: str
    sha256: str
    by: str
    step: str


class Deficiency(Struct, frozen=True, kw_only=True):
    """Something to mend. The last three are for people to fill in."""

    what: str
    code: str
    where: str
    owner: str | None = None
    due: str | None = None
    retest: str | None = None


class DrillEvidence(Struct, frozen=True, kw_only=True):
    """A whole drill. Identity, objectives, steps and assumptions of it stand in the account beside this."""

    result: str
    """``pass``, ``fail``, ``not told``, or ``not ended`` while the drill is on."""
    test_type: str
    scope: str
    scenario: str | None
    """The simulated scenario; null for a drill in Azure, for which people write down what they assumed."""
    severity: str | None
    chosen_because: str | None
    began_at: datetime
    ended_at: datetime | None
    duration_s: float
    there_at: datetime | None
    """When testers had the other side."""
    left_at: datetime | None
    """When the first of them lost it again, on the way back."""
    carried_s: float | None
    """How long the other side carried the testers."""
    returned_at: datetime | None
    """When they had their own side again."""
    testers_told: int
    heard: tuple[Heard, ...]
    notes: str
    people: tuple[Person, ...]
    third_parties: tuple[ThirdParty, ...]
    invariants: tuple[Held, ...]
    production: tuple[Digest, ...]
    files: tuple[EvidenceFile, ...]
    deficiencies: tuple[Deficiency, ...]
    next_due_at: datetime | None
    """By the plan's cadence, from a drill that succeeded; null from one that did not: then it is due now."""
    every_s: float
