"""What one step makes of each desktop, and what the step as a whole may conclude from it. Pure.

A desktop that does not come through stops nobody else. When all have ended, the share that came through
decides: enough of them, and the run goes on and names the others; too few, and it is held, with the choices.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from avd_failover.domain.desks import Desk
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.domain.words import counted

STAYED = "stayed "
"""What figures begin with that hold why a step went on without one desktop."""


class Progress(Enum):
    """How far a desktop is in one step."""

    THROUGH = "through"
    UNDER_WAY = "under way"
    DUE = "due"
    WAITS = "waits for its wave"
    STOPPED = "stopped"
    LEFT_OUT = "left out"


class Word(Struct, frozen=True, kw_only=True):
    """One desktop in one step, with a sentence."""

    desk: Desk
    progress: Progress
    says: str = ""

    @property
    def sentence(self) -> str:
        """The desktop and what is to be said of it."""
        return f"{self.desk.name}: {self.says}"


class Tally(Struct, frozen=True, kw_only=True):
    """The words of a step, counted."""

    words: tuple[Word, ...]
    minimum_pct: int

    def of(self, *progress: Progress) -> tuple[Word, ...]:
        """Return the words of a kind, in order."""
        return tuple(word for word in self.words if word.progress in progress)

    @property
    def open(self) -> tuple[Word, ...]:
        """Those whose end is not known yet."""
        return self.of(Progress.UNDER_WAY, Progress.DUE, Progress.WAITS)

    @property
    def enough(self) -> bool:
        """Whether as many came through as must; whom a person left out does not count."""
        through, stopped = len(self.of(Progress.THROUGH)), len(self.of(Progress.STOPPED))
        return not stopped or (through > 0 and 100 * through >= self.minimum_pct * (through + stopped))

    def sentence(self, done: str) -> str:
        """Say how far the step is: ``17 of 20 desktops failed over, 2 under way, 1 stopped (vm-3: ...)``."""
        parts = [f"{len(self.of(Progress.THROUGH))} of {counted(len(self.words), 'desktop')} {done}"]
        if self.open:
            parts.append(f"{len(self.open)} under way")
        for progress in (Progress.STOPPED, Progress.LEFT_OUT):
            if told := self.of(progress):
                named = "; ".join(word.sentence for word in told)
                parts.append(f"{len(told)} {progress.value} ({named})")
        return ", ".join(parts)


def choices(run: str, step: str, *, points: bool) -> str:
    """Say what a person may do about desktops that stopped."""
    asks = [
        f"failover retry {run} {step} --item NAME",
        f"failover skip {run} {step} --item NAME --reason TEXT",
    ]
    if points:
        asks.append(f"failover choose {run} {step} --item NAME --value RECOVERY_POINT")
    return f"for each of them: {', or '.join(asks)}; then failover resume {run}"


def why_failed(desk: Desk, job: RecoveryJob | None, refusal: str) -> str:
    """Say why a desktop did not come through: a refusal, the job's error, or that nothing came of it."""
    if refusal:
        return f"Azure refused: {refusal}"
    if job is None:
        return desk.stand.value
    if job.errors:
        first = job.errors[0]
        return f"job {job.scenario} {job.state.value}: {first.code} {first.message}".strip()
    if job.state.succeeded:
        return f"job {job.scenario} says {job.state.value}, but the desktop {desk.stand.value}"
    return f"job {job.scenario} is {job.state.value}"


def stuck(desk: Desk) -> str:
    """Say which job is stuck, and what can be done about it: nobody here ends jobs of Azure."""
    job = desk.job
    if job is None:
        return desk.stand.value
    allowed = f"; in the vault a person may {' or '.join(job.allowed).lower()} it" if job.allowed else ""
    return f"job {job.scenario} {job.id.rsplit('/', 1)[-1]} is {job.state.value} and does not end{allowed}"


def one_wave(words: Sequence[Word], waves: dict[str, int]) -> tuple[Word, ...]:
    """Let desktops that are due wait while an earlier wave has not ended."""
    unended = {Progress.DUE, Progress.UNDER_WAY}
    first = min((waves[word.desk.name] for word in words if word.progress in unended), default=0)
    return tuple(
        Word(desk=word.desk, progress=Progress.WAITS, says="waits for its wave")
        if word.progress is Progress.DUE and waves[word.desk.name] > first
        else word
        for word in words
    )
