"""Make a ``World`` of a ``Scenario``: every record is written, so the history is whole."""

import uuid
from collections.abc import Iterable

from avd_failover.simulator.building_access import (
    deny_assignments,
    locks,
    management_groups,
    service_principals,
)
from avd_failover.simulator.building_details import (
    DAY_S,
    applications,
    host_status,
    machine_details,
    personal_schedules,
    pool_details,
    registration_key,
    shown,
)
from avd_failover.simulator.building_fleet import galleries, image_id, limits
from avd_failover.simulator.building_neighbours import after_the_rest, neighbours, subnet_id
from avd_failover.simulator.core import Core
from avd_failover.simulator.records import (
    ApplicationGroup,
    DayTime,
    Group,
    HostPool,
    Machine,
    PooledSchedule,
    PoolReference,
    Record,
    Region,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    SessionHost,
    SessionPhase,
    Subscription,
    User,
    Workspace,
    key,
)
from avd_failover.simulator.records_access import ServicePrincipal
from avd_failover.simulator.recovery_building import Ground, personal_pool, vault
from avd_failover.simulator.role_catalogue import BUILT_IN
from avd_failover.simulator.scenario import AssignmentSpec, HostPoolSpec, Scenario, ScheduleSpec
from avd_failover.simulator.scenario_checks import user_name
from avd_failover.simulator.workload import Workload
from avd_failover.simulator.world import World

_NAMESPACE = uuid.UUID("6b0d0c52-3f4e-5b0e-9a6f-2b7f4f1d9c11")


def build(scenario: Scenario) -> World:
    """Return a new world as the scenario describes it, at second 0.

    Raises:
        ValueError: A fault names what the scenario does not have.
    """
    return _Builder(scenario).build()


