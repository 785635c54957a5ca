"""What a run remembers of itself for its operations: the fold, with moments of this process."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from avd_failover.domain.accepted import Accepted
from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.approvals import Approval
from avd_failover.domain.clock import Clock
from avd_failover.domain.desk_images import DeskImage
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.graph import Setting
from avd_failover.domain.item_request import ItemRequest
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.operations.base import Tried

DOUBTFUL = frozenset({None, Outcome.UNKNOWN, Outcome.VOID})
"""Outcomes under which a request may take effect late: a reading that found nothing cannot see the future."""

POSSIBLE = DOUBTFUL | {Outcome.APPLIED}
"""Outcomes under which an action may have taken effect, or may still."""


class RunMemory:
    """The fold of a run, seen as operations need it.

    Monotonic moments do not survive a process, and wall time is no input to a decision (S17). So whatever an
    earlier process did counts as done when this one began, which can only lengthen a wait.
    """

    def __init__(self, state: RunState, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        began = clock.monotonic()
        earlier = bool(state.effects)
        carried = any(isinstance(action, GrantAssignment) for action in state.pinned.carried)
        self._sent_s = began if earlier else None
        self._revoked_s = began if earlier and self.revoked else None
        self._doubt_s = began if carried or any(map(_doubtful_grant, state.attempts.values())) else None

    def sent(self, attempt: Attempt) -> None:
        """Take note that an attempt ended just now."""
        if _doubtful_grant(attempt):
            self._doubt_s = self._clock.monotonic()
        if attempt.outcome in POSSIBLE:
            self._sent_s = self._clock.monotonic()
            if isinstance(attempt.action, RevokeAssignment):
                self._revoked_s = self._sent_s

    @property
    def now_s(self) -> float:
        """Monotonic seconds now."""
        return self._clock.monotonic()

    @property
    def now_at(self) -> datetime:
        """The time for records."""
        return self._clock.now()

    @property
    def revoked(self) -> Sequence[RoleAssignment]:
        """Images of the assignments that this run revoked, or may have revoked."""
        return self._assignments(RevokeAssignment)

    @property
    def granted(self) -> Sequence[RoleAssignment]:
        """Assignments that this run created, or may have created."""
        return self._assignments(GrantAssignment)

    @property
    def last_revoke_s(self) -> float | None:
        """Monotonic seconds of the last confirmed revoke; this process's start for earlier ones."""
        return self._revoked_s

    @property
    def last_send_s(self) -> float | None:
        """Monotonic seconds of the last mutation's end; this process's start for earlier ones."""
        return self._sent_s

    @property
    def last_doubt_s(self) -> float | None:
        """Monotonic seconds of the last grant that may come late; this process's start for earlier ones."""
        return self._doubt_s

    @property
    def changed(self) -> Sequence[Action]:
        """Every action of this run that took effect, or may have, in the order of the intents."""
        return self._state.effects

    @property
    def inherited(self) -> Sequence[Action]:
        """What earlier runs changed and this one is to take back."""
        return self._state.pinned.inherited

    @property
    def accepted(self) -> Accepted | None:
        """The placement that a person accepted as a starting point."""
        return self._state.pinned.accepted

    @property
    def images(self) -> Sequence[DeskImage]:
        """What earlier runs wrote down of the extensions on personal desktops."""
        return self._state.pinned.images

    @property
    def initiator(self) -> str:
        """Who asked for the run."""
        return self._state.pinned.initiator

    def approvals(self, step: str) -> Sequence[Approval]:
        """Return what people said about a step that waits for them."""
        return self._state.approvals.get(step, ())

    def requests(self, step: str) -> Sequence[ItemRequest]:
        """Return what people asked for single things of a step."""
        return self._state.item_requests.get(step, ())

    def began_at(self, step: str) -> datetime | None:
        """Return when a step began for the first time, in whatever process."""
        found = self._state.steps.get(step)
        return found.started_at if found is not None else None

    def left_alone(self, step: str) -> Mapping[str, str]:
        """Return what a step looked at and left alone, with what was written down of it."""
        found = self._state.steps.get(step)
        return {one.target: one.because for one in found.skipped.values()} if found is not None else {}

    def tried(self, step: str) -> Sequence[Tried]:
        """Return the attempts of a step so far, in the order of their intents."""
        return [
            Tried(
                target=attempt.action.target,
                at=attempt.intended_at,
                ended="unknown" if attempt.outcome is None else attempt.outcome.value,
                ended_at=attempt.ended_at,
                detail=attempt.detail,
            )
            for attempt in self._state.steps[step].attempts
        ]

    def targets(self, step: str) -> frozenset[str]:
        """Return the targets of a step's actions that took effect."""
        attempts = self._state.steps[step].attempts
        return frozenset(one.action.target for one in attempts if one.outcome is Outcome.APPLIED)

    def facts(self, step: str) -> Mapping[str, Setting]:
        """Return the figures that a step ended with."""
        found = self._state.steps.get(step)
        return found.facts if found is not None else {}

    def _assignments(self, kind: type[RevokeAssignment | GrantAssignment]) -> list[RoleAssignment]:
        found = {}
        for action in self._state.effects:
            if isinstance(action, kind):
                found[action.target] = action.assignment
        return list(found.values())


def _doubtful_grant(attempt: Attempt) -> bool:
    return isinstance(attempt.action, GrantAssignment) and attempt.outcome in DOUBTFUL
