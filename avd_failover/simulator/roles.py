"""Role assignments and definitions as ARM answers for them (Microsoft.Authorization 2022-04-01).

GET by id is immediate; lists and effective access lag behind (``propagation``).
"""

import re
from collections.abc import Callable
from dataclasses import replace

from avd_failover.simulator.core import Core
from avd_failover.simulator.directory import Directory
from avd_failover.simulator.hierarchy import Hierarchy
from avd_failover.simulator.locks import Locks
from avd_failover.simulator.propagation import Propagation
from avd_failover.simulator.records import (
    Group,
    ListedAssignment,
    RoleAssignment,
    RoleDefinition,
    Subscription,
    User,
    key,
)
from avd_failover.simulator.records_access import ServicePrincipal
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PRINCIPAL_FILTER = re.compile(r"\s*(principalId eq|assignedTo\()\s*'([^']+)'\s*\)?\s*", re.IGNORECASE)
_AT_SCOPE_AND = re.compile(r"\s*atScope\(\)\s+and\s+", re.IGNORECASE)


class Roles(Part):
    """Verbs on role assignments. ``actor`` of a reading is remembered: the audit asks what it was shown."""

    area = "roles"

    def __init__(
        self,
        core: Core,
        log: RequestLog,
        *,
        directory: Directory,
        propagation: Propagation,
        hierarchy: Hierarchy,
        locks: Locks,
    ) -> None:
        super().__init__(core, log)
        self._hierarchy = hierarchy
        self._locks = locks
        self._directory = directory
        self._propagation = propagation
        self._by_name: dict[str, RoleAssignment] = {}
        self._by_triple: dict[tuple[str, str, str], RoleAssignment] = {}
        core.watch(RoleAssignment, self._index)

    @external
    def assignments_for_scope(self, actor: str, scope: str, odata_filter: str = "") -> list[RoleAssignment]:
        """List assignments as ARM's lagging lists show them.

        Filters: ``atScope()`` at or above the scope; ``principalId eq '{id}'`` at, above or below it;
        ``assignedTo('{id}')`` the same through groups too; ``atScope() and`` one of these both;
        without one, at, above or below it.
        """
        listed = [row.assignment for row in self.core.table(ListedAssignment).values()]
        wanted = self._by_filter(odata_filter, scope)
        found = [assignment for assignment in listed if wanted(assignment)]
        self._show(actor, found)
        return found

    @external
    def assignment(self, actor: str, assignment: str) -> RoleAssignment:
        """Return one assignment as it stands now. Refused with 404 ``RoleAssignmentNotFound``."""
        found = self.core.find(RoleAssignment, assignment)
        if found is None:
            name = assignment.rsplit("/", 1)[-1]
            raise ArmRefusal(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
        self._show(actor, [found])
        return found

    @external
    def put(
        self,
        actor: str,
        scope: str,
        name: str,
        *,
        principal_id: str,
        role_definition_id: str,
        principal_type: str | None = None,
        condition: str | None = None,
        condition_version: str | None = None,
        description: str | None = None,
    ) -> tuple[int, RoleAssignment]:
        """Create an assignment, or change description and condition of the one with this name.

        Returns: 201 and the record, also over an existing name, as recorded.
        Refused: ``InvalidRoleAssignmentId``, ``RoleDefinitionDoesNotExist``, ``PrincipalNotFound``,
            ``RoleAssignmentUpdateNotPermitted``, ``RoleAssignmentLimitExceeded`` (400),
            ``RoleAssignmentExists`` (409), ``ScopeLocked`` (409, by a lock that lets nothing be changed).
        """
        wanted = RoleAssignment(
            id=_id_of(scope, name),
            scope=scope,
            principal_id=principal_id,
            principal_type=principal_type or self._type_of(principal_id),
            role_definition_id=role_definition_id,
            condition=condition,
            condition_version=condition_version,
            description=description,
            created_s=self.core.now_s,
            updated_s=self.core.now_s,
            created_by=actor,
            revision=self.core.history.next_sequence,
        )
        self._check_request(wanted, principal_type)
        self._locks.check("write", scope)
        existing = self._by_name.get(key(name))
        if existing is None:
            self._check_limits(wanted)
        else:
            wanted = _kept(existing, wanted)
        self._propagation.created(self.core.write(actor, "put-assignment", wanted))
        return 201, wanted

    @external
    def delete(self, actor: str, assignment: str) -> RoleAssignment | None:
        """Delete an assignment. Returns it (200), or None when there is none (204).

        Refused with 409 ``ScopeLocked`` by any lock at its scope or above.
        """
        found = self.core.find(RoleAssignment, assignment)
        if found is not None:
            self._locks.check("delete", found.scope)
        if found is not None:
            self.core.erase(actor, "delete-assignment", found)
            self._propagation.deleted(found)
        return found

    def definitions(self, scope: str) -> list[RoleDefinition]:
        """List the roles that can be assigned at a scope."""
        roles = self.core.table(RoleDefinition).values()
        return [
            role for role in roles if any(self._hierarchy.covers(a, scope) for a in role.assignable_scopes)
        ]

    def definition(self, role: str) -> RoleDefinition:
        """Return one role by id or GUID. Refused with 404 ``RoleDefinitionDoesNotExist``."""
        found = self.core.find(RoleDefinition, _guid(role))
        if found is None:
            raise ArmRefusal(
                404, "RoleDefinitionDoesNotExist", f"The specified role definition '{role}' does not exist."
            )
        return found

    def _by_filter(self, odata_filter: str, scope: str) -> Callable[[RoleAssignment], bool]:
        asked = odata_filter.strip().replace(" ", "").lower()
        if asked == "atscope()":
            return lambda assignment: self._hierarchy.covers(assignment.scope, scope)
        above = _AT_SCOPE_AND.match(odata_filter)
        match = _PRINCIPAL_FILTER.fullmatch(odata_filter, above.end() if above else 0)
        if odata_filter.strip() and match is None:
            raise ArmRefusal(400, "BadRequestFormat", f"The filter '{odata_filter}' is not supported.")
        if match is None:
            return lambda assignment: self._near(assignment.scope, scope)
        wanted = {key(match[2])}
        if match[1].lower().startswith("assignedto"):
            wanted |= set(self._directory.principals_of(key(match[2])))
        near = self._hierarchy.covers if above else self._near
        return lambda one: near(one.scope, scope) and key(one.principal_id) in wanted

    def _near(self, one: str, scope: str) -> bool:
        covers = self._hierarchy.covers
        return covers(one, scope) or covers(scope, one)

    def _check_request(self, wanted: RoleAssignment, principal_type: str | None) -> None:
        name = wanted.name
        if not _GUID.fullmatch(name):
            raise ArmRefusal(
                400,
                "InvalidRoleAssignmentId",
                f"The role assignment ID '{name}' is not valid. It must be a GUID.",
            )
        if self.core.find(RoleDefinition, _guid(wanted.role_definition_id)) is None:
            text = (
                f"The specified role definition with ID '{_guid(wanted.role_definition_id)}' does not exist."
            )
            raise ArmRefusal(400, "RoleDefinitionDoesNotExist", text)
        self._check_principal(wanted.principal_id, principal_type)
        existing = self._by_name.get(key(name))
        if existing is not None and _triple(existing) != _triple(wanted):
            text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise ArmRefusal(400, "RoleAssignmentUpdateNotPermitted", text)
        if existing is None and _triple(wanted) in self._by_triple:
            raise ArmRefusal(409, "RoleAssignmentExists", "The role assignment already exists.")

    def _check_principal(self, principal: str, principal_type: str | None) -> None:
        if principal_type in {"User", "ServicePrincipal"}:
            return
        found = (
            self.core.find(User, principal)
            or self.core.find(Group, principal)
            or self.core.find(ServicePrincipal, principal)
        )
        if found is not None and self.core.now_s - found.created_s >= self.core.physics.principal_known_s:
            return
        tenant = next((s.tenant_id for s in self.core.table(Subscription).values()), "")
        raise ArmRefusal(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {tenant}."
            " Check that you have the correct principal ID. If you are creating this principal and then"
            " immediately assigning a role, this error might be related to a replication delay.",
        )

    def _check_limits(self, wanted: RoleAssignment) -> None:
        physics = self.core.physics
        stored = self.core.table(RoleAssignment).values()
        if "/providers/microsoft.desktopvirtualization/" in key(wanted.scope):
            same = sum(key(a.scope) == key(wanted.scope) for a in stored)
            if same >= physics.assignments_per_object:
                raise _limit_exceeded(physics.assignments_per_object, "AVD object")
        if sum(a.subscription == wanted.subscription for a in stored) >= physics.assignments_per_subscription:
            raise _limit_exceeded(physics.assignments_per_subscription, "subscription")

    def _type_of(self, principal: str) -> str:
        if self.core.find(ServicePrincipal, principal):
            return "ServicePrincipal"
        return "Group" if self.core.find(Group, principal) else "User"

    def _show(self, actor: str, found: list[RoleAssignment]) -> None:
        shown = [(key(assignment.id), assignment.revision) for assignment in found]
        self.core.history.show(self.core.now_s, actor, shown)

    def _index(self, before: RoleAssignment | None, after: RoleAssignment | None) -> None:
        if before is not None:
            self._by_name.pop(key(before.name), None)
            self._by_triple.pop(_triple(before), None)
        if after is not None:
            self._by_name[key(after.name)] = after
            self._by_triple[_triple(after)] = after


def _kept(existing: RoleAssignment, wanted: RoleAssignment) -> RoleAssignment:
    return replace(wanted, id=existing.id, created_s=existing.created_s, created_by=existing.created_by)


def _id_of(scope: str, name: str) -> str:
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}"


def _guid(role: str) -> str:
    return role.rstrip("/").rsplit("/", 1)[-1]


def _triple(assignment: RoleAssignment) -> tuple[str, str, str]:
    return key(assignment.scope), key(assignment.principal_id), key(_guid(assignment.role_definition_id))


def _limit_exceeded(limit: int, what: str) -> ArmRefusal:
    text = f"The maximum number of role assignments ({limit}) for the {what} has been reached."
    return ArmRefusal(400, "RoleAssignmentLimitExceeded", text)