class _Builder:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.actor = f"scenario:{scenario.scenario}"
        self.app_groups: dict[str, str] = {}
        self.users_of: dict[str, list[User]] = {}
        self.group_ids = {group.name: group.id for group in scenario.groups}
        self.pool_ids = {pool.name: self._avd(pool, "hostPools", pool.name) for pool in scenario.host_pools}
        for pool in scenario.host_pools:
            for group in pool.application_groups:
                self.app_groups[group.name] = self._avd(pool, "applicationGroups", group.name)
        self.world = World(
            seed=scenario.seed,
            starts_at=scenario.starts_at,
            physics=scenario.physics,
            workload=self._workload(),
        )
        self.core: Core = self.world.core

    def build(self) -> World:
        """Write everything in an order in which nothing is missing."""
        for record in self._surroundings():
            self._write(record)
        self._write_all(galleries(self.scenario))
        self._write_all(neighbours(self.scenario))
        for pool in self.scenario.host_pools:
            self._pool(pool)
        self._workspaces()
        self._directory()
        self._personal_and_recovery()
        for assignment in self.scenario.assignments:
            self._assignment(assignment)
        self._write_all(limits(self.scenario, self.core))
        self._write_all(list(after_the_rest(self.scenario, self.core)))
        self._write_all(locks(self.scenario))
        self._write_all(deny_assignments(self.scenario, self._principal))
        for pool in self.scenario.host_pools:
            self._sessions(pool)
            self.world.autoscale.watch_pool(self.pool_ids[pool.name])
        self._crowd()
        for one in self.scenario.blob_containers:
            self.world.blobs.create_container(f"{one.account}/{one.name}", one.region)
        self.world.built = self.core.history.next_sequence
        for fault in self.scenario.faults:
            self.world.faults.arm(fault)
        return self.world

    def _write(self, record: Record) -> None:
        self.core.write(self.actor, "build", record)

    def _write_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self._write(record)

    def _workload(self) -> Workload:
        spec = self.scenario.workload
        pools = [pool for pool in self.scenario.host_pools if pool.name in spec.pools]
        names = (*spec.groups, *([spec.test_group] if spec.test_group else []))
        return Workload(
            host_pools=(self.pool_ids[spec.pools[0]], self.pool_ids[spec.pools[-1]]),
            application_groups=tuple(self.app_groups[g.name] for p in pools for g in p.application_groups),
            groups=tuple(self.group_ids[name] for name in names),
            role=next(role.id for role in BUILT_IN if role.role_name == "Desktop Virtualization User"),
            propagation_s=spec.propagation_s,
        )

    def _surroundings(self) -> list[Record]:
        scenario = self.scenario
        regions = [
            Region(
                id=r.name, display_name=r.display_name, paired_with=r.paired_with or "",
                geography=r.geography,
                control_plane_up=r.control_plane_up, compute_up=r.compute_up,
            )
            for r in scenario.regions
        ]  # fmt: skip
        subscriptions = [
            Subscription(id=s.id, display_name=s.name, tenant_id=scenario.tenant)
            for s in scenario.subscriptions
        ]
        own_roles = [
            RoleDefinition(
                id=r.id, role_name=r.name, role_type="CustomRole", actions=r.actions,
                data_actions=r.data_actions, not_data_actions=r.not_data_actions,
            )
            for r in scenario.roles
        ]  # fmt: skip
        above = management_groups(scenario)
        return [*regions, *subscriptions, *above, *service_principals(scenario), *BUILT_IN, *own_roles]

    def _pool(self, spec: HostPoolSpec) -> None:
        pool = HostPool(
            id=self.pool_ids[spec.name],
            location=spec.region,
            object_id=self._guid("pool", spec.name),
            max_session_limit=spec.max_session_limit,
            load_balancer_type=spec.load_balancer,
            start_vm_on_connect=spec.start_vm_on_connect,
            **pool_details(spec),
        )
        self._write(pool)
        self._write_all(registration_key(pool, spec))
        for group in spec.application_groups:
            record = ApplicationGroup(
                id=self.app_groups[group.name],
                location=spec.region,
                object_id=self._guid("application-group", group.name),
                host_pool=pool.id,
                workspace=None,
                application_group_type=group.kind,
                **shown(group),
                show_in_feed=group.show_in_feed,
            )
            self._write(record)
            self._write_all(applications(record, group))
        self._hosts(spec, pool)
        self._scaling_plan(spec, pool)

    def _hosts(self, spec: HostPoolSpec, pool: HostPool) -> None:
        group = self._group_of(spec.subscription, spec.hosts.machine_resource_group)
        for number in range(spec.hosts.count):
            runs = number < spec.hosts.running
            off_s = 0.0 if runs else spec.hosts.off_for_days * DAY_S
            name = f"{spec.hosts.prefix}{number}"
            machine = Machine(
                id=f"{group}/providers/Microsoft.Compute/virtualMachines/{spec.hosts.machine_prefix}{number}",
                location=spec.hosts.region or spec.region,
                vm_id=self._guid("machine", name),
                vm_size=spec.hosts.vm_size,
                computer_name=name,
                power="running" if runs else "deallocated",
                zones=spec.hosts.zones[number % len(spec.hosts.zones) :][:1] if spec.hosts.zones else (),
                **machine_details(spec.hosts),
                subnet=subnet_id(self.scenario, spec.hosts.subnet) if spec.hosts.subnet else None,
                image=image_id(self.scenario, spec.hosts.image) if spec.hosts.image else None,
            )
            self._write(machine)
            host = SessionHost(
                id=f"{pool.id}/sessionHosts/{name}",
                host_pool=pool.id,
                machine=machine.id,
                status=host_status(spec.hosts, runs=runs),
                last_heartbeat_s=-self.core.draw("heartbeat", self.core.physics.heartbeat_every_s) - off_s,
                token_s=-off_s,
                failing_checks=spec.hosts.failing_checks,
            )
            self._write(host)

    def _scaling_plan(self, spec: HostPoolSpec, pool: HostPool) -> None:
        if spec.scaling_plan is None:
            return
        plan = ScalingPlan(
            id=self._avd(spec, "scalingPlans", spec.scaling_plan.name),
            location=spec.region,
            object_id=self._guid("scaling-plan", spec.scaling_plan.name),
            time_zone=spec.scaling_plan.time_zone,
            references=(PoolReference(host_pool=pool.id, enabled=spec.scaling_plan.enabled),),
            exclusion_tag=spec.scaling_plan.exclusion_tag,
        )
        self._write(plan)
        for schedule in spec.scaling_plan.schedules:
            self._write(_schedule(plan, schedule))
        self._write_all(personal_schedules(plan, spec.scaling_plan))

    def _workspaces(self) -> None:
        for spec in self.scenario.workspaces:
            base = self._group_of(spec.subscription, spec.resource_group)
            workspace = Workspace(
                id=f"{base}/providers/Microsoft.DesktopVirtualization/workspaces/{spec.name}",
                location=spec.region,
                object_id=self._guid("workspace", spec.name),
                application_groups=tuple(self.app_groups[name] for name in spec.application_groups),
                **shown(spec),
            )
            self._write(workspace)
            for group in workspace.application_groups:
                record = self.core.get(ApplicationGroup, group)
                self.core.change(self.actor, "build", record, workspace=workspace.id)

    def _directory(self) -> None:
        for spec in self.scenario.groups:
            own = [self._user(spec.name, number) for number in range(1, spec.users + 1)]
            for user in own:
                self._write(user)
            shared = [user for share in spec.shares for user in self.users_of[share.group][-share.count :]]
            nested = [self.group_ids[name] for name in spec.nested]
            self.users_of[spec.name] = own
            members = (*(user.id for user in own), *(user.id for user in shared), *nested)
            group = Group(
                id=spec.id, display_name=spec.name, members=members, kind=spec.kind,
                membership_rule=spec.membership_rule,
            )  # fmt: skip
            self._write(group)

    def _personal_and_recovery(self) -> None:
        root = f"/subscriptions/{self._subscription(None)}"
        ground = Ground(world=self.world, actor=self.actor, root=root, pools=self.pool_ids)
        for spec in self.scenario.personal:
            personal_pool(ground, spec, self._members(spec.groups))
        if self.scenario.recovery is not None:
            vault(ground, self.scenario.recovery)

    def _user(self, group: str, number: int) -> User:
        name = user_name(group, number)
        return User(
            id=self._guid("user", name),
            display_name=name,
            user_principal_name=f"{name}@{self.scenario.domain}",
        )

    def _assignment(self, spec: AssignmentSpec) -> None:
        scope = self._scope(spec)
        principal = self._principal(spec.principal)
        role = next(r for r in self.core.table(RoleDefinition).values() if r.role_name == spec.role)
        assignment = RoleAssignment(
            id=f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{self.core.guid('assignment')}",
            scope=scope,
            principal_id=principal,
            principal_type=self._principal_type(principal),
            role_definition_id=(
                f"/subscriptions/{self._subscription(None)}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
            ),
            condition=spec.condition,
            condition_version=spec.condition_version,
            description=spec.description,
            created_by=self.actor,
            revision=self.core.history.next_sequence,
        )
        self._write(assignment)
        self.world.propagation.settle_at_once(assignment)

    def _scope(self, spec: AssignmentSpec) -> str:
        if spec.application_group is not None:
            return self.app_groups[spec.application_group]
        if spec.resource_group is not None:
            return self._group_of(None, spec.resource_group)
        if spec.root:
            return "/"
        if spec.management_group is not None:
            return f"/providers/Microsoft.Management/managementGroups/{spec.management_group}"
        return f"/subscriptions/{spec.subscription}"

    def _principal(self, name: str) -> str:
        if name in self.group_ids:
            return self.group_ids[name]
        for principal in self.core.table(ServicePrincipal).values():
            if principal.display_name == name:
                return principal.id
        users = self.core.table(User).values()
        return next(user.id for user in users if user.user_principal_name == name)

    def _principal_type(self, principal: str) -> str:
        if self.core.find(ServicePrincipal, principal):
            return "ServicePrincipal"
        return "Group" if self.core.find(Group, principal) else "User"

    def _sessions(self, spec: HostPoolSpec) -> None:
        if spec.sessions is None:
            return
        users = self._members(spec.sessions.groups)
        self.core.chance("seating").shuffle(users)
        hosts = self.world.hosts.of_pool(self.pool_ids[spec.name])[: spec.hosts.running]
        owned = {host.assigned_user: host for host in hosts if host.assigned_user}
        users = [user for user in users if user.user_principal_name in owned] if owned else users
        for number, user in enumerate(users[: spec.sessions.count]):
            state: SessionPhase = "Disconnected" if number < spec.sessions.disconnected else "Active"
            host = owned.get(user.user_principal_name) or hosts[number % len(hosts)]
            self.world.broker.seat(user, host, state, self.actor)

    def _crowd(self) -> None:
        for user in self._members(self._workload_names()):
            self.world.broker.join_crowd(user.id)

    def _workload_names(self) -> tuple[str, ...]:
        spec = self.scenario.workload
        return (*spec.groups, *([spec.test_group] if spec.test_group else []))

    def _members(self, groups: tuple[str, ...]) -> list[User]:
        found: dict[str, User] = {}
        for name in groups:
            for user in self.world.directory.users_of(self.group_ids[name]):
                found.setdefault(key(user.id), user)
        return list(found.values())

    def _guid(self, kind: str, name: str) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.scenario.tenant}:{kind}:{name}"))

    def _avd(self, spec: HostPoolSpec, kind: str, name: str) -> str:
        base = self._group_of(spec.subscription, spec.resource_group)
        return f"{base}/providers/Microsoft.DesktopVirtualization/{kind}/{name}"

    def _group_of(self, subscription: str | None, resource_group: str) -> str:
        return f"/subscriptions/{self._subscription(subscription)}/resourceGroups/{resource_group}"

    def _subscription(self, subscription: str | None) -> str:
        return subscription or self.scenario.subscriptions[0].id


