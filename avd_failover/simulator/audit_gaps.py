"""What users felt: time without access, sessions lost, sign-ins that a profile lock stopped."""

from dataclasses import dataclass, field
from typing import Any

from avd_failover.simulator.audit_picture import Picture, UserKey
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import LockConflict, UserSession, key


@dataclass
class Gap:
    """Time without something, counted only for those who had it once."""

    total_s: float = 0.0
    had: bool = False
    since_s: float | None = None

    def note(self, now_s: float, *, has: bool) -> None:
        """Take in whether it is there from now on."""
        if has:
            self.total_s = self.until(now_s)
            self.had, self.since_s = True, None
        elif self.had and self.since_s is None:
            self.since_s = now_s

    def until(self, now_s: float) -> float:
        """Return the seconds without it up to now."""
        return self.total_s + (now_s - self.since_s if self.since_s is not None else 0.0)


@dataclass
class Felt:
    """One user's account."""

    declared: Gap = field(default_factory=Gap)
    start: Gap = field(default_factory=Gap)
    sessions_ended: int = 0
    lock_conflicts: int = 0


class Gaps:
    """The accounts of all users of the workload."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._felt: dict[UserKey, Felt] = {}

    def begin(self) -> None:
        """Note where everyone stands when the scenario begins."""
        for user in self._picture.users:
            self._stand(user, 0.0)

    def note(self, change: Change, users: list[UserKey]) -> None:
        """Take in a change, and where the users stand whom it moved."""
        for user in users:
            self._stand(user, change.at_s)
        if change.kind is LockConflict and isinstance(change.after, LockConflict):
            self._of(key(change.after.user)).lock_conflicts += 1
        if change.kind is UserSession and _ended(change) and isinstance(change.before, UserSession):
            self._of(key(change.before.user)).sessions_ended += 1

    def report(self, now_s: float) -> dict[str, dict[str, Any]]:
        """Return every account, open gaps counted up to now."""
        return {
            user: {
                "declared_gap_s": round(self._of(user).declared.until(now_s), 3),
                "gap_s": round(self._of(user).start.until(now_s), 3),
                "sessions_ended": self._of(user).sessions_ended,
                "lock_conflicts": self._of(user).lock_conflicts,
            }
            for user in self._picture.users
        }

    def _stand(self, user: UserKey, now_s: float) -> None:
        picture, felt = self._picture, self._of(user)
        felt.declared.note(now_s, has=any(picture.declared.get((user, pool)) for pool in picture.pools))
        startable = any(
            picture.effective.get((user, pool)) and picture.can_land(pool) for pool in picture.pools
        )
        felt.start.note(now_s, has=startable)

    def _of(self, user: UserKey) -> Felt:
        return self._felt.setdefault(user, Felt())


def _ended(change: Change) -> bool:
    before, after = change.before, change.after
    if not isinstance(before, UserSession) or not isinstance(after, UserSession):
        return False
    return (after.state == "LogOff" and before.state != "LogOff") or (
        after.ghost and before.state != "LogOff"
    )
