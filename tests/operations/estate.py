"""The seam over an in-memory world. It refuses every question and every write that Azure would refuse."""

import uuid
from collections.abc import Sequence

import msgspec

from avd_failover.azure.no_outside import NoOutside
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain.estate import (
    ApplicationGroup,
    HostPool,
    Machine,
    Membership,
    PooledSchedule,
    PoolReference,
    PowerState,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    ScheduleFloor,
    SessionHost,
    UserSession,
)
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import (
    ApplicationGroupId,
    AssignmentId,
    GroupId,
    HostPoolId,
    MachineId,
    ScalingPlanId,
    ScheduleId,
    Scope,
    SessionHostId,
    SubscriptionId,
    UserSessionId,
    assignment_at,
    host_of,
    pool_of,
    subscription_of,
    within,
)
from avd_failover.domain.placement import triple
from tests.operations.vaultless import Unreserved, Vaultless
from tests.operations.world import Backend, absent

MANAGEMENT = "/providers/microsoft.management/managementgroups/"
replace = msgspec.structs.replace


class Assignments(Backend):
    async def at_or_above(self, scope: Scope) -> Reading[RoleAssignment]:
        asked = self.ask("assignments", self._scope(scope))
        shown = {
            **{key: one for key, one in self.world.assignments.items() if key not in self.script.unlisted},
            **self.script.still_listed,
        }
        return self.reading(asked, [one for one in shown.values() if _covers(one.scope, scope)])

    async def get(self, assignment: AssignmentId) -> RoleAssignment | None:
        self.ask("assignment", assignment)
        return self.world.assignments.get(assignment)

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        asked = self.ask("count", f"/subscriptions/{subscription}")
        if not any(subscription_of(pool) == subscription for pool in self.world.pools):
            raise absent(subscription)
        ours = [
            one.id for one in self.world.assignments.values() if subscription_of(one.scope) == subscription
        ]
        at = Scope(f"/subscriptions/{subscription}/resourcegroups/other")
        more = range(self.script.more_assignments.get(subscription, 0))
        return self.reading(asked, [*ours, *(assignment_at(at, str(uuid.UUID(int=n))) for n in more)])

    async def definitions(self, scope: Scope) -> Reading[RoleDefinition]:
        asked = self.ask("roles", self._scope(scope))
        return self.reading(asked, self.world.roles.values())

    async def create(self, assignment: RoleAssignment) -> Accepted:
        self._may_create(assignment)
        self.world.assignments[assignment.id] = assignment
        return self.send("create", assignment.id)

    async def delete(self, assignment: AssignmentId) -> Accepted:
        self.world.assignments.pop(assignment, None)
        return self.send("delete", assignment)

    def _may_create(self, wanted: RoleAssignment) -> None:
        self._scope(wanted.scope)
        uuid.UUID(wanted.name)
        assert wanted.id == assignment_at(wanted.scope, wanted.name)
        if wanted.principal_type == "Group" and wanted.principal_id not in self.world.members:
            raise _refused(400, "PrincipalNotFound", wanted.id)
        for one in self.world.assignments.values():
            if one.name == wanted.name and triple(one) != triple(wanted):
                raise _refused(400, "RoleAssignmentUpdateNotPermitted", wanted.id)
            if one.name != wanted.name and triple(one) == triple(wanted):
                raise _refused(409, "RoleAssignmentExists", wanted.id)

    def _scope(self, scope: Scope) -> Scope:
        if len(scope.split("/")) > 5 and scope not in self.world.groups:
            raise absent(scope)
        return scope


class Directory(Backend):
    async def members(self, group: GroupId) -> Membership:
        self.ask("members", group)
        whole = self.existing(self.world.members, group)
        if group not in self.script.unreadable:
            return replace(whole, read_at=self.now_at)
        return replace(whole, users=frozenset(sorted(whole.users)[:1]), complete=False)


class Pools(Backend):
    async def get(self, pool: HostPoolId) -> HostPool:
        self.ask("pool", pool)
        return self.existing(self.world.pools, pool)

    async def application_group(self, group: ApplicationGroupId) -> ApplicationGroup:
        self.ask("application group", group)
        return self.existing(self.world.groups, group)

    async def application_groups(self, pool: HostPoolId) -> Reading[ApplicationGroup]:
        asked = self.ask("application groups", pool)
        self.existing(self.world.pools, pool)
        return self.reading(asked, [one for one in self.world.groups.values() if one.host_pool == pool])

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        now = self.existing(self.world.pools, pool)
        self.world.pools[pool] = replace(now, start_on_connect=allowed)
        return self.send("start-on-connect", pool)


