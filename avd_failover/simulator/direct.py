"""The direct face: the cloud seam over a ``World`` with no wire, for runs by the hundred thousand.

Same verbs, same refusals and same budgets as the HTTP face behind the adapters; only requests of paging and
of operation polling are fewer. Every verb awaits the clock, so other tasks move in between.
"""

from collections.abc import Sequence

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import estate, ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import (
    ApplicationGroupId,
    AssignmentId,
    GroupId,
    HostPoolId,
    ScalingPlanId,
    ScheduleId,
    Scope,
    SessionHostId,
    SubscriptionId,
    UserSessionId,
)
from avd_failover.simulator import direct_values as values
from avd_failover.simulator.direct_call import Line
from avd_failover.simulator.direct_machines import DirectMachines
from avd_failover.simulator.records import Group, User
from avd_failover.simulator.world import World


class DirectCloud:
    """Everything the engine can reach in one world (``cloud.Cloud``), as one principal."""

    def __init__(self, world: World, clock: Clock, *, principal: str = "failover", seed: int = 0) -> None:
        self._line = line = Line(world, clock, actor=f"engine:{principal}", seed=seed)
        self.assignments = DirectAssignments(line)
        self.directory = DirectDirectory(line)
        self.pools = DirectHostPools(line)
        self.hosts = DirectSessionHosts(line)
        self.sessions = DirectUserSessions(line)
        self.scaling = DirectScalingPlans(line)
        self.machines = DirectMachines(line)

    async def aclose(self) -> None:
        """Let no further request pass."""
        self._line.close()


class _Service:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._world = line.world
        self._actor = line.actor


class DirectAssignments(_Service):
    """Role assignments and definitions."""

    async def at_or_above(self, scope: Scope) -> Reading[estate.RoleAssignment]:
        """List assignments at a scope and above it; the list lags behind writes."""
        roles, actor = self._world.roles, self._actor
        found = await self._line.ask(
            "reads", scope, lambda: roles.assignments_for_scope(actor, scope, "atScope()")
        )
        return Reading(items=tuple(map(values.assignment, found)), read_at=self._line.clock.now())

    async def get(self, assignment: AssignmentId) -> estate.RoleAssignment | None:
        """Read one assignment, up to date; None when there is none."""
        roles, actor = self._world.roles, self._actor
        try:
            found = await self._line.ask("reads", assignment, lambda: roles.assignment(actor, assignment))
        except RefusedError as refusal:
            if refusal.code == "RoleAssignmentNotFound":
                return None
            raise
        return values.assignment(found)

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        """List the ids of every assignment inside a subscription."""
        inside = f"/subscriptions/{subscription}".lower()
        roles, actor = self._world.roles, self._actor
        found = await self._line.ask("reads", inside, lambda: roles.assignments_for_scope(actor, inside))
        names = (ids.assignment_id(assignment.id) for assignment in found)
        return Reading(
            items=tuple(name for name in names if ids.within(name, inside)), read_at=self._line.clock.now()
        )

    async def definitions(self, scope: Scope) -> Reading[estate.RoleDefinition]:
        """List the roles that can be assigned at a scope."""
        found = await self._line.ask("reads", scope, lambda: self._world.roles.definitions(scope))
        subscription = ids.subscription_of(scope)
        return Reading(
            items=tuple(values.definition(role, subscription) for role in found),
            read_at=self._line.clock.now(),
        )

    async def create(self, assignment: estate.RoleAssignment) -> Accepted:
        """Create an assignment under the name it carries."""
        roles, actor = self._world.roles, self._actor
        return await self._line.tell(
            "writes",
            assignment.id,
            lambda: roles.put(
                actor,
                assignment.scope,
                assignment.name,
                principal_id=assignment.principal_id,
                principal_type=assignment.principal_type,
                role_definition_id=assignment.role_definition_id,
                condition=assignment.condition,
                condition_version=assignment.condition_version,
                description=assignment.description,
            ),
        )

    async def delete(self, assignment: AssignmentId) -> Accepted:
        """Delete an assignment; accepted as well when there is none."""
        roles, actor = self._world.roles, self._actor
        return await self._line.tell("deletes", assignment, lambda: roles.delete(actor, assignment))


class DirectDirectory(_Service):
    """Groups and their members; Graph has budgets of its own, so none of Resource Manager's is used."""

    async def members(self, group: GroupId) -> estate.Membership:
        """Read everyone in a group, nested groups resolved."""
        found = await self._line.ask(None, group, lambda: self._world.directory.transitive_members(group))
        return estate.Membership(
            group=group,
            users=frozenset(ids.user_id(member.id) for member in found if isinstance(member, User)),
            nested=frozenset(ids.group_id(member.id) for member in found if isinstance(member, Group)),
            read_at=self._line.clock.now(),
        )


