"""The direct face: the cloud seam over a ``World`` with no wire, for runs by the hundred thousand.

Same verbs, same refusals and same budgets as the HTTP face behind the adapters; only requests of paging and
of operation polling are fewer. Every verb awaits the clock, so other tasks move in between.
"""

from collections.abc import Sequence

from msgspec import structs

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
from avd_failover.simulator.direct_outside import RehearsedOutside
from avd_failover.simulator.direct_recovery import DirectReservations, DirectSiteRecovery
from avd_failover.simulator.pacing import Pace
from avd_failover.simulator.records import SessionHost
from avd_failover.simulator.world import World


class DirectCloud:
    """Everything the engine can reach in one world (``cloud.Cloud``), as one principal.

    With a ``pace`` it waits for its budgets as the adapters do; without one it runs into them.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        principal: str = "failover",
        seed: int = 0,
        pace: Pace | None = None,
    ) -> None:
        self._line = line = Line(world, clock, actor=f"engine:{principal}", seed=seed, pace=pace)
        self.assignments = DirectAssignments(line)
        self.directory = DirectDirectory(line)
        self.pools = DirectHostPools(line)
        self.hosts = DirectSessionHosts(line)
        self.sessions = DirectUserSessions(line)
        self.scaling = DirectScalingPlans(line)
        self.machines = DirectMachines(line)
        self.recovery = DirectSiteRecovery(line)
        self.reservations = DirectReservations(line)
        self.outside = RehearsedOutside(clock)

    async def aclose(self) -> None:
        """Let no further request pass."""
        self._line.close()


class _Service:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._actor = line.actor


class DirectAssignments(_Service):
    """Role assignments and definitions."""

    async def at_or_above(self, scope: Scope) -> Reading[estate.RoleAssignment]:
        """List assignments at a scope and above it; the list lags behind writes."""
        actor = self._actor
        return await self._line.read_list(
            "assignments.list",
            scope,
            lambda world: world.roles.assignments_for_scope(actor, scope, "atScope()"),
            values.assignment,
        )

    async def get(self, assignment: AssignmentId) -> estate.RoleAssignment | None:
        """Read one assignment, up to date; None when there is none."""
        actor = self._actor
        try:
            found = await self._line.ask(
                "assignments.get", assignment, lambda world: world.roles.assignment(actor, assignment)
            )
        except RefusedError as refusal:
            if refusal.code == "RoleAssignmentNotFound":
                return None
            raise
        return values.assignment(found)

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        """List the ids of every assignment inside a subscription."""
        inside = f"/subscriptions/{subscription}".lower()
        actor = self._actor
        listed = await self._line.read_list(
            "assignments.list",
            inside,
            lambda world: world.roles.assignments_for_scope(actor, inside),
            lambda assignment: ids.assignment_id(assignment.id),
        )
        return structs.replace(listed, items=tuple(n for n in listed.items if ids.within(n, inside)))

    async def definitions(self, scope: Scope) -> Reading[estate.RoleDefinition]:
        """List the roles that can be assigned at a scope."""
        subscription = ids.subscription_of(scope)
        return await self._line.read_list(
            "roles.list",
            scope,
            lambda world: world.roles.definitions(scope),
            lambda role: values.definition(role, subscription),
        )

    async def create(self, assignment: estate.RoleAssignment) -> Accepted:
        """Create an assignment under the name it carries."""
        actor = self._actor
        return await self._line.tell(
            "assignments.create",
            assignment.id,
            lambda world: world.roles.put(
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
        actor = self._actor
        return await self._line.tell(
            "assignments.delete", assignment, lambda world: world.roles.delete(actor, assignment)
        )


class DirectDirectory(_Service):
    """Groups and their members; Graph has budgets of its own, so none of Resource Manager's is used."""

    async def members(self, group: GroupId) -> estate.Membership:
        """Read a group and everyone in it, nested groups resolved."""
        found = await self._line.read_list(
            "members.list",
            group,
            lambda world: (world.directory.group(group), *world.directory.transitive_members(group)),
            lambda one: one,
        )
        return values.membership(group, found)


