"""What a run has done so far, as a test says it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from avd_failover.domain.accepted import Accepted
from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.approvals import Approval
from avd_failover.domain.desk_images import DeskImage
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.graph import Setting
from avd_failover.domain.item_request import ItemRequest
from avd_failover.operations.base import Tried
from tests.operations.world import T0


@dataclass
class Remembering:
    """An ``operations.base.Memory``. Steps' deeds by step id."""

    now_s: float = 0.0
    revoked: list[RoleAssignment] = field(default_factory=list)
    granted: list[RoleAssignment] = field(default_factory=list)
    last_revoke_s: float | None = None
    last_send_s: float | None = None
    last_doubt_s: float | None = None
    done: dict[str, set[str]] = field(default_factory=dict)
    changed: list[Action] = field(default_factory=list)
    tries: dict[str, list[Tried]] = field(default_factory=dict)
    said: dict[str, list[Approval]] = field(default_factory=dict)
    asked: dict[str, list[ItemRequest]] = field(default_factory=dict)
    inherited: list[Action] = field(default_factory=list)
    accepted: Accepted | None = None
    images: list[DeskImage] = field(default_factory=list)
    initiator: str = "duty admin"
    began_s: dict[str, float] = field(default_factory=dict)
    spared: dict[str, dict[str, str]] = field(default_factory=dict)
    figures: dict[str, dict[str, Setting]] = field(default_factory=dict)

    @property
    def now_at(self) -> datetime:
        return T0 + timedelta(seconds=self.now_s)

    def approvals(self, step: str) -> list[Approval]:
        return self.said.get(step, [])

    def requests(self, step: str) -> list[ItemRequest]:
        return self.asked.get(step, [])

    def began_at(self, step: str) -> datetime | None:
        began_s = self.began_s.get(step)
        return None if began_s is None else T0 + timedelta(seconds=began_s)

    def left_alone(self, step: str) -> dict[str, str]:
        return self.spared.get(step, {})

    def tried(self, step: str) -> list[Tried]:
        return self.tries.get(step, [])

    def targets(self, step: str) -> frozenset[str]:
        return frozenset(self.done.get(step, ()))

    def facts(self, step: str) -> dict[str, Setting]:
        return self.figures.get(step, {})

    def remember(self, step: str, action: Action) -> None:
        """Take note of an action that took effect now."""
        self.done.setdefault(step, set()).add(action.target)
        tried = Tried(target=action.target, at=self.now_at, ended="applied", ended_at=self.now_at)
        self.tries.setdefault(step, []).append(tried)
        self.last_send_s = self.now_s
        self.changed.append(action)
        if isinstance(action, RevokeAssignment):
            self.revoked.append(action.assignment)
            self.last_revoke_s = self.now_s
        if isinstance(action, GrantAssignment):
            self.granted.append(action.assignment)
