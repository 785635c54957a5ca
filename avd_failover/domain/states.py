"""States of runs and steps. This table is all there is: a move that stands in no row is a defect.

The theory: a run is *running* while one process holds its lease and drives it. Everything else is rest.
Of the states at rest, *interrupted* and *held* may run again; the others are final. A step is judged once
and for all, except that a held or failed step is re-entered when its run is resumed, because steps are
level-triggered: they observe the world again and do only what is still to be done. So is a barrier whose
proof is old, as long as access is still to be granted behind it.
"""

from enum import Enum


class RunStatus(Enum):
    """Where a run stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    HELD = "held"
    FAILED = "failed"
    REFUSED = "refused"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled back"
    AMENDED = "amended"

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        done = {RunStatus.COMPLETED, RunStatus.ROLLED_BACK, RunStatus.AMENDED}
        return self is RunStatus.REFUSED or self in done


class StepStatus(Enum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    DEBT = "debt"
    HELD = "held"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether steps that need this one may begin."""
        return self in {StepStatus.DONE, StepStatus.SKIPPED, StepStatus.DEBT}


class IllegalMoveError(RuntimeError):
    """A move that stands in no row of the table: our defect, or a journal that was tampered with."""


RUN_MOVES: dict[tuple[RunStatus, RunStatus], str] = {
    (RunStatus.RUNNING, RunStatus.COMPLETED): "every step ended and the closing reconcile held",
    (RunStatus.RUNNING, RunStatus.ROLLED_BACK): "it was turned back, and every pair is where it was",
    (RunStatus.RUNNING, RunStatus.AMENDED): "its plan was edited: another run goes on with what it did",
    (RunStatus.RUNNING, RunStatus.REFUSED): "an interlock refused before anything was changed",
    (RunStatus.RUNNING, RunStatus.HELD): "safe as it stands, and a person must decide",
    (RunStatus.RUNNING, RunStatus.FAILED): "a step failed whose policy is to stop the run",
    (RunStatus.RUNNING, RunStatus.INTERRUPTED): "the process was asked to stop, and what was under way ended",
    (RunStatus.RUNNING, RunStatus.RUNNING): "the process was killed; another one took the run up",
    (RunStatus.INTERRUPTED, RunStatus.RUNNING): "resumed",
    (RunStatus.HELD, RunStatus.RUNNING): "resumed after a person looked",
    (RunStatus.FAILED, RunStatus.RUNNING): "resumed after the cause was mended",
}

STEP_MOVES: dict[tuple[StepStatus, StepStatus], str] = {
    (StepStatus.PENDING, StepStatus.RUNNING): "its needs ended",
    (StepStatus.PENDING, StepStatus.SKIPPED): "it does not apply to this run",
    (StepStatus.RUNNING, StepStatus.DONE): "its proof holds",
    (StepStatus.RUNNING, StepStatus.SKIPPED): "there was nothing to do",
    (StepStatus.RUNNING, StepStatus.DEBT): "its side is dark; owed until it answers",
    (StepStatus.RUNNING, StepStatus.HELD): "a person must decide",
    (StepStatus.RUNNING, StepStatus.FAILED): "refused, or not proven in time",
    (StepStatus.RUNNING, StepStatus.RUNNING): "the process was killed; the step observes again",
    (
        StepStatus.DONE,
        StepStatus.RUNNING,
    ): "its proof had aged when the run was resumed, and access rests on it",
    (StepStatus.SKIPPED, StepStatus.RUNNING): "the same, where nothing had had to be done for the proof",
    (StepStatus.HELD, StepStatus.RUNNING): "the run was resumed",
    (StepStatus.FAILED, StepStatus.RUNNING): "the run was resumed",
    (StepStatus.HELD, StepStatus.SKIPPED): "a person skipped it, with a reason",
    (StepStatus.FAILED, StepStatus.SKIPPED): "a person skipped it, with a reason",
}


def move_run(before: RunStatus, after: RunStatus) -> RunStatus:
    """Return ``after`` if the table allows the move.

    Raises:
        IllegalMoveError: The table has no such row.
    """
    if (before, after) not in RUN_MOVES:
        raise IllegalMoveError(f"a run cannot go from {before.value} to {after.value}")
    return after


def move_step(step: str, before: StepStatus, after: StepStatus) -> StepStatus:
    """Return ``after`` if the table allows the move of this step.

    Raises:
        IllegalMoveError: The table has no such row.
    """
    if (before, after) not in STEP_MOVES:
        raise IllegalMoveError(f"step {step} cannot go from {before.value} to {after.value}")
    return after
