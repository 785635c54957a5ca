"""A source that does not answer, whole or in part, and looks at it in unplanned mode."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from avd_failover.domain.approvals import Approval
from avd_failover.domain.faults import CloudError, TransientError
from avd_failover.domain.plan import Mode, Policies
from avd_failover.operations.base import AnyOperation, Verdict
from tests.operations.drive import bound_operation
from tests.operations.places import make_route
from tests.operations.staging import STEP, Stage

NOW_S = 2000.0
PROVIDER = (
    "pool hp-weu",
    "application groups hp-weu",
    "application group dag-weu",
    "application group rag-weu",
    "application group lab-weu",
    "hosts hp-weu",
    "sessions hp-weu",
    "scaling plan sp-weu",
    "schedules sp-weu",
)
"""All that a region answers for itself; role assignments and the directory answer from elsewhere."""


def gone() -> TransientError:
    return TransientError("the region is down", code="ServiceUnavailable", status=503)


def unplanned(*lines: str, mode: Mode = Mode.UNPLANNED, forced: str = "", approvers: int = 2) -> Stage:
    """A stage of an unplanned run, at a time when nothing of an earlier one counts any more."""
    stage = Stage(replace(make_route(policies=Policies(approvers=approvers)), mode=mode, forced=forced))
    stage.at(NOW_S)
    for line in lines:
        stage.change(line)
    return stage


def darken(stage: Stage, *questions: str, fault: CloudError | None = None) -> Stage:
    """Let these questions, or every one that the source answers itself, have no answer from now on."""
    for question in questions or PROVIDER:
        stage.script.faults[question] = deque([fault or gone()] * 1000)
    return stage


def lighten(stage: Stage) -> Stage:
    """Let the source answer again."""
    stage.script.faults.clear()
    return stage


def says(stage: Stage, by: str, verdict: str = "approve", *, ago_s: float = 60.0, **more: Any) -> None:
    """Somebody says something about the step."""
    at = stage.memory.now_at - timedelta(seconds=ago_s)
    word = Approval(by=by, at=at, verdict="approve" if verdict == "approve" else "reject", **more)
    stage.memory.said.setdefault(STEP, []).append(word)


class Watcher:
    """One operation on one stage, and every look that it took."""

    def __init__(self, stage: Stage, uses: str) -> None:
        self.stage = stage
        self.operation: AnyOperation = bound_operation(stage, uses)
        self.looks: list[Any] = []

    def look(self, after_s: float = 30.0) -> Verdict:
        """Look again, later; a look that fails breaks the chain, as the engine has it."""
        self.stage.at(self.stage.memory.now_s + after_s)
        try:
            self.looks.append(asyncio.run(self.operation.observe(self.stage.estate, self.stage.memory)))
        except CloudError:
            self.looks.clear()
            raise
        return self.operation.prove(tuple(self.looks))

    def moves(self) -> Any:
        return self.operation.plan(self.looks[-1])
