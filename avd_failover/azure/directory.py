"""Groups and everyone in them (Microsoft Graph v1.0, direct members, nested groups followed here).

Direct members are asked for, group by group, rather than ``transitiveMembers``: Graph's transitive answers
lag behind changes for longer (azure-facts section 9), and the nesting itself is wanted.
"""

from msgspec import Struct, field

from avd_failover.azure.graph import Graph, Member
from avd_failover.cloud import Directory
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import RULE_PENDING, Membership
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import GroupId, UserId

MAX_GROUPS = 1_000
MAX_USERS = 250_000
MAX_PAGES = 400
"""Bounds of one answer: a group beyond them is reported as incomplete. Our guesses."""

_USER = "#microsoft.graph.user"
_GROUP = "#microsoft.graph.group"


class _Found(Struct):
    """What one walk through nested groups has met so far."""

    queue: list[GroupId]
    met: set[GroupId] = field(default_factory=set)
    users: set[UserId] = field(default_factory=set)
    names: set[tuple[str, UserId]] = field(default_factory=set)
    gap: str = ""
    """Why not everyone was found; empty while nothing lacks."""

    def lack(self, gap: str) -> None:
        """Take note of what lacks; the first reason is kept."""
        self.gap = self.gap or gap

    def add(self, member: Member) -> None:
        kind = member.kind.lower()
        if kind == _USER:
            user = ids.user_id(member.id)
            self.users.add(user)
            if member.principal_name:
                self.names.add((member.principal_name.lower(), user))
        elif kind == _GROUP:
            group = ids.group_id(member.id)
            # Members that a rule has yet to let in are members nobody shows (safety S5).
            self.lack("" if member.settled else RULE_PENDING)
            if group not in self.met:
                self.met.add(group)
                self.queue.append(group)
        elif not kind:
            # A member whose kind Graph hides may be a user, or a group full of them.
            self.lack("Graph hides what kind of member one is")


class AzureDirectory(Directory):
    """Group membership."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self._graph = graph
        self._clock = clock

    async def members(self, group: GroupId) -> Membership:
        """Read everyone in a group, through any depth and any circle of nested groups.

        Devices, contacts and service principals are left out: they start no sessions. A nested group that
        Graph refuses to show, or that is gone meanwhile, makes the answer incomplete, and so does any
        dynamic group whose rule is not worked off; a refusal of the group itself is raised, as is any fault
        worth asking again for.
        """
        read_at = self._clock.now()
        itself = await self._graph.group(group)
        found = _Found(queue=[group], met={group}, gap="" if itself.settled else RULE_PENDING)
        while found.queue:
            if len(found.met) > MAX_GROUPS or len(found.users) > MAX_USERS:
                found.lack("more groups or members than one answer may have")
                break
            await self._read(found, found.queue.pop(0), root=group)
        return Membership(
            group=group,
            users=frozenset(found.users),
            nested=frozenset(found.met - {group}),
            complete=not found.gap,
            gap=found.gap,
            read_at=read_at,
            names=tuple(sorted(found.names)),
        )

    async def _read(self, found: _Found, group: GroupId, *, root: GroupId) -> None:
        try:
            if not await self._pages(found, group):
                found.lack("not every page of its members was shown")
        except RefusedError as refusal:
            if group == root or refusal.code == "ForeignEndpoint":
                raise
            found.lack(refusal.message)

    async def _pages(self, found: _Found, group: GroupId) -> bool:
        link, met = "", set[str]()
        for _ in range(MAX_PAGES):
            page = await self._graph.members(group, link)
            for member in page.value:
                found.add(member)
            link = page.next_link or ""
            if not link:
                return True
            if link in met:
                return False
            met.add(link)
        return False
