"""Role assignments and definitions (Microsoft.Authorization 2022-04-01)."""

from azure.mgmt.authorization.v2022_04_01 import models

from avd_failover.azure.answers import Raw, Receipt, read_one
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import RoleAssignment, RoleDefinition
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import AssignmentId, PrincipalId, Scope, SubscriptionId

_ABSENT = frozenset(
    {"404", "notfound", "resourcegroupnotfound", "resourcenotfound", "roleassignmentnotfound"}
)
"""Codes of a 404 that mean the assignment is not there; any other 404 proves nothing about it."""


class AzureRoleAssignments:
    """Role assignments at any scope."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def at_or_above(self, scope: Scope) -> Reading[RoleAssignment]:
        """List assignments at a scope and above it (RoleAssignments_ListForScope, ``atScope()``).

        Azure serves this list from a cache: it may show what was removed, and lack what was made, for 10
        minutes. ``get`` is up to date.
        """
        roles = self._clients.roles(scope).role_assignments
        with azure_faults(scope, mutating=False):
            return await read_all(
                roles.list_for_scope(_path(scope), filter="atScope()"), _assignment, self._clock
            )

    async def get(self, assignment: AssignmentId) -> RoleAssignment | None:
        """Read one assignment (RoleAssignments_GetById); None when Azure says that there is none."""
        roles = self._clients.roles(assignment).role_assignments
        try:
            with azure_faults(assignment, mutating=False):
                return read_one(await roles.get_by_id(_path(assignment)), _assignment)
        except RefusedError as refusal:
            if refusal.status == 404 and refusal.code.lower() in _ABSENT:
                return None
            raise

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        """List the ids of all assignments in a subscription (RoleAssignments_ListForSubscription)."""
        roles = self._clients.roles(f"/subscriptions/{subscription}").role_assignments
        inside = f"/subscriptions/{subscription}".lower()
        with azure_faults(inside, mutating=False):
            return await read_all(
                roles.list_for_subscription(), lambda raw: _id_within(raw, inside), self._clock
            )

    async def definitions(self, scope: Scope) -> Reading[RoleDefinition]:
        """List the roles that can be assigned at a scope (RoleDefinitions_List)."""
        roles = self._clients.roles(scope).role_definitions
        with azure_faults(scope, mutating=False):
            return await read_all(roles.list(_path(scope)), _definition, self._clock)

    async def create(self, assignment: RoleAssignment) -> Accepted:
        """Create an assignment under its own name (RoleAssignments_CreateById).

        Refused with ``RoleAssignmentExists`` when the triple exists under another name, and with
        ``PrincipalNotFound`` while a new principal has not reached every directory replica.
        """
        roles = self._clients.roles(assignment.id).role_assignments
        receipt = Receipt(self._clock)
        with azure_faults(assignment.id, mutating=True):
            await roles.create_by_id(_path(assignment.id), _parameters(assignment), cls=receipt)
            return receipt.accepted

    async def delete(self, assignment: AssignmentId) -> Accepted:
        """Delete an assignment (RoleAssignments_DeleteById); accepted as well when there was none (204)."""
        roles = self._clients.roles(assignment).role_assignments
        receipt = Receipt(self._clock)
        with azure_faults(assignment, mutating=True):
            await roles.delete_by_id(_path(assignment), cls=receipt)
            return receipt.accepted


def _path(scope: str) -> str:
    # The SDK's templates begin with a slash of their own.
    return scope.strip("/")


def _parameters(assignment: RoleAssignment) -> models.RoleAssignmentCreateParameters:
    return models.RoleAssignmentCreateParameters(
        role_definition_id=assignment.role_definition_id,
        principal_id=assignment.principal_id,
        principal_type=assignment.principal_type,
        description=assignment.description,
        condition=assignment.condition,
        condition_version=assignment.condition_version,
    )


def _assignment(raw: Raw) -> RoleAssignment:
    return RoleAssignment(
        id=ids.assignment_id(raw.id),
        name=ids.name_of(raw.id).lower(),
        scope=ids.scope(raw.scope),
        principal_id=PrincipalId(ids.guid(raw.principal_id)),
        principal_type=raw.principal_type or "",
        role_definition_id=raw.role_definition_id.lower(),
        condition=raw.condition,
        condition_version=raw.condition_version,
        description=raw.description,
    )


def _id_within(raw: Raw, subscription: str) -> AssignmentId | None:
    # The list also shows assignments of management groups above, which do not count against the limit.
    found = ids.assignment_id(raw.id)
    return found if ids.within(found, subscription) else None


def _definition(raw: Raw) -> RoleDefinition:
    blocks = raw.permissions or []
    granting = [block for block in blocks if block.data_actions]
    denied = [{action.lower() for action in block.not_data_actions or ()} for block in granting]
    return RoleDefinition(
        id=raw.id.lower(),
        name=raw.role_name or "",
        data_actions=tuple(sorted({action.lower() for block in granting for action in block.data_actions})),
        # An exclusion holds within its own block only: what every granting block excludes is excluded.
        not_data_actions=tuple(sorted(set.intersection(*denied))) if denied else (),
    )
