"""The shape of a runbook file. What is wrong between its steps is for ``runbook_file`` to find."""

from typing import Annotated

from pydantic import Field

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import Given, IfUnreachable, OnFailure, Step
from avd_failover.domain.plan import End, Mode, Way
from avd_failover.runbook.durations import Duration
from avd_failover.runbook.plan_models import Name
from avd_failover.runbook.yaml_file import FileModel

MOST_STEPS = 500
"""A guess: a hundred times what a person oversees."""

_DEFAULTS = Step(id="", uses="")


class StepEntry(FileModel):
    """A step: one operation on one end of the run, and its proof's deadline."""

    id: Name
    """Name of the step, unique in the runbook."""
    uses: str
    """Operation that the step carries out."""
    side: End | None = None
    """End of the run that it acts on: the source is left, the target taken."""
    way: Way = Way.THERE
    """Way that the step goes: on the way back, in a drill, source and target have changed places."""
    needs: tuple[str, ...] = ()
    """Steps that must have ended before this one begins."""
    settings: Annotated[dict[str, Given], Field(alias="with")] = {}  # noqa: RUF012 - pydantic copies it
    """Settings of the operation."""
    proof_within: Duration = _DEFAULTS.proof_within_s
    """How long the step may take until its proof holds."""
    on_failure: OnFailure = _DEFAULTS.on_failure
    """What becomes of the run when the step fails or is not proven in time."""
    if_unreachable: IfUnreachable = _DEFAULTS.if_unreachable
    """What becomes of the step when its side does not answer; debt is taken in unplanned mode only."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = _DEFAULTS.modes
    """Modes of a run in which the step applies."""
    summary: str = ""
    """What the step is for, in a sentence."""


class RunbookEntry(FileModel):
    """A runbook: a step graph. It names no resources; those come from the plan."""

    runbook: Name
    """Name of the runbook."""
    summary: str = ""
    """What it does, in a sentence."""
    pool: PoolKind
    """Kind of host pool that it is for."""
    steps: Annotated[tuple[StepEntry, ...], Field(min_length=1, max_length=MOST_STEPS)]
    """The steps; those that do not need each other may run side by side."""
