"""The directory moves: members come and go, groups nest, hide, vanish and come back as others."""

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.faults.base import Deed, LastingDeed, RequestFault, called
from avd_failover.simulator.faults.names import Stage, named
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.records import Group, User, key
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

ADMIN = "admin:directory"


class _OnGroup(Deed):
    """Concerns a group."""

    group: str = Field(description="Name of the group.")

    def check(self, world: "World") -> None:
        """Find out whether the group exists."""
        super().check(world)
        named(world, Group, self.group)


class _OnMember(_OnGroup):
    """Concerns a group and a user or group in it."""

    member: str = Field(description="Name of a user or group.")

    def check(self, world: "World") -> None:
        """Find out whether both exist."""
        super().check(world)
        _member(world, self.member)


class GroupMemberAdded(_OnMember):
    """Somebody adds a user, or a whole group, to a group; a group within itself makes a circle."""

    fault: Literal["group-member-added"] = called("group-member-added")

    def act(self, stage: Stage) -> None:
        """Add, unless it is a member."""
        group, member = named(stage.world, Group, self.group), _member(stage.world, self.member)
        if key(member) not in map(key, group.members):
            stage.hit("adds", group.id)
            stage.world.core.change(ADMIN, "add-member", group, members=(*group.members, member))


class GroupMemberRemoved(_OnMember):
    """Somebody takes a user or group out of a group."""

    fault: Literal["group-member-removed"] = called("group-member-removed")

    def act(self, stage: Stage) -> None:
        """Take it out."""
        group, member = named(stage.world, Group, self.group), _member(stage.world, self.member)
        stage.hit("removes", group.id)
        left = tuple(one for one in group.members if key(one) != key(member))
        stage.world.core.change(ADMIN, "remove-member", group, members=left)


class GroupDeleted(_OnGroup):
    """Somebody deletes a group; its assignments stay and lead nowhere."""

    fault: Literal["group-deleted"] = called("group-deleted")

    def act(self, stage: Stage) -> None:
        """Delete it."""
        group = named(stage.world, Group, self.group)
        stage.hit("deletes", group.id)
        stage.world.core.erase(ADMIN, "delete-group", group)


class GroupRecreated(_OnGroup):
    """Somebody deletes a group and makes one of the same name and members, with another id."""

    fault: Literal["group-recreated"] = called("group-recreated")

    def act(self, stage: Stage) -> None:
        """Delete it and make the other."""
        group = named(stage.world, Group, self.group)
        stage.hit("recreates", group.id)
        stage.world.core.erase(ADMIN, "delete-group", group)
        new_id = stage.world.core.guid(f"fault:{stage.fault}")
        stage.world.core.write(ADMIN, "create-group", replace(group, id=new_id, created_s=stage.world.now_s))


class GroupRulePending(LastingDeed):
    """A group is dynamic and its rule is not worked off: it shows old members, and who joins comes later."""

    fault: Literal["group-rule-pending"] = called("group-rule-pending")
    group: str = Field(description="Name of the group.")
    joins: str | None = Field(
        default=None, description="Name of a user or group that the rule lets in once it is worked off."
    )

    def act(self, stage: Stage) -> None:
        """Pause the rule."""
        group = named(stage.world, Group, self.group)
        stage.memory.setdefault("was", group)
        stage.hit("pauses", group.id)
        stage.world.core.change(
            ADMIN,
            "pause-rule",
            group,
            kind="dynamic",
            membership_rule=group.membership_rule or "(user.accountEnabled -eq true)",
            rule_paused=True,
        )

    def undo(self, stage: Stage) -> None:
        """Work it off."""
        was: Group = stage.memory["was"]
        found = stage.world.core.find(Group, was.id)
        if found is None or not found.rule_paused:
            return
        joining = () if self.joins is None else (_member(stage.world, self.joins),)
        fresh = tuple(one for one in joining if key(one) not in map(key, found.members))
        stage.world.core.change(
            ADMIN,
            "work-off-rule",
            found,
            kind=was.kind,
            membership_rule=was.membership_rule,
            rule_paused=False,
            members=(*found.members, *fresh),
        )

    def check(self, world: "World") -> None:
        """Find out whether both exist."""
        super().check(world)
        named(world, Group, self.group)
        if self.joins is not None:
            _member(world, self.joins)


class GroupHidden(RequestFault):
    """A group's membership is hidden: reading it is refused."""

    fault: Literal["group-hidden"] = called("group-hidden")
    route: str = Field(default="members.list", description="Which requests.")
    group: str = Field(description="Name of the group.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Refuse to list this group."""
        if sent.target != key(named(stage.world, Group, self.group).id):
            return Ruling()
        text = "Insufficient privileges to complete the operation."
        return Ruling(refusal=ArmRefusal(403, "Authorization_RequestDenied", text))

    def check(self, world: "World") -> None:
        """Find out whether the group exists."""
        super().check(world)
        named(world, Group, self.group)


def _member(world: "World", name: str) -> str:
    users = [user for user in world.core.table(User).values() if name in {user.display_name, user.id}]
    return users[0].id if users else named(world, Group, name).id
