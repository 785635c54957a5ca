"""The attempts of one step: intents before, requests, outcomes after, and what to do about each outcome.

An intent is durable before its request leaves (J1), and an outcome before anything that depends on it (J2).
"""

import asyncio
from collections import Counter
from math import inf

from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    GrantAssignment,
    Moves,
    RevokeAssignment,
    RunCommand,
    kind_of,
    subject_of,
)
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import OutsidePlanError, RefusedError, TransientError, UnknownError
from avd_failover.domain.fence import FencedError
from avd_failover.domain.ids import AssignmentId
from avd_failover.engine.patience import Patience
from avd_failover.engine.send import send
from avd_failover.engine.stop import StoppedError, StopSignal
from avd_failover.engine.tools import Tools
from avd_failover.engine.unhurried import THROTTLED, unhurried
from avd_failover.journal.events import ActionEnded, ActionIntended, Outcome
from avd_failover.journal.state import Attempt
from avd_failover.operations.base import AfterRefusal, AnyOperation

PATIENCE_S = 60.0
"""How long an accepted action may take to show before it is sent again (safety S22)."""

COMPARED_S = 10.0
"""T_cmp: how old the reading may be that an assignment is compared by before it is deleted (safety S15)."""

COMPARISONS = 3
"""How often it is read anew in one go when answers take longer."""

DOUBT_S = 2.0
"""How long after a lost answer the same action may be sent again, where a reading says that it did not
happen; doubled with each answer lost in a row, up to PATIENCE_S."""