class DirectHostPools(_Service):
    """Host pools and application groups."""

    async def get(self, pool: HostPoolId) -> estate.HostPool:
        """Read one host pool."""
        return values.host_pool(await self._line.ask("pools.get", pool, lambda world: world.pools.get(pool)))

    async def application_group(self, group: ApplicationGroupId) -> estate.ApplicationGroup:
        """Read one application group."""
        return values.application_group(
            await self._line.ask(
                "application-groups.get", group, lambda world: world.pools.application_group(group)
            )
        )

    async def application_groups(self, pool: HostPoolId) -> Reading[estate.ApplicationGroup]:
        """List the application groups of a pool."""
        return await self._line.read_list(
            "application-groups.list",
            pool,
            lambda world: world.pools.application_groups_of(pool),
            values.application_group,
        )

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        """Allow or forbid Start VM on Connect."""
        actor = self._actor
        return await self._line.tell(
            "pools.patch", pool, lambda world: world.pools.set_start_on_connect(actor, pool, allowed=allowed)
        )


class DirectSessionHosts(_Service):
    """Session hosts."""

    async def list(self, pool: HostPoolId) -> Reading[estate.SessionHost]:
        """List every host of a pool, within the 10 lists in 5 minutes that the service allows."""
        return await self._line.read_list(
            "hosts.list", pool, lambda world: _listed(world, pool), lambda host: host
        )

    async def get(self, host: SessionHostId) -> estate.SessionHost:
        """Read one host."""
        return await self._line.ask(
            "hosts.get",
            host,
            lambda world: _shown(world, world.hosts.get(host)),
        )

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        """Allow or refuse new sessions on one host."""
        actor = self._actor
        return await self._line.tell(
            "hosts.patch", host, lambda world: world.hosts.set_logons(actor, host, allowed=allowed)
        )


class DirectUserSessions(_Service):
    """User sessions."""

    async def list(self, pool: HostPoolId) -> Reading[estate.UserSession]:
        """List every session that the service shows on a pool."""
        return await self._line.read_list(
            "sessions.list", pool, lambda world: world.sessions.list(pool), values.user_session
        )

    async def log_off(self, session: UserSessionId) -> Accepted:
        """End one session; accepted as well when it is gone already."""
        actor = self._actor
        return await self._line.tell(
            "sessions.log-off", session, lambda world: world.sessions.log_off(actor, session)
        )

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        """Show a message in one session."""
        actor = self._actor
        return await self._line.tell(
            "sessions.message",
            session,
            lambda world: world.sessions.send_message(actor, session, title=title, body=body),
        )


class DirectScalingPlans(_Service):
    """Scaling plans and their pooled schedules."""

    async def get(self, plan: ScalingPlanId) -> estate.ScalingPlan:
        """Read one scaling plan."""
        return values.scaling_plan(
            await self._line.ask("plans.get", plan, lambda world: world.scaling.get(plan))
        )

    async def schedules(self, plan: ScalingPlanId) -> Reading[estate.PooledSchedule]:
        """List the pooled schedules of a scaling plan."""
        return await self._line.read_list(
            "schedules.list", plan, lambda world: world.scaling.schedules(plan), values.schedule
        )

    async def set_references(
        self, plan: ScalingPlanId, references: Sequence[estate.PoolReference]
    ) -> Accepted:
        """Replace the whole list of pools a plan acts on."""
        actor = self._actor
        pairs = [(reference.host_pool, reference.enabled) for reference in references]
        return await self._line.tell(
            "plans.patch", plan, lambda world: world.scaling.set_references(actor, plan, pairs)
        )

    async def set_floor(self, schedule: ScheduleId, floor: estate.ScheduleFloor) -> Accepted:
        """Set the minimum-host and threshold percentages of one schedule."""
        actor = self._actor
        changes = {
            "ramp_up_minimum_hosts_pct": floor.ramp_up_minimum_hosts_pct,
            "ramp_up_capacity_threshold_pct": floor.ramp_up_capacity_threshold_pct,
            "ramp_down_minimum_hosts_pct": floor.ramp_down_minimum_hosts_pct,
            "ramp_down_capacity_threshold_pct": floor.ramp_down_capacity_threshold_pct,
        }
        return await self._line.tell(
            "schedules.patch", schedule, lambda world: world.scaling.patch_schedule(actor, schedule, changes)
        )


def _listed(world: World, pool: str) -> tuple[estate.SessionHost, ...]:
    world.budgets.admit_host_list(pool)
    hosts = world.hosts.list(pool)
    return tuple(_shown(world, host) for host in hosts)


def _shown(world: World, host: SessionHost) -> estate.SessionHost:
    """Return a host as it is shown: with its sessions, and its heartbeat in whole seconds."""
    beat_at = world.core.at(world.hosts.heartbeat_s(host)).replace(microsecond=0)
    return values.session_host(host, world.sessions.count_on_host(host.id), beat_at)
