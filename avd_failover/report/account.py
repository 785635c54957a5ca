"""The account of a run: what its journal says, as one frozen value that text, JSON and HTML are drawn from.

``report.story`` builds it. In its JSON form the fields are a contract with scripts: they are added to, never
renamed. Times are UTC on the run's clock, durations seconds. What the journal does not say is null, and
``missing`` says so in words. Secrets and addresses of people are taken out where the account leaves the
process, by each of its forms.
"""

from datetime import datetime

from msgspec import Struct, to_builtins

from avd_failover.domain.graph import Setting
from avd_failover.report.chapters import Aim, Fence, Gate, Item, Matrix, Settled, Switch, TakeOver
from avd_failover.report.drill_account import DrillEvidence
from avd_failover.report.machines import MachineAccount
from avd_failover.report.redaction import redact_value

FORMAT = 1
"""Version of the fields below; it rises when one of them changes its meaning."""


class SideAccount(Struct, frozen=True, kw_only=True):
    """One end of the run."""

    side: str
    region: str
    host_pool: str


class Identity(Struct, frozen=True, kw_only=True):
    """Which run this is, and what exactly was run.

    ``kind`` is ``failover``, ``failback``, ``drill``, ``settling`` or ``upkeep``.
    """

    run: str
    kind: str
    plan: str
    plan_summary: str
    plan_sha256: str
    runbook: str
    runbook_sha256: str
    engine: str
    direction: str
    mode: str
    scope: str
    source: SideAccount
    target: SideAccount
    arm_endpoint: str
    graph_endpoint: str
    simulated: str | None
    """Name of the scenario when the Azure was a simulated one."""


class Drive(Struct, frozen=True, kw_only=True):
    """One process that drove the run, from its first to its last word."""

    host: str
    pid: int
    epoch: int
    engine: str
    how: str
    """``began``, ``resumed``, or ``turned back`` by the process that had driven it there."""
    since: datetime
    until: datetime | None
    """None while it still drives."""
    ended: str
    """A word of ``RunStatus``; ``killed`` for a process that said no last word, empty while it drives."""
    because: str


class Decision(Struct, frozen=True, kw_only=True):
    """What a person asked of the run, and when the run took it up. ``kind`` is a word of ``Order``."""

    at: datetime
    kind: str
    by: str
    """As the person gave it; nobody checked it."""
    reason: str
    step: str | None
    item: str = ""
    """One of several things that the step works on; empty for the step as a whole."""
    value: str = ""
    evidence_name: str = ""
    evidence_sha256: str = ""


class Ending(Struct, frozen=True, kw_only=True):
    """Where the run stands. ``so_far`` says that it may still go on."""

    state: str
    so_far: bool
    because: str
    changed: bool
    idle: bool
    """It completed, and there was nothing to do."""
    started_at: datetime
    ended_at: datetime | None
    as_of: datetime
    """Time of the last entry: nothing later is known."""
    lasted_s: float


class Measure(Struct, frozen=True, kw_only=True):
    """An objective beside what was measured. ``kept`` is null where that cannot be said (yet)."""

    name: str
    declared_s: float
    measured_s: float | None
    open: bool
    """Still growing when the journal ends."""
    kept: bool | None
    how: str


class Moments(Struct, frozen=True, kw_only=True):
    """The turning points; null for one that was not reached."""

    first_revoke_at: datetime | None
    last_revoke_at: datetime | None
    barrier_at: datetime | None
    first_grant_at: datetime | None
    last_grant_at: datetime | None
    recovered_at: datetime | None
    turned_at: datetime | None
    """When the run was turned back; what comes after concerns the way back."""
    restored_at: datetime | None


class Span(Struct, frozen=True, kw_only=True):
    """A time from one moment to another."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.until - self.since).total_seconds()


class PairAccount(Struct, frozen=True, kw_only=True):
    """One user group's hold on one application group. ``before`` and ``after`` are words of ``Place``."""

    pair: str
    group: str
    application_group: str
    before: str
    after: str
    revoked_at: datetime | None
    granted_at: datetime | None
    """On the target."""
    restored_at: datetime | None
    """On the source, by a run that was turned back."""
    gaps: tuple[Span, ...]
    """When its users had access to neither side: from a revoke's answer, or its sending where the answer was
    lost, to the next grant's."""
    gap_s: float | None
    """All of them together, at most."""
    gap_open: bool


class Turn(Struct, frozen=True, kw_only=True):
    """One time that a step was entered. ``result``: a word of ``StepStatus``, or ``cut off``."""

    started_at: datetime
    ended_at: datetime | None
    result: str
    because: str


class Waiting(Struct, frozen=True, kw_only=True):
    """What a step waited for."""

    at: datetime
    because: str
    until: datetime


