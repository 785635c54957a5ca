"""Ending the sessions of users."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.actions import Action, LogOff, Moves, Skipped
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
