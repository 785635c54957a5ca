"""People and policies beside the engine: what they create, delete, edit and lock in the middle of a run."""

import random
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.faults.base import Deed, RequestFault, called
from avd_failover.simulator.faults.names import Stage, matching, named, require
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import (
    ApplicationGroup,
    Group,
    HostPool,
    PooledSchedule,
    Record,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    SessionHost,
    User,
    key,
)
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

ADMIN = "admin:out-of-band"
POLICY = "admin:policy"


class _OnAssignment(Deed):
    """Concerns the assignment of a principal to an application group."""

    principal: str = Field(description="Name of a group, or of a user.")
    application_group: str = Field(description="Name of the application group.")

    def check(self, world: "World") -> None:
        """Find out whether both exist."""
        super().check(world)
        self._principal(world)
        named(world, ApplicationGroup, self.application_group)

    def _principal(self, world: "World") -> Record:
        users = [user for user in world.directory.users() if user.display_name == self.principal]
        return users[0] if users else named(world, Group, self.principal)

    def _found(self, world: "World") -> list[RoleAssignment]:
        scope = key(named(world, ApplicationGroup, self.application_group).id)
        principal = key(self._principal(world).id)
        held = world.core.table(RoleAssignment).values()
        return [one for one in held if key(one.scope) == scope and key(one.principal_id) == principal]


class AdminGrants(_OnAssignment):
    """An admin assigns a group or user to an application group, unless it is already."""

    fault: Literal["admin-grants"] = called("admin-grants")
    role: str = Field(default="Desktop Virtualization User", description="Name of the role.")

    def act(self, stage: Stage) -> None:
        """Assign."""
        world, principal = stage.world, self._principal(stage.world)
        scope = named(world, ApplicationGroup, self.application_group).id
        role = named_role(world, self.role)
        stage.hit("grants", scope)
        try:
            world.roles.put(
                ADMIN, scope, world.core.guid(f"fault:{stage.fault}"), principal_id=principal.id,
                principal_type="User" if isinstance(principal, User) else "Group",
                role_definition_id=_role_id(world, role),
            )  # fmt: skip
        except ArmRefusal:
            return

    def check(self, world: "World") -> None:
        """Find out whether the role exists too."""
        super().check(world)
        named_role(world, self.role)


class AdminRevokes(_OnAssignment):
    """An admin deletes the assignments of a group or user on an application group."""

    fault: Literal["admin-revokes"] = called("admin-revokes")

    def act(self, stage: Stage) -> None:
        """Delete."""
        for assignment in self._found(stage.world):
            stage.hit("revokes", assignment.id)
            stage.world.roles.delete(ADMIN, assignment.id)


class AdminEditsAssignment(_OnAssignment):
    """An admin changes the description of an assignment."""

    fault: Literal["admin-edits-assignment"] = called("admin-edits-assignment")
    description: str = Field(default="edited by hand", description="The new description.")

    def act(self, stage: Stage) -> None:
        """Edit."""
        for found in self._found(stage.world):
            stage.hit("edits", found.id)
            stage.world.roles.put(
                ADMIN, found.scope, found.name, principal_id=found.principal_id,
                principal_type=found.principal_type, role_definition_id=found.role_definition_id,
                condition=found.condition, condition_version=found.condition_version,
                description=self.description,
            )  # fmt: skip


class PolicyRegrants(Deed):
    """A policy puts back what an engine deletes, under a new name."""

    fault: Literal["policy-regrants"] = called("policy-regrants")
    on: str | None = Field(default="assignments.delete", description="After which requests.")
    times: int = Field(default=1_000, ge=1, description="How often in all.")

    def act(self, stage: Stage) -> None:
        """Put back the assignment that an engine deleted last."""
        world = stage.world
        gone = next((one for one in _deleted(world) if not _stands(world, one)), None)
        if gone is None:
            return
        stage.hit("regrants", gone.id)
        world.roles.put(
            POLICY, gone.scope, world.core.guid(f"fault:{stage.fault}"), principal_id=gone.principal_id,
            principal_type=gone.principal_type, role_definition_id=gone.role_definition_id,
            condition=gone.condition, condition_version=gone.condition_version, description=gone.description,
        )  # fmt: skip


class _OnHosts(Deed):
    """Concerns session hosts."""

    hosts: str = Field(description="Name of a session host, or a pattern such as `avd-neu-*`.")

    def check(self, world: "World") -> None:
        """Find out whether there are any."""
        super().check(world)
        require(world, SessionHost, self.hosts)

    def _set(self, stage: Stage, *, allowed: bool) -> None:
        for host in matching(stage.world, SessionHost, self.hosts):
            if host.allow_new_session != allowed:
                stage.hit("undrains" if allowed else "drains", host.id)
                stage.world.core.change(
                    ADMIN, "patch-session-host", host, allow_new_session=allowed,
                    modified_s=stage.world.now_s,
                )  # fmt: skip


