"""Users, groups and nested groups of the simulated directory (Microsoft Graph v1.0)."""

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import Group, User, key
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external


class Directory(Part):
    """Groups and their members. Refusals carry Graph's codes, not ARM's."""

    area = "directory"

    def __init__(self, core: Core, log: RequestLog) -> None:
        super().__init__(core, log)
        self._parents: dict[str, dict[str, None]] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        core.watch(Group, self._reindex)

    def group(self, group: str) -> Group:
        """Return a group. Refused with 404 ``Request_ResourceNotFound`` when there is none."""
        found = self.core.find(Group, group)
        if found is None:
            raise _missing(group)
        return found

    def groups(self) -> list[Group]:
        """Return every group."""
        return list(self.core.table(Group).values())

    def user(self, user: str) -> User:
        """Return a user. Refused with 404 ``Request_ResourceNotFound`` when there is none."""
        found = self.core.find(User, user)
        if found is None:
            raise _missing(user)
        return found

    def users(self) -> list[User]:
        """Return every user."""
        return list(self.core.table(User).values())

    def members(self, group: str) -> list[User | Group]:
        """Return the direct members of a group, users and groups."""
        found = (self._object(member) for member in self.group(group).members)
        return [member for member in found if member is not None]

    def transitive_members(self, group: str) -> list[User | Group]:
        """Return everyone in a group, nested groups resolved and included, each once."""
        seen: dict[str, User | Group] = {}
        waiting = list(self.group(group).members)
        while waiting:
            member = self._object(waiting.pop(0))
            if member is None or key(member.id) in seen:
                continue
            seen[key(member.id)] = member
            if isinstance(member, Group):
                waiting.extend(member.members)
        return list(seen.values())

    def users_of(self, principal: str) -> list[User]:
        """Return the users behind a principal: itself, or everyone in the group."""
        user = self.core.find(User, principal)
        if user is not None:
            return [user]
        if self.core.find(Group, principal) is None:
            return []
        return [member for member in self.transitive_members(principal) if isinstance(member, User)]

    def principals_of(self, user: str) -> tuple[str, ...]:
        """Return the keys of a user and of every group it is in, directly or through nested groups."""
        if user not in self._above:
            found: dict[str, None] = {key(user): None}
            waiting = [key(user)]
            while waiting:
                for parent in self._parents.get(waiting.pop(), ()):
                    if parent not in found:
                        found[parent] = None
                        waiting.append(parent)
            self._above[user] = tuple(found)
        return self._above[user]

    @external
    def add_member(self, actor: str, group: str, member: str) -> None:
        """Add a member. Refused with 400 ``Request_BadRequest`` when it is one already."""
        record = self.group(group)
        if self._object(member) is None:
            raise _missing(member)
        if key(member) in map(key, record.members):
            text = (
                "One or more added object references already exist for the following modified properties:"
                " 'members'."
            )
            raise ArmRefusal(400, "Request_BadRequest", text)
        self.core.change(actor, "add-member", record, members=(*record.members, member))

    @external
    def remove_member(self, actor: str, group: str, member: str) -> None:
        """Remove a direct member. Refused with 404 when it is none."""
        record = self.group(group)
        left = tuple(present for present in record.members if key(present) != key(member))
        if left == record.members:
            raise _missing(member)
        self.core.change(actor, "remove-member", record, members=left)

    def _object(self, member: str) -> User | Group | None:
        return self.core.find(User, member) or self.core.find(Group, member)

    def _reindex(self, before: Group | None, after: Group | None) -> None:
        self._above.clear()
        for member in before.members if before else ():
            self._parents.get(key(member), {}).pop(key(before.id if before else ""), None)
        for member in after.members if after else ():
            self._parents.setdefault(key(member), {})[key(after.id if after else "")] = None


def _missing(object_id: str) -> ArmRefusal:
    text = (
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects"
        " are not present."
    )
    return ArmRefusal(404, "Request_ResourceNotFound", text)
