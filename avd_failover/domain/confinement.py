"""Confinement: which actions lie inside the approved plan (safety S12), compiled from the route of a run.

The plan names pools, application groups, user groups, a role and scaling plans, and only these may be acted
on. Both ends count, whatever the direction, because a run that is turned back acts the other way. Machines
are the one thing that a plan does not name: those count that a reading of this process showed behind a host
of one of the two pools. A resource group would be wider, since other machines live there too, and the
journal would be weaker evidence, since it repeats what an earlier process believed; every operation that
starts or stops a machine has just read the hosts anyway, on resume as well.

What leaves for somewhere other than Azure is held to the runbook as the journal pins it: the program and the
address that the step itself names.

``permits`` compiles an action that lies inside into the requests that may leave for it.
"""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import assert_never

from msgspec import Struct

from avd_failover.domain import ids
from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    RunCommand,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import PoolReference, RoleAssignment, SessionHost
from avd_failover.domain.filling import could_become
from avd_failover.domain.graph import Given, Step
from avd_failover.domain.ids import (
    HostPoolId,
    MachineId,
    PrincipalId,
    RecoveryPlanId,
    ScalingPlanId,
    Scope,
    SessionHostId,
    UserSessionId,
    VaultId,
)
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.route import Route

_ROLE_PATH = re.compile(
    r"(/subscriptions/[0-9a-f\-]{36})?/providers/microsoft\.authorization/roledefinitions/[0-9a-f\-]{36}"
)