class AdminUndrains(_OnHosts):
    """An admin lets drained hosts take sessions again."""

    fault: Literal["admin-undrains"] = called("admin-undrains")

    def act(self, stage: Stage) -> None:
        """Undrain."""
        self._set(stage, allowed=True)


class AdminDrains(_OnHosts):
    """An admin drains hosts."""

    fault: Literal["admin-drains"] = called("admin-drains")

    def act(self, stage: Stage) -> None:
        """Drain."""
        self._set(stage, allowed=False)


class AdminResizesPlan(Deed):
    """An admin changes the minimum of hosts in every schedule of a scaling plan."""

    fault: Literal["admin-resizes-plan"] = called("admin-resizes-plan")
    plan: str = Field(description="Name of the scaling plan.")
    minimum_hosts_pct: int = Field(ge=0, le=100, description="The new minimum, in percent.")

    def act(self, stage: Stage) -> None:
        """Change both phases."""
        plan = named(stage.world, ScalingPlan, self.plan)
        stage.hit("resizes", plan.id)
        for schedule in stage.world.core.table(PooledSchedule).values():
            if key(schedule.plan) == key(plan.id):
                stage.world.core.change(
                    ADMIN, "patch-schedule", schedule, ramp_up_minimum_hosts_pct=self.minimum_hosts_pct,
                    ramp_down_minimum_hosts_pct=self.minimum_hosts_pct,
                )  # fmt: skip

    def check(self, world: "World") -> None:
        """Find out whether the plan exists."""
        super().check(world)
        named(world, ScalingPlan, self.plan)


class AdminAllowsStartOnConnect(Deed):
    """An admin switches Start VM on Connect of a pool on again."""

    fault: Literal["admin-allows-start-on-connect"] = called("admin-allows-start-on-connect")
    pool: str = Field(description="Name of the host pool.")

    def act(self, stage: Stage) -> None:
        """Switch it on."""
        pool = named(stage.world, HostPool, self.pool)
        stage.hit("allows-start-on-connect", pool.id)
        stage.world.core.change(ADMIN, "patch-host-pool", pool, start_vm_on_connect=True)

    def check(self, world: "World") -> None:
        """Find out whether the pool exists."""
        super().check(world)
        named(world, HostPool, self.pool)


class AdminEditsRole(Deed):
    """An admin edits the data actions of a role definition."""

    fault: Literal["admin-edits-role"] = called("admin-edits-role")
    role: str = Field(description="Name of the role.")
    data_actions: tuple[str, ...] = Field(description="Its data actions from then on.")

    def act(self, stage: Stage) -> None:
        """Edit."""
        role = named_role(stage.world, self.role)
        stage.hit("edits-role", role.id)
        stage.world.core.change(ADMIN, "edit-role", role, data_actions=self.data_actions)

    def check(self, world: "World") -> None:
        """Find out whether the role exists."""
        super().check(world)
        named_role(world, self.role)


class ResourceLock(RequestFault):
    """A management lock: deletes below it are refused, or every change."""

    fault: Literal["resource-lock"] = called("resource-lock")
    level: Literal["CanNotDelete", "ReadOnly"] = Field(default="CanNotDelete", description="What is refused.")
    actor: str = Field(default="*", description="Who asks.")

    def matches(self, sent: Sent) -> bool:
        """Tell whether the lock forbids a request. A log-off deletes no resource of ARM's."""
        deletes = sent.route.endswith(".delete")
        forbidden = deletes if self.level == "CanNotDelete" else sent.mutates and _of_arm(sent)
        return forbidden and super().matches(sent)

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Refuse with 409 ``ScopeLocked``."""
        text = f"The scope '{sent.target}' cannot perform the operation because it is locked ({self.level})."
        return Ruling(refusal=ArmRefusal(409, "ScopeLocked", text))


def named_role(world: "World", name: str) -> RoleDefinition:
    """Return a role by its name. Raises ``ValueError`` when there is none."""
    roles = world.core.table(RoleDefinition).values()
    found = next((role for role in roles if role.role_name.lower() == name.lower()), None)
    return found if found is not None else named(world, RoleDefinition, name)


def _role_id(world: "World", role: RoleDefinition) -> str:
    subscription = key(world.workload.host_pools[0]).split("/")[2]
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def _of_arm(sent: Sent) -> bool:
    return not sent.route.startswith(("members.", "groups.", "users.", "token."))


def _deleted(world: "World") -> list[RoleAssignment]:
    return [
        entry.before
        for entry in reversed(world.history.entries[world.built :])
        if isinstance(entry, Change)
        and isinstance(entry.before, RoleAssignment)
        and entry.after is None
        and entry.actor_kind == "engine"
    ]


def _stands(world: "World", gone: RoleAssignment) -> bool:
    held = world.core.table(RoleAssignment).values()
    return any(
        key(one.scope) == key(gone.scope) and key(one.principal_id) == key(gone.principal_id)
        and key(one.role_definition_id) == key(gone.role_definition_id)
        for one in held
    )  # fmt: skip
