"""Telling users what is coming, and ending their sessions."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, LogOff, Moves, Skipped, TellUser
from avd_failover.domain.estate import SessionState, UserSession
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, Setting
from avd_failover.domain.ids import UserSessionId
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Bound,
    Memory,
    NotYet,
    Proven,
    Verdict,
    in_order,
)
from avd_failover.operations.ghosts import ghosts_among
from avd_failover.operations.occupants import narrowed, occupants, unresolved_block


class SessionsSeen(Struct, frozen=True, kw_only=True):
    """The sessions of a pool, and how many were logged off so far."""

    sessions: Reading[UserSession]
    ended: int = 0
    told: frozenset[str] = frozenset()
    notice_left_s: float | None = None
    """Seconds until the announced moment; None before the first message."""
    ghosts: frozenset[UserSessionId] = frozenset()
    """Sessions on machines that are off."""
    others: int = 0
    """Sessions of users who stay, in a partial run: not among ``sessions``, and not to be touched."""
    unresolved: tuple[UserSession, ...] = ()
    """Sessions of nobody knows whom, in a partial run: not among ``sessions`` either."""

    @property
    def live(self) -> tuple[UserSession, ...]:
        """The sessions that somebody may work in."""
        return tuple(one for one in self.sessions.items if one.id not in self.ghosts)


def log_off_moves(sessions: Iterable[UserSession], *, reason: str, whole: bool) -> Moves:
    """Plan to log off every session; one that is signing out already is left to finish."""
    sessions = in_order(sessions)
    actions = [
        LogOff(session=one.id, user=one.user, reason=reason)
        for one in sessions
        if one.state is not SessionState.LOG_OFF
    ]
    skipped = [
        Skipped(target=one.id, because="is signing out already")
        for one in sessions
        if one.state is SessionState.LOG_OFF
    ]
    return Moves(actions=tuple(actions), skipped=tuple(skipped), whole=whole)


class LogOffAll(Base):
    """End every session of the pool for good. A mere disconnect would keep the profile locked.

    In a partial run only the sessions of users who move; one of nobody knows whom holds the run once the
    others are gone, and is not touched.
    """

    spec: ClassVar = OperationSpec(
        name="sessions.logoff",
        summary="Log off every user session of the pool and wait until none is left.",
        ends=(End.SOURCE, End.TARGET),
        changes=("session.logoff",),
        essential=True,
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._not_found: set[str] = set()

    async def observe(self, cloud: Reads, memory: Memory) -> SessionsSeen:
        """Read every session of the pool, and the machines of those that a log-off did not find."""
        sessions = await cloud.sessions.list(self.side.host_pool)
        there = await occupants(cloud, self.route, self.bound.end, sessions.items)
        listed = {one.id for one in sessions.items}
        suspects = [one for one in sessions.items if one.id in self._not_found or one in there.unresolved]
        ghosts = await ghosts_among(cloud, suspects)
        return SessionsSeen(
            sessions=narrowed(sessions, there.moved, there.gaps),
            ended=len(memory.targets(self.bound.step.id) - listed),
            ghosts=ghosts & {one.id for one in there.moved},
            others=there.others,
            unresolved=tuple(one for one in there.unresolved if one.id not in ghosts),
        )

    def plan(self, seen: SessionsSeen) -> Moves:
        """Log off whoever is there."""
        return log_off_moves(seen.live, reason="access moved to the other side", whole=seen.sessions.complete)

    def prove(self, looks: Sequence[SessionsSeen]) -> Verdict:
        """Hold when a whole listing shows no session but on machines that are off."""
        seen = looks[-1]
        if not seen.sessions.complete:
            return NotYet(because=f"session listing incomplete: {seen.sessions.gap}")
        left, ghosts = len(seen.live), len(seen.ghosts)
        if left:
            return NotYet(because=f"{seen.ended} of {counted(seen.ended + left, 'session')} logged off")
        if blocked := unresolved_block(seen.unresolved):
            return blocked
        beside = f" but {counted(ghosts, 'ghost')} on machines that are off" if ghosts else ""
        facts: dict[str, Setting] = {"sessions_ended": seen.ended}
        if ghosts:
            facts["ghosts"] = ghosts
        if self.route.partial:
            facts["sessions_of_others"] = seen.others
        return Proven(
            because=f"{counted(seen.ended, 'session')} logged off, none left{beside}",
            facts=facts,
            idle=not looks[0].sessions.items,
        )

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Look again when Azure finds no such session: it left, is a ghost, or its number is used anew."""
        if refusal.status != 404:
            return AfterRefusal.STOP
        self._not_found.add(action.target)
        return AfterRefusal.AGAIN


class TellUsers(Base):
    """Show every user the plan's notice, and wait until the announced moment."""

    spec: ClassVar = OperationSpec(
        name="notify.users",
        summary="Show the plan's notice in every session and wait for the time it announces.",
        ends=(End.SOURCE, End.TARGET),
        changes=("session.message",),
    )

    async def observe(self, cloud: Reads, memory: Memory) -> SessionsSeen:
        """Read the sessions, and how much of the announced time is left."""
        sessions = await cloud.sessions.list(self.side.host_pool)
        told_at, notice = memory.done_at(self.bound.step.id), self.route.plan.notice
        left = None
        if told_at is not None and notice is not None:
            left = notice.before_s - (memory.now_at - told_at).total_seconds()
        told = memory.targets(self.bound.step.id)
        return SessionsSeen(sessions=sessions, ended=len(told), told=told, notice_left_s=left)

    def plan(self, seen: SessionsSeen) -> Moves:
        """Tell each session once; who signs in during the notice is told too."""
        notice = self.route.plan.notice
        if notice is None:
            return Moves()
        fresh = in_order(one for one in seen.sessions.items if one.id not in seen.told)
        return Moves(
            actions=tuple(
                TellUser(session=one.id, title=notice.title, body=notice.body, reason="log-off is announced")
                for one in fresh
            )
        )

    def prove(self, looks: Sequence[SessionsSeen]) -> Verdict:
        """Hold when the announced moment has come, or nobody was there to be told."""
        seen = looks[-1]
        if self.route.plan.notice is None:
            return Proven(because="the plan has no notice", idle=True)
        if not seen.sessions.complete:
            return NotYet(because=f"session listing incomplete: {seen.sessions.gap}")
        if seen.notice_left_s is None:
            return self._untold(seen, first=len(looks) == 1)
        if seen.notice_left_s > 0:
            told = counted(seen.ended, "session")
            return NotYet(
                because=f"{told} told, log-off in {seen.notice_left_s:.0f} s",
                look_again_s=min(30.0, seen.notice_left_s),
            )
        return Proven(because=f"{counted(seen.ended, 'session')} told", facts={"sessions_told": seen.ended})

    def _untold(self, seen: SessionsSeen, *, first: bool) -> Verdict:
        there = counted(len(seen.sessions.items), "session")
        if seen.sessions.items and first:
            return NotYet(because=f"{there} to be told", look_again_s=0.0)
        nobody = f"none of {there} could be told" if seen.sessions.items else "nobody is signed in"
        return Proven(because=nobody, idle=not seen.sessions.items)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Never hold a failover because a message did not arrive."""
        return AfterRefusal.LEAVE