class StuckError(Exception):
    """The step cannot go on by itself: refused for good."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


class Attempts:
    """What one step sends, and what it may send again and when."""

    def __init__(
        self, step: str, operation: AnyOperation, tools: Tools, *, stop: StopSignal, patience: Patience
    ) -> None:
        self._step = step
        self._operation = operation
        self._tools = tools
        self._clock = tools.clock
        self._journal = tools.journal
        self._stop = stop
        self._patience = patience
        self._reads = unhurried(tools.cloud, patience)
        self._left: set[tuple[str, str]] = set()
        self._again_s: dict[tuple[str, str], float] = {}
        self._doubts: Counter[tuple[str, str]] = Counter()
        self.lost = ""
        """What the cloud said last when an answer was lost; empty once it answered."""

    @property
    def accepted(self) -> bool:
        """Whether anything was accepted in this process, or may have been."""
        return bool(self._again_s)

    def due(self, action: Action) -> bool:
        """Tell whether an action may be sent now: not refused for good, and not on its way to come true."""
        key = subject_of(action)
        return key not in self._left and self._clock.monotonic() >= self._again_s.get(key, -inf)

    def settle(self, moves: Moves) -> None:
        """Close the attempts that nobody knows the end of: wanted again means that it did not happen.

        That something is not wanted says that it happened only if everything was seen (safety S7).
        """
        again = {subject_of(action) for action in moves.actions}
        for attempt in self._journal.state.open_attempts(self._step):
            wanted = subject_of(attempt.action) in again
            if wanted or moves.whole:
                outcome = Outcome.VOID if wanted else Outcome.APPLIED
                self._journal.append(ActionEnded(n=attempt.n, outcome=outcome, by="reading"))
                self._tools.memory.sent(attempt)

    async def make(self, actions: list[Action]) -> None:
        """Send actions side by side; the outcome of each is written down.

        Raises:
            StuckError: One was refused, and the operation stops at that.
            TransientError: One was not taken; look again after ``wait_s``.
            StoppedError: Somebody asked to stop, or the lease was lost; nothing is under way.
        """
        if len(actions) == 1:
            await self._perform(actions[0])
            return
        outcomes = await asyncio.gather(
            *(self._perform(action) for action in actions), return_exceptions=True
        )
        if faults := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            raise min(faults, key=_urgency)

    async def _perform(self, action: Action) -> None:
        """Send an action; an assignment that a throttle refuses waits for itself, is read and sent again.

        So that a step which reads much before it changes little gets through a storm (safety L7). Whatever
        else is transient begins with a whole look: only an assignment can be judged by one read.
        """
        while True:
            try:
                await self._attempt(action)
            except TransientError as fault:
                if fault.status != THROTTLED or not isinstance(action, RevokeAssignment | GrantAssignment):
                    raise
                await self._patience.outlast(fault)
                if await self._came_true(action):
                    return
            else:
                return

    async def _came_true(self, action: RevokeAssignment | GrantAssignment) -> bool:
        """Tell whether an assignment stands as wanted by now; the next look says whose doing that is."""
        stands = await self._fresh(action.assignment.id) is not None
        return stands is isinstance(action, GrantAssignment)

    async def _attempt(self, action: Action) -> None:
        async with self._tools.window:
            self._stop.check()
            attempt = await self._intend(action)
            try:
                self._tools.self_fence.check()
                accepted = await send(self._tools.confined, action, self._fresh)
            except FencedError as fenced:  # never sent; whoever resumes settles the intent by reading
                self._tools.stop.ask(fenced.because)
                raise StoppedError(fenced.because) from fenced
            except TransientError as fault:
                self._end(attempt, Outcome.TRANSIENT, fault.message)
                raise
            except RefusedError as fault:
                self._end(attempt, Outcome.REFUSED, fault.message)
                self._refused(action, fault)
            except UnknownError as fault:
                self._doubt(action, fault)
                self._end(attempt, Outcome.UNKNOWN, fault.message)
            else:
                self.lost = ""
                self._be_patient(action, PATIENCE_S)
                self._end(attempt, Outcome.APPLIED, accepted.detail, accepted.request_id, accepted.job or "")

    async def _intend(self, action: Action) -> Attempt:
        n = len(self._journal.state.attempts) + 1
        self._journal.append(ActionIntended(step=self._step, n=n, action=action))
        await self._journal.durable()
        return self._journal.state.attempts[n]

    async def _fresh(self, assignment: AssignmentId) -> RoleAssignment | None:
        """Read an assignment to compare it; an answer that was long under way is too old (safety S15)."""
        for _ in range(COMPARISONS):
            asked_s = self._clock.monotonic()
            found = await self._reads.assignments.get(assignment)
            if self._clock.monotonic() - asked_s <= COMPARED_S:
                return found
        raise TransientError(f"comparing {assignment} took longer than {COMPARED_S:.0f} s")

    def _end(
        self, attempt: Attempt, outcome: Outcome, detail: str = "", request_id: str = "", job: str = ""
    ) -> None:
        self._journal.append(
            ActionEnded(n=attempt.n, outcome=outcome, detail=detail, request_id=request_id, job=job)
        )
        self._tools.memory.sent(attempt)

    def _doubt(self, action: Action, fault: UnknownError) -> None:
        self.lost = fault.message
        self._doubts[subject_of(action)] += 1
        in_a_row = self._doubts[subject_of(action)]
        self._be_patient(action, min(PATIENCE_S, DOUBT_S * 2.0 ** (in_a_row - 1)))

    def _refused(self, action: Action, fault: RefusedError) -> None:
        if isinstance(fault, OutsidePlanError):
            raise StuckError(f"{fault.code}: {fault.message}")
        match self._operation.after(action, fault):
            case AfterRefusal.STOP:
                raise StuckError(_refusal_text(action, fault))
            case AfterRefusal.LEAVE:
                self._left.add(subject_of(action))
            case AfterRefusal.AGAIN:
                self._be_patient(action, PATIENCE_S)

    def _be_patient(self, action: Action, seconds: float) -> None:
        self._again_s[subject_of(action)] = self._clock.monotonic() + seconds


def _refusal_text(action: Action, fault: RefusedError) -> str:
    """Say who said no to what: Azure, or something outside that a step of the runbook runs or calls."""
    if isinstance(action, RunCommand | CallWebhook):
        return f"{action.target}: {fault.message}"
    return f"Azure refused {kind_of(action)} on {action.target}: {fault.message}"


def _urgency(fault: BaseException) -> tuple[int, float]:
    """Order the faults of one round: our defects first, then what ends the step, then the longest wait."""
    if isinstance(fault, TransientError):
        return 3, -fault.wait_s
    return (2 if isinstance(fault, StoppedError) else 1 if isinstance(fault, StuckError) else 0), 0.0