class Confinement(Struct, frozen=True, kw_only=True):
    """What one run may act on.

    ``holds`` are the application groups with the user groups that the run moves there: a drill has the test
    group's and no other, a cohort its own (safety O6).
    """

    holds: frozenset[tuple[Scope, PrincipalId]]
    role: str
    pools: frozenset[HostPoolId]
    scaling_plans: frozenset[ScalingPlanId]
    vault: VaultId | None = None
    recovery_plans: frozenset[RecoveryPlanId] = frozenset()

    outward: Mapping[str, Mapping[str, Given]] = {}
    """Settings of the steps that the runbook has, by the step's id."""

    @classmethod
    def of(cls, route: Route, steps: Iterable[Step] = ()) -> "Confinement":
        """Compile the confinement of a run along this route, or back, by these steps of its runbook."""
        sides = [route.side(end) for end in End]
        personal = route.plan.personal
        return cls(
            holds=frozenset((Scope(pair.at(end)), pair.group.id) for pair in route.pairs for end in End),
            role=route.plan.role,
            pools=frozenset(side.host_pool for side in sides),
            scaling_plans=frozenset(side.scaling_plan for side in sides if side.scaling_plan is not None),
            outward={step.id: step.settings for step in steps},
            vault=personal.vault if personal is not None else None,
            recovery_plans=frozenset(one.plan for one in personal.plans) if personal else frozenset(),
        )

    def shows(self, host: SessionHost) -> MachineId | None:
        """Return the machine that a reading shows behind a host of the plan's pools; None for any other."""
        mine = _parsed(ids.session_host_id, host.id) and ids.pool_of(host.id) in self.pools
        return host.machine if mine else None

    def outside(self, action: Action, machines: Container[MachineId]) -> str:
        """Say in a sentence why an action lies outside the plan; empty when it lies inside.

        ``machines`` are those that readings showed behind hosts of the plan's pools.
        """
        because = self._outside(action, machines)
        return f"{kind_of(action)} on {action.target} lies outside the plan: {because}" if because else ""

    def _outside(self, action: Action, machines: Container[MachineId]) -> str:
        match action:
            case RevokeAssignment() | GrantAssignment():
                return self._assignment(action.assignment)
            case SetLogons():
                return self._host(action.host)
            case LogOff() | TellUser():
                return self._session(action.session)
            case StartMachine() | DeallocateMachine():
                known = action.machine in machines
                return "" if known else "no reading shows this machine behind a host of the plan's pools"
            case SetPoolReferences() | SetScheduleFloor():
                return self._autoscale(action)
            case SetStartOnConnect():
                return "" if action.host_pool in self.pools else "the plan has no such host pool"
            case RunCommand() | CallWebhook():
                return self._elsewhere(action)
            case (
                FailOverMachine()
                | ChangeRecoveryPoint()
                | CommitFailover()
                | ReprotectMachine()
                | InstallExtension()
                | FailOverPlan()
                | CommitPlan()
            ):
                return self._recovered(action, machines)
            case _:
                assert_never(action)

    def _assignment(self, one: RoleAssignment) -> str:
        if one.id != ids.assignment_at(one.scope, one.name) or not _parsed(ids.guid, one.name):
            return "its id does not name an assignment at its own scope"
        if one.role != self.role or not _ROLE_PATH.fullmatch(one.role_definition_id.lower()):
            return f"its role is not the plan's: {one.role_definition_id}"
        if (one.scope, one.principal_id) not in self.holds:
            return f"this run moves no group {one.principal_id} at {one.scope}"
        return ""

    def _recovered(self, action: RecoveryAction | PlanAction, machines: Container[MachineId]) -> str:
        if isinstance(action, FailOverPlan | CommitPlan):
            return self._together(action, machines)
        return self._replicated(action, machines)

    def _replicated(self, action: RecoveryAction, machines: Container[MachineId]) -> str:
        """Say why a replicated machine is none of ours: another vault, or behind none of our hosts."""
        if action.machine not in machines:
            return "no reading shows this machine behind a host of the plan's pools"
        if isinstance(action, InstallExtension):
            return ""
        mine = _parsed(ids.protected_item_id, action.item) and ids.vault_of(action.item) == self.vault
        return "" if mine else "it does not lie in the plan's vault"

    def _together(self, action: PlanAction, machines: Container[MachineId]) -> str:
        """Say why a recovery plan is none of ours: not named, or with a machine that is none of ours."""
        if action.plan not in self.recovery_plans:
            return "the plan has no such recovery plan"
        return next(filter(None, (self._replicated(one, machines) for one in action.each())), "")

    def _elsewhere(self, action: RunCommand | CallWebhook) -> str:
        """Hold a program or an address to what its step says, but for what the step has names for."""
        said = self.outward.get(action.step, {})
        if isinstance(action, CallWebhook):
            named = (action.url, action.bearer_from, action.query_from)
            own = (said.get("url"), said.get("bearer_from", ""), said.get("query_from", ""))
            return "" if named == own else "its step in the runbook names no such address"
        argv = said.get("argv")
        words = argv if isinstance(argv, tuple) and len(argv) == len(action.argv) else None
        if not words or said.get("environment", ()) != action.environment:
            return "its step in the runbook names no such program"
        return "" if all(map(could_become, words, action.argv)) else "its step runs that with other arguments"

    def _host(self, host: SessionHostId) -> str:
        if not _parsed(ids.session_host_id, host):
            return "this is not the id of a session host"
        return "" if ids.pool_of(host) in self.pools else "its host pool is not one of the plan's"

    def _session(self, session: UserSessionId) -> str:
        if not _parsed(ids.user_session_id, session):
            return "this is not the id of a user session"
        return self._host(ids.host_of(session))

    def _autoscale(self, action: SetPoolReferences | SetScheduleFloor) -> str:
        if isinstance(action, SetScheduleFloor):
            return self._schedule(action)
        return self._scaling_plan(action.plan) or self._references(action)

    def _scaling_plan(self, plan: ScalingPlanId) -> str:
        return "" if plan in self.scaling_plans else "the plan has no such scaling plan"

    def _references(self, action: SetPoolReferences) -> str:
        """A scaling plan may serve pools of others; what it does to those must stay as it is."""
        if self._foreign(action.references) != self._foreign(action.before):
            return "it would change what autoscale does to pools that are not the plan's"
        return ""

    def _foreign(self, references: tuple[PoolReference, ...]) -> list[PoolReference]:
        return [one for one in references if one.host_pool not in self.pools]

    def _schedule(self, action: SetScheduleFloor) -> str:
        if not _parsed(ids.schedule_id, action.schedule):
            return "this is not the id of a schedule"
        return self._scaling_plan(ids.plan_of(action.schedule))


def _parsed(fold: Callable[[str], str], given: str) -> bool:
    """Tell whether an id is what parsing would have made of it: no other spelling, no way around."""
    try:
        return fold(given) == given
    except ids.MalformedIdError:
        return False
