"""How a change of a role assignment spreads: lists catch up, then gates open or close.

An assignment exists at once (GET by id). Its line in lists follows after the list lag, and access itself
after a delay of its own, for grants and for revokes (azure-facts section 5: up to 10 minutes).
"""

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import EffectiveGrant, ListedAssignment, RoleAssignment, key

ACTOR = "azure:authorization"


class Propagation:
    """Spreads what ``roles`` wrote. Late news never overtake: what arrives is the state at that moment."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def created(self, assignment: RoleAssignment) -> None:
        """An assignment was made or changed."""
        self._later_listed(assignment)
        delay_s = self._core.draw("grant-effective", self._core.physics.grant_effective_s)
        self._core.after(delay_s, lambda: self._open(assignment))

    def deleted(self, assignment: RoleAssignment) -> None:
        """An assignment was removed."""
        self._later_listed(assignment)
        delay_s = self._core.draw("revoke-effective", self._core.physics.revoke_effective_s)
        self._core.after(delay_s, lambda: self._close(assignment))

    def settle_at_once(self, assignment: RoleAssignment) -> None:
        """List and enforce an assignment now: it stood long before the scenario began."""
        self._list(assignment.id)
        self._open(assignment)

    def _later_listed(self, assignment: RoleAssignment) -> None:
        delay_s = self._core.draw("list-lag", self._core.physics.list_lag_s)
        self._core.after(delay_s, lambda: self._list(assignment.id))

    def _list(self, assignment_id: str) -> None:
        truth = self._core.find(RoleAssignment, assignment_id)
        row = self._core.find(ListedAssignment, assignment_id)
        if truth is not None:
            self._core.write(ACTOR, "list-catches-up", ListedAssignment(id=truth.id, assignment=truth))
        elif row is not None:
            self._core.erase(ACTOR, "list-catches-up", row)

    def _open(self, assignment: RoleAssignment) -> None:
        if not self._stands(assignment) or self._core.find(EffectiveGrant, assignment.id) is not None:
            return
        grant = EffectiveGrant(
            id=assignment.id,
            scope=assignment.scope,
            principal_id=assignment.principal_id,
            role_definition_id=assignment.role_definition_id,
        )
        self._core.write(ACTOR, "access-opens", grant)

    def _close(self, assignment: RoleAssignment) -> None:
        grant = self._core.find(EffectiveGrant, assignment.id)
        if grant is not None and not self._stands(assignment):
            self._core.erase(ACTOR, "access-closes", grant)

    def _stands(self, assignment: RoleAssignment) -> bool:
        found = self._core.find(RoleAssignment, assignment.id)
        return found is not None and key(found.principal_id) == key(assignment.principal_id)
