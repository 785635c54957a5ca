"""Who may use what: role assignments, and the groups that they name."""

from typing import Protocol

from avd_failover.cloud.answers import Accepted, Reading
from avd_failover.domain.estate import Membership, RoleAssignment, RoleDefinition
from avd_failover.domain.ids import AssignmentId, GroupId, Scope, SubscriptionId


class AssignmentReads(Protocol):
    """Role assignments and definitions (Microsoft.Authorization 2022-04-01)."""

    async def at_or_above(self, scope: Scope) -> Reading[RoleAssignment]:
        """List assignments at a scope and at every scope above it. May lag behind writes by minutes."""
        ...

    async def get(self, assignment: AssignmentId) -> RoleAssignment | None:
        """Read one assignment by id, up to date; None when there is none."""
        ...

    async def count(self, subscription: SubscriptionId) -> Reading[AssignmentId]:
        """List the ids of every assignment in a subscription, for the limit of 4,000."""
        ...

    async def definitions(self, scope: Scope) -> Reading[RoleDefinition]:
        """List the roles that can be assigned at a scope."""
        ...


class Assignments(AssignmentReads, Protocol):
    """The same, and creating and deleting them."""

    async def create(self, assignment: RoleAssignment) -> Accepted:
        """Create an assignment under the name it carries.

        Refused with code ``RoleAssignmentExists`` when the same triple exists under another name.
        """
        ...

    async def delete(self, assignment: AssignmentId) -> Accepted:
        """Delete an assignment; accepted as well when there is none (204)."""
        ...


class Directory(Protocol):
    """Groups and their members (Microsoft Graph v1.0)."""

    async def members(self, group: GroupId) -> Membership:
        """Read everyone in a group, nested groups resolved. Refused with status 404 for no such group."""
        ...