class Deeds(Struct, frozen=True, kw_only=True):
    """One kind of action of a step, its targets counted by how their last attempt ended."""

    kind: str
    request: str
    targets: int
    applied: int
    refused: int
    transient: int
    void: int
    unknown: int
    attempts: int

    @property
    def retries(self) -> int:
        """Attempts beyond the first at each target."""
        return self.attempts - self.targets


class Left(Struct, frozen=True, kw_only=True):
    """Things that a step looked at and left alone, for one reason."""

    because: str
    targets: tuple[str, ...]


class StepAccount(Struct, frozen=True, kw_only=True):
    """One step. ``state`` is a word of ``StepStatus``, or ``cut off``: no verdict, and nobody drives it.

    ``duration_s`` is the time in its turns, pauses between them left out.
    """

    id: str
    uses: str
    side: str | None
    region: str | None
    back: bool
    """Whether it belongs to the way back of a run that was turned."""
    summary: str
    state: str
    reason: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    facts: dict[str, Setting]
    turns: tuple[Turn, ...]
    waits: tuple[Waiting, ...]
    deeds: tuple[Deeds, ...]
    retries: int
    left_alone: tuple[Left, ...]
    actor: str = ""
    """Which process worked on it, and which people decided in it; empty for a step that did not begin."""


class Barrier(Struct, frozen=True, kw_only=True):
    """What let access be granted on the target (safety S4, S7)."""

    step: str
    state: str
    proof: str | None
    """``physical`` or ``settle``; null while it does not stand."""
    looks: int | None
    ghosts: int | None
    sentence: str
    proven_at: datetime | None
    waits: tuple[Waiting, ...]


class Check(Struct, frozen=True, kw_only=True):
    """A rule of the safety case, held against the order of the journal's entries; null: does not apply."""

    rule: str
    source: str
    holds: bool | None
    detail: str


class Changes(Struct, frozen=True, kw_only=True):
    """What was changed besides access. Ended sessions are proven to be gone; others were only accepted."""

    sessions_ended: int
    sessions_unproven: int
    users_told: int
    machines_started: int
    machines_stopped: int
    hosts_drained: int


class Owed(Struct, frozen=True, kw_only=True):
    """A step that could not be done: settled before any later run."""

    step: str
    region: str | None
    because: str
    settle: str | None = None
    """The command that settles it; null once another run did."""
    paid_by: str | None = None
    """The run that paid it, where that run's journal was at hand."""
    paid_at: datetime | None = None


class Loose(Struct, frozen=True, kw_only=True):
    """A request whose effect nobody knows."""

    step: str
    n: int
    what: str
    sent_at: datetime
    detail: str


class Trouble(Struct, frozen=True, kw_only=True):
    """Attempts of a step that changed nothing, alike in outcome and answer."""

    step: str
    outcome: str
    detail: str
    count: int
    such_as: str
    first_at: datetime


class Found(Struct, frozen=True, kw_only=True):
    """A finding; ``stands`` unless a later look took it back."""

    code: str
    subject: str
    detail: str
    step: str | None
    at: datetime
    stands: bool


class Proof(Struct, frozen=True, kw_only=True):
    """The journal that all of this was read from."""

    entries: int
    head: str
    """SHA-256 of its last line."""
    schema: int
    verify: str
    export: str


class Account(Struct, frozen=True, kw_only=True):
    """A whole run."""

    format: int
    identity: Identity
    ending: Ending
    drives: tuple[Drive, ...]
    decisions: tuple[Decision, ...]
    objectives: tuple[Measure, ...]
    moments: Moments
    gaps: tuple[Span, ...]
    """When at least one pair was without access; together they are the access gap."""
    placement: tuple[PairAccount, ...]
    machines: tuple[MachineAccount, ...]
    """Personal desktops one by one; empty where none was moved."""
    steps: tuple[StepAccount, ...]
    barrier: Barrier | None
    checks: tuple[Check, ...]
    changes: Changes
    owed: tuple[Owed, ...]
    unknown: tuple[Loose, ...]
    trouble: tuple[Trouble, ...]
    findings: tuple[Found, ...]
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]
    journal: Proof
    resume: str | None
    aim: Aim
    switches: tuple[Switch, ...]
    take_overs: tuple[TakeOver, ...]
    gates: tuple[Gate, ...]
    items: tuple[Item, ...]
    fence: Fence | None
    settled: tuple[Settled, ...]
    """Debts of earlier runs that this one was to pay."""
    matrix: Matrix | None
    drill: DrillEvidence | None
    """The evidence, of a drill."""


def account_data(account: Account) -> object:
    """Return the account for ``json.dumps``, with all that no report may show taken out."""
    return redact_value(to_builtins(account))
