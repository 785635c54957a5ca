"""Whose sessions a run may end: everybody's when everybody moves, and only theirs who move when others stay.

A session tells its user by a name, so the names of the members of every group that gives access are read
along with it. A session that fits no member, or two, may be anybody's: it is neither ended nor taken for
somebody else's, but told (safety S5, S7; contract 154).
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.cloud import Reading, Reads
from avd_failover.domain.estate import Membership, UserSession
from avd_failover.domain.findings import Finding
from avd_failover.domain.ids import UserId, name_of
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.domain.whose import whose
from avd_failover.domain.words import counted
from avd_failover.operations.base import Blocked
from avd_failover.operations.entry import see_entry


class Occupants(Struct, frozen=True, kw_only=True):
    """The sessions of a pool, by what the run has to do with them."""

    moved: tuple[UserSession, ...] = ()
    """Of users who move: the run's to end. In a run that moves everybody these are all."""
    others: int = 0
    """How many certainly are of users who stay."""
    unresolved: tuple[UserSession, ...] = ()
    """Of nobody knows whom."""
    gaps: tuple[str, ...] = ()
    """What could not be read of who has access: nobody knows whose sessions these are while there is one."""


async def occupants(cloud: Reads, route: Route, end: End, sessions: Sequence[UserSession]) -> Occupants:
    """Sort the sessions of an end's pool; reads groups and members only where that decides anything."""
    if not route.partial or not sessions:
        return Occupants(moved=tuple(sessions))
    entry = await see_entry(cloud, route, (end,))
    return replace(sorted_out(route, sessions, entry.memberships), gaps=entry.gaps)


def sorted_out(route: Route, sessions: Sequence[UserSession], memberships: Sequence[Membership]) -> Occupants:
    """Sort sessions by members of groups; where a moved group is not wholly known, nobody surely stays."""
    found = whose(sessions, memberships)
    users, known = moved_users(route, memberships)
    moved = found.of(users)
    others = tuple(one for one in found.known if one.user not in users)
    if not known:
        return Occupants(moved=moved, unresolved=(*others, *found.unresolved))
    return Occupants(moved=moved, others=len(others), unresolved=found.unresolved)


def narrowed(
    sessions: Reading[UserSession], items: tuple[UserSession, ...], gaps: tuple[str, ...]
) -> Reading[UserSession]:
    """Return the listing with these sessions only; incomplete while nobody can say whether these are all."""
    told = "; ".join(part for part in (sessions.gap, *gaps) if part)
    return replace(sessions, items=items, complete=sessions.complete and not gaps, gap=told)


def moved_users(route: Route, memberships: Sequence[Membership]) -> tuple[frozenset[UserId], bool]:
    """Return the users who move, and whether these are certainly all."""
    wanted = {pair.group.id for pair in route.pairs}
    read = [one for one in memberships if one.group in wanted]
    known = all(one.complete for one in read) and wanted <= {one.group for one in read}
    return frozenset(user for one in read for user in one.users), known


def unresolved_block(sessions: Sequence[UserSession]) -> Blocked | None:
    """Return the interlock that unresolved sessions are; None without any."""
    findings = unresolved_findings(sessions)
    if not findings:
        return None
    many = counted(len(findings), "session")
    return Blocked(because=f"{many} of nobody knows whom: {findings[0].detail}", findings=findings)


def unresolved_findings(sessions: Sequence[UserSession]) -> tuple[Finding, ...]:
    """Say of each session that nobody knows whose it is, and what would help."""
    detail = (
        "its user is in no group that could be read with names (renamed, a guest, assigned directly, or the"
        " right User.ReadBasic.All lacks); whoever knows the user ends the session or mends that"
    )
    return tuple(
        Finding(code="session-unresolved", subject=name_of(one.id), detail=f"session {one.id}: {detail}")
        for one in sessions
    )
