"""Users, groups and nested groups of the simulated directory (Microsoft Graph v1.0)."""

from collections.abc import Callable, Sequence

from avd_failover.simulator.core import Core
from avd_failover.simulator.physics import Between
from avd_failover.simulator.records import Group, User, key
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

_READ_ONLY = {
    "dynamic": "Membership of a dynamic group is managed by its rule and cannot be changed.",
    "synced": (
        "Unable to update the specified properties for on-premises mastered Directory Sync objects"
        " or objects currently undergoing migration."
    ),
}


class View:
    """Members of groups as a list shows them: what was before, until the list catches up."""

    def __init__(self, core: Core, stream: str, lag_s: Between) -> None:
        self._core = core
        self._stream = stream
        self._lag_s = lag_s
        self._late: dict[str, tuple[str, ...]] = {}
        self._waiting: dict[str, int] = {}

    def of(self, group: Group) -> tuple[str, ...]:
        """Return the members that are shown."""
        return self._late.get(key(group.id), group.members)

    def changed(self, before: Group) -> None:
        """Show what was before for a while. Late news never overtake: what arrives is the state then."""
        name = key(before.id)
        self._late.setdefault(name, before.members)
        self._waiting[name] = self._waiting.get(name, 0) + 1
        self._core.after(self._core.draw(self._stream, self._lag_s), lambda: self._catch_up(name))

    def _catch_up(self, name: str) -> None:
        self._waiting[name] -= 1
        group = self._core.find(Group, name)
        if group is None or self._waiting[name] == 0:
            self._late.pop(name, None)
        else:
            self._late[name] = group.members


class Directory(Part):
    """Groups and their members. Refusals carry Graph's codes, not ARM's."""

    area = "directory"

    def __init__(self, core: Core, log: RequestLog) -> None:
        super().__init__(core, log)
        self._parents: dict[str, dict[str, None]] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        self._shown = View(core, "member-lag", core.physics.member_lag_s)
        self._shown_deep = View(core, "transitive-lag", core.physics.transitive_lag_s)
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
        """Return the direct members of a group, users and groups, as lists show them: a few seconds late."""
        found = (self._object(member) for member in self._shown.of(self.group(group)))
        return [member for member in found if member is not None]

    def transitive_members(self, group: str) -> list[User | Group]:
        """Return everyone in a group, nested groups resolved and included, each once; seconds late."""
        return self._within(self.group(group), self._shown_deep.of)

    def _within(self, group: Group, members: Callable[[Group], tuple[str, ...]]) -> list[User | Group]:
        seen: dict[str, User | Group] = {}
        waiting = list(members(group))
        while waiting:
            member = self._object(waiting.pop(0))
            if member is None or key(member.id) in seen:
                continue
            seen[key(member.id)] = member
            if isinstance(member, Group):
                waiting.extend(members(member))
        return list(seen.values())

    def users_of(self, principal: str) -> list[User]:
        """Return the users behind a principal as it truly is: itself, or everyone in the group."""
        user = self.core.find(User, principal)
        if user is not None:
            return [user]
        group = self.core.find(Group, principal)
        if group is None:
            return []
        found = self._within(group, lambda one: one.members)
        return [member for member in found if isinstance(member, User)]

    def groups_above(self, member: str, *, transitive: bool) -> list[Group]:
        """Return the groups that hold a user or group, directly or also through nested groups.

        Refused with 404 ``Request_ResourceNotFound`` when there is no such object.
        """
        if self._object(member) is None:
            raise _missing(member)
        above = self.principals_of(key(member))[1:] if transitive else self._parents.get(key(member), ())
        return [self.core.get(Group, group) for group in above]

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
        """Add a member. Refused with 400 ``Request_BadRequest`` when it is one already.

        A dynamic or synced group is refused with 400, a role-assignable one with 403.
        """
        record = self._writable(group)
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
        """Remove a direct member. Refused with 404 when it is none, and as ``add_member``."""
        record = self._writable(group)
        left = tuple(present for present in record.members if key(present) != key(member))
        if left == record.members:
            raise _missing(member)
        self.core.change(actor, "remove-member", record, members=left)

    @external
    def create_group(
        self, actor: str, name: str, *, members: Sequence[str] = (), description: str | None = None
    ) -> Group:
        """Create a security group; role assignments refuse it as unknown for some minutes."""
        for member in members:
            if self._object(member) is None:
                raise _missing(member)
        made = Group(
            id=self.core.guid("group"), display_name=name, members=tuple(members),
            created_s=self.core.now_s, description=description,
        )  # fmt: skip
        return self.core.write(actor, "create-group", made)

    @external
    def delete_group(self, actor: str, group: str) -> None:
        """Delete a group. Assignments to it stay and name nobody. Refused with 404 when there is none."""
        self._delete(actor, self._writable(group))

    @external
    def create_user(self, actor: str, name: str, principal_name: str, *, enabled: bool = True) -> User:
        """Create a user. Refused with 400 when the principal name is taken."""
        if any(key(one.user_principal_name) == key(principal_name) for one in self.users()):
            text = "Another object with the same value for property userPrincipalName already exists."
            raise ArmRefusal(400, "Request_BadRequest", text)
        made = User(
            id=self.core.guid("user"), display_name=name, user_principal_name=principal_name,
            created_s=self.core.now_s, account_enabled=enabled,
        )  # fmt: skip
        return self.core.write(actor, "create-user", made)

    @external
    def delete_user(self, actor: str, user: str) -> None:
        """Delete a user. Refused with 404 when there is none."""
        self._delete(actor, self.user(user))

    def _delete(self, actor: str, held: User | Group) -> None:
        for group in list(self._parents.get(key(held.id), ())):
            record = self.core.get(Group, group)
            left = tuple(member for member in record.members if key(member) != key(held.id))
            self.core.change(actor, "remove-member", record, members=left)
        self.core.erase(actor, "delete-principal", held)

    def _writable(self, group: str) -> Group:
        record = self.group(group)
        if record.kind == "role-assignable":
            text = "Insufficient privileges to complete the operation."
            raise ArmRefusal(403, "Authorization_RequestDenied", text)
        if record.kind != "assigned":
            raise ArmRefusal(400, "Request_BadRequest", _READ_ONLY[record.kind])
        return record

    def _object(self, member: str) -> User | Group | None:
        return self.core.find(User, member) or self.core.find(Group, member)

    def _reindex(self, before: Group | None, after: Group | None) -> None:
        self._above.clear()
        if before is not None and after is not None and before.members != after.members:
            self._shown.changed(before)
            self._shown_deep.changed(before)
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