class DirectHostPools(_Service):
    """Host pools and application groups."""

    async def get(self, pool: HostPoolId) -> estate.HostPool:
        """Read one host pool."""
        return values.host_pool(await self._line.ask("reads", pool, lambda: self._world.pools.get(pool)))

    async def application_group(self, group: ApplicationGroupId) -> estate.ApplicationGroup:
        """Read one application group."""
        pools = self._world.pools
        return values.application_group(
            await self._line.ask("reads", group, lambda: pools.application_group(group))
        )

    async def application_groups(self, pool: HostPoolId) -> Reading[estate.ApplicationGroup]:
        """List the application groups of a pool."""
        pools = self._world.pools
        found = await self._line.ask("reads", pool, lambda: pools.application_groups_of(pool))
        return Reading(items=tuple(map(values.application_group, found)), read_at=self._line.clock.now())

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        """Allow or forbid Start VM on Connect."""
        pools, actor = self._world.pools, self._actor
        return await self._line.tell(
            "writes", pool, lambda: pools.set_start_on_connect(actor, pool, allowed=allowed)
        )


class DirectSessionHosts(_Service):
    """Session hosts."""

    async def list(self, pool: HostPoolId) -> Reading[estate.SessionHost]:
        """List every host of a pool, within the 10 lists in 5 minutes that the service allows."""
        found = await self._line.ask("reads", pool, lambda: self._listed(pool))
        return Reading(items=found, read_at=self._line.clock.now())

    async def get(self, host: SessionHostId) -> estate.SessionHost:
        """Read one host."""
        return await self._line.ask(
            "reads", host, lambda: values.session_host(self._world.hosts.get(host), self._count(host))
        )

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        """Allow or refuse new sessions on one host."""
        hosts, actor = self._world.hosts, self._actor
        return await self._line.tell("writes", host, lambda: hosts.set_logons(actor, host, allowed=allowed))

    def _listed(self, pool: HostPoolId) -> tuple[estate.SessionHost, ...]:
        self._world.budgets.admit_host_list(pool)
        hosts = self._world.hosts.list(pool)
        return tuple(values.session_host(host, self._count(host.id)) for host in hosts)

    def _count(self, host: str) -> int:
        return self._world.sessions.count_on_host(host)


class DirectUserSessions(_Service):
    """User sessions."""

    async def list(self, pool: HostPoolId) -> Reading[estate.UserSession]:
        """List every session that the service shows on a pool."""
        found = await self._line.ask("reads", pool, lambda: self._world.sessions.list(pool))
        return Reading(items=tuple(map(values.user_session, found)), read_at=self._line.clock.now())

    async def log_off(self, session: UserSessionId) -> Accepted:
        """End one session; accepted as well when it is gone already."""
        sessions, actor = self._world.sessions, self._actor
        return await self._line.tell("deletes", session, lambda: sessions.log_off(actor, session))

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        """Show a message in one session."""
        sessions, actor = self._world.sessions, self._actor
        return await self._line.tell(
            "writes", session, lambda: sessions.send_message(actor, session, title=title, body=body)
        )


class DirectScalingPlans(_Service):
    """Scaling plans and their pooled schedules."""

    async def get(self, plan: ScalingPlanId) -> estate.ScalingPlan:
        """Read one scaling plan."""
        return values.scaling_plan(await self._line.ask("reads", plan, lambda: self._world.scaling.get(plan)))

    async def schedules(self, plan: ScalingPlanId) -> Reading[estate.PooledSchedule]:
        """List the pooled schedules of a scaling plan."""
        found = await self._line.ask("reads", plan, lambda: self._world.scaling.schedules(plan))
        return Reading(items=tuple(map(values.schedule, found)), read_at=self._line.clock.now())

    async def set_references(
        self, plan: ScalingPlanId, references: Sequence[estate.PoolReference]
    ) -> Accepted:
        """Replace the whole list of pools a plan acts on."""
        scaling, actor = self._world.scaling, self._actor
        pairs = [(reference.host_pool, reference.enabled) for reference in references]
        return await self._line.tell("writes", plan, lambda: scaling.set_references(actor, plan, pairs))

    async def set_floor(self, schedule: ScheduleId, floor: estate.ScheduleFloor) -> Accepted:
        """Set the minimum-host and threshold percentages of one schedule."""
        scaling, actor = self._world.scaling, self._actor
        changes = {
            "ramp_up_minimum_hosts_pct": floor.ramp_up_minimum_hosts_pct,
            "ramp_up_capacity_threshold_pct": floor.ramp_up_capacity_threshold_pct,
            "ramp_down_minimum_hosts_pct": floor.ramp_down_minimum_hosts_pct,
            "ramp_down_capacity_threshold_pct": floor.ramp_down_capacity_threshold_pct,
        }
        return await self._line.tell(
            "writes", schedule, lambda: scaling.patch_schedule(actor, schedule, changes)
        )
