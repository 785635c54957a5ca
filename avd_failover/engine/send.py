"""The one place where an action becomes a request, once it is known to lie inside the plan (safety S12)."""

from collections.abc import Awaitable, Callable

from avd_failover.cloud import Accepted, Cloud
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
)
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import AssignmentId
from avd_failover.domain.permits import permits_of, permitted
from avd_failover.domain.placement import differences
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.words import listed
from avd_failover.engine.confined import Confined

Look = Callable[[AssignmentId], Awaitable[RoleAssignment | None]]
"""Reads one assignment by id, as it is now."""


async def send(confined: Confined, action: Action, look: Look | None = None) -> Accepted:
    """Send one action. Every mutation of every run leaves through this function.

    What lies outside the plan is not sent; what lies inside may become the requests that its permits allow,
    and no other. ``look`` is how an assignment is compared before it is deleted; a plain read when left out.

    Raises:
        OutsidePlanError: Nothing was sent: our defect.
        TransientError: Not taken, nothing changed.
        RefusedError: Never as it stands.
        UnknownError: Sent, answer lost; only a reading can tell.
    """
    confined.check(action)
    with permitted(permits_of(action)):
        return await _deliver(confined.cloud, action, look)


async def _deliver(cloud: Cloud, action: Action, look: Look | None) -> Accepted:
    match action:
        case RevokeAssignment():
            return await _revoke(cloud, action.assignment, look or cloud.assignments.get)
        case GrantAssignment():
            return await cloud.assignments.create(action.assignment)
        case SetLogons():
            return await cloud.hosts.set_logons(action.host, allowed=action.allowed)
        case LogOff() | TellUser():
            return await _address(cloud, action)
        case StartMachine() | DeallocateMachine():
            return await _switch(cloud, action)
        case SetPoolReferences() | SetScheduleFloor() | SetStartOnConnect():
            return await _set(cloud, action)
        case RunCommand() | CallWebhook():
            return await _outside(cloud, action)
        case (
            FailOverMachine()
            | ChangeRecoveryPoint()
            | CommitFailover()
            | ReprotectMachine()
            | InstallExtension()
            | FailOverPlan()
            | CommitPlan()
        ):
            return await _recover(cloud, action)


async def _revoke(cloud: Cloud, image: RoleAssignment, look: Look) -> Accepted:
    """Compare, then destroy: what differs from its image would be lost for good (safety S10, S15)."""
    standing = await look(image.id)
    if standing is not None and (changed := differences(image, standing)):
        raise RefusedError(
            f"somebody changed it since its image was taken: {listed(changed)}", code="Drift", target=image.id
        )
    return await cloud.assignments.delete(image.id)


async def _address(cloud: Cloud, action: LogOff | TellUser) -> Accepted:
    if isinstance(action, LogOff):
        return await cloud.sessions.log_off(action.session)
    return await cloud.sessions.tell(action.session, title=action.title, body=action.body)


async def _switch(cloud: Cloud, action: StartMachine | DeallocateMachine) -> Accepted:
    if isinstance(action, StartMachine):
        return await cloud.machines.start(action.machine)
    return await cloud.machines.deallocate(action.machine)


async def _recover(cloud: Cloud, action: RecoveryAction | PlanAction) -> Accepted:
    """Begin a job of Site Recovery. What becomes of it is for readings of the item to tell."""
    match action:
        case FailOverPlan() | CommitPlan():
            return await _recover_together(cloud, action)
        case FailOverMachine():
            return await cloud.recovery.fail_over(
                action.item,
                direction=action.direction,
                point=action.point,
                shut_down_source=action.shut_down,
            )
        case ChangeRecoveryPoint():
            return await cloud.recovery.change_recovery_point(action.item, action.point)
        case CommitFailover():
            return await cloud.recovery.commit_failover(action.item)
        case ReprotectMachine():
            return await cloud.recovery.switch_protection(action.item, action.reversal)
        case InstallExtension():
            return await cloud.machines.put_extension(
                action.machine, action.extension, location=action.location
            )


async def _recover_together(cloud: Cloud, action: PlanAction) -> Accepted:
    """Begin a job on a recovery plan: what becomes of each machine is for its item to tell."""
    if isinstance(action, CommitPlan):
        return await cloud.recovery.commit_plan(action.plan)
    return await cloud.recovery.fail_over_plan(
        action.plan, direction=action.direction, point=action.point, shut_down_source=action.shut_down
    )


async def _outside(cloud: Cloud, action: RunCommand | CallWebhook) -> Accepted:
    if isinstance(action, RunCommand):
        return await cloud.outside.execute(action)
    return await cloud.outside.post(action)


async def _set(cloud: Cloud, action: SetPoolReferences | SetScheduleFloor | SetStartOnConnect) -> Accepted:
    match action:
        case SetPoolReferences():
            return await cloud.scaling.set_references(action.plan, action.references)
        case SetScheduleFloor():
            return await cloud.scaling.set_floor(action.schedule, action.floor)
        case SetStartOnConnect():
            return await cloud.pools.set_start_on_connect(action.host_pool, allowed=action.allowed)
