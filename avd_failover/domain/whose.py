"""Whose session is whose: principal names of sessions, matched with those of group members.

A user who signed in is a name to Azure Virtual Desktop and an object id to the directory. Both are read again
for each decision, so that a name is believed only as long as the snapshots it came from.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.domain.estate import Membership, UserSession
from avd_failover.domain.ids import UserId


class Whose(Struct, frozen=True, kw_only=True):
    """Sessions sorted by whether it is known whose they are, each in the order given."""

    known: tuple[UserSession, ...] = ()
    """With ``user`` filled in."""
    unresolved: tuple[UserSession, ...] = ()
    """Without a name, with one that no member who was read has, or with one that two of them have.

    Such a session may be anybody's: a user who was renamed meanwhile, or a guest under another name, looks
    like this, so it is no proof that the user is outside the groups.
    """

    def of(self, users: Collection[UserId]) -> tuple[UserSession, ...]:
        """Return the sessions that certainly are of these users."""
        return tuple(one for one in self.known if one.user in users)

    def perhaps_of(self, users: Collection[UserId]) -> tuple[UserSession, ...]:
        """Return the sessions that are or may be of these users: zero of them proves that none is left."""
        return (*self.of(users), *self.unresolved)


def whose(sessions: Iterable[UserSession], memberships: Iterable[Membership]) -> Whose:
    """Find out whose sessions these are, from the members of groups; nothing is guessed."""
    named = _by_name(memberships)
    known: list[UserSession] = []
    unresolved: list[UserSession] = []
    for session in sessions:
        candidates = named.get((session.name or "").lower(), set())
        if len(candidates) == 1:
            known.append(replace(session, user=next(iter(candidates))))
        else:
            unresolved.append(session)
    return Whose(known=tuple(known), unresolved=tuple(unresolved))


def _by_name(memberships: Iterable[Membership]) -> dict[str, set[UserId]]:
    named: dict[str, set[UserId]] = {}
    for membership in memberships:
        for name, user in membership.names:
            if name:
                named.setdefault(name.lower(), set()).add(user)
    return named
