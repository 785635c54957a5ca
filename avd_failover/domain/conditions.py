"""The condition that ties an identity's role assignments to one role and a few groups (safety 4.2).

Azure's attribute-based access control, version 2.0: a condition lets an action pass when it is another
action, or when what it writes (``@Request``) or deletes (``@Resource``) is as stated.
"""

from collections.abc import Iterable, Sequence

from avd_failover.domain.rights import ASSIGNMENT_DELETE, ASSIGNMENT_WRITE

VERSION = "2.0"

_SOURCES = {ASSIGNMENT_WRITE: "@Request", ASSIGNMENT_DELETE: "@Resource"}
"""Where each action finds the assignment that it is about."""


def condition(role: str, groups: Sequence[str], actions: Iterable[str]) -> str:
    """Return the condition for those of the actions that write or delete role assignments.

    Only groups, only these object ids, only this role's GUID; empty when no such action is among them.

    Raises:
        ValueError: There is such an action and no group: the condition would let nobody, or everybody, in.
    """
    held = set(actions)
    clauses = [_clause(action, source, role, groups) for action, source in _SOURCES.items() if action in held]
    if clauses and not groups:
        raise ValueError("role assignments of nobody: there is no group to name in the condition")
    return "\nAND\n".join(clauses)


def _clause(action: str, source: str, role: str, groups: Sequence[str]) -> str:
    about = f"{source}[Microsoft.Authorization/roleAssignments"
    return "\n".join(
        (
            "(",
            f" (!(ActionMatches{{'{action}'}}))",
            " OR",
            " (",
            f"  {about}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{role}}}",
            f"  AND {about}:PrincipalId] ForAnyOfAnyValues:GuidEquals {{{', '.join(groups)}}}",
            f"  AND {about}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'Group'}}",
            " )",
            ")",
        )
    )
