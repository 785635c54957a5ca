"""The vocabulary of a journal: every fact that a run writes down, as frozen values.

Each event is one line of JSON: ``{"seq": 1, "at": "...", "prev": "<sha256>", "event": {"type": ...}}``.
``at`` is UTC on the run's clock (the simulated world's, where there is one); ``prev`` is the SHA-256 of the
line before. A reader that meets a type it does not know refuses the journal (J9), so types are never reused.
No event carries a token, a secret or a user's name; object ids are allowed (J11).
"""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from avd_failover.domain.accepted import Accepted
from avd_failover.domain.actions import Action, Skipped
from avd_failover.domain.desk_images import DeskImage
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting, StepGraph
from avd_failover.domain.plan import Mode, Plan
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus

SCHEMA = 1
"""Version of this vocabulary; the first event of a journal pins it."""


class Holder(Struct, frozen=True, kw_only=True):
    """The process that drives a run."""

    host: str
    pid: int
    epoch: int = 1


class Outcome(Enum):
    """How one attempt at an action ended.

    ``applied``: the cloud accepted it, or a later reading showed it done. ``transient``: not taken, nothing
    changed. ``refused``: never as it stands. ``unknown``: sent, answer lost. ``void``: was unknown, and a
    reading showed that it did not happen.
    """

    APPLIED = "applied"
    TRANSIENT = "transient"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    VOID = "void"


def lock_of(plan: Plan, simulated: str | None) -> str:
    """Return what at most one run may hold at a time; a rehearsal never stands in the way of a real run."""
    return f"{plan.pool_pair}@{simulated}" if simulated else plan.pool_pair


class RunPinned(Struct, frozen=True, kw_only=True, tag="run.pinned", tag_field="type"):
    """First event of every journal: all that a resumed run must not read from anywhere else (J8)."""

    run: str
    schema: int
    engine: str
    route: Route
    graph: StepGraph
    plan_sha256: str
    runbook_sha256: str
    arm_endpoint: str
    graph_endpoint: str
    simulated: str | None
    """Name of the scenario when the run goes against a simulated Azure."""
    holder: Holder
    initiator: str = ""
    """Who asked for the run; nobody approves what they began themselves (O4)."""
    key: str = ""
    """The run key under which it was asked for; asking again under it goes on with this run."""
    follows: tuple[str, ...] = ()
    """Earlier runs that this one takes up: a failback takes them back, a settling pays what they owe."""
    inherited: tuple[Action, ...] = ()
    """What the runs that a failback takes back had changed, in the order of their intents."""
    quarantine_s: float = 0.0
    """How long nothing is sent at first: what the lease's last holder sent may still take effect (S18)."""
    amends: str = ""
    """The run whose plan was edited, and that this one goes on with (safety O3)."""
    carried: tuple[Action, ...] = ()
    """What that run did, or may have done, in the order of its intents: it counts as this one's own."""
    accepted: Accepted | None = None
    """The placement that this run may begin from although no journal explains it (safety J10)."""
    images: tuple[DeskImage, ...] = ()
    """What earlier runs knew of the extensions on personal desktops, for those that nobody can ask now."""
    severity: str = ""
    """How severe the scenario of a drill is, in the words of whoever began it."""
    chosen_because: str = ""
    """Why a drill plays that scenario."""
    signer: str = ""
    """Public key that signs this journal, in hexadecimal; empty for one that nobody signs."""

    @property
    def lock(self) -> str:
        """Key of the lease: the pool pair, and the simulated world where there is one (safety S16)."""
        return lock_of(self.route.plan, self.simulated)


class RunResumed(Struct, frozen=True, kw_only=True, tag="run.resumed", tag_field="type"):
    """Another process, or the same person later, took the run up again."""

    holder: Holder
    engine: str
    quarantine_s: float = 0.0
    """As in ``RunPinned``."""