class Hosts(Backend):
    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        asked = self.ask("hosts", pool)
        self.existing(self.world.pools, pool)
        self.spend_listing(pool)
        return self.reading(asked, [one for one in self.world.hosts.values() if pool_of(one.id) == pool])

    async def get(self, host: SessionHostId) -> SessionHost:
        self.ask("host", host)
        return self.existing(self.world.hosts, host)

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        now = self.existing(self.world.hosts, host)
        self.world.hosts[host] = replace(now, allows_new_sessions=allowed)
        return self.send("logons", host)


class Sessions(Backend):
    async def list(self, pool: HostPoolId) -> Reading[UserSession]:
        asked = self.ask("sessions", pool)
        self.existing(self.world.pools, pool)
        inside = [one for one in self.world.sessions.values() if pool_of(host_of(one.id)) == pool]
        return self.reading(asked, inside)

    async def log_off(self, session: UserSessionId) -> Accepted:
        self.world.sessions.pop(session, None)
        return self.send("log off", session)

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        self.existing(self.world.sessions, session)
        if not (title and body):
            raise _refused(400, "InvalidMessage", session)
        return self.send("tell", session)


class Scaling(Backend):
    async def get(self, plan: ScalingPlanId) -> ScalingPlan:
        self.ask("scaling plan", plan)
        return self.existing(self.world.scaling, plan)

    async def schedules(self, plan: ScalingPlanId) -> Reading[PooledSchedule]:
        asked = self.ask("schedules", plan)
        self.existing(self.world.scaling, plan)
        inside = [one for one in self.world.schedules.values() if within(one.id, plan)]
        return self.reading(asked, inside)

    async def set_references(self, plan: ScalingPlanId, references: Sequence[PoolReference]) -> Accepted:
        now = self.existing(self.world.scaling, plan)
        for one in references:
            self.existing(self.world.pools, one.host_pool)
        self.world.scaling[plan] = replace(now, references=tuple(references))
        return self.send("references", plan)

    async def set_floor(self, schedule: ScheduleId, floor: ScheduleFloor) -> Accepted:
        now = self.existing(self.world.schedules, schedule)
        shares = (floor.ramp_up_minimum_hosts_pct, floor.ramp_down_minimum_hosts_pct)
        thresholds = (floor.ramp_up_capacity_threshold_pct, floor.ramp_down_capacity_threshold_pct)
        if not all(0 <= one <= 100 for one in shares) or not all(1 <= one <= 100 for one in thresholds):
            raise _refused(400, "BadRequest", schedule)
        self.world.schedules[schedule] = replace(now, floor=floor)
        return self.send("floor", schedule)


class Machines(Backend):
    async def get(self, machine: MachineId) -> Machine:
        self.ask("machine", machine)
        return self.existing(self.world.machines, machine)

    async def extensions(self, machine: MachineId) -> Reading[InstalledExtension]:
        asked = self.ask("extensions", machine)
        self.existing(self.world.machines, machine)
        return self.reading(asked, [])

    async def start(self, machine: MachineId) -> Accepted:
        return self._turn("start", machine, PowerState.RUNNING)

    async def deallocate(self, machine: MachineId) -> Accepted:
        return self._turn("deallocate", machine, PowerState.DEALLOCATED)

    async def put_extension(self, machine: MachineId, image: VmExtension, *, location: str) -> Accepted:
        self.existing(self.world.machines, machine)
        return self.send("put extension", f"{machine}/extensions/{image.name}")

    def _turn(self, verb: str, machine: MachineId, power: PowerState) -> Accepted:
        now = self.existing(self.world.machines, machine)
        self.world.machines[machine] = replace(now, power=power)
        return self.send(verb, machine)


class Estate(Backend):
    """The whole seam over one world. Operations are given it as ``cloud.Reads``; tests write through it."""

    @property
    def assignments(self) -> Assignments:
        return Assignments(self.world, self.script)

    @property
    def directory(self) -> Directory:
        return Directory(self.world, self.script)

    @property
    def pools(self) -> Pools:
        return Pools(self.world, self.script)

    @property
    def hosts(self) -> Hosts:
        return Hosts(self.world, self.script)

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.world, self.script)

    @property
    def scaling(self) -> Scaling:
        return Scaling(self.world, self.script)

    @property
    def machines(self) -> Machines:
        return Machines(self.world, self.script)

    @property
    def recovery(self) -> Vaultless:
        return Vaultless()

    @property
    def reservations(self) -> Unreserved:
        return Unreserved()

    @property
    def outside(self) -> NoOutside:
        return NoOutside()

    async def aclose(self) -> None:
        """Nothing to release."""


def _covers(above: Scope, scope: Scope) -> bool:
    return above == "/" or above.startswith(MANAGEMENT) or within(scope, above)


def _refused(status: int, code: str, target: str) -> RefusedError:
    return RefusedError(f"refused with {code}", code=code, target=target, status=status)
