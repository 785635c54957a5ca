"""Who may open which application group: roles, scopes and memberships, with wildcards resolved.

``declared`` asks the assignments as they stand, ``effective`` those that have come into force.
"""

from avd_failover.simulator.core import Core
from avd_failover.simulator.directory import Directory
from avd_failover.simulator.hierarchy import Hierarchy
from avd_failover.simulator.permissions import Permissions, matches
from avd_failover.simulator.records import ApplicationGroup, EffectiveGrant, RoleDefinition, key

USE_APPLICATIONS = "Microsoft.DesktopVirtualization/applicationGroups/useApplications/action".lower()


def opens_applications(role: RoleDefinition | None) -> bool:
    """Tell whether a role carries the data action that opens application groups, wildcards included."""
    if role is None:
        return False
    return matches(role.data_actions, USE_APPLICATIONS) and not matches(
        role.not_data_actions, USE_APPLICATIONS
    )


def covers(scope: str, resource: str) -> bool:
    """Tell whether a scope is the resource or one above it; management groups and ``/`` are above all."""
    outer, inner = key(scope), key(resource)
    if outer == "/" or outer.startswith("/providers/microsoft.management/managementgroups/"):
        return True
    return inner == outer or inner.startswith(outer + "/")


class Access:
    """Effective access of users, indexed by principal."""

    def __init__(
        self, core: Core, directory: Directory, hierarchy: Hierarchy, permissions: Permissions
    ) -> None:
        self._core = core
        self._directory = directory
        self._hierarchy = hierarchy
        self._permissions = permissions
        self._by_principal: dict[str, dict[str, EffectiveGrant]] = {}
        core.watch(EffectiveGrant, self._index)

    def application_groups(self, user: str) -> list[ApplicationGroup]:
        """Return the application groups that a user can open now, in order of their creation."""
        scopes = [grant.scope for grant in self._grants(user)]
        if not scopes:
            return []
        groups = self._core.table(ApplicationGroup).values()
        return [
            group
            for group in groups
            if any(self._hierarchy.covers(scope, group.id) for scope in scopes)
            and not self._denied(user, group.id)
        ]

    def _denied(self, user: str, group: str) -> bool:
        return any(
            matches(deny.data_actions, USE_APPLICATIONS)
            and not matches(deny.not_data_actions, USE_APPLICATIONS)
            for deny in self._permissions.denies_for(user, group)
        )

    def _grants(self, user: str) -> list[EffectiveGrant]:
        return [
            grant
            for principal in self._directory.principals_of(key(user))
            for grant in self._by_principal.get(principal, {}).values()
            if opens_applications(
                self._core.find(RoleDefinition, grant.role_definition_id.rsplit("/", 1)[-1])
            )
        ]

    def _index(self, before: EffectiveGrant | None, after: EffectiveGrant | None) -> None:
        if before is not None:
            self._by_principal.get(key(before.principal_id), {}).pop(key(before.id), None)
        if after is not None:
            self._by_principal.setdefault(key(after.principal_id), {})[key(after.id)] = after
