"""The one place where an action becomes a request."""

from avd_failover.cloud import Accepted, Cloud
from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
)


async def send(cloud: Cloud, action: Action) -> Accepted:
    """Send one action. Every mutation of every run leaves through this function (safety S12).

    Raises:
        TransientError: Not taken, nothing changed.
        RefusedError: Never as it stands.
        UnknownError: Sent, answer lost; only a reading can tell.
    """
    match action:
        case RevokeAssignment():
            return await cloud.assignments.delete(action.assignment.id)
        case GrantAssignment():
            return await cloud.assignments.create(action.assignment)
        case SetLogons():
            return await cloud.hosts.set_logons(action.host, allowed=action.allowed)
        case LogOff():
            return await cloud.sessions.log_off(action.session)
        case TellUser():
            return await cloud.sessions.tell(action.session, title=action.title, body=action.body)
        case StartMachine() | DeallocateMachine():
            return await _switch(cloud, action)
        case SetPoolReferences() | SetScheduleFloor() | SetStartOnConnect():
            return await _set(cloud, action)


async def _switch(cloud: Cloud, action: StartMachine | DeallocateMachine) -> Accepted:
    if isinstance(action, StartMachine):
        return await cloud.machines.start(action.machine)
    return await cloud.machines.deallocate(action.machine)


async def _set(cloud: Cloud, action: SetPoolReferences | SetScheduleFloor | SetStartOnConnect) -> Accepted:
    match action:
        case SetPoolReferences():
            return await cloud.scaling.set_references(action.plan, action.references)
        case SetScheduleFloor():
            return await cloud.scaling.set_floor(action.schedule, action.floor)
        case SetStartOnConnect():
            return await cloud.pools.set_start_on_connect(action.host_pool, allowed=action.allowed)
