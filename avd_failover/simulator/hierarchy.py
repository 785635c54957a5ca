"""Management groups, and which scope covers which: what is assigned above holds below."""

from avd_failover.simulator.core import Core
from avd_failover.simulator.records import key
from avd_failover.simulator.records_access import ManagementGroup
from avd_failover.simulator.refusals import ArmRefusal

GROUPS = "/providers/Microsoft.Management/managementGroups"


class Hierarchy:
    """Answers about scopes. A management group that nobody described is above everything."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def get(self, group: str) -> ManagementGroup:
        """Return a management group by name. Refused with 404 ``NotFound``."""
        found = self._core.find(ManagementGroup, f"{GROUPS}/{group}")
        if found is None:
            text = f"'{GROUPS}/{group}' not found"
            raise ArmRefusal(404, "NotFound", text)
        return found

    def all(self) -> list[ManagementGroup]:
        """Return every management group, in order of creation."""
        return list(self._core.table(ManagementGroup).values())

    def children(self, group: ManagementGroup) -> list[ManagementGroup]:
        """Return the groups right below one."""
        return [one for one in self.all() if one.parent is not None and key(one.parent) == key(group.id)]

    def below(self, group: ManagementGroup) -> list[ManagementGroup]:
        """Return a group and every group below it."""
        found = [group]
        for child in self.children(group):
            found.extend(self.below(child))
        return found

    def covers(self, scope: str, resource: str) -> bool:
        """Tell whether a scope is the resource or one above it."""
        outer, inner = key(scope), key(resource)
        if outer in {"/", inner} or inner.startswith(outer + "/"):
            return True
        if not outer.startswith(key(GROUPS) + "/"):
            return False
        group = self._core.find(ManagementGroup, outer)
        return group is None or self._holds(group, inner)

    def _holds(self, group: ManagementGroup, inner: str) -> bool:
        held = self.below(group)
        subscriptions = {f"/subscriptions/{key(one)}" for found in held for one in found.subscriptions}
        if inner.startswith("/subscriptions/"):
            return "/".join(inner.split("/")[:3]) in subscriptions
        return any(inner == key(found.id) for found in held)
