"""Ids of AVD resources, put together again from the names in a request's path."""

from avd_failover.simulator.http.wire import Call


def prefix_of(call: Call) -> str:
    """Return the subscription or resource group that a list is asked for."""
    base = f"/subscriptions/{call.params['subscription']}"
    return f"{base}/resourceGroups/{call.params['group']}" if "group" in call.params else base


def resource_id(call: Call, kind: str, name: str) -> str:
    """Return the id of a tracked resource whose name is the path's ``name``."""
    return f"{prefix_of(call)}/providers/Microsoft.DesktopVirtualization/{kind}/{call.params[name]}"


def pool_id(call: Call) -> str:
    """Return the id of the host pool in the path."""
    return resource_id(call, "hostPools", "pool")


def host_id(call: Call) -> str:
    """Return the id of the session host in the path."""
    return f"{pool_id(call)}/sessionHosts/{call.params['host']}"


def session_id(call: Call) -> str:
    """Return the id of the user session in the path."""
    return f"{host_id(call)}/userSessions/{call.params['session']}"


def plan_id(call: Call) -> str:
    """Return the id of the scaling plan in the path."""
    return resource_id(call, "scalingPlans", "plan")


def schedule_id(call: Call) -> str:
    """Return the id of the pooled schedule in the path."""
    return f"{plan_id(call)}/pooledSchedules/{call.params['schedule']}"


def personal_schedule_id(call: Call) -> str:
    """Return the id of the personal schedule in the path."""
    return f"{plan_id(call)}/personalSchedules/{call.params['schedule']}"


def application_group_id(call: Call) -> str:
    """Return the id of the application group in the path."""
    return resource_id(call, "applicationGroups", "agroup")


def application_id(call: Call) -> str:
    """Return the id of the application in the path."""
    return f"{application_group_id(call)}/applications/{call.params['application']}"


def desktop_id(call: Call) -> str:
    """Return the id of the desktop in the path."""
    return f"{application_group_id(call)}/desktops/{call.params['desktop']}"
