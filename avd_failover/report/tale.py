"""A journal told line by line: when, which step, what."""

from collections.abc import Iterable, Iterator

from avd_failover.domain.actions import Skipped, kind_of
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Entry,
    Event,
    JournalChosen,
    JournalSealed,
    OperatorSaid,
    RunEnded,
    RunPinned,
    RunResumed,
    RunSwitched,
    RunTurned,
    StepEnded,
    StepSkips,
    StepStarted,
    StepWaiting,
)
from avd_failover.report.words import Names, marked, plain

SKIPS_TOLD = 3
"""A line names these and counts all; ``journal export`` has every one."""


def tale(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield one line an entry; what is said of an attempt names its step and what it was to do."""
    intents: dict[int, ActionIntended] = {}
    names, simulated = None, None
    for entry in entries:
        match entry.event:
            case RunPinned() as pinned:
                names, simulated = Names(pinned.route), pinned.simulated
            case ActionIntended() as intent:
                intents[intent.n] = intent
        step, words = _tell(entry.event, intents, names)
        line = f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.seq:>6} {step:<24} {words}"
        yield marked(plain(line.rstrip()), simulated)


def _tell(event: Event, intents: dict[int, ActionIntended], names: Names | None) -> tuple[str, str]:
    match event:
        case RunPinned() | RunResumed() | RunEnded():
            return "-", _run_words(event)
        case OperatorSaid() | RunTurned() | RunSwitched():
            return "-", said_words(event)
        case JournalChosen():
            return "-", (
                f"chosen by {event.by} over the journal whose entry {event.other_seq} is"
                f" {event.other_head[:16]}: {event.reason}"
            )
        case JournalSealed():
            return "-", f"sealed up to entry {event.seq} by key {event.key[:16]}"
        case StepStarted() | StepWaiting() | StepSkips() | StepEnded():
            return event.step, _step_words(event, names)
        case ActionIntended():
            return event.step, f"intends #{event.n} {_deed(event, names)} ({event.action.reason})"
        case ActionEnded():
            intent = intents.get(event.n)
            words = f"#{event.n} {_deed(intent, names)} -> {event.outcome.value} by {event.by}"
            return intent.step if intent else "-", words + (f": {event.detail}" if event.detail else "")


def _run_words(event: RunPinned | RunResumed | RunEnded) -> str:
    match event:
        case RunPinned():
            route = event.route
            return (
                f"run begins: {event.graph.runbook} of plan {route.plan.name}, {route.direction},"
                f" {route.mode.value}, {route.scope}, by process {event.holder.pid} on {event.holder.host}"
            ) + _asked(event)
        case RunResumed():
            said = f"run goes on, by process {event.holder.pid} on {event.holder.host}"
            return said + _quarantine(event.quarantine_s)
        case RunEnded():
            return f"run {event.status.value}: {event.because}"


def _asked(event: RunPinned) -> str:
    """Say who asked for the run and how, as far as the journal says."""
    told = (
        ("asked for by ", event.initiator),
        ("run key ", event.key),
        ("forced: ", event.route.forced),
        ("follows ", " and ".join(event.follows)),
    )
    return "".join(f"; {title}{what}" for title, what in told if what) + _quarantine(event.quarantine_s)


def _quarantine(seconds: float) -> str:
    if not seconds:
        return ""
    return f"; taken over, so nothing is sent for {seconds:.0f} s"


def said_words(event: OperatorSaid | RunTurned | RunSwitched) -> str:
    """Return what a person asked for, or what became of the run because of it."""
    if isinstance(event, RunTurned):
        return f"goes back: {event.because}"
    if isinstance(event, RunSwitched):
        return f"is {event.mode.value} from here on: {event.because}"
    step = f" {event.step}" if event.step else ""
    step += f" for {event.item}" if event.item else ""
    step += f" = {event.value}" if event.value else ""
    reason = f": {event.reason}" if event.reason else ""
    digest = f"SHA-256 {event.evidence_sha256}"
    file = f" (evidence {event.evidence_name}, {digest})" if event.evidence_sha256 else ""
    return f"{event.by} asks for {event.kind}{step}{reason}{file}"


def _step_words(event: StepStarted | StepWaiting | StepSkips | StepEnded, names: Names | None) -> str:
    match event:
        case StepStarted():
            return "begins"
        case StepWaiting():
            return f"waits until {event.until:%H:%M:%S} at most: {event.because}"
        case StepSkips():
            told = [f"{_name(skip.target, names)} {_why(skip)}" for skip in event.skipped[:SKIPS_TOLD]]
            return f"leaves {len(event.skipped)} alone: " + "; ".join(told)
        case StepEnded():
            return f"{event.status.value}: {event.because}"


def _deed(intent: ActionIntended | None, names: Names | None) -> str:
    """Say what an attempt does; a damaged journal may lack intent or names, and is told all the same."""
    if intent is None:
        return "(no intent)"
    return names.sentence(intent.action) if names else kind_of(intent.action)


def _why(skip: Skipped) -> str:
    """Say why something was left alone; what was written down of it, word for word, stands in an export."""
    return skip.because.split(" {", 1)[0]


def _name(target: str, names: Names | None) -> str:
    return names.of(target) if names else target
