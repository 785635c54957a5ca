"""Management locks (Microsoft.Authorization/locks): what nobody may delete, or change at all."""

from collections.abc import Sequence
from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.hierarchy import Hierarchy
from avd_failover.simulator.records import key
from avd_failover.simulator.records_access import Lock
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

Deed = Literal["delete", "write"]


class Locks(Part):
    """Verbs on locks. A lock on a scope holds for everything below it."""

    area = "locks"

    def __init__(self, core: Core, log: RequestLog, hierarchy: Hierarchy) -> None:
        super().__init__(core, log)
        self._hierarchy = hierarchy

    def list(self, scope: str, *, only_above: bool = False) -> Sequence[Lock]:
        """Return the locks at and below a scope, or with ``only_above`` those that hold at it."""
        held = self.core.table(Lock).values()
        if only_above:
            return [lock for lock in held if self._hierarchy.covers(lock.scope, scope)]
        return [lock for lock in held if self._hierarchy.covers(scope, lock.scope)]

    def get(self, scope: str, name: str) -> Lock:
        """Return one lock. Refused with 404 ``LockNotFound``."""
        found = self.core.find(Lock, lock_id(scope, name))
        if found is None:
            raise ArmRefusal(404, "LockNotFound", f"The lock '{name}' could not be found.")
        return found

    @external
    def put(
        self,
        actor: str,
        scope: str,
        name: str,
        *,
        level: Literal["CanNotDelete", "ReadOnly"],
        notes: str = "",
    ) -> tuple[bool, Lock]:
        """Put a lock on a scope; the first value tells whether it is new."""
        identity = lock_id(scope, name)
        new = self.core.find(Lock, identity) is None
        made = Lock(id=identity, scope=scope, level=level, notes=notes)
        return new, self.core.write(actor, "put-lock", made)

    @external
    def delete(self, actor: str, scope: str, name: str) -> Lock | None:
        """Take a lock away; None when there is none (204)."""
        found = self.core.find(Lock, lock_id(scope, name))
        if found is not None:
            self.core.erase(actor, "delete-lock", found)
        return found

    def check(self, deed: Deed, target: str) -> None:
        """Refuse with 409 ``ScopeLocked`` what a lock at or above the target forbids."""
        holding = [
            lock
            for lock in self.core.table(Lock).values()
            if (deed == "delete" or lock.level == "ReadOnly") and self._hierarchy.covers(lock.scope, target)
        ]
        if holding:
            scopes = "','".join(dict.fromkeys(lock.scope for lock in holding))
            text = (
                f"The scope '{target}' cannot perform {deed} operation because following scope(s) are locked:"
                f" '{scopes}'. Please remove the lock and try again."
            )
            raise ArmRefusal(409, "ScopeLocked", text)


def lock_id(scope: str, name: str) -> str:
    """Return the id of a lock."""
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/locks/{name}"


def is_lock(resource: str) -> bool:
    """Tell whether a resource is a lock itself: locks may be taken away from a locked scope."""
    return "/providers/microsoft.authorization/locks/" in key(resource)