def _schedule(plan: ScalingPlan, spec: ScheduleSpec) -> PooledSchedule:
    return PooledSchedule(
        id=f"{plan.id}/pooledSchedules/{spec.name}",
        plan=plan.id,
        days_of_week=spec.days,
        ramp_up_start_time=_time(spec.ramp_up_at),
        ramp_up_load_balancing_algorithm="BreadthFirst",
        ramp_up_minimum_hosts_pct=spec.ramp_up_minimum_hosts_pct,
        ramp_up_capacity_threshold_pct=spec.ramp_up_threshold_pct,
        peak_start_time=_time(spec.peak_at),
        peak_load_balancing_algorithm="BreadthFirst",
        ramp_down_start_time=_time(spec.ramp_down_at),
        ramp_down_load_balancing_algorithm="DepthFirst",
        ramp_down_minimum_hosts_pct=spec.ramp_down_minimum_hosts_pct,
        ramp_down_capacity_threshold_pct=spec.ramp_down_threshold_pct,
        ramp_down_force_logoff_users=spec.ramp_down_force_logoff,
        ramp_down_stop_hosts_when=spec.ramp_down_stop_hosts_when,
        ramp_down_wait_time_minutes=spec.ramp_down_wait_minutes,
        ramp_down_notification_message=spec.ramp_down_message,
        off_peak_start_time=_time(spec.off_peak_at),
        off_peak_load_balancing_algorithm="DepthFirst",
    )


def _time(text: str) -> DayTime:
    hour, minute = text.split(":")
    return DayTime(hour=int(hour), minute=int(minute))