class JournalSealed(Struct, frozen=True, kw_only=True, tag="journal.sealed", tag_field="type"):
    """A signed checkpoint: everything up to entry ``seq``, whose line has the hash ``head`` (safety J3).

    ``key`` is the signer's public key, ``signature`` that of ``journal.seals.message``; both hexadecimal.
    """

    seq: int
    head: str
    key: str
    signature: str


class JournalChosen(Struct, frozen=True, kw_only=True, tag="journal.chosen", tag_field="type"):
    """A person took this journal for the right one of two (safety S19).

    ``head`` is the hash of its last line then. What it lacks is the line that the lease remembered: number
    ``other_seq``, with the hash ``other_head``.
    """

    by: str
    reason: str
    head: str
    other_seq: int
    other_head: str


class RunEnded(Struct, frozen=True, kw_only=True, tag="run.ended", tag_field="type"):
    """The run stopped: finished, or interrupted or held and to be resumed."""

    status: RunStatus
    because: str
    findings: tuple[Finding, ...] = ()
    successor: str = ""
    """The run that goes on with an edited plan."""


class OperatorSaid(Struct, frozen=True, kw_only=True, tag="operator.said", tag_field="type"):
    """A person's request was taken up; ``kind`` is one of ``engine.orders.Order``.

    ``request`` is its number in the stream of requests; numbers at or below it are settled. ``item`` names
    one of several things that a step works on, such as a machine, and ``value`` what was chosen for it.
    Evidence is a file's name and SHA-256.
    """

    request: int
    kind: str
    by: str
    reason: str = ""
    step: str | None = None
    item: str = ""
    value: str = ""
    evidence_name: str = ""
    evidence_sha256: str = ""
    asked_at: datetime | None = None
    """When it was said, which may be long before it is taken up; None where only another clock knew that."""


class RunTurned(Struct, frozen=True, kw_only=True, tag="run.turned", tag_field="type"):
    """The run goes back: from here on it follows this graph along this route, which is the reverse one."""

    route: Route
    graph: StepGraph
    because: str


class RunSwitched(Struct, frozen=True, kw_only=True, tag="run.switched", tag_field="type"):
    """The mode changed while the run was under way: its source went dark. There is no way back from that."""

    mode: Mode
    because: str


class StepStarted(Struct, frozen=True, kw_only=True, tag="step.started", tag_field="type"):
    """A step's needs are met and it begins to observe. Written again when a resumed run re-enters it."""

    step: str


class StepWaiting(Struct, frozen=True, kw_only=True, tag="step.waiting", tag_field="type"):
    """What a step waits for, and until when at most."""

    step: str
    because: str
    until: datetime


class StepSkips(Struct, frozen=True, kw_only=True, tag="step.skips", tag_field="type"):
    """What a step looked at and left alone."""

    step: str
    skipped: tuple[Skipped, ...]


class StepEnded(Struct, frozen=True, kw_only=True, tag="step.ended", tag_field="type"):
    """A step's verdict with the reading that supports it."""

    step: str
    status: StepStatus
    because: str
    facts: dict[str, Setting] = {}
    findings: tuple[Finding, ...] = ()


class ActionIntended(Struct, frozen=True, kw_only=True, tag="action.intended", tag_field="type"):
    """Durable before the request leaves (J1). ``n`` numbers the attempts of a run from 1."""

    step: str
    n: int
    action: Action


class ActionEnded(Struct, frozen=True, kw_only=True, tag="action.ended", tag_field="type"):
    """How attempt ``n`` ended. ``by`` is ``answer`` or ``reading``.

    ``job``: id of the job of Site Recovery that it became, where Azure told one; empty in older journals.
    """

    n: int
    outcome: Outcome
    by: str = "answer"
    detail: str = ""
    request_id: str = ""
    job: str = ""


Event = (
    RunPinned
    | RunResumed
    | RunEnded
    | OperatorSaid
    | RunTurned
    | RunSwitched
    | StepStarted
    | StepWaiting
    | StepSkips
    | StepEnded
    | ActionIntended
    | ActionEnded
    | JournalSealed
    | JournalChosen
)


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a journal."""

    seq: int
    at: datetime
    prev: str
    event: Event
