"""Telling users what is coming: when the countdown begins, at each reminder, and late comers at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, Moves, TellUser
from avd_failover.domain.estate import UserSession
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.notices import mark, next_mark_in, round_end, worded
from avd_failover.domain.plan import End, Notice
from avd_failover.domain.words import counted
from avd_failover.operations.base import AfterRefusal, Base, Memory, NotYet, Proven, Verdict, in_order
from avd_failover.operations.occupants import narrowed, occupants

LOOK_S = 30.0
"""Longest time between two looks: who signs in meanwhile is to be told as well."""


class CountdownSeen(Struct, frozen=True, kw_only=True):
    """Whom there is to tell, and how far the countdown is."""

    sessions: Reading[UserSession]
    """In a partial run those of users who move, and no others."""
    heard_s: Mapping[str, float] = {}
    """Session to the seconds that were left when it was told last."""
    left_s: float | None = None
    """Seconds until the moment announced; None before the first message."""


class TellUsers(Base):
    """Show every user the plan's notice, remind them as it says, and wait until the announced moment."""

    spec: ClassVar = OperationSpec(
        name="notify.users",
        summary="Show the plan's notice in every session and wait for the time it announces.",
        ends=(End.SOURCE, End.TARGET),
        changes=("session.message",),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> CountdownSeen:
        """Read the sessions, and how much of the announced time is left."""
        sessions = await cloud.sessions.list(self.side.host_pool)
        there = await occupants(cloud, self.route, self.bound.end, sessions.items)
        seen = narrowed(sessions, there.moved, there.gaps)
        notice, last, first = self.route.plan.notice, dict[str, datetime](), dict[str, datetime]()
        for one in memory.tried(self.bound.step.id):
            if one.ended == "applied" and one.ended_at is not None:
                last[one.target] = one.ended_at
                first.setdefault(one.target, one.ended_at)
        if notice is None or not first:
            return CountdownSeen(sessions=seen)
        moment = self._moment(notice, list(first.values()))
        return CountdownSeen(
            sessions=seen,
            heard_s={who: min(notice.before_s, (moment - at).total_seconds()) for who, at in last.items()},
            left_s=(moment - memory.now_at).total_seconds(),
        )

    def plan(self, seen: CountdownSeen) -> Moves:
        """Tell each session that did not hear the last mark of the countdown; who just came, at once."""
        notice = self.route.plan.notice
        if notice is None:
            return Moves()
        left_s = notice.before_s if seen.left_s is None else seen.left_s
        due = in_order(one for one in seen.sessions.items if _is_due(one, seen, notice, left_s))
        return Moves(actions=tuple(self._message(one, notice, left_s) for one in due))

    def prove(self, looks: Sequence[CountdownSeen]) -> Verdict:
        """Hold when the announced moment has come, or nobody was there to be told."""
        seen, notice = looks[-1], self.route.plan.notice
        if notice is None:
            return Proven(because="the plan has no notice", idle=True)
        if not seen.sessions.complete:
            return NotYet(because=f"session listing incomplete: {seen.sessions.gap}")
        if seen.left_s is None:
            return self._untold(seen, first=len(looks) == 1)
        told = counted(len(seen.heard_s), "session")
        if seen.left_s > 0:
            again_s = min(LOOK_S, next_mark_in(notice.marks_s, seen.left_s))
            return NotYet(because=f"{told} told, log-off in {seen.left_s:.0f} s", look_again_s=again_s)
        return Proven(because=f"{told} told", facts={"sessions_told": len(seen.heard_s)})

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Never hold a failover because a message did not arrive."""
        return AfterRefusal.LEAVE

    def _moment(self, notice: Notice, first_told: list[datetime]) -> datetime:
        """Return the moment announced: as promised after the first round, if the step has that long."""
        before = timedelta(seconds=notice.before_s)
        latest = min(first_told) + timedelta(seconds=self.bound.step.proof_within_s - LOOK_S)
        return max(min(first_told) + before, min(round_end(first_told) + before, latest))

    def _message(self, one: UserSession, notice: Notice, left_s: float) -> TellUser:
        name = self.route.plan.name
        return TellUser(
            session=one.id,
            title=worded(notice.title, left_s=left_s, plan=name),
            body=worded(notice.body, left_s=left_s, plan=name),
            reason="log-off is announced",
        )

    def _untold(self, seen: CountdownSeen, *, first: bool) -> Verdict:
        there = counted(len(seen.sessions.items), "session")
        if seen.sessions.items and first:
            return NotYet(because=f"{there} to be told", look_again_s=0.0)
        nobody = f"none of {there} could be told" if seen.sessions.items else "nobody is signed in"
        return Proven(because=nobody, idle=not seen.sessions.items)


def _is_due(one: UserSession, seen: CountdownSeen, notice: Notice, left_s: float) -> bool:
    """Say whether a session did not hear the mark that was passed last; nobody is told once it is over."""
    heard_s = seen.heard_s.get(one.id)
    if heard_s is None:
        return True
    return left_s > 0 and heard_s > mark(notice.marks_s, left_s)
