"""What a caller may do, by the roles it holds: the answer to ``permissions``, and what ARM lets through.

A caller that the directory knows (a service principal or a user of the scenario) is held to its role
assignments as they stand. Any other caller may do everything, so that a scenario need not describe who runs
the failover.
"""

import fnmatch
from collections.abc import Iterable

from avd_failover.simulator.core import Core
from avd_failover.simulator.directory import Directory
from avd_failover.simulator.hierarchy import Hierarchy
from avd_failover.simulator.records import RoleAssignment, RoleDefinition, User, key
from avd_failover.simulator.records_access import EVERYONE, DenyAssignment, ServicePrincipal
from avd_failover.simulator.refusals import ArmRefusal

EVERYTHING = RoleDefinition(id="everything", role_name="everything", actions=("*",))


class Permissions:
    """Answers what a caller may do at a scope."""

    def __init__(self, core: Core, directory: Directory, hierarchy: Hierarchy) -> None:
        self._core = core
        self._directory = directory
        self._hierarchy = hierarchy

    def is_known(self, principal: str) -> bool:
        """Tell whether a principal is held to its roles."""
        known = self._core.find(ServicePrincipal, principal) or self._core.find(User, principal)
        return known is not None

    def roles_at(self, principal: str, scope: str) -> list[RoleDefinition]:
        """Return the roles that a principal holds at a scope, itself or through groups."""
        if not self.is_known(principal):
            return [EVERYTHING]
        own = set(self._directory.principals_of(key(principal)))
        held = (
            self._core.find(RoleDefinition, one.role_definition_id.rsplit("/", 1)[-1])
            for one in self._core.table(RoleAssignment).values()
            if key(one.principal_id) in own and self._hierarchy.covers(one.scope, scope)
        )
        return [role for role in held if role is not None]

    def allows(self, principal: str, action: str, scope: str) -> bool:
        """Tell whether a principal may do an action at a scope."""
        if not self.is_known(principal):
            return True
        granted = any(
            matches(role.actions, action) and not matches(role.not_actions, action)
            for role in self.roles_at(principal, scope)
        )
        return granted and not any(
            matches(deny.actions, action) and not matches(deny.not_actions, action)
            for deny in self.denies_for(principal, scope)
        )

    def check(self, principal: str, action: str, scope: str) -> None:
        """Refuse with 403 ``AuthorizationFailed`` what a principal may not do."""
        if self.allows(principal, action, scope):
            return
        raise ArmRefusal(
            403,
            "AuthorizationFailed",
            f"The client '{principal}' with object id '{principal}' does not have authorization to perform"
            f" action '{action}' over scope '{scope}' or the scope is invalid."
            " If access was recently granted, please refresh your credentials.",
        )

    def denies(self, scope: str) -> list[DenyAssignment]:
        """Return the deny assignments that hold at a scope."""
        held = self._core.table(DenyAssignment).values()
        return [one for one in held if self._applies(one, scope)]

    def denies_for(self, principal: str, scope: str) -> list[DenyAssignment]:
        """Return those of them that hold for a principal, itself or through groups."""
        held = self.denies(scope)
        if not held:
            return []
        own = {*self._directory.principals_of(key(principal)), EVERYONE}
        return [
            one
            for one in held
            if own & set(map(key, one.principals)) and not own & set(map(key, one.excluded))
        ]

    def _applies(self, deny: DenyAssignment, scope: str) -> bool:
        if deny.does_not_apply_to_children:
            return key(deny.scope) == key(scope)
        return self._hierarchy.covers(deny.scope, scope)


def matches(patterns: Iterable[str], action: str) -> bool:
    """Tell whether an action is one of some patterns, wildcards included."""
    folded = action.lower()
    return any(fnmatch.fnmatchcase(folded, pattern.lower()) for pattern in patterns)
