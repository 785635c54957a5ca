"""What an identity must be allowed, for people and as data. Azure's templates are in ``permissions_arm``."""

from collections.abc import Iterator
from typing import Any

from msgspec import to_builtins

from avd_failover.domain.conditions import VERSION
from avd_failover.domain.permissions import CustomRole, Permissions

GRAPH_ROLES = {
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "User.ReadBasic.All": "97235f07-e226-4f63-ace3-39588e11d3a1",
}
"""Application permission of Microsoft Graph to the id of its app role, the same in every tenant."""


def permissions_data(found: Permissions) -> dict[str, Any]:
    """Return plan, purpose, roles, graph and notes; fields are only ever added.

    A role has id, name, summary, actions, not_actions, data_actions, not_data_actions (the three always
    empty), assignable_scopes, and assigned (scope, condition, condition_version; the last two empty where
    there is no condition).
    """
    return {
        "plan": found.plan,
        "purpose": found.purpose,
        "roles": [_role_data(role) for role in found.roles],
        "graph": [{"permission": one, "id": GRAPH_ROLES[one]} for one in found.graph],
        "notes": list(found.notes),
    }


def _role_data(role: CustomRole) -> dict[str, Any]:
    assigned = [
        to_builtins(one) | {"condition_version": VERSION if one.condition else ""} for one in role.assigned
    ]
    told: dict[str, Any] = to_builtins(role)
    return told | {"not_actions": [], "data_actions": [], "not_data_actions": [], "assigned": assigned}


def permissions_text(found: Permissions) -> str:
    """Return the same for people, ending with how to put it into effect."""
    purpose = f" ({found.purpose})" if found.purpose else ""
    lines = [
        f"What an identity needs for {found.plan}{purpose}: {len(found.roles)} custom roles, no wildcards."
    ]
    for role in found.roles:
        lines += ["", *_role_lines(role)]
    if found.graph:
        lines += ["", "Microsoft Graph, application permissions: " + ", ".join(found.graph)]
    lines += ["", *(f"Note: {note}" for note in found.notes), "", *_how(found)]
    return "\n".join(lines)


def _role_lines(role: CustomRole) -> Iterator[str]:
    yield role.name
    yield f"  {role.summary}"
    yield from (f"    {action}" for action in role.actions)
    yield from (f"  at {one.scope}" for one in role.assigned)
    shown = ""
    for one in role.assigned:
        if one.condition and one.condition != shown:
            shown = one.condition
            yield f"  condition at {one.scope.rsplit('/', 1)[-1]} and where it is the same:"
            yield from (f"    {line}" for line in one.condition.splitlines())


def _how(found: Permissions) -> Iterator[str]:
    yield "To put it into effect, well before it is needed (Azure caches an identity's roles for up to 24 h):"
    yield f"  failover permissions --plan {found.plan} --output arm > roles.json"
    yield (
        "  az deployment sub create --location REGION --template-file roles.json"
        " --parameters principalId=OBJECT_ID"
    )
    for one in found.graph:
        yield (
            "  az rest --method POST --url https://graph.microsoft.com/v1.0/servicePrincipals/OBJECT_ID"
            f'/appRoleAssignments --body \'{{"principalId":"OBJECT_ID","resourceId":"GRAPH_OBJECT_ID",'
            f'"appRoleId":"{GRAPH_ROLES[one]}"}}\'   # {one}'
        )
