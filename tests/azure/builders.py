"""Ids and bodies that several tests share."""

from avd_failover.domain import ids

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-avd"
AVD = f"{GROUP}/providers/Microsoft.DesktopVirtualization"

POOL = ids.host_pool_id(f"{AVD}/hostPools/hp-west")
OTHER_POOL = ids.host_pool_id(f"{AVD}/hostPools/hp-north")
HOST = ids.session_host_id(f"{POOL}/sessionHosts/sh-0.contoso.com")
SESSION = ids.user_session_id(f"{HOST}/userSessions/3")
APPS = ids.application_group_id(f"{AVD}/applicationGroups/dag-west")
PLAN = ids.scaling_plan_id(f"{AVD}/scalingPlans/sp-west")
SCHEDULE = ids.schedule_id(f"{PLAN}/pooledSchedules/Week")
VM = ids.machine_id(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-0")

ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
ROLE = f"{ROLES}/1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"
NAME = "aaaaaaaa-0000-0000-0000-000000000001"
ASSIGNMENT = ids.assignment_at(ids.scope(APPS), NAME)
PRINCIPAL = "bbbbbbbb-0000-0000-0000-000000000001"


def host_body(name: str = "sh-0.contoso.com", **properties: object) -> dict[str, object]:
    told = {"allowNewSession": True, "sessions": 2, "status": "Available", "resourceId": VM, **properties}
    return {"id": f"{AVD}/hostpools/hp-west/sessionhosts/{name}", "name": f"x/{name}", "properties": told}


def session_body(number: int, **properties: object) -> dict[str, object]:
    told = {"sessionState": "Active", "userPrincipalName": "someone@contoso.com", **properties}
    return {"id": f"{AVD}/hostpools/hp-west/sessionhosts/SH-0/usersessions/{number}", "properties": told}


def assignment_body(scope: str = APPS, name: str = NAME, **properties: object) -> dict[str, object]:
    told = {
        "roleDefinitionId": ROLE,
        "principalId": PRINCIPAL,
        "principalType": "Group",
        "scope": scope,
        "condition": None,
        "conditionVersion": None,
        "description": None,
        **properties,
    }
    base = "" if scope == "/" else scope
    return {
        "id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "properties": told,
    }
